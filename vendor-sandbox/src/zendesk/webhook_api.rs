//! `/webhooks`: wire B10 and the OAS of webhooks.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::answer::{ApiError, Reply, json_reply, no_content, ok};
use super::call::{Call, time};
use super::paging::Page;
use super::webhooks::{TEST_SECRET, Webhook};
use crate::delivery::Target;
use crate::random::stable_id;

/// wire B10: ULIDs, which begin with the time.
fn ulid(call: &Call<'_>, number: usize) -> String {
    let digest = stable_id("webhook", &format!("{}:{}:{number}", call.seed, call.now)).to_uppercase();
    format!("01{}", &digest[..24])
}

fn secret(call: &Call<'_>, id: &str) -> String {
    stable_id("webhook secret", &format!("{}:{id}:{}", call.seed, call.now))
}

/// Its secret is shown by its own endpoint alone.
fn shown(hook: &Webhook) -> Value {
    let mut shown = Value::Object(hook.members.clone());
    shown["id"] = json!(hook.id);
    shown["created_at"] = json!(time(hook.created));
    shown["created_by"] = json!(hook.by.to_string());
    shown["updated_at"] = json!(time(hook.updated));
    shown["updated_by"] = json!(hook.by.to_string());
    if let Some(members) = shown["authentication"].as_object_mut() {
        members.remove("data");
    }
    shown
}

fn refuse(code: &str, detail: &str) -> ApiError {
    ApiError {
        status: StatusCode::BAD_REQUEST,
        body: json!({ "errors": [{ "code": code, "title": "Invalid webhook", "detail": detail }] }),
    }
}

fn check(members: &Map<String, Value>) -> Result<(), ApiError> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["name", "endpoint", "http_method", "request_format", "status"] {
        if text(name).is_empty() {
            return Err(refuse("InvalidParameter", &format!("{name} is required")));
        }
    }
    let subscriptions = members.get("subscriptions").and_then(Value::as_array).cloned().unwrap_or_default();
    let conditional = subscriptions.iter().filter(|own| *own == "conditional_ticket_events").count();
    if conditional > 0 && conditional < subscriptions.len() {
        return Err(refuse("InvalidSubscription", "conditional_ticket_events cannot be mixed with event types"));
    }
    if subscriptions.len() > conditional && (text("http_method") != "POST" || text("request_format") != "json") {
        return Err(refuse("InvalidSubscription", "event subscriptions need POST and json"));
    }
    // A sandbox sends to loopback alone; the vendor sends to public https alone.
    Target::of(text("endpoint")).map(|_| ()).map_err(|error| refuse("InvalidEndpoint", &error.to_string()))
}

/// Everything below `/webhooks`.
pub(crate) fn dispatch(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    if let Err(error) = call.admin() {
        return Some(Err(error));
    }
    let by = call.user.as_ref().map_or(0, |user| user.id);
    let hooks = &account.webhooks;
    let found = |id: &str| hooks.get(id).ok_or_else(ApiError::not_found);
    Some(match (call.method.as_str(), path) {
        ("GET", []) => {
            let all = hooks.all().into_iter().zip(0_u64..).map(|(hook, at)| ((0, at), shown(&hook))).collect();
            Page::of(call, all).map(|page| {
                let document = page.document("webhooks");
                page.finish(document)
            })
        }
        ("POST", []) => create(account, call, by),
        ("POST", ["test"]) => test(account, call),
        ("GET", [id]) => found(id).map(|hook| ok(&json!({ "webhook": shown(&hook) }))),
        ("PUT" | "PATCH", [id]) => found(id).and_then(|mut hook| {
            let body = call.wrapped("webhook")?;
            if call.method == "PUT" {
                hook.members.clear();
            }
            hook.members.extend(body);
            check(&hook.members)?;
            hook.updated = call.now;
            hooks.put(hook);
            Ok(no_content())
        }),
        ("DELETE", [id]) if hooks.remove(id) => Ok(no_content()),
        ("DELETE", [_]) => Err(ApiError::not_found()),
        ("GET", [id, "signing_secret"]) => found(id).map(|hook| ok(&signing_secret(&hook))),
        ("POST", [id, "signing_secret"]) => found(id).map(|mut hook| {
            hook.secret = secret(call, &format!("{id}:{}", hook.secret));
            let answer = json_reply(StatusCode::CREATED, &signing_secret(&hook));
            hooks.put(hook);
            answer
        }),
        ("GET", [id, "invocations"]) => found(id).and_then(|hook| invocations(account, call, &hook)),
        ("GET", [id, "invocations", own, "attempts"]) => found(id).and_then(|_| attempts(account, own)),
        _ => return None,
    })
}

fn signing_secret(hook: &Webhook) -> Value {
    json!({ "signing_secret": { "algorithm": "SHA256", "secret": hook.secret } })
}

fn create(account: &Account, call: &Call<'_>, by: u64) -> Result<Reply, ApiError> {
    let mut members = call.wrapped("webhook")?;
    if let Some(id) = call.params.get("clone_webhook_id") {
        members = account.webhooks.get(id).ok_or_else(ApiError::not_found)?.members;
    }
    check(&members)?;
    for name in ["id", "signing_secret", "created_at", "created_by", "updated_at", "updated_by"] {
        members.remove(name);
    }
    let id = ulid(call, account.webhooks.all().len());
    let hook = Webhook { secret: secret(call, &id), id, members, by, created: call.now, updated: call.now };
    let answer = json_reply(StatusCode::CREATED, &json!({ "webhook": shown(&hook) }));
    account.webhooks.put(hook);
    Ok(answer)
}

/// `POST /webhooks/test[?webhook_id=]`: signed with the fixed secret before a webhook is saved (wire B10).
fn test(account: &Account, call: &Call<'_>) -> Result<Reply, ApiError> {
    let saved = call.params.get("webhook_id").map(|id| account.webhooks.get(id).ok_or_else(ApiError::not_found));
    let hook = match saved {
        Some(hook) => hook?,
        None => Webhook {
            id: ulid(call, 0),
            members: call.wrapped("webhook")?,
            secret: TEST_SECRET.to_owned(),
            by: 0,
            created: call.now,
            updated: call.now,
        },
    };
    let endpoint = hook.members.get("endpoint").and_then(Value::as_str).unwrap_or_default();
    Target::of(endpoint).map_err(|error| refuse("InvalidEndpoint", &error.to_string()))?;
    let body = json!({ "message": "This is a test of a webhook" }).to_string();
    account.webhooks.send(&hook, "zen:event-type:webhook.test", body, call.now);
    Ok(ok(&json!({ "test": { "status": "success", "message": "sent" } })))
}

/// The status of an invocation in the OAS's words.
fn outcome(status: Option<u16>) -> &'static str {
    match status {
        None => "timeout",
        Some(200..=299) => "success",
        Some(500..) => "server error",
        Some(_) => "client error",
    }
}

fn invocations(account: &Account, call: &Call<'_>, hook: &Webhook) -> Result<Reply, ApiError> {
    let own = account.webhooks.deliveries().into_iter().filter(|own| own.webhook == hook.id);
    let all = own.zip(0_u64..).map(|(own, at)| {
        let shown = json!({
            "id": own.id,
            "webhook_id": own.webhook,
            "status": outcome(own.status),
            "created_at": own.timestamp,
            "latest_completed_at": own.timestamp,
            "event_type": own.event_type,
            "attempts_count": 1,
        });
        ((0, at), shown)
    });
    let page = Page::of(call, all.collect())?;
    let document = page.document("invocations");
    Ok(page.finish(document))
}

fn attempts(account: &Account, id: &str) -> Result<Reply, ApiError> {
    let own = account.webhooks.deliveries().into_iter().find(|own| own.id == id).ok_or_else(ApiError::not_found)?;
    let mut attempt = json!({
        "id": own.id,
        "invocation_id": own.id,
        "status": outcome(own.status),
        "created_at": own.timestamp,
    });
    if let Some(status) = own.status {
        attempt["response_code"] = json!(status);
    }
    Ok(ok(&json!({ "attempts": [attempt] })))
}
