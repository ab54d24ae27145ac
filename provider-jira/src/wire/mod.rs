//! What a site sends, read leniently: unknown members are passed over, missing ones are none.

mod catalogue;
mod issue;
mod people;

pub(crate) use catalogue::{FieldInfo, Listed, Project, StatusInfo};
pub(crate) use issue::{Issue, IssuePage, Raw, Thing};
pub(crate) use people::{GroupInfo, Person};

use std::fmt;

use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Ids are strings in most answers and numbers in some (wire A4.8): text either way.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    some_text(deserializer)?.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"a string or a number"))
}

/// As [`text`], where there may be none.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Either;
    impl Visitor<'_> for Either {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or a number")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
            Ok(Some(text))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
            // As JSON writes it: `3.0`.
            Ok(serde_json::Number::from_f64(number).map(|number| number.to_string()))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Either)
}

/// A list, where `null` is an empty one.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_text_whatever_they_came_as() {
        #[derive(Debug, Deserialize)]
        struct Row {
            #[serde(deserialize_with = "text")]
            id: String,
            #[serde(default, deserialize_with = "some_text")]
            other: Option<String>,
        }
        for (json, id, other) in [
            (r#"{"id":"1\u00e4"}"#, "1ä", None),
            (r#"{"id":7,"other":null}"#, "7", None),
            (r#"{"id":-7,"other":"x"}"#, "-7", Some("x")),
            (r#"{"id":3.0,"other":18446744073709551615}"#, "3.0", Some("18446744073709551615")),
        ] {
            let row: Row = serde_json::from_str(json).unwrap();
            assert_eq!((row.id.as_str(), row.other.as_deref()), (id, other), "{json}");
        }
        for json in [r#"{"id":null}"#, r#"{"id":true}"#, r#"{"id":[]}"#, "{}"] {
            assert!(serde_json::from_str::<Row>(json).is_err(), "{json}");
        }
    }
}
