//! Rows that were changed behind the store's back: refused with a reason, and left as they are.

use serde_json::json;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Row as _};
use ticketing_core::ErrorKind;
use ticketing_store::{Client, ClientChoice, Connection, Location, Store};

use crate::bed::{Bed, REDIRECT, TENANT, key, with_password};

/// The database itself, as somebody who got hold of it has it.
async fn database(bed: &Bed) -> AnyPool {
    let url = format!("sqlite://{}", bed.folder.path().join("store.db").display());
    AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap()
}

async fn sealed(pool: &AnyPool, owner: &Connection) -> Vec<u8> {
    let query = "SELECT sealed FROM secrets WHERE owner = $1 AND slot = 'credential'";
    sqlx::query(query).bind(owner.id.as_str()).fetch_one(pool).await.unwrap().try_get(0).unwrap()
}

async fn put(pool: &AnyPool, owner: &Connection, sealed: &[u8]) {
    let query = "UPDATE secrets SET sealed = $1 WHERE owner = $2 AND slot = 'credential'";
    let done = sqlx::query(query).bind(sealed.to_vec()).bind(owner.id.as_str()).execute(pool).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}

#[tokio::test]
async fn nothing_secret_is_in_the_file_in_clear() {
    let bed = Bed::new().await;
    with_password(&bed.connections, TENANT, "prod", "hunter2-canary").await;
    bed.connect(bed.begin_servicenow("oauth")).await;
    bed.connections.begin_authorization(bed.begin_servicenow("pending")).await.unwrap();
    for entry in std::fs::read_dir(bed.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in ["hunter2-canary", "sandbox-secret"] {
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "{secret} in {}",
                path.display()
            );
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn changed_cut_and_swapped_secrets_are_refused_and_nothing_is_sent() {
    let bed = Bed::new().await;
    let one = with_password(&bed.connections, TENANT, "one", "admin").await;
    let two = with_password(&bed.connections, TENANT, "two", "itil").await;
    let foreign = with_password(&bed.connections, "globex", "three", "admin").await;
    let pool = database(&bed).await;
    let own = sealed(&pool, &one).await;
    let mut damaged: Vec<Vec<u8>> = vec![
        Vec::new(),
        own[..own.len() - 1].to_vec(),
        own[..20].to_vec(),
        [own.clone(), vec![0]].concat(),
        vec![0; own.len()],
        sealed(&pool, &two).await,
        sealed(&pool, &foreign).await,
    ];
    for nth in [0, 9, 20, 33, own.len() / 2, own.len() - 1] {
        let mut changed = own.clone();
        changed[nth] ^= 1;
        damaged.push(changed);
    }
    for bad in damaged {
        put(&pool, &one, &bad).await;
        let error = bed.connections.client(TENANT, "one").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.hint().is_some() && error.message().contains(one.id.as_str()), "{error}");
        assert_eq!(sealed(&pool, &one).await, bad, "the row is left as it is");
        // Its neighbours are served all the same.
        bed.connections.client(TENANT, "two").await.unwrap();
    }
    // A changed byte of the key's id is another key.
    let mut other_key = own.clone();
    other_key[3] ^= 1;
    put(&pool, &one, &other_key).await;
    let error = bed.connections.client(TENANT, "one").await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("key")), "{error}");
    put(&pool, &one, &own).await;
    bed.connections.client(TENANT, "one").await.unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_row_moved_to_another_tenant_or_connection_does_not_open() {
    let bed = Bed::new().await;
    let one = with_password(&bed.connections, TENANT, "one", "admin").await;
    let pool = database(&bed).await;
    for statement in [
        "UPDATE connections SET tenant = 'globex' WHERE id = $1",
        "UPDATE secrets SET tenant = 'globex' WHERE owner = $1",
    ] {
        sqlx::query(statement).bind(one.id.as_str()).execute(&pool).await.unwrap();
        assert_eq!(bed.connections.client(TENANT, "one").await.unwrap_err().kind(), ErrorKind::NotFound);
        let error = bed.connections.client("globex", "one").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
    assert!(bed.transport.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_credential_goes_to_no_address_but_its_own() {
    let bed = Bed::new().await;
    let one = with_password(&bed.connections, TENANT, "one", "admin").await;
    bed.connect(bed.begin_servicenow("oauth")).await;
    bed.token_requests();
    let pool = database(&bed).await;
    for account in ["127.0.0.1:4010", "127.0.0.1:6666"] {
        let config = json!({"instance": "http://127.0.0.1:6666", "tables": ["incident"]}).to_string();
        sqlx::query("UPDATE connections SET config = $1, account = $2")
            .bind(config)
            .bind(account)
            .execute(&pool)
            .await
            .unwrap();
        for name in ["one", "oauth"] {
            let error = bed.connections.client(TENANT, name).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{name}: {error}");
        }
    }
    assert!(bed.transport.sent.lock().unwrap().is_empty(), "nothing is sent anywhere");
    sqlx::query("UPDATE connections SET config = 'x' WHERE id = $1")
        .bind(one.id.as_str())
        .execute(&pool)
        .await
        .unwrap();
    let error = bed.connections.client(TENANT, "one").await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Integrity, Some("config")));
}

/// Who authorizes such a connection again, as somebody would who cannot use it, sends no secret there either: not the sealed one
/// of its client, not a password that is typed, and no customer with a browser.
#[tokio::test]
async fn a_connection_that_leads_elsewhere_is_not_authorized_again() {
    let bed = Bed::granting().await;
    let made = bed.connections.connect_by_grant(bed.begin_servicenow("machine"), None).await.unwrap();
    bed.token_requests();
    let pool = database(&bed).await;
    let elsewhere = json!({"instance": "http://127.0.0.1:6666", "tables": ["incident"]}).to_string();
    for (account, credential) in [("127.0.0.1:4010", true), ("127.0.0.1:6666", true), ("127.0.0.1:6666", false)] {
        let change = "UPDATE connections SET config = $1, account = $2";
        sqlx::query(change).bind(&elsewhere).bind(account).execute(&pool).await.unwrap();
        if !credential {
            sqlx::query("UPDATE connections SET credential_kind = NULL").execute(&pool).await.unwrap();
            sqlx::query("DELETE FROM secrets WHERE slot = 'credential'").execute(&pool).await.unwrap();
        }
        let login = Some(("admin".to_owned(), ticketing_core::Secret::new("admin")));
        let client = Client::new("sandbox-client", Some(ticketing_core::Secret::new("sandbox-secret")));
        for error in [
            bed.connections.reauthorize_by_grant(TENANT, &made.id, None, None).await.unwrap_err(),
            bed.connections.reauthorize_by_grant(TENANT, &made.id, None, login).await.unwrap_err(),
            bed.connections
                .reauthorize_by_grant(TENANT, &made.id, Some(ClientChoice::Own(client)), None)
                .await
                .unwrap_err(),
            bed.connections.begin_reauthorization(TENANT, &made.id, REDIRECT).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Integrity, "{account}: {error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("anew")), "{error}");
        }
    }
    assert!(bed.transport.sent.lock().unwrap().is_empty(), "nothing is sent anywhere");
}

/// What a damaged row's error says to do does work: the connection is authorized again, or removed.
#[tokio::test]
async fn a_damaged_credential_is_replaced_and_a_damaged_row_removed() {
    let bed = Bed::granting().await;
    let made = bed.connections.connect_by_grant(bed.begin_servicenow("machine"), None).await.unwrap();
    let pool = database(&bed).await;
    sqlx::query("UPDATE secrets SET sealed = x'00' WHERE slot = 'credential'").execute(&pool).await.unwrap();
    let error = bed.connections.client(TENANT, "machine").await.unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("--connection")), "{error}");
    assert_eq!(bed.connections.grant(&made).await.unwrap(), None);
    bed.connections.reauthorize_by_grant(TENANT, &made.id, None, None).await.unwrap();
    bed.connections.client(TENANT, "machine").await.unwrap().check().await.unwrap();

    let store = bed.connections.store();
    sqlx::query("UPDATE connections SET scopes = 'xx'").execute(&pool).await.unwrap();
    let error = store.rename(TENANT, "machine", "other").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(store.find(TENANT, "other").await.unwrap_err().kind(), ErrorKind::NotFound, "it is not renamed half");
    store.remove(TENANT, "machine").await.unwrap();
    assert_eq!(store.find(TENANT, "machine").await.unwrap_err().kind(), ErrorKind::NotFound);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM secrets").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
}

/// Keys of which none opens anything here are not this store's: what they sealed would open nowhere else.
#[tokio::test]
async fn nothing_is_sealed_under_a_strangers_key() {
    let bed = Bed::new().await;
    with_password(&bed.connections, TENANT, "one", "admin").await;
    let location = Location::File(bed.folder.path().join("store.db"));
    let store = Store::open(&location, key(8)).await.unwrap();
    let one = store.find(TENANT, "one").await.unwrap();
    let error = store.set_webhook_secrets(&one, &[ticketing_core::Secret::new("hook")]).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("key")), "{error}");
    assert_eq!(store.find(TENANT, "one").await.unwrap().webhook_secrets, 0);
    // Where the key is lost, what it sealed is removed and made anew; the product's own registration too.
    let client = Client::new("id", Some(ticketing_core::Secret::new("secret")));
    bed.connections.store().set_oauth_app("product", "zendesk", &client).await.unwrap();
    store.remove(TENANT, "one").await.unwrap();
    store.set_oauth_app("product", "zendesk", &client).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let letter = "Dear customer, ".repeat(100);
    std::fs::write(&path, &letter).unwrap();
    let error = Store::open(&Location::File(path.clone()), key(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("store")), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
    let error = Store::open(&Location::File(folder.path().to_owned()), key(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("store")), "{error}");
}

/// Every column of a row, changed to what it cannot be: the row is named with what is wrong about it, its neighbours are there,
/// and once it is put back everything works.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_its_neighbours_are_listed() {
    let bed = Bed::new().await;
    let one = with_password(&bed.connections, TENANT, "one", "admin").await;
    with_password(&bed.connections, TENANT, "two", "itil").await;
    let pool = database(&bed).await;
    let store = bed.connections.store();
    let run = async |statement: String| {
        let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(one.id.as_str()).execute(&pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    };
    sqlx::query("CREATE TABLE kept AS SELECT * FROM connections WHERE name = 'one'").execute(&pool).await.unwrap();
    for (column, value, field) in [
        ("config", "'{'", "config"),
        ("config", "x'00ff'", "config"),
        ("mapping", "'['", "mapping"),
        ("scopes", "'{}'", "scopes"),
        ("scopes", "'[7]'", "scopes"),
        ("status", "'gone'", "status"),
        ("account", "x'00'", "account"),
        ("provider", "x'00'", "provider"),
        ("credential_kind", "x'00'", "credential"),
        ("webhook_secrets", "'many'", "webhook_secrets"),
        ("webhook_secrets", "-1", "webhook_secrets"),
        ("created", "'yesterday'", "created"),
        ("created", "9223372036854775807", "created"),
        ("expires_at", "'soon'", "expires_at"),
        ("last_used", "1e300", "last_used"),
        ("generation", "'x'", "generation"),
        ("revision", "'x'", "revision"),
    ] {
        run(format!("UPDATE connections SET {column} = {value} WHERE id = $1")).await;
        let what = format!("{column} = {value}");
        let error = bed.connections.client(TENANT, "one").await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Integrity, Some(field)), "{what}: {error}");
        assert!(error.hint().is_some() && error.message().contains("`one`"), "{what}: {error}");
        let (all, unreadable) = store.list_readable(TENANT).await.unwrap();
        assert_eq!(all.iter().map(|own| own.name.as_str()).collect::<Vec<_>>(), ["two"], "{what}");
        assert_eq!(unreadable.len(), 1, "{what}");
        assert_eq!(unreadable[0].field(), Some(field), "{what}");
        bed.connections.client(TENANT, "two").await.unwrap();
        run(format!("UPDATE connections SET {column} = (SELECT {column} FROM kept) WHERE id = $1")).await;
        assert_eq!(store.find(TENANT, "one").await.unwrap().config, one.config, "{what}");
    }
    bed.connections.client(TENANT, "one").await.unwrap().check().await.unwrap();
}

/// A row that says of itself that it is sealed under the newest key already would lose the key that it needs.
#[tokio::test]
async fn a_row_whose_key_was_renamed_is_sealed_anew_all_the_same() {
    let bed = Bed::new().await;
    let one = with_password(&bed.connections, TENANT, "one", "hunter2").await;
    bed.connections.store().close().await;
    let location = Location::File(bed.folder.path().join("store.db"));
    let (old, new) = ("07".repeat(32), "08".repeat(32));
    let open = async |keys: &str| {
        let (name, keys) = ("TICKETING_KEY".to_owned(), ticketing_core::Secret::new(keys));
        Store::open(&location, ticketing_store::KeySource::Text { name, keys }).await.unwrap()
    };
    let both = open(&format!("{new},{old}")).await;
    both.set_webhook_secrets(&one, &[ticketing_core::Secret::new("hook")]).await.unwrap();
    let pool = database(&bed).await;
    // The webhook's secret is under the new key by now, and the credential takes its key's name.
    let renamed = "UPDATE secrets SET key_id = (SELECT key_id FROM secrets WHERE slot = 'webhook_secrets')";
    sqlx::query(renamed).execute(&pool).await.unwrap();
    both.rekey(true).await.unwrap();
    both.close().await;
    let new = open(&new).await;
    let exported = new.export(&one, &ticketing_core::Secret::new("correct horse battery")).await;
    assert!(exported.is_ok(), "{exported:?}");
}

/// One row that does not open keeps its old key, and keeps no other row from the new one.
#[tokio::test]
async fn a_damaged_row_holds_up_no_other() {
    let bed = Bed::new().await;
    let damaged = with_password(&bed.connections, TENANT, "damaged", "hunter2").await;
    let mut others = Vec::new();
    for nth in 0..120 {
        others.push(with_password(&bed.connections, TENANT, &format!("c{nth}"), "admin").await);
    }
    let pool = database(&bed).await;
    let whole = sealed(&pool, &damaged).await;
    put(&pool, &damaged, &whole[..whole.len() - 1]).await;
    bed.connections.store().close().await;
    let location = Location::File(bed.folder.path().join("store.db"));
    let (old, new) = ("07".repeat(32), "08".repeat(32));
    let open = async |keys: &str| {
        let (name, keys) = ("TICKETING_KEY".to_owned(), ticketing_core::Secret::new(keys));
        Store::open(&location, ticketing_store::KeySource::Text { name, keys }).await.unwrap()
    };
    let both = open(&format!("{new},{old}")).await;
    let error = both.rekey(true).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Integrity, Some("credential")), "{error}");
    assert!(error.to_string().contains("`damaged`") && error.to_string().contains("all others are"), "{error}");
    let anew = open(&new).await;
    let passphrase = ticketing_core::Secret::new("correct horse battery");
    for other in others.iter().step_by(40) {
        let exported = anew.export(other, &passphrase).await;
        assert!(exported.is_ok(), "{exported:?}");
    }
    put(&pool, &damaged, &whole).await;
    assert_eq!(both.rekey(true).await.unwrap().sealed_anew, 1);
    let exported = anew.export(&damaged, &passphrase).await;
    assert!(exported.is_ok(), "{exported:?}");
}

/// A file that is broken below the tables is told as what it is, and not as something to wait for.
#[tokio::test]
async fn a_damaged_file_is_no_matter_of_time() {
    let bed = Bed::new().await;
    for nth in 0..40 {
        with_password(&bed.connections, TENANT, &format!("c{nth}"), "admin").await;
    }
    bed.connections.store().close().await;
    let path = bed.folder.path().join("store.db");
    let whole = std::fs::read(&path).unwrap();
    let mut broken = whole.clone();
    broken[4096..].fill(0x5a);
    std::fs::write(&path, &broken).unwrap();
    let opened = Store::open(&Location::File(path.clone()), key(7)).await;
    let error = match opened {
        Ok(store) => store.find(TENANT, "c1").await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!((error.kind(), error.field(), error.is_retryable()), (ErrorKind::Integrity, Some("store"), false));
    assert!(error.hint().is_some_and(|hint| hint.contains("backup")), "{error}");
    // Cut off within its first page: told at once.
    std::fs::write(&path, &whole[..3_000]).unwrap();
    let begun = tokio::time::Instant::now();
    let error = Store::open(&Location::File(path.clone()), key(7)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Integrity, Some("store")), "{error}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    std::fs::write(&path, &whole).unwrap();
    let store = Store::open(&Location::File(path), key(7)).await.unwrap();
    assert_eq!(store.list(TENANT, "", 100).await.unwrap().len(), 40);
}
