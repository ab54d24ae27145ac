//! Selectors to ids and names, kept for a while. Nobody is an error that says so; several are an error that lists them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::model::{Group, User};
use ticketing_core::request::GetGroup;
use ticketing_core::{
    AccountSelector, CollectionSelector, Delivery, Error, ErrorKind, GroupSelector, Result, UserSelector,
};
use ticketing_http::path_segment;

use crate::check::myself;
use crate::connection::Connection;
use crate::people;
use crate::query::filter::Named;
use crate::wire::Project;
use ticketing_http::config::shown;

/// How long an answer is believed.
const LIFE: TimeDelta = TimeDelta::minutes(5);
/// How many candidates are listed.
const CANDIDATES: usize = 10;
/// How many answers are kept.
const CAPACITY: usize = 10_000;

/// When somebody was asked for, and who it is.
type Answer = (DateTime<Utc>, Option<Named>);

/// Answers by question.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    kept: Mutex<HashMap<String, Answer>>,
}

impl Resolved {
    fn get(&self, key: &str, now: DateTime<Utc>) -> Option<Option<Named>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = kept.get(key)?;
        (now - *at < LIFE).then(|| answer.clone())
    }

    fn keep(&self, key: String, now: DateTime<Utc>, answer: Option<Named>) -> Option<Named> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CAPACITY {
            kept.clear();
        }
        kept.insert(key, (now, answer.clone()));
        answer
    }
}

fn nobody(field: &str, what: &str, wanted: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no {what} `{}`", shown(wanted)))
        .with_field(field)
        .with_delivery(Delivery::Answered)
        .with_hint(format!("list the {what}s to see which there are, or name one by id"))
}

fn several(field: &str, what: &str, wanted: &str, told: &[String]) -> Error {
    let told: Vec<&str> = told.iter().take(CANDIDATES).map(String::as_str).collect();
    Error::invalid(field, format!("`{}` is the {what} of several: {}", shown(wanted), told.join(", ")))
        .with_delivery(Delivery::Answered)
        .with_hint("name one of them by id")
}

fn named(user: &User) -> Named {
    // Cloud's queries take account ids, a Data Center's take names.
    Named { id: user.id.to_string(), name: user.username.clone().unwrap_or_else(|| user.id.to_string()) }
}

/// A user; `None` where an id is nobody's.
pub(crate) async fn user(connection: &Connection, field: &str, selector: &UserSelector) -> Result<Option<Named>> {
    let key = format!("user {selector}");
    let now = connection.clock.now();
    if let Some(answer) = connection.resolved.get(&key, now) {
        return Ok(answer);
    }
    let found = match selector {
        UserSelector::Id(id) => people::user_by_id(connection, id.as_str()).await?.as_ref().map(named),
        UserSelector::Me => {
            let (person, _) = myself(connection).await?;
            crate::map::user(&person).as_ref().map(named)
        }
        UserSelector::Username(name) => {
            let found = people::user_by_name(connection, name).await?;
            Some(named(&found.ok_or_else(|| {
                let error = nobody(field, "user", name);
                match connection.api.known_site().is_some_and(crate::api::Site::is_cloud) {
                    true => error.with_hint("Jira Cloud has no login names: name the user by id or email"),
                    false => error,
                }
            })?))
        }
        UserSelector::Email(email) => Some(by_email(connection, field, email).await?),
        other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
    };
    Ok(connection.resolved.keep(key, now, found))
}

/// A user who must be there: an id in a write must not dangle.
pub(crate) async fn existing_user(connection: &Connection, field: &str, selector: &UserSelector) -> Result<Named> {
    user(connection, field, selector).await?.ok_or_else(|| nobody(field, "user", &selector.to_string()))
}

async fn by_email(connection: &Connection, field: &str, email: &str) -> Result<Named> {
    let wanted = email.to_lowercase();
    let keep = |user: &User| user.email.as_deref().is_some_and(|own| own.to_lowercase() == wanted);
    let mut found = people::search(connection, false, email, &keep).await?;
    if found.is_empty() {
        found = people::search(connection, true, "", &keep).await?;
    }
    match found.as_slice() {
        [] => Err(nobody(field, "user", email)),
        [one] => Ok(named(one)),
        many => {
            let told: Vec<String> = many.iter().map(|user| format!("{} ({})", user.name, user.id)).collect();
            Err(several(field, "email", email, &told))
        }
    }
}

/// A group; `None` where an id is nobody's.
pub(crate) async fn group(connection: &Connection, field: &str, selector: &GroupSelector) -> Result<Option<Named>> {
    let key = format!("group {selector}");
    let now = connection.clock.now();
    if let Some(answer) = connection.resolved.get(&key, now) {
        return Ok(answer);
    }
    let of = |group: &Group| Named { id: group.id.to_string(), name: group.name.clone() };
    let found = match selector {
        GroupSelector::Id(id) => match people::get_group(connection, GetGroup::new(id.clone())).await {
            Ok(group) => Some(of(&group)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        },
        GroupSelector::Name(name) => {
            let request = ticketing_core::request::FindGroups::new()
                .with_name(name.clone())
                .with_max_age(std::time::Duration::from_secs(300));
            let found = people::find_groups(connection, request).await?.items;
            match found.as_slice() {
                [] => return Err(nobody(field, "group", name)),
                [one] => Some(of(one)),
                many => {
                    let told: Vec<String> = many.iter().map(|group| group.id.to_string()).collect();
                    return Err(several(field, "name", name, &told));
                }
            }
        }
        other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
    };
    Ok(connection.resolved.keep(key, now, found))
}

/// A group that must be there.
pub(crate) async fn existing_group(connection: &Connection, field: &str, selector: &GroupSelector) -> Result<Named> {
    group(connection, field, selector).await?.ok_or_else(|| nobody(field, "group", &selector.to_string()))
}

/// An account; `None` where an id is nobody's.
pub(crate) async fn account(connection: &Connection, field: &str, selector: &AccountSelector) -> Result<Option<Named>> {
    let key = format!("account {selector}");
    let now = connection.clock.now();
    if let Some(answer) = connection.resolved.get(&key, now) {
        return Ok(answer);
    }
    let all = people::organizations(connection).await?;
    let of = |own: &people::Organization| Named { id: own.id.clone(), name: own.name.clone() };
    let found = match selector {
        AccountSelector::Id(id) => all.iter().find(|own| own.id == id.as_str()).map(of),
        AccountSelector::Name(name) => {
            let found: Vec<_> = all.iter().filter(|own| own.name == *name).collect();
            match found.as_slice() {
                [] => return Err(nobody(field, "account", name)),
                [one] => Some(of(one)),
                many => {
                    let told: Vec<String> = many.iter().map(|own| own.id.clone()).collect();
                    return Err(several(field, "name", name, &told));
                }
            }
        }
        other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
    };
    Ok(connection.resolved.keep(key, now, found))
}

/// An account that must be there.
pub(crate) async fn existing_account(
    connection: &Connection,
    field: &str,
    selector: &AccountSelector,
) -> Result<Named> {
    account(connection, field, selector).await?.ok_or_else(|| nobody(field, "account", &selector.to_string()))
}

/// A project by id or key, as id and key; `None` where there is none, or it is none of the connection's.
pub(crate) async fn collection(
    connection: &Connection,
    field: &str,
    selector: &CollectionSelector,
) -> Result<Option<Named>> {
    let wanted = match selector {
        CollectionSelector::Id(id) => id.as_str(),
        CollectionSelector::Key(key) => key.as_str(),
        other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
    };
    let cached = format!("collection {selector}");
    let now = connection.clock.now();
    if let Some(answer) = connection.resolved.get(&cached, now) {
        return Ok(answer);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let found = if wanted.is_empty() || wanted.len() > 255 || !wanted.bytes().all(plain) {
        None
    } else {
        match connection.api.read(&format!("/project/{}", path_segment(wanted)), &[]).await {
            Ok(response) => {
                let project: Project = response.json()?;
                let meant = match selector {
                    CollectionSelector::Id(id) => project.id == id.as_str(),
                    // Jira answers to a key that the project had, too.
                    _ => project.key == wanted,
                };
                (meant && connection.holds_project(&project.key)).then_some(Named { id: project.id, name: project.key })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        }
    };
    Ok(connection.resolved.keep(cached, now, found))
}
