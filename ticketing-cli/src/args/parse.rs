//! Reads the values of arguments; an error names the cause and the way out, and clap names the argument.

use std::convert::Infallible;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};
use ticketing::model::{Due, FieldData, Timestamp};
use ticketing::request::{Sort, SortDirection, SortField};
use ticketing::{Error, Secret};

/// A value of the core's: selectors, statuses, priorities.
pub(crate) fn core<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: Error| match error.hint() {
        Some(hint) => format!("{}; {hint}", error.message()),
        None => error.message().to_owned(),
    })
}

/// A text that says something.
pub(crate) fn not_empty(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// A host, and perhaps its port: neither an address nor a path.
pub(crate) fn host(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    match !text.is_empty() && text.chars().all(is_plain) && text != "*" {
        true => Ok(text.to_owned()),
        false => Err("it is no host; write `tickets.intra.example` or `10.0.0.7:8443`, without `https://`".to_owned()),
    }
}

/// What is a secret, or may hold one: it is shown by nothing that shows the command line.
pub(crate) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// A moment of a recorded log, in whose own way of writing it the way out is told.
///
/// # Errors
/// What is wrong, for clap.
pub(crate) fn moment_of_a_log(text: &str) -> Result<Timestamp, String> {
    moment(text).map_err(|_| "it is no time; write it like '2016-03-10 12:00:00', in UTC".to_owned())
}

/// A moment in UTC: `2016-06-01T00:00:00Z`, with any offset, `2016-06-01 00:00:00` or `2016-06-01`.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    for format in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            return Ok(at.and_utc());
        }
    }
    text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0)).map(|at| at.and_utc()).ok_or_else(|| {
        "it is no time; write it like 2016-06-01T00:00:00Z, or 2016-06-01 for its first moment in UTC".to_owned()
    })
}

/// A day stays a day, a moment a moment.
pub(crate) fn due(text: &str) -> Result<Due, String> {
    match text.trim().parse::<NaiveDate>() {
        Ok(day) => Ok(Due::Date(day)),
        Err(_) => moment(text)
            .map(Due::At)
            .map_err(|_| "it is neither a day (2026-03-01) nor a moment (2026-03-01T09:00:00Z)".to_owned()),
    }
}

/// `updated_at`, `updated_at:desc` or `-updated_at`.
pub(crate) fn sort(text: &str) -> Result<Sort, String> {
    let (name, direction) = match (text.strip_prefix('-'), text.split_once(':')) {
        (Some(name), _) => (name, SortDirection::Descending),
        (None, Some((name, "desc" | "descending"))) => (name, SortDirection::Descending),
        (None, Some((name, "asc" | "ascending"))) => (name, SortDirection::Ascending),
        (None, Some((_, other))) => return Err(format!("there is no direction `{other}`; write `asc` or `desc`")),
        (None, None) => (text, SortDirection::Ascending),
    };
    core::<SortField>(name).map(|field| Sort { field, direction })
}

/// A name and its value, `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("it is no NAME=VALUE; write the name, an equals sign and the value".to_owned()),
    }
}

/// A header, `Name: value`.
pub(crate) fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err("it is no header; write `Name: value`".to_owned()),
    }
}

/// One `--field`: a catalogue field's id and its value as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldArg {
    pub(crate) id: String,
    pub(crate) value: FieldText,
}

/// A field's value as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldText {
    /// `K=V`: typed by the catalogue.
    Text(String),
    /// `K:=JSON`: typed by its writer.
    Json(FieldData),
}

/// `K=V`, or `K:=JSON`.
pub(crate) fn field(text: &str) -> Result<FieldArg, String> {
    const SHAPE: &str = "write FIELD=VALUE, FIELD= for an empty one, or FIELD:=JSON";
    let (name, value) = text.split_once('=').ok_or_else(|| format!("it has no equals sign; {SHAPE}"))?;
    let (name, json) = match name.strip_suffix(':') {
        Some(name) => (name, true),
        None => (name, false),
    };
    if name.trim().is_empty() {
        return Err(format!("it names no field; {SHAPE}"));
    }
    let value = if json {
        FieldText::Json(
            serde_json::from_str(value).map_err(|error| format!("its value is not JSON: {error}; {SHAPE}"))?,
        )
    } else {
        FieldText::Text(value.to_owned())
    };
    Ok(FieldArg { id: name.trim().to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_utc() {
        let midnight: Timestamp = "2016-06-01T00:00:00Z".parse().unwrap();
        for text in ["2016-06-01T00:00:00Z", "2016-06-01T02:00:00+02:00", "2016-06-01 00:00:00", "2016-06-01"] {
            assert_eq!(moment(text), Ok(midnight), "{text}");
        }
        for text in ["", "yesterday", "2016-13-01", "2016-06-01T25:00:00Z"] {
            assert!(moment(text).unwrap_err().contains("2016-06-01T00:00:00Z"), "{text}");
        }
    }

    #[test]
    fn a_day_is_not_made_a_moment() {
        assert_eq!(due("2026-03-01"), Ok(Due::Date("2026-03-01".parse().unwrap())));
        assert_eq!(due("2026-03-01T09:00:00Z"), Ok(Due::At("2026-03-01T09:00:00Z".parse().unwrap())));
    }

    #[test]
    fn sorts_are_read_both_ways() {
        for text in ["-updated_at", "updated_at:desc"] {
            assert_eq!(sort(text), Ok(Sort::descending(SortField::UpdatedAt)), "{text}");
        }
        assert_eq!(sort("key"), Ok(Sort::ascending(SortField::Key)));
        assert!(sort("colour").unwrap_err().contains("created_at"));
        assert!(sort("key:up").unwrap_err().contains("`asc`"));
    }

    #[test]
    fn fields_are_text_or_json() {
        let text = |value: &str| FieldText::Text(value.to_owned());
        assert_eq!(field("a=b=c"), Ok(FieldArg { id: "a".into(), value: text("b=c") }));
        assert_eq!(field("a="), Ok(FieldArg { id: "a".into(), value: text("") }));
        assert_eq!(field("a:=[1,true]").unwrap().value, FieldText::Json(FieldData::List(vec![1.into(), true.into()])));
        for bad in ["a", "=b", ":=1", "a:={"] {
            assert!(field(bad).unwrap_err().contains("FIELD=VALUE"), "{bad}");
        }
    }
}
