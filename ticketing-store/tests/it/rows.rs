//! The same on an SQLite file and on PostgreSQL: names, tenants, secrets, keys.

use serde_json::json;
use ticketing_core::{ErrorKind, Secret};
use ticketing_store::{
    Client, Credential, FixedAuth, GrantKind, KeySource, Location, NewConnection, OAuthApp, Status, Store, Tokens,
};

use crate::bed::key;
use crate::postgres;

/// Runs a test on both databases.
macro_rules! on_both {
    ($( $(#[$doc:meta])* async fn $name:ident($store:ident: Location) $body:block )*) => { $(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn holds($store: Location) $body

            #[tokio::test]
            async fn sqlite() {
                let folder = tempfile::tempdir().unwrap();
                holds(Location::File(folder.path().join("new/store.db"))).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = postgres::database().await {
                    holds(database).await;
                }
            }
        }
    )* };
}

fn new(tenant: &str, name: &str, password: &str) -> NewConnection {
    let mut new = NewConnection::new(tenant, "servicenow", name, "acme.service-now.com", json!({"instance": "acme"}));
    let auth = json!({"type": "basic", "username": "u", "password": password});
    new.credential = Some(Credential::Fixed(FixedAuth::new(auth.as_object().unwrap().clone())));
    new
}

on_both! {
    async fn a_connection_is_kept_whole(location: Location) {
        let store = Store::open(&location, key(1)).await.unwrap();
        let mut given = new("acme", "prod ü".replace(' ', "-").as_str(), "hunter2");
        given.mapping = Some(json!({"status": {"9": "on_hold"}}));
        given.own_client = Some(Client::new("id", Some(Secret::new("hunter2"))));
        given.webhook_secrets = vec![Secret::new("hunter2"), Secret::new("hunter3")];
        given.scopes = vec!["useraccount".to_owned()];
        let made = store.add(given).await.unwrap();
        store.close().await;
        let store = Store::open(&location, key(1)).await.unwrap();
        let read = store.get("acme", &made.id).await.unwrap();
        assert_eq!(read, made);
        assert_eq!(store.find("acme", "prod-ü").await.unwrap(), made);
        assert_eq!((read.status, read.credential.as_deref(), read.webhook_secrets), (Status::Active, Some("basic"), 2));
        assert_eq!(read.oauth_app, Some(OAuthApp::Own { client_id: "id".to_owned() }));
        assert_eq!(read.mapping, Some(json!({"status": {"9": "on_hold"}})));
        assert_eq!(store.webhook_secrets(&read).await.unwrap()[1].expose(), "hunter3");
        let shown = format!("{read:?} {store:?} {}", serde_json::to_string(&read).unwrap());
        assert!(!shown.contains("hunter"), "{shown}");
        store.set_webhook_secrets(&read, &[Secret::new("hunter4")]).await.unwrap();
        let read = store.get("acme", &made.id).await.unwrap();
        assert_eq!((read.webhook_secrets, store.webhook_secrets(&read).await.unwrap().len()), (1, 1));
        store.close().await;
    }

    async fn tenants_do_not_see_each_other(location: Location) {
        let store = Store::open(&location, key(1)).await.unwrap();
        for tenant in ["acme", "globex"] {
            for name in ["prod", "test", "dev"] {
                store.add(new(tenant, name, "x")).await.unwrap();
            }
        }
        let made = store.find("acme", "prod").await.unwrap();
        assert_eq!(store.get("globex", &made.id).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(store.find("initech", "prod").await.unwrap_err().kind(), ErrorKind::NotFound);
        let names = |all: Vec<ticketing_store::Connection>| all.into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(store.list("acme", "", 10).await.unwrap()), ["dev", "prod", "test"]);
        assert_eq!(names(store.list("acme", "dev", 1).await.unwrap()), ["prod"]);
        let taken = store.add(new("acme", "prod", "x")).await.unwrap_err();
        assert_eq!((taken.kind(), taken.field()), (ErrorKind::AlreadyExists, Some("name")));
        assert_eq!(store.rename("acme", "prod", "test").await.unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(store.rename("acme", "nosuch", "x").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(store.rename("acme", "prod", "main").await.unwrap().id, made.id);
        store.remove("acme", "main").await.unwrap();
        assert_eq!(store.remove("acme", "main").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(store.list("acme", "", 10).await.unwrap().len(), 2);
        assert_eq!(store.list("globex", "", 10).await.unwrap().len(), 3);
        for name in ["", "-x", "a b", "a\nb", &"x".repeat(101), "'; DROP TABLE connections; --"] {
            let error = store.add(new("acme", name, "x")).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("name")), "{name:?}");
        }
        store.close().await;
    }

    async fn rekeying_needs_no_pause_and_loses_nothing(location: Location) {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeySource::Generated(folder.path().join("key"));
        let store = Store::open(&location, keys.clone()).await.unwrap();
        for nth in 0..250 {
            let mut new = new("acme", &format!("c{nth}"), "x");
            new.webhook_secrets = vec![Secret::new(format!("secret {nth}"))];
            store.add(new).await.unwrap();
        }
        // Another process, which read the keys before.
        let beside = Store::open(&location, keys.clone()).await.unwrap();
        let reader = {
            let beside = beside.clone();
            tokio::spawn(async move {
                for round in 0..5 {
                    for nth in (0..250).step_by(7) {
                        let connection = beside.find("acme", &format!("c{nth}")).await.unwrap();
                        let secrets = beside.webhook_secrets(&connection).await.unwrap();
                        assert_eq!(secrets[0].expose(), format!("secret {nth}"), "round {round}");
                    }
                }
            })
        };
        let done = store.rekey(false).await.unwrap();
        assert_eq!(done.sealed_anew + done.changed_meanwhile, 500);
        reader.await.unwrap();
        // What a process with the old key writes meanwhile is read with it still, and sealed anew the next time.
        let connection = beside.find("acme", "c1").await.unwrap();
        beside.set_webhook_secrets(&connection, &[Secret::new("late")]).await.unwrap();
        assert_eq!(store.webhook_secrets(&connection).await.unwrap()[0].expose(), "late");
        store.rekey(true).await.unwrap();
        let fresh = Store::open(&location, keys).await.unwrap();
        for nth in 0..250 {
            let connection = fresh.find("acme", &format!("c{nth}")).await.unwrap();
            assert_eq!(fresh.webhook_secrets(&connection).await.unwrap().len(), 1);
        }
        let lines = std::fs::read_to_string(folder.path().join("key")).unwrap();
        assert_eq!(lines.lines().count(), 1, "the old keys are forgotten");
        for store in [store, beside, fresh] {
            store.close().await;
        }
    }

    async fn two_changes_of_the_key_at_once_lose_nothing(location: Location) {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeySource::Generated(folder.path().join("key"));
        let store = Store::open(&location, keys.clone()).await.unwrap();
        for nth in 0..250 {
            let mut new = new("acme", &format!("c{nth}"), "x");
            new.webhook_secrets = vec![Secret::new(format!("secret {nth}"))];
            store.add(new).await.unwrap();
        }
        let beside = Store::open(&location, keys.clone()).await.unwrap();
        for _ in 0..5 {
            let (one, two) = tokio::join!(store.rekey(true), beside.rekey(true));
            for error in [one.err(), two.err()].into_iter().flatten() {
                assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("key")), "{error}");
            }
            let fresh = Store::open(&location, keys.clone()).await.unwrap();
            for nth in (0..250).step_by(7) {
                let connection = fresh.find("acme", &format!("c{nth}")).await.unwrap();
                assert_eq!(fresh.webhook_secrets(&connection).await.unwrap()[0].expose(), format!("secret {nth}"));
            }
            fresh.close().await;
        }
        store.rekey(true).await.unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("key")).unwrap().lines().count(), 1);
        for store in [store, beside] {
            store.close().await;
        }
    }

    async fn another_key_opens_nothing_and_harms_nothing(location: Location) {
        let store = Store::open(&location, key(1)).await.unwrap();
        let mut given = new("acme", "prod", "x");
        given.webhook_secrets = vec![Secret::new("s")];
        let made = store.add(given).await.unwrap();
        let other = Store::open(&location, key(2)).await.unwrap();
        let error = other.webhook_secrets(&made).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("key")), "{error}");
        assert!(error.hint().unwrap().contains("nothing was lost"));
        let error = other.rekey(false).await.unwrap_err();
        assert_eq!(error.field(), Some("key"), "{error}");
        assert_eq!(store.webhook_secrets(&made).await.unwrap()[0].expose(), "s");
        store.close().await;
        other.close().await;
    }

    async fn many_processes_make_one_store(location: Location) {
        let opened = (0..8).map(|_| {
            let location = location.clone();
            tokio::spawn(async move { Store::open(&location, key(1)).await })
        });
        for opened in opened.collect::<Vec<_>>() {
            opened.await.unwrap().unwrap().close().await;
        }
    }
}

#[test]
fn what_is_shown_of_tokens_holds_none() {
    let mut tokens: Option<Tokens> = None;
    assert!(!format!("{tokens:?}").contains("hunter"));
    let _ = tokens.take();
    let login =
        Credential::Fixed(FixedAuth::new(json!({"type": "basic", "password": "hunter2"}).as_object().unwrap().clone()));
    assert!(!format!("{login:?} {:?}", GrantKind::Password).contains("hunter"), "{login:?}");
}
