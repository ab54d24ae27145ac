//! The README's table of providers and capabilities is made from the providers themselves.
//!
//! `UPDATE_README=1 cargo test -p ticketing` writes it.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use ticketing::request::FilterKind;
use ticketing::{Capabilities, Operation, Support};

const BEGIN: &str = "<!-- capabilities:";
const END: &str = "<!-- /capabilities -->";

/// A configuration that connects without sending anything.
fn sample_config(provider: &str) -> Value {
    match provider {
        "jira" => json!({
            "instance": "acme",
            "auth": { "type": "basic", "username": "integration@acme.com", "password": "unused" },
            "mapping": { "fields": { "assigned_groups": "Team", "external_id": "External ID" } },
        }),
        "memory" => json!({ "account": "acme" }),
        "servicenow" => json!({
            "instance": "acme",
            "auth": { "type": "basic", "username": "integration", "password": "unused" },
        }),
        other => panic!("the README's table needs a sample configuration of `{other}`"),
    }
}

fn marks(capabilities: &Capabilities, operations: &[(Operation, &str)]) -> String {
    let has: Vec<_> =
        operations.iter().filter(|(operation, _)| capabilities.supports(*operation)).map(|(_, word)| *word).collect();
    if has.is_empty() { "–".to_owned() } else { has.join(", ") }
}

fn filters(capabilities: &Capabilities) -> String {
    let count = |support| capabilities.ticket_filters.values().filter(|known| **known == support).count();
    let (native, emulated) = (count(Support::Native), count(Support::Emulated));
    let of = FilterKind::ALL.len();
    if emulated == 0 { format!("{native} of {of}") } else { format!("{native} + {emulated} emulated of {of}") }
}

fn changes(capabilities: &Capabilities) -> String {
    let mut words = Vec::new();
    if capabilities.supports(Operation::ListChanges) {
        words.push(if capabilities.sees_deletes { "delta with deletes" } else { "delta" });
    }
    if capabilities.supports(Operation::ListIds) {
        words.push("census");
    }
    if capabilities.supports(Operation::CreateWebhook) {
        words.push("webhooks");
    }
    if words.is_empty() { "–".to_owned() } else { words.join(", ") }
}

/// One row a provider, so that the table stays on the README's first screen.
fn table() -> String {
    use Operation as O;

    let mut out = String::from(
        "| provider | tickets | comments | files | also | people | filters | following | repeated create | version check |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for provider in ticketing::registry().unwrap().iter() {
        let client = ticketing::connect(provider.name, sample_config(provider.name)).unwrap();
        let capabilities = client.capabilities();
        let visibilities: Vec<_> = capabilities.comment_visibilities.iter().map(|one| one.as_str()).collect();
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            provider.name,
            marks(
                &capabilities,
                &[
                    (O::ListTickets, "read"),
                    (O::CreateTicket, "create"),
                    (O::UpdateTicket, "update"),
                    (O::DeleteTicket, "delete")
                ]
            ),
            if visibilities.is_empty() { "–".to_owned() } else { visibilities.join(", ") },
            marks(&capabilities, &[(O::DownloadAttachment, "read"), (O::UploadAttachment, "write")]),
            marks(
                &capabilities,
                &[
                    (O::ListHistory, "history"),
                    (O::ListLinks, "links"),
                    (O::ListWatchers, "watchers"),
                    (O::ListTags, "tags"),
                    (O::ListFields, "fields"),
                    (O::ListTransitions, "transitions")
                ]
            ),
            marks(
                &capabilities,
                &[
                    (O::ListUsers, "users"),
                    (O::ListGroups, "groups"),
                    (O::ListGroupMembers, "members"),
                    (O::FindUsers, "search"),
                    (O::ListAccounts, "accounts"),
                    (O::ListContacts, "contacts")
                ]
            ),
            filters(&capabilities),
            changes(&capabilities),
            capabilities.idempotency.ticket,
            capabilities.concurrency,
        )
        .unwrap();
    }
    out
}

#[test]
#[cfg(all(feature = "jira", feature = "memory", feature = "servicenow"))]
fn the_capability_table_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let begin = readme.find(BEGIN).expect("the table's opening comment");
    let begin = begin + readme[begin..].find('\n').unwrap() + 1;
    let end = readme.find(END).expect("the table's closing comment");
    let expected = format!("{}{}{}", &readme[..begin], table(), &readme[end..]);
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(
        readme == expected || std::env::var_os("UPDATE_README").is_some(),
        "README.md is behind: run `UPDATE_README=1 cargo test -p ticketing`; it should say\n{}",
        table()
    );
}
