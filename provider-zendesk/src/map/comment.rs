//! Comments and attachments as documents, and texts as the account takes them (`wire/jira-zendesk.md` §B3.3, §B3.4, §B11).

use std::collections::HashMap;

use ticketing_core::model::{
    Attachment, Comment, NativeText, Ref, RefType, Removal, RemovalReason, RichText, TextFormat, Visibility,
};
use ticketing_core::request::TextInput;
use ticketing_core::{AttachmentId, CommentId, Error, Result};
use ticketing_http::richtext::html;

use super::people::person_ref;
use crate::connection::number;
use crate::wire::{AttachmentRow, CommentRow, Named};

/// Who wrote something, by name where the answer said it.
pub(crate) fn author(users: &HashMap<i64, Named>, id: Option<i64>) -> Option<Ref> {
    let id = id?;
    // -1 is the account's own doing.
    if id < 0 {
        return Some(Ref::new(RefType::Bot, id.to_string()).with_name("Zendesk"));
    }
    Some(users.get(&id).map_or_else(|| Ref::new(RefType::User, id.to_string()), person_ref))
}

/// What a comment says: its HTML as Markdown; where there is none, its plain text.
pub(crate) fn text_of(row: &CommentRow) -> RichText {
    match &row.html_body {
        Some(body) => RichText {
            markdown: html::to_markdown(body).value,
            native: NativeText { format: TextFormat::Html, content: body.clone() },
        },
        None => RichText::plain(row.plain_body.clone().or_else(|| row.body.clone()).unwrap_or_default()),
    }
}

/// A row as a comment.
pub(crate) fn comment(row: CommentRow, ticket: i64, users: &HashMap<i64, Named>) -> Comment {
    let visibility = if row.public == Some(false) { Visibility::Internal } else { Visibility::Public };
    let mut out = Comment::new(CommentId::from(row.id.to_string()), ticket_ref(ticket), text_of(&row), visibility);
    out.author = author(users, row.author_id);
    out.created_at = row.created_at;
    let files = row.attachments.iter().flatten().map(|file| attachment(file, &row, ticket, users));
    out.attachments = Some(files.collect());
    out
}

fn ticket_ref(ticket: i64) -> Ref {
    Ref::new(RefType::Ticket, ticket.to_string()).with_key(ticket.to_string())
}

/// A file as an attachment; its id says which ticket it is on, so that it can be found again.
pub(crate) fn attachment(
    file: &AttachmentRow,
    comment: &CommentRow,
    ticket: i64,
    users: &HashMap<i64, Named>,
) -> Attachment {
    let name = file.file_name.clone().unwrap_or_default();
    let mut out = Attachment::new(attachment_id(ticket, file.id), ticket_ref(ticket), name);
    out.comment = Some(CommentId::from(comment.id.to_string()));
    out.content_type.clone_from(&file.content_type);
    out.size = file.size;
    out.visibility = comment.public.map(|public| if public { Visibility::Public } else { Visibility::Internal });
    out.author = author(users, comment.author_id);
    out.created_at = comment.created_at;
    out.deleted = (file.deleted == Some(true)).then_some(Removal {
        at: None,
        reason: Some(RemovalReason::Deleted),
        moved_to: None,
    });
    out
}

/// `TICKET-ATTACHMENT`.
pub(crate) fn attachment_id(ticket: i64, attachment: i64) -> AttachmentId {
    AttachmentId::from(format!("{ticket}-{attachment}"))
}

/// The ticket and the attachment that an id names.
pub(crate) fn read_attachment_id(id: &AttachmentId) -> Option<(i64, i64)> {
    let (ticket, attachment) = id.as_str().split_once('-')?;
    Some((number(ticket)?, number(attachment)?))
}

/// A text as the account takes it: HTML, clean (§B11).
///
/// # Errors
/// `InvalidRequest`, naming the field, where it is empty or in another vendor's format.
pub(crate) fn html_of(field: &str, text: &TextInput) -> Result<String> {
    let html = match text {
        TextInput::Markdown(markdown) => html::from_markdown(markdown).warned(),
        TextInput::Plain(plain) => html::from_markdown(&RichText::plain(plain.as_str()).markdown).warned(),
        TextInput::Native { format: TextFormat::Html, content } => html::sanitize(content),
        TextInput::Native { format: TextFormat::Plain, content } => {
            html::from_markdown(&RichText::plain(content.as_str()).markdown).warned()
        }
        TextInput::Native { format, .. } => {
            return Err(Error::invalid(field, format!("Zendesk keeps HTML, and this is {format}"))
                .with_hint("give it as Markdown, plain text or HTML"));
        }
        other => return Err(Error::invalid(field, format!("this form of text is not known here: {other:?}"))),
    };
    // The account takes a comment that shows nothing for none: a link's address alone, for one.
    if text.content().trim().is_empty() || html.trim().is_empty() {
        return Err(Error::invalid(field, "the text is empty").with_hint("write a text"));
    }
    Ok(html)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(value: serde_json::Value) -> CommentRow {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn html_is_read_as_markdown_and_plain_text_stands_in_for_it() {
        let html = r#"<div class="zd-comment" dir="auto"><p>Please <b>reconnect</b></p></div>"#;
        let text = text_of(&row(json!({"id": 1, "html_body": html, "plain_body": "Please reconnect"})));
        assert_eq!((text.markdown.as_str(), text.native.format), ("Please **reconnect**", TextFormat::Html));
        let text = text_of(&row(json!({"id": 1, "html_body": null, "plain_body": "a * b"})));
        assert_eq!((text.markdown.as_str(), text.native.format), ("a * b", TextFormat::Plain));
    }

    #[test]
    fn attachments_say_which_ticket_they_are_on() {
        let id = attachment_id(35436, 46_406_145_565_073);
        assert_eq!(read_attachment_id(&id), Some((35436, 46_406_145_565_073)));
        for id in ["", "1", "1-", "-1", "1-2-3", "a-b", "01-2"] {
            assert_eq!(read_attachment_id(&id.into()), None, "{id}");
        }
    }

    #[test]
    fn texts_are_written_clean() {
        let html = |text: TextInput| html_of("body", &text).unwrap();
        assert_eq!(html("Hello **you**".into()), "<p>Hello <strong>you</strong></p>");
        assert!(
            !html(TextInput::Native { format: TextFormat::Html, content: "<p>x<script>y()</script></p>".into() })
                .contains("script")
        );
        assert!(html(TextInput::Plain("a < b\n**c**".into())).contains("**c**"));
        let adf = TextInput::Native { format: TextFormat::Adf, content: "{}".into() };
        assert_eq!(html_of("body", &adf).unwrap_err().field(), Some("body"));
        for nothing in [" ", "[a link's address]: https://a.example", "\n\n"] {
            assert_eq!(html_of("body", &nothing.into()).unwrap_err().field(), Some("body"), "{nothing:?}");
        }
    }
}
