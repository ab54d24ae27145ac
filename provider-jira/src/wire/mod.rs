//! What a site sends, read leniently: unknown members are passed over, missing ones are none.

mod catalogue;
mod issue;
mod people;

pub(crate) use catalogue::{FieldInfo, Listed, Project, StatusInfo};
pub(crate) use issue::{Issue, IssuePage, Raw, Thing};
pub(crate) use people::{GroupInfo, Person};

use serde::{Deserialize, Deserializer};

/// Ids are strings in most answers and numbers in some (wire A4.8): text either way.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    })
}

/// As [`text`], where there may be none.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    struct Wrapped(#[serde(deserialize_with = "text")] String);
    Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|wrapped| wrapped.0))
}

/// A list, where `null` is an empty one.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
