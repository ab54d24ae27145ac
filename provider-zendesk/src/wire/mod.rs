//! What the account sends, read leniently: unknown members pass, and nearly everything may be null
//! (`wire/jira-zendesk.md` §B3.2, §B13).

mod comment;
mod envelope;
mod people;
mod ticket;

pub(crate) use comment::{AttachmentRow, Audit, AuditEvent, CommentRow, CommentsBody, UploadBody};
pub(crate) use envelope::{Meta, one, raw_rows, rows};
pub(crate) use people::{BrandRow, GroupRow, OrganizationRow, UserRow};
pub(crate) use ticket::{
    CustomStatusRow, CustomValue, FieldRow, FormRow, Metrics, Named, TicketBody, TicketRow, TicketsBody, WrittenBody,
};

use serde::{Deserialize, Deserializer};

/// A text; one that is empty is none.
pub(crate) fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}
