//! The store's file edited behind the tool's back: every command says what is wrong and what to do, no other connection suffers,
//! and nothing is lost.

use sqlx::any::AnyPoolOptions;
use sqlx::{AssertSqlSafe, Row as _};

use crate::connections::Home;
use crate::runner::{Run, command};
use crate::server::Server;

/// What the sandbox takes as API keys, of two users: both work, and neither may be seen.
const OWN: &str = "sandbox-api-key";
const NEIGHBOURS: &str = "sandbox-itil-key";

/// Keys, as whoever holds the vault has them.
fn key(byte: &str) -> String {
    byte.repeat(32)
}

struct Installation {
    home: Home,
    keys: String,
    said: Vec<String>,
}

impl Installation {
    fn run(&mut self, args: &[&str]) -> Run {
        let store = self.home.path("store.db");
        let args = [args, &["--store", &store]].concat();
        let mut command = command(&args);
        command.env("TICKETING_KEY", &self.keys).env("TICKETING_LOG", "trace");
        let mut run = Run::of(command.output().unwrap(), &args);
        self.said.push(format!("{} {}", run.stdout, run.stderr));
        // The log stands before the error.
        let lines = run.stderr.lines().filter(|line| line.starts_with("error: "));
        run.stderr = lines.map(|line| format!("{line}\n")).collect();
        run
    }

    /// The database itself, as somebody who got hold of the file has it.
    fn sql(&self, statement: &str, bytes: Option<&[u8]>) -> Vec<Vec<u8>> {
        let url = format!("sqlite://{}", self.home.path("store.db"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
            let mut query = sqlx::query(AssertSqlSafe(statement.to_owned()));
            if let Some(bytes) = bytes {
                query = query.bind(bytes.to_vec());
            }
            let rows = query.fetch_all(&pool).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
            pool.close().await;
            rows.iter().map(|row| row.try_get(0).unwrap_or_default()).collect()
        })
    }

    fn sealed(&self, name: &str) -> Vec<u8> {
        self.sql(&format!("SELECT sealed FROM secrets WHERE slot = 'credential' AND owner = {}", owner(name)), None)
            .remove(0)
    }

    fn seal(&self, name: &str, sealed: &[u8]) {
        self.sql(
            &format!("UPDATE secrets SET sealed = $1 WHERE slot = 'credential' AND owner = {}", owner(name)),
            Some(sealed),
        );
    }

    /// The commands that need the credential fail with this one line, those that show the row do not, and the neighbour is
    /// served as ever.
    #[track_caller]
    fn refuses(&mut self, what: &str, code: i32, words: &[&str]) {
        for args in [&["connections", "test", "prod"][..], &["tickets", "list", "--connection", "prod", "--limit", "1"]]
        {
            let refused = self.run(args);
            let told = refused.stderr.clone();
            refused.bad(code, words);
            assert!(told.contains("`prod`") && told.contains(';'), "{what}: it names no connection or way out: {told}");
        }
        self.run(&["connections", "show", "prod"]).good();
        let listed = self.run(&["connections", "list", "--json"]).good().json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{what}");
        self.neighbour_works(what);
    }

    #[track_caller]
    fn neighbour_works(&mut self, what: &str) {
        let listed = self.run(&["tickets", "list", "--connection", "neighbour", "--limit", "1", "--json"]);
        assert_eq!(listed.code, 0, "{what}: {}", listed.stderr);
    }
}

/// The id of a connection, in SQL.
fn owner(name: &str) -> String {
    format!("(SELECT id FROM connections WHERE name = '{name}')")
}

#[test]
fn a_changed_store_is_refused_with_a_reason_and_nothing_is_lost() {
    sqlx::any::install_default_drivers();
    let server = Server::start(&[]);
    let mut own = Installation { home: Home::new(), keys: key("5e"), said: Vec::new() };
    let config =
        |key: &str| serde_json::json!({"instance": server.url, "auth": {"type": "api_key", "key": key}}).to_string();
    own.run(&["connect", "servicenow", "--name", "prod", "--config", &config(OWN)]).good();
    own.run(&["connect", "servicenow", "--name", "neighbour", "--config", &config(NEIGHBOURS)]).good();
    own.run(&["connect", "servicenow", "--name", "foreign", "--tenant", "globex", "--config", &config(NEIGHBOURS)])
        .good();

    the_sealed_bytes_are_changed(&mut own);
    the_row_is_changed(&mut own);
    the_webhook_secrets_are_changed(&mut own);
    the_key_is_another(&mut own);

    let canaries = [OWN, NEIGHBOURS, &key("5e")[..16], &key("a7")[..16]];
    for said in &own.said {
        for canary in canaries {
            assert!(!said.contains(canary), "{canary}: {said}");
        }
    }
}

fn the_sealed_bytes_are_changed(own: &mut Installation) {
    let whole = own.sealed("prod");
    let changed = |nth: usize| {
        let mut bytes = whole.clone();
        bytes[nth] ^= 1;
        bytes
    };
    let cases: Vec<(&str, Vec<u8>, i32, &[&str])> = vec![
        ("emptied", Vec::new(), 1, &["`credential`", "cut off", "backup"]),
        ("truncated", whole[..20].to_vec(), 1, &["`credential`", "cut off", "backup"]),
        ("one byte short", whole[..whole.len() - 1].to_vec(), 1, &["`credential`", "was changed", "backup"]),
        ("tampered", changed(whole.len() - 1), 1, &["`credential`", "was changed", "backup"]),
        ("another nonce", changed(12), 1, &["`credential`", "was changed", "backup"]),
        ("another form", changed(0), 1, &["`credential`", "form", "backup"]),
        ("another connection's", own.sealed("neighbour"), 1, &["`credential`", "belongs to another row", "backup"]),
        ("another tenant's", own.sealed("foreign"), 1, &["`credential`", "belongs to another row", "backup"]),
        ("another key's", changed(3), 2, &["`key`", "is not among those at hand", "nothing was lost"]),
    ];
    for (what, bytes, code, words) in cases {
        own.seal("prod", &bytes);
        own.refuses(what, code, words);
        assert_eq!(own.sealed("prod"), bytes, "{what}: the row is left as it is");
        own.seal("prod", &whole);
        own.run(&["connections", "test", "prod", "--json"]).good();
    }
    // Not bytes at all, and not there at all.
    own.sql(&format!("UPDATE secrets SET sealed = 7 WHERE owner = {}", owner("prod")), None);
    own.refuses("a number", 1, &["`credential`", "not bytes", "backup"]);
    own.seal("prod", &whole);
    own.sql(&format!("CREATE TABLE kept AS SELECT * FROM secrets WHERE owner = {}", owner("prod")), None);
    own.sql(&format!("DELETE FROM secrets WHERE owner = {}", owner("prod")), None);
    own.refuses("taken away", 1, &["`credential`", "not where it was written", "backup"]);
    own.sql("INSERT INTO secrets SELECT * FROM kept", None);
    own.run(&["connections", "test", "prod", "--json"]).good();
    own.sql("DROP TABLE kept", None);
}

fn the_row_is_changed(own: &mut Installation) {
    own.sql("CREATE TABLE kept AS SELECT * FROM connections", None);
    let put_back = |own: &mut Installation| {
        own.sql("DELETE FROM connections", None);
        own.sql("INSERT INTO connections SELECT * FROM kept", None);
        own.run(&["connections", "test", "prod", "--json"]).good();
    };
    // Another address: nothing is sent there.
    for (column, value, field) in
        [("config", r#"{"instance":"http://127.0.0.1:9"}"#, "`config`"), ("account", "127.0.0.1:9", "`account`")]
    {
        own.sql(&format!("UPDATE connections SET {column} = '{value}' WHERE name = 'prod'"), None);
        own.refuses(column, 1, &[field, "another account", "backup"]);
        put_back(own);
    }
    // What no program can have written: it is listed no more, and the others are.
    for (column, value) in
        [("config", "'{'"), ("config", "x'00'"), ("scopes", "'7'"), ("status", "'gone'"), ("created", "'yesterday'")]
    {
        own.sql(&format!("UPDATE connections SET {column} = {value} WHERE name = 'prod'"), None);
        let what = format!("{column} = {value}");
        let field = format!("`{column}`");
        for args in [
            &["connections", "test", "prod"][..],
            &["connections", "show", "prod"],
            &["tickets", "list", "--connection", "prod"],
        ] {
            own.run(args).bad(1, &[&field, "`prod`", "backup"]);
        }
        let listed = own.run(&["connections", "list", "--json"]);
        assert_eq!(listed.code, 1, "{what}: {listed:?}");
        assert!(
            [field.as_str(), "`prod`", "not listed", "backup"].iter().all(|word| listed.stderr.contains(word)),
            "{what}: {}",
            listed.stderr
        );
        let names: Vec<_> =
            listed.json()["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
        assert_eq!(names, ["neighbour"], "{what}");
        own.neighbour_works(&what);
        put_back(own);
    }
    // Moved to another tenant, alone or with what is sealed beside it.
    own.sql("UPDATE connections SET tenant = 'globex' WHERE name = 'prod'", None);
    own.run(&["connections", "test", "prod"]).bad(3, &["`prod`", "connections list"]);
    own.run(&["connections", "test", "prod", "--tenant", "globex"]).bad(1, &["`credential`", "`prod`", "backup"]);
    own.sql(&format!("UPDATE secrets SET tenant = 'globex' WHERE owner = {}", owner("prod")), None);
    own.run(&["connections", "test", "prod", "--tenant", "globex"]).bad(1, &["`credential`", "another row", "backup"]);
    own.neighbour_works("moved");
    own.sql(&format!("UPDATE secrets SET tenant = 'default' WHERE owner = {}", owner("prod")), None);
    put_back(own);
    own.sql("DROP TABLE kept", None);
}

/// A new secret is the way out, for who has no backup.
fn the_webhook_secrets_are_changed(own: &mut Installation) {
    let kit = |own: &mut Installation, file: &str| {
        let (out, file) = (own.home.path("kit"), own.home.path(file));
        let address = ["--webhook-url", "https://hooks.example.com/t", "--out", &out, "--connection", "prod"];
        own.run(&[&["admin-kit", "servicenow", "--secret-out", &file][..], &address].concat()).good();
    };
    let kept = |own: &mut Installation| {
        own.run(&["connections", "show", "prod", "--json"]).good().json()["webhook_secrets"].as_u64()
    };
    kit(own, "first");
    kit(own, "second");
    assert_eq!(kept(own), Some(2));
    let row = format!("owner = {} AND slot = 'webhook_secrets'", owner("prod"));
    let whole = own.sql(&format!("SELECT sealed FROM secrets WHERE {row}"), None).remove(0);
    own.sql(&format!("UPDATE secrets SET sealed = $1 WHERE {row}"), Some(&whole[..whole.len() - 1]));
    own.run(&[
        "connections",
        "export",
        "prod",
        "--out",
        &own.home.path("out"),
        "--passphrase-file",
        &own.home.path("first"),
    ])
    .bad(1, &["`webhook_secrets`", "was changed", "admin-kit"]);
    own.run(&["connections", "test", "prod", "--json"]).good();
    kit(own, "third");
    let told = own.said.last().unwrap();
    assert!(told.contains("prod: ") && told.contains("the new secret takes its place"), "{told}");
    assert_eq!(kept(own), Some(1));
}

fn the_key_is_another(own: &mut Installation) {
    let (old, new) = (key("5e"), key("a7"));
    // Where the key in hand is another one.
    own.keys = new.clone();
    own.run(&["connections", "test", "prod"]).bad(2, &["`key`", "`prod`", "nothing was lost"]);
    own.run(&["connections", "show", "prod"]).good();
    own.run(&["connections", "rekey"]).bad(2, &["`key`", "nothing was lost"]);
    own.keys = old.clone();
    own.run(&["connections", "test", "prod", "--json"]).good();
    // A damaged row keeps its key, and is named; the others have the new one, and it follows once it is put back.
    let whole = own.sealed("prod");
    own.seal("prod", &whole[..whole.len() - 1]);
    own.keys = format!("{new},{old}");
    own.run(&["connections", "rekey"]).bad(1, &["`credential`", "`prod`", "one secret", "backup"]);
    own.keys = new.clone();
    own.neighbour_works("half way");
    own.keys = format!("{new},{old}");
    own.seal("prod", &whole);
    own.run(&["connections", "rekey"]).good();
    // Sealed anew: the old key opens it no more, the new one does.
    own.keys = old;
    own.run(&["tickets", "list", "--connection", "prod"]).bad(2, &["`key`", "`prod`", "nothing was lost"]);
    own.keys = new;
    own.run(&["connections", "test", "prod", "--json"]).good();
    own.neighbour_works("rekeyed");
}
