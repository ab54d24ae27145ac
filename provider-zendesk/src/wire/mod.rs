//! What the account sends, read leniently: unknown members pass, and nearly everything may be null
//! (`wire/jira-zendesk.md` §B3.2, §B13).

mod comment;
mod envelope;
mod people;
mod ticket;

pub(crate) use comment::{AttachmentRow, Audit, AuditEvent, CommentRow, CommentsBody, UploadBody};
pub(crate) use envelope::{Meta, Paged, one, raw_rows, rows};
pub(crate) use people::{BrandRow, GroupRow, OrganizationRow, UserRow};
pub(crate) use ticket::{
    CustomStatusRow, CustomValue, FieldRow, FormRow, Metrics, Named, TicketBody, TicketRow, TicketsBody, WrittenBody,
};

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use ticketing_core::model::Timestamp;

/// A text; one that is empty is none.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// A moment as the account writes it, `2026-01-05T08:00:00Z`: chrono's own reader takes other forms as well, and its time.
pub(crate) fn some_moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let Some(Text(text)) = Option::<Text<'de>>::deserialize(deserializer)? else { return Ok(None) };
    let read = chrono::DateTime::parse_from_rfc3339(&text).map(|at| at.to_utc());
    read.or_else(|_| text.parse()).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_chrono_reads_them() {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default, deserialize_with = "some_moment")]
            at: Option<Timestamp>,
        }
        let read = |json: &str| serde_json::from_str::<Row>(json).map(|row| row.at);
        for text in ["2026-01-05T08:00:00Z", "2026-01-05T09:00:00.250+01:00", "2026-01-05 08:00:00 UTC"] {
            let by_chrono: Timestamp = text.parse().unwrap();
            assert_eq!(read(&format!(r#"{{"at":"{text}"}}"#)).unwrap(), Some(by_chrono), "{text}");
        }
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"at":null}"#).unwrap(), None);
        assert!(read(r#"{"at":"yesterday"}"#).is_err());
    }
}
