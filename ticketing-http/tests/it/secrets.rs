//! A secret is planted everywhere, and must turn up nowhere but on the wire.

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use ticketing_core::{Authorization, Error, ErrorKind, ManualClock, Result, Secret};
use ticketing_http::auth::{
    ApiKey, Authenticator, Basic, Bearer, CredentialSource as _, OAuthClient, OAuthGrant, OAuthSource, Token,
    TokenCache, TokenCacheOptions, TokenEndpoint,
};
use ticketing_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ticketing_http::webhook::{HmacSha1, HmacSha256, ReplayCache, SignatureEncoding};
use ticketing_http::{
    AddressPolicy, Answer, Body, HttpClient, Request, Response, SeededRandom, TransportError, TransportErrorKind,
    decode,
};

use crate::fake::{Fake, answer};
use crate::mock::{self, Mock, Step, context, head};

const CANARY: &str = "c4n4ry-5ecret";

fn canary() -> Secret {
    Secret::new(CANARY)
}

/// The secret as it is, and as Basic authentication writes it.
fn silent(what: &str, text: &str) {
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("admin:{CANARY}"));
    for secret in [CANARY, &basic, &basic[8..24], "c4n4ry", "5ecret"] {
        assert!(!text.contains(secret), "{what}: {text}");
    }
    // Bytes printed as numbers would hide it from the eye alone.
    let numbers: Vec<String> = CANARY.bytes().map(|byte| byte.to_string()).collect();
    assert!(!text.contains(&numbers.join(", ")), "{what}: {text}");
}

fn silent_debug(what: &str, value: &dyn Debug) {
    silent(what, &format!("{value:?}"));
    silent(what, &format!("{value:#?}"));
}

/// An error in all its forms, and those underneath.
fn silent_error(what: &str, error: &Error) {
    silent(what, &format!("{error} {error:#}"));
    silent_debug(what, error);
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        silent(what, &format!("{cause} {cause:?}"));
        source = cause.source();
    }
}

/// Everything that is traced on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn oauth_client(fake: &Fake, grant: OAuthGrant) -> OAuthSource {
    OAuthSource::new(oauth_parts(), grant, fake.context())
}

fn oauth_parts() -> OAuthClient {
    OAuthClient {
        id: "id".to_owned(),
        secret: Some(canary()),
        token_url: "https://acme.example.com/oauth_token.do".parse().unwrap(),
        secret_in_body: true,
    }
}

fn authenticators() -> Vec<Arc<dyn Authenticator>> {
    vec![
        Arc::new(Basic::new("admin", &canary()).unwrap()),
        Arc::new(Bearer::new(&canary()).unwrap()),
        Arc::new(ApiKey::new(HeaderName::from_static("x-sn-apikey"), &canary()).unwrap()),
    ]
}

fn request() -> Request {
    Request::post("/api/now/table/incident")
        .with_query("sysparm_query", &format!("u_password={CANARY}"))
        .with_query("token", CANARY)
        .with_header(HeaderName::from_static("x-vendor-key"), HeaderValue::from_static(CANARY))
        .with_json(&serde_json::json!({ "password": CANARY }))
        .unwrap()
}

#[tokio::test]
async fn no_type_shows_its_secret() {
    let fake = Fake::new(|_| answer(200, &[], "{}"));
    for authenticator in authenticators() {
        silent_debug("authenticator", &authenticator);
        let client = fake.client().with_authenticator(authenticator);
        silent_debug("builder", &client);
        let mut headers = HeaderMap::new();
        headers.insert("x-vendor-key", HeaderValue::from_static(CANARY));
        let client = client.with_headers(headers).build();
        silent_debug("client", &client);
        silent_debug("context", client.context());
    }
    for grant in [
        OAuthGrant::RefreshToken(canary()),
        OAuthGrant::ClientCredentials,
        OAuthGrant::Password { username: "user".to_owned(), password: canary() },
        OAuthGrant::AuthorizationCode { code: canary(), redirect_uri: "x".to_owned(), verifier: Some(canary()) },
    ] {
        silent_debug("grant", &grant);
        let source = Arc::new(oauth_client(&fake, grant));
        silent_debug("source", &source);
        let (clock, random) = (fake.context().clock(), Arc::new(SeededRandom::new(1)));
        silent_debug("cache", &TokenCache::new(source, clock, random, TokenCacheOptions::default()));
    }
    silent_debug("oauth client", &oauth_parts());
    silent_debug("token endpoint", &TokenEndpoint::new(oauth_parts(), fake.context()));
    let authorization = Authorization::new("https://acme.example.com/auth", "https://acme.example.com/token");
    let asked = TokenEndpoint::authorize(&authorization, "id", "https://app.example.com/back", &[], &canary()).unwrap();
    assert!(asked.url.as_str().contains(CANARY), "the state is in the address: {}", asked.url);
    silent_debug("address to send a customer to", &asked);
    let giving = Fake::new(|_| {
        let body = format!(r#"{{"access_token":"{CANARY}","token_type":"bearer","refresh_token":"{CANARY}"}}"#);
        answer(200, &[], &body)
    });
    let endpoint = TokenEndpoint::new(oauth_parts(), giving.context());
    let granted = endpoint.ask(&OAuthGrant::ClientCredentials).await.unwrap();
    assert_eq!(granted.access.expose(), CANARY);
    silent_debug("granted", &granted);
    silent_debug(
        "context with a credential",
        &fake.context().with_credential(Arc::new(Bearer::new(&canary()).unwrap())),
    );
    silent_debug("token", &Token { access: canary(), expires_at: None });
    silent_debug("hmac", &HmacSha256::new(&canary(), SignatureEncoding::Hex).unwrap());
    silent_debug("hmac", &HmacSha1::new(&canary(), SignatureEncoding::Hex).unwrap());
    let replays = ReplayCache::new(1);
    replays.note(CANARY).unwrap();
    silent_debug("replay cache", &replays);
    silent_debug("request", &request());
    silent_debug("body", &Body::Bytes(CANARY.into()));
    let mut headers = HeaderMap::new();
    headers.insert("set-cookie", HeaderValue::from_static(CANARY));
    headers.insert("location", HeaderValue::from_static(CANARY));
    let now = "2026-01-05T08:00:00Z".parse().unwrap();
    let body = CANARY.as_bytes();
    silent_debug("answer", &Answer { status: StatusCode::OK, headers: &headers, body, streamed: false, now });
    silent_debug("response", &Response { status: StatusCode::OK, headers, body: body.into() });
    silent_debug("streamed", &fake.client().build().stream(&Request::get("/x")).await.unwrap());
}

#[test]
fn no_refusal_quotes_a_secret() {
    let config = |result: Result<()>| result.unwrap_err();
    silent_error("basic", &config(Basic::new("a:b", &canary()).map(|_| ())));
    let broken = Secret::new(format!("{CANARY}\r\nx: y"));
    silent_error("bearer", &config(Bearer::new(&broken).map(|_| ())));
    silent_error("key", &config(ApiKey::new(HeaderName::from_static("x-key"), &broken).map(|_| ())));
    for url in [
        format!("https://admin:{CANARY}@acme.example.com"),
        format!("https://{CANARY}@acme.example.com"),
        format!("admin:{CANARY}@acme.example.com"),
        format!("https://acme.example.com/?sysparm_token={CANARY}"),
        format!("https://acme.example.com/login#{CANARY}"),
        format!("https://acme.example.com:{CANARY}@evil.example.org/"),
    ] {
        silent_error("address", &AddressPolicy::strict().check("instance", &url, Some(".example.com")).unwrap_err());
    }
    let json = format!(r#"{{"access_token":"{CANARY}","n":"{CANARY}"}}"#);
    #[derive(Debug, serde::Deserialize)]
    struct Number {
        #[expect(dead_code, reason = "only its decoding matters")]
        n: u64,
    }
    silent_error("decode", &decode::<Number>(json.as_bytes()).unwrap_err());
    let hmac = HmacSha256::new(&canary(), SignatureEncoding::Hex).unwrap();
    silent_error("signature", &hmac.verify(&[b"x"], CANARY).unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn no_token_endpoint_makes_us_talk() {
    let (log, _guard) = Log::listen();
    let leaky = [
        (200, format!(r#"{{"access_token":"{CANARY}","token_type":7,"refresh_token":"{CANARY}"}}"#)),
        (200, format!("<html>{CANARY}</html>")),
        (400, format!(r#"{{"error":"invalid_grant","error_description":"{CANARY}"}}"#)),
        (401, format!(r#"{{"error":{{"message":"{CANARY}"}}}}"#)),
        (500, format!("<html>{CANARY}</html>")),
        (302, String::new()),
    ];
    for (status, body) in leaky {
        let fake = Fake::new(move |_| answer(status, &[("location", CANARY), ("set-cookie", CANARY)], &body));
        let source = Arc::new(oauth_client(&fake, OAuthGrant::RefreshToken(canary())));
        silent_error("fetch", &source.fetch().await.unwrap_err());
        let clock = Arc::new(ManualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
        let cache = TokenCache::new(source, clock, Arc::new(SeededRandom::new(1)), TokenCacheOptions::default());
        silent_error("cache", &cache.token().await.unwrap_err());
        assert!(fake.calls()[0].body.contains(CANARY), "it is on the wire");
        let api = Fake::new(|_| answer(200, &[], "{}"));
        let client = api.client().with_authenticator(Arc::new(cache)).build();
        silent_error("client", &client.send(&Request::get("/x")).await.unwrap_err());
    }
    // A token that cannot stand in a header.
    let fake = Fake::new(|_| answer(200, &[], &format!(r#"{{"access_token":"{CANARY}\n","token_type":"bearer"}}"#)));
    let source = Arc::new(oauth_client(&fake, OAuthGrant::ClientCredentials));
    let clock = fake.context().clock();
    let cache = TokenCache::new(source, clock, Arc::new(SeededRandom::new(1)), TokenCacheOptions::default());
    silent_error("header", &cache.authorize(&mut HeaderMap::new()).await.unwrap_err());
    silent("log", &log.text());
}

#[tokio::test]
async fn no_answer_on_the_wire_makes_us_talk() {
    let (log, _guard) = Log::listen();
    let location = format!("https://user:{CANARY}@evil.example.org/?token={CANARY}");
    let leaky = [("set-cookie", CANARY), ("x-secret", CANARY), ("location", location.as_str())];
    let body = format!("<html>{CANARY}</html>");
    let full = |status: &str| Step::Write(mock::answer(status, &leaky, body.as_bytes()));
    for step in [
        full("200 OK"),
        full("302 Found"),
        full("400 Bad Request"),
        full("401 Unauthorized"),
        full("403 Forbidden"),
        full("429 Too Many Requests"),
        full("500 Oops"),
        full("503 Gone Fishing"),
        Step::Drop,
        Step::Hang(Vec::new()),
        Step::Write(CANARY.as_bytes().to_vec()),
        Step::Write(head("200 OK", &[("content-length", "999"), ("x-secret", CANARY)], body.as_bytes())),
        Step::Write(mock::answer("200 OK", &[("content-encoding", "gzip")], body.as_bytes())),
    ] {
        for authenticator in authenticators() {
            let mock = Mock::start([step.clone()]).await;
            let context = context();
            let address = context.policy().check("instance", &mock.url(), None).unwrap();
            let client = HttpClient::builder(address, context).with_authenticator(authenticator).build();
            if let Err(error) = client.send(&request()).await {
                silent_error("send", &error);
            }
            let seen = mock.seen();
            let secret = ["authorization", "x-sn-apikey"].iter().find_map(|name| seen[0].header(name)).unwrap();
            assert!(secret.len() >= CANARY.len() && String::from_utf8_lossy(&seen[0].body).contains(CANARY));
            let mock = Mock::start([step.clone()]).await;
            let context = mock::context();
            let address = context.policy().check("instance", &mock.url(), None).unwrap();
            if let Ok(mut answer) = HttpClient::builder(address, context).build().stream(&request()).await {
                silent_debug("streamed", &answer);
                while let Some(piece) = answer.body.next().await {
                    if let Err(error) = piece {
                        silent_error("piece", &error);
                    }
                }
            }
        }
    }
    // Nobody listens there.
    let context = context();
    let address = context.policy().check("instance", "http://127.0.0.1:9", None).unwrap();
    let error = HttpClient::builder(address, context).build().send(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    silent_error("no connection", &error);
    let text = log.text();
    assert!(text.contains("answered") && text.contains("/api/now/table/incident"), "the trace is there: {text}");
    silent("log", &text);
}

#[test]
fn a_transport_error_holds_what_it_was_given_and_no_more() {
    let error = Error::from(TransportError::new(TransportErrorKind::Broken, "the connection broke"));
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "the connection broke"));
}
