//! Users and groups, and the other lists of an account: by id, those in use first asked for.

use ticketing_core::model::{Account, Collection, Contact, Group, Ref, Tag, User};
use ticketing_core::request::{
    AssignableTo, FindGroups, FindUsers, GetGroup, GetUser, ListAccounts, ListCollections, ListContacts,
    ListGroupMembers, ListGroups, ListTags, ListUsers, ListWatchers,
};
use ticketing_core::{CollectionSelector, Error, ErrorKind, GroupId, GroupSelector, Operation, Page, Result};

use crate::map::raw;
use crate::paging::Window;
use crate::resolve::same_email;
use crate::session::Session;
use crate::store::{Record, Table};

impl Session<'_> {
    pub(crate) fn list_users(&self, request: &ListUsers) -> Result<Page<User>> {
        let codec = self.codec(Operation::ListUsers, &(request.include_inactive, request.include_raw));
        let window = Window::new(&codec, request.cursor.as_ref(), request.page_size);
        let page = window.page(listed(&self.state.users, request.include_inactive))?;
        Ok(page.map(|user| self.user_document(user, request.include_raw)))
    }

    pub(crate) fn get_user(&self, request: &GetUser) -> Result<User> {
        let user = self.state.users.get(request.id.as_str()).ok_or_else(|| not_found("user", request.id.as_str()))?;
        Ok(self.user_document(user, request.include_raw))
    }

    pub(crate) fn find_users(&self, request: &FindUsers) -> Result<Page<User>> {
        let groups = self.assignable_groups(request.assignable_to.as_ref())?;
        let text = request.text.as_ref().map(|text| text.to_lowercase());
        let fits = |user: &User| {
            let texts = [Some(&user.name), user.username.as_ref(), user.email.as_ref()];
            text.as_ref()
                .is_none_or(|text| texts.into_iter().flatten().any(|value| value.to_lowercase().contains(text)))
                && request.email.as_ref().is_none_or(|email| same_email(user.email.as_deref(), email))
                && request.name.as_ref().is_none_or(|name| user.name == *name)
                && groups.as_ref().is_none_or(|groups| groups.iter().any(|group| self.state.is_member(user, group)))
        };
        // An answer of any age will do: this one is always fresh, so `max_age` is kept without looking at it.
        let query = (&request.text, &request.email, &request.name, &request.assignable_to, request.include_inactive);
        let codec = self.codec(Operation::FindUsers, &query);
        let found = listed(&self.state.users, request.include_inactive).filter(|(_, user)| fits(user));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(found)?;
        Ok(page.map(|user| self.user_document(user, false)))
    }

    pub(crate) fn list_groups(&self, request: &ListGroups) -> Result<Page<Group>> {
        let codec = self.codec(Operation::ListGroups, &(request.include_inactive, request.include_raw));
        let window = Window::new(&codec, request.cursor.as_ref(), request.page_size);
        let page = window.page(listed(&self.state.groups, request.include_inactive))?;
        Ok(page.map(|group| self.group_document(group, request.include_raw)))
    }

    pub(crate) fn get_group(&self, request: &GetGroup) -> Result<Group> {
        let group =
            self.state.groups.get(request.id.as_str()).ok_or_else(|| not_found("group", request.id.as_str()))?;
        Ok(self.group_document(group, request.include_raw))
    }

    pub(crate) fn find_groups(&self, request: &FindGroups) -> Result<Page<Group>> {
        let text = request.text.as_ref().map(|text| text.to_lowercase());
        // A ticket or a collection takes any group; a group takes itself.
        let only = match &request.assignable_to {
            Some(AssignableTo::Group(group)) => Some(self.known_group(group)?),
            other => {
                self.assignable_groups(other.as_ref())?;
                None
            }
        };
        let fits = |group: &Group| {
            text.as_ref().is_none_or(|text| group.name.to_lowercase().contains(text))
                && request.name.as_ref().is_none_or(|name| group.name == *name)
                && only.as_ref().is_none_or(|only| group.id == *only)
        };
        let query = (&request.text, &request.name, &request.assignable_to, request.include_inactive);
        let codec = self.codec(Operation::FindGroups, &query);
        let found = listed(&self.state.groups, request.include_inactive).filter(|(_, group)| fits(group));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(found)?;
        Ok(page.map(|group| self.group_document(group, false)))
    }

    pub(crate) fn list_group_members(&self, request: &ListGroupMembers) -> Result<Page<User>> {
        let group =
            self.state.groups.get(request.group.as_str()).ok_or_else(|| not_found("group", request.group.as_str()))?;
        let codec =
            self.codec(Operation::ListGroupMembers, &(&request.group, request.include_inactive, request.include_raw));
        let members = listed(&self.state.users, request.include_inactive)
            .filter(|(_, user)| self.state.is_member(user, &group.id));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(members)?;
        Ok(page.map(|user| self.user_document(user, request.include_raw)))
    }

    pub(crate) fn list_watchers(&self, request: &ListWatchers) -> Result<Page<Ref>> {
        let ticket = self.state.ticket(&request.ticket)?;
        if self.state.unreadable.contains("watchers") {
            return Err(Error::new(ErrorKind::PermissionDenied, "the credential may not read who watches tickets")
                .with_hint("ask the account's administrator for the right"));
        }
        let codec = self.codec(Operation::ListWatchers, &ticket.id);
        let watchers = ticket.watchers.iter().flatten().map(|watcher| (watcher.id.clone(), watcher.clone()));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(watchers)?;
        Ok(page.map(|mut watcher| {
            self.rename(&mut watcher);
            watcher
        }))
    }

    pub(crate) fn list_collections(&self, request: &ListCollections) -> Result<Page<Collection>> {
        let codec = self.codec(Operation::ListCollections, &(request.include_inactive, request.include_raw));
        let window = Window::new(&codec, request.cursor.as_ref(), request.page_size);
        let page = window.page(listed(&self.state.collections, request.include_inactive))?;
        Ok(page.map(|row| {
            let mut collection = row.clone();
            collection.raw = request.include_raw.then(|| raw(row)).flatten();
            collection.parent.iter_mut().for_each(|parent| self.rename(parent));
            collection
        }))
    }

    pub(crate) fn list_accounts(&self, request: &ListAccounts) -> Result<Page<Account>> {
        let codec = self.codec(Operation::ListAccounts, &(request.include_inactive, request.include_raw));
        let window = Window::new(&codec, request.cursor.as_ref(), request.page_size);
        let page = window.page(listed(&self.state.accounts, request.include_inactive))?;
        Ok(page.map(|account| self.account_document(account, request.include_raw)))
    }

    pub(crate) fn list_contacts(&self, request: &ListContacts) -> Result<Page<Contact>> {
        let codec = self.codec(Operation::ListContacts, &(request.include_inactive, request.include_raw));
        let window = Window::new(&codec, request.cursor.as_ref(), request.page_size);
        let page = window.page(listed(&self.state.contacts, request.include_inactive))?;
        Ok(page.map(|contact| self.contact_document(contact, request.include_raw)))
    }

    pub(crate) fn list_tags(&self, request: &ListTags) -> Result<Page<Tag>> {
        let codec = self.codec(Operation::ListTags, &());
        let tags = self.state.tags.iter().map(|(name, tag)| (name.clone(), tag.clone()));
        Window::new(&codec, request.cursor.as_ref(), request.page_size).page(tags)
    }

    pub(crate) fn account_document(&self, row: &Account, include_raw: bool) -> Account {
        let mut account = row.clone();
        account.raw = include_raw.then(|| raw(row)).flatten();
        account.parent.iter_mut().for_each(|parent| self.rename(parent));
        account
    }

    pub(crate) fn contact_document(&self, row: &Contact, include_raw: bool) -> Contact {
        let mut contact = row.clone();
        contact.raw = include_raw.then(|| raw(row)).flatten();
        contact.account.iter_mut().for_each(|account| self.rename(account));
        contact
    }

    /// The groups whose members can be assigned: a ticket's own, or the one named; `None`: everybody can.
    fn assignable_groups(&self, to: Option<&AssignableTo>) -> Result<Option<Vec<GroupId>>> {
        match to {
            None => Ok(None),
            Some(AssignableTo::Group(group)) => Ok(Some(vec![self.known_group(group)?])),
            Some(AssignableTo::Collection(collection)) => {
                self.collection("assignable_to", &CollectionSelector::Id(collection.clone()))?;
                Ok(None)
            }
            Some(AssignableTo::Ticket(id)) => {
                let ticket =
                    self.state.ticket(id).map_err(|error| crate::create::not_a_ticket("assignable_to", &error))?;
                let groups: Vec<_> =
                    ticket.assigned_groups.iter().map(|group| GroupId::from(group.id.as_str())).collect();
                Ok((!groups.is_empty()).then_some(groups))
            }
            Some(other) => Err(Error::invalid("assignable_to", format!("`{other:?}` is not known here"))
                .with_hint("name a ticket, collection or group")),
        }
    }

    fn known_group(&self, id: &GroupId) -> Result<GroupId> {
        self.group("assignable_to", &GroupSelector::Id(id.clone())).map(|group| group.id.clone())
    }
}

/// The rows of a table by id: those in use, and the others where they are asked for.
fn listed<D: Record>(table: &Table<D>, include_inactive: bool) -> impl Iterator<Item = (String, &D)> {
    table.iter().filter(move |row| include_inactive || !row.is_inactive()).map(|row| (row.id().to_owned(), row))
}

fn not_found(what: &str, id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no {what} `{id}`"))
        .with_hint(format!("check the id against what `list_{what}s` gives"))
}
