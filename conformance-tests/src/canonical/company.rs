//! From the company to its canonical documents.

use serde_json::{Value, json};
use ticketing_core::model::format_timestamp;
use vendor_sandbox::company::{ChangedField, Company, Kind, Party, Priority, Status, Ticket};

use super::Documents;

/// A kind's documents as the company has them.
///
/// # Panics
/// Where there is no such kind.
#[must_use]
pub fn documents(kind: &str, company: &Company) -> Documents {
    let tickets = || company.tickets.iter();
    match kind {
        "tickets" => tickets().map(|one| (one.key.clone(), ticket(one))).collect(),
        "users" => company
            .people
            .iter()
            .map(|one| {
                let document = json!({
                    "name": one.name, "username": one.key, "email": one.email, "active": one.active, "title": one.title,
                    "phone": one.phone, "time_zone": one.time_zone, "type": if one.bot { "bot" } else { "user" },
                    "created_at": format_timestamp(one.created_at), "updated_at": format_timestamp(one.updated_at),
                });
                (one.key.clone(), document)
            })
            .collect(),
        "groups" => company
            .groups
            .iter()
            .map(|one| {
                let mut members = one.members.clone();
                members.sort();
                let document = json!({
                    "name": one.name, "description": one.description, "email": one.email, "active": one.active,
                    "manager": one.lead, "parent": one.parent, "members": members,
                    "created_at": format_timestamp(one.created_at), "updated_at": format_timestamp(one.updated_at),
                });
                (one.key.clone(), document)
            })
            .collect(),
        "accounts" => company
            .accounts
            .iter()
            .map(|one| {
                let document = json!({
                    "name": one.name, "domains": [one.domain],
                    "created_at": format_timestamp(one.created_at), "updated_at": format_timestamp(one.updated_at),
                });
                (one.key.clone(), document)
            })
            .collect(),
        "contacts" => company
            .contacts
            .iter()
            .map(|one| {
                let document = json!({
                    "name": one.name, "email": one.email, "phone": one.phone, "account": one.account, "active": one.active,
                    "created_at": format_timestamp(one.created_at), "updated_at": format_timestamp(one.updated_at),
                });
                (one.key.clone(), document)
            })
            .collect(),
        "comments" => tickets().flat_map(comments).collect(),
        "attachments" => tickets().flat_map(attachments).collect(),
        "links" => tickets().flat_map(links).collect(),
        "history" => tickets().flat_map(history).collect(),
        other => panic!("there are no canonical documents of `{other}`"),
    }
}

fn ticket(one: &Ticket) -> Value {
    let mut tags = one.tags.clone();
    tags.sort();
    let mut watchers = one.watchers.clone();
    watchers.sort();
    let requester = one.requester.as_ref().map(|party| match party {
        Party::Person(key) | Party::Contact(key) => key.clone(),
    });
    let at = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(format_timestamp);
    json!({
        "title": one.title,
        "description": one.description.trim_end(),
        "status": match one.status {
            Status::Open => "open",
            Status::InProgress => "in_progress",
            Status::OnHold(_) => "on_hold",
            Status::Resolved => "resolved",
            Status::Closed => "closed",
            Status::Cancelled => "cancelled",
        },
        "priority": match one.priority {
            Priority::Urgent => "urgent",
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
            Priority::Lowest => "lowest",
        },
        "type": match one.kind {
            Kind::Incident => "incident",
            Kind::Problem => "problem",
            Kind::Change => "change",
        },
        "assignees": one.assignee.iter().collect::<Vec<_>>(),
        "assigned_groups": one.group.iter().collect::<Vec<_>>(),
        "requester": requester,
        "creator": one.creator,
        "watchers": watchers,
        "account": one.account,
        "parent": one.parent,
        "tags": tags,
        "external_id": one.external_id,
        "created_at": format_timestamp(one.created_at),
        "updated_at": format_timestamp(one.updated_at),
        "resolved_at": at(one.resolved_at),
        "closed_at": at(one.closed_at),
        "due": one.due.map(|day| day.to_string()),
    })
}

fn comments(one: &Ticket) -> impl Iterator<Item = (String, Value)> {
    one.comments.iter().enumerate().map(|(nth, said)| {
        let document = json!({
            "body": said.body,
            "visibility": if said.public { "public" } else { "internal" },
            "author": said.author,
            "created_at": format_timestamp(said.created_at),
        });
        (format!("{}/{nth}", one.key), document)
    })
}

fn attachments(one: &Ticket) -> impl Iterator<Item = (String, Value)> {
    one.attachments.iter().enumerate().map(|(nth, file)| {
        let document = json!({
            "file_name": file.file_name,
            "content_type": file.content_type,
            "size": file.content.len(),
            "author": file.author,
            "created_at": format_timestamp(file.created_at),
        });
        (format!("{}/{nth}", one.key), document)
    })
}

/// Duplicates, from both ends; a ticket's parent is a key of its own.
fn links(one: &Ticket) -> Vec<(String, Value)> {
    let Some(original) = &one.duplicate_of else { return Vec::new() };
    vec![
        (format!("{}/0", one.key), json!({ "type": "duplicates", "target": original })),
        (format!("{original}/0"), json!({ "type": "duplicated_by", "target": one.key })),
    ]
}

fn history(one: &Ticket) -> impl Iterator<Item = (String, Value)> {
    one.history.iter().enumerate().map(|(nth, change)| {
        let field = match change.field {
            ChangedField::Status(..) => "status",
            ChangedField::Assignee(..) => "assignees",
            ChangedField::Priority(..) => "priority",
        };
        let document = json!({ "field": field, "author": change.author, "at": format_timestamp(change.at) });
        (format!("{}/{nth}", one.key), document)
    })
}
