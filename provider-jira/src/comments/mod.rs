//! Comments: for everybody, for those who work on requests (wire A10), or for a role or group (wire A4.6).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use ticketing_core::model::{Comment, NativeText, Ref, RefType, Visibility, format_timestamp};
use ticketing_core::request::{AddComment, DeleteComment, ListComments, NewComment, TextInput, UpdateComment};
use ticketing_core::{CommentId, Delivery, Error, ErrorKind, Operation, Page, Result, Version, remedy};
use ticketing_http::decode_error;
use ticketing_http::{Idempotency, Request, path_segment};

use crate::connection::Connection;
use crate::map::{moment, person_ref, rich_text};
use crate::wire::{Person, list as lenient_list};
use crate::write::{Target, in_our_words, locate, text_value};
use ticketing_http::config::shown;

mod keyed;

/// Comments of one page at most (wire A4.6: 100 unless somebody asks for more).
const LARGEST: u64 = 1_000;
/// The property that keeps a comment from the customer (wire A10).
const INTERNAL: &str = "sd.public.comment";

/// A comment as the site shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    /// Nobody, where the author is gone or was never known.
    #[serde(default)]
    author: Option<Person>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    updated: Option<String>,
    #[serde(default)]
    visibility: Option<Readers>,
    /// Cloud's word on internal comments.
    #[serde(default)]
    jsd_public: Option<bool>,
    /// Data Center's.
    #[serde(default, deserialize_with = "lenient_list")]
    properties: Vec<Property>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct Readers {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Property {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: Value,
}

impl Shown<'_> {
    fn visibility(&self) -> Visibility {
        // Some clients write the text "true".
        let marked =
            |own: &Property| own.key == INTERNAL && (own.value["internal"] == true || own.value["internal"] == "true");
        if self.visibility.is_some() {
            Visibility::Restricted
        } else if self.jsd_public == Some(false) || self.properties.iter().any(marked) {
            Visibility::Internal
        } else {
            Visibility::Public
        }
    }
}

/// One comment as a document.
fn comment(target: &Target, browse: &str, raw: &RawValue, with_raw: bool) -> Result<Comment> {
    let broken = |error: Error| {
        let place = format!("a comment of `{}`", shown(&target.key));
        error.with_context(place).with_code("row").with_delivery(Delivery::Answered)
    };
    let own: Shown<'_> = serde_json::from_str(raw.get()).map_err(|error| broken(decode_error("", error)))?;
    let body = own.body.map(rich_text).transpose().map_err(broken)?.flatten();
    let body = body.unwrap_or_else(|| ticketing_core::model::RichText::plain(""));
    let mut ticket = Ref::new(RefType::Ticket, target.id.as_str());
    ticket.key = Some(target.key.clone()).filter(|key| !key.is_empty());
    let mut out = Comment::new(CommentId::from(own.id.as_str()), ticket, body, own.visibility());
    out.restricted_to = own.visibility.as_ref().map(|readers| {
        let id = readers.identifier.as_ref().or(readers.value.as_ref()).cloned().unwrap_or_default();
        let mut to = Ref::new(RefType::Group, id);
        to.key = Some(readers.kind.clone()).filter(|kind| !kind.is_empty());
        to.name.clone_from(&readers.value);
        to
    });
    out.author = own.author.as_ref().and_then(person_ref);
    out.url = (!browse.is_empty() && !target.key.is_empty())
        .then(|| format!("{browse}/browse/{}?focusedCommentId={}", target.key, own.id));
    out.created_at = own.created.as_deref().and_then(moment);
    out.updated_at = own.updated.as_deref().and_then(moment);
    out.version = out.updated_at.map(|at| Version::from(format_timestamp(at)));
    if with_raw {
        out.raw = serde_json::from_str(raw.get()).ok().map(Box::new);
    }
    Ok(out)
}

/// Where a listing of comments is: how many were read, and the last of them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Position {
    read: u64,
    last: Option<String>,
}

struct Slice {
    comments: Vec<Comment>,
    total: u64,
    start: u64,
}

/// A stretch of an issue's comments, oldest first.
async fn slice(connection: &Connection, target: &Target, start: u64, limit: u64, with_raw: bool) -> Result<Slice> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        #[serde(borrow)]
        comments: Vec<&'a RawValue>,
        #[serde(default)]
        total: u64,
        #[serde(default)]
        start_at: u64,
    }
    let path = format!("/issue/{}/comment", path_segment(&target.id));
    let (start, limit) = (start.to_string(), limit.to_string());
    let mut query = vec![("startAt", start.as_str()), ("maxResults", limit.as_str()), ("orderBy", "created")];
    query.extend(told_by_property(connection).await?);
    let response = match connection.api.read(&path, &query).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(connection.no_ticket(&target.id.as_str().into()));
        }
        outcome => outcome?,
    };
    let answer: Answer<'_> = response.json()?;
    let browse = &connection.api.site().await?.browse;
    let comments = answer.comments.iter().map(|raw| comment(target, browse, raw, with_raw)).collect::<Result<_>>()?;
    Ok(Slice { comments, total: answer.total, start: answer.start_at })
}

/// Data Center tells internal comments by their property alone.
async fn told_by_property(connection: &Connection) -> Result<Vec<(&'static str, &'static str)>> {
    Ok(match connection.api.site().await?.is_cloud() {
        true => Vec::new(),
        false => vec![("expand", "properties")],
    })
}

/// One page of a ticket's comments, oldest first.
pub(crate) async fn list(connection: &Connection, request: ListComments) -> Result<Page<Comment>> {
    let bound = (&request.ticket, request.visibility, request.include_raw);
    let codec = connection.codec(Operation::ListComments, &bound);
    let at: Position = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
    let target = locate(connection, &request.ticket, &[]).await?;
    let limit = Connection::page_size(request.page_size).min(LARGEST);
    // The last one that was read comes again, so that comments deleted before it do not hide others.
    let start = at.read.saturating_sub(u64::from(at.last.is_some()));
    let mut part = slice(connection, &target, start, limit + u64::from(at.last.is_some()), request.include_raw).await?;
    if let Some(last) = &at.last {
        if part.comments.first().is_some_and(|first| first.id == last.as_str()) && part.start == start {
            part.comments.remove(0);
            part.start += 1;
        } else {
            part = behind(connection, &target, last, limit, request.include_raw).await?;
        }
    }
    part.comments.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let read = part.start + part.comments.len() as u64;
    let last = part.comments.last().map(|own| own.id.to_string());
    if last.is_none() && read < part.total {
        return Err(Error::new(ErrorKind::Integrity, "the site promises more comments than it brings")
            .with_delivery(Delivery::Answered)
            .with_retry_after(std::time::Duration::ZERO));
    }
    let next = match last {
        Some(last) if read < part.total => Some(codec.cursor(&Position { read, last: Some(last) })?),
        _ => None,
    };
    let wanted = |own: &Comment| request.visibility.is_none_or(|visibility| own.visibility == visibility);
    Ok(Page::new(part.comments.into_iter().filter(wanted).collect(), next))
}

/// The comments behind one that is not where it was: ids grow with time.
async fn behind(connection: &Connection, target: &Target, last: &str, limit: u64, with_raw: bool) -> Result<Slice> {
    let later = |id: &str| (id.len(), id) > (last.len(), last);
    let mut start = 0;
    loop {
        let mut part = slice(connection, target, start, LARGEST, with_raw).await?;
        let came = part.comments.len() as u64;
        let skipped = part.comments.iter().take_while(|own| !later(own.id.as_str())).count();
        start = part.start + came;
        if skipped < part.comments.len() || came == 0 || start >= part.total {
            part.comments.drain(..skipped);
            part.start += skipped as u64;
            part.comments.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            return Ok(part);
        }
    }
}

/// Refuses readers that the ticket's project does not tell apart: an internal comment outside a service project would be
/// everybody's.
fn can_be_said(visibility: Visibility, is_desk: bool) -> Result<()> {
    match visibility {
        Visibility::Public => Ok(()),
        Visibility::Internal if is_desk => Ok(()),
        Visibility::Internal => Err(Error::new(
            ErrorKind::Unsupported,
            "internal comments are Service Management's, and this is no service project",
        )
        .with_field("visibility")
        .with_hint("write a public comment, or one restricted to a role or group")),
        Visibility::Restricted => Err(Error::invalid("visibility", "it is not said to whom the comment is restricted")
            .with_hint("write it as a comment of its own, with `restricted_to`")),
        other => {
            Err(Error::new(ErrorKind::Unsupported, format!("there are no {other} comments")).with_field("visibility"))
        }
    }
}

/// A comment's body as the site takes it. With `now`, the body as it stands, an edit keeps what Markdown cannot say of it.
///
/// # Errors
/// `InvalidRequest`, naming the field, where nothing of it is to be seen, or it is in no format of the site's.
async fn body_of(connection: &Connection, field: &str, text: &TextInput, now: Option<&NativeText>) -> Result<Value> {
    let empty = || Error::invalid(field, "the comment's body is empty").with_hint("write a text");
    if text.content().trim().is_empty() {
        return Err(empty());
    }
    let body = text_value(connection.api.site().await?.flavour, field, text, now)?;
    // A link's address alone, for one, is no text: a comment of it would show nothing.
    let shows = match &body {
        Value::String(markup) => !markup.trim().is_empty(),
        document => document["content"].as_array().is_some_and(|blocks| !blocks.is_empty()),
    };
    if shows { Ok(body) } else { Err(empty()) }
}

/// Refuses a comment that goes with a ticket's write, before anything of the ticket is written.
pub(crate) async fn can_go_along(connection: &Connection, comment: &NewComment, is_desk: bool) -> Result<()> {
    can_be_said(comment.visibility, is_desk)?;
    body_of(connection, "comment", &comment.body, None).await.map(drop)
}

/// The role or group that a comment is for: `role:NAME`, `group:NAME`, or a name that is a group's, and else a role's.
async fn readers(connection: &Connection, name: &str) -> Result<Readers> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Groups {
        groups: Vec<crate::wire::GroupInfo>,
    }
    let of = |kind: &str, name: &str| Readers { kind: kind.to_owned(), value: Some(name.to_owned()), identifier: None };
    if let Some(role) = name.strip_prefix("role:") {
        return Ok(of("role", role));
    }
    if let Some(group) = name.strip_prefix("group:") {
        return Ok(of("group", group));
    }
    let groups: Groups = connection.api.read("/groups/picker", &[("query", name)]).await?.json()?;
    Ok(match groups.groups.iter().any(|group| group.name == name) {
        true => of("group", name),
        false => of("role", name),
    })
}

/// A new comment.
pub(crate) async fn add(connection: &Connection, request: AddComment) -> Result<Comment> {
    if request.parent.is_some() {
        return Err(Error::new(ErrorKind::Unsupported, "comments have no answers of their own")
            .with_field("parent")
            .with_hint("leave it out"));
    }
    let restricted = request.visibility == Visibility::Restricted;
    if request.restricted_to.is_some() != restricted {
        return Err(Error::invalid("restricted_to", "a comment is restricted to somebody, or it is not")
            .with_hint("give `restricted_to` with the visibility `restricted`, and with no other"));
    }
    let body = body_of(connection, "body", &request.body, None).await?;
    let target = locate(connection, &request.ticket, &[]).await?;
    if !restricted {
        can_be_said(request.visibility, target.is_desk)?;
    }
    let mut body = json!({ "body": body });
    if let Some(name) = &request.restricted_to {
        body["visibility"] = json!(readers(connection, name).await?);
    }
    let mut properties = Vec::new();
    if request.visibility == Visibility::Internal && !remedy::is_removed("jira.internal_comments") {
        properties.push(json!({ "key": INTERNAL, "value": { "internal": true } }));
    }
    properties.extend(request.idempotency_key.as_deref().map(keyed::mark));
    if !properties.is_empty() {
        body["properties"] = Value::Array(properties);
    }
    let path = format!("/issue/{}/comment", path_segment(&target.id));
    match &request.idempotency_key {
        None => said(connection, &target, &path, &body, request.visibility).await.map_err(uncertain),
        Some(key) => keyed::once(connection, &target, &path, &body, request.visibility, key).await,
    }
}

/// Writes a comment, and reads what became of it.
async fn said(
    connection: &Connection,
    target: &Target,
    path: &str,
    body: &Value,
    visibility: Visibility,
) -> Result<Comment> {
    connection.note_written(&target.id);
    let written = connection.api.write(Request::post, path, Some(body), Idempotency::Unsafe).await;
    let response = in_our_words(connection, written).await?;
    let raw: &RawValue = response.json().map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
    let browse = &connection.api.site().await?.browse;
    let made = comment(target, browse, raw, false).map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
    // Data Center does not say so in its answer.
    let told = connection.api.site().await?.is_cloud();
    if told && visibility == Visibility::Internal && made.visibility == Visibility::Public {
        return Err(Error::new(ErrorKind::Conflict, "the site made the comment public")
            .with_field("visibility")
            .with_delivery(Delivery::Answered)
            .with_applied([format!("comment {}", made.id)])
            .with_hint("delete the comment, and check that the project is Service Management's"));
    }
    Ok(Comment { visibility, ..made })
}

/// A comment whose outcome is unknown: told, and not repeated.
fn uncertain(error: Error) -> Error {
    if error.maybe_applied() {
        return error.with_hint("read the ticket's comments before writing again");
    }
    error
}

/// Every comment of an issue.
async fn all(connection: &Connection, target: &Target) -> Result<Vec<Comment>> {
    let mut out: Vec<Comment> = Vec::new();
    loop {
        let part = slice(connection, target, out.len() as u64, LARGEST, false).await?;
        let came = part.comments.len();
        out.extend(part.comments);
        if came == 0 || out.len() as u64 >= part.total {
            return Ok(out);
        }
    }
}

/// One comment as it is now, and its JSON.
async fn one(connection: &Connection, target: &Target, id: &CommentId) -> Result<(Comment, Value)> {
    let missing = || {
        Error::new(
            ErrorKind::NotFound,
            format!("there is no comment `{}` on `{}`, or it may not be read", shown(id.as_str()), target.key),
        )
        .with_delivery(Delivery::Answered)
        .with_hint("list the ticket's comments")
    };
    if id.as_str().is_empty() || !id.as_str().bytes().all(|b| b.is_ascii_digit()) {
        return Err(missing());
    }
    let path = format!("/issue/{}/comment/{}", path_segment(&target.id), path_segment(id.as_str()));
    let response = match connection.api.read(&path, &told_by_property(connection).await?).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
        outcome => outcome?,
    };
    let raw: &RawValue = response.json()?;
    let browse = &connection.api.site().await?.browse;
    Ok((comment(target, browse, raw, false)?, response.json()?))
}

/// A comment's new text: what Markdown cannot say of the old one is kept, and so are its readers.
pub(crate) async fn update(connection: &Connection, request: UpdateComment) -> Result<Comment> {
    if request.body.content().trim().is_empty() {
        return Err(
            Error::invalid("body", "the comment's body is empty").with_hint("write a text, or delete the comment")
        );
    }
    let target = locate(connection, &request.ticket, &[]).await?;
    let (now, raw) = one(connection, &target, &request.id).await?;
    let body = body_of(connection, "body", &request.body, Some(&now.body.native)).await?;
    let mut body = json!({ "body": body });
    if let Some(readers) = raw.get("visibility").filter(|readers| !readers.is_null()) {
        body["visibility"] = readers.clone();
    }
    if now.visibility == Visibility::Internal {
        body["properties"] = json!([{ "key": INTERNAL, "value": { "internal": true } }]);
    }
    let path = format!("/issue/{}/comment/{}", path_segment(&target.id), path_segment(request.id.as_str()));
    connection.note_written(&target.id);
    let written = connection.api.write(Request::put, &path, Some(&body), Idempotency::Idempotent).await;
    in_our_words(connection, written).await?;
    Ok(one(connection, &target, &request.id).await?.0)
}

/// The end of a comment.
pub(crate) async fn delete(connection: &Connection, request: DeleteComment) -> Result<()> {
    let target = locate(connection, &request.ticket, &[]).await?;
    one(connection, &target, &request.id).await?;
    let path = format!("/issue/{}/comment/{}", path_segment(&target.id), path_segment(request.id.as_str()));
    connection.note_written(&target.id);
    match connection.api.write(Request::delete, &path, None, Idempotency::Idempotent).await {
        Ok(_) => Ok(()),
        // It was there a moment ago: somebody's request ended it, perhaps the first attempt of ours.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
