//! OAuth 2.0 (3LO) and the gateway's list of sites: wire A2.2.

use chrono::{DateTime, Utc};
use http::header::LOCATION;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, empty, html, json_reply};
use super::credentials::{ACCESS_SECONDS, CLIENT_ID, CLIENT_SECRET, Credentials, Grant};
use super::seed_company::account_id;
use super::settings::OtherSite;
use crate::params::{Params, encode};

/// `GET /authorize` of auth.atlassian.com: the user agrees at once. `login` picks who that is.
pub(crate) fn authorize(credentials: &mut Credentials, params: &Params, now: DateTime<Utc>, denied: bool) -> Reply {
    let Some(redirect) = params.get("redirect_uri").filter(|_| params.get("client_id") == Some(CLIENT_ID)) else {
        return html(StatusCode::BAD_REQUEST, "<html><body><h1>Unknown client or redirect_uri</h1></body></html>");
    };
    let wrong = params.get("audience") != Some("api.atlassian.com") || params.get("response_type") != Some("code");
    let answer = if denied {
        "error=access_denied&error_description=User+did+not+authorize+the+request".to_owned()
    } else if wrong {
        "error=invalid_request&error_description=audience+and+response_type+are+required".to_owned()
    } else {
        let scopes = params.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let account = account_id(params.get("login").unwrap_or("admin"));
        format!("code={}", credentials.authorize(Grant { account, scopes }, now))
    };
    let state = params.get("state").map(|state| format!("&state={}", encode(state))).unwrap_or_default();
    let separator = if redirect.contains('?') { '&' } else { '?' };
    let mut reply = empty(StatusCode::FOUND);
    if let Ok(location) = HeaderValue::from_str(&format!("{redirect}{separator}{answer}{state}")) {
        reply.headers_mut().insert(LOCATION, location);
    }
    reply
}

fn refused(status: StatusCode, error: &str, description: &str) -> Reply {
    json_reply(status, &json!({ "error": error, "error_description": description }))
}

/// `POST /oauth/token` of auth.atlassian.com, JSON in and out.
pub(crate) fn token(credentials: &mut Credentials, method: &Method, body: &[u8], now: DateTime<Utc>) -> Reply {
    if *method != Method::POST {
        return html(StatusCode::NOT_FOUND, "<html><body>Not Found</body></html>");
    }
    let form: Value = serde_json::from_slice(body).unwrap_or_else(|_| {
        let form = Params::parse(&String::from_utf8_lossy(body));
        form.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<serde_json::Map<_, _>>().into()
    });
    let text = |name: &str| form[name].as_str().unwrap_or_default();
    if text("client_id") != CLIENT_ID || text("client_secret") != CLIENT_SECRET {
        return refused(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized");
    }
    let grant = match text("grant_type") {
        "authorization_code" => match credentials.redeem(text("code"), now) {
            Some(grant) => grant,
            None => return refused(StatusCode::FORBIDDEN, "invalid_grant", "Invalid authorization code"),
        },
        "refresh_token" => match credentials.rotate(text("refresh_token"), now) {
            Some(grant) => grant,
            // wire A2.2: 403, not 400 or 401.
            None => return invalid_refresh(),
        },
        _ => return refused(StatusCode::FORBIDDEN, "unauthorized_client", "Grant type is not allowed for the client."),
    };
    let (access, refresh) = credentials.issue(&grant, now);
    let mut answer = json!({
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "token_type": "Bearer",
        "scope": grant.scopes.join(" "),
    });
    if let Some(refresh) = refresh {
        answer["refresh_token"] = json!(refresh);
    }
    json_reply(StatusCode::OK, &answer)
}

/// wire A2.2: the recorded refusal of a refresh token.
pub(crate) fn invalid_refresh() -> Reply {
    refused(StatusCode::FORBIDDEN, "invalid_grant", "Unknown or invalid refresh token.")
}

/// `GET /oauth/token/accessible-resources` of api.atlassian.com: each site, once per product.
pub(crate) fn accessible_resources(scopes: &[String], sites: &[OtherSite]) -> Reply {
    let granted = |site: &OtherSite, product: &str| {
        let own: Vec<&String> = scopes.iter().filter(|scope| scope.contains(product)).collect();
        json!({
            "id": site.id,
            "url": site.url,
            "name": site.name,
            "scopes": own,
            "avatarUrl": format!("{}/site-avatar.png", site.url),
        })
    };
    let products: Vec<&str> = ["jira", "servicedesk"]
        .into_iter()
        .filter(|product| scopes.iter().any(|scope| scope.contains(product)))
        .collect();
    let listed = sites.iter().flat_map(|site| products.iter().map(|product| granted(site, product)));
    json_reply(StatusCode::OK, &listed.collect::<Vec<Value>>().into())
}

/// The classic scope that a request needs (wire A2.2), by the first part of its path.
pub(crate) fn needed_scope(method: &Method, segments: &[String]) -> &'static str {
    let reads = *method == Method::GET
        || (*method == Method::POST
            && segments.iter().any(|part| part == "search" || part == "jql" || part == "bulkfetch"));
    let part = segments.get(2).map(String::as_str);
    match (segments.first().map(String::as_str), part, reads) {
        (Some("servicedeskapi"), _, true) => "read:servicedesk-request",
        (Some("servicedeskapi"), _, false) => "write:servicedesk-request",
        (_, Some("myself" | "user" | "users" | "group" | "groups" | "groupuserpicker"), true) => "read:jira-user",
        (_, _, true) => "read:jira-work",
        (_, Some("project" | "component" | "version"), false) => "manage:jira-project",
        (_, _, false) => "write:jira-work",
    }
}

/// Whether a token with these scopes may do this.
pub(crate) fn check_scope(scopes: &[String], method: &Method, segments: &[String]) -> Result<(), ApiError> {
    let needed = needed_scope(method, segments);
    if scopes.iter().any(|scope| scope == needed) {
        return Ok(());
    }
    // wire A2.2: wording not verified.
    Err(ApiError::gateway(StatusCode::UNAUTHORIZED, "Unauthorized; scope does not match"))
}
