//! One emulated instance, and connections to it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::TryStreamExt as _;
use provider_servicenow::ServiceNow;
use serde_json::{Value, json};
use ticketing_core::model::Timestamp;
use ticketing_core::{BuildContext, Clock, Result, TicketingProvider};
use ticketing_http::{AddressPolicy, Body, HttpContext, SeededRandom, ServiceTransport, Transport, http};
use vendor_sandbox::ConnectionReset;
use vendor_sandbox::servicenow::{Control, OAuthClient, Sandbox};

/// Where the instances are taken to be.
pub(super) const HOME: &str = "http://127.0.0.1:4010";
pub(super) const OTHER: &str = "http://127.0.0.1:4011";

/// Secrets whose encodings differ from them.
pub(super) const PASSWORD: &str = "canary-9f2c pässword/+&=1";
pub(super) const WRONG_PASSWORD: &str = "canary-77aa wröng/+&=2";
pub(super) const CLIENT: &str = "conformance";
pub(super) const CLIENT_SECRET: &str = "canary-31d0 clientsecret/+&=3";
pub(super) const HOOK_SECRET: &str = "canary-b5e4 hook/+&=4";

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

/// The instance's clock is everybody's.
struct InstanceClock(Control);

impl std::fmt::Debug for InstanceClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The instance knows every password.
        write!(f, "InstanceClock({})", self.0.now())
    }
}

impl Clock for InstanceClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(super) struct Instance {
    pub(super) host: &'static str,
    pub(super) control: Control,
    /// What the standard user once got from the token endpoint.
    pub(super) refresh_token: String,
    pub(super) access_token: String,
    transport: Arc<dyn Transport>,
}

impl Instance {
    pub(super) async fn start(host: &'static str, seed: u64) -> Self {
        let client = OAuthClient {
            client_id: CLIENT.to_owned(),
            client_secret: Some(CLIENT_SECRET.to_owned()),
            ..OAuthClient::standard()
        };
        let sandbox = Sandbox::builder()
            .seed(seed)
            .password("admin", PASSWORD)
            .password("itil", PASSWORD)
            .oauth_client(client)
            .build()
            .unwrap();
        let control = sandbox.control();
        let is_reset = |extensions: &http::Extensions| extensions.get::<ConnectionReset>().is_some();
        let transport: Arc<dyn Transport> =
            Arc::new(ServiceTransport::<_, axum::body::Body>::new(sandbox.router(), is_reset));
        let token = token(&*transport, host).await;
        // That was the user's doing, long ago.
        control.clear_requests();
        let text = |key: &str| token[key].as_str().unwrap().to_owned();
        Self { host, control, refresh_token: text("refresh_token"), access_token: text("access_token"), transport }
    }

    /// What providers are handed.
    pub(super) fn context(&self) -> BuildContext {
        let policy = AddressPolicy::strict().allow_loopback();
        let http = HttpContext::with_transport(policy, Arc::clone(&self.transport))
            .with_random(Arc::new(SeededRandom::new(1)));
        let clock = Arc::new(InstanceClock(self.control.clone()));
        BuildContext::new().with_clock(clock as Arc<dyn Clock>).with_extension(http)
    }

    pub(super) fn provider(&self, config: Value) -> Result<Arc<dyn TicketingProvider>> {
        ServiceNow::new(config, &self.context()).map(|provider| Arc::new(provider) as Arc<dyn TicketingProvider>)
    }
}

/// wire §5.1: the user lets the client in, here by a password grant.
async fn token(transport: &dyn Transport, host: &str) -> Value {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", "password"),
            ("client_id", CLIENT),
            ("client_secret", CLIENT_SECRET),
            ("username", "admin"),
            ("password", PASSWORD),
        ])
        .finish();
    let request = http::Request::post(format!("{host}/oauth_token.do"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::Bytes(form.into()))
        .unwrap();
    let answer = transport.send(request).await.unwrap();
    let pieces: Vec<_> = answer.into_body().try_collect().await.unwrap();
    let text: Value = serde_json::from_slice(&pieces.concat()).unwrap();
    assert_ne!(text["refresh_token"], json!(null), "{text}");
    text
}
