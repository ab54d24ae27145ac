//! Reading users, groups, memberships and organisations: wire B1.3, B7.

use serde_json::{Value, json};

use super::answer::{ApiError, Document, Reply, ok};
use super::call::Call;
use super::model::{Membership, Role, User};
use super::paging::Page;
use super::people_json as show;
use super::ticket_api::counted;
use super::world::World;

/// `GET /users/me`: 200 for nobody at all, and for a credential that is wrong (wire B1.3).
pub(crate) fn me(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let shown = match &call.user {
        Some(user) => {
            let mut shown = show::user(call, world, user);
            shown["authenticity_token"] = Value::Null;
            shown
        }
        None => show::anonymous(call),
    };
    Ok(ok(&json!({ "user": shown })))
}

fn put_sideloads(call: &Call<'_>, world: &World, document: &mut Document, users: &[&User]) {
    if call.includes("organizations") {
        let ids: std::collections::BTreeSet<u64> =
            users.iter().flat_map(|own| world.organizations_of(own.id)).collect();
        let all = ids.iter().filter_map(|id| world.organizations.get(id)).map(|own| show::organization(call, own));
        document.put("organizations", &all.collect::<Vec<Value>>());
    }
    if call.includes("groups") {
        let ids: std::collections::BTreeSet<u64> = users.iter().flat_map(|own| world.groups_of(own.id)).collect();
        let all = ids.iter().filter_map(|id| world.groups.get(id)).map(|own| show::group(call, own));
        document.put("groups", &all.collect::<Vec<Value>>());
    }
}

/// One page of users, of those that fit.
fn page(call: &Call<'_>, world: &World, fits: impl Fn(&User) -> bool) -> Result<Reply, ApiError> {
    call.agent()?;
    let all = world.users.values().filter(|user| user.active && fits(user)).map(|user| ((0, user.id), user)).collect();
    let page: Page<&User> = Page::of(call, all)?;
    let mut document = Document::new();
    document.put("users", &page.items.iter().map(|user| show::user(call, world, user)).collect::<Vec<_>>());
    put_sideloads(call, world, &mut document, &page.items);
    Ok(page.finish(document))
}

/// Whether a user has one of the roles that `role` and `role[]` name.
fn fits_role(call: &Call<'_>, user: &User) -> bool {
    let mut wanted = call.params.iter().filter(|(name, _)| matches!(*name, "role" | "role[]")).peekable();
    wanted.peek().is_none() || wanted.any(|(_, name)| Role::named(name) == Some(user.role))
}

/// `GET /users`; `GET /groups/{id}/users`, `GET /organizations/{id}/users`.
pub(crate) fn list(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let external_id = call.params.get("external_id");
    page(call, world, |user| {
        fits_role(call, user)
            && external_id.is_none_or(|id| user.external_id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(id)))
    })
}

pub(crate) fn of_group(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let id = id.parse().ok().filter(|id| world.groups.contains_key(id)).ok_or_else(ApiError::not_found)?;
    page(call, world, |user| world.memberships.values().any(|own| own.of == id && own.user == user.id))
}

pub(crate) fn of_organization(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let id = organization_id(world, id)?;
    page(call, world, |user| world.organization_memberships.values().any(|own| own.of == id && own.user == user.id))
}

/// `GET /tickets/{id}/followers`, `/email_ccs`, `/collaborators`.
pub(crate) fn around_ticket(call: &Call<'_>, world: &World, id: &str, who: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let ticket = call.ticket(world, id)?;
    let ids: Vec<u64> = match who {
        "followers" => ticket.followers.clone(),
        "email_ccs" => ticket.email_ccs.clone(),
        _ => ticket.followers.iter().chain(&ticket.email_ccs).copied().collect(),
    };
    page(call, world, |user| ids.contains(&user.id))
}

/// `GET /users/count`.
pub(crate) fn count(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    Ok(counted(call, world.users.values().filter(|user| user.active && fits_role(call, user)).count()))
}

/// `GET /users/{id}`: deleted users too (wire B7: `active` is false).
pub(crate) fn get(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    let caller = call.user()?;
    let user = id.parse().ok().and_then(|id: u64| world.users.get(&id)).ok_or_else(ApiError::not_found)?;
    if !caller.is_agent() && caller.id != user.id {
        return Err(ApiError::forbidden());
    }
    let mut document = Document::new();
    document.put("user", &show::user(call, world, user));
    put_sideloads(call, world, &mut document, &[user]);
    Ok(document.reply())
}

/// `GET /users/show_many?ids=` or `external_ids=`.
pub(crate) fn show_many(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let users: Vec<&User> = match call.params.get("external_ids") {
        Some(list) => {
            let wanted: Vec<&str> = list.split(',').map(str::trim).collect();
            let fits = |own: &&User| own.external_id.as_deref().is_some_and(|id| wanted.contains(&id));
            world.users.values().filter(fits).collect()
        }
        None => call.ids("ids")?.iter().filter_map(|id| world.users.get(id)).collect(),
    };
    let shown: Vec<Value> = users.iter().map(|user| show::user(call, world, user)).collect();
    Ok(ok(&json!({ "users": shown, "next_page": null, "previous_page": null, "count": shown.len() })))
}

/// `GET /users/search?query=` or `external_id=`: by offset (wire B7). A query is words, an address, or the
/// keywords `email:`, `role:`, `name:`.
pub(crate) fn search(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let query = call.params.get("query").map(str::to_lowercase);
    let external_id = call.params.get("external_id");
    if query.is_none() && external_id.is_none() {
        return Err(ApiError::bad_request("InvalidValue", "query or external_id is required"));
    }
    page(call, world, |user| match (&query, external_id) {
        (_, Some(id)) => user.external_id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(id)),
        (Some(query), None) => matches_query(user, query),
        (None, None) => false,
    })
}

/// Every part of the query has to fit.
pub(crate) fn matches_query(user: &User, query: &str) -> bool {
    parts(query).iter().all(|part| {
        let (keyword, value) = part.split_once(':').unwrap_or(("", part));
        let value = value.trim_matches('"').trim_end_matches('*').to_lowercase();
        match keyword {
            "type" => value == "user",
            "email" => user.has_email(&value),
            "role" => user.role.name() == value || (value == "end_user" && user.role == Role::EndUser),
            "name" => user.name.to_lowercase().contains(&value),
            "external_id" => user.external_id.as_deref().is_some_and(|own| own.to_lowercase() == value),
            "phone" => user.phone.as_deref().is_some_and(|own| own.contains(&value)),
            _ => {
                let text = part.trim_matches('"').trim_end_matches('*').to_lowercase();
                let words = format!(
                    "{} {} {}",
                    user.name,
                    user.email.as_deref().unwrap_or_default(),
                    user.notes.as_deref().unwrap_or_default(),
                );
                words.to_lowercase().split([' ', ',']).any(|word| word.starts_with(&text))
                    || words.to_lowercase().contains(&text)
            }
        }
    })
}

/// Blanks part, except between quotes.
pub(crate) fn parts(query: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in query.chars() {
        if character == '"' {
            quoted = !quoted;
        }
        if character.is_whitespace() && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// `GET /users/autocomplete?name=`: two characters at least (OAS).
pub(crate) fn autocomplete(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let name = call.params.get("name").unwrap_or_default().to_lowercase();
    if name.chars().count() < 2 {
        return Err(ApiError::bad_request("InvalidValue", "name must be at least 2 characters"));
    }
    page(call, world, |user| {
        user.name.to_lowercase().split(' ').any(|word| word.starts_with(&name))
            || user.name.to_lowercase().starts_with(&name)
            || user.email.as_deref().is_some_and(|own| own.starts_with(&name))
    })
}

/// `GET /groups`: deleted ones unless kept out (wire B7).
pub(crate) fn groups(call: &Call<'_>, world: &World, assignable: bool) -> Result<Reply, ApiError> {
    call.agent()?;
    let without = assignable || call.params.flag("exclude_deleted");
    let all = world.groups.values().filter(|group| !(without && group.deleted));
    let page = Page::of(call, all.map(|group| ((0, group.id), show::group(call, group))).collect())?;
    let document = page.document("groups");
    Ok(page.finish(document))
}

/// `GET /users/{id}/groups`.
pub(crate) fn groups_of(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    let all = world.groups_of(id).into_iter().filter_map(|id| world.groups.get(&id));
    let page = Page::of(call, all.map(|group| ((0, group.id), show::group(call, group))).collect())?;
    let document = page.document("groups");
    Ok(page.finish(document))
}

/// `GET /groups/count`.
pub(crate) fn count_groups(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    Ok(counted(call, world.groups.values().filter(|group| !group.deleted).count()))
}

/// `GET /groups/{id}`.
pub(crate) fn group(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let group = id.parse().ok().and_then(|id: u64| world.groups.get(&id)).ok_or_else(ApiError::not_found)?;
    Ok(ok(&json!({ "group": show::group(call, group) })))
}

/// `GET /group_memberships`, of a user or a group too.
pub(crate) fn memberships(
    call: &Call<'_>,
    world: &World,
    fits: impl Fn(&Membership) -> bool,
) -> Result<Reply, ApiError> {
    call.agent()?;
    let all: Vec<&Membership> = world.memberships.values().filter(|own| fits(own)).collect();
    let page = Page::of(call, all.into_iter().map(|own| ((0, own.id), own)).collect())?;
    let mut document = Document::new();
    document.put("group_memberships", &page.items.iter().map(|own| show::membership(call, own)).collect::<Vec<_>>());
    if call.includes("users") {
        let ids: std::collections::BTreeSet<u64> = page.items.iter().map(|own| own.user).collect();
        let users = ids.iter().filter_map(|id| world.users.get(id)).map(|user| show::user(call, world, user));
        document.put("users", &users.collect::<Vec<_>>());
    }
    if call.includes("groups") {
        let ids: std::collections::BTreeSet<u64> = page.items.iter().map(|own| own.of).collect();
        let groups = ids.iter().filter_map(|id| world.groups.get(id)).map(|group| show::group(call, group));
        document.put("groups", &groups.collect::<Vec<_>>());
    }
    Ok(page.finish(document))
}

/// `GET /group_memberships/{id}`.
pub(crate) fn membership(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let own = id.parse().ok().and_then(|id: u64| world.memberships.get(&id)).ok_or_else(ApiError::not_found)?;
    Ok(ok(&json!({ "group_membership": show::membership(call, own) })))
}

pub(crate) fn organization_id(world: &World, id: &str) -> Result<u64, ApiError> {
    let found = id.parse().ok().and_then(|id: u64| world.organizations.get(&id)).filter(|own| !own.deleted);
    found.map(|own| own.id).ok_or_else(ApiError::not_found)
}
