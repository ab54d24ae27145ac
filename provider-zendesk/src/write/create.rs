//! A new ticket: everything is resolved and checked first, then one request, which the account's own key keeps from happening
//! twice (`wire/jira-zendesk.md` §B3.1, §B8).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ticketing_core::model::Ticket;
use ticketing_core::request::{CreateTicket, Projection, TextInput};
use ticketing_core::{Delivery, Error, Result};

use super::draft::{Draft, at_most_one, no_parent};
use crate::comments;
use crate::connection::Connection;
use crate::map::html_of;
use crate::tickets;
use crate::wire::WrittenBody;

/// The longest key that the account takes (§B8).
const LONGEST_KEY: usize = 255;

/// A caller's key as the account takes it: one that is too long, or cannot stand in a header, as its digest.
fn header_key(key: &str) -> String {
    let plain = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if plain {
        return key.to_owned();
    }
    let digest = Sha256::digest(key.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A new ticket.
pub(crate) async fn create(connection: &Connection, request: CreateTicket) -> Result<Ticket> {
    if request.parent.is_some() {
        return Err(no_parent());
    }
    crate::tags::check(&request.tags)?;
    let fields = connection.catalogue.fields().await?;
    let statuses = connection.catalogue.statuses().await?;
    let mut draft = Draft::new(&fields, &statuses, &connection.mapping);
    draft.title(&request.title)?;
    fill(connection, &mut draft, &request).await?;
    // A first comment is compulsory, and is the description (§B3.3). The requester may read it.
    let description = match &request.description {
        Some(text) => html_of("description", text)?,
        None => html_of("title", &TextInput::Plain(request.title.clone()))?,
    };
    draft.set("comment", json!({ "html_body": description, "public": true }));
    let comment = match &request.comment {
        Some(comment) => {
            let public = comments::is_public("visibility", comment.visibility)?;
            Some((html_of("comment", &comment.body)?, public))
        }
        None => None,
    };
    let plan = connection.plan(&Projection::new(), request.include_raw).await?;
    let key = request.idempotency_key.as_deref().map(header_key);
    let written = connection.api.create_ticket(&Value::Object(draft.ticket.clone()), key.as_deref()).await;
    let response = written.map_err(|error| match error.maybe_applied() {
        true => error.with_hint("look for the ticket before making it again; under an idempotency key it is made once"),
        false => error,
    })?;
    let body: WrittenBody = response.json().map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
    let number = body.ticket.id;
    let made = format!("ticket {number}");
    let partly = |error: Error| error.with_applied([made.clone()]);
    if let Some((html, public)) = comment {
        let note = request.idempotency_key.as_deref().map(|key| comments::note("created", key));
        let change = comments::change(&html, public, &[], note.as_deref());
        comments::say(connection, number, &change, note.as_deref()).await.map_err(partly)?;
    }
    // The answer knows people by number alone.
    let ticket = tickets::whole(connection, &plan, number).await.map_err(partly)?;
    draft.check(&ticket, std::slice::from_ref(&made))?;
    Ok(ticket)
}

/// Everything but title, texts and key.
async fn fill(connection: &Connection, draft: &mut Draft<'_>, request: &CreateTicket) -> Result<()> {
    let resolver = &connection.resolver;
    if let Some(ticket_type) = &request.ticket_type {
        draft.ticket_type(ticket_type)?;
    }
    if let Some(due) = request.due {
        draft.due(due)?;
    }
    if let Some(priority) = &request.priority {
        draft.priority(priority)?;
    }
    if let Some(id) = &request.external_id {
        draft.external_id(id)?;
    }
    draft.fields(&request.fields)?;
    if let Some(status) = &request.status {
        draft.status(status, None)?;
    }
    if !request.tags.is_empty() {
        draft.set("tags", json!(request.tags));
    }
    if let Some(user) = &request.requester {
        let id = resolver.existing_user("requester", user).await?;
        draft.set_id("requester_id", &id);
    }
    at_most_one("assignees", request.assignees.len())?;
    if let Some(user) = request.assignees.first() {
        let id = resolver.existing_user("assignees", user).await?;
        draft.set_id("assignee_id", &id);
    }
    at_most_one("groups", request.groups.len())?;
    if let Some(group) = request.groups.first() {
        let id = resolver.group("assigned_groups", group, true).await?;
        draft.set_id("group_id", &id);
    }
    let mut followers: Vec<Value> = Vec::new();
    for user in &request.watchers {
        let id = resolver.existing_user("watchers", user).await?;
        let follower = json!({ "user_id": id, "action": "put" });
        if !followers.contains(&follower) {
            followers.push(follower);
        }
    }
    if !followers.is_empty() {
        draft.set("followers", followers);
    }
    if let Some(account) = &request.account {
        let id = resolver.account("account", account, true).await?;
        draft.set_id("organization_id", &id);
    }
    if let Some(collection) = &request.collection {
        let id = resolver.collection("collection", collection, true).await?;
        draft.set_id("brand_id", &id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_their_header() {
        assert_eq!(header_key("alert-4711"), "alert-4711");
        for key in ["", "a b", "ü", "a\nb", &"x".repeat(256)] {
            let stored = header_key(key);
            assert!(stored.starts_with("sha256:") && stored.len() <= LONGEST_KEY, "{stored}");
        }
        assert_ne!(header_key("a\nb"), header_key("a\nc"));
    }
}
