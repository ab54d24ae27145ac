//! Links between issues, and watchers (wire A4.9).

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, empty, no_content, ok};
use super::call::Call;
use super::catalogue::LINK_TYPES;
use super::model::{ChangeItem, Issue, Link};
use super::show;
use super::site::Site;
use super::world::{Permission, World};

/// `GET /issueLinkType`.
pub(crate) fn types(call: &Call<'_>) -> Reply {
    let shown: Vec<Value> = LINK_TYPES.iter().map(|own| show::link_type(call, own.0)).collect();
    ok(&json!({ "issueLinkTypes": shown }))
}

/// `GET /issueLinkType/{id}`.
pub(crate) fn one_type(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let found = LINK_TYPES.iter().find(|own| own.0.to_string() == id);
    found
        .map(|own| ok(&show::link_type(call, own.0)))
        .ok_or_else(|| ApiError::not_found(format!("No issue link type with id '{id}' found.")))
}

fn note(world: &World, link: &Link, from: u64, added: bool) -> Option<(u64, ChangeItem)> {
    let outward = link.inward == from;
    let other = world.issue(if outward { link.outward } else { link.inward })?;
    let own = LINK_TYPES.iter().find(|own| own.0 == link.link_type)?;
    let text = format!("This issue {} {}", if outward { own.3 } else { own.2 }, other.key);
    let (key, text) = (Some(other.key.clone()), Some(text));
    let item = ChangeItem {
        field: "Link".to_owned(),
        field_type: "jira",
        field_id: None,
        from: if added { None } else { key.clone() },
        from_string: if added { None } else { text.clone() },
        to: if added { key } else { None },
        to_string: if added { text } else { None },
    };
    Some((from, item))
}

/// Writes a link's coming or going into both changelogs.
fn record(call: &Call<'_>, world: &mut World, link: &Link, added: bool) {
    let notes: Vec<_> = [link.inward, link.outward].into_iter().filter_map(|id| note(world, link, id, added)).collect();
    let author = call.account().map(str::to_owned);
    for (id, item) in notes {
        let entry =
            super::model::ChangeSet { id: world.new_id(), author: author.clone(), at: call.now, items: vec![item] };
        world.change(id, author.as_deref(), call.now, |own| own.history.push(entry));
    }
}

/// `POST /issueLink`: 201 without a body and without an id; a repeated link is no second one.
pub(crate) fn add(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let body = Value::Object(call.json()?);
    let wanted = &body["type"];
    let found = LINK_TYPES.iter().find(|own| {
        wanted["id"].as_str() == Some(&own.0.to_string())
            || wanted["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(own.1))
    });
    let name = wanted["name"].as_str().or(wanted["id"].as_str()).unwrap_or_default();
    let link_type =
        found.ok_or_else(|| ApiError::not_found(format!("No issue link type with name '{name}' found.")))?.0;
    site.write(|world| {
        call.user()?;
        let end = |name: &str| {
            let wanted = body[name]["key"].as_str().or(body[name]["id"].as_str()).unwrap_or_default();
            call.issue(world, wanted).map(|own| own.id)
        };
        let (inward, outward) = (end("inwardIssue")?, end("outwardIssue")?);
        call.may(world, Permission::EditIssues, "You do not have the permission to link issues.")?;
        if inward == outward {
            return Err(ApiError::bad_request("You cannot link an issue to itself."));
        }
        let exists = world
            .links
            .values()
            .any(|link| link.link_type == link_type && link.inward == inward && link.outward == outward);
        if !exists {
            let link = Link { id: world.new_id(), link_type, inward, outward };
            world.links.insert(link.id, link.clone());
            record(call, world, &link, true);
        }
        if let Some(comment) = body.get("comment").filter(|comment| comment.is_object()) {
            let own = world.issue(inward).cloned().ok_or_else(ApiError::no_issue)?;
            let new = super::comment_api::read(call, world, &own, comment)?;
            let new = super::comment_api::numbered(world, new);
            let author = call.account().map(str::to_owned);
            world.change(inward, author.as_deref(), call.now, |own| own.comments.push(new));
        }
        Ok(empty(StatusCode::CREATED))
    })
}

fn find<'w>(call: &Call<'_>, world: &'w World, id: &str) -> Result<&'w Link, ApiError> {
    let found = id.parse().ok().and_then(|id: u64| world.links.get(&id));
    let visible = |id: u64| world.issue(id).is_some_and(|own| call.sees(world, own));
    found
        .filter(|link| visible(link.inward) && visible(link.outward))
        .ok_or_else(|| ApiError::not_found(format!("No issue link with id '{id}' exists.")))
}

/// `GET /issueLink/{id}`: both ends.
pub(crate) fn get(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    let link = find(call, world, id)?;
    let end = |id: u64| {
        let own = world.issue(id).map(|own| Issue::clone(own));
        own.map_or(Value::Null, |own| {
            json!({
                "id": own.id.to_string(),
                "key": own.key,
                "self": call.link(&format!("issue/{}", own.id)),
                "fields": { "summary": own.summary, "status": show::status(call, own.status) },
            })
        })
    };
    Ok(ok(&json!({
        "id": link.id.to_string(),
        "self": call.link(&format!("issueLink/{}", link.id)),
        "type": show::link_type(call, link.link_type),
        "inwardIssue": end(link.inward),
        "outwardIssue": end(link.outward),
    })))
}

/// `DELETE /issueLink/{id}`.
pub(crate) fn delete(site: &Site, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    site.write(|world| {
        let link = find(call, world, id)?.clone();
        call.may(world, Permission::EditIssues, "You do not have the permission to delete links of this issue.")?;
        record(call, world, &link, false);
        world.links.remove(&link.id);
        Ok(no_content())
    })
}

/// `GET /issue/{idOrKey}/watchers`.
pub(crate) fn watchers(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    let shown: Vec<Value> = own.watchers.iter().map(|account| show::user_by_id(call, world, Some(account))).collect();
    Ok(ok(&json!({
        "self": call.link(&format!("issue/{}/watchers", own.key)),
        "isWatching": call.account().is_some_and(|account| own.watchers.iter().any(|one| one == account)),
        "watchCount": own.watchers.len(),
        "watchers": shown,
    })))
}

/// The account that a watcher request names.
fn watcher(call: &Call<'_>, world: &World, named: Option<&str>) -> Result<String, ApiError> {
    let Some(name) = named else {
        return call.user().map(|user| user.account_id.clone());
    };
    let found = if call.is_cloud() { world.user(name) } else { world.user_named(name) };
    // wire A8: not visible and missing are the same.
    found
        .map(|user| user.account_id.clone())
        .ok_or_else(|| ApiError::not_found(format!("The user '{name}' does not exist.")))
}

/// `POST /issue/{idOrKey}/watchers`: the body is a bare JSON string; nothing adds the caller.
pub(crate) fn watch(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    let body = if call.body.is_empty() { Value::Null } else { call.json_value()? };
    if !matches!(body, Value::Null | Value::String(_)) {
        return Err(ApiError::bad_request(
            "Invalid request payload. Refer to the REST API documentation and try again.",
        ));
    }
    site.write(|world| {
        let id = call.issue(world, id_or_key)?.id;
        let account = watcher(call, world, body.as_str())?;
        let author = call.account().map(str::to_owned);
        // Watching is no change of the issue: its time stays.
        let updated = world.issue(id).map_or(call.now, |own| own.updated);
        world.change(id, author.as_deref(), updated, |own| {
            if !own.watchers.contains(&account) {
                own.watchers.push(account);
            }
        });
        Ok(no_content())
    })
}

/// `DELETE /issue/{idOrKey}/watchers?accountId=`, or `?username=` on Data Center.
pub(crate) fn unwatch(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    site.write(|world| {
        let id = call.issue(world, id_or_key)?.id;
        let account = watcher(call, world, call.params.get("accountId").or_else(|| call.params.get("username")))?;
        let updated = world.issue(id).map_or(call.now, |own| own.updated);
        let author = call.account().map(str::to_owned);
        world.change(id, author.as_deref(), updated, |own| own.watchers.retain(|one| *one != account));
        Ok(no_content())
    })
}
