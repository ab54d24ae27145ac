//! The assignee picker: users and groups by text, email or name, narrowed to who can be assigned.

use serde_json::value::RawValue;
use ticketing_core::model::{Group, User, UserType};
use ticketing_core::request::{AssignableTo, FindGroups, FindUsers, GetTicket, Projection};
use ticketing_core::{Cursor, Error, ErrorKind, Operation, Page, Result};

use super::{Stretches, cut, groups, item, missing, offset_of, users};
use crate::connection::Connection;
use crate::map;
use crate::tickets;
use crate::wire::Person;

/// What was asked, as a key.
fn question(parts: &impl std::fmt::Debug, cursor: Option<&Cursor>, size: Option<u32>) -> String {
    // A cursor's `Debug` does not show which one it is.
    format!("{parts:?} {:?} {size:?}", cursor.map(Cursor::as_str))
}

fn holds(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// One page of users by text, email or name.
pub(crate) async fn find_users(connection: &Connection, request: FindUsers) -> Result<Page<User>> {
    let bound = (&request.text, &request.email, &request.name, &request.assignable_to, request.include_inactive);
    let codec = connection.codec(Operation::FindUsers, &bound);
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let asked = question(&("users", &bound), request.cursor.as_ref(), request.page_size);
    if let Some(page) = connection.directory.kept(&asked, request.max_age) {
        return Ok(page);
    }
    let text = request.text.as_deref().map(str::trim);
    let keep = |user: &User| {
        let is_named = |text: &str| {
            holds(&user.name, text)
                || user.email.as_deref().is_some_and(|email| holds(email, text))
                || user.username.as_deref().is_some_and(|name| holds(name, text))
        };
        user.user_type != UserType::Contact
            && (request.include_inactive || user.active != Some(false))
            && text.is_none_or(is_named)
            && request
                .email
                .as_ref()
                .is_none_or(|email| user.email.as_deref().is_some_and(|own| own.to_lowercase() == email.to_lowercase()))
            && request.name.as_ref().is_none_or(|name| *name == user.name)
    };
    let mut found = match &request.assignable_to {
        None => match (&request.email, &request.name, text) {
            // The site's own search knows addresses and whole names; parts of words it does not (wire A7).
            (Some(exact), _, _) | (None, Some(exact), _) if !request.include_inactive => {
                let found = users::search(connection, false, exact, &keep).await?;
                // It considers the first thousand alone.
                if found.is_empty() { users::search(connection, true, "", &keep).await? } else { found }
            }
            _ => users::search(connection, true, "", &keep).await?,
        },
        Some(AssignableTo::Group(group)) => {
            let members = groups::members(connection, group.as_str(), request.include_inactive, false).await?;
            members.into_iter().filter(keep).collect()
        }
        Some(AssignableTo::Ticket(ticket)) => {
            let get = GetTicket::new(ticket.clone()).with_projection(Projection::new().with_fields(Vec::<&str>::new()));
            let ticket = tickets::get(connection, get).await?;
            let names = assignable(connection, ("issueKey", &ticket.key)).await?;
            match ticket.assigned_groups.first() {
                // Who can be assigned to a group's ticket is in the group as well.
                Some(group) => {
                    let members = groups::members(connection, &group.id, false, false).await?;
                    names.into_iter().filter(|user| members.iter().any(|own| own.id == user.id)).filter(keep).collect()
                }
                None => names.into_iter().filter(keep).collect::<Vec<_>>(),
            }
        }
        Some(AssignableTo::Collection(project)) => {
            let found = assignable(connection, ("project", project.as_str())).await?;
            found.into_iter().filter(keep).collect()
        }
        Some(_) => {
            return Err(
                Error::new(ErrorKind::Unsupported, "that cannot be assigned to here").with_field("assignable_to")
            );
        }
    };
    found.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    let page = cut(&codec, found, offset, Connection::page_size(request.page_size))?;
    Ok(connection.directory.keep(asked, page))
}

/// Who can be assigned to an issue or in a project; a short stretch is not the end (wire A7).
async fn assignable(connection: &Connection, to: (&str, &str)) -> Result<Vec<User>> {
    const SIZE: u64 = 1_000;
    let mut out = Vec::new();
    let mut offset = 0_u64;
    let mut stretches = Stretches::default();
    loop {
        let (start, size) = (offset.to_string(), SIZE.to_string());
        let any = if connection.api.site().await?.is_cloud() { "query" } else { "username" };
        let query = [to, (any, ""), ("startAt", start.as_str()), ("maxResults", size.as_str())];
        let response = match connection.api.read("/user/assignable/search", &query).await {
            Ok(response) => response,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing("collection", to.1)),
            Err(error) => return Err(error),
        };
        let rows: Vec<&RawValue> = response.json()?;
        // What is filtered may leave a whole stretch empty; beyond a thousand the site looks at nobody.
        if rows.is_empty() {
            return Ok(out);
        }
        stretches.check(&response)?;
        for raw in rows {
            let person: Person = item("user", raw)?;
            out.extend(map::user(&person));
        }
        offset += SIZE;
    }
}

/// One page of groups by text or name.
pub(crate) async fn find_groups(connection: &Connection, request: FindGroups) -> Result<Page<Group>> {
    // Any group can be in a group picker; which ones a field's own context allows, nobody tells.
    let bound = (&request.text, &request.name, request.include_inactive);
    let codec = connection.codec(Operation::FindGroups, &bound);
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let asked = question(&("groups", &bound), request.cursor.as_ref(), request.page_size);
    if let Some(page) = connection.directory.kept(&asked, request.max_age) {
        return Ok(page);
    }
    let text = request.text.as_deref().map(str::trim);
    let mut found = groups::all(connection).await?;
    found.retain(|group| {
        text.is_none_or(|text| holds(&group.name, text)) && request.name.as_ref().is_none_or(|name| *name == group.name)
    });
    found.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    let page = cut(&codec, found, offset, Connection::page_size(request.page_size))?;
    Ok(connection.directory.keep(asked, page))
}
