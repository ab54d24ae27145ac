//! From a provider's documents to the canonical words: ids become the company's keys, native values go.

use serde_json::{Value, json};
use ticketing_core::model::{
    Account, Attachment, Comment, Contact, Due, Group, HistoryEntry, Link, Ref, RichText, TextFormat, Ticket,
    Timestamp, User, format_timestamp,
};

use crate::world::World;

fn one(world: &World, target: Option<&Ref>) -> Option<String> {
    target.map(|target| world.key_of(&target.id))
}

fn at(moment: Option<Timestamp>) -> Option<String> {
    moment.map(format_timestamp)
}

/// A text as people read it, whatever the vendor keeps it in.
pub(crate) fn plain_text(text: &RichText) -> String {
    let text = match text.native.format {
        TextFormat::Plain | TextFormat::Markdown => text.native.content.clone(),
        _ => unescaped(&text.markdown),
    };
    text.replace("\r\n", "\n").trim_end().to_owned()
}

/// Markdown without what only Markdown needs: a backslash before a sign or at the end of a line, and blanks that would vanish.
fn unescaped(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut rest = markdown.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.peek().is_some_and(|next| next.is_ascii_punctuation()) => out.extend(rest.next()),
            '\\' if rest.peek() == Some(&'\n') => {}
            '\u{a0}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The day that a ticket is due, however the vendor keeps it.
pub(crate) fn due_day(ticket: &Ticket) -> Option<String> {
    ticket.due.map(|due| match due {
        Due::Date(day) => day.to_string(),
        Due::At(at) => at.date_naive().to_string(),
    })
}

pub(crate) fn ticket(world: &World, ticket: &Ticket) -> Value {
    let mut tags = ticket.tags.clone();
    tags.iter_mut().for_each(|tags| tags.sort());
    json!({
        "title": ticket.title,
        "description": ticket.description.as_ref().map(plain_text),
        "status": ticket.status.category,
        "priority": ticket.priority.as_ref().map(|priority| priority.level),
        "type": ticket.ticket_type.category,
        "assignees": world.keys_of(&ticket.assignees),
        "assigned_groups": world.keys_of(&ticket.assigned_groups),
        "requester": one(world, ticket.requester.as_ref()),
        "creator": one(world, ticket.creator.as_ref()),
        "watchers": ticket.watchers.as_ref().map(|watchers| world.keys_of(watchers)),
        "account": one(world, ticket.account.as_ref()),
        "parent": one(world, ticket.parent.as_ref()),
        "tags": tags,
        "external_id": ticket.external_id,
        "created_at": at(ticket.created_at),
        "updated_at": at(ticket.updated_at),
        "resolved_at": at(ticket.resolved_at),
        "closed_at": at(ticket.closed_at),
        "due": due_day(ticket),
    })
}

pub(crate) fn user(_: &World, user: &User) -> Value {
    json!({
        "name": user.name, "username": user.username, "email": user.email, "active": user.active, "title": user.title,
        "phone": user.phone, "time_zone": user.time_zone, "type": user.user_type,
        "created_at": at(user.created_at), "updated_at": at(user.updated_at),
    })
}

pub(crate) fn group(world: &World, group: &Group, members: &[Ref]) -> Value {
    json!({
        "name": group.name, "description": group.description, "email": group.email, "active": group.active,
        "manager": one(world, group.manager.as_ref()), "parent": one(world, group.parent.as_ref()),
        "members": world.keys_of(members),
        "created_at": at(group.created_at), "updated_at": at(group.updated_at),
    })
}

pub(crate) fn account(_: &World, account: &Account) -> Value {
    json!({
        "name": account.name, "domains": account.domains,
        "created_at": at(account.created_at), "updated_at": at(account.updated_at),
    })
}

pub(crate) fn contact(world: &World, contact: &Contact) -> Value {
    json!({
        "name": contact.name, "email": contact.email, "phone": contact.phone,
        "account": one(world, contact.account.as_ref()), "active": contact.active,
        "created_at": at(contact.created_at), "updated_at": at(contact.updated_at),
    })
}

pub(crate) fn comment(world: &World, comment: &Comment) -> Value {
    json!({
        "body": plain_text(&comment.body), "visibility": comment.visibility,
        "author": one(world, comment.author.as_ref()), "created_at": at(comment.created_at),
    })
}

pub(crate) fn attachment(world: &World, file: &Attachment) -> Value {
    json!({
        "file_name": file.file_name, "content_type": file.content_type, "size": file.size,
        "author": one(world, file.author.as_ref()), "created_at": at(file.created_at),
    })
}

pub(crate) fn link(world: &World, link: &Link) -> Value {
    json!({ "type": link.link_type.category, "target": one(world, link.target.as_ref()) })
}

/// The changes of a history entry, one document each.
pub(crate) fn history(world: &World, entry: &HistoryEntry) -> Vec<Value> {
    let author = one(world, entry.author.as_ref());
    let document = |field: &str| json!({ "field": field, "author": author, "at": format_timestamp(entry.at) });
    entry.changes.iter().map(|change| document(&change.field)).collect()
}
