//! Selectors to ids: one request each, kept for a while. Nobody is an error that says so; several are an error that lists
//! them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::{
    AccountSelector, Clock, CollectionSelector, Error, ErrorKind, GroupSelector, Result, UserSelector,
};
use ticketing_http::config::shown;

use crate::api::{Api, Window};
use crate::connection::{LARGEST_PAGE, checked};
use crate::wire::{BrandRow, GroupRow, OrganizationRow, UserRow, one, rows};

/// How long an answer is believed.
const LIFE: TimeDelta = TimeDelta::minutes(5);
/// How many answers are kept.
const CAPACITY: usize = 10_000;
/// How many candidates are listed.
const CANDIDATES: usize = 10;

/// Resolves selectors on one account.
#[derive(Debug)]
pub(crate) struct Resolver {
    api: Api,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, (DateTime<Utc>, String)>>,
}

/// Somebody or something that may be meant.
struct Candidate {
    id: i64,
    active: bool,
    told: String,
}

impl Resolver {
    pub(crate) fn new(api: Api, clock: Arc<dyn Clock>) -> Self {
        Self { api, clock, kept: Mutex::default() }
    }

    /// A user's id: agents, and end-users too.
    pub(crate) async fn user(&self, field: &str, selector: &UserSelector) -> Result<String> {
        let (wanted, by) = match selector {
            UserSelector::Id(id) => return Ok(checked(field, id.as_str())?.to_string()),
            UserSelector::Email(email) => (email.as_str(), "query"),
            UserSelector::Username(name) => (name.as_str(), "external_id"),
            UserSelector::Me => ("me", "me"),
            other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
        };
        let key = format!("user {selector}");
        if let Some(id) = self.kept(&key) {
            return Ok(id);
        }
        let (field, wanted) = given(field, wanted)?;
        let candidates = self
            .users(by, wanted)
            .await
            .map_err(|error| error.with_context(format!("looking for the user `{}`", shown(wanted))))?;
        self.settle(field, "user", wanted, "find the user, or name one by id", key, candidates)
    }

    async fn users(&self, by: &str, wanted: &str) -> Result<Vec<Candidate>> {
        let found: Vec<UserRow> = match by {
            "me" => vec![one::<UserRow>(&self.api.me().await?.body, "user")?.0],
            "query" => {
                // A phrase behind a keyword; a quote has no escape, and stands in no address (§B5).
                let plain: String = wanted.chars().filter(|c| *c != '"').collect();
                let response = self.api.find_users("query", &format!("email:\"{plain}\"")).await?;
                rows::<UserRow>(&response.body, "users")?.items.into_iter().map(|(row, _)| row).collect()
            }
            _ => {
                let response = self.api.find_users(by, wanted).await?;
                rows::<UserRow>(&response.body, "users")?.items.into_iter().map(|(row, _)| row).collect()
            }
        };
        let is_meant = |row: &UserRow| match by {
            "me" => true,
            "query" => row.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(wanted)),
            _ => row.external_id.as_deref() == Some(wanted),
        };
        let mut candidates = Vec::new();
        for row in found.into_iter().filter(is_meant) {
            let Some(id) = row.id else { return Err(crate::judge::anonymous()) };
            candidates.push(Candidate {
                id,
                active: row.active != Some(false) && row.suspended != Some(true),
                told: format!("{} (id:{id})", row.name.unwrap_or_default()),
            });
        }
        Ok(candidates)
    }

    /// A user's id, and that there is such a user: an id in a write must not dangle.
    pub(crate) async fn existing_user(&self, field: &str, selector: &UserSelector) -> Result<String> {
        let UserSelector::Id(id) = selector else { return self.user(field, selector).await };
        let number = checked(field, id.as_str())?;
        let key = format!("existing user {number}");
        if let Some(id) = self.kept(&key) {
            return Ok(id);
        }
        match self.api.user(number).await {
            Ok(_) => {
                self.keep(key, number.to_string());
                Ok(number.to_string())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(nothing(field, "user", id.as_str())),
            Err(error) => Err(error),
        }
    }

    /// A group's id, looked up where it is named.
    pub(crate) async fn group(&self, field: &str, selector: &GroupSelector, must_exist: bool) -> Result<String> {
        match selector {
            GroupSelector::Id(id) => {
                let number = checked(field, id.as_str())?;
                self.existing(field, "group", number, must_exist, async || self.api.group(number).await.map(drop)).await
            }
            GroupSelector::Name(name) => {
                let key = format!("group {selector}");
                if let Some(id) = self.kept(&key) {
                    return Ok(id);
                }
                let (field, name) = given(field, name)?;
                let mut candidates = Vec::new();
                let mut after: Option<String> = None;
                loop {
                    let response = self.api.groups(Window::new(LARGEST_PAGE, after.as_deref())).await?;
                    let page = rows::<GroupRow>(&response.body, "groups")?;
                    candidates.extend(page.items.into_iter().filter(|(row, _)| row.name.as_deref() == Some(name)).map(
                        |(row, _)| Candidate {
                            id: row.id,
                            active: row.deleted != Some(true),
                            told: format!("{name} (id:{})", row.id),
                        },
                    ));
                    match page.next {
                        Some(next) => after = Some(next),
                        None => break,
                    }
                }
                self.settle(field, "group", name, "list the groups, or name one by id", key, candidates)
            }
            other => Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
        }
    }

    /// An organisation's id, looked up where it is named.
    pub(crate) async fn account(&self, field: &str, selector: &AccountSelector, must_exist: bool) -> Result<String> {
        match selector {
            AccountSelector::Id(id) => {
                let number = checked(field, id.as_str())?;
                let look = async || self.api.organization(number).await.map(drop);
                self.existing(field, "account", number, must_exist, look).await
            }
            AccountSelector::Name(name) => {
                let key = format!("account {selector}");
                if let Some(id) = self.kept(&key) {
                    return Ok(id);
                }
                let (field, name) = given(field, name)?;
                let response = self.api.find_organizations(name).await?;
                let page = rows::<OrganizationRow>(&response.body, "organizations")?;
                let named = page.items.into_iter().filter(|(row, _)| row.name.as_deref() == Some(name));
                let candidates = named.map(|(row, _)| Candidate {
                    id: row.id,
                    active: true,
                    told: format!("{name} (id:{})", row.id),
                });
                let candidates = candidates.collect();
                self.settle(field, "account", name, "list the accounts, or name one by id", key, candidates)
            }
            other => Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
        }
    }

    /// A brand's id, looked up where it is named by its subdomain.
    pub(crate) async fn collection(
        &self,
        field: &str,
        selector: &CollectionSelector,
        must_exist: bool,
    ) -> Result<String> {
        let wanted = match selector {
            CollectionSelector::Id(id) => {
                let number = checked(field, id.as_str())?.to_string();
                if !must_exist {
                    return Ok(number);
                }
                number
            }
            CollectionSelector::Key(key) => key.clone(),
            other => return Err(Error::invalid(field, format!("the selector `{other}` is not known here"))),
        };
        let key = format!("collection {selector}");
        if let Some(id) = self.kept(&key) {
            return Ok(id);
        }
        let (field, wanted) = given(field, &wanted)?;
        let response = self.api.brands(Window::new(LARGEST_PAGE, None)).await?;
        let page = rows::<BrandRow>(&response.body, "brands")?;
        let is = |row: &BrandRow| match selector {
            CollectionSelector::Id(_) => row.id.to_string() == wanted,
            _ => row.subdomain.as_deref() == Some(wanted),
        };
        let candidates = page.items.into_iter().filter(|(row, _)| is(row)).map(|(row, _)| Candidate {
            id: row.id,
            active: row.active != Some(false) && row.is_deleted != Some(true),
            told: format!("{} (id:{})", row.name.unwrap_or_default(), row.id),
        });
        let candidates = candidates.collect();
        self.settle(field, "collection", wanted, "list the collections: the account's brands", key, candidates)
    }

    /// A number that is believed, or looked up where it must exist.
    async fn existing(
        &self,
        field: &str,
        what: &str,
        number: i64,
        must_exist: bool,
        look: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<String> {
        let key = format!("existing {what} {number}");
        if !must_exist || self.kept(&key).is_some() {
            return Ok(number.to_string());
        }
        match look().await {
            Ok(()) => {
                self.keep(key, number.to_string());
                Ok(number.to_string())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(nothing(field, what, &number.to_string())),
            Err(error) => Err(error),
        }
    }

    fn settle(
        &self,
        field: &str,
        what: &str,
        wanted: &str,
        hint: &str,
        key: String,
        mut candidates: Vec<Candidate>,
    ) -> Result<String> {
        // Somebody who left and somebody who works may share a name; the one who works is meant.
        if candidates.len() > 1 && candidates.iter().filter(|one| one.active).count() == 1 {
            candidates.retain(|one| one.active);
        }
        match candidates.as_slice() {
            [one] => {
                self.keep(key, one.id.to_string());
                Ok(one.id.to_string())
            }
            [] => Err(nothing(field, what, wanted).with_hint(hint)),
            several => {
                let told: Vec<_> = several.iter().take(CANDIDATES).map(|one| one.told.as_str()).collect();
                Err(Error::invalid(field, format!("`{}` is the {what} of several: {}", shown(wanted), told.join("; ")))
                    .with_hint("name the one that is meant by id"))
            }
        }
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
            kept.clear();
        }
        kept.insert(key, (now, id));
    }
}

/// What somebody typed, whose emptiness is theirs and named as such.
fn given<'a>(field: &'a str, text: &'a str) -> Result<(&'a str, &'a str)> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, "it is empty").with_hint("write whom you mean"));
    }
    Ok((field, text))
}

fn nothing(field: &str, what: &str, wanted: &str) -> Error {
    Error::invalid(field, format!("there is no {what} `{}`, or it may not be read", shown(wanted)))
        .with_hint(format!("list the {what}s to see which there are"))
}
