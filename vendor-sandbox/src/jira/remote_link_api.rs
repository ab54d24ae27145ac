//! Links of an issue to the web (wire A4.9; the official OpenAPI document's `remotelink`). Its schema says that the list is
//! one object; its own example is an array, and so is every answer.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, json_reply, no_content, ok};
use super::call::Call;
use super::model::RemoteLink;
use super::site::Site;
use super::world::{Permission, World};

fn show(call: &Call<'_>, own: &RemoteLink) -> Value {
    let mut shown = json!({
        "id": own.id,
        "self": call.link(&format!("issue/{}/remotelink/{}", own.issue, own.id)),
        "object": own.object,
    });
    if let Some(id) = &own.global_id {
        shown["globalId"] = json!(id);
    }
    if let Some(relationship) = &own.relationship {
        shown["relationship"] = json!(relationship);
    }
    shown
}

/// `GET /issue/{idOrKey}/remotelink`.
pub(crate) fn list(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let issue = call.issue(world, id_or_key)?.id;
    let own = world.remote_links.values().filter(|own| own.issue == issue);
    let shown: Vec<Value> = own.map(|own| show(call, own)).collect();
    Ok(ok(&Value::from(shown)))
}

fn find<'w>(world: &'w World, issue: u64, id: &str) -> Result<&'w RemoteLink, ApiError> {
    let found = id.parse::<u64>().ok().and_then(|id| world.remote_links.get(&id)).filter(|own| own.issue == issue);
    found.ok_or_else(|| ApiError::not_found(format!("Remote link with id '{id}' does not exist.")))
}

/// `GET /issue/{idOrKey}/remotelink/{linkId}`.
pub(crate) fn get(call: &Call<'_>, world: &World, id_or_key: &str, id: &str) -> Result<Reply, ApiError> {
    let issue = call.issue(world, id_or_key)?.id;
    find(world, issue, id).map(|own| ok(&show(call, own)))
}

/// `POST /issue/{idOrKey}/remotelink`: 201, or 200 where the global id is known already (wire A4.9).
pub(crate) fn put(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    let body = Value::Object(call.json()?);
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let (url, title) = (text(&body["object"]["url"]), text(&body["object"]["title"]));
    if url.is_none() {
        return Err(ApiError::field("url", "'url' is required."));
    }
    if title.is_none() {
        return Err(ApiError::field("title", "'title' is required."));
    }
    let global_id = text(&body["globalId"]);
    if global_id.as_ref().is_some_and(|id| id.chars().count() > 255) {
        return Err(ApiError::field("globalId", "'globalId' is too long. It must be at most 255 characters."));
    }
    site.write(|world| {
        let issue = call.issue(world, id_or_key)?.id;
        call.may(world, Permission::EditIssues, "You do not have the permission to link issues.")?;
        let known = world
            .remote_links
            .values()
            .find(|own| own.issue == issue && own.global_id.is_some() && own.global_id == global_id);
        let (id, status) = match known.map(|own| own.id) {
            Some(id) => (id, StatusCode::OK),
            None => (world.new_id(), StatusCode::CREATED),
        };
        let own = RemoteLink {
            id,
            issue,
            global_id,
            relationship: text(&body["relationship"]),
            object: body["object"].clone(),
        };
        let shown = json!({ "id": id, "self": call.link(&format!("issue/{issue}/remotelink/{id}")) });
        world.remote_links.insert(id, own);
        Ok(json_reply(status, &shown))
    })
}

/// `DELETE /issue/{idOrKey}/remotelink/{linkId}`: 204.
pub(crate) fn delete(site: &Site, call: &Call<'_>, id_or_key: &str, id: &str) -> Result<Reply, ApiError> {
    site.write(|world| {
        let issue = call.issue(world, id_or_key)?.id;
        call.may(world, Permission::EditIssues, "You do not have the permission to link issues.")?;
        let id = find(world, issue, id)?.id;
        world.remote_links.remove(&id);
        Ok(no_content())
    })
}
