//! Logging in: wire §5.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::Sandbox;

use crate::client::{Answer, basic, call, get, sandbox};

const PATH: &str = "/api/now/table/sys_user?sysparm_query=sys_id=javascript:gs.getUserID()&sysparm_fields=user_name";

async fn whoami(sandbox: &Sandbox, header: (&str, &str)) -> Option<String> {
    let answer = call(sandbox, "GET", PATH).without("authorization").header(header.0, header.1).send().await;
    match answer.status.as_u16() {
        200 => Some(answer.rows()[0]["user_name"].as_str().unwrap().to_owned()),
        401 => {
            assert_eq!(
                answer.error(),
                ("User Not Authenticated".to_owned(), json!("Required to provide Auth information"))
            );
            assert!(answer.header("www-authenticate").is_some());
            None
        }
        other => panic!("{other}"),
    }
}

async fn token(sandbox: &Sandbox, form: &str) -> Answer {
    call(sandbox, "POST", "/oauth_token.do")
        .without("authorization")
        .header("content-type", "application/x-www-form-urlencoded")
        .raw(form)
        .send()
        .await
}

const CLIENT: &str = "client_id=sandbox-client&client_secret=sandbox-secret";

fn assert_denied(answer: &Answer) {
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json(), json!({"error_description": "access_denied", "error": "server_error"}));
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn basic_api_key_and_nothing() {
    let sandbox = sandbox();
    assert_eq!(whoami(&sandbox, ("authorization", &basic("admin", "admin"))).await.unwrap(), "admin");
    assert_eq!(whoami(&sandbox, ("authorization", &basic("itil", "itil"))).await.unwrap(), "itil");
    assert_eq!(whoami(&sandbox, ("authorization", &basic("admin", "no"))).await, None);
    assert_eq!(whoami(&sandbox, ("authorization", "Bearer nonsense")).await, None);
    assert_eq!(whoami(&sandbox, ("authorization", "Basic %%%")).await, None);
    assert_eq!(whoami(&sandbox, ("x-sn-apikey", "sandbox-api-key")).await.unwrap(), "admin");
    assert_eq!(whoami(&sandbox, ("x-sn-apikey", "no")).await, None);
    assert_eq!(whoami(&sandbox, ("x-nothing", "x")).await, None);
}

#[tokio::test]
async fn locked_out_and_inactive_users_get_401() {
    let sandbox = Sandbox::builder().password("jo.former", "x").build().unwrap();
    assert_eq!(whoami(&sandbox, ("authorization", &basic("jo.former", "x"))).await, None);
    let admin = sandbox.control().find("sys_user", "user_name=admin").unwrap();
    sandbox.control().set_raw("sys_user", &admin[0], json!({"locked_out": "true"})).unwrap();
    assert_eq!(whoami(&sandbox, ("authorization", &basic("admin", "admin"))).await, None);
}

#[tokio::test]
async fn a_password_grant_gives_a_token_that_is_issued_again_until_it_ends() {
    let sandbox = sandbox();
    let form = format!("grant_type=password&username=itil&password=itil&{CLIENT}");
    let first = token(&sandbox, &form).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.json()["scope"], "useraccount");
    assert_eq!(first.json()["token_type"], "Bearer");
    assert_eq!(first.json()["expires_in"], 1799);
    let access = text(&first, "access_token");
    let bearer = format!("Bearer {access}");
    assert_eq!(whoami(&sandbox, ("authorization", &bearer)).await.unwrap(), "itil");
    sandbox.control().advance(1000).unwrap();
    let second = token(&sandbox, &form).await;
    assert_eq!(text(&second, "access_token"), access);
    assert_eq!(second.json()["expires_in"], 800);
    assert_eq!(text(&second, "refresh_token"), text(&first, "refresh_token"));
    sandbox.control().advance(801).unwrap();
    assert_eq!(whoami(&sandbox, ("authorization", &bearer)).await, None, "expired");
    let refresh = format!("grant_type=refresh_token&refresh_token={}&{CLIENT}", text(&first, "refresh_token"));
    let third = token(&sandbox, &refresh).await;
    assert_ne!(text(&third, "access_token"), access);
    assert_eq!(text(&third, "refresh_token"), text(&first, "refresh_token"), "no rotation");
    // wire §5.1: a refresh does not extend the refresh token; day 100 is a hard stop.
    sandbox.control().advance(8_640_000 - 801).unwrap();
    assert_denied(&token(&sandbox, &refresh).await);
}

#[tokio::test]
async fn refresh_tokens_can_rotate() {
    let sandbox = Sandbox::builder().rotate_refresh_tokens(true).build().unwrap();
    let form = format!("grant_type=password&username=admin&password=admin&{CLIENT}");
    let old = text(&token(&sandbox, &form).await, "refresh_token");
    let refresh = |token: &str| format!("grant_type=refresh_token&refresh_token={token}&{CLIENT}");
    let new = text(&token(&sandbox, &refresh(&old)).await, "refresh_token");
    assert!(!new.is_empty() && new != old);
    assert_denied(&token(&sandbox, &refresh(&old)).await);
    assert_eq!(token(&sandbox, &refresh(&new)).await.status, 200);
}

#[tokio::test]
async fn bad_grants_and_clients_get_the_documented_401() {
    let sandbox = sandbox();
    for form in [
        "grant_type=password&username=admin&password=no&client_id=sandbox-client&client_secret=sandbox-secret",
        "grant_type=password&username=admin&password=admin&client_id=sandbox-client&client_secret=no",
        "grant_type=password&username=admin&password=admin&client_id=nobody&client_secret=no",
        "grant_type=refresh_token&refresh_token=no&client_id=sandbox-client&client_secret=sandbox-secret",
        "grant_type=authorization_code&code=no&client_id=sandbox-client&client_secret=sandbox-secret",
        // Off unless a property allows it.
        "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret",
    ] {
        assert_denied(&token(&sandbox, form).await);
    }
    // Secrets in the URL are not accepted on new instances.
    let path = format!("/oauth_token.do?grant_type=password&username=admin&password=admin&{CLIENT}");
    let in_url = call(&sandbox, "POST", &path).header("content-type", "application/x-www-form-urlencoded").send().await;
    assert_denied(&in_url);
    let as_json = call(&sandbox, "POST", "/oauth_token.do")
        .json(json!({"grant_type": "password", "client_id": "sandbox-client"}))
        .send()
        .await;
    assert_eq!(as_json.status, 400);
}

#[tokio::test]
async fn client_credentials_need_a_property_and_a_user() {
    let sandbox = sandbox();
    sandbox.control().set_property("glide.oauth.inbound.client.credential.grant_type.enabled", "true");
    let answer = token(&sandbox, &format!("grant_type=client_credentials&{CLIENT}")).await;
    let bearer = format!("Bearer {}", text(&answer, "access_token"));
    assert_eq!(whoami(&sandbox, ("authorization", &bearer)).await.unwrap(), "admin");
    let mut client = vendor_sandbox::servicenow::OAuthClient::standard();
    client.application_user = None;
    let guest = Sandbox::builder()
        .oauth_client(client)
        .property("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
        .build()
        .unwrap();
    let answer = token(&guest, &format!("grant_type=client_credentials&{CLIENT}")).await;
    let bearer = format!("Bearer {}", text(&answer, "access_token"));
    assert_eq!(whoami(&guest, ("authorization", &bearer)).await, None, "K:1710801");
}

async fn authorize(sandbox: &Sandbox, query: &str) -> Answer {
    call(sandbox, "GET", &format!("/oauth_auth.do?{query}")).without("authorization").send().await
}

fn code(answer: &Answer) -> String {
    let location = answer.header("location").unwrap();
    location.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_code_flow_needs_state_and_knows_its_redirects() {
    let sandbox = sandbox();
    let base = "response_type=code&client_id=sandbox-client&redirect_uri=https://evil.example/";
    let refused = authorize(&sandbox, base).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("Missing State parameter in request."));
    let allowed = authorize(&sandbox, &format!("{base}&state=abc")).await;
    assert_eq!(allowed.status, 302);
    let location = allowed.header("location").unwrap();
    assert!(location.starts_with("http://127.0.0.1:8400/callback?code="), "{location}");
    assert!(location.ends_with("&state=abc"));
    let form = format!("grant_type=authorization_code&code={}&{CLIENT}", code(&allowed));
    let issued = token(&sandbox, &form).await;
    assert_eq!(issued.status, 200);
    assert!(!text(&issued, "refresh_token").is_empty());
    assert_denied(&token(&sandbox, &form).await);
    sandbox.control().set_faults([Fault::new("oauth_denied")]).unwrap();
    let denied = authorize(&sandbox, &format!("{base}&state=abc")).await;
    assert!(denied.header("location").unwrap().contains("?error=access_denied&state=abc"));
}

#[tokio::test]
async fn public_clients_prove_themselves_and_get_no_refresh_token() {
    let sandbox = sandbox();
    let verifier = "a-verifier-that-is-long-enough-for-the-rfc-to-be-happy";
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let query = format!(
        "response_type=code&client_id=sandbox-public&state=s&code_challenge={challenge}&code_challenge_method=S256"
    );
    let redeem = async |verifier: &str| {
        let code = code(&authorize(&sandbox, &query).await);
        let form =
            format!("grant_type=authorization_code&client_id=sandbox-public&code={code}&code_verifier={verifier}");
        token(&sandbox, &form).await
    };
    assert_denied(&redeem("wrong").await);
    let issued = redeem(verifier).await;
    assert_eq!(issued.status, 200);
    assert_eq!(issued.json().get("refresh_token"), None);
}

#[tokio::test]
async fn revoked_tokens_are_dead() {
    let sandbox = sandbox();
    let form = format!("grant_type=password&username=admin&password=admin&{CLIENT}");
    let access = text(&token(&sandbox, &form).await, "access_token");
    let bearer = format!("Bearer {access}");
    assert!(whoami(&sandbox, ("authorization", &bearer)).await.is_some());
    let revoked =
        call(&sandbox, "GET", &format!("/oauth_revoke_token.do?token={access}")).without("authorization").send().await;
    assert_eq!(revoked.status, 200);
    assert_eq!(whoami(&sandbox, ("authorization", &bearer)).await, None);
    assert!(!get(&sandbox, "/_sandbox/requests").await.text().contains(&access));
}

#[tokio::test]
async fn token_endpoint_faults() {
    let sandbox = sandbox();
    let form = format!("grant_type=password&username=admin&password=admin&{CLIENT}");
    for (fault, status) in [("token_400", 400), ("token_401", 401), ("token_500", 500), ("token_html", 200)] {
        sandbox.control().set_faults([Fault::new(fault)]).unwrap();
        let answer = token(&sandbox, &form).await;
        assert_eq!(answer.status, status, "{fault}");
        assert!(serde_json::from_slice::<Value>(&answer.body).map_or(true, |json| json.get("access_token").is_none()));
        // The API itself is not struck.
        assert_eq!(get(&sandbox, PATH).await.status, 200);
    }
}

#[tokio::test]
async fn cookies_carry_a_session() {
    let sandbox = sandbox();
    let first = get(&sandbox, PATH).await;
    let cookie = first.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("JSESSIONID="));
    assert_eq!(whoami(&sandbox, ("cookie", &cookie)).await.unwrap(), "admin");
    assert_eq!(whoami(&sandbox, ("cookie", "JSESSIONID=0")).await, None);
    let second = call(&sandbox, "GET", PATH).header("cookie", &cookie).send().await;
    assert_eq!(second.header("set-cookie"), None, "a known session gets no new one");
}
