//! Users, groups, memberships, accounts and contacts (`wire/servicenow.md` §3.6).

use serde::Serialize;
use ticketing_core::model::{Account, Contact, Group, User};
use ticketing_core::request::{
    AssignableTo, FindGroups, FindUsers, GetGroup, GetUser, ListAccounts, ListContacts, ListGroupMembers, ListGroups,
    ListUsers,
};
use ticketing_core::{Cursor, Delivery, Error, ErrorKind, Operation, Page, Result};

use crate::api::Target;
use crate::connection::Connection;
use crate::error::is_closed;
use crate::listing::{Keep, Listing, Position};
use crate::map::{AccountPlan, ContactPlan, GroupPlan, UserPlan};
use crate::query::value::{check_sys_id, is_sys_id};
use crate::query::{Condition, FieldName, Order, Query, order};
use crate::wire::{Layout, Row, decode_record};

fn field(name: &'static str) -> FieldName {
    FieldName::fixed(name)
}

/// By name for people to read, by id for the paging to be sure.
fn by_name(name: &'static str) -> Vec<Order> {
    order::total(vec![Order::ascending(name)])
}

/// One page of any of these lists.
struct Question<'a, B> {
    operation: Operation,
    bound: B,
    table: &'static str,
    query: Query,
    order: Vec<Order>,
    layout: &'a Layout,
    cursor: Option<&'a Cursor>,
    page_size: Option<u32>,
}

impl<B: Serialize> Question<'_, B> {
    async fn ask<T: Send>(self, connection: &Connection, keep: &mut Keep<'_, T>) -> Result<Page<T>> {
        let codec = connection.codec(self.operation, &self.bound);
        let at: Position = self.cursor.map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
        at.check(&self.order)?;
        let listing = Listing {
            api: &connection.api,
            target: Target::Table(self.table),
            base: &self.query,
            order: &self.order,
            layout: self.layout,
            keyset: true,
        };
        let paged = listing.page(&at, Connection::page_size(self.page_size), false, keep).await?;
        let next = paged.next.map(|position| codec.cursor(&position)).transpose()?;
        Ok(Page::new(paged.items.into_iter().map(|(_, item)| item).collect(), next))
    }
}

fn active(query: Query, field: FieldName, inactive_too: bool) -> Result<Query> {
    Ok(if inactive_too { query } else { query.and(Condition::equals(field, "true")?) })
}

/// Contacts extend users, and are none (wire §3.5). Instances without them drop the condition, which changes nothing.
fn no_contacts(query: Query, field: FieldName) -> Result<Query> {
    Ok(query.and(Condition::not_equals(field, "customer_contact")?))
}

/// One page of users.
pub(crate) async fn list_users(connection: &Connection, request: ListUsers) -> Result<Page<User>> {
    let plan = UserPlan::new(connection.api.base(), request.include_raw);
    let query = no_contacts(active(Query::all(), field("active"), request.include_inactive)?, field("sys_class_name"))?;
    let question = Question {
        operation: Operation::ListUsers,
        bound: (request.include_inactive, request.include_raw),
        table: "sys_user",
        query,
        order: order::total(Vec::new()),
        layout: plan.layout(),
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question.ask(connection, &mut |row| staff(&plan, row)).await
}

fn staff(plan: &UserPlan, row: &Row<'_, '_>) -> Result<Option<User>> {
    if plan.is_contact(row) { Ok(None) } else { plan.user(row).map(Some) }
}

/// One page of groups.
pub(crate) async fn list_groups(connection: &Connection, request: ListGroups) -> Result<Page<Group>> {
    let plan = GroupPlan::new(connection.api.base(), request.include_raw);
    let question = Question {
        operation: Operation::ListGroups,
        bound: (request.include_inactive, request.include_raw),
        table: "sys_user_group",
        query: active(Query::all(), field("active"), request.include_inactive)?,
        order: order::total(Vec::new()),
        layout: plan.layout(),
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question.ask(connection, &mut |row| plan.group(row).map(Some)).await
}

/// A record of one table by its id.
async fn record<T>(
    connection: &Connection,
    table: &str,
    what: &str,
    id: &str,
    layout: &Layout,
    map: impl Fn(&Row<'_, '_>) -> Result<T>,
) -> Result<T> {
    check_sys_id("id", id)?;
    let missing = || {
        Error::new(ErrorKind::NotFound, format!("there is no {what} `{id}`, or it may not be read"))
            .with_delivery(Delivery::Answered)
            .with_hint(format!("list the {what}s to see which there are"))
    };
    let response = match connection.api.record(table, id, layout).await {
        Ok(response) => response,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(error),
    };
    let mut found = None;
    decode_record(&response.body, layout, &mut |row| {
        if !row.is_void() {
            found = Some(map(row)?);
        }
        Ok(())
    })?;
    found.ok_or_else(missing)
}

/// One user; a contact too, for those who follow a reference.
pub(crate) async fn get_user(connection: &Connection, request: GetUser) -> Result<User> {
    let plan = UserPlan::new(connection.api.base(), request.include_raw);
    record(connection, "sys_user", "user", request.id.as_str(), plan.layout(), |row| plan.user(row)).await
}

/// One group.
pub(crate) async fn get_group(connection: &Connection, request: GetGroup) -> Result<Group> {
    let plan = GroupPlan::new(connection.api.base(), request.include_raw);
    record(connection, "sys_user_group", "group", request.id.as_str(), plan.layout(), |row| plan.group(row)).await
}

/// One page of a group's members: memberships, read through to their users.
pub(crate) async fn list_members(connection: &Connection, request: ListGroupMembers) -> Result<Page<User>> {
    check_sys_id("group", request.group.as_str())?;
    let plan = UserPlan::of_members(connection.api.base(), request.include_raw);
    let query = Query::all().and(Condition::equals(field("group"), request.group.as_str())?);
    let question = Question {
        operation: Operation::ListGroupMembers,
        bound: (&request.group, request.include_inactive, request.include_raw),
        table: "sys_user_grmember",
        query: active(query, field("user.active"), request.include_inactive)?,
        order: order::total(Vec::new()),
        layout: plan.layout(),
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    let page = question.ask(connection, &mut |row| member(&plan, row)).await?;
    // Nobody is in a group that does not exist, and that is another answer than an empty group.
    if page.items.is_empty() && page.next.is_none() && request.cursor.is_none() {
        let plan = GroupPlan::new(connection.api.base(), false);
        record(connection, "sys_user_group", "group", request.group.as_str(), plan.layout(), |_| Ok(())).await?;
    }
    Ok(page)
}

/// A membership whose user is gone is nobody's.
fn member(plan: &UserPlan, row: &Row<'_, '_>) -> Result<Option<User>> {
    if row.some("user.sys_id").is_none() { Ok(None) } else { staff(plan, row) }
}

/// One page of users by text, email or name: the assignee picker.
pub(crate) async fn find_users(connection: &Connection, request: FindUsers) -> Result<Page<User>> {
    let group = match &request.assignable_to {
        None => None,
        Some(AssignableTo::Group(group)) => {
            check_sys_id("assignable_to", group.as_str())?;
            Some(group.to_string())
        }
        // A ticket's assignees are its group's members; without a group, anybody's.
        Some(AssignableTo::Ticket(ticket)) => group_of(connection, ticket).await?,
        Some(_) => {
            return Err(Error::new(ErrorKind::Unsupported, "ServiceNow has no collections")
                .with_field("assignable_to")
                .with_hint("name a group or a ticket"));
        }
    };
    let question = format!(
        "users {:?} {:?} {:?} {group:?} {} {:?} {:?}",
        request.text,
        request.email,
        request.name,
        request.include_inactive,
        // A cursor's `Debug` does not show which one it is.
        request.cursor.as_ref().map(Cursor::as_str),
        request.page_size
    );
    if let Some(page) = connection.directory.kept(&question, request.max_age) {
        return Ok(page);
    }
    let prefix = if group.is_some() { "user." } else { "" };
    let column = |name: &str| FieldName::new(&format!("{prefix}{name}"));
    let mut query = active(Query::all(), column("active")?, request.include_inactive)?;
    if let Some(text) = &request.text {
        let mut any_of = Vec::new();
        for name in ["name", "user_name", "email"] {
            any_of.extend(contains(&column(name)?, text)?);
        }
        query = query.and(any_of);
    }
    if let Some(email) = &request.email {
        // An address means the same in any case of letters; most are kept in small ones.
        let spellings = [email.clone(), email.to_lowercase()];
        let any_of = Condition::is_one_of(column("email")?, spellings).map_err(|error| error.with_field("email"))?;
        query = query.and(any_of);
    }
    if let Some(name) = &request.name {
        let equals = Condition::equals(column("name")?, name.as_str()).map_err(|error| error.with_field("name"))?;
        query = query.and(equals);
    }
    let bound = (&request.text, &request.email, &request.name, &group, request.include_inactive);
    let (cursor, page_size) = (request.cursor.as_ref(), request.page_size);
    let page = match &group {
        Some(group) => {
            let plan = UserPlan::of_members(connection.api.base(), false);
            let question = Question {
                operation: Operation::FindUsers,
                bound,
                table: "sys_user_grmember",
                query: query.and(Condition::equals(field("group"), group.as_str())?),
                order: by_name("user.name"),
                layout: plan.layout(),
                cursor,
                page_size,
            };
            question.ask(connection, &mut |row| member(&plan, row)).await?
        }
        None => {
            let plan = UserPlan::new(connection.api.base(), false);
            let question = Question {
                operation: Operation::FindUsers,
                bound,
                table: "sys_user",
                query: no_contacts(query, field("sys_class_name"))?,
                order: by_name("name"),
                layout: plan.layout(),
                cursor,
                page_size,
            };
            question.ask(connection, &mut |row| staff(&plan, row)).await?
        }
    };
    Ok(connection.directory.keep(question, page))
}

/// Holds a part of a text in one of its usual spellings: comparisons heed the case of letters, or not, as the instance's
/// database does (wire §2.1).
fn contains(column: &FieldName, text: &str) -> Result<Vec<Condition>> {
    let text = text.trim();
    let mut capital = true;
    let title: String = text
        .chars()
        .flat_map(|c| {
            let begins = std::mem::replace(&mut capital, !c.is_alphanumeric());
            if begins { c.to_uppercase().collect::<Vec<_>>() } else { vec![c] }
        })
        .collect();
    let mut spellings = vec![text.to_owned(), text.to_lowercase(), title, text.to_uppercase()];
    let mut seen = std::collections::HashSet::new();
    spellings.retain(|spelling| seen.insert(spelling.clone()));
    spellings
        .into_iter()
        .map(|spelling| Condition::contains(column.clone(), spelling).map_err(|error| error.with_field("text")))
        .collect()
}

async fn group_of(connection: &Connection, ticket: &ticketing_core::TicketId) -> Result<Option<String>> {
    let found = crate::tickets::place(connection, ticket).await?;
    let layout = Layout::new(["sys_id", "assignment_group"]);
    let response = connection.api.record(&found.table, &found.sys_id, &layout).await?;
    let mut group = None;
    decode_record(&response.body, &layout, &mut |row| {
        group = row.some("assignment_group").filter(|id| is_sys_id(id)).map(str::to_owned);
        Ok(())
    })?;
    Ok(group)
}

/// One page of groups by text or name.
pub(crate) async fn find_groups(connection: &Connection, request: FindGroups) -> Result<Page<Group>> {
    // Any group can be assigned to any ticket; rules of the instance's own are not told (wire §9.10).
    if let Some(AssignableTo::Collection(_)) = &request.assignable_to {
        return Err(Error::new(ErrorKind::Unsupported, "ServiceNow has no collections")
            .with_field("assignable_to")
            .with_hint("leave it out"));
    }
    let question = format!(
        "groups {:?} {:?} {} {:?} {:?}",
        request.text,
        request.name,
        request.include_inactive,
        request.cursor.as_ref().map(Cursor::as_str),
        request.page_size
    );
    if let Some(page) = connection.directory.kept(&question, request.max_age) {
        return Ok(page);
    }
    let mut query = active(Query::all(), field("active"), request.include_inactive)?;
    if let Some(text) = &request.text {
        query = query.and(contains(&field("name"), text)?);
    }
    if let Some(name) = &request.name {
        query = query.and(Condition::equals(field("name"), name.as_str()).map_err(|error| error.with_field("name"))?);
    }
    let plan = GroupPlan::new(connection.api.base(), false);
    let asked = Question {
        operation: Operation::FindGroups,
        bound: (&request.text, &request.name, request.include_inactive),
        table: "sys_user_group",
        query,
        order: by_name("name"),
        layout: plan.layout(),
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    let page = asked.ask(connection, &mut |row| plan.group(row).map(Some)).await?;
    Ok(connection.directory.keep(question, page))
}

/// One page of accounts.
pub(crate) async fn list_accounts(connection: &Connection, request: ListAccounts) -> Result<Page<Account>> {
    let plan = AccountPlan::new(connection.api.base(), request.include_raw);
    let question = Question {
        operation: Operation::ListAccounts,
        bound: request.include_raw,
        table: "core_company",
        query: Query::all(),
        order: order::total(Vec::new()),
        layout: plan.layout(),
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    question.ask(connection, &mut |row| plan.account(row).map(Some)).await
}

/// One page of contacts; none of them without the customer service plugin.
pub(crate) async fn list_contacts(connection: &Connection, request: ListContacts) -> Result<Page<Contact>> {
    let plan = ContactPlan::new(connection.api.base(), request.include_raw);
    let question = Question {
        operation: Operation::ListContacts,
        bound: (request.include_inactive, request.include_raw),
        table: "customer_contact",
        query: active(Query::all(), field("active"), request.include_inactive)?,
        order: order::total(Vec::new()),
        layout: plan.layout(),
        cursor: request.cursor.as_ref(),
        page_size: request.page_size,
    };
    let outcome = question.ask(connection, &mut |row| plan.contact(row).map(Some)).await;
    if outcome.as_ref().err().is_some_and(is_closed) {
        connection.note_closed("customer_contact");
    }
    outcome.map_err(|error| match error.code() {
        Some("invalid_table") => error.with_hint("the instance lacks the customer service plugin, and has no contacts"),
        _ => error,
    })
}
