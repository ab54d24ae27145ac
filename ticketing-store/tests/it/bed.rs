//! A store, sandboxes in process, and connections between them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
// Named once, so that they are linked.
use provider_jira as _;
use provider_memory as _;
use provider_servicenow as _;
use provider_zendesk as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use ticketing_core::request::ByteStream;
use ticketing_core::{BuildContext, Clock, ManualClock, Registry, Secret};
use ticketing_http::http::{Request, Response};
use ticketing_http::{
    AddressPolicy, Body, HttpContext, SeededRandom, ServiceTransport, Transport, TransportError, TransportErrorKind,
};
use ticketing_store::{
    BeginAuthorization, Callback, Client, ClientChoice, Completed, Connection, Connections, KeySource, Location, Store,
};
use vendor_sandbox::{ConnectionReset, jira, servicenow, zendesk};

use crate::gateway;

/// Where the sandboxes are taken to be.
pub(crate) const SERVICENOW: &str = "http://127.0.0.1:4010";
pub(crate) const JIRA: &str = "http://127.0.0.1:4020";
pub(crate) const ZENDESK: &str = "http://127.0.0.1:4030";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8400/callback";
pub(crate) const TENANT: &str = "acme";

/// A key of tests.
pub(crate) fn key(byte: u8) -> KeySource {
    let keys = Secret::new(format!("{byte:02x}").repeat(32));
    KeySource::Text { name: "TICKETING_KEY".to_owned(), keys }
}

/// Routes requests by their port, and notes how many went to each.
#[derive(Default)]
pub(crate) struct ByPort {
    routes: HashMap<u16, Arc<dyn Transport>>,
    pub(crate) sent: Mutex<Vec<String>>,
}

impl fmt::Debug for ByPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByPort").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for ByPort {
    async fn send(&self, request: Request<Body>) -> Result<Response<ByteStream>, TransportError> {
        self.sent.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        let port = request.uri().port_u16().unwrap_or(0);
        match self.routes.get(&port) {
            Some(route) => route.send(request).await,
            None => Err(TransportError::new(TransportErrorKind::Connect, "nobody listens there")),
        }
    }
}

pub(crate) fn transport(router: axum::Router) -> Arc<dyn Transport> {
    let is_reset = |extensions: &ticketing_http::http::Extensions| extensions.get::<ConnectionReset>().is_some();
    Arc::new(ServiceTransport::<_, axum::body::Body>::new(router, is_reset))
}

/// The providers of these tests.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::discover().unwrap();
    registry.register(gateway::REGISTRATION).unwrap();
    registry
}

/// A store in a folder of its own, a ServiceNow, a Jira and a Zendesk in process, and one clock for all of them.
pub(crate) struct Bed {
    pub(crate) folder: TempDir,
    pub(crate) connections: Connections,
    pub(crate) servicenow: servicenow::Control,
    pub(crate) jira: jira::Control,
    pub(crate) zendesk: zendesk::Control,
    pub(crate) transport: Arc<ByPort>,
    clock: Arc<ManualClock>,
    _sandboxes: (servicenow::Sandbox, jira::Sandbox, zendesk::Sandbox),
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::of(servicenow::Sandbox::builder().seed(7)).await
    }

    /// With an instance that gives tokens for a client's own credentials.
    pub(crate) async fn granting() -> Self {
        let grants = "glide.oauth.inbound.client.credential.grant_type.enabled";
        Self::of(servicenow::Sandbox::builder().seed(7).property(grants, "true")).await
    }

    pub(crate) async fn of(builder: servicenow::SandboxBuilder) -> Self {
        let instance = builder.build().unwrap();
        let clock = Arc::new(ManualClock::new(instance.control().now()));
        let site = jira::Sandbox::builder().seed(7).clock(instance.control().now()).build().unwrap();
        let account = zendesk::Sandbox::builder().seed(7).clock(instance.control().now()).build().unwrap();
        let routes = HashMap::from([
            (4010, transport(instance.router())),
            (4020, transport(site.router())),
            (4030, transport(account.router())),
        ]);
        let transport = Arc::new(ByPort { routes, sent: Mutex::default() });
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::File(folder.path().join("store.db")), key(7)).await.unwrap();
        let context = context(Arc::clone(&transport) as Arc<dyn Transport>, Arc::clone(&clock) as Arc<dyn Clock>);
        let connections = Connections::new(store, registry(), &context).unwrap();
        Self {
            folder,
            connections,
            servicenow: instance.control(),
            jira: site.control(),
            zendesk: account.control(),
            transport,
            clock,
            _sandboxes: (instance, site, account),
        }
    }

    /// The same store as another process would have it: clients and tokens of its own.
    pub(crate) async fn beside(&self) -> Connections {
        let store = Store::open(&Location::File(self.folder.path().join("store.db")), key(7)).await.unwrap();
        let transport = Arc::clone(&self.transport) as Arc<dyn Transport>;
        Connections::new(store, registry(), &context(transport, Arc::clone(&self.clock) as Arc<dyn Clock>)).unwrap()
    }

    /// Moves every clock on.
    pub(crate) fn advance(&self, seconds: u64) {
        self.servicenow.advance(seconds).unwrap();
        self.jira.advance(seconds).unwrap();
        self.zendesk.advance(seconds).unwrap();
        self.clock.set(self.servicenow.now());
    }

    pub(crate) fn begin_servicenow(&self, name: &str) -> BeginAuthorization {
        let config = json!({"instance": SERVICENOW, "tables": ["incident"]});
        let client = Client::new("sandbox-client", Some(Secret::new("sandbox-secret")));
        BeginAuthorization::new(TENANT, "servicenow", name, config, ClientChoice::Own(client), REDIRECT)
    }

    pub(crate) fn begin_jira(&self, name: &str) -> BeginAuthorization {
        let client = Client::new("sandbox-client", Some(Secret::new("sandbox-secret")));
        BeginAuthorization::new(TENANT, "gateway", name, json!({"gateway": JIRA}), ClientChoice::Own(client), REDIRECT)
    }

    pub(crate) fn begin_zendesk(&self, name: &str) -> BeginAuthorization {
        let client = Client::new("sandbox-client", Some(Secret::new("sandbox-secret")));
        let config = json!({ "instance": ZENDESK });
        BeginAuthorization::new(TENANT, "zendesk", name, config, ClientChoice::Own(client), REDIRECT)
    }

    /// A customer's browser: agrees at once, and comes back with the query of the redirect.
    pub(crate) async fn agree(&self, url: &url::Url) -> String {
        let mut request = Request::new(Body::Empty);
        *request.uri_mut() = url.as_str().parse().unwrap();
        let answer = self.transport.send(request).await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        location.split_once('?').unwrap().1.to_owned()
    }

    /// Connects, all the way.
    pub(crate) async fn connect(&self, request: BeginAuthorization) -> Connection {
        let tenant = request.tenant.clone();
        let begun = self.connections.begin_authorization(request).await.unwrap();
        let query = self.agree(&begun.url).await;
        let callback = Callback::from_query(&query).unwrap();
        match self.connections.complete_authorization(&tenant, callback).await.unwrap() {
            Completed::Connected(connection) => *connection,
            other => panic!("{other:?}"),
        }
    }

    /// How often a token endpoint was asked since the last time.
    pub(crate) fn token_requests(&self) -> usize {
        let mut sent = self.transport.sent.lock().unwrap();
        let count = sent.iter().filter(|sent| sent.starts_with("POST ") && sent.contains("/oauth")).count();
        sent.clear();
        count
    }
}

pub(crate) fn context(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> BuildContext {
    let policy = AddressPolicy::strict().allow_loopback();
    let http = HttpContext::with_transport(policy, transport).with_random(Arc::new(SeededRandom::new(1)));
    BuildContext::new().with_clock(clock).with_extension(http)
}

/// A connection that needs no sandbox.
pub(crate) async fn with_password(connections: &Connections, tenant: &str, name: &str, password: &str) -> Connection {
    let auth: Value = json!({"type": "basic", "username": "admin", "password": password});
    let config = json!({"instance": SERVICENOW, "auth": auth, "mapping": {"status": {"9": "on_hold"}}});
    connections.connect(tenant, "servicenow", name, config).await.unwrap()
}
