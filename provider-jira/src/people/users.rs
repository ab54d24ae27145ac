//! Users: account ids on Cloud, keys and names on Data Center (wire A7).

use serde_json::value::RawValue;
use ticketing_core::model::{User, UserType};
use ticketing_core::request::{GetUser, ListUsers};
use ticketing_core::{Error, ErrorKind, Operation, Page, Result};

use super::{Stretches, item, missing, offset_of, raw_of};
use crate::connection::Connection;
use crate::map;
use crate::wire::Person;

/// Users to a page at most (wire A7).
const LARGEST: u64 = 1_000;

/// A user as the site has it.
fn read(raw: &RawValue, with_raw: bool) -> Result<User> {
    let person: Person = item("user", raw)?;
    let mut user = map::user(&person)
        .ok_or_else(|| Error::new(ErrorKind::Decode, "a user has neither an id nor a name").with_code("row"))?;
    user.raw = raw_of(raw, with_raw);
    Ok(user)
}

/// A stretch of the site's users, customers and inactive ones among them. A short one is not the end (wire A7): an empty is.
async fn stretch(
    connection: &Connection,
    offset: u64,
    size: u64,
    with_raw: bool,
    stretches: &mut Stretches,
) -> Result<Vec<User>> {
    let (start, size) = (offset.to_string(), size.to_string());
    let response = if connection.api.site().await?.is_cloud() {
        connection.api.read("/users/search", &[("startAt", &start), ("maxResults", &size)]).await?
    } else {
        // `.` is everybody, as clients have found out.
        let query = [
            ("username", "."),
            ("includeInactive", "true"),
            ("startAt", start.as_str()),
            ("maxResults", size.as_str()),
        ];
        connection.api.read("/user/search", &query).await?
    };
    let rows: Vec<&RawValue> = response.json()?;
    if !rows.is_empty() {
        stretches.check(&response)?;
    }
    rows.into_iter().map(|raw| read(raw, with_raw)).collect()
}

/// One page of users; customers are contacts.
pub(crate) async fn list_users(connection: &Connection, request: ListUsers) -> Result<Page<User>> {
    let codec = connection.codec(Operation::ListUsers, &(request.include_inactive, request.include_raw));
    let size = Connection::page_size(request.page_size).min(LARGEST);
    let mut offset = offset_of(&codec, request.cursor.as_ref())?;
    let mut stretches = Stretches::default();
    loop {
        let users = stretch(connection, offset, size, request.include_raw, &mut stretches).await?;
        if users.is_empty() {
            return Ok(Page::last(Vec::new()));
        }
        offset = offset.saturating_add(size);
        let kept: Vec<User> = users
            .into_iter()
            .filter(|user| user.user_type != UserType::Contact)
            .filter(|user| request.include_inactive || user.active != Some(false))
            .collect();
        if !kept.is_empty() {
            return Ok(Page::new(kept, Some(codec.cursor(&offset)?)));
        }
    }
}

/// One page of the ids of all users.
pub(crate) async fn user_ids(connection: &Connection, offset: u64, size: u64) -> Result<(Vec<String>, Option<u64>)> {
    let size = size.min(LARGEST);
    let users = stretch(connection, offset, size, false, &mut Stretches::default()).await?;
    let next = (!users.is_empty()).then_some(offset.saturating_add(size));
    let staff = users.into_iter().filter(|user| user.user_type != UserType::Contact);
    Ok((staff.map(|user| user.id.to_string()).collect(), next))
}

/// One user; a customer too, for those who follow a reference.
pub(crate) async fn get_user(connection: &Connection, request: GetUser) -> Result<User> {
    by_id(connection, request.id.as_str(), request.include_raw)
        .await?
        .ok_or_else(|| missing("user", request.id.as_str()))
}

/// The user with an id; `None` where there is none.
pub(crate) async fn user_by_id(connection: &Connection, id: &str) -> Result<Option<User>> {
    by_id(connection, id, false).await
}

async fn by_id(connection: &Connection, id: &str, with_raw: bool) -> Result<Option<User>> {
    if id.trim().is_empty() || id.len() > 255 || id.chars().any(char::is_control) {
        return Ok(None);
    }
    if connection.api.site().await?.is_cloud() {
        return one(connection, "accountId", id, with_raw).await;
    }
    match one(connection, "key", id, with_raw).await? {
        Some(user) => Ok(Some(user)),
        // Old users have a name and no key.
        None => one(connection, "username", id, with_raw).await,
    }
}

/// The user with a login name; `None` where there is none. Cloud has no login names (wire A13).
pub(crate) async fn user_by_name(connection: &Connection, name: &str) -> Result<Option<User>> {
    if connection.api.site().await?.is_cloud() || name.trim().is_empty() {
        return Ok(None);
    }
    one(connection, "username", name, false).await
}

async fn one(connection: &Connection, parameter: &str, value: &str, with_raw: bool) -> Result<Option<User>> {
    match connection.api.read("/user", &[(parameter, value)]).await {
        Ok(response) => read(response.json()?, with_raw).map(Some),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Users whose name, address or login name holds a text, or all of them; customers too. The site's own search sees active
/// people alone, the beginnings of words, and the first thousand (wire A7), so that all are looked through where `whole`.
pub(crate) async fn search(
    connection: &Connection,
    whole: bool,
    query: &str,
    keep: &(dyn Fn(&User) -> bool + Sync),
) -> Result<Vec<User>> {
    if !whole {
        let name = if connection.api.site().await?.is_cloud() { "query" } else { "username" };
        let response = connection.api.read("/user/search", &[(name, query), ("maxResults", "1000")]).await?;
        let rows: Vec<&RawValue> = response.json()?;
        let mut found = Vec::new();
        for raw in rows {
            found.extend(Some(read(raw, false)?).filter(keep));
        }
        return Ok(found);
    }
    let mut found = Vec::new();
    let mut offset = 0;
    let mut stretches = Stretches::default();
    loop {
        let users = stretch(connection, offset, LARGEST, false, &mut stretches).await?;
        if users.is_empty() {
            return Ok(found);
        }
        found.extend(users.into_iter().filter(keep));
        offset += LARGEST;
    }
}
