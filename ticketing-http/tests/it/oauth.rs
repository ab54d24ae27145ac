//! A token endpoint's answers: which end the credential, and which pass.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::{Delivery, Error, ErrorKind, ManualClock, Result, Secret};
use ticketing_http::auth::{
    CredentialSource as _, OAuthClient, OAuthGrant, OAuthSource, RefreshTokenStore, TokenCache, TokenCacheOptions,
};
use ticketing_http::{Request, SeededRandom, TransportError, TransportErrorKind};

use crate::fake::{Fake, answer};

const TOKEN: &str = r#"{"access_token":"access-1","token_type":"Bearer","expires_in":1799,"scope":"useraccount"}"#;

fn client(secret_in_body: bool) -> OAuthClient {
    OAuthClient {
        id: "id 1".to_owned(),
        secret: Some(Secret::new("s&cret+1")),
        token_url: "https://acme.example.com/oauth_token.do".parse().unwrap(),
        secret_in_body,
    }
}

fn refreshing(fake: &Fake) -> OAuthSource {
    OAuthSource::new(client(true), OAuthGrant::RefreshToken(Secret::new("refresh-1")), fake.context())
}

#[tokio::test]
async fn the_form_carries_the_grant_and_the_secret_once() {
    let fake = Fake::new(|_| answer(200, &[], TOKEN));
    let now: DateTime<Utc> = "2026-01-05T08:00:00Z".parse().unwrap();
    let context = fake.context().with_clock(Arc::new(ManualClock::new(now)));
    let grant = OAuthGrant::RefreshToken(Secret::new("refresh-1"));
    let token = OAuthSource::new(client(true), grant, context).fetch().await.unwrap();
    assert_eq!((token.access.expose(), token.expires_at), ("access-1", Some(now + TimeDelta::seconds(1799))));
    OAuthSource::new(client(false), OAuthGrant::ClientCredentials, fake.context()).fetch().await.unwrap();

    let calls = fake.calls();
    assert_eq!(calls[0].url, "https://acme.example.com/oauth_token.do");
    let mut fields: Vec<_> = calls[0].body.split('&').collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["client_id=id+1", "client_secret=s%26cret%2B1", "grant_type=refresh_token", "refresh_token=refresh-1"]
    );
    assert_eq!(calls[0].authorization, "");
    assert_eq!(calls[1].body, "grant_type=client_credentials");
    assert!(calls[1].authorization.starts_with("Basic "));
}

#[tokio::test]
async fn an_endpoint_without_forms_is_asked_in_json_and_may_answer_201() {
    let fake = Fake::new(|_| answer(201, &[], TOKEN));
    let grant = OAuthGrant::RefreshToken(Secret::new("refresh-1"));
    let token = OAuthSource::new(client(true), grant, fake.context()).with_json().fetch().await.unwrap();
    assert_eq!(token.access.expose(), "access-1");
    let calls = fake.calls();
    assert_eq!(calls.len(), 1);
    let sent: serde_json::Value = serde_json::from_str(&calls[0].body).unwrap();
    let expected = serde_json::json!({
        "grant_type": "refresh_token", "refresh_token": "refresh-1", "client_id": "id 1", "client_secret": "s&cret+1",
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn json_that_says_error_ends_the_credential() {
    for (status, body, code) in [
        (400, r#"{"error":"invalid_grant"}"#, "invalid_grant"),
        (401, r#"{"error_description":"access_denied","error":"server_error"}"#, "server_error"),
        (401, r#"{"error":{"message":"User Not Authenticated","detail":null},"status":"failure"}"#, "error"),
        (403, r#"{"error":"unauthorized_client"}"#, "unauthorized_client"),
        (200, r#"{"error":"bad_refresh_token","error_description":"x"}"#, "bad_refresh_token"),
        (200, r#"{"error":"redirect_uri_mismatch"}"#, "redirect_uri_mismatch"),
        (403, r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#, "invalid_grant"),
        (403, r#"{"error":"access_denied","error_description":"x"}"#, "access_denied"),
    ] {
        let fake = Fake::new(move |_| answer(status, &[], body));
        let error = refreshing(&fake).fetch().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_retryable(), error.delivery(), error.code()),
            (ErrorKind::Unauthenticated, false, Delivery::Answered, Some(code)),
            "{status} {body}"
        );
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn an_outage_or_a_limit_passes() {
    for (status, body, kind) in [
        (500, r#"{"error":"server_error"}"#, ErrorKind::Unavailable),
        (500, "<html>oops</html>", ErrorKind::Unavailable),
        (502, "<html>Bad Gateway</html>", ErrorKind::Unavailable),
        (503, "{}", ErrorKind::Unavailable),
        (504, "", ErrorKind::Timeout),
        (429, r#"{"error":"rate_limited"}"#, ErrorKind::RateLimited),
        (400, "<html>Your instance is hibernating</html>", ErrorKind::Unavailable),
        (401, "<html>login</html>", ErrorKind::Unavailable),
        (200, "<html>Your instance is hibernating</html>", ErrorKind::Unavailable),
        // A gateway's words, and an instance's own for a transaction that it cancelled.
        (404, r#"{"status":404,"error":"Not Found"}"#, ErrorKind::Unavailable),
        (403, r#"{"error":"Forbidden"}"#, ErrorKind::Unavailable),
        (403, r#"{"error":{"title":"Account in maintenance","message":"try later"}}"#, ErrorKind::Unavailable),
        (403, r#"{"error":"access_denied"}"#, ErrorKind::Unavailable),
        (409, r#"{"error":"conflict"}"#, ErrorKind::Unavailable),
        (200, r#"{"error":{"message":"Transaction cancelled"},"status":"failure"}"#, ErrorKind::Unavailable),
        (400, r#"{"error":"temporarily_unavailable"}"#, ErrorKind::Unavailable),
        (200, r#"{"error":"service_unavailable"}"#, ErrorKind::Unavailable),
        (200, r#"{"error":"rate_limited"}"#, ErrorKind::Unavailable),
        (200, "{}", ErrorKind::Unavailable),
        (200, r#"{"access_token":"","token_type":"Bearer"}"#, ErrorKind::Unavailable),
        (200, "", ErrorKind::Unavailable),
        (302, "", ErrorKind::Unavailable),
    ] {
        let fake = Fake::new(move |_| answer(status, &[], body));
        let error = refreshing(&fake).fetch().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, true), "{status} {body}: {error:?}");
    }
    let fake = Fake::new(|_| answer(429, &[("retry-after", "17")], ""));
    assert_eq!(refreshing(&fake).fetch().await.unwrap_err().retry_after(), Some(Duration::from_secs(17)));
    let fake = Fake::new(|_| Err(TransportError::new(TransportErrorKind::Connect, "no connection could be made")));
    assert!(refreshing(&fake).fetch().await.unwrap_err().is_retryable());
    let huge = format!("{{\"x\":\"{}\"}}", "y".repeat(1024 * 1024));
    let fake = Fake::new(move |_| answer(200, &[], &huge));
    assert_eq!(refreshing(&fake).fetch().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

/// Notes what it is told, and fails as often as it is told to.
#[derive(Debug, Default)]
struct Store {
    kept: Mutex<Vec<String>>,
    failures: Mutex<u32>,
}

#[async_trait]
impl RefreshTokenStore for Store {
    async fn rotated(&self, refresh_token: &Secret) -> Result<()> {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(Error::new(ErrorKind::Unavailable, "the store is away").with_retry_after(Duration::ZERO));
        }
        self.kept.lock().unwrap().push(refresh_token.expose().to_owned());
        Ok(())
    }
}

/// A vendor that gives a new refresh token each time and ends the old one.
fn rotating() -> Fake {
    Fake::new(|call| {
        if !call.body.contains(&format!("refresh_token=refresh-{}", call.number)) {
            return answer(400, &[], r#"{"error":"invalid_grant"}"#);
        }
        let (number, next) = (call.number, call.number + 1);
        let body = format!(
            r#"{{"access_token":"access-{number}","refresh_token":"refresh-{next}","token_type":"bearer","expires_in":60}}"#
        );
        answer(200, &[], &body)
    })
}

#[tokio::test]
async fn a_rotated_refresh_token_is_stored_before_its_access_token_is_used() {
    let (fake, store) = (rotating(), Arc::new(Store::default()));
    let source = refreshing(&fake).with_store(store.clone());
    for number in 1..=3 {
        assert_eq!(source.fetch().await.unwrap().access.expose(), format!("access-{number}"));
        assert_eq!(store.kept.lock().unwrap().len(), number);
    }
    assert_eq!(*store.kept.lock().unwrap(), ["refresh-2", "refresh-3", "refresh-4"]);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_stored_is_not_used_and_not_lost() {
    let (fake, store) = (rotating(), Arc::new(Store::default()));
    *store.failures.lock().unwrap() = 2;
    let source = Arc::new(refreshing(&fake).with_store(store.clone()));
    let clock = Arc::new(ManualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
    let cache = TokenCache::new(source, clock, Arc::new(SeededRandom::new(1)), TokenCacheOptions::default());
    for _ in 0..2 {
        let error = cache.token().await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "the store is away"));
        assert_eq!(fake.count(), 1, "the vendor ended the old one: nothing may be asked with it");
        tokio::time::sleep(error.retry_after().unwrap()).await;
    }
    assert_eq!(cache.token().await.unwrap().0.expose(), "access-2");
    assert_eq!(*store.kept.lock().unwrap(), ["refresh-2", "refresh-3"]);
}

#[tokio::test]
async fn an_empty_or_equal_refresh_token_leaves_the_old_in_place() {
    for extra in ["", r#","refresh_token":"""#, r#","refresh_token":"refresh-1""#] {
        let body = format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":1799{extra}}}"#);
        let fake = Fake::new(move |_| answer(200, &[], &body));
        let store = Arc::new(Store::default());
        let source = refreshing(&fake).with_store(store.clone());
        source.fetch().await.unwrap();
        source.fetch().await.unwrap();
        assert!(store.kept.lock().unwrap().is_empty());
        assert!(fake.calls().iter().all(|call| call.body.contains("refresh_token=refresh-1")), "{extra}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_hangs_holds_nobody_for_ever() {
    let fake = Fake::silent();
    let cache = TokenCache::new(
        Arc::new(refreshing(&fake)),
        fake.context().clock(),
        Arc::new(SeededRandom::new(1)),
        TokenCacheOptions::default(),
    );
    let api = Fake::new(|_| answer(200, &[], "{}"));
    let client = api.client().with_authenticator(Arc::new(cache)).build();
    let begun = tokio::time::Instant::now();
    let error = client.send(&Request::post("/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery(), api.count()), (ErrorKind::Timeout, Delivery::NotSent, 0));
    assert!(begun.elapsed() <= Duration::from_secs(300), "{:?}", begun.elapsed());
}
