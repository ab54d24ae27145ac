//! What holds a secret shows it to nobody: not in `Debug`, not in JSON, not in an error.

use std::fmt::Debug;

use serde_json::{Value, json};
use ticketing_core::{ErrorKind, Secret};
use ticketing_store::{
    BeginAuthorization, Callback, Client, ClientChoice, Completed, Credential, FixedAuth, KeySource, Location,
    NewConnection, Store,
};

use crate::bed::{Bed, REDIRECT, SERVICENOW, TENANT, key, with_password};

const CANARY: &str = "c4n4ry-5ecret";

fn canary() -> Secret {
    Secret::new(CANARY)
}

#[track_caller]
fn silent(what: &str, text: &str) {
    assert!(!text.contains(CANARY), "{what}: {text}");
}

#[track_caller]
fn silent_debug(what: &str, value: &dyn Debug) {
    silent(what, &format!("{value:?}"));
    silent(what, &format!("{value:#?}"));
}

#[track_caller]
fn silent_error(what: &str, error: &ticketing_core::Error) {
    silent(what, &format!("{error} {error:?} {error:#?} {:?}", error.hint()));
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        silent(what, &format!("{cause} {cause:?}"));
        source = cause.source();
    }
}

fn map(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn no_type_shows_its_secret() {
    let client = Client::new("id", Some(canary()));
    silent_debug("client", &client);
    silent_debug("choice", &ClientChoice::Own(client.clone()));
    let auth = FixedAuth::new(map(json!({ "type": "basic", "username": "u", "password": CANARY })));
    silent_debug("auth", &auth);
    silent_debug("credential", &Credential::Fixed(auth.clone()));
    // What stands in a configuration by mistake is not known to be a secret yet.
    let config = json!({ "instance": "acme", "auth": { "password": CANARY }, "password": CANARY });
    let request =
        BeginAuthorization::new("t", "servicenow", "n", config.clone(), ClientChoice::Own(client.clone()), REDIRECT);
    silent_debug("request", &request);
    let mut new = NewConnection::new("t", "servicenow", "n", "acme.service-now.com", config);
    new.own_client = Some(client);
    new.credential = Some(Credential::Fixed(auth));
    new.webhook_secrets = vec![canary()];
    silent_debug("new connection", &new);
    silent_debug("keys", &KeySource::Text { name: "TICKETING_KEY".to_owned(), keys: canary() });
    let url = format!("postgres://user:{CANARY}@db.example.com/x?password={CANARY}");
    silent_debug("location", &url.parse::<Location>().unwrap());
    let callback = Callback::from_query(&format!("code={CANARY}&state={CANARY}-state")).unwrap();
    silent_debug("callback", &callback);
    silent_debug("choice of a site", &Completed::ChooseSite { continuation: canary(), sites: Vec::new() });
    for wrong in [format!("code={CANARY}"), format!("state={CANARY}"), CANARY.to_owned()] {
        silent_error("callback", &Callback::from_query(&wrong).unwrap_err());
    }
    for wrong in [format!("mysql://u:{CANARY}@h/x"), format!("x://{CANARY}")] {
        silent_error("location", &wrong.parse::<Location>().unwrap_err());
    }
}

#[tokio::test]
async fn nothing_that_comes_of_an_authorization_shows_it() {
    let bed = Bed::new().await;
    let begun = bed.connections.begin_authorization(bed.begin_servicenow("oauth")).await.unwrap();
    let state = begun.url.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    assert!(!format!("{begun:?} {begun:#?}").contains(&state), "{begun:?}");
    let query = bed.agree(&begun.url).await;
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap().to_owned();
    let callback = Callback::from_query(&query).unwrap();
    let shown = format!("{callback:?}");
    assert!(!shown.contains(&state) && !shown.contains(&code), "{shown}");
    let done = bed.connections.complete_authorization(TENANT, callback.clone()).await.unwrap();
    // A second time it is refused, and the refusal does not say which it was.
    let refused = bed.connections.complete_authorization(TENANT, callback).await.unwrap_err();
    let Completed::Connected(connection) = &done else { panic!("{done:?}") };
    let exported = bed.connections.store().export(connection, &Secret::new("correct horse battery")).await.unwrap();
    let json = serde_json::to_value(&exported).unwrap();
    let shown = format!("{done:?} {refused:?} {refused} {exported:?} {exported:#?} {:?}", bed.connections);
    for secret in [state.as_str(), &code, "sandbox-secret", json["sealed"].as_str().unwrap()] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[tokio::test]
async fn an_opened_connection_shows_nothing() {
    let bed = Bed::new().await;
    let one = with_password(&bed.connections, TENANT, "one", CANARY).await;
    let store = bed.connections.store();
    store.set_webhook_secrets(&one, &[canary()]).await.unwrap();
    let client = bed.connections.client(TENANT, "one").await.unwrap();
    let intake = bed.connections.webhook(TENANT, "one").await.unwrap();
    silent_debug("client", &client);
    silent_debug("provider", &client.provider());
    silent_debug("intake", &intake);
    silent_debug("connections", &bed.connections);
    silent_debug("store", store);
    silent_debug("connection", &one);
    silent("connection", &serde_json::to_string(&one).unwrap());
    silent_error("refused", &client.check().await.unwrap_err());
    // Keys are shown by their ids alone.
    let keys = format!("{:?}", Store::open(&Location::File(bed.folder.path().join("store.db")), key(7)).await.unwrap());
    assert!(!keys.contains(&"07".repeat(4)), "{keys}");
}

/// A configuration is kept, listed and shown in clear: what is secret is not taken into it.
#[tokio::test]
async fn a_secret_in_a_configuration_is_refused_and_not_kept() {
    let bed = Bed::new().await;
    let refused = |error: &ticketing_core::Error, field: &str| {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{error}");
        assert!(error.hint().is_some(), "{error}");
        silent_error("refusal", error);
    };
    let config = json!({ "account": "acme", "webhook_secret": CANARY });
    refused(&bed.connections.connect(TENANT, "memory", "mem", config).await.unwrap_err(), "webhook_secret");
    let config = json!({ "instance": SERVICENOW, "auth": { "type": "basic", "username": "u", "password": CANARY } });
    let client = ClientChoice::Own(Client::new("id", None));
    let request = BeginAuthorization::new(TENANT, "servicenow", "n", config.clone(), client, REDIRECT);
    refused(&bed.connections.begin_authorization(request.clone()).await.unwrap_err(), "auth");
    refused(&bed.connections.connect_by_grant(request, None).await.unwrap_err(), "auth");
    let new = NewConnection::new(TENANT, "servicenow", "n", "acme.service-now.com", config);
    refused(&bed.connections.store().add(new).await.unwrap_err(), "auth");
    assert!(bed.connections.store().list(TENANT, "", 10).await.unwrap().is_empty());
    for entry in std::fs::read_dir(bed.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()));
    }
}
