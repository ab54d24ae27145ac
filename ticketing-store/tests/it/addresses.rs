//! What customers type, and where servers point: refused before a byte is sent.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::json;
use ticketing_core::request::ByteStream;
use ticketing_core::{BuildContext, ErrorKind, Secret};
use ticketing_http::http::{Request, Response};
use ticketing_http::{AddressPolicy, Body, HttpContext, Transport, TransportError};
use ticketing_store::{BeginAuthorization, Callback, Client, ClientChoice, Connections, Location, Status, Store};

use crate::bed::{REDIRECT, TENANT, key, registry};

#[path = "../../../ticketing-http/tests/it/hostile.rs"]
mod hostile;

/// Answers everything with a redirect, or with what it is told first; and notes where it was asked.
struct Pointing {
    answers: Mutex<Vec<(u16, String, &'static str)>>,
    asked: Mutex<Vec<String>>,
}

impl fmt::Debug for Pointing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pointing").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Pointing {
    async fn send(&self, request: Request<Body>) -> Result<Response<ByteStream>, TransportError> {
        self.asked.lock().unwrap().push(request.uri().to_string());
        let (status, location, body) = self.answers.lock().unwrap().pop().unwrap_or((500, String::new(), ""));
        let body = futures::stream::iter([Ok(Bytes::from_static(body.as_bytes()))]).boxed();
        let response = Response::builder().status(status).header("content-type", "application/json");
        Ok(response.header("location", location).body(body).unwrap())
    }
}

struct Place {
    _folder: tempfile::TempDir,
    connections: Connections,
    transport: Arc<Pointing>,
}

/// A product as it is by default: the strict policy.
async fn strict() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Location::File(folder.path().join("store.db")), key(7)).await.unwrap();
    let transport = Arc::new(Pointing { answers: Mutex::default(), asked: Mutex::default() });
    let http = HttpContext::with_transport(AddressPolicy::strict(), Arc::clone(&transport) as Arc<dyn Transport>);
    let context = BuildContext::new().with_extension(http);
    Place { _folder: folder, connections: Connections::new(store, registry(), &context).unwrap(), transport }
}

fn request(name: &str, instance: &str) -> BeginAuthorization {
    let client = ClientChoice::Own(Client::new("id", Some(Secret::new("hunter2"))));
    BeginAuthorization::new(TENANT, "servicenow", name, json!({"instance": instance}), client, REDIRECT)
}

#[tokio::test]
async fn no_hostile_address_gets_as_far_as_a_request() {
    assert!(hostile::HOSTILE.len() >= 100, "{}", hostile::HOSTILE.len());
    let place = strict().await;
    for instance in hostile::HOSTILE {
        let begun = place.connections.begin_authorization(request("c", instance)).await;
        let granted = place.connections.connect_by_grant(request("c", instance), None).await;
        let auth = json!({"type": "basic", "username": "u", "password": "hunter2"});
        let config = json!({"instance": instance, "auth": auth});
        let given = place.connections.connect(TENANT, "servicenow", "c", config).await;
        for error in [begun.map(drop).unwrap_err(), granted.map(drop).unwrap_err(), given.map(drop).unwrap_err()] {
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("instance")), "{instance:?}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{instance:?}");
        }
    }
    assert!(place.transport.asked.lock().unwrap().is_empty());
    assert!(place.connections.store().list(TENANT, "", 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_host_that_the_operator_lists_is_taken_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Location::File(folder.path().join("store.db")), key(7)).await.unwrap();
    let transport = Arc::new(Pointing { answers: Mutex::default(), asked: Mutex::default() });
    let policy = AddressPolicy::strict().allow_host("snow.intra.corp");
    let http = HttpContext::with_transport(policy, transport);
    let context = BuildContext::new().with_extension(http);
    let connections = Connections::new(store, registry(), &context).unwrap();
    let begun = connections.begin_authorization(request("c", "snow.intra.corp")).await.unwrap();
    assert!(begun.url.as_str().starts_with("https://snow.intra.corp/oauth_auth.do?"));
    for instance in ["http://snow.intra.corp", "wiki.intra.corp", "https://snow.intra.corp/x", "127.0.0.1"] {
        assert!(connections.begin_authorization(request("c", instance)).await.is_err(), "{instance}");
    }
}

#[tokio::test]
async fn where_codes_are_sent_back_to_is_no_open_door() {
    let place = strict().await;
    for redirect in [
        "",
        "callback",
        "http://app.example.com/callback",
        "http://127.0.0.1.evil.example.org/",
        "ftp://127.0.0.1/",
        "javascript:alert(1)",
        "https://u:p@app.example.com/",
        "https://app.example.com/#x",
    ] {
        let mut request = request("c", "acme");
        request.redirect_uri = redirect.to_owned();
        let error = place.connections.begin_authorization(request).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("redirect_uri")), "{redirect}");
    }
}

/// Where a server may point us to.
const POINTERS: &[&str] = &[
    "https://evil.example.org/oauth_token.do",
    "https://acme.service-now.com.evil.example.org/",
    "http://acme.service-now.com/oauth_token.do",
    "https://acme.service-now.com:8443/oauth_token.do",
    "https://acme.service-now.com/other",
    "//evil.example.org/",
    "/login.do",
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1/",
    "http://[::1]/",
    "https://10.0.0.1/",
    "file:///etc/passwd",
    "https://u:p@acme.service-now.com/",
    "",
];

#[tokio::test]
async fn no_redirect_of_a_token_endpoint_is_followed() {
    for location in POINTERS {
        for status in [301, 302, 303, 307, 308] {
            let place = strict().await;
            let begun = place.connections.begin_authorization(request("c", "acme")).await.unwrap();
            let state = begun.url.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
            let callback = Callback::from_query(&format!("code=canary&state={state}")).unwrap();
            place.transport.answers.lock().unwrap().push((status, (*location).to_owned(), ""));
            let error = place.connections.complete_authorization(TENANT, callback).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{status} {location}: {error}");
            assert_eq!(*place.transport.asked.lock().unwrap(), ["https://acme.service-now.com/oauth_token.do"]);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn no_redirect_is_followed_with_a_refresh_token_and_the_connection_stays() {
    let place = strict().await;
    let begun = place.connections.begin_authorization(request("c", "acme")).await.unwrap();
    let state = begun.url.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    let token = r#"{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":0}"#;
    place.transport.answers.lock().unwrap().push((200, String::new(), token));
    let callback = Callback::from_query(&format!("code=x&state={state}")).unwrap();
    place.connections.complete_authorization(TENANT, callback).await.unwrap();
    place.transport.asked.lock().unwrap().clear();
    for location in POINTERS {
        place.transport.answers.lock().unwrap().push((302, (*location).to_owned(), ""));
        let fresh = place.connections.clone().with_lease(std::time::Duration::from_secs(1));
        let error = fresh.client(TENANT, "c").await.unwrap().check().await.unwrap_err();
        assert!(error.is_retryable(), "{location}: {error}");
        let asked = std::mem::take(&mut *place.transport.asked.lock().unwrap());
        assert!(asked.iter().all(|url| url == "https://acme.service-now.com/oauth_token.do"), "{location}: {asked:?}");
    }
    assert_eq!(place.connections.store().find(TENANT, "c").await.unwrap().status, Status::Active);
}
