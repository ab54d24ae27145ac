//! The kit for administrators: its update sets are well-formed, its rule runs in a JavaScript engine, and what the rule sends
//! is believed by our intake.

use std::io::Write as _;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use provider_servicenow::ServiceNowWebhook;
use provider_servicenow::admin_kit::AdminKit;
use serde_json::{Value, json};
use ticketing_core::model::{Kind, WebhookEvent};
use ticketing_core::{ErrorKind, WebhookDelivery, WebhookIntake as _};

const HOOK: &str = "https://tickets.example.com/webhooks/servicenow?connection=prod&x=1";
const SECRET: &str = "hook secret with ü and 🙂";
const ID: &str = "46d44a40a9fe19810012d100cca80666";

fn now() -> DateTime<Utc> {
    "2026-01-05T08:00:00Z".parse().unwrap()
}

fn kit() -> AdminKit {
    let tables = ["incident", "change_request"].map(str::to_owned);
    AdminKit::new(HOOK, "https://tickets.example.com/callback", tables).unwrap()
}

/// The records of an update set, by table: parsed from its XML, and the payload of each parsed again.
fn records(name: &str) -> Vec<(String, Vec<(String, String)>)> {
    let files = kit().files(now());
    let text = &files.iter().find(|file| file.name == name).unwrap().text;
    let set = roxmltree::Document::parse(text).unwrap();
    assert_eq!(set.root_element().tag_name().name(), "unload");
    let of = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children()
            .find(|child| child.has_tag_name(name))
            .and_then(|child| child.text())
            .unwrap_or_default()
            .to_owned()
    };
    let head = set.descendants().find(|node| node.has_tag_name("sys_remote_update_set")).unwrap();
    assert_eq!((of(head, "state"), of(head, "application_scope")), ("loaded".to_owned(), "global".to_owned()));
    let set_id = of(head, "sys_id");
    let mut out = Vec::new();
    for update in set.descendants().filter(|node| node.has_tag_name("sys_update_xml")) {
        assert_eq!(of(update, "remote_update_set"), set_id);
        let payload = of(update, "payload");
        let payload = roxmltree::Document::parse(&payload).unwrap();
        let root = payload.root_element();
        assert!(root.has_tag_name("record_update"));
        let table = root.attribute("table").unwrap();
        let record = root.children().find(|child| child.has_tag_name(table)).unwrap();
        assert_eq!(of(update, "name"), format!("{table}_{}", of(record, "sys_id")));
        let columns = record
            .children()
            .map(|child| (child.tag_name().name().to_owned(), child.text().unwrap_or_default().to_owned()));
        out.push((table.to_owned(), columns.collect()));
    }
    out
}

fn column<'r>(record: &'r [(String, String)], name: &str) -> &'r str {
    record.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
}

#[test]
fn the_update_sets_are_well_formed_and_whole() {
    let webhook = records("ticketing-webhook.xml");
    let tables: Vec<&str> = webhook.iter().map(|(table, _)| table.as_str()).collect();
    assert_eq!(
        tables,
        [
            "sys_properties",
            "sys_rest_message",
            "sys_rest_message_fn",
            "sys_script",
            "sys_script",
            "sys_script",
            "sys_script"
        ]
    );
    let (changed, deleted) = AdminKit::scripts();
    let rules: Vec<_> = webhook.iter().filter(|(table, _)| table == "sys_script").map(|(_, record)| record).collect();
    for (rule, (collection, when, script)) in rules.iter().zip([
        ("incident", "async", &changed),
        ("incident", "after", &deleted),
        ("change_request", "async", &changed),
        ("change_request", "after", &deleted),
    ]) {
        assert_eq!((column(rule, "collection"), column(rule, "when")), (collection, when));
        assert_eq!((column(rule, "active"), column(rule, "advanced")), ("true", "true"));
        assert_eq!(column(rule, "action_delete") == "true", when == "after");
        // Byte by byte what was tried below, escaped and read back.
        assert_eq!(column(rule, "script"), script);
    }
    let message = &webhook[1].1;
    assert_eq!(column(message, "rest_endpoint"), HOOK);
    assert_eq!(column(&webhook[2].1, "rest_message"), column(message, "sys_id"));
    assert_eq!((column(&webhook[0].1, "type"), column(&webhook[0].1, "value")), ("password2", ""));

    let rights = records("ticketing-rights.xml");
    let role = column(&rights[0].1, "sys_id").to_owned();
    for (table, record) in &rights[1..] {
        match table.as_str() {
            "sys_security_acl" => assert_eq!(column(record, "operation"), "read", "the role reads and no more"),
            "sys_security_acl_role" => assert_eq!(column(record, "sys_user_role"), role),
            other => panic!("{other}"),
        }
    }
    // A second import is an update: every id stays.
    assert_eq!(webhook, records("ticketing-webhook.xml"));
}

#[test]
fn the_guide_says_who_gives_what_to_whom() {
    let files = kit().files(now());
    let guide = &files.iter().find(|file| file.name == "README.md").unwrap().text;
    for words in [HOOK, "https://tickets.example.com/callback", "`incident`", "ticketing_integration", "password2"] {
        assert!(words == "password2" || guide.contains(words), "{words}");
    }
    assert!(!guide.contains("{{"), "something is not filled in");
}

#[test]
fn what_is_wrong_with_an_order_is_said() {
    let tables = || ["incident".to_owned()];
    for url in
        ["", "tickets", "http://tickets.example.com/", "https://u:p@tickets.example.com/", "https://x.example/${y}"]
    {
        assert_eq!(AdminKit::new(url, "x", tables()).unwrap_err().field(), Some("webhook_url"), "{url}");
    }
    // What an address may hold, and a guide and a script may not: reading it would pass over some of these.
    for odd in ["a\nb", "a\tb", "a b", "a`b", "a'b", "a\"b", "a<b", "a\\b", "a\u{7f}b"] {
        let url = format!("https://tickets.example.com/{odd}");
        assert_eq!(AdminKit::new(&url, "x", tables()).unwrap_err().field(), Some("webhook_url"), "{url}");
        assert_eq!(AdminKit::new(HOOK, &url, tables()).unwrap_err().field(), Some("redirect_uri"), "{url}");
    }
    for url in ["", "callback", "http://tickets.example.com/", "ftp://127.0.0.1/", "https://u:p@tickets.example.com/"] {
        let error = AdminKit::new(HOOK, url, tables()).unwrap_err();
        assert!(error.field() == Some("redirect_uri") && error.hint().is_some(), "{url}: {error}");
    }
    AdminKit::new(HOOK, "http://127.0.0.1:8400/callback", tables()).unwrap();
    for tables in [vec![], vec!["Incident".to_owned()], vec!["a]]></script>".to_owned()]] {
        assert_eq!(AdminKit::new(HOOK, "x", tables).unwrap_err().field(), Some("tables"));
    }
}

/// The instance, as far as the rule sees it. What is sent is written down.
const STUBS: &str = r#"
const crypto = require('crypto');
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const out = { sent: [], errors: [] };
const gs = {
    getProperty: (name, otherwise) => name === 'ticketing.webhook.secret' ? input.secret : otherwise,
    generateGUID: () => '0123456789abcdef0123456789abcdef',
    error: (text) => out.errors.push(text),
};
const GlideStringUtil = { base64Encode: (text) => Buffer.from(text, 'utf8').toString('base64') };
function GlideCertificateEncryption() {}
GlideCertificateEncryption.prototype.generateMac = (key, algorithm, data) => {
    if (algorithm !== 'HmacSHA256') throw new Error('algorithm ' + algorithm);
    return crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(data, 'utf8').digest('base64');
};
function RESTMessageV2(message, method) { this.sent = { message, method, headers: {} }; }
RESTMessageV2.prototype.setRequestHeader = function (name, value) { this.sent.headers[name] = value; };
RESTMessageV2.prototype.setRequestBody = function (body) { this.sent.body = body; };
RESTMessageV2.prototype.setHttpTimeout = function (millis) { this.sent.timeout = millis; };
RESTMessageV2.prototype.execute = function () {
    this.sent.how = 'execute';
    out.sent.push(this.sent);
    return { getStatusCode: () => Number(input.values.answer || 200) };
};
RESTMessageV2.prototype.executeAsync = function () { this.sent.how = 'executeAsync'; out.sent.push(this.sent); };
const current = {
    getTableName: () => input.table,
    getUniqueValue: () => input.sys_id,
    getValue: (name) => input.values[name] === undefined ? null : input.values[name],
};
require('vm').runInNewContext(input.script, {
    gs, GlideStringUtil, GlideCertificateEncryption, sn_ws: { RESTMessageV2 }, current, previous: null,
    Date: function () { return { getTime: () => input.millis }; },
}, { timeout: 5000 });
process.stdout.write(JSON.stringify(out));
"#;

/// Runs a rule; `None`, with the reason printed, where there is no JavaScript engine.
fn run(script: &str, secret: &str, values: Value) -> Option<Value> {
    let millis = now().timestamp_millis();
    let input = json!({"script": script, "secret": secret, "table": "incident", "sys_id": ID, "values": values, "millis": millis});
    let spawned = Command::new("node")
        .args(["-e", STUBS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "\nskipped: the rule is not run, there is no `node` ({error})");
            return None;
        }
    };
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn delivery(sent: &Value) -> WebhookDelivery {
    let headers = sent["headers"].as_object().unwrap();
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    WebhookDelivery::new(headers, sent["body"].as_str().unwrap().to_owned(), now())
}

fn intake(secret: &str) -> ServiceNowWebhook {
    ServiceNowWebhook::from_value(json!({ "secret": secret })).unwrap()
}

#[test]
fn what_the_rules_send_is_believed_and_a_changed_byte_is_not() {
    let (changed, deleted) = AdminKit::scripts();
    let values = |count: &str| json!({"sys_mod_count": count, "sys_updated_by": "jürgen 🙂", "sys_updated_on": "2026-01-05 08:00:00"});
    for (script, values, event, how) in [
        (&changed, values("0"), WebhookEvent::TicketCreated, "execute"),
        (&changed, values("3"), WebhookEvent::TicketUpdated, "execute"),
        (&deleted, values("3"), WebhookEvent::TicketDeleted, "executeAsync"),
    ] {
        let Some(out) = run(script, SECRET, values) else { return };
        assert_eq!((out["sent"].as_array().unwrap().len(), &out["errors"]), (1, &json!([])), "{out}");
        let sent = &out["sent"][0];
        assert_eq!((sent["message"].as_str(), sent["method"].as_str()), (Some("Ticketing webhook"), Some("post")));
        assert_eq!(sent["how"], how, "a rule that users wait for waits for nothing");
        assert!(sent["body"].as_str().unwrap().is_ascii(), "any charset gives the same bytes");
        let told = intake(SECRET).receive(&delivery(sent)).unwrap();
        assert_eq!((told[0].event, told[0].kind, told[0].id.as_str()), (event, Kind::Ticket, ID));
        assert_eq!(told[0].delivery_id.as_deref(), Some("0123456789abcdef0123456789abcdef"));

        let ours = intake(SECRET);
        ours.receive(&delivery(sent)).unwrap();
        assert_eq!(ours.receive(&delivery(sent)).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(intake("other").receive(&delivery(sent)).unwrap_err().kind(), ErrorKind::Unauthenticated);
        let whole = delivery(sent);
        for nth in 0..whole.body.len() {
            let mut bytes = whole.body.to_vec();
            bytes[nth] ^= 1;
            let mut changed = delivery(sent);
            changed.body = bytes.into();
            let refused = ours.receive(&changed).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unauthenticated, "byte {nth}");
        }
        let mut late = delivery(sent);
        late.received_at = now() + chrono::TimeDelta::minutes(6);
        assert_eq!(intake(SECRET).receive(&late).unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
    // What the product refuses is in the instance's log.
    let refused = json!({"sys_mod_count": "3", "answer": "401"});
    let Some(out) = run(&changed, SECRET, refused) else { return };
    assert!(out["errors"][0].as_str().unwrap().contains("HTTP 401"), "{out}");
    // Without a secret nothing is sent, and the log says why.
    let Some(out) = run(&changed, "", values("0")) else { return };
    assert_eq!(out["sent"], json!([]));
    assert!(out["errors"][0].as_str().unwrap().contains("ticketing.webhook.secret"), "{out}");
}

#[test]
fn the_rules_are_in_the_language_that_the_instance_knows() {
    let (changed, deleted) = AdminKit::scripts();
    for script in [changed, deleted] {
        for word in ["=>", "let ", "const ", "`", "class ", "async ", "OPERATION", "SEND"] {
            assert!(!script.contains(word), "`{word}`");
        }
    }
}
