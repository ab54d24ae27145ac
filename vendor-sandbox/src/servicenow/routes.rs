//! Which path belongs to which API.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, result};
use super::call::Call;
use super::instance::Instance;
use super::params::Params;
use super::world::World;
use super::{aggregate_api, attachment_api, batch_api, catalog_api, change_api, import_api, table_api};

/// Calls whose body is not held in memory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Streamed {
    Download(String),
    Upload { multipart: bool },
}

/// Takes an optional version off `now/…` paths: api, rest, and whether it was v1.
fn now(segments: &[String]) -> Option<(&str, &[String], bool)> {
    let (first, rest) = segments.split_first()?;
    if first != "now" {
        return None;
    }
    let version = rest.first().map(String::as_str);
    let rest = match version {
        Some("v1" | "v2") => rest.get(1..)?,
        _ => rest,
    };
    let (api, rest) = rest.split_first()?;
    Some((api, rest, version == Some("v1")))
}

/// Attachment contents, in either direction. The Attachment API has version 1 only (wire §4.1).
pub(crate) fn streamed(_: &Instance, call: &Call<'_>) -> Option<Streamed> {
    let (api, path, _) = now(&call.segments)?;
    if api != "attachment" || call.segments.get(1).is_some_and(|version| version == "v2") {
        return None;
    }
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (&call.method, path.as_slice()) {
        (&Method::GET, [id, "file"]) => Some(Streamed::Download((*id).to_owned())),
        (&Method::POST, ["file"]) => Some(Streamed::Upload { multipart: false }),
        (&Method::POST, ["upload"]) => Some(Streamed::Upload { multipart: true }),
        _ => None,
    }
}

/// Answers every call but the streamed ones.
pub(crate) fn dispatch(instance: &Instance, call: &Call<'_>) -> Result<Reply, ApiError> {
    let is_read = call.method == Method::GET;
    if let Some((api, path, v1)) = now(&call.segments) {
        return match api {
            "table" if is_read => instance.read(|world| table_api::read(call, world, path, v1)),
            "table" => instance.write(|world| table_api::write(call, world, path)),
            "stats" if is_read => instance.read(|world| aggregate_api::read(call, world, path)),
            "attachment" if call.segments.get(1).is_some_and(|version| version == "v2") => Err(ApiError::no_resource()),
            "attachment" if is_read => instance.read(|world| attachment_api::read(call, world, path)),
            "attachment" => instance.write(|world| attachment_api::write(call, world, path)),
            "import" if is_read => instance.read(|world| import_api::read(call, world, path)),
            "import" => instance.write(|world| import_api::write(call, world, path)),
            "batch" if call.method == Method::POST => batch_api::run(instance, call),
            "tinyurl" if call.method == Method::POST => shorten(instance, call),
            "stats" | "batch" | "tinyurl" => Err(ApiError::method_not_allowed(&call.method)),
            _ => Err(ApiError::no_resource()),
        };
    }
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["sn_sc", "v1", "servicecatalog", path @ ..] | ["sn_sc", "servicecatalog", path @ ..] => {
            if is_read {
                instance.read(|world| catalog_api::read(call, world, path))
            } else {
                instance.write(|world| catalog_api::write(call, world, path))
            }
        }
        ["sn_chg_rest", "v1", "change", path @ ..] | ["sn_chg_rest", "change", path @ ..] => {
            if is_read {
                instance.read(|world| change_api::read(call, world, path))
            } else {
                instance.write(|world| change_api::write(call, world, path))
            }
        }
        _ => Err(ApiError::no_resource()),
    }
}

/// `POST /api/now/tinyurl {"url": …}`: wire §1.2, `sysparm_tiny`.
fn shorten(instance: &Instance, call: &Call<'_>) -> Result<Reply, ApiError> {
    let body = call.json_body()?;
    let url = body.get("url").and_then(Value::as_str).ok_or_else(|| ApiError::bad_request("url is required", None))?;
    let (page, query) = url.split_once('?').unwrap_or((url, ""));
    let id = instance.write(|world| {
        let id = world.new_id();
        world.tiny_urls.insert(id.clone(), query.to_owned());
        id
    });
    Ok(result(StatusCode::OK, &json!(format!("{page}?sysparm_tiny={id}"))))
}

/// Replaces `sysparm_tiny` by what it stands for.
pub(crate) fn expand_tiny(world: &World, params: Params) -> Params {
    match params.get("sysparm_tiny").and_then(|id| world.tiny_urls.get(id)) {
        Some(query) => Params::parse(query),
        None => params,
    }
}
