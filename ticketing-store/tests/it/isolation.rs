//! A thousand customers in one process: no one's secret is in another's request, in a log or in an error.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use ticketing_core::request::{ByteStream, ListGroups};
use ticketing_core::{Clock, ErrorKind, ManualClock, Secret};
use ticketing_http::http::{Request, Response};
use ticketing_http::{Body, Transport, TransportError};
use ticketing_store::{BeginAuthorization, Callback, Client, ClientChoice, Completed, Connections, Location, Store};
use vendor_sandbox::{jira, servicenow, zendesk};

use crate::bed::{REDIRECT, context, key, registry, transport};

const CUSTOMERS: u16 = 1_000;
const FIRST_PORT: u16 = 20_000;
/// Customers take turns.
const VENDORS: [&str; 3] = ["servicenow", "jira", "zendesk"];

/// Whose a secret is, by the secret.
type Canaries = Mutex<HashMap<String, u16>>;

/// Each customer's port leads to one of the vendors; everything that is sent is looked through for secrets.
struct Watched {
    vendors: [Arc<dyn Transport>; VENDORS.len()],
    canaries: Arc<Canaries>,
    /// The secrets that were in requests of the customer whose they are, and whose.
    own: Mutex<HashMap<String, u16>>,
    strangers: Mutex<Vec<String>>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

/// The words of a text, as a secret would be one.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| word.len() >= 16)
}

/// Which of the vendors a customer has.
fn vendor(nth: u16) -> usize {
    usize::from(nth) % VENDORS.len()
}

#[async_trait]
impl Transport for Watched {
    async fn send(&self, request: Request<Body>) -> Result<Response<ByteStream>, TransportError> {
        let (parts, body) = request.into_parts();
        let pieces: Vec<Bytes> = body.open().try_collect().await.unwrap();
        let body = pieces.concat();
        let port = parts.uri.port_u16().unwrap();
        let headers: Vec<String> = parts.headers.values().map(|value| value.to_str().unwrap().to_owned()).collect();
        let text = format!("{} {} {}", parts.uri, headers.join(" "), String::from_utf8_lossy(&body));
        for word in words(&text) {
            match self.canaries.lock().unwrap().get(word) {
                Some(owner) if *owner == port => drop(self.own.lock().unwrap().insert(word.to_owned(), port)),
                Some(owner) => {
                    self.strangers.lock().unwrap().push(format!("{owner}'s secret went to {port}: {}", parts.uri))
                }
                None => {}
            }
        }
        let to_token = ["/oauth/token", "/oauth/tokens"].contains(&parts.uri.path());
        // The sandboxes have one client, whose secret each customer has under a name of its own.
        let body = match String::from_utf8(body) {
            Ok(text) if to_token => text.replace(&client_secret(port), "sandbox-secret").into_bytes(),
            Ok(text) => text.into_bytes(),
            Err(bytes) => bytes.into_bytes(),
        };
        let request = Request::from_parts(parts, Body::Bytes(body.into()));
        let response = self.vendors[vendor(port - FIRST_PORT)].send(request).await?;
        if !to_token {
            return Ok(response);
        }
        // What the vendor gives this customer is this customer's alone.
        let (parts, body) = response.into_parts();
        let pieces: Vec<Bytes> = body.try_collect().await.unwrap();
        let body = pieces.concat();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        for token in ["access_token", "refresh_token"] {
            if let Some(token) = answer[token].as_str() {
                self.canaries.lock().unwrap().insert(token.to_owned(), port);
            }
        }
        let body = futures::stream::iter([Ok(Bytes::from(body))]).boxed();
        Ok(Response::from_parts(parts, body))
    }
}

/// The secret of the OAuth client of the customer at a port.
fn client_secret(port: u16) -> String {
    format!("canary-client-secret-of-{port:05}")
}

/// Everything that is logged.
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

/// Connects a customer: of ServiceNow by an API key of their own, of Jira and Zendesk by OAuth; and who has a wrong
/// credential, by that.
async fn connect(connections: &Connections, watched: &Watched, nth: u16, good: bool) {
    let (tenant, port) = (format!("tenant-{nth}"), FIRST_PORT + nth);
    let address = format!("http://127.0.0.1:{port}");
    let provider = VENDORS[vendor(nth)];
    if !good || provider == "servicenow" {
        let key = if good { format!("canary-key-of-{nth:05}") } else { format!("canary-bad-key-of-{nth:05}") };
        watched.canaries.lock().unwrap().insert(key.clone(), port);
        let auth = match provider {
            "servicenow" => json!({"type": "api_key", "key": key}),
            _ => json!({"type": "bearer", "token": key}),
        };
        let config = json!({"instance": address, "auth": auth});
        connections.connect(&tenant, provider, "c", config).await.unwrap();
        return;
    }
    let secret = client_secret(port);
    watched.canaries.lock().unwrap().insert(secret.clone(), port);
    let client = Client::new("sandbox-client", Some(Secret::new(secret)));
    let config = json!({"instance": address});
    let request = BeginAuthorization::new(&tenant, provider, "c", config, ClientChoice::Own(client), REDIRECT);
    let begun = connections.begin_authorization(request).await.unwrap();
    let mut request = Request::new(Body::Empty);
    *request.uri_mut() = begun.url.as_str().parse().unwrap();
    let answer = watched.send(request).await.unwrap();
    let query = answer.headers()["location"].to_str().unwrap().split_once('?').unwrap().1.to_owned();
    let callback = Callback::from_query(&query).unwrap();
    let done = connections.complete_authorization(&tenant, callback).await.unwrap();
    assert!(matches!(done, Completed::Connected(_)));
}

#[tokio::test]
async fn a_thousand_customers_keep_their_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // Of the whole process: what other tests log meanwhile is looked through with it.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let mut builder = servicenow::Sandbox::builder().seed(7);
    for nth in (0..CUSTOMERS).filter(|nth| vendor(*nth) == 0) {
        builder = builder.api_key(format!("canary-key-of-{nth:05}"), "itil");
    }
    let instance = builder.build().unwrap();
    let site = jira::Sandbox::builder().seed(7).clock(instance.control().now()).build().unwrap();
    let account = zendesk::Sandbox::builder().seed(7).clock(instance.control().now()).build().unwrap();
    let clock = Arc::new(ManualClock::new(instance.control().now()));
    let watched = Arc::new(Watched {
        vendors: [instance.router(), site.router(), account.router()].map(transport),
        canaries: Arc::default(),
        own: Mutex::default(),
        strangers: Mutex::default(),
    });
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Location::File(folder.path().join("store.db")), key(7)).await.unwrap();
    let context = context(Arc::clone(&watched) as Arc<dyn Transport>, Arc::clone(&clock) as Arc<dyn Clock>);
    let connections = Connections::new(store, registry(), &context).unwrap();
    // One in fifty has a wrong credential, of each vendor, so that there are errors to look through.
    let good = |nth: u16| !nth.is_multiple_of(50);
    for nth in 0..CUSTOMERS {
        connect(&connections, &watched, nth, good(nth)).await;
    }

    let (mut errors, mut refused) = (Vec::new(), [0; VENDORS.len()]);
    for round in 0..2 {
        let mut reads = futures::stream::iter(0..CUSTOMERS)
            .map(|nth| {
                let connections = connections.clone();
                async move {
                    let client = connections.client(&format!("tenant-{nth}"), "c").await.unwrap();
                    let outcome = client.list_groups(ListGroups::new().with_page_size(1)).await.map(drop);
                    (nth, outcome)
                }
            })
            .buffer_unordered(50);
        while let Some((nth, outcome)) = reads.next().await {
            match outcome {
                Ok(_) => assert!(good(nth), "customer {nth}"),
                Err(error) => {
                    assert!(!good(nth) && error.kind() == ErrorKind::Unauthenticated, "customer {nth}: {error}");
                    refused[vendor(nth)] += 1;
                    errors.push(format!("{error} {error:?}"));
                }
            }
        }
        // In the second round every token is over.
        if round == 0 {
            instance.control().advance(4_000).unwrap();
            site.control().advance(4_000).unwrap();
            account.control().advance(4_000).unwrap();
            clock.set(site.control().now());
        }
    }
    assert_eq!(*watched.strangers.lock().unwrap(), Vec::<String>::new());
    let own = watched.own.lock().unwrap();
    let owners: HashSet<u16> = own.values().copied().collect();
    assert_eq!(owners.len(), usize::from(CUSTOMERS), "each customer's secret was in its own requests");
    let clients =
        (0..CUSTOMERS).filter(|nth| vendor(*nth) > 0 && good(*nth)).map(|nth| client_secret(FIRST_PORT + nth));
    for client in clients {
        assert!(own.contains_key(&client), "{client} was in no request");
    }
    let canaries = watched.canaries.lock().unwrap();
    assert!(canaries.len() > 2_600, "{}", canaries.len());
    assert_eq!(errors.len(), 2 * usize::from(CUSTOMERS / 50));
    assert!(refused.iter().all(|count| *count > 10), "errors of each vendor were looked through: {refused:?}");
    let shown = format!("{connections:?}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.len() > 10_000, "the log is of {} bytes", log.len());
    for text in [log, errors.join("\n"), shown] {
        let told = words(&text).find(|word| canaries.contains_key(*word));
        assert_eq!(told, None);
    }
}
