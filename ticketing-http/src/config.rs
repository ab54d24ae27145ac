//! Reading a connection's configuration: every mistake is one error that names the key, says why, and what to write instead.
//! Values are never quoted, since any of them may be a secret in the wrong place.

use serde_json::{Map, Value};
use ticketing_core::{Error, Result};

/// A JSON object.
///
/// # Errors
/// `Config`, naming `key`, and what was found instead.
pub fn object(key: &str, value: Value) -> Result<Map<String, Value>> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(Error::config(key, format!("it must be an object, and is {}", kind_of(&other)))),
    }
}

/// Refuses keys that mean nothing: a misspelt key must not be a silent default.
///
/// ```
/// use ticketing_http::config::{known_keys, object};
///
/// let map = object("auth", serde_json::json!({ "type": "bearer", "tokn": "x" }))?;
/// let error = known_keys("auth.", &map, &["type", "token"]).unwrap_err();
/// assert_eq!(error.field(), Some("auth.tokn"));
/// # Ok::<(), ticketing_core::Error>(())
/// ```
///
/// # Errors
/// `Config`, naming the first such key behind `prefix`, with the keys that there are.
pub fn known_keys(prefix: &str, map: &Map<String, Value>, known: &[&str]) -> Result<()> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Error::config(format!("{prefix}{}", shown(key)), "there is no such key")
            .with_hint(format!("the keys are: {}", known.join(", ")))),
    }
}

/// What kind of JSON a value is, in words.
#[must_use]
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A string that must be there and not be empty; `what` says what to give.
///
/// # Errors
/// `Config`, naming the key behind `prefix`.
pub fn text(map: &Map<String, Value>, prefix: &str, key: &str, what: &str) -> Result<String> {
    let field = format!("{prefix}{key}");
    let hint = format!("give {what}");
    match map.get(key) {
        None | Some(Value::Null) => Err(Error::config(field, "it is missing").with_hint(hint)),
        Some(Value::String(text)) if text.trim().is_empty() => Err(Error::config(field, "it is empty").with_hint(hint)),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => {
            Err(Error::config(field, format!("it must be a string, and is {}", kind_of(other))).with_hint(hint))
        }
    }
}

/// What somebody typed or a vendor sent, fit for a line of an error: at most 80 characters, control characters escaped.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}
