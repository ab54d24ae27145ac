//! How each kind of document looks in a table.

use chrono::SubsecRound;
use ticketing::model::{
    Comment, Field, FieldData, FieldLabel, FieldValue, Group, HistoryEntry, HistoryValue, Ref, Timestamp, User,
    format_timestamp,
};

/// A document that has a place in a table.
pub(crate) trait Row {
    /// The headings of its columns.
    const HEADINGS: &'static [&'static str];

    /// The cells under them.
    fn cells(&self) -> Vec<String>;

    /// The document by itself: names and values.
    fn details(&self) -> Vec<(String, String)> {
        let headings = Self::HEADINGS.iter().map(|heading| heading.to_lowercase());
        headings.zip(self.cells()).collect()
    }
}

/// A text, or a dash where there is none.
pub(crate) fn or_dash(text: Option<impl Into<String>>) -> String {
    text.map(Into::into).filter(|text: &String| !text.is_empty()).unwrap_or_else(|| "-".to_owned())
}

/// What people call it, else its id.
pub(crate) fn name(reference: &Ref) -> String {
    reference.name.clone().or_else(|| reference.key.clone()).unwrap_or_else(|| reference.id.clone())
}

pub(crate) fn names(references: &[Ref]) -> String {
    or_dash(Some(references.iter().map(name).collect::<Vec<_>>().join(", ")))
}

/// Whole seconds are fine enough for people.
pub(crate) fn time(at: Option<Timestamp>) -> String {
    or_dash(at.map(|at| format_timestamp(at.trunc_subsecs(0))))
}

pub(crate) fn yes_or_no(value: Option<bool>) -> String {
    or_dash(value.map(|value| if value { "yes" } else { "no" }))
}

/// A value in people's words where it has them.
pub(crate) fn value(value: &FieldValue) -> String {
    match &value.label {
        Some(FieldLabel::One(label)) => label.clone(),
        Some(FieldLabel::Many(labels)) => labels.join(", "),
        None => data(&value.value),
    }
}

fn data(data: &FieldData) -> String {
    match data {
        FieldData::Null => "-".to_owned(),
        FieldData::Text(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn before_or_after(value: &HistoryValue) -> String {
    value.label.clone().unwrap_or_else(|| data(&value.value))
}

impl Row for User {
    const HEADINGS: &'static [&'static str] = &["ID", "NAME", "EMAIL", "USERNAME", "TYPE", "ACTIVE"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name.clone(),
            or_dash(self.email.clone()),
            or_dash(self.username.clone()),
            self.user_type.to_string(),
            yes_or_no(self.active),
        ]
    }

    fn details(&self) -> Vec<(String, String)> {
        let mut details: Vec<_> =
            Self::HEADINGS.iter().map(|heading| heading.to_lowercase()).zip(self.cells()).collect();
        let more = [
            ("title", or_dash(self.title.clone())),
            ("phone", or_dash(self.phone.clone())),
            ("time zone", or_dash(self.time_zone.clone())),
            ("account", or_dash(self.account.as_ref().map(name))),
            ("groups", or_dash(self.groups.as_deref().map(names))),
            ("url", or_dash(self.url.clone())),
        ];
        details.extend(more.map(|(name, value)| (name.to_owned(), value)));
        details
    }
}

impl Row for Group {
    const HEADINGS: &'static [&'static str] = &["ID", "NAME", "EMAIL", "MANAGER", "ACTIVE"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name.clone(),
            or_dash(self.email.clone()),
            or_dash(self.manager.as_ref().map(name)),
            yes_or_no(self.active),
        ]
    }

    fn details(&self) -> Vec<(String, String)> {
        let mut details: Vec<_> =
            Self::HEADINGS.iter().map(|heading| heading.to_lowercase()).zip(self.cells()).collect();
        let more = [
            ("description", or_dash(self.description.clone())),
            ("parent", or_dash(self.parent.as_ref().map(name))),
            ("members", or_dash(self.members.as_deref().map(names))),
            ("url", or_dash(self.url.clone())),
        ];
        details.extend(more.map(|(name, value)| (name.to_owned(), value)));
        details
    }
}

impl Row for Comment {
    const HEADINGS: &'static [&'static str] = &["WRITTEN", "AUTHOR", "FOR", "TEXT"];

    fn cells(&self) -> Vec<String> {
        vec![
            time(self.created_at),
            or_dash(self.author.as_ref().map(name)),
            self.visibility.to_string(),
            self.body.markdown.clone(),
        ]
    }
}

impl Row for HistoryEntry {
    const HEADINGS: &'static [&'static str] = &["AT", "WHO", "CHANGES"];

    fn cells(&self) -> Vec<String> {
        let changes: Vec<_> = self
            .changes
            .iter()
            .map(|change| {
                format!("{}: {} → {}", change.field, before_or_after(&change.from), before_or_after(&change.to))
            })
            .collect();
        vec![time(Some(self.at)), or_dash(self.author.as_ref().map(name)), changes.join("; ")]
    }
}

impl Row for Field {
    const HEADINGS: &'static [&'static str] =
        &["ID", "NAME", "TYPE", "REQUIRED", "WRITABLE", "CUSTOM", "CORE", "CHOICES"];

    fn cells(&self) -> Vec<String> {
        let choices =
            self.choices.as_ref().map(|choices| choices.iter().map(|c| c.id.clone()).collect::<Vec<_>>().join(", "));
        let many = if self.multiple { "s" } else { "" };
        vec![
            self.id.to_string(),
            self.name.clone(),
            format!("{}{many}", self.field_type),
            yes_or_no(Some(self.required)),
            yes_or_no(self.writable),
            yes_or_no(Some(self.custom)),
            or_dash(self.core.clone()),
            or_dash(choices),
        ]
    }
}
