//! A caller's idempotency key as what `correlation_id` and `correlation_display` can hold.
//!
//! Alone, the key stands in `correlation_id`, and `correlation_display` says that it is a key. Beside an external id, which
//! has `correlation_id`, it stands in `correlation_display`. So a ticket's `external_id` is never a key.

use sha2::{Digest as _, Sha256};
use ticketing_core::Result;

use crate::api::Values;
use crate::map::{KEY_MARKER, KEY_PREFIX};
use crate::query::value::check;
use crate::query::{Condition, FieldName, Query};

/// The length of both columns (wire §3.1), less what stands before the key.
const LONGEST: usize = 100 - KEY_PREFIX.len();

/// The key as it is stored: one that is too long, or cannot stand in a query, as its digest.
pub(crate) fn stored_key(key: &str) -> String {
    let plain = !key.is_empty() && key.len() <= LONGEST && key.trim() == key && check("idempotency_key", key).is_ok();
    if plain {
        return key.to_owned();
    }
    let digest = Sha256::digest(key.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The columns of a new record.
pub(super) fn columns(key: Option<&str>, external_id: Option<&str>, values: &mut Values) {
    let mut put = |column: &str, value: String| drop(values.insert(column.to_owned(), value.into()));
    match (key, external_id) {
        (None, None) => {}
        (None, Some(id)) => put("correlation_id", id.to_owned()),
        (Some(key), None) => {
            put("correlation_id", key.to_owned());
            put("correlation_display", KEY_MARKER.to_owned());
        }
        (Some(key), Some(id)) => {
            put("correlation_id", id.to_owned());
            put("correlation_display", format!("{KEY_PREFIX}{key}"));
        }
    }
}

/// The columns of a record whose external id changes, or goes: the key that it was made under stays with it.
pub(super) fn changed(id: &str, display: &str, external_id: Option<&str>, values: &mut Values) {
    let key = if display == KEY_MARKER { Some(id) } else { display.strip_prefix(KEY_PREFIX) };
    values.insert("correlation_id".to_owned(), "".into());
    values.insert("correlation_display".to_owned(), if key.is_some() { "" } else { display }.into());
    columns(key.filter(|key| !key.is_empty()), external_id, values);
}

/// The records that were made under a key.
pub(super) fn made_under(key: &str) -> Result<Query> {
    let alone = Query::all()
        .and(Condition::equals(FieldName::fixed("correlation_id"), key)?)
        .and(Condition::equals(FieldName::fixed("correlation_display"), KEY_MARKER)?);
    let beside =
        Query::all().and(Condition::equals(FieldName::fixed("correlation_display"), format!("{KEY_PREFIX}{key}"))?);
    Ok(alone.or_query(beside))
}

/// Whether a record was made under a key, letter by letter.
pub(super) fn is_made_under(id: &str, display: &str, key: &str) -> bool {
    match display.strip_prefix(KEY_PREFIX) {
        Some(beside) => beside == key,
        None => id == key && display == KEY_MARKER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_their_columns() {
        assert_eq!(stored_key("alert-4711"), "alert-4711");
        for key in ["", " x", "javascript:x", "a\nb", &"x".repeat(101)] {
            let stored = stored_key(key);
            assert!(stored.starts_with("sha256:") && stored.len() <= LONGEST, "{stored}");
        }
        assert_ne!(stored_key("a\nb"), stored_key("a\nc"));
    }

    #[test]
    fn a_key_is_its_own_letter_by_letter() {
        let beside = format!("{KEY_PREFIX}Order-1");
        assert!(is_made_under("Order-1", KEY_MARKER, "Order-1") && is_made_under("E", &beside, "Order-1"));
        for (id, display) in [("order-1", KEY_MARKER), ("Order-1", ""), ("Order-1", "Nagios"), ("Order-1", KEY_PREFIX)]
        {
            assert!(!is_made_under(id, display, "Order-1"), "{id} {display}");
        }
        assert!(!is_made_under("E", &beside, "order-1"));
    }

    #[test]
    fn a_key_never_takes_the_external_ids_place() {
        let with = |key, id| {
            let mut values = Values::new();
            columns(key, id, &mut values);
            serde_json::Value::Object(values).to_string()
        };
        assert_eq!(with(None, None), "{}");
        assert_eq!(with(None, Some("E")), r#"{"correlation_id":"E"}"#);
        assert!(with(Some("K"), None).contains(r#""correlation_id":"K""#));
        let both = with(Some("K"), Some("E"));
        assert!(both.contains(r#""correlation_id":"E""#) && both.contains("idempotency key K"), "{both}");
        let after = |id, display: &str, external_id| {
            let mut values = Values::new();
            changed(id, display, external_id, &mut values);
            serde_json::Value::Object(values).to_string()
        };
        assert_eq!(after("K", KEY_MARKER, Some("E")), both);
        assert_eq!(after("D", &format!("{KEY_PREFIX}K"), Some("E")), both);
        assert_eq!(after("D", &format!("{KEY_PREFIX}K"), None), with(Some("K"), None));
        // What somebody else wrote there is theirs.
        assert_eq!(after("D", "Nagios", Some("E")), r#"{"correlation_display":"Nagios","correlation_id":"E"}"#);
        assert_eq!(after("D", "", None), r#"{"correlation_display":"","correlation_id":""}"#);
    }
}
