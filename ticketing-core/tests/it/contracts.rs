//! The JSON of every contract document, and its schema: a public contract. A provider never changes these files; a change
//! of the contract itself is a new version of it.

mod full;
mod minimal;
mod validate;
mod vocabularies;

use std::collections::BTreeSet;
use std::fmt::Debug;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ticketing_core::model::{
    Account, Attachment, Change, ChangeEvent, Collection, Comment, Contact, Field, Group, HistoryEntry, Link,
    StatusInfo, Tag, Ticket, Transition, User, Webhook,
};
use ticketing_core::request::FoundTickets;
use ticketing_core::{Capabilities, ChangePage, Check, Page, ProviderInfo};

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.remove_input_file();
    settings.set_omit_expression(true);
    settings
}

/// One document with everything in it, and one with as little as there can be.
#[derive(Debug, Serialize)]
struct Pair<'a, T> {
    full: &'a T,
    minimal: &'a T,
}

fn keys(json: &Value) -> BTreeSet<String> {
    json.as_object().expect("a document is an object").keys().cloned().collect()
}

/// A document's JSON is as it was written down, has every key whatever is in it, and reads back as the same document.
fn document<T: Serialize + DeserializeOwned + PartialEq + Debug + JsonSchema>(name: &str, full: &T, minimal: &T) {
    for document in [full, minimal] {
        let text = serde_json::to_string(document).unwrap();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *document, "`{name}` reads back as it was written");
    }
    let (rich, poor) = (serde_json::to_value(full).unwrap(), serde_json::to_value(minimal).unwrap());
    let mut every = keys(&rich);
    every.remove("raw");
    assert_eq!(every, keys(&poor), "every key of `{name}` is always there, `raw` where it was asked for");
    for (key, value) in rich.as_object().unwrap() {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        assert!(!empty, "the full `{name}` shows what is under `{key}`");
    }
    settings().bind(|| insta::assert_json_snapshot!(name, Pair { full, minimal }));
    let schema = schema::<T>(name, &every);
    for json in [rich, poor] {
        assert_eq!(validate::validate(&schema, &json), Ok(()), "`{name}` is what its own schema says");
    }
}

/// A schema is as it was written down, and requires every key that is always there.
fn schema<T: JsonSchema>(name: &str, every: &BTreeSet<String>) -> Value {
    let schema = schemars::schema_for!(T).to_value();
    let required: BTreeSet<String> =
        schema["required"].as_array().into_iter().flatten().map(|key| key.as_str().unwrap().to_owned()).collect();
    assert_eq!(&required, every, "the schema of `{name}` requires every key but `raw`");
    let mut described = keys(&schema["properties"]);
    described.remove("raw");
    assert_eq!(&described, every, "the schema of `{name}` describes every key");
    snapshot_schema(name, &schema);
    schema
}

fn snapshot_schema(name: &str, schema: &Value) {
    let mut settings = settings();
    settings.set_sort_maps(true);
    settings.bind(|| insta::assert_json_snapshot!(format!("{name}.schema"), schema));
}

macro_rules! documents {
    ($( $name:ident: $document:ty; )*) => { $(
        #[test]
        fn $name() {
            document::<$document>(stringify!($name), &full::$name(), &minimal::$name());
        }
    )* };
}

documents! {
    ticket: Ticket;
    user: User;
    group: Group;
    comment: Comment;
    attachment: Attachment;
    account: Account;
    contact: Contact;
    collection: Collection;
    tag: Tag;
    field: Field;
    link: Link;
    history_entry: HistoryEntry;
    transition: Transition;
    status_info: StatusInfo;
    webhook: Webhook;
    change_event: ChangeEvent;
    page: Page<Ticket>;
    change_page: ChangePage;
    found_tickets: FoundTickets;
    check: Check;
    provider_info: ProviderInfo;
    capabilities: Capabilities;
}

/// Changes come in two shapes, told apart by `change`; each kind of record reads back as its own.
#[test]
fn change() {
    let changes = full::changes();
    let schema = schemars::schema_for!(Change).to_value();
    for change in &changes {
        let text = serde_json::to_string(change).unwrap();
        assert_eq!(validate::validate(&schema, &serde_json::to_value(change).unwrap()), Ok(()));
        assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), *change);
    }
    settings().bind(|| insta::assert_json_snapshot!("change", changes));
    snapshot_schema("change", &schema);
}

/// What is missing is an error that names it, not a default.
#[test]
fn a_missing_key_is_named() {
    let mut ticket = serde_json::to_value(minimal::ticket()).unwrap();
    ticket.as_object_mut().unwrap().remove("status");
    let error = serde_json::from_value::<Ticket>(ticket).unwrap_err().to_string();
    assert!(error.contains("status"), "{error}");
}

/// A later version may add keys: they do not keep an older reader from reading.
#[test]
fn an_unknown_key_is_passed_over() {
    let mut ticket = serde_json::to_value(full::ticket()).unwrap();
    ticket["of_a_later_version"] = Value::Bool(true);
    assert_eq!(serde_json::from_value::<Ticket>(ticket).unwrap(), full::ticket());
}
