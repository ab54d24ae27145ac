//! People, groups, organisations and projects as writes name them: looked up once, kept for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use ticketing_core::{
    AccountSelector, CollectionSelector, Delivery, Error, ErrorKind, GroupSelector, Result, UserSelector,
};
use ticketing_http::path_segment;

use crate::config::shown;
use crate::connection::Connection;
use crate::wire::{GroupInfo, Person, Project};

/// How long an answer is believed.
const LIFE: TimeDelta = TimeDelta::minutes(5);
/// How many answers are kept.
const CAPACITY: usize = 10_000;
/// How many candidates are listed.
const CANDIDATES: usize = 10;

/// People that were looked up.
#[derive(Debug, Default)]
pub(crate) struct People {
    kept: Mutex<HashMap<String, (DateTime<Utc>, Person)>>,
}

impl People {
    fn get(&self, key: &str, now: DateTime<Utc>) -> Option<Person> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(at, _)| now - *at < LIFE).map(|(_, person)| person.clone())
    }

    fn keep(&self, key: String, now: DateTime<Utc>, person: Person) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CAPACITY {
            kept.retain(|_, (at, _)| now - *at < LIFE);
        }
        if kept.len() < CAPACITY {
            kept.insert(key, (now, person));
        }
    }
}

/// A user in a write: an account id on Cloud, a name on Data Center (wire A4.1).
pub(crate) fn user_value(person: &Person) -> Value {
    match (&person.account_id, &person.name) {
        (Some(id), _) => json!({ "accountId": id }),
        (None, name) => json!({ "name": name }),
    }
}

/// Who a selector means. An ambiguous one is an error that lists the candidates.
///
/// # Errors
/// `InvalidRequest`, naming the field, where that is nobody, or several.
pub(crate) async fn user(connection: &Connection, field: &str, selector: &UserSelector) -> Result<Person> {
    let key = selector.to_string();
    let now = connection.clock.now();
    if let Some(person) = connection.people.get(&key, now) {
        return Ok(person);
    }
    let cloud = connection.api.site().await?.is_cloud();
    let person = match selector {
        UserSelector::Me => Some(connection.api.read("/myself", &[]).await?.json()?),
        UserSelector::Id(id) if cloud => one(connection, &[("accountId", id.as_str())]).await?,
        UserSelector::Id(id) => match one(connection, &[("key", id.as_str())]).await? {
            Some(person) => Some(person),
            None => one(connection, &[("username", id.as_str())]).await?,
        },
        UserSelector::Username(_) if cloud => {
            return Err(Error::invalid(field, "Jira Cloud has no user names")
                .with_hint("name the user by id or e-mail address"));
        }
        UserSelector::Username(name) => one(connection, &[("username", name.as_str())]).await?,
        UserSelector::Email(email) => by_email(connection, field, email, cloud).await?,
        other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
    };
    let person = person.ok_or_else(|| {
        Error::invalid(field, format!("there is no user `{}`", shown(&key)))
            .with_hint("list the users with `users find`, or name one by id")
    })?;
    connection.people.keep(key, now, person.clone());
    Ok(person)
}

/// `GET /user`; `None` where there is nobody (wire A7).
async fn one(connection: &Connection, query: &[(&str, &str)]) -> Result<Option<Person>> {
    match connection.api.read("/user", query).await {
        Ok(response) => Ok(Some(response.json()?)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An address that its profile hides is matched as a whole alone, and is not in the answer (wire A7).
async fn by_email(connection: &Connection, field: &str, email: &str, cloud: bool) -> Result<Option<Person>> {
    let parameter = if cloud { "query" } else { "username" };
    let found: Vec<Person> =
        connection.api.read("/user/search", &[(parameter, email), ("maxResults", "50")]).await?.json()?;
    let address = |person: &Person| person.email_address.clone().filter(|address| !address.is_empty());
    let same: Vec<&Person> =
        found.iter().filter(|person| address(person).is_some_and(|own| own.eq_ignore_ascii_case(email))).collect();
    match (same.as_slice(), found.as_slice()) {
        ([one], _) => Ok(Some((*one).clone())),
        ([], [hidden]) if cloud && address(hidden).is_none() && email.contains('@') => Ok(Some(hidden.clone())),
        ([], _) => Ok(None),
        (several, _) => {
            let told = several.iter().take(CANDIDATES).map(|person| {
                format!("{} ({})", person.display_name.as_deref().unwrap_or("?"), person.id().unwrap_or("?"))
            });
            Err(Error::invalid(field, format!("{} users have the address `{}`", several.len(), shown(email)))
                .with_hint(format!("name one by id: {}", told.collect::<Vec<_>>().join(", "))))
        }
    }
}

/// A group in a write.
///
/// # Errors
/// `InvalidRequest`, naming the field, where there is none such.
pub(crate) async fn group(connection: &Connection, field: &str, selector: &GroupSelector) -> Result<Value> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Answer {
        #[serde(alias = "values")]
        groups: Vec<GroupInfo>,
    }
    let cloud = connection.api.site().await?.is_cloud();
    let none = || {
        Error::invalid(field, format!("there is no group `{}`", shown(&selector.to_string())))
            .with_hint("list the groups with `groups list`, or name one by id")
    };
    let (answer, wanted, by_id) = match selector {
        GroupSelector::Id(id) if cloud => {
            let answer = connection.api.read("/group/bulk", &[("groupId", id.as_str())]).await;
            (answer, id.as_str(), true)
        }
        GroupSelector::Id(id) => {
            (connection.api.read("/groups/picker", &[("query", id.as_str())]).await, id.as_str(), false)
        }
        GroupSelector::Name(name) => {
            (connection.api.read("/groups/picker", &[("query", name.as_str())]).await, name.as_str(), false)
        }
        other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
    };
    let answer: Answer = match answer {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest) => return Err(none()),
        outcome => outcome?.json()?,
    };
    let is = |own: &&GroupInfo| if by_id { own.id() == wanted } else { own.name == wanted };
    let found = answer.groups.iter().find(is).ok_or_else(none)?;
    Ok(match &found.group_id {
        Some(id) => json!({ "groupId": id }),
        None => json!({ "name": found.name }),
    })
}

/// The number of an organisation of Service Management's, which is how issues name it (wire A10).
///
/// # Errors
/// `InvalidRequest`, naming the field, where there is none such, or several.
pub(crate) async fn organization(connection: &Connection, field: &str, selector: &AccountSelector) -> Result<Value> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        #[serde(default)]
        values: Vec<Organization>,
        #[serde(default)]
        is_last_page: bool,
    }
    #[derive(Deserialize)]
    struct Organization {
        #[serde(deserialize_with = "crate::wire::text")]
        id: String,
        #[serde(default)]
        name: String,
    }
    let none = || {
        Error::invalid(field, format!("there is no organisation `{}`", shown(&selector.to_string())))
            .with_hint("list the accounts, or name one by id")
    };
    let number = |id: &str| id.parse::<u64>().map(Value::from).map_err(|_| none());
    let name = match selector {
        AccountSelector::Id(id) => {
            let path = format!("/organization/{}", path_segment(id.as_str()));
            return match connection.api.read_desk(&path, &[]).await {
                Ok(_) => number(id.as_str()),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest) => Err(none()),
                Err(error) => Err(error),
            };
        }
        AccountSelector::Name(name) => name,
        other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
    };
    let mut found: Vec<String> = Vec::new();
    let mut start = 0;
    loop {
        let from = start.to_string();
        let page: Page =
            connection.api.read_desk("/organization", &[("start", &from), ("limit", "50")]).await?.json()?;
        start += page.values.len();
        let over = page.is_last_page || page.values.is_empty();
        found.extend(page.values.into_iter().filter(|own| own.name == *name).map(|own| own.id));
        if over {
            break;
        }
    }
    match found.as_slice() {
        [] => Err(none()),
        [id] => number(id),
        several => Err(Error::invalid(field, format!("{} organisations are called `{}`", several.len(), shown(name)))
            .with_hint(format!("name one by id: {}", several.join(", ")))),
    }
}

/// A project of the connection's.
///
/// # Errors
/// `InvalidRequest`, naming `collection`, where there is none such.
pub(crate) async fn project(connection: &Connection, selector: &CollectionSelector) -> Result<Project> {
    let wanted = match selector {
        CollectionSelector::Id(id) => id.as_str(),
        CollectionSelector::Key(key) => key.as_str(),
        other => return Err(Error::invalid("collection", format!("the selector `{other}` is not known here"))),
    };
    let none = || {
        let hint = match connection.projects.is_empty() {
            true => "list the collections to see which there are".to_owned(),
            false => format!("the connection has: {}", connection.projects.join(", ")),
        };
        Error::invalid("collection", format!("there is no project `{}`, or it may not be seen", shown(wanted)))
            .with_delivery(Delivery::NotSent)
            .with_hint(hint)
    };
    let found: Project = match connection.api.read(&format!("/project/{}", path_segment(wanted)), &[]).await {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest) => return Err(none()),
        outcome => outcome?.json()?,
    };
    if connection.holds_project(&found.key) { Ok(found) } else { Err(none()) }
}
