//! Writing tickets: what callers name, as the fields of one issue, checked before anything is sent.

mod create;
mod declare;
mod draft;
mod encode;
mod keyed;
mod learned;
mod meta;
mod people;
mod request;
mod target;
mod text;
mod transitions;
mod update;
mod walk;
mod workflow;

pub(crate) use create::create;
pub(crate) use declare::declare;
pub(crate) use learned::Learned;
pub(crate) use target::{Target, locate};
pub(crate) use text::text_value;
pub(crate) use transitions::list as transitions;
pub(crate) use update::{delete, update};

use ticketing_core::{Error, Result};

use crate::connection::Connection;

/// Says a refusal in the callers' words: `summary` is `title`, a custom field stands under `fields`.
pub(crate) async fn in_our_words<T>(connection: &Connection, outcome: Result<T>) -> Result<T> {
    let error = match outcome {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let Some(field) = error.field().map(str::to_owned) else { return Err(error) };
    let named = match field.as_str() {
        "comment" => "body".to_owned(),
        "commentLevel" => "restricted_to".to_owned(),
        "project" => "collection".to_owned(),
        _ => match connection.catalogue.columns().await.ok().and_then(|columns| columns.get(&field).cloned()) {
            Some(column) => column.core.map_or_else(|| format!("fields.{}", column.id), str::to_owned),
            None => return Err(error),
        },
    };
    // What the site says of these does not say what else to write.
    let hint = match named.as_str() {
        "restricted_to" => {
            "write `role:NAME` with a role of the project, or `group:NAME` with a group that the user is in"
        }
        "parent" => "name an issue whose type stands right above this one's, or none",
        _ => return Err(error.with_field(named)),
    };
    Err(error.with_field(named).with_hint(hint))
}

/// Refuses more than one of what an issue has one of.
pub(crate) fn at_most_one(field: &str, count: usize) -> Result<()> {
    if count > 1 {
        return Err(Error::invalid(field, format!("{count} were given, and a ticket has 1 at most"))
            .with_hint("name one; the others can be watchers"));
    }
    Ok(())
}
