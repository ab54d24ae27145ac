//! One emulated site, and connections to it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt as _;
use provider_jira::Jira;
use serde_json::{Value, json};
use ticketing_core::model::Timestamp;
use ticketing_core::{BuildContext, Clock, Result, TicketingProvider};
use ticketing_http::{AddressPolicy, Body, HttpContext, SeededRandom, ServiceTransport, Transport, http};
use vendor_sandbox::ConnectionReset;
use vendor_sandbox::jira::{Control, Flavour, Sandbox};

use crate::judged::judged;
use crate::openapi;

/// Where the sites are taken to be.
pub(super) const HOME: &str = "http://127.0.0.1:4020";
pub(super) const OTHER: &str = "http://127.0.0.1:4021";

/// Secrets whose encodings differ from them.
pub(super) const PASSWORD: &str = "canary-9f2c pässword/+&=1";
pub(super) const WRONG_PASSWORD: &str = "canary-77aa wröng/+&=2";
/// The sandbox's one OAuth client.
pub(super) const CLIENT: &str = "sandbox-client";
pub(super) const CLIENT_SECRET: &str = "sandbox-secret";

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

/// The site's clock is everybody's.
struct SiteClock(Control);

impl std::fmt::Debug for SiteClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The site knows every password.
        write!(f, "SiteClock({})", self.0.now())
    }
}

impl Clock for SiteClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(super) struct EmulatedSite {
    pub(super) host: &'static str,
    pub(super) control: Control,
    flavour: Flavour,
    /// What the standard user once got from the token endpoint; Cloud alone.
    pub(super) tokens: Option<Tokens>,
    transport: Arc<dyn Transport>,
}

pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl EmulatedSite {
    pub(super) async fn start(host: &'static str, seed: u64, flavour: Flavour) -> Self {
        let sandbox = Sandbox::builder()
            .seed(seed)
            .flavour(flavour)
            .password("admin", PASSWORD)
            .password("itil", PASSWORD)
            .build()
            .unwrap();
        let control = sandbox.control();
        let is_reset = |extensions: &http::Extensions| extensions.get::<ConnectionReset>().is_some();
        let transport: Arc<dyn Transport> =
            Arc::new(ServiceTransport::<_, axum::body::Body>::new(sandbox.router(), is_reset));
        let tokens = match flavour {
            Flavour::Cloud => Some(tokens(&*transport, host).await),
            Flavour::DataCenter => None,
        };
        // That was the user's doing, long ago.
        control.clear_requests();
        Self { host, control, flavour, tokens, transport }
    }

    /// What providers are handed.
    pub(super) fn context(&self) -> BuildContext {
        let policy = AddressPolicy::strict().allow_loopback();
        let judge = match self.flavour {
            Flavour::Cloud => openapi::jira(),
            Flavour::DataCenter => openapi::jira_data_center(),
        };
        let http = HttpContext::with_transport(policy, judged(Arc::clone(&self.transport), judge))
            .with_random(Arc::new(SeededRandom::new(1)));
        let clock = Arc::new(SiteClock(self.control.clone()));
        BuildContext::new().with_clock(clock as Arc<dyn Clock>).with_extension(http)
    }

    pub(super) fn provider(&self, config: Value) -> Result<Arc<dyn TicketingProvider>> {
        Jira::new(config, &self.context()).map(|provider| Arc::new(provider) as Arc<dyn TicketingProvider>)
    }
}

/// wire A2.2: the user lets the app in, and the app gets its tokens.
async fn tokens(transport: &dyn Transport, host: &str) -> Tokens {
    const SCOPES: &str = "offline_access read:jira-work write:jira-work read:jira-user read:servicedesk-request \
                          write:servicedesk-request";
    let mut consent = url::Url::parse(&format!("{host}/authorize")).unwrap();
    consent.query_pairs_mut().extend_pairs([
        ("audience", "api.atlassian.com"),
        ("client_id", CLIENT),
        ("scope", SCOPES),
        ("redirect_uri", "https://product.example/back"),
        ("state", "s"),
        ("response_type", "code"),
        ("prompt", "consent"),
    ]);
    let request = http::Request::get(consent.as_str()).body(Body::Empty).unwrap();
    let answer = transport.send(request).await.unwrap();
    let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let body = json!({
        "grant_type": "authorization_code", "client_id": CLIENT, "client_secret": CLIENT_SECRET, "code": code,
        "redirect_uri": "https://product.example/back",
    });
    let request = http::Request::post(format!("{host}/oauth/token"))
        .header("content-type", "application/json")
        .body(Body::Bytes(body.to_string().into()))
        .unwrap();
    let answer = transport.send(request).await.unwrap();
    let pieces: Vec<_> = answer.into_body().try_collect().await.unwrap();
    let told: Value = serde_json::from_slice(&pieces.concat()).unwrap();
    let text = |key: &str| told[key].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
    Tokens { access: text("access_token"), refresh: text("refresh_token") }
}
