//! From the names that people use to rows: a name that fits nobody, or several, is an error that says so.

use std::fmt::Display;

use ticketing_core::model::{Account, Collection, Contact, Group, Ref, RefType, User};
use ticketing_core::{AccountSelector, CollectionSelector, Error, GroupSelector, Result, UserSelector};

use crate::session::Session;

/// How many candidates an error lists.
const MAX_CANDIDATES: usize = 10;

impl Session<'_> {
    /// The user that is meant, who can work on tickets.
    pub(crate) fn user(&self, field: &str, selector: &UserSelector) -> Result<Ref> {
        let users = self.users_named(field, selector)?;
        let user = only(field, selector, "user", users, |user| user.to_ref())?;
        Ok(user.to_ref())
    }

    /// The user that is meant, for new work: one who has left is refused.
    pub(crate) fn active_user(&self, field: &str, selector: &UserSelector) -> Result<Ref> {
        let users = self.users_named(field, selector)?;
        let user = only(field, selector, "user", users, |user| user.to_ref())?;
        if user.active == Some(false) {
            return Err(Error::invalid(field, format!("the user `{selector}` ({}) is inactive", user.name))
                .with_hint("choose one that `find_users` gives"));
        }
        Ok(user.to_ref())
    }

    /// The person who is meant: one of us, or a customer's.
    pub(crate) fn person(&self, field: &str, selector: &UserSelector) -> Result<Ref> {
        let mut people: Vec<Ref> = self.users_named(field, selector)?.into_iter().map(User::to_ref).collect();
        people.extend(self.state.contacts.iter().filter(|contact| names_contact(selector, contact)).map(contact_ref));
        only(field, selector, "user or contact", people, Ref::clone)
    }

    /// The group that is meant.
    pub(crate) fn group(&self, field: &str, selector: &GroupSelector) -> Result<&Group> {
        let fits = |group: &&Group| match selector {
            GroupSelector::Id(id) => group.id == *id,
            GroupSelector::Name(name) => group.name == *name,
            _ => false,
        };
        only(field, selector, "group", self.state.groups.iter().filter(fits).collect(), |group| group.to_ref())
    }

    /// The group that is meant, for new work: a dissolved one is refused.
    pub(crate) fn active_group(&self, field: &str, selector: &GroupSelector) -> Result<Ref> {
        let group = self.group(field, selector)?;
        if group.active == Some(false) {
            return Err(Error::invalid(field, format!("the group `{selector}` is inactive"))
                .with_hint("choose one that `find_groups` gives"));
        }
        Ok(group.to_ref())
    }

    /// The account that is meant.
    pub(crate) fn account(&self, field: &str, selector: &AccountSelector) -> Result<Ref> {
        let fits = |account: &&Account| match selector {
            AccountSelector::Id(id) => account.id == *id,
            AccountSelector::Name(name) => account.name == *name,
            _ => false,
        };
        let found = self.state.accounts.iter().filter(fits).map(account_ref).collect();
        only(field, selector, "account", found, Ref::clone)
    }

    /// The collection that is meant.
    pub(crate) fn collection(&self, field: &str, selector: &CollectionSelector) -> Result<Ref> {
        let fits = |collection: &&Collection| match selector {
            CollectionSelector::Id(id) => collection.id == *id,
            CollectionSelector::Key(key) => collection.key.as_deref() == Some(key),
            _ => false,
        };
        let found = self.state.collections.iter().filter(fits).map(collection_ref).collect();
        only(field, selector, "collection", found, Ref::clone)
    }

    fn users_named(&self, field: &str, selector: &UserSelector) -> Result<Vec<&User>> {
        let me = match selector {
            UserSelector::Me => Some(self.me().ok_or_else(|| {
                Error::invalid(field, "`me` is nobody: the connection has no user of its own")
                    .with_hint("name the user")
            })?),
            _ => None,
        };
        let fits = |user: &&User| match selector {
            UserSelector::Id(id) => user.id == *id,
            UserSelector::Email(email) => same_email(user.email.as_deref(), email),
            UserSelector::Username(username) => user.username.as_deref() == Some(username),
            UserSelector::Me => me.as_ref() == Some(&user.id),
            _ => false,
        };
        Ok(self.state.users.iter().filter(fits).collect())
    }
}

/// True where both are the same address; case does not matter in practice, and vendors ignore it.
pub(crate) fn same_email(known: Option<&str>, wanted: &str) -> bool {
    known.is_some_and(|known| known.to_lowercase() == wanted.trim().to_lowercase())
}

pub(crate) fn contact_ref(contact: &Contact) -> Ref {
    Ref::new(RefType::Contact, contact.id.as_str()).with_name(contact.name.clone())
}

pub(crate) fn account_ref(account: &Account) -> Ref {
    Ref { key: account.key.clone(), ..Ref::new(RefType::Account, account.id.as_str()).with_name(account.name.clone()) }
}

pub(crate) fn collection_ref(collection: &Collection) -> Ref {
    let named = Ref::new(RefType::Collection, collection.id.as_str()).with_name(collection.name.clone());
    Ref { key: collection.key.clone(), ..named }
}

fn names_contact(selector: &UserSelector, contact: &Contact) -> bool {
    match selector {
        UserSelector::Id(id) => contact.id == *id.as_str(),
        UserSelector::Email(email) => same_email(contact.email.as_deref(), email),
        _ => false,
    }
}

/// The only one that was found.
///
/// # Errors
/// `InvalidRequest`: nobody was found, or several were, who are then listed.
fn only<T>(
    field: &str,
    selector: &dyn Display,
    what: &str,
    mut found: Vec<T>,
    describe: impl Fn(&T) -> Ref,
) -> Result<T> {
    if found.len() > 1 {
        let mut candidates: Vec<_> = found
            .iter()
            .take(MAX_CANDIDATES)
            .map(|one| {
                let one = describe(one);
                format!("id:{} ({})", one.id, one.name.as_deref().or(one.key.as_deref()).unwrap_or("unnamed"))
            })
            .collect();
        if found.len() > MAX_CANDIDATES {
            candidates.push(format!("and {} more", found.len() - MAX_CANDIDATES));
        }
        return Err(Error::invalid(
            field,
            format!("`{selector}` fits {} of them: {}", found.len(), candidates.join(", ")),
        )
        .with_hint("name one by its id"));
    }
    found.pop().ok_or_else(|| {
        let place = what.split(' ').next().unwrap_or(what);
        Error::invalid(field, format!("there is no {what} `{selector}`"))
            .with_hint(format!("check it against what `list_{place}s` gives"))
    })
}
