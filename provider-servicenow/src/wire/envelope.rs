//! `{"result": …}`, and the errors that come with or instead of it (`wire/servicenow.md` §1.3, §1.6).

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ticketing_core::{Error, ErrorKind, Result};
use ticketing_http::decode_error;

use super::row::{Layout, Row, RowSeed};

/// What the instance says when it refuses: `{"error":{"message","detail"},"status":"failure"}`, or a bare string.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErrorBody {
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) detail: Option<String>,
}

#[derive(Deserialize)]
struct ErrorEnvelope<'a> {
    #[serde(borrow, default)]
    error: Option<ErrorForm<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorForm<'a> {
    Object(ErrorBody),
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(IgnoredAny),
}

impl From<ErrorForm<'_>> for ErrorBody {
    fn from(form: ErrorForm<'_>) -> Self {
        match form {
            ErrorForm::Object(body) => body,
            ErrorForm::Text(text) => Self { message: text.into_owned(), detail: None },
            ErrorForm::Other(_) => Self::default(),
        }
    }
}

/// The error in a body, where there is one; `Err` where the body is not JSON.
pub(crate) fn error_body(body: &[u8]) -> Result<Option<ErrorBody>, serde_json::Error> {
    let envelope: ErrorEnvelope<'_> = serde_json::from_slice(body)?;
    Ok(envelope.error.map(Into::into))
}

/// What is wrong with an answer that is no list or record of ours.
fn broken(error: serde_json::Error, found: Option<Error>) -> Error {
    // What the sink said is the cause; the decoder's own error only carries it up.
    found.unwrap_or_else(|| decode_error("result", error))
}

/// Reads the rows of a list one by one into `sink`.
///
/// # Errors
/// `Decode` where the answer is no list, or ends in the middle; `Unavailable` where an error came with the rows, which are
/// not whole then (wire §1.6 "200 with error"); what the sink says.
pub(crate) fn decode_list<'a>(
    body: &'a [u8],
    layout: &Layout,
    sink: &mut dyn FnMut(&Row<'a, '_>) -> Result<()>,
) -> Result<()> {
    decode(body, layout, sink, false)
}

/// Reads the one row of a record into `sink`.
///
/// # Errors
/// As for [`decode_list`].
pub(crate) fn decode_record<'a>(
    body: &'a [u8],
    layout: &Layout,
    sink: &mut dyn FnMut(&Row<'a, '_>) -> Result<()>,
) -> Result<()> {
    decode(body, layout, sink, true)
}

fn decode<'a>(
    body: &'a [u8],
    layout: &Layout,
    sink: &mut dyn FnMut(&Row<'a, '_>) -> Result<()>,
    single: bool,
) -> Result<()> {
    let mut said = None;
    let raw = if layout.is_raw() { raw_rows(body).unwrap_or_default() } else { Vec::new() };
    let mut state = State { layout, sink, said: &mut said, single, raw: raw.into_iter() };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let outcome = EnvelopeSeed(&mut state).deserialize(&mut deserializer).and_then(|found| {
        deserializer.end()?;
        Ok(found)
    });
    match outcome {
        Ok(Found { error: Some(error), .. }) => Err(crate::error::in_a_good_answer(&error)),
        Ok(Found { result: true, .. }) => Ok(()),
        Ok(Found { .. }) => Err(Error::new(ErrorKind::Decode, "the answer has no `result`")
            .with_delivery(ticketing_core::Delivery::Answered)),
        Err(error) => Err(broken(error, said)),
    }
}

struct State<'s, 'a, 'l> {
    layout: &'l Layout,
    sink: &'s mut dyn FnMut(&Row<'a, '_>) -> Result<()>,
    said: &'s mut Option<Error>,
    single: bool,
    raw: std::vec::IntoIter<Value>,
}

struct Found {
    result: bool,
    error: Option<ErrorBody>,
}

struct EnvelopeSeed<'e, 's, 'a, 'l>(&'e mut State<'s, 'a, 'l>);

impl<'a> DeserializeSeed<'a> for EnvelopeSeed<'_, '_, 'a, '_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for EnvelopeSeed<'_, '_, 'a, '_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `result`")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found { result: false, error: None };
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match key.as_ref() {
                "result" if self.0.single => {
                    let mut row = Row::new(self.0.layout);
                    map.next_value_seed(RowSeed(&mut row))?;
                    row.raw = self.0.raw.next();
                    feed(self.0, &row)?;
                    found.result = true;
                }
                "result" => {
                    map.next_value_seed(RowsSeed(self.0))?;
                    found.result = true;
                }
                "error" => {
                    found.error = map.next_value::<Option<ErrorForm<'_>>>()?.map(Into::into);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

fn feed<'a, E: de::Error>(state: &mut State<'_, 'a, '_>, row: &Row<'a, '_>) -> Result<(), E> {
    (state.sink)(row).map_err(|error| {
        *state.said = Some(error);
        E::custom("a row was refused")
    })
}

struct RowsSeed<'e, 's, 'a, 'l>(&'e mut State<'s, 'a, 'l>);

impl<'a> DeserializeSeed<'a> for RowsSeed<'_, '_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for RowsSeed<'_, '_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut row = Row::new(self.0.layout);
        while seq.next_element_seed(RowSeed(&mut row))?.is_some() {
            row.raw = self.0.raw.next();
            feed(self.0, &row)?;
        }
        Ok(())
    }
}

/// The rows as they are, for those who asked for the vendor's own JSON.
///
/// # Errors
/// `Decode` where the answer is no list or record.
fn raw_rows(body: &[u8]) -> Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct Raw {
        result: Value,
    }
    match ticketing_http::decode::<Raw>(body)?.result {
        Value::Array(rows) => Ok(rows),
        row => Ok(vec![row]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Value and display value, where there is a cell.
    type Read = Option<(String, Option<String>)>;

    fn rows(body: &str, layout: &Layout) -> Result<Vec<Vec<Read>>> {
        let mut rows = Vec::new();
        decode_list(body.as_bytes(), layout, &mut |row| {
            rows.push(
                (0..layout.fields().count())
                    .map(|place| {
                        row.at(place)
                            .map(|cell| (cell.value.to_string(), cell.display.as_ref().map(ToString::to_string)))
                    })
                    .collect(),
            );
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn every_form_of_a_cell_is_read() {
        // The shapes of wire/servicenow.md §1.4, and what other releases may send.
        let layout = Layout::new(["a", "b", "c"]);
        let body = r#"{"result":[
            {"a":"2","b":{"display_value":"In Progress","value":"2"},"c":{"display_value":"Fred","link":"https://x/y","value":"id"}},
            {"c":"","unknown":{"x":[1]},"a":null},
            {},
            {"b":{"link":"https://x/y","value":"id"},"a":7,"c":true}
        ]}"#;
        let cell = |value: &str, display: Option<&str>| Some((value.to_owned(), display.map(str::to_owned)));
        assert_eq!(
            rows(body, &layout).unwrap(),
            [
                vec![cell("2", None), cell("2", Some("In Progress")), cell("id", Some("Fred"))],
                vec![cell("", None), None, cell("", None)],
                vec![None, None, None],
                vec![cell("7", None), cell("id", None), cell("true", None)],
            ]
        );
    }

    #[test]
    fn an_open_layout_keeps_what_was_not_named() {
        let layout = Layout::new(["a"]).opened();
        let mut seen = Vec::new();
        decode_list(br#"{"result":[{"u_x":{"value":"1","display_value":"One"},"a":"b"}]}"#, &layout, &mut |row| {
            seen = row.extra().map(|(name, cell)| format!("{name}={}", cell.shown())).collect();
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, ["u_x=One"]);
    }

    #[test]
    fn half_an_answer_is_an_error() {
        let layout = Layout::new(["a"]);
        let partial = r#"{"result":[{"a":"1"},{"a":"2"}],"error":{"message":"Transaction cancelled: maximum execution time exceeded","detail":null},"status":"failure"}"#;
        let error = rows(partial, &layout).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.is_retryable() && error.message().contains("Transaction cancelled"), "{error}");
        for body in [
            r#"{"result":[{"a":"1"},"Transaction cancelled"],"error":{"message":"x"}}"#,
            r#"{"result":[{"a":"1"}"#,
            r#"{"result":[{"a":"1"},]}"#,
            r#"{"results":[]}"#,
            r#"[]"#,
            r#"{"result":[]} trailing"#,
            r#"{"result":{"a":"1"}}"#,
        ] {
            assert_eq!(rows(body, &layout).unwrap_err().kind(), ErrorKind::Decode, "{body}");
        }
        assert_eq!(error_body(br#"{"error":"plain"}"#).unwrap().unwrap().message, "plain");
        assert_eq!(error_body(br#"{"result":[]}"#).unwrap(), None);
    }

    #[test]
    fn what_the_sink_says_is_the_error() {
        let layout = Layout::new(["a"]);
        let error = decode_list(br#"{"result":[{"a":"1"}]}"#, &layout, &mut |_| {
            Err(Error::new(ErrorKind::Decode, "INC1 has no id"))
        })
        .unwrap_err();
        assert_eq!(error.message(), "INC1 has no id");
    }
}
