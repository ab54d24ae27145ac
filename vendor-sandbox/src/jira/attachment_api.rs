//! Attachments: upload by form, download by way of another host (wire A4.8).

use axum::body::Body;
use chrono::{DateTime, Utc};
use http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HOST, LOCATION,
    RANGE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{ApiError, JSON_KIND, Reply, empty, json_reply, no_content, ok};
use super::call::Call;
use super::model::{Attachment, Issue};
use super::show;
use super::site::Site;
use super::world::World;
use crate::content::Content;
use crate::multipart::{self, Part};
use crate::params::{Params, encode};
use crate::random::stable_id;

/// Where the vendor's media host answers. It is another host of the same sandbox: `localhost` where
/// the API was called as `127.0.0.1`, and the other way round.
pub(crate) const MEDIA: &str = "/_media/";

/// Life of a signed address, in seconds.
const SIGNED_SECONDS: i64 = 600;

/// Files of one upload (wire A4.8).
const FILES: usize = 60;

pub(crate) fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The attachment is too large.")
}

/// The files of a form: parts named `file`.
pub(crate) fn files(call: &Call<'_>) -> Result<Vec<Part>, ApiError> {
    // wire A4.8: the request is blocked without this header.
    let token = call.headers.get("x-atlassian-token").and_then(|token| token.to_str().ok()).unwrap_or_default();
    if !matches!(token, "no-check" | "nocheck") {
        let body = Value::from("XSRF check failed");
        return Err(ApiError::other(StatusCode::FORBIDDEN, JSON_KIND, body));
    }
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        return Err(ApiError::other(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            JSON_KIND,
            json!({ "status-code": 415, "message": "HTTP 415 Unsupported Media Type" }),
        ));
    }
    let parts = multipart::parse(kind, &call.body)
        .ok_or_else(|| ApiError::bad_request("The multipart form could not be read."))?;
    let files: Vec<Part> = parts.into_iter().filter(|part| part.name == "file" && part.file_name.is_some()).collect();
    if files.len() > FILES {
        return Err(too_large());
    }
    if files.iter().any(|file| file.content.len() as u64 > call.settings.upload_limit) {
        return Err(too_large());
    }
    Ok(files)
}

/// `POST /issue/{idOrKey}/attachments`: 200 with an array.
pub(crate) fn upload(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    let files = files(call)?;
    site.write(|world| {
        let own = call.issue(world, id_or_key)?.clone();
        call.user()?;
        let mut added = Vec::new();
        for file in files {
            added.push(Attachment {
                id: world.new_id(),
                filename: file.file_name.unwrap_or_default(),
                mime_type: file.content_type,
                author: call.account().map(str::to_owned),
                created: call.now,
                content: Content::Memory(file.content.into()),
            });
        }
        let shown: Vec<Value> = added.iter().map(|file| show::attachment(call, world, file)).collect();
        let author = call.account().map(str::to_owned);
        if !added.is_empty() {
            world.change(own.id, author.as_deref(), call.now, |own| own.attachments.extend(added));
        }
        Ok(json_reply(StatusCode::OK, &Value::from(shown)))
    })
}

fn find<'w>(call: &Call<'_>, world: &'w World, id: &str) -> Result<(&'w Issue, &'w Attachment), ApiError> {
    let found = world.issues().filter(|own| call.sees(world, own)).find_map(|own| {
        let file = own.attachments.iter().find(|file| file.id.to_string() == id)?;
        Some((own.as_ref(), file))
    });
    found.ok_or_else(|| ApiError::not_found(format!("The attachment with id '{id}' does not exist")))
}

/// `GET /attachment/{id}`: here the id is a number on Cloud (wire A4.8).
pub(crate) fn get(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    let (_, file) = find(call, world, id)?;
    let mut shown = show::attachment(call, world, file);
    if call.is_cloud() {
        shown["id"] = json!(file.id);
    }
    Ok(ok(&shown))
}

/// `GET /attachment/meta`.
pub(crate) fn limits(call: &Call<'_>) -> Reply {
    ok(&json!({ "enabled": true, "uploadLimit": call.settings.upload_limit }))
}

/// `DELETE /attachment/{id}`.
pub(crate) fn delete(site: &Site, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    site.write(|world| {
        let (issue, file) = find(call, world, id).map(|(own, file)| (own.id, file.id))?;
        call.user()?;
        let author = call.account().map(str::to_owned);
        world.change(issue, author.as_deref(), call.now, |own| own.attachments.retain(|one| one.id != file));
        Ok(no_content())
    })
}

fn signature(id: u64, expires: i64) -> String {
    stable_id("media", &format!("{id}:{expires}"))
}

/// The other name of the host that was called.
fn other_host(host: &str) -> String {
    match (host.strip_prefix("127.0.0.1"), host.strip_prefix("localhost")) {
        (Some(port), _) => format!("localhost{port}"),
        (_, Some(port)) => format!("127.0.0.1{port}"),
        _ => format!("media.{host}"),
    }
}

/// `GET /attachment/content/{id}`: 303 to a signed address, unless `redirect=false`. Data Center
/// serves the bytes itself (wire A13).
pub(crate) fn content(call: &Call<'_>, world: &World, id: &str) -> Result<Response<Body>, ApiError> {
    let (_, file) = find(call, world, id)?;
    if !call.is_cloud() || call.params.get("redirect") == Some("false") {
        return Ok(bytes(file, call.headers));
    }
    let scheme = if call.base.starts_with("https") { "https" } else { "http" };
    let host = call.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = other_host(host.unwrap_or_else(|| call.site.split("://").nth(1).unwrap_or("localhost")));
    let expires = call.now.timestamp() + SIGNED_SECONDS;
    let address = format!(
        "{scheme}://{host}{MEDIA}file/{}/binary?expires={expires}&token={}&name={}",
        file.id,
        signature(file.id, expires),
        encode(&file.filename)
    );
    let mut reply = empty(StatusCode::SEE_OTHER);
    if let Ok(address) = HeaderValue::from_str(&address) {
        reply.headers_mut().insert(LOCATION, address);
    }
    Ok(reply.map(Body::from))
}

/// The media host: no credentials but the signature; an `Authorization` header is a 400 (wire A15).
pub(crate) fn media(world: &World, path: &str, query: &str, headers: &HeaderMap, now: DateTime<Utc>) -> Response<Body> {
    let refused = |status: StatusCode, message: &str| {
        json_reply(status, &json!({ "error": { "message": message } })).map(Body::from)
    };
    if headers.contains_key(AUTHORIZATION) {
        return refused(StatusCode::BAD_REQUEST, "Only one auth mechanism allowed");
    }
    let params = Params::parse(query);
    let id = path.trim_start_matches(MEDIA).split('/').nth(1).and_then(|id| id.parse::<u64>().ok());
    let expires = params.get("expires").and_then(|at| at.parse::<i64>().ok());
    let (Some(id), Some(expires)) = (id, expires) else { return refused(StatusCode::NOT_FOUND, "Not found") };
    if params.get("token") != Some(&signature(id, expires)) || expires < now.timestamp() {
        return refused(StatusCode::FORBIDDEN, "Invalid or expired token");
    }
    let file = world.issues().find_map(|own| own.attachments.iter().find(|file| file.id == id));
    match file {
        Some(file) => bytes(file, headers),
        None => refused(StatusCode::NOT_FOUND, "Not found"),
    }
}

/// `bytes=0-99`, `bytes=100-`, `bytes=-50` within a size.
fn range(headers: &HeaderMap, size: u64) -> Option<Result<(u64, u64), ()>> {
    let text = headers.get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let (from, to) = text.split_once('-')?;
    let last = size.checked_sub(1);
    let found = match (from.parse::<u64>().ok(), to.parse::<u64>().ok(), last) {
        (Some(from), to, Some(last)) if from <= last => Some((from, to.unwrap_or(last).min(last))),
        (None, Some(length), Some(last)) if length > 0 => Some((size.saturating_sub(length), last)),
        _ => None,
    };
    Some(found.filter(|(from, to)| from <= to).ok_or(()))
}

/// 200 or 206; 416 for a range outside.
fn bytes(file: &Attachment, headers: &HeaderMap) -> Response<Body> {
    let size = file.content.size();
    let mut response = Response::new(Body::empty());
    match (range(headers, size), &file.content) {
        (Some(Err(())), _) => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            return response;
        }
        (Some(Ok((from, to))), Content::Memory(all)) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(all.len());
            let piece = all.slice(at(from)..at(to + 1));
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(piece.len()));
            if let Ok(shown) = HeaderValue::from_str(&format!("bytes {from}-{to}/{size}")) {
                response.headers_mut().insert(CONTENT_RANGE, shown);
            }
            *response.body_mut() = Body::from(piece);
        }
        _ => {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
            *response.body_mut() = file.content.body();
        }
    }
    let kind = HeaderValue::from_str(&file.mime_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let disposition = format!("attachment; filename*=UTF-8''{}", encode(&file.filename));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    response
}
