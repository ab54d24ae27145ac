//! Selectors to ids: one request each, kept for a while. Nobody is an error that says so; several are an error that lists
//! them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::{AccountSelector, Clock, Error, GroupSelector, Result, UserSelector};
use ticketing_http::config::shown;

use crate::api::{Api, Target, Window};
use crate::lookup::lookup;
use crate::query::value::check_sys_id;
use crate::query::{Condition, FieldName, Order, Query, Values as _};
use crate::wire::Layout;

/// How long an answer is believed.
const LIFE: TimeDelta = TimeDelta::minutes(5);
/// How many candidates are listed.
const CANDIDATES: u64 = 10;
/// How many answers are kept.
const CAPACITY: usize = 10_000;

/// Resolves selectors on one instance.
#[derive(Debug)]
pub(crate) struct Resolver {
    api: Api,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, (DateTime<Utc>, String)>>,
}

/// What is looked up, and where.
struct Register {
    table: &'static str,
    what: &'static str,
    hint: &'static str,
}

const USERS: Register =
    Register { table: "sys_user", what: "user", hint: "list the users with `users find`, or name one by id" };
const GROUPS: Register =
    Register { table: "sys_user_group", what: "group", hint: "list the groups with `groups list`, or name one by id" };
const ACCOUNTS: Register =
    Register { table: "core_company", what: "account", hint: "list the accounts, or name one by id" };

/// Somebody who may be meant.
struct Candidate {
    id: String,
    active: bool,
    told: String,
}

impl Resolver {
    pub(crate) fn new(api: Api, clock: Arc<dyn Clock>) -> Self {
        Self { api, clock, kept: Mutex::default() }
    }

    /// A user's id. Contacts are users too (wire §3.5), so a caller may be one.
    pub(crate) async fn user(&self, field: &str, selector: &UserSelector) -> Result<String> {
        let name = |column| FieldName::fixed(column);
        let (wanted, condition) = match selector {
            UserSelector::Id(id) => {
                check_sys_id(field, id.as_str())?;
                return Ok(id.to_string());
            }
            UserSelector::Email(email) => (email.as_str(), value(field, name("email"), email)?),
            UserSelector::Username(user) => (user.as_str(), value(field, name("user_name"), user)?),
            UserSelector::Me => ("me", Condition::is_me(name("sys_id"))),
            other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
        };
        self.one(field, &USERS, &selector.to_string(), wanted, condition).await
    }

    /// A user's id, and that there is such a user: an id in a write must not dangle.
    pub(crate) async fn existing_user(&self, field: &str, selector: &UserSelector) -> Result<String> {
        let UserSelector::Id(id) = selector else { return self.user(field, selector).await };
        check_sys_id(field, id.as_str())?;
        let condition = Condition::equals(FieldName::fixed("sys_id"), id.as_str())?;
        self.one(field, &USERS, &selector.to_string(), id.as_str(), condition).await
    }

    /// A group's id, looked up where it is named.
    pub(crate) async fn group(&self, field: &str, selector: &GroupSelector, must_exist: bool) -> Result<String> {
        let (wanted, condition) = match selector {
            GroupSelector::Id(id) => {
                check_sys_id(field, id.as_str())?;
                if !must_exist {
                    return Ok(id.to_string());
                }
                (id.as_str(), Condition::equals(FieldName::fixed("sys_id"), id.as_str())?)
            }
            GroupSelector::Name(name) => (name.as_str(), value(field, FieldName::fixed("name"), name)?),
            other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
        };
        self.one(field, &GROUPS, &selector.to_string(), wanted, condition).await
    }

    /// An account's id, looked up where it is named.
    pub(crate) async fn account(&self, field: &str, selector: &AccountSelector, must_exist: bool) -> Result<String> {
        let (wanted, condition) = match selector {
            AccountSelector::Id(id) => {
                check_sys_id(field, id.as_str())?;
                if !must_exist {
                    return Ok(id.to_string());
                }
                (id.as_str(), Condition::equals(FieldName::fixed("sys_id"), id.as_str())?)
            }
            AccountSelector::Name(name) => (name.as_str(), value(field, FieldName::fixed("name"), name)?),
            other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
        };
        self.one(field, &ACCOUNTS, &selector.to_string(), wanted, condition).await
    }

    async fn one(
        &self,
        field: &str,
        Register { table, what, hint }: &Register,
        selector: &str,
        wanted: &str,
        condition: Condition,
    ) -> Result<String> {
        let key = format!("{table} {selector}");
        if let Some(id) = self.kept(&key) {
            return Ok(id);
        }
        let mut candidates = self
            .candidates(table, condition)
            .await
            .map_err(|error| error.with_context(format!("looking for the {what} `{wanted}`")))?;
        // Somebody who left and somebody who works may share a name; the one who works is meant.
        if candidates.len() > 1 && candidates.iter().filter(|one| one.active).count() == 1 {
            candidates.retain(|one| one.active);
        }
        match candidates.as_slice() {
            [one] => {
                self.keep(key, one.id.clone());
                Ok(one.id.clone())
            }
            [] => Err(Error::invalid(field, format!("there is no {what} `{}`", shown(wanted))).with_hint(*hint)),
            several => {
                let told: Vec<_> = several.iter().map(|one| one.told.as_str()).collect();
                Err(Error::invalid(field, format!("`{}` is the {what} of several: {}", shown(wanted), told.join("; ")))
                    .with_hint("name the one that is meant by id"))
            }
        }
    }

    async fn candidates(&self, table: &'static str, condition: Condition) -> Result<Vec<Candidate>> {
        let query = Query::all().and(condition);
        let layout = match table {
            "sys_user" => Layout::new(["sys_id", "name", "user_name", "email", "active"]),
            "core_company" => Layout::new(["sys_id", "name"]),
            _ => Layout::new(["sys_id", "name", "active"]),
        };
        let order = [Order::ascending("sys_id")];
        let window = Window { offset: 0, limit: CANDIDATES, count: false };
        let answer = lookup(&self.api, Target::Table(table), &query, &order, &layout, window, &mut |row| {
            let Some(id) = row.some("sys_id") else { return Ok(None) };
            let login = row.some("user_name").map_or(String::new(), |login| format!("{login}, "));
            Ok(Some(Candidate {
                id: id.to_owned(),
                active: row.value("active") != Some("false"),
                told: format!("{} ({login}id:{id})", row.text("name")),
            }))
        })
        .await?;
        Ok(answer.items)
    }

    fn kept(&self, key: &str) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, id) = kept.get(key)?;
        (self.clock.now() - *at < LIFE).then(|| id.clone())
    }

    fn keep(&self, key: String, id: String) {
        let now = self.clock.now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CAPACITY {
            kept.retain(|_, (at, _)| now - *at < LIFE);
            if kept.len() >= CAPACITY {
                kept.clear();
            }
        }
        kept.insert(key, (now, id));
    }
}

/// A condition on what somebody typed, whose mistakes are theirs and named as such.
fn value(field: &str, column: FieldName, text: &str) -> Result<Condition> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, "it is empty").with_hint("write whom you mean"));
    }
    Condition::equals(column, text).map_err(|error| error.with_field(field))
}
