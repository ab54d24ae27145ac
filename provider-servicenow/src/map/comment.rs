//! Journal entries: from `sys_journal_field`, or, without the right to read that, from what a journal field shows
//! (`wire/servicenow.md` §1.3).

use std::sync::Arc;

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use ticketing_core::model::{Comment, Ref, RefType, RichText, Timestamp, Visibility};
use ticketing_core::{CommentId, Delivery, Error, ErrorKind, Result};

use super::moment;
use crate::query::RowKey;
use crate::wire::Row;

/// One entry, before its author is known by id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) ticket: String,
    pub(crate) visibility: Visibility,
    pub(crate) text: String,
    /// The author's login name, or display name.
    pub(crate) author: Author,
    pub(crate) at: Option<Timestamp>,
    pub(crate) raw: Option<Box<serde_json::Value>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Author {
    Username(String),
    Name(String),
}

/// The journal field of a visibility.
pub(crate) fn element(visibility: Visibility) -> Option<&'static str> {
    match visibility {
        Visibility::Public => Some("comments"),
        Visibility::Internal => Some("work_notes"),
        _ => None,
    }
}

impl Entry {
    /// The fields that an entry is read from.
    pub(crate) const FIELDS: &'static [&'static str] =
        &["sys_id", "element_id", "element", "name", "value", "sys_created_on", "sys_created_by"];

    /// A row of `sys_journal_field`; `None` where it is no comment.
    ///
    /// # Errors
    /// `Decode` where the row does not say what it belongs to.
    pub(crate) fn of(row: &Row<'_, '_>) -> Result<Option<Self>> {
        let visibility = match row.text("element") {
            "comments" => Visibility::Public,
            "work_notes" => Visibility::Internal,
            _ => return Ok(None),
        };
        let id = row.text("sys_id");
        let (Some(ticket), Some(value)) = (row.some("element_id"), row.cell("value")) else {
            return Err(Error::new(
                ErrorKind::Decode,
                format!("the journal entry `{id}` does not say its ticket or its text"),
            )
            .with_delivery(Delivery::Answered));
        };
        Ok(Some(Self {
            id: id.to_owned(),
            ticket: ticket.to_owned(),
            visibility,
            text: value.value.to_string(),
            author: Author::Username(row.text("sys_created_by").to_owned()),
            at: moment(row.cell("sys_created_on")),
            raw: row.raw(),
        }))
    }

    /// The comment, with its author as far as known.
    pub(crate) fn comment(self, author: Option<Ref>, ticket_key: Option<&str>) -> Comment {
        let mut ticket = Ref::new(RefType::Ticket, self.ticket);
        ticket.key = ticket_key.map(str::to_owned);
        let mut comment = Comment::new(CommentId::from(self.id), ticket, RichText::plain(self.text), self.visibility);
        comment.author = author;
        comment.created_at = self.at;
        comment.raw = self.raw;
        comment
    }
}

/// Date formats that users can choose, with the time behind it.
const FORMATS: &[&str] = &[
    "%Y-%m-%d %H:%M:%S",
    "%m-%d-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S %p",
];

/// A heading such as `2023-05-10 15:41:38 - Jane Doe (Additional comments)`; the text in brackets is localised.
fn heading(line: &str, zone: Option<Tz>) -> Option<(Option<Timestamp>, &str)> {
    let (time, rest) = line.split_once(" - ")?;
    let (name, kind) = rest.rsplit_once(" (")?;
    if !kind.ends_with(')') || name.is_empty() {
        return None;
    }
    let local = FORMATS.iter().find_map(|format| NaiveDateTime::parse_from_str(time, format).ok())?;
    let at = zone.and_then(|zone| local.and_local_timezone(zone).earliest()).map(|at| at.to_utc());
    Some((at, name))
}

/// The entries of what a journal field shows, oldest first. Without the user's time zone they have no time.
///
/// Ids are made from what an entry says and how many like it came before, so that they stay the same.
pub(crate) fn journal_entries(ticket: &str, visibility: Visibility, shown: &str, zone: Option<Tz>) -> Vec<Entry> {
    let mut newest_first: Vec<(Option<Timestamp>, String, Vec<&str>)> = Vec::new();
    for line in shown.lines() {
        match heading(line, zone) {
            Some((at, name)) => newest_first.push((at, name.to_owned(), Vec::new())),
            None => {
                if let Some((_, _, text)) = newest_first.last_mut() {
                    text.push(line);
                }
            }
        }
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (at, name, lines) in newest_first.into_iter().rev() {
        let text = lines.join("\n").trim_end_matches('\n').to_owned();
        let alike = entries
            .iter()
            .filter(|known| known.text == text && known.at == at && known.author == Author::Name(name.clone()))
            .count();
        let key = RowKey(Arc::new([
            ticket.to_owned(),
            visibility.to_string(),
            at.map(|at| at.to_rfc3339()).unwrap_or_default(),
            name.clone(),
            text.clone(),
            alike.to_string(),
        ]));
        entries.push(Entry {
            id: format!("shown-{}", key.mark()),
            ticket: ticket.to_owned(),
            visibility,
            text,
            author: Author::Name(name),
            at,
            raw: None,
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_journal_shows_becomes_entries() {
        let shown = "2023-05-10 15:41:38 - Jane Doe (Additional comments)\nSecond\nline - of (two)\n\n\
                     2023-05-10 15:40:00 - Bob (x) Ray (Commentaires)\nFirst\n\n";
        let entries = journal_entries("t", Visibility::Public, shown, Some(chrono_tz::Europe::Berlin));
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].text, "First");
        assert_eq!(entries[0].author, Author::Name("Bob (x) Ray".into()));
        assert_eq!(entries[0].at, Some("2023-05-10T13:40:00Z".parse().unwrap()));
        assert_eq!(entries[1].text, "Second\nline - of (two)");
        assert_ne!(entries[0].id, entries[1].id);
        assert_eq!(journal_entries("t", Visibility::Public, shown, None)[0].at, None);
        assert!(journal_entries("t", Visibility::Public, "", None).is_empty());
    }
}
