//! From one installation to another: whole, under a passphrase, and nothing to be read on the way.

use serde_json::{Value, json};
use ticketing_core::{ErrorKind, Secret};
use ticketing_store::{Exported, Location, Status, Store};

use crate::bed::{Bed, TENANT, key, with_password};

#[tokio::test]
async fn a_connection_moves_whole() {
    let bed = Bed::new().await;
    bed.connect(bed.begin_jira("jira")).await;
    with_password(&bed.connections, TENANT, "prod", "hunter2").await;
    let here = bed.connections.store();
    let prod = here.find(TENANT, "prod").await.unwrap();
    here.set_webhook_secrets(&prod, &[Secret::new("hook secret")]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let there = Store::open(&Location::File(folder.path().join("store.db")), key(9)).await.unwrap();
    let passphrase = Secret::new("correct horse battery");
    for name in ["jira", "prod"] {
        let connection = here.find(TENANT, name).await.unwrap();
        let exported = here.export(&connection, &passphrase).await.unwrap();
        let text = serde_json::to_string(&exported).unwrap();
        for secret in ["hunter2", "sandbox-secret", "hook secret", "127.0.0.1"] {
            assert!(!text.contains(secret), "{text}");
        }
        let read: Exported = serde_json::from_str(&text).unwrap();
        let moved = there.import("globex", &read, &passphrase, None).await.unwrap();
        assert_ne!(moved.id, connection.id);
        assert_eq!((moved.tenant.as_str(), &moved.config), ("globex", &connection.config));
        assert_eq!((&moved.mapping, &moved.oauth_app), (&connection.mapping, &connection.oauth_app));
        assert_eq!(moved.webhook_secrets, connection.webhook_secrets);
        let taken = there.import("globex", &read, &passphrase, None).await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
        there.import("globex", &read, &passphrase, Some("other")).await.unwrap();
        there.remove("globex", "other").await.unwrap();
    }
    let prod = there.find("globex", "prod").await.unwrap();
    assert_eq!(there.webhook_secrets(&prod).await.unwrap()[0].expose(), "hook secret");
}

/// One that the vendor takes no more is no better elsewhere.
#[tokio::test]
async fn a_dead_connection_moves_as_one() {
    let bed = Bed::new().await;
    bed.connect(bed.begin_servicenow("prod")).await;
    let changed = vendor_sandbox::servicenow::OAuthClient {
        client_secret: Some("rolled-secret".to_owned()),
        ..vendor_sandbox::servicenow::OAuthClient::standard()
    };
    bed.servicenow.set_oauth_client(changed);
    bed.advance(1_801);
    bed.connections.client(TENANT, "prod").await.unwrap().check().await.unwrap_err();
    let here = bed.connections.store();
    let dead = here.find(TENANT, "prod").await.unwrap();
    assert_eq!(dead.status, Status::NeedsReauthorization);
    let passphrase = Secret::new("correct horse battery");
    let exported = here.export(&dead, &passphrase).await.unwrap();
    let moved = here.import("globex", &exported, &passphrase, None).await.unwrap();
    assert_eq!((moved.status, moved.last_error), (dead.status, dead.last_error));
}

#[tokio::test]
async fn another_passphrase_and_a_changed_file_open_nothing() {
    let bed = Bed::new().await;
    let prod = with_password(&bed.connections, TENANT, "prod", "hunter2").await;
    let store = bed.connections.store();
    let short = store.export(&prod, &Secret::new("short")).await.unwrap_err();
    assert_eq!(short.field(), Some("passphrase"));
    let passphrase = Secret::new("correct horse battery");
    let exported = serde_json::to_value(store.export(&prod, &passphrase).await.unwrap()).unwrap();
    let import = async |value: &Value, passphrase: &Secret| {
        let read: Exported = serde_json::from_value(value.clone()).unwrap();
        store.import("globex", &read, passphrase, None).await.unwrap_err()
    };
    let error = import(&exported, &Secret::new("correct horse batterx")).await;
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("passphrase")));
    for (place, value) in [
        ("/format", json!("other")),
        ("/version", json!(2)),
        ("/kdf/name", json!("scrypt")),
        ("/kdf/memory_kib", json!(4_000_000_000_u32)),
        ("/kdf/passes", json!(1)),
        ("/kdf/lanes", json!(2_000)),
        ("/kdf/salt", json!("AAAAAAAAAAAAAAAAAAAAAA==")),
        ("/nonce", json!("AAAA")),
        ("/sealed", json!("AAAA")),
        ("/sealed", json!("")),
    ] {
        let mut changed = exported.clone();
        *changed.pointer_mut(place).unwrap() = value;
        let error = import(&changed, &passphrase).await;
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{place}: {error}");
        assert!(error.hint().is_some(), "{place}");
    }
    assert!(store.list("globex", "", 10).await.unwrap().is_empty());
}
