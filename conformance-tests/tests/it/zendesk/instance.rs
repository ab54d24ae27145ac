//! One emulated account, and connections to it.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt as _;
use provider_zendesk::Zendesk;
use serde_json::{Value, json};
use ticketing_core::model::Timestamp;
use ticketing_core::{BuildContext, Clock, Result, TicketingProvider};
use ticketing_http::{AddressPolicy, Body, HttpContext, SeededRandom, ServiceTransport, Transport, http};
use vendor_sandbox::ConnectionReset;
use vendor_sandbox::zendesk::{Control, Sandbox};

use crate::judged::judged;
use crate::openapi;

/// Where the accounts are taken to be.
pub(super) const HOME: &str = "http://127.0.0.1:4030";
pub(super) const OTHER: &str = "http://127.0.0.1:4031";

/// Secrets whose encodings differ from them.
pub(super) const TOKEN: &str = "canary-9f2c pässword/+&=1";
pub(super) const WRONG_TOKEN: &str = "canary-77aa wröng/+&=2";

/// The account's own OAuth client (the sandbox has one).
pub(super) const CLIENT: &str = "sandbox-client";
const CLIENT_SECRET: &str = "sandbox-secret";
const REDIRECT: &str = "https://product.example/back";

/// Who connects: an administrator, and an agent.
pub(super) const ADMIN: &str = "integration@example.com";
pub(super) const AGENT: &str = "ines.tilden@example.com";

/// What somebody else sends carries this, and is no request of the provider's.
const SOMEBODY: &str = "x-somebody-else";

/// A secret as it is, and as it goes over the wire.
pub(super) fn encoded(secret: &str) -> Vec<String> {
    let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let mut forms = vec![secret.to_owned(), form.replace('+', "%20"), form, base64_of(secret)];
    forms.sort();
    forms.dedup();
    forms
}

pub(super) fn base64_of(text: &str) -> String {
    STANDARD.encode(text)
}

/// The account's clock is everybody's.
struct AccountClock(Control);

impl std::fmt::Debug for AccountClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The account knows every token.
        write!(f, "AccountClock({})", self.0.now())
    }
}

impl Clock for AccountClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(super) struct Instance {
    pub(super) host: &'static str,
    pub(super) control: Control,
    /// What the administrator got from the token endpoint.
    tokens: Mutex<Vec<String>>,
    transport: Arc<dyn Transport>,
}

impl Instance {
    pub(super) async fn start(host: &'static str, seed: u64) -> Self {
        let sandbox = Sandbox::builder().seed(seed).password("admin", TOKEN).password("itil", TOKEN).build().unwrap();
        let control = sandbox.control();
        let is_reset = |extensions: &http::Extensions| extensions.get::<ConnectionReset>().is_some();
        let transport: Arc<dyn Transport> =
            Arc::new(ServiceTransport::<_, axum::body::Body>::new(sandbox.router(), is_reset));
        Self { host, control, tokens: Mutex::default(), transport }
    }

    /// The administrator lets the client in: what a refresh uses up is nobody's second time (wire B1.3).
    pub(super) async fn refresh_token(&self) -> String {
        let token = token(&*self.transport, self.host).await;
        let text = |key: &str| token[key].as_str().unwrap().to_owned();
        self.tokens.lock().unwrap().extend([text("access_token"), text("refresh_token")]);
        text("refresh_token")
    }

    /// The tokens that were given out.
    pub(super) fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }

    /// What providers are handed.
    pub(super) fn context(&self) -> BuildContext {
        let policy = AddressPolicy::strict().allow_loopback();
        let http = HttpContext::with_transport(policy, judged(Arc::clone(&self.transport), openapi::zendesk()))
            .with_random(Arc::new(SeededRandom::new(1)));
        let clock = Arc::new(AccountClock(self.control.clone()));
        BuildContext::new().with_clock(clock as Arc<dyn Clock>).with_extension(http)
    }

    pub(super) fn provider(&self, config: Value) -> Result<Arc<dyn TicketingProvider>> {
        Zendesk::new(config, &self.context()).map(|provider| Arc::new(provider) as Arc<dyn TicketingProvider>)
    }

    /// The provider's requests: those of somebody else are left out.
    pub(super) fn requests(&self) -> Vec<vendor_sandbox::RecordedRequest> {
        let mut requests = self.control.requests();
        requests.retain(|request| !request.headers.contains_key(SOMEBODY));
        requests
    }

    /// Somebody calls the API, past the provider.
    pub(super) async fn call(&self, user: &str, method: &str, path: &str, body: Value) -> Value {
        let login = base64_of(&format!("{user}/token:{TOKEN}"));
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.host))
            .header("authorization", format!("Basic {login}"))
            .header("content-type", "application/json")
            .header(SOMEBODY, "1");
        let request = match body.is_null() {
            true => request.body(Body::Empty),
            false => request.body(Body::Bytes(body.to_string().into())),
        };
        let answer = self.transport.send(request.unwrap()).await.unwrap();
        let status = answer.status();
        let pieces: Vec<_> = answer.into_body().try_collect().await.unwrap();
        let text = pieces.concat();
        assert!(status.is_success(), "{method} {path}: {status} {}", String::from_utf8_lossy(&text));
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// wire B1.3: the user lets the client in, and the client redeems the code.
async fn token(transport: &dyn Transport, host: &str) -> Value {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT),
            ("scope", "read write"),
        ])
        .finish();
    let request = http::Request::get(format!("{host}/oauth/authorizations/new?{query}"))
        .header(SOMEBODY, "1")
        .body(Body::Empty)
        .unwrap();
    let answer = transport.send(request).await.unwrap();
    let back: url::Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    let code = back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    let body = json!({
        "grant_type": "authorization_code", "code": code, "client_id": CLIENT, "client_secret": CLIENT_SECRET,
        "redirect_uri": REDIRECT, "scope": "read write",
    });
    let request = http::Request::post(format!("{host}/oauth/tokens"))
        .header(SOMEBODY, "1")
        .header("content-type", "application/json")
        .body(Body::Bytes(body.to_string().into()))
        .unwrap();
    let answer = transport.send(request).await.unwrap();
    let pieces: Vec<_> = answer.into_body().try_collect().await.unwrap();
    let text: Value = serde_json::from_slice(&pieces.concat()).unwrap();
    assert_ne!(text["refresh_token"], json!(null), "{text}");
    text
}

/// A login by OAuth.
pub(super) fn oauth(refresh_token: &str) -> Value {
    json!({
        "type": "oauth", "client_id": CLIENT, "client_secret": CLIENT_SECRET, "refresh_token": refresh_token,
    })
}

/// A login by API token.
pub(super) fn api_token(email: &str, token: &str) -> Value {
    json!({ "type": "api_token", "email": email, "token": token })
}
