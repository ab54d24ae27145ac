//! A PostgreSQL server of these tests' own: made in a temporary folder, on loopback, and stopped by its process id.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ticketing_core::ErrorKind;
use ticketing_store::{Location, NewConnection, Store};

use crate::bed::key;

struct Server {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    user: Option<&'static str>,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A new database on the server; `None`, with the reason printed, where there is no server to start.
pub(crate) async fn database() -> Option<Location> {
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(start)).await.unwrap().as_ref()?;
    let name = format!("store_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let port = server.port.to_string();
    let made = tokio::task::spawn_blocking({
        let name = name.clone();
        move || {
            let args = ["-h", "127.0.0.1", "-p", &port, "-U", "tester", &name];
            command(&server.bin.join("createdb"), &args, server.user).output().unwrap()
        }
    })
    .await
    .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(Location::Postgres(format!("postgres://tester@127.0.0.1:{}/{name}?sslmode=disable", server.port)))
}

/// A new database, as a user whom the server takes by TLS alone would have it under this `sslmode`.
fn sealed(location: &Location, sslmode: &str) -> Location {
    let Location::Postgres(url) = location else { panic!("{location:?}") };
    let (url, _) = url.split_once('?').unwrap();
    Location::Postgres(format!("{}?sslmode={sslmode}", url.replace("tester@", "sealed@")))
}

#[tokio::test]
async fn a_server_that_asks_for_tls_is_reached_by_tls_and_its_certificate_is_looked_at() {
    let Some(location) = database().await else { return };
    let folder = &SERVER.get().unwrap().as_ref().unwrap().folder;
    let file = |name: &str| folder.join(name).display().to_string();
    let (ours, strangers) = (file("ca.pem"), file("stranger.pem"));
    let refused = async |sslmode: String| {
        let error = Store::open(&sealed(&location, &sslmode), key(7)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{sslmode}: {error}");
        assert!(error.hint().is_some(), "{sslmode}: {error}");
    };
    // Without TLS the server refuses this user: what works below, works by TLS. Whom it does not know, and a database that is not
    // there, are for whoever wrote the address to mend, and no matter of time.
    let Location::Postgres(url) = &location else { panic!("{location:?}") };
    let (server, _) = url.rsplit_once('/').unwrap();
    for wrong in [
        sealed(&location, "disable"),
        sealed(&location, "bogus"),
        Location::Postgres(url.replace("tester@", "nobody@")),
        Location::Postgres(format!("{server}/nosuch?sslmode=disable")),
    ] {
        let error = Store::open(&wrong, key(7)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("store")), "{wrong:?}: {error}");
        assert!(error.hint().is_some(), "{error}");
    }
    refused(format!("verify-ca&sslrootcert={strangers}")).await;
    refused(format!("verify-full&sslrootcert={strangers}")).await;
    // Somebody who listens and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Location::Postgres(format!("postgres://tester@{}/x?sslmode=disable", silent.local_addr().unwrap()));
    let opening = Store::open(&address, key(7));
    let error = tokio::time::timeout(Duration::from_secs(40), opening).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error}");
    // Nobody's own roots vouch for it.
    refused("verify-full".to_owned()).await;
    for (nth, sslmode) in
        ["require".to_owned(), format!("verify-ca&sslrootcert={ours}"), format!("verify-full&sslrootcert={ours}")]
            .iter()
            .enumerate()
    {
        let store = Store::open(&sealed(&location, sslmode), key(7)).await.unwrap();
        let config = serde_json::json!({"instance": "acme"});
        let new = NewConnection::new("acme", "servicenow", format!("c{nth}"), "acme.service-now.com", config);
        store.add(new).await.unwrap();
        assert_eq!(store.list("acme", "", 10).await.unwrap().len(), nth + 1, "{sslmode}");
        store.close().await;
    }
}

/// A certificate for this machine, signed by an authority of its own, and another authority that signed nothing.
fn certify(folder: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (ours, stranger) = (authority("ours"), authority("stranger"));
    let own = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&own, &ours).unwrap();
    for (name, text) in [
        ("ca.pem", ours.pem()),
        ("stranger.pem", stranger.pem()),
        ("server.pem", certificate.pem()),
        ("server.key", own.serialize_pem()),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
}

/// PostgreSQL's programs, the newest first.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .chain(std::env::split_paths(&std::env::var_os("PATH")?))
        .filter(|folder| {
            ["initdb", "postgres", "createdb", "createuser", "pg_isready"]
                .iter()
                .all(|name| folder.join(name).is_file())
        })
        .collect();
    found.sort();
    found.pop()
}

/// A command as the user that the server runs as: it refuses to be root.
fn command(program: &Path, args: &[&str], user: Option<&str>) -> Command {
    let mut command = match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(program);
            command
        }
    };
    command.args(args).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

#[expect(clippy::zombie_processes, reason = "the server lives as long as this process does, and a watcher ends it")]
fn start() -> Option<Server> {
    let skip = |why: &str| {
        let _ = writeln!(std::io::stderr(), "\nskipped: the same tests on PostgreSQL ({why})");
        None
    };
    let Some(bin) = programs() else { return skip("its programs are not installed") };
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let user = is_root.then_some("postgres");
    if is_root && !command(Path::new("true"), &[], user).status().is_ok_and(|status| status.success()) {
        return skip("it refuses to run as root, and there is no user `postgres` to become");
    }
    let folder = tempfile::Builder::new().prefix("ticketing-postgres-").tempdir().unwrap().keep();
    certify(&folder);
    if is_root {
        let owned = Command::new("chown").args(["-R", "postgres"]).arg(&folder).status().unwrap();
        assert!(owned.success());
    }
    let data = folder.join("data");
    let args = ["-D", data.to_str().unwrap(), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"];
    let made = command(&bin.join("initdb"), &args, user).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let rules = "hostnossl all sealed 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust\n";
    std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
    let (certificate, secret) = (folder.join("server.pem"), folder.join("server.key"));
    let certificate = format!("ssl_cert_file={}", certificate.display());
    let secret = format!("ssl_key_file={}", secret.display());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port_text = port.to_string();
    let args = [
        "-D",
        data.to_str().unwrap(),
        "-p",
        &port_text,
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "fsync=off",
        "-c",
        "max_connections=200",
        "-c",
        "ssl=on",
        "-c",
        &certificate,
        "-c",
        &secret,
    ];
    let log = folder.join("log");
    let output = std::fs::File::create(&log).unwrap();
    let mut child = command(&bin.join("postgres"), &args, user).stdout(Stdio::null()).stderr(output).spawn().unwrap();
    watch(child.id(), &folder);
    // On a machine that builds at the same time it takes a while.
    for _ in 0..1_200 {
        let args = ["-h", "127.0.0.1", "-p", &port_text, "-U", "tester", "-d", "postgres"];
        if command(&bin.join("pg_isready"), &args, user).stdout(Stdio::null()).status().unwrap().success() {
            let args = ["-h", "127.0.0.1", "-p", &port_text, "-U", "tester", "--superuser", "sealed"];
            let made = command(&bin.join("createuser"), &args, user).output().unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            return Some(Server { folder, bin, port, user });
        }
        if let Some(status) = child.try_wait().unwrap() {
            panic!("PostgreSQL ended with {status}: {}", std::fs::read_to_string(&log).unwrap_or_default());
        }
        #[expect(clippy::disallowed_methods, reason = "a thread of its own, while a server starts")]
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("PostgreSQL was started and does not answer");
}

/// Stops the server by its process id once this process is gone, however it ends, and removes the folder: what is kept for
/// all tests of a process has no other end.
#[expect(clippy::zombie_processes, reason = "it outlives this process, which is what it is for")]
fn watch(server: u32, folder: &Path) {
    let (own, folder) = (std::process::id(), folder.display());
    let script = format!(
        "while kill -0 {own} 2>/dev/null; do sleep 0.5; done; kill -INT {server} 2>/dev/null; sleep 2; rm -rf '{folder}'"
    );
    let mut watcher = Command::new("sh");
    watcher.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut watcher, 0);
    watcher.spawn().unwrap();
}
