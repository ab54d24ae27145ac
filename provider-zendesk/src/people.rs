//! Users, groups, memberships, accounts, contacts and collections (`wire/jira-zendesk.md` §B7).

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ticketing_core::model::{Account, Collection, Contact, Group, User, UserType};
use ticketing_core::request::{
    AssignableTo, FindGroups, FindUsers, GetGroup, GetUser, ListAccounts, ListCollections, ListContacts,
    ListGroupMembers, ListGroups, ListUsers,
};
use ticketing_core::{Cursor, Delivery, Error, ErrorKind, Operation, Page, Result};
use ticketing_http::Response;

use crate::api::Window;
use crate::connection::{Connection, LARGEST_PAGE, checked};
use crate::map::{account, brand, contact, group, is_contact, user};
use crate::tickets;
use crate::wire::{BrandRow, GroupRow, OrganizationRow, UserRow, one, rows};

/// Who works on tickets.
pub(crate) const STAFF: &[&str] = &["agent", "admin"];
/// The customers' people.
pub(crate) const END_USERS: &[&str] = &["end-user"];

/// One page of any of these lists: fetched at a cursor of the account's, read, and mapped.
struct Question<'a, B> {
    operation: Operation,
    bound: B,
    key: &'static str,
    cursor: Option<&'a Cursor>,
    page_size: Option<u32>,
}

impl<B: Serialize> Question<'_, B> {
    async fn ask<R: DeserializeOwned, T>(
        self,
        connection: &Connection,
        fetch: impl AsyncFnOnce(Window<'_>) -> Result<Response>,
        mut map: impl FnMut(R, Value) -> Result<Option<T>>,
    ) -> Result<Page<T>> {
        let codec = connection.codec(self.operation, &self.bound);
        let after: Option<String> = self.cursor.map(|cursor| codec.position(cursor)).transpose()?;
        let size = Connection::page_size(self.page_size);
        let response = fetch(Window::new(size, after.as_deref())).await?;
        let page = rows::<R>(&response.body, self.key)?;
        let next = page.next.map(|next| codec.cursor(&next)).transpose()?;
        let mut items = Vec::with_capacity(page.items.len());
        for (row, raw) in page.items {
            items.extend(map(row, raw)?);
        }
        Ok(Page::new(items, next))
    }
}

fn is_active(active: Option<bool>, inactive_too: bool) -> bool {
    inactive_too || active != Some(false)
}

/// A user with the vendor's own JSON, where it was asked for.
fn whole(connection: &Connection, row: UserRow, raw: Value, include_raw: bool) -> Result<User> {
    let mut user = user(row, connection.api.base())?;
    user.raw = include_raw.then(|| Box::new(raw));
    Ok(user)
}

/// One page of users: agents and admins.
pub(crate) async fn list_users(connection: &Connection, request: ListUsers) -> Result<Page<User>> {
    let question = Question {
        operation: Operation::ListUsers,
        bound: (request.include_inactive, request.include_raw),
        key: "users",
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question
        .ask(
            connection,
            async |window: Window<'_>| connection.api.users(STAFF, window).await,
            |row: UserRow, raw| {
                if is_contact(&row) {
                    return Ok(None);
                }
                let user = whole(connection, row, raw, request.include_raw)?;
                Ok(is_active(user.active, request.include_inactive).then_some(user))
            },
        )
        .await
}

/// One page of contacts: end-users.
pub(crate) async fn list_contacts(connection: &Connection, request: ListContacts) -> Result<Page<Contact>> {
    let question = Question {
        operation: Operation::ListContacts,
        bound: (request.include_inactive, request.include_raw),
        key: "users",
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question
        .ask(
            connection,
            async |window: Window<'_>| connection.api.users(END_USERS, window).await,
            |row: UserRow, raw| {
                if !is_contact(&row) {
                    return Ok(None);
                }
                let mut contact = contact(row, connection.api.base())?;
                contact.raw = request.include_raw.then(|| Box::new(raw));
                Ok(is_active(contact.active, request.include_inactive).then_some(contact))
            },
        )
        .await
}

/// One page of groups.
pub(crate) async fn list_groups(connection: &Connection, request: ListGroups) -> Result<Page<Group>> {
    let question = Question {
        operation: Operation::ListGroups,
        bound: (request.include_inactive, request.include_raw),
        key: "groups",
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question
        .ask(
            connection,
            async |window: Window<'_>| connection.api.groups(window).await,
            |row: GroupRow, raw| {
                let mut group = group(row);
                group.raw = request.include_raw.then(|| Box::new(raw));
                Ok(is_active(group.active, request.include_inactive).then_some(group))
            },
        )
        .await
}

/// One page of accounts: organisations.
pub(crate) async fn list_accounts(connection: &Connection, request: ListAccounts) -> Result<Page<Account>> {
    let question = Question {
        operation: Operation::ListAccounts,
        bound: request.include_raw,
        key: "organizations",
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question
        .ask(
            connection,
            async |window: Window<'_>| connection.api.organizations(window).await,
            |row: OrganizationRow, raw| {
                let mut account = account(row, connection.api.base());
                account.raw = request.include_raw.then(|| Box::new(raw));
                Ok(Some(account))
            },
        )
        .await
}

/// One page of collections: brands.
pub(crate) async fn list_collections(connection: &Connection, request: ListCollections) -> Result<Page<Collection>> {
    let question = Question {
        operation: Operation::ListCollections,
        bound: (request.include_inactive, request.include_raw),
        key: "brands",
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question
        .ask(
            connection,
            async |window: Window<'_>| connection.api.brands(window).await,
            |row: BrandRow, raw| {
                let mut brand = brand(row);
                brand.raw = request.include_raw.then(|| Box::new(raw));
                Ok(is_active(brand.active, request.include_inactive).then_some(brand))
            },
        )
        .await
}

fn missing(what: &str, id: &str) -> Error {
    let shown: String = id.chars().take(80).flat_map(char::escape_debug).collect();
    Error::new(ErrorKind::NotFound, format!("there is no {what} `{shown}`, or it may not be read"))
        .with_delivery(Delivery::Answered)
        .with_hint(format!("list the {what}s to see which there are"))
}

/// One user; an end-user too, for those who follow a reference.
pub(crate) async fn get_user(connection: &Connection, request: GetUser) -> Result<User> {
    let id = crate::connection::number(request.id.as_str()).ok_or_else(|| missing("user", request.id.as_str()))?;
    let response = match connection.api.user(id).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing("user", request.id.as_str())),
        response => response?,
    };
    let (row, raw) = one::<UserRow>(&response.body, "user")?;
    whole(connection, row, raw, request.include_raw)
}

/// One group.
pub(crate) async fn get_group(connection: &Connection, request: GetGroup) -> Result<Group> {
    let id = crate::connection::number(request.id.as_str()).ok_or_else(|| missing("group", request.id.as_str()))?;
    let response = match connection.api.group(id).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing("group", request.id.as_str())),
        response => response?,
    };
    let (row, raw) = one::<GroupRow>(&response.body, "group")?;
    let mut group = group(row);
    group.raw = request.include_raw.then(|| Box::new(raw));
    Ok(group)
}

/// One page of a group's members.
pub(crate) async fn list_members(connection: &Connection, request: ListGroupMembers) -> Result<Page<User>> {
    let id =
        crate::connection::number(request.group.as_str()).ok_or_else(|| missing("group", request.group.as_str()))?;
    let question = Question {
        operation: Operation::ListGroupMembers,
        bound: (&request.group, request.include_inactive, request.include_raw),
        key: "users",
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    let outcome = question
        .ask(
            connection,
            async |window: Window<'_>| connection.api.members(id, window).await,
            |row: UserRow, raw| {
                let user = whole(connection, row, raw, request.include_raw)?;
                Ok(is_active(user.active, request.include_inactive).then_some(user))
            },
        )
        .await;
    outcome.map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing("group", request.group.as_str()),
        _ => error,
    })
}

/// Everybody who works on tickets, or in one group: agents are few, so that the picker is decided here, exactly.
async fn staff(connection: &Connection, group: Option<i64>) -> Result<Vec<User>> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let window = Window::new(LARGEST_PAGE, after.as_deref());
        let response = match group {
            Some(group) => connection.api.members(group, window).await?,
            None => connection.api.users(STAFF, window).await?,
        };
        let page = rows::<UserRow>(&response.body, "users")?;
        for (row, _) in page.items {
            all.push(user(row, connection.api.base())?);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    all.retain(|user| user.user_type != UserType::Contact);
    all.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    Ok(all)
}

/// Where a cursor stands; one of another reading is refused before anything is sent.
fn place<B: Serialize>(
    connection: &Connection,
    operation: Operation,
    bound: &B,
    cursor: Option<&Cursor>,
) -> Result<usize> {
    let codec = connection.codec(operation, bound);
    Ok(cursor.map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0))
}

/// A slice of what was found.
fn sliced<T: Clone, B: Serialize>(
    connection: &Connection,
    operation: Operation,
    bound: &B,
    cursor: Option<&Cursor>,
    page_size: Option<u32>,
    found: &[T],
) -> Result<Page<T>> {
    let offset = place(connection, operation, bound, cursor)?;
    let codec = connection.codec(operation, bound);
    let size = Connection::page_size(page_size) as usize;
    let end = offset.saturating_add(size);
    let next = (end < found.len()).then(|| codec.cursor(&end)).transpose()?;
    Ok(Page::new(found.iter().skip(offset).take(size).cloned().collect(), next))
}

/// One page of users by text, email or name: the assignee picker.
pub(crate) async fn find_users(connection: &Connection, request: FindUsers) -> Result<Page<User>> {
    let group = match &request.assignable_to {
        None | Some(AssignableTo::Collection(_)) => None,
        Some(AssignableTo::Group(group)) => Some(checked("assignable_to", group.as_str())?),
        // A ticket's assignee belongs to its group (§B4); without a group, anybody can have it.
        Some(AssignableTo::Ticket(ticket)) => {
            let ticket = tickets::bare(connection, ticket).await?;
            ticket.assigned_groups.first().and_then(|group| crate::connection::number(&group.id))
        }
        Some(_) => return Err(Error::invalid("assignable_to", "this form is not known here")),
    };
    let bound = (&request.text, &request.email, &request.name, group, request.include_inactive);
    place(connection, Operation::FindUsers, &bound, request.cursor.as_ref())?;
    let question = format!("staff {group:?}");
    let everybody = match connection.directory.kept::<User>(&question, request.max_age) {
        Some(page) => page,
        None => {
            let all = staff(connection, group).await.map_err(|error| match (error.kind(), group) {
                (ErrorKind::NotFound, Some(group)) => missing("group", &group.to_string()),
                _ => error,
            })?;
            connection.directory.keep(question, Page::last(all))
        }
    };
    let text = request.text.as_ref().map(|text| text.trim().to_lowercase());
    let contains = |part: &str, text: Option<&str>| text.is_some_and(|text| text.to_lowercase().contains(part));
    let found: Vec<User> = everybody
        .items
        .into_iter()
        .filter(|user| {
            is_active(user.active, request.include_inactive)
                && text.as_deref().is_none_or(|text| {
                    [Some(user.name.as_str()), user.username.as_deref(), user.email.as_deref()]
                        .into_iter()
                        .any(|one| contains(text, one))
                })
                && request.email.as_deref().is_none_or(|email| {
                    user.email.as_deref().is_some_and(|one| one.to_lowercase() == email.to_lowercase())
                })
                && request.name.as_deref().is_none_or(|name| user.name == name)
        })
        .collect();
    let page = sliced(connection, Operation::FindUsers, &bound, request.cursor.as_ref(), request.page_size, &found)?;
    Ok(page.with_as_of(everybody.as_of))
}

/// One page of groups by text or name.
pub(crate) async fn find_groups(connection: &Connection, request: FindGroups) -> Result<Page<Group>> {
    let bound = (&request.text, &request.name, request.include_inactive);
    place(connection, Operation::FindGroups, &bound, request.cursor.as_ref())?;
    // Any group can be assigned to any ticket.
    let everything = match connection.directory.kept::<Group>("groups", request.max_age) {
        Some(page) => page,
        None => {
            let mut all = Vec::new();
            let mut after: Option<String> = None;
            loop {
                let response = connection.api.groups(Window::new(LARGEST_PAGE, after.as_deref())).await?;
                let page = rows::<GroupRow>(&response.body, "groups")?;
                all.extend(page.items.into_iter().map(|(row, _)| group(row)));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            all.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
            connection.directory.keep("groups".to_owned(), Page::last(all))
        }
    };
    let text = request.text.as_ref().map(|text| text.trim().to_lowercase());
    let found: Vec<Group> = everything
        .items
        .into_iter()
        .filter(|group| {
            is_active(group.active, request.include_inactive)
                && text.as_deref().is_none_or(|text| group.name.to_lowercase().contains(text))
                && request.name.as_deref().is_none_or(|name| group.name == name)
        })
        .collect();
    let page = sliced(connection, Operation::FindGroups, &bound, request.cursor.as_ref(), request.page_size, &found)?;
    Ok(page.with_as_of(everything.as_of))
}
