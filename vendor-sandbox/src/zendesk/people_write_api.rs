//! Writing users, groups and memberships: wire B7.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::answer::{ApiError, Reply, created, no_content, ok};
use super::call::{Call, time};
use super::edit::{self, text};
use super::edit_fields::read_tags;
use super::edit_people::new_user;
use super::model::{Group, Membership, Role, User};
use super::people_json as show;
use super::world::World;

fn taken(email: &str) -> ApiError {
    // wire B7.
    ApiError::invalid("email", format!("Email: {email} is already being used by another user"), Some("DuplicateValue"))
}

/// What a body says of a user.
fn apply(call: &Call<'_>, world: &World, user: &mut User, body: &Map<String, Value>) -> Result<(), ApiError> {
    let is_new = user.name.is_empty();
    for (name, value) in body {
        let given = text(value).map(str::to_owned);
        match name.as_str() {
            "name" => match given {
                Some(given) => user.name = given,
                None => {
                    return Err(ApiError::invalid(
                        "name",
                        "Name: is too short (minimum one character)",
                        Some("ValueTooShort"),
                    ));
                }
            },
            "email" => {
                let Some(email) = given else { continue };
                if !email.contains('@') {
                    return Err(ApiError::invalid(
                        "email",
                        format!("Email: {email} is not properly formatted"),
                        Some("InvalidFormat"),
                    ));
                }
                if world.users.values().any(|own| own.id != user.id && own.active && own.has_email(&email)) {
                    return Err(taken(&email));
                }
                // wire B7: another address is added.
                if is_new || user.email.is_none() {
                    user.email = Some(email.to_lowercase());
                } else if !user.has_email(&email) {
                    user.other_emails.push(email.to_lowercase());
                }
            }
            "role" => {
                let role = given.as_deref().and_then(Role::named);
                user.role =
                    role.ok_or_else(|| ApiError::invalid("role", "Role: is not valid", Some("InvalidValue")))?;
            }
            "phone" => user.phone = given,
            "external_id" => user.external_id = given.or_else(|| Some(value.as_u64()?.to_string())),
            "notes" => user.notes = given,
            "details" => user.details = given,
            "time_zone" | "iana_time_zone" => user.zone = given.filter(|zone| zone.contains('/')).or(user.zone.take()),
            "tags" => user.tags = read_tags(value),
            "suspended" => user.suspended = value.as_bool().unwrap_or(false),
            "only_private_comments" => user.light = value.as_bool().unwrap_or(false),
            "organization_id" => user.organization = edit::id(value),
            _ => {}
        }
    }
    if user.name.is_empty() {
        return Err(ApiError::invalid("name", "Name: is too short (minimum one character)", Some("ValueTooShort")));
    }
    user.updated = call.now;
    Ok(())
}

fn join_organization(call: &Call<'_>, world: &mut World, user: u64, organization: Option<u64>) {
    let Some(of) = organization.filter(|of| world.organizations.contains_key(of)) else { return };
    if world.organizations_of(user).contains(&of) {
        return;
    }
    let default = world.organizations_of(user).is_empty();
    let own = Membership { id: world.new_id(), user, of, default, created: call.now };
    world.organization_memberships.insert(own.id, own);
}

/// Makes a user of a body.
pub(crate) fn make(call: &Call<'_>, world: &mut World, body: &Map<String, Value>) -> Result<u64, ApiError> {
    let mut user = new_user(0, String::new(), None, call.now);
    apply(call, world, &mut user, body)?;
    user.id = world.new_id();
    let (id, organization) = (user.id, user.organization);
    world.users.insert(id, user);
    join_organization(call, world, id, organization);
    Ok(id)
}

/// Changes a user by a body.
pub(crate) fn change(call: &Call<'_>, world: &mut World, id: u64, body: &Map<String, Value>) -> Result<u64, ApiError> {
    let mut user = world.users.get(&id).filter(|own| own.active).cloned().ok_or_else(ApiError::not_found)?;
    apply(call, world, &mut user, body)?;
    let organization = user.organization;
    world.users.insert(id, user);
    join_organization(call, world, id, organization);
    Ok(id)
}

/// Matches by id, external id or address, else makes one; true for a new one.
pub(crate) fn create_or_update(
    call: &Call<'_>,
    world: &mut World,
    body: &Map<String, Value>,
) -> Result<(u64, bool), ApiError> {
    let external_id = body.get("external_id").and_then(text);
    let by_external = external_id.and_then(|id| {
        world.users.values().find(|own| own.external_id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(id)))
    });
    let by_email = body.get("email").and_then(text).and_then(|email| world.user_by_email(email));
    match by_external.or(by_email).map(|own| own.id) {
        Some(id) => change(call, world, id, body).map(|id| (id, false)),
        None => make(call, world, body).map(|id| (id, true)),
    }
}

/// Deletes softly: `active` is false (wire B7).
pub(crate) fn remove(call: &Call<'_>, world: &mut World, id: &str) -> Result<User, ApiError> {
    call.admin()?;
    let id: u64 = id.parse().map_err(|_| ApiError::not_found())?;
    let user = world.users.get_mut(&id).filter(|own| own.active).ok_or_else(ApiError::not_found)?;
    user.active = false;
    user.updated = call.now;
    let user = user.clone();
    world.memberships.retain(|_, own| own.user != id);
    Ok(user)
}

fn shown(call: &Call<'_>, world: &World, id: u64) -> Result<Value, ApiError> {
    let user = world.users.get(&id).ok_or_else(ApiError::not_found)?;
    Ok(json!({ "user": show::user(call, world, user) }))
}

/// `POST /users`, `POST /users/create_or_update`, `PUT` and `DELETE /users/{id}`.
pub(crate) fn users(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let method = call.method.as_str();
    if !matches!((method, path), ("POST", [] | ["create_or_update"]) | ("PUT" | "DELETE", [_])) {
        return None;
    }
    Some(call.agent().map(|_| ()).and_then(|()| {
        let body = call.wrapped("user")?;
        account.write(|world| match (method, path) {
            ("POST", []) => {
                let id = make(call, world, &body)?;
                Ok(created(&shown(call, world, id)?, &call.url(&format!("users/{id}"))))
            }
            ("POST", _) => {
                let (id, is_new) = create_or_update(call, world, &body)?;
                let answer = shown(call, world, id)?;
                Ok(if is_new { created(&answer, &call.url(&format!("users/{id}"))) } else { ok(&answer) })
            }
            ("PUT", [id]) => {
                let id = id.parse().map_err(|_| ApiError::not_found())?;
                change(call, world, id, &body)?;
                Ok(ok(&shown(call, world, id)?))
            }
            (_, [id]) => {
                let user = remove(call, world, id)?;
                Ok(ok(&json!({ "user": show::user(call, world, &user) })))
            }
            _ => Err(ApiError::invalid_endpoint()),
        })
    }))
}

/// `GET /users/{id}/identities`: the primary address, and further ones (wire B7).
pub(crate) fn identities(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let user = id.parse().ok().and_then(|id: u64| world.users.get(&id)).ok_or_else(ApiError::not_found)?;
    let all = user.email.iter().chain(&user.other_emails).zip(1..);
    let all = all.map(|(email, number)| {
        let id = user.id + 20_000_000_000_000 + number * 1_000_000;
        let shown = json!({
            "url": call.url(&format!("users/{}/identities/{id}", user.id)),
            "id": id,
            "user_id": user.id,
            "type": "email",
            "value": email,
            "verified": true,
            "primary": number == 1,
            "created_at": time(user.created),
            "updated_at": time(user.updated),
            "undeliverable_count": 0,
            "deliverable_state": "deliverable",
        });
        ((0, number), shown)
    });
    let page = super::paging::Page::of(call, all.collect())?;
    let document = page.document("identities");
    Ok(page.finish(document))
}

/// `POST /groups`, `PUT` and `DELETE /groups/{id}`.
pub(crate) fn groups(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let method = call.method.as_str();
    if !matches!((method, path), ("POST", []) | ("PUT" | "DELETE", [_])) {
        return None;
    }
    Some(call.admin().map(|_| ()).and_then(|()| {
        let body = call.wrapped("group")?;
        account.write(|world| {
            if let ("POST", []) = (method, path) {
                let Some(name) = body.get("name").and_then(text) else {
                    return Err(ApiError::invalid("name", "Name: cannot be blank", Some("BlankValue")));
                };
                let group = Group {
                    id: world.new_id(),
                    name: name.to_owned(),
                    description: body.get("description").and_then(text).unwrap_or_default().to_owned(),
                    deleted: false,
                    default: false,
                    created: call.now,
                    updated: call.now,
                };
                let answer = json!({ "group": show::group(call, &group) });
                let location = call.url(&format!("groups/{}", group.id));
                world.groups.insert(group.id, group);
                return Ok(created(&answer, &location));
            }
            let id: u64 = path.first().and_then(|id| id.parse().ok()).unwrap_or(0);
            let group = world.groups.get_mut(&id).filter(|own| !own.deleted).ok_or_else(ApiError::not_found)?;
            group.updated = call.now;
            if method == "DELETE" {
                group.deleted = true;
                world.memberships.retain(|_, own| own.of != id);
                return Ok(no_content());
            }
            if let Some(name) = body.get("name").and_then(text) {
                name.clone_into(&mut group.name);
            }
            if let Some(description) = body.get("description").and_then(Value::as_str) {
                description.clone_into(&mut group.description);
            }
            Ok(ok(&json!({ "group": show::group(call, group) })))
        })
    }))
}

/// `POST /group_memberships`, `DELETE /group_memberships/{id}`; the same for organisations.
pub(crate) fn memberships(
    account: &Account,
    call: &Call<'_>,
    kind: &str,
    path: &[&str],
) -> Option<Result<Reply, ApiError>> {
    let of_groups = kind == "group_memberships";
    let method = call.method.as_str();
    if !matches!((method, path), ("POST", []) | ("DELETE", [_])) {
        return None;
    }
    Some(call.agent().map(|_| ()).and_then(|()| {
        let body = call.wrapped(kind.trim_end_matches('s'))?;
        account.write(|world| {
            if method == "DELETE" {
                let id: u64 = path.first().and_then(|id| id.parse().ok()).unwrap_or(0);
                let all = if of_groups { &mut world.memberships } else { &mut world.organization_memberships };
                return all.remove(&id).map(|_| no_content()).ok_or_else(ApiError::not_found);
            }
            let user = body.get("user_id").and_then(edit::id).filter(|id| world.users.contains_key(id));
            let of = body.get(if of_groups { "group_id" } else { "organization_id" }).and_then(edit::id);
            let known =
                |of: &u64| if of_groups { world.groups.contains_key(of) } else { world.organizations.contains_key(of) };
            let (Some(user), Some(of)) = (user, of.filter(known)) else {
                return Err(ApiError::invalid("base", "User and place: must exist", Some("InvalidValue")));
            };
            let own = if of_groups { world.groups_of(user) } else { world.organizations_of(user) };
            if own.contains(&of) {
                let text = "User: is already a member";
                return Err(ApiError {
                    status: StatusCode::UNPROCESSABLE_ENTITY,
                    ..ApiError::invalid("user_id", text, Some("DuplicateValue"))
                });
            }
            let own = Membership { id: world.new_id(), user, of, default: own.is_empty(), created: call.now };
            let shown =
                if of_groups { show::membership(call, &own) } else { show::organization_membership(call, world, &own) };
            let location = call.url(&format!("{kind}/{}", own.id));
            let all = if of_groups { &mut world.memberships } else { &mut world.organization_memberships };
            all.insert(own.id, own);
            Ok(created(&Map::from_iter([(kind.trim_end_matches('s').to_owned(), shown)]), &location))
        })
    }))
}
