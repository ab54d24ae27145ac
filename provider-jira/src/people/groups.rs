//! Groups and their members (wire A7).

use serde::Deserialize;
use serde_json::value::RawValue;
use ticketing_core::model::{Group, User};
use ticketing_core::request::{GetGroup, ListGroupMembers, ListGroups};
use ticketing_core::{Error, ErrorKind, Operation, Page, Result};

use super::{Stretches, Values, cut, item, missing, offset_of, raw_of};
use crate::connection::Connection;
use crate::map;
use crate::wire::{GroupInfo, Person};

/// Groups and members to a page at most (wire A7).
const LARGEST: u64 = 50;
/// Groups that a Data Center is asked for at once: it has no pages of them.
const MOST: &str = "10000";

fn read(raw: &RawValue, with_raw: bool) -> Result<Group> {
    let info: GroupInfo = item("group", raw)?;
    let mut group = map::group(&info);
    group.raw = raw_of(raw, with_raw);
    Ok(group)
}

/// A stretch of the site's groups, and where the next one begins.
async fn stretch(
    connection: &Connection,
    offset: u64,
    size: u64,
    with_raw: bool,
    stretches: &mut Stretches,
) -> Result<(Vec<Group>, Option<u64>)> {
    if connection.api.site().await?.is_cloud() {
        let size = size.min(LARGEST);
        let query = [("startAt", offset.to_string()), ("maxResults", size.to_string())];
        let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
        let response = connection.api.read("/group/bulk", &query).await?;
        stretches.check(&response)?;
        let page: Values<'_> = response.json()?;
        let received = page.values.len() as u64;
        let groups: Result<Vec<Group>> = page.values.into_iter().map(|raw| read(raw, with_raw)).collect();
        let is_last = page.is_last.unwrap_or(received == 0) || received == 0;
        return Ok((groups?, (!is_last).then_some(offset.saturating_add(received))));
    }
    let all = picked(connection, "", with_raw).await?;
    let end = offset.saturating_add(size);
    let next = (end < all.len() as u64).then_some(end);
    let (skip, take) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(usize::MAX));
    Ok((all.into_iter().skip(skip).take(take).collect(), next))
}

/// A Data Center's groups whose name holds a text, by name.
async fn picked(connection: &Connection, text: &str, with_raw: bool) -> Result<Vec<Group>> {
    #[derive(Deserialize)]
    struct Picked<'a> {
        #[serde(borrow)]
        groups: Vec<&'a RawValue>,
    }
    let response = connection.api.read("/groups/picker", &[("query", text), ("maxResults", MOST)]).await?;
    let picked: Picked<'_> = response.json()?;
    picked.groups.into_iter().map(|raw| read(raw, with_raw)).collect()
}

/// Every group.
pub(super) async fn all(connection: &Connection) -> Result<Vec<Group>> {
    let mut out = Vec::new();
    let mut offset = 0;
    let mut stretches = Stretches::default();
    loop {
        let size = crate::connection::LARGEST_PAGE.into();
        let (groups, next) = stretch(connection, offset, size, false, &mut stretches).await?;
        out.extend(groups);
        match next {
            Some(next) => offset = next,
            None => return Ok(out),
        }
    }
}

/// One page of groups; Jira has none that are inactive.
pub(crate) async fn list_groups(connection: &Connection, request: ListGroups) -> Result<Page<Group>> {
    let codec = connection.codec(Operation::ListGroups, &(request.include_inactive, request.include_raw));
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let size = Connection::page_size(request.page_size);
    let (groups, next) = stretch(connection, offset, size, request.include_raw, &mut Stretches::default()).await?;
    Ok(Page::new(groups, next.map(|next| codec.cursor(&next)).transpose()?))
}

/// One page of the ids of all groups.
pub(crate) async fn group_ids(connection: &Connection, offset: u64, size: u64) -> Result<(Vec<String>, Option<u64>)> {
    let (groups, next) = stretch(connection, offset, size, false, &mut Stretches::default()).await?;
    Ok((groups.into_iter().map(|group| group.id.to_string()).collect(), next))
}

/// One group.
pub(crate) async fn get_group(connection: &Connection, request: GetGroup) -> Result<Group> {
    let id = request.id.as_str();
    if id.trim().is_empty() || id.chars().any(char::is_control) {
        return Err(missing("group", id));
    }
    if connection.api.site().await?.is_cloud() {
        let response = connection.api.read("/group/bulk", &[("groupId", id)]).await?;
        let page: Values<'_> = response.json()?;
        for raw in page.values {
            let group = read(raw, request.include_raw)?;
            if group.id == request.id {
                return Ok(group);
            }
        }
        return Err(missing("group", id));
    }
    let found = picked(connection, id, request.include_raw).await?;
    found.into_iter().find(|group| group.id == request.id).ok_or_else(|| missing("group", id))
}

/// One page of a group's members.
pub(crate) async fn list_members(connection: &Connection, request: ListGroupMembers) -> Result<Page<User>> {
    let bound = (&request.group, request.include_inactive, request.include_raw);
    let codec = connection.codec(Operation::ListGroupMembers, &bound);
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let all = members(connection, request.group.as_str(), request.include_inactive, request.include_raw).await?;
    let all: Vec<User> =
        all.into_iter().filter(|user| request.include_inactive || user.active != Some(false)).collect();
    cut(&codec, all, offset, Connection::page_size(request.page_size))
}

/// Every member of a group. The site's pages are small, and people come and go between them, so that all are read at once.
pub(super) async fn members(connection: &Connection, group: &str, inactive: bool, with_raw: bool) -> Result<Vec<User>> {
    if group.trim().is_empty() || group.chars().any(char::is_control) {
        return Err(missing("group", group));
    }
    let name = if connection.api.site().await?.is_cloud() { "groupId" } else { "groupname" };
    let mut out: Vec<User> = Vec::new();
    let mut offset = 0;
    let mut stretches = Stretches::default();
    loop {
        let (start, size) = (offset.to_string(), LARGEST.to_string());
        let inactive = if inactive { "true" } else { "false" };
        let query = [
            (name, group),
            ("includeInactiveUsers", inactive),
            ("startAt", start.as_str()),
            ("maxResults", size.as_str()),
        ];
        let response = match connection.api.read("/group/member", &query).await {
            Ok(response) => response,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing("group", group)),
            Err(error) => return Err(error),
        };
        stretches.check(&response)?;
        let page: Values<'_> = response.json()?;
        let received = page.values.len() as u64;
        for raw in page.values {
            let person: Person = item("user", raw)?;
            let mut user = map::user(&person)
                .ok_or_else(|| Error::new(ErrorKind::Decode, "a user has neither an id nor a name").with_code("row"))?;
            user.raw = raw_of(raw, with_raw);
            if !out.iter().any(|own| own.id == user.id) {
                out.push(user);
            }
        }
        if received == 0 || page.is_last == Some(true) {
            return Ok(out);
        }
        offset += received;
    }
}
