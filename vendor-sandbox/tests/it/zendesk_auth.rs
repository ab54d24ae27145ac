//! Zendesk: OAuth and what its scopes allow (wire B1.3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vendor_sandbox::Fault;
use vendor_sandbox::zendesk::Sandbox;

use crate::client::{Answer, call};
use crate::zendesk_reading::account;

const REDIRECT: &str = "http://127.0.0.1:9/back";

async fn consent(sandbox: &Sandbox, client: &str, more: &[(&str, &str)]) -> String {
    let query = [("response_type", "code"), ("client_id", client), ("redirect_uri", REDIRECT), ("state", "s&1")];
    let page = call(sandbox, "GET", "/oauth/authorizations/new").without("authorization").query(&query).query(more);
    let page = page.send().await;
    assert_eq!(page.status, 302, "{}", page.text());
    let location = page.header("location").unwrap().to_owned();
    assert!(location.starts_with(REDIRECT) && location.ends_with("&state=s%261"), "{location}");
    location
}

fn code(location: &str) -> String {
    location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

async fn token(sandbox: &Sandbox, body: Value) -> Answer {
    call(sandbox, "POST", "/oauth/tokens").without("authorization").json(body).send().await
}

async fn with(sandbox: &Sandbox, method: &str, path: &str, access: &Value) -> Answer {
    let bearer = format!("Bearer {}", access.as_str().unwrap());
    call(sandbox, method, path).header("authorization", &bearer).send().await
}

fn confidential(grant: Value) -> Value {
    let mut body =
        json!({ "client_id": "sandbox-client", "client_secret": "sandbox-secret", "redirect_uri": REDIRECT });
    body.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_refresh_tokens_rotate() {
    let sandbox = account();
    let code = code(&consent(&sandbox, "sandbox-client", &[("scope", "read"), ("login", "itil")]).await);
    let grant = confidential(json!({ "grant_type": "authorization_code", "code": code }));
    let first = token(&sandbox, grant.clone()).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let first = first.json();
    assert_eq!(
        (&first["token_type"], &first["scope"], &first["expires_in"]),
        (&json!("bearer"), &json!("read"), &json!(1_800))
    );
    let again = token(&sandbox, grant).await;
    assert_eq!((again.status.as_u16(), &again.json()["error"]), (400, &json!("invalid_grant")));
    let me = with(&sandbox, "GET", "/api/v2/users/me", &first["access_token"]).await.json();
    assert_eq!(me["user"]["name"], "Ines Tilden");
    // The scope is for reading alone.
    assert_eq!(with(&sandbox, "DELETE", "/api/v2/tickets/1", &first["access_token"]).await.status, 403);
    sandbox.control().advance(1_800).unwrap();
    let expired = with(&sandbox, "GET", "/api/v2/users/me", &first["access_token"]).await;
    assert_eq!((expired.status.as_u16(), &expired.json()["user"]["id"]), (200, &Value::Null));
    assert_eq!(with(&sandbox, "GET", "/api/v2/tickets", &first["access_token"]).await.status, 401);
    let refresh = |token: &Value| confidential(json!({ "grant_type": "refresh_token", "refresh_token": token }));
    let second = token(&sandbox, refresh(&first["refresh_token"])).await.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(token(&sandbox, refresh(&first["refresh_token"])).await.status, 400, "consumed");
    assert_eq!(token(&sandbox, refresh(&second["refresh_token"])).await.status, 201, "reuse revokes nothing");
    sandbox.control().expire_access_tokens();
    assert_eq!(with(&sandbox, "GET", "/api/v2/tickets", &second["access_token"]).await.status, 401);
    assert_eq!(
        with(&sandbox, "GET", "/api/v2/tickets", &json!("sandbox-bearer")).await.status,
        200,
        "old tokens never expire"
    );
}

#[tokio::test]
async fn a_public_client_proves_itself() {
    let sandbox = account();
    let unproven = consent(&sandbox, "sandbox-public", &[]).await;
    assert!(unproven.contains("error=invalid_request"), "{unproven}");
    let verifier = "a-verifier-of-at-least-forty-three-characters-0";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let proof = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256"), ("scope", "read write")];
    let body = |code: &str, verifier: &str| {
        json!({
            "grant_type": "authorization_code", "client_id": "sandbox-public", "redirect_uri": REDIRECT, "code": code,
            "code_verifier": verifier, "expires_in": 300,
        })
    };
    let stolen = code(&consent(&sandbox, "sandbox-public", &proof).await);
    assert_eq!(token(&sandbox, body(&stolen, "another")).await.status, 400);
    let own = code(&consent(&sandbox, "sandbox-public", &proof).await);
    assert_eq!(token(&sandbox, body(&own, verifier)).await.json()["expires_in"], 300);
    let late = code(&consent(&sandbox, "sandbox-public", &proof).await);
    sandbox.control().advance(121).unwrap();
    assert_eq!(token(&sandbox, body(&late, verifier)).await.status, 400, "a code lives two minutes");
}

#[tokio::test]
async fn client_credentials_and_granular_scopes() {
    let sandbox = account();
    let granted = |scope: &str| confidential(json!({ "grant_type": "client_credentials", "scope": scope }));
    let answer = token(&sandbox, granted("tickets:read")).await.json();
    assert!(answer.get("refresh_token").is_none());
    let access = &answer["access_token"];
    assert_eq!(with(&sandbox, "GET", "/api/v2/tickets/1", access).await.status, 200);
    assert_eq!(with(&sandbox, "GET", "/api/v2/incremental/tickets/cursor?start_time=0", access).await.status, 200);
    assert_eq!(with(&sandbox, "GET", "/api/v2/organizations", access).await.status, 403);
    let strange = token(&sandbox, granted("nonsense")).await;
    assert_eq!((strange.status.as_u16(), &strange.json()["error"]), (400, &json!("invalid_scope")));
    let secret = json!({ "grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "wrong" });
    assert_eq!(token(&sandbox, secret).await.status, 401);
    sandbox.control().set_faults([Fault::new("token_500")]).unwrap();
    assert!(token(&sandbox, granted("read")).await.text().starts_with("<!DOCTYPE html>"));
    sandbox.control().set_faults([Fault::new("oauth_denied")]).unwrap();
    assert!(consent(&sandbox, "sandbox-client", &[]).await.contains("error=access_denied"));
}
