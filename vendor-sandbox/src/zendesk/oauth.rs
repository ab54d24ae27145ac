//! OAuth: wire B1.3.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::{ApiError, Reply, empty, html, json_reply, set_header};
use super::credentials::{
    ACCESS_SECONDS, CLIENT_ID, CLIENT_SECRET, Credentials, Grant, PUBLIC_CLIENT_ID, REFRESH_SECONDS,
};
use super::world::World;
use crate::params::{Params, encode};

/// `GET /oauth/authorizations/new`: the user agrees at once; `login` picks who that is.
pub(crate) fn authorize(
    world: &World,
    credentials: &mut Credentials,
    params: &Params,
    now: DateTime<Utc>,
    denied: bool,
) -> Reply {
    let client = params.get("client_id").filter(|id| [CLIENT_ID, PUBLIC_CLIENT_ID].contains(id));
    let (Some(redirect), Some(client)) = (params.get("redirect_uri"), client) else {
        return html(StatusCode::BAD_REQUEST, "<html><body><h1>Invalid authorization request</h1></body></html>");
    };
    let challenge = params.get("code_challenge");
    let unproven = client == PUBLIC_CLIENT_ID && challenge.is_none();
    let strange = challenge.is_some() && params.get("code_challenge_method") != Some("S256");
    let user = world.user_named(params.get("login").unwrap_or("admin")).map(|user| user.id);
    let answer = match user.filter(|_| !denied) {
        None => {
            "error=access_denied&error_description=The+end-user+or+authorization+server+denied+the+request".to_owned()
        }
        Some(_) if unproven || strange || params.get("response_type") != Some("code") => {
            "error=invalid_request&error_description=The+request+is+missing+a+required+parameter".to_owned()
        }
        Some(user) => {
            let scopes = params.get("scope").unwrap_or("read").split_whitespace().map(str::to_owned).collect();
            let grant = Grant { user, client: client.to_owned(), scopes };
            format!("code={}", credentials.authorize(grant, redirect, challenge, now))
        }
    };
    let state = params.get("state").map(|state| format!("&state={}", encode(state))).unwrap_or_default();
    let separator = if redirect.contains('?') { '&' } else { '?' };
    let mut reply = empty(StatusCode::FOUND);
    set_header(&mut reply, "location", &format!("{redirect}{separator}{answer}{state}"));
    reply
}

/// `{"error":…,"error_description":…}` (wire B9.1).
pub(crate) fn refused(status: StatusCode, error: &str, description: &str) -> Reply {
    json_reply(status, &json!({ "error": error, "error_description": description }))
}

/// wire B9.1: what a code or a refresh token gets that is not good any more.
pub(crate) fn invalid_grant() -> Reply {
    refused(
        StatusCode::BAD_REQUEST,
        "invalid_grant",
        "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the \
         redirection URI used in the authorization request, or was issued to another client.",
    )
}

/// `POST /oauth/tokens`, JSON or a form.
pub(crate) fn token(
    world: &World,
    credentials: &mut Credentials,
    method: &Method,
    body: &[u8],
    now: DateTime<Utc>,
) -> Reply {
    if *method != Method::POST {
        return ApiError::invalid_endpoint().into_response();
    }
    let form: Value = serde_json::from_slice(body).unwrap_or_else(|_| {
        let form = Params::parse(&String::from_utf8_lossy(body));
        form.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<serde_json::Map<_, _>>().into()
    });
    let text = |name: &str| form[name].as_str().unwrap_or_default();
    let client = text("client_id");
    let confidential = client == CLIENT_ID && text("client_secret") == CLIENT_SECRET;
    // wire B1.3: a public client has no secret.
    if !confidential && client != PUBLIC_CLIENT_ID {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed");
    }
    let seconds = match &form["expires_in"] {
        Value::Null => ACCESS_SECONDS,
        given => match number(given).filter(|seconds| (300..=172_800).contains(seconds)) {
            Some(seconds) => seconds,
            None => return refused(StatusCode::BAD_REQUEST, "invalid_request", "expires_in is out of range"),
        },
    };
    let refresh_seconds = number(&form["refresh_token_expires_in"]).unwrap_or(REFRESH_SECONDS);
    let (grant, refresh) = match text("grant_type") {
        "authorization_code" => match redeem(credentials, &form, now) {
            Some(grant) => (grant, Some(refresh_seconds)),
            None => return invalid_grant(),
        },
        "refresh_token" => match credentials.rotate(text("refresh_token"), now).filter(|own| own.client == client) {
            Some(grant) => (grant, Some(refresh_seconds)),
            None => return invalid_grant(),
        },
        // wire B1.3: confidential clients alone, and no refresh token.
        "client_credentials" if confidential => {
            let Some(user) = world.user_named("admin") else { return invalid_grant() };
            let scopes = text("scope").split_whitespace().map(str::to_owned).collect();
            (Grant { user: user.id, client: client.to_owned(), scopes }, None)
        }
        _ => {
            return refused(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server.",
            );
        }
    };
    if let Some(scope) = grant.scopes.iter().find(|scope| !is_scope(scope)) {
        return refused(StatusCode::BAD_REQUEST, "invalid_scope", &format!("The requested scope is invalid: {scope}"));
    }
    let (access, refresh_token) = credentials.issue(&grant, now, seconds, refresh);
    let mut answer = json!({
        "access_token": access,
        "token_type": "bearer",
        "scope": grant.scopes.join(" "),
        "expires_in": seconds,
    });
    if let (Some(token), Some(life)) = (refresh_token, refresh) {
        answer["refresh_token"] = json!(token);
        answer["refresh_token_expires_in"] = json!(life);
    }
    // 201 in the vendor's own document (wire S6).
    json_reply(StatusCode::CREATED, &answer)
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn redeem(credentials: &mut Credentials, form: &Value, now: DateTime<Utc>) -> Option<Grant> {
    let text = |name: &str| form[name].as_str().unwrap_or_default();
    let code = credentials.redeem(text("code"), now)?;
    let proven = code.challenge.as_ref().is_none_or(|challenge| {
        let digest = Sha256::digest(text("code_verifier").as_bytes());
        *challenge == URL_SAFE_NO_PAD.encode(digest)
    });
    let fits = code.redirect == text("redirect_uri") && code.grant.client == text("client_id");
    (proven && fits).then_some(code.grant)
}

/// wire B1.3: the resources that scopes name.
const RESOURCES: &[&str] = &[
    "tickets",
    "users",
    "organizations",
    "auditlogs",
    "hc",
    "apps",
    "triggers",
    "automations",
    "targets",
    "webhooks",
    "macros",
    "requests",
    "any_channel",
    "web_widget",
    "zis",
];

fn is_scope(scope: &str) -> bool {
    match scope.split_once(':') {
        None => matches!(scope, "read" | "write" | "impersonate"),
        Some((resource, access)) => RESOURCES.contains(&resource) && matches!(access, "read" | "write"),
    }
}

/// Whether a token with these scopes may do this (wire B1.3), by the first part of the path.
pub(crate) fn check_scope(scopes: &[String], method: &Method, segments: &[String]) -> Result<(), ApiError> {
    let access = if *method == Method::GET { "read" } else { "write" };
    let first = segments.first().map(String::as_str).unwrap_or_default();
    let resource = match first {
        "imports" | "deleted_tickets" | "uploads" | "attachments" | "job_statuses" => "tickets",
        "incremental" | "search" => segments.get(1).map(String::as_str).unwrap_or("tickets"),
        other => other,
    };
    let allowed = scopes.iter().any(|scope| match scope.split_once(':') {
        None => scope == access,
        Some((own, may)) => own == resource && may == access,
    });
    if allowed { Ok(()) } else { Err(ApiError::missing_scope()) }
}
