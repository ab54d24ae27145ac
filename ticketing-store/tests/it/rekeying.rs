//! A new key while two processes work: no read fails, no row is left behind, and a process that died in the middle is made up for.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use sqlx::any::AnyPoolOptions;
use ticketing_core::{ErrorKind, Secret};
use ticketing_store::{KeySource, Location, NewConnection, Store};

use crate::postgres;

const CONNECTIONS: usize = 300;
/// Of each process.
const READERS: usize = 4;

fn name(nth: usize) -> String {
    format!("c{nth}")
}

/// The first secret of a connection never changes; the second one is written anew by whoever has its turn.
fn secret(nth: usize) -> String {
    format!("secret of {nth}")
}

async fn open(location: &Location, keys: &Path) -> Store {
    Store::open(location, KeySource::File(keys.to_owned())).await.unwrap()
}

async fn read(store: &Store, nth: usize) -> Result<(), String> {
    let told = |error: ticketing_core::Error| format!("{}: {error}", name(nth));
    let connection = store.find("acme", &name(nth)).await.map_err(told)?;
    let secrets = store.webhook_secrets(&connection).await.map_err(told)?;
    match secrets.first() {
        Some(first) if first.expose() == secret(nth) => Ok(()),
        _ => Err(format!("{}: another secret, or none", name(nth))),
    }
}

/// One reader: reads on until it is told to stop, and writes one row in fifty.
async fn reader(store: Store, own: usize, stop: std::path::PathBuf) -> (usize, Vec<String>) {
    let (mut reads, mut failed) = (0, Vec::new());
    while !stop.exists() {
        let nth = (reads * 7 + own * 31) % CONNECTIONS;
        failed.extend(read(&store, nth).await.err());
        reads += 1;
        if reads.is_multiple_of(50) {
            let connection = store.find("acme", &name(nth)).await.unwrap();
            let secrets = [Secret::new(secret(nth)), Secret::new(format!("written by {own}"))];
            if let Err(error) = store.set_webhook_secrets(&connection, &secrets).await {
                failed.push(format!("writing {}: {error}", name(nth)));
            }
        }
    }
    (reads, failed)
}

/// What a process of its own does. It is a test only so that this very program can be started as it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let Ok(role) = std::env::var("REKEY_TEST_ROLE") else {
        println!("skipped: this is what other tests start as a process of its own");
        return;
    };
    let variable = |name: &str| std::env::var(name).unwrap();
    let keys = variable("REKEY_TEST_KEYS");
    let store = open(&variable("REKEY_TEST_LOCATION").parse().unwrap(), Path::new(&keys)).await;
    if role == "rekey" {
        let done = store.rekey(true).await.unwrap();
        println!("sealed anew: {}", done.sealed_anew);
        return;
    }
    println!("ready");
    let readers: Vec<_> =
        (0..READERS).map(|own| tokio::spawn(reader(store.clone(), own, variable("REKEY_TEST_STOP").into()))).collect();
    for reader in readers {
        let (reads, failed) = reader.await.unwrap();
        println!("reads: {reads}");
        for why in failed {
            println!("failed: {why}");
        }
    }
}

fn spawn(role: &str, location: &Location, folder: &Path, failpoint: Option<&str>) -> Child {
    let location = match location {
        Location::File(path) => path.display().to_string(),
        Location::Postgres(url) => url.clone(),
        other => panic!("{other:?}"),
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "rekeying::process", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env("REKEY_TEST_ROLE", role).env("REKEY_TEST_LOCATION", location);
    command.env("REKEY_TEST_KEYS", folder.join("key")).env("REKEY_TEST_STOP", folder.join("stop"));
    match failpoint {
        Some(name) => command.env("TICKETING_FAILPOINT", name),
        None => command.env_remove("TICKETING_FAILPOINT"),
    };
    command.spawn().unwrap()
}

/// The lines of a process, up to one with these words.
fn until(lines: &mut impl Iterator<Item = std::io::Result<String>>, words: &str) {
    assert!(lines.any(|line| line.unwrap().contains(words)), "the process ended without `{words}`");
}

/// How many secrets are sealed under each key.
async fn keys_in_use(location: &Location) -> i64 {
    let url = match location {
        Location::File(path) => format!("sqlite://{}", path.display()),
        Location::Postgres(url) => url.clone(),
        other => panic!("{other:?}"),
    };
    let pool = AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    let count = sqlx::query_scalar("SELECT count(DISTINCT key_id) FROM secrets").fetch_one(&pool).await.unwrap();
    pool.close().await;
    count
}

async fn holds(location: Location) {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("key");
    let store = Store::open(&location, KeySource::Generated(keys.clone())).await.unwrap();
    let new = |nth: usize| {
        let mut new = NewConnection::new("acme", "servicenow", name(nth), "acme.service-now.com", json!({}));
        new.webhook_secrets = vec![Secret::new(secret(nth))];
        new
    };
    store.add_all((0..CONNECTIONS).map(new)).await.unwrap();
    let oldest = std::fs::read_to_string(&keys).unwrap();

    let mut working: Vec<_> = (0..2).map(|_| spawn("read", &location, folder.path(), None)).collect();
    let mut said: Vec<_> =
        working.iter_mut().map(|child| BufReader::new(child.stdout.take().unwrap()).lines()).collect();
    said.iter_mut().for_each(|lines| until(lines, "ready"));

    // One that is killed between two rows' batches leaves both keys, and rows of both.
    let mut killed = spawn("rekey", &location, folder.path(), Some("rekeying"));
    until(&mut BufReader::new(killed.stdout.take().unwrap()).lines(), "failpoint rekeying");
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(keys_in_use(&location).await > 1, "it died in the middle");
    assert!(std::fs::read_to_string(&keys).unwrap().lines().count() > 1, "no key is lost");
    // Run again, as often as one likes.
    for _ in 0..5 {
        let again = spawn("rekey", &location, folder.path(), None).wait_with_output().unwrap();
        assert!(again.status.success() && String::from_utf8_lossy(&again.stdout).contains("sealed anew"), "{again:?}");
        assert_eq!(std::fs::read_to_string(&keys).unwrap().lines().count(), 1, "the old keys are forgotten");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    std::fs::write(folder.path().join("stop"), "").unwrap();
    let lines: Vec<String> = said.into_iter().flatten().map(|line| line.unwrap()).collect();
    working.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
    let reads: usize = lines.iter().filter_map(|line| line.strip_prefix("reads: ")?.parse::<usize>().ok()).sum();
    let failed: Vec<_> = lines.iter().filter(|line| line.contains("failed: ")).collect();
    assert!(failed.is_empty(), "{} of {reads}: {:#?}", failed.len(), &failed[..failed.len().min(5)]);
    assert!(reads > 500, "{reads}");

    // Every row opens by the one key that is left, what was written meanwhile included.
    let fresh = open(&location, &keys).await;
    for nth in 0..CONNECTIONS {
        read(&fresh, nth).await.unwrap();
    }
    assert_eq!(keys_in_use(&location).await, 1);

    // Who has the old key alone is told so, and harms nothing.
    let stale = KeySource::Text { name: "TICKETING_KEY".to_owned(), keys: Secret::new(oldest.trim()) };
    let stale = Store::open(&location, stale).await.unwrap();
    let connection = stale.find("acme", &name(0)).await.unwrap();
    let error = stale.webhook_secrets(&connection).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("key")), "{error}");
    assert!(
        error.hint().unwrap().contains("nothing was lost") && !error.to_string().contains(oldest.trim()),
        "{error}"
    );
    for store in [store, fresh, stale] {
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_fails_while_a_new_key_comes_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    holds(Location::File(folder.path().join("store.db"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_fails_while_a_new_key_comes_on_postgres() {
    if let Some(database) = postgres::database().await {
        holds(database).await;
    }
}
