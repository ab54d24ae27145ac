//! Processes of their own on one store: together, and killed at every step of a rotation.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use ticketing_core::{BuildContext, Secret};
use ticketing_http::http::Request;
use ticketing_http::{AddressPolicy, Body, HttpContext, ReqwestTransport, Transport as _};
use ticketing_store::{
    BeginAuthorization, Callback, Client, ClientChoice, Completed, Connections, Location, Status, Store,
};
use vendor_sandbox::{Running, jira, servicenow};

use crate::bed::{REDIRECT, TENANT, key, registry};
use crate::postgres;

/// How long a lease holds in these tests: a killed process must not hold them up for half a minute.
const LEASE: Duration = Duration::from_secs(2);

fn open_policy() -> AddressPolicy {
    AddressPolicy::strict().allow_loopback()
}

async fn connections(location: &Location) -> Connections {
    let store = Store::open(location, key(7)).await.unwrap();
    let http = HttpContext::new(open_policy()).unwrap();
    Connections::new(store, registry(), &BuildContext::new().with_extension(http)).unwrap().with_lease(LEASE)
}

/// Connects over the network, as a customer's browser does.
async fn connect(connections: &Connections, provider: &str, config: serde_json::Value) {
    let client = Client::new("sandbox-client", Some(Secret::new("sandbox-secret")));
    let request = BeginAuthorization::new(TENANT, provider, "c", config, ClientChoice::Own(client), REDIRECT);
    let begun = connections.begin_authorization(request).await.unwrap();
    let network = ReqwestTransport::builder(open_policy()).build().unwrap();
    let mut request = Request::new(Body::Empty);
    *request.uri_mut() = begun.url.as_str().parse().unwrap();
    let answer = network.send(request).await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let callback = Callback::from_query(location.split_once('?').unwrap().1).unwrap();
    let done = connections.complete_authorization(TENANT, callback).await.unwrap();
    assert!(matches!(done, Completed::Connected(_)));
}

/// What a process of its own does: reads so often, and says how it went.
///
/// It is a test only so that this very program can be started as it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let Ok(location) = std::env::var("STORE_TEST_LOCATION") else {
        println!("skipped: this is what other tests start as a process of its own");
        return;
    };
    let reads: usize = std::env::var("STORE_TEST_READS").unwrap().parse().unwrap();
    let connections = connections(&location.parse().unwrap()).await;
    let client = connections.client(TENANT, "c").await.unwrap();
    let mut readers = Vec::new();
    for _ in 0..reads {
        let client = client.clone();
        readers.push(tokio::spawn(async move { client.check().await }));
    }
    for reader in readers {
        match reader.await.unwrap() {
            Ok(_) => println!("read"),
            Err(error) => println!("failed: {error} ({})", error.hint().unwrap_or_default()),
        }
    }
}

fn spawn(location: &Location, reads: usize, failpoint: Option<&str>) -> Child {
    let location = match location {
        Location::File(path) => path.display().to_string(),
        Location::Postgres(url) => url.clone(),
        other => panic!("{other:?}"),
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "processes::process", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env("STORE_TEST_LOCATION", location).env("STORE_TEST_READS", reads.to_string());
    match failpoint {
        Some(name) => command.env("TICKETING_FAILPOINT", name),
        None => command.env_remove("TICKETING_FAILPOINT"),
    };
    command.spawn().unwrap()
}

/// Waits until the process says this.
fn wait_for(child: &mut Child, words: &str) {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    for line in stdout.lines() {
        if line.unwrap().contains(words) {
            return;
        }
    }
    panic!("the process ended without `{words}`");
}

/// What the processes said: reads that went well, and failures.
async fn outcomes(children: Vec<Child>) -> (usize, Vec<String>) {
    tokio::task::spawn_blocking(move || {
        let (mut read, mut failed) = (0, Vec::new());
        for child in children {
            let output = child.wait_with_output().unwrap();
            for line in String::from_utf8(output.stdout).unwrap().lines() {
                // The test harness writes on the same line.
                read += usize::from(line.ends_with("read"));
                if let Some((_, why)) = line.split_once("failed: ") {
                    failed.push(why.to_owned());
                }
            }
        }
        (read, failed)
    })
    .await
    .unwrap()
}

fn jira_config(running: &Running) -> serde_json::Value {
    json!({"gateway": running.base_url()})
}

fn file(folder: &Path) -> Location {
    Location::File(folder.join("store.db"))
}

fn token_requests(requests: &[vendor_sandbox::RecordedRequest]) -> usize {
    requests.iter().filter(|sent| sent.method == "POST" && sent.path.contains("/oauth")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_refresh_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = vec![file(folder.path())];
    stores.extend(postgres::database().await);
    for location in stores {
        let site = jira::Sandbox::builder().seed(7).build().unwrap();
        let instance = servicenow::Sandbox::builder().seed(7).build().unwrap();
        let (jira_running, instance_running) = (site.serve(0).await.unwrap(), instance.serve(0).await.unwrap());
        let connections = connections(&location).await;
        for vendor in ["gateway", "servicenow"] {
            let config = match vendor {
                "gateway" => jira_config(&jira_running),
                _ => json!({"instance": instance_running.base_url()}),
            };
            connect(&connections, vendor, config).await;
            for round in 0..3 {
                site.control().expire_access_tokens();
                instance.control().expire_access_tokens();
                site.control().clear_requests();
                instance.control().clear_requests();
                let children = vec![spawn(&location, 25, None), spawn(&location, 25, None)];
                let (read, failed) = outcomes(children).await;
                assert_eq!((read, failed), (50, Vec::new()), "{vendor}, round {round}");
                let asked = token_requests(&site.control().requests()) + token_requests(&instance.control().requests());
                assert_eq!(asked, 1, "{vendor}, round {round}");
            }
            connections.store().remove(TENANT, "c").await.unwrap();
        }
        connections.store().close().await;
        jira_running.shutdown().await;
        instance_running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_step_of_a_rotation_is_recovered_from() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = vec![file(folder.path())];
    stores.extend(postgres::database().await);
    for location in stores {
        let site = jira::Sandbox::builder().seed(7).build().unwrap();
        let running = site.serve(0).await.unwrap();
        let connections = connections(&location).await;
        connect(&connections, "gateway", jira_config(&running)).await;
        for failpoint in ["leased", "asked", "written", "kept", "released"] {
            site.control().expire_access_tokens();
            let mut killed = spawn(&location, 1, Some(failpoint));
            wait_for(&mut killed, &format!("failpoint {failpoint}"));
            // SIGKILL: nothing of it runs on.
            killed.kill().unwrap();
            killed.wait().unwrap();
            let (read, failed) = outcomes(vec![spawn(&location, 10, None), spawn(&location, 10, None)]).await;
            assert_eq!((read, failed), (20, Vec::new()), "killed at `{failpoint}`");
            let row = connections.store().find(TENANT, "c").await.unwrap();
            assert_eq!((row.status, row.last_error), (Status::Active, None), "killed at `{failpoint}`");
        }
        connections.store().close().await;
        running.shutdown().await;
    }
}

/// A vendor that ends the old refresh token at once: what was answered to a process that died with it is lost, and nobody
/// else can know it. That is said, with the way to mend it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_only_token_died_with_its_process_the_way_out_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let location = file(folder.path());
    let instance = servicenow::Sandbox::builder().seed(7).rotate_refresh_tokens(true).build().unwrap();
    let running = instance.serve(0).await.unwrap();
    let connections = connections(&location).await;
    connect(&connections, "servicenow", json!({"instance": running.base_url()})).await;
    for (failpoint, survives) in [("leased", true), ("kept", true), ("asked", false)] {
        instance.control().expire_access_tokens();
        let mut killed = spawn(&location, 1, Some(failpoint));
        wait_for(&mut killed, &format!("failpoint {failpoint}"));
        killed.kill().unwrap();
        killed.wait().unwrap();
        let (read, failed) = outcomes(vec![spawn(&location, 1, None)]).await;
        assert_eq!(read == 1, survives, "killed at `{failpoint}`: {failed:?}");
        if !survives {
            assert!(failed[0].contains("authorized again") && failed[0].contains("ticketing connect"), "{failed:?}");
        }
    }
    let row = connections.store().find(TENANT, "c").await.unwrap();
    assert_eq!(row.status, Status::NeedsReauthorization);
    running.shutdown().await;
}
