//! Files: downloaded by way of another host, uploaded under a token (wire B3.4).

use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::account::Account;
use super::answer::{ApiError, empty, html, set_header};
use super::call::Call;
use super::model::Attachment;
use super::world::World;
use crate::params::encode;
use crate::random::hash_text;

/// Where the files lie: another host of the same sandbox, `localhost` where the account was called as `127.0.0.1`.
const STORE: &str = "/zdn/";

fn by_token<'w>(world: &'w World, token: &str) -> Option<&'w Attachment> {
    let used = world.attachments.values().filter_map(|id| world.ticket(*id));
    let used = used.flat_map(|ticket| ticket.comments.iter().flat_map(|own| &own.attachments));
    let waiting = world.uploads.values().flat_map(|upload| &upload.attachments);
    used.chain(waiting).find(|file| file.token == token)
}

/// A signature that only this sandbox makes.
fn signature(call: &Call<'_>, token: &str) -> String {
    format!("{:016x}", hash_text(call.seed, &format!("zdn {token}")))
}

/// `GET /attachments/token/{token}/?name=`: 302 to the store; and the store.
pub(crate) fn file(account: &Account, call: &Call<'_>, path: &str) -> Response<Body> {
    let missing = || html(StatusCode::NOT_FOUND, "<html><body><h1>Not Found</h1></body></html>").map(Body::from);
    if let Some(token) = path.strip_prefix(STORE) {
        let token = percent_decode_str(token).decode_utf8_lossy().into_owned();
        return account.read(|world| stored(call, world, &token)).unwrap_or_else(missing);
    }
    let Some(token) = path.strip_prefix("/attachments/token/").map(|rest| rest.trim_end_matches('/')) else {
        return missing();
    };
    // wire B3.4: with private attachments on, a login of the account is needed.
    if call.settings.private_attachments && call.user.is_none() {
        let mut reply = empty(StatusCode::FOUND);
        set_header(&mut reply, "location", &format!("{}/access/unauthenticated", call.base));
        return reply.map(Body::from);
    }
    let found =
        account.read(|world| by_token(world, token).filter(|file| !file.redacted).map(|file| file.file_name.clone()));
    let Some(name) = found else { return missing() };
    let host = if call.base.contains("127.0.0.1") {
        call.base.replace("127.0.0.1", "localhost")
    } else {
        call.base.replace("localhost", "127.0.0.1")
    };
    let mut reply = empty(StatusCode::FOUND);
    let address = format!("{host}{STORE}{token}?name={}&signature={}", encode(&name), signature(call, token));
    set_header(&mut reply, "location", &address);
    reply.map(Body::from)
}

/// The store takes signed addresses alone, and no credential beside the signature, as stores of this kind do.
fn stored(call: &Call<'_>, world: &World, token: &str) -> Option<Response<Body>> {
    if call.headers.contains_key(AUTHORIZATION) {
        let page = "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>";
        return Some(super::answer::with_body(StatusCode::BAD_REQUEST, "application/xml", page).map(Body::from));
    }
    if call.params.get("signature") != Some(signature(call, token).as_str()) {
        return None;
    }
    let file = by_token(world, token)?;
    let mut response = Response::new(file.content.body());
    let kind =
        HeaderValue::from_str(&file.content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(file.content.size()));
    Some(response)
}

/// The attachment of an id, where the caller may see it.
pub(crate) fn find<'w>(call: &Call<'_>, world: &'w World, id: &str) -> Result<&'w Attachment, ApiError> {
    call.user()?;
    let number: u64 = id.parse().map_err(|_| ApiError::not_found())?;
    let ticket = world.attachments.get(&number).and_then(|ticket| world.ticket(*ticket));
    let own = ticket
        .filter(|ticket| call.sees(ticket))
        .and_then(|ticket| ticket.comments.iter().flat_map(|own| &own.attachments).find(|file| file.id == number));
    // wire B3.4: an upload that nothing uses yet is visible to any signed-in user.
    let waiting = world.uploads.values().flat_map(|own| &own.attachments).find(|file| file.id == number);
    own.or(waiting).ok_or_else(ApiError::not_found)
}
