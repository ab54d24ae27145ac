//! People and groups as documents and references.

use ticketing_core::UserId;
use ticketing_core::model::{Group, Ref, RefType, User, UserType};

use crate::wire::{GroupInfo, Person};

/// What sort of user it is (wire A7).
fn user_type(person: &Person) -> UserType {
    match person.account_type.as_deref() {
        Some("app") => UserType::Bot,
        Some("customer") => UserType::Contact,
        _ => UserType::User,
    }
}

/// A reference to somebody; `None` where the answer does not say who.
pub(crate) fn person_ref(person: &Person) -> Option<Ref> {
    let ref_type = match user_type(person) {
        UserType::Contact => RefType::Contact,
        UserType::Bot => RefType::Bot,
        _ => RefType::User,
    };
    let mut out = Ref::new(ref_type, person.id()?);
    out.key = person.name.clone();
    out.name = person.display_name.clone();
    Some(out)
}

/// Somebody as a document; `None` where the answer does not say who.
pub(crate) fn user(person: &Person) -> Option<User> {
    let id = person.id()?;
    let name = person.display_name.clone().or_else(|| person.name.clone()).unwrap_or_else(|| id.to_owned());
    let mut out = User::new(UserId::from(id), name);
    out.username = person.name.clone();
    out.email = person.email_address.clone().filter(|email| !email.is_empty());
    out.user_type = user_type(person);
    out.active = person.active;
    out.time_zone = person.time_zone.clone();
    out.locale = person.locale.as_ref().map(|locale| locale.replace('_', "-"));
    out.avatar_url = person.avatar_urls.as_ref().and_then(|urls| urls.largest.clone());
    Some(out)
}

/// A group as a document.
pub(crate) fn group(info: &GroupInfo) -> Group {
    Group::new(info.id().into(), info.name.clone())
}
