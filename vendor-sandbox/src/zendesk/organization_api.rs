//! Organisations and who belongs to them: wire B7; recorded in S12.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::answer::{ApiError, Document, Reply, created, no_content, ok};
use super::call::Call;
use super::edit::{self, text};
use super::edit_fields::read_tags;
use super::model::{Membership, Organization};
use super::paging::Page;
use super::people_api::organization_id;
use super::people_json as show;
use super::ticket_api::{self, counted};
use super::world::World;

fn live(world: &World) -> impl DoubleEndedIterator<Item = &Organization> {
    world.organizations.values().filter(|own| !own.deleted)
}

fn page(call: &Call<'_>, world: &World, fits: impl Fn(&Organization) -> bool) -> Result<Reply, ApiError> {
    call.agent()?;
    let all = live(world).filter(|own| fits(own)).map(|own| ((0, own.id), show::organization(call, own)));
    let page = Page::of(call, all.collect())?;
    let document = page.document("organizations");
    Ok(page.finish(document))
}

/// Everything that is read below `/organizations`.
pub(crate) fn reading(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let read = |look: &dyn Fn(&World) -> Result<Reply, ApiError>| account.read(look);
    Some(match path {
        [] => read(&|world| page(call, world, |_| true)),
        ["count"] => read(&|world| call.agent().map(|_| counted(call, live(world).count()))),
        ["show_many"] => read(&|world| show_many(call, world)),
        ["search"] => read(&|world| search(call, world)),
        ["autocomplete"] => read(&|world| autocomplete(call, world)),
        [id] => read(&|world| {
            call.agent()?;
            let own = world.organizations.get(&organization_id(world, id)?).ok_or_else(ApiError::not_found)?;
            Ok(ok(&json!({ "organization": show::organization(call, own) })))
        }),
        [id, "tickets"] => {
            let found = call.agent().map(|_| ()).and_then(|()| account.read(|world| organization_id(world, id)));
            found.and_then(|id| ticket_api::list(account, call, |ticket| ticket.organization == Some(id)))
        }
        [id, "users"] => read(&|world| super::people_api::of_organization(call, world, id)),
        [id, "organization_memberships"] => read(&|world| {
            let id = organization_id(world, id)?;
            memberships(call, world, |own| own.of == id)
        }),
        _ => return None,
    })
}

fn show_many(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let found: Vec<&Organization> = match call.params.get("external_ids") {
        Some(list) => {
            let wanted: Vec<&str> = list.split(',').map(str::trim).collect();
            live(world).filter(|own| own.external_id.as_deref().is_some_and(|id| wanted.contains(&id))).collect()
        }
        None => {
            let ids = call.ids("ids")?;
            ids.iter().filter_map(|id| world.organizations.get(id)).filter(|own| !own.deleted).collect()
        }
    };
    let shown: Vec<Value> = found.iter().map(|own| show::organization(call, own)).collect();
    Ok(ok(&json!({ "organizations": shown, "next_page": null, "previous_page": null, "count": shown.len() })))
}

/// By external id or exact name (OAS); by offset, as recorded.
fn search(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let (external_id, name) = (call.params.get("external_id"), call.params.get("name"));
    if external_id.is_none() && name.is_none() {
        return Err(ApiError::bad_request("InvalidValue", "external_id or name is required"));
    }
    page(call, world, |own| {
        external_id.is_none_or(|id| own.external_id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(id)))
            && name.is_none_or(|name| own.name.eq_ignore_ascii_case(name))
    })
}

fn autocomplete(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let name = call.params.get("name").unwrap_or_default().to_lowercase();
    if name.chars().count() < 2 {
        return Err(ApiError::bad_request("InvalidValue", "name must be at least 2 characters"));
    }
    page(call, world, |own| own.name.to_lowercase().starts_with(&name))
}

fn apply(call: &Call<'_>, world: &World, own: &mut Organization, body: &Map<String, Value>) -> Result<(), ApiError> {
    for (name, value) in body {
        let given = text(value).map(str::to_owned);
        match name.as_str() {
            "name" => own.name = given.unwrap_or_default(),
            "external_id" => own.external_id = given,
            "details" => own.details = given,
            "notes" => own.notes = given,
            "group_id" => own.group = edit::id(value),
            "tags" => own.tags = read_tags(value),
            "shared_tickets" => own.shared_tickets = value.as_bool().unwrap_or(false),
            "shared_comments" => own.shared_comments = value.as_bool().unwrap_or(false),
            "domain_names" => {
                let domains = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                own.domains = domains.map(str::to_owned).collect();
            }
            "organization_fields" => {
                let fields = value.as_object().into_iter().flatten();
                own.fields.extend(fields.map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => {}
        }
    }
    if own.name.is_empty() {
        return Err(ApiError::invalid("name", "Name: cannot be blank", Some("BlankValue")));
    }
    // wire B7: unique, whatever the case.
    if live(world).any(|other| other.id != own.id && other.name.eq_ignore_ascii_case(&own.name)) {
        let text = format!("Name: {} has already been taken", own.name);
        return Err(ApiError::invalid("name", text, Some("DuplicateValue")));
    }
    own.updated = call.now;
    Ok(())
}

/// Makes one of a body.
pub(crate) fn make(call: &Call<'_>, world: &mut World, body: &Map<String, Value>) -> Result<u64, ApiError> {
    let mut own = Organization {
        id: 0,
        name: String::new(),
        domains: Vec::new(),
        external_id: None,
        details: None,
        notes: None,
        group: None,
        tags: Vec::new(),
        shared_tickets: false,
        shared_comments: false,
        fields: std::collections::BTreeMap::new(),
        deleted: false,
        created: call.now,
        updated: call.now,
    };
    apply(call, world, &mut own, body)?;
    own.id = world.new_id();
    let id = own.id;
    world.organizations.insert(id, own);
    Ok(id)
}

/// Changes one by a body.
pub(crate) fn change(call: &Call<'_>, world: &mut World, id: u64, body: &Map<String, Value>) -> Result<u64, ApiError> {
    let found = world.organizations.get(&id).filter(|own| !own.deleted);
    let mut own = found.cloned().ok_or_else(ApiError::not_found)?;
    apply(call, world, &mut own, body)?;
    world.organizations.insert(id, own);
    Ok(id)
}

/// Deletes one; its people and tickets stay without it.
pub(crate) fn remove(call: &Call<'_>, world: &mut World, id: &str) -> Result<(), ApiError> {
    let id = organization_id(world, id)?;
    if let Some(own) = world.organizations.get_mut(&id) {
        own.deleted = true;
        own.updated = call.now;
    }
    world.organization_memberships.retain(|_, own| own.of != id);
    for user in world.users.values_mut().filter(|user| user.organization == Some(id)) {
        user.organization = None;
        user.updated = call.now;
    }
    Ok(())
}

/// `POST /organizations`, `PUT` and `DELETE /organizations/{id}`.
pub(crate) fn writing(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let method = call.method.as_str();
    if !matches!((method, path), ("POST", []) | ("PUT" | "DELETE", [_])) {
        return None;
    }
    Some(call.agent().map(|_| ()).and_then(|()| {
        let body = call.wrapped("organization")?;
        account.write(|world| {
            let shown = |world: &World, id: u64| {
                let own = world.organizations.get(&id).ok_or_else(ApiError::not_found)?;
                Ok::<_, ApiError>(json!({ "organization": show::organization(call, own) }))
            };
            match (method, path) {
                ("POST", []) => {
                    let id = make(call, world, &body)?;
                    Ok(created(&shown(world, id)?, &call.url(&format!("organizations/{id}"))))
                }
                ("PUT", [id]) => {
                    let id = change(call, world, id.parse().unwrap_or(0), &body)?;
                    Ok(ok(&shown(world, id)?))
                }
                (_, [id]) => remove(call, world, id).map(|()| no_content()),
                _ => Err(ApiError::invalid_endpoint()),
            }
        })
    }))
}

/// `GET /organization_memberships`, of a user or an organisation too.
pub(crate) fn memberships(
    call: &Call<'_>,
    world: &World,
    fits: impl Fn(&Membership) -> bool,
) -> Result<Reply, ApiError> {
    call.agent()?;
    let all = world.organization_memberships.values().filter(|own| fits(own));
    let page = Page::of(call, all.map(|own| ((0, own.id), show::organization_membership(call, world, own))).collect())?;
    let document: Document = page.document("organization_memberships");
    Ok(page.finish(document))
}

/// `GET /users/{id}/organizations`.
pub(crate) fn of_user(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    let own = world.organizations_of(id.parse().unwrap_or(0));
    page(call, world, |organization| own.contains(&organization.id))
}
