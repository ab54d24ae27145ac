//! Who a ticket is of, who has it, and who is told of it: wire B3.2, B4.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::answer::ApiError;
use super::edit::{id, invalid, text};
use super::model::{Ticket, User};
use super::world::World;

/// A user as a body names one: `{name,email}` creates or matches (wire B3.2).
pub(crate) fn named_user(world: &mut World, value: &Value, now: DateTime<Utc>) -> Result<u64, ApiError> {
    if let Some(id) = id(value).or_else(|| id(&value["id"])) {
        return Ok(id);
    }
    let email = text(&value["email"]).or(text(&value["user_email"])).or(value.as_str());
    let Some(email) = email.filter(|email| email.contains('@')) else {
        return Err(ApiError::invalid("requester", "Requester: Email: is invalid", Some("InvalidValue")));
    };
    if let Some(user) = world.user_by_email(email) {
        return Ok(user.id);
    }
    let name = text(&value["name"]).map_or_else(|| email.split('@').next().unwrap_or(email).to_owned(), str::to_owned);
    let id = world.new_id();
    world.users.insert(id, new_user(id, name, Some(email.to_owned()), now));
    Ok(id)
}

/// Somebody who is nothing but a name and an address.
pub(crate) fn new_user(id: u64, name: String, email: Option<String>, now: DateTime<Utc>) -> User {
    User {
        id,
        key: String::new(),
        name,
        email,
        other_emails: Vec::new(),
        role: super::model::Role::EndUser,
        active: true,
        suspended: false,
        light: false,
        phone: None,
        zone: None,
        organization: None,
        external_id: None,
        notes: None,
        details: None,
        tags: Vec::new(),
        created: now,
        updated: now,
    }
}

/// Requester, organisation, followers and people in copy.
pub(crate) fn people(
    world: &mut World,
    before: &Ticket,
    ticket: &mut Ticket,
    body: &Map<String, Value>,
) -> Result<(), ApiError> {
    if let Some(value) = body.get("requester_id").or_else(|| body.get("requester")).filter(|value| !value.is_null()) {
        let own = named_user(world, value, ticket.updated)?;
        if !world.users.get(&own).is_some_and(|user| user.active) {
            return Err(ApiError::invalid("requester", "Requester: is required", Some("BlankValue")));
        }
        ticket.requester = own;
    }
    let organizations = world.organizations_of(ticket.requester);
    match body.get("organization_id") {
        Some(Value::Null) => ticket.organization = None,
        Some(value) => {
            // wire B4: one of the requester's.
            let own = id(value).filter(|own| organizations.contains(own));
            ticket.organization = Some(own.ok_or_else(|| {
                ApiError::invalid("organization", "Organization: is not one of the requester's", Some("InvalidValue"))
            })?);
        }
        None if before.requester != ticket.requester || before.id == 0 => {
            ticket.organization = organizations.first().copied();
        }
        None => {}
    }
    for (lists, agents) in [(["follower_ids", "followers"], true), (["email_cc_ids", "email_ccs"], false)] {
        for name in lists {
            let Some(value) = body.get(name) else { continue };
            let mut own = if agents { ticket.followers.clone() } else { ticket.email_ccs.clone() };
            if name.ends_with("_ids") {
                own.clear();
            }
            for entry in value.as_array().into_iter().flatten() {
                let removes = entry["action"] == "delete";
                let user = match id(&entry["user_id"]) {
                    Some(user) => user,
                    None => named_user(world, entry, ticket.updated)?,
                };
                own.retain(|other| *other != user);
                let fits = world.users.get(&user).is_some_and(|found| found.active && (!agents || found.is_agent()));
                if !removes && fits {
                    own.push(user);
                }
            }
            if agents {
                ticket.followers = own;
            } else {
                ticket.email_ccs = own;
            }
        }
    }
    Ok(())
}

/// Who has the ticket (wire B4): a member of its group.
pub(crate) fn assignment(
    world: &World,
    before: &Ticket,
    ticket: &mut Ticket,
    body: &Map<String, Value>,
    creates: bool,
) -> Result<(), ApiError> {
    let by_email =
        body.get("assignee_email").and_then(text).map(|email| world.user_by_email(email).map(|user| user.id));
    let asked = match (body.get("assignee_id"), by_email) {
        (Some(Value::Null), _) => Some(None),
        (Some(value), _) => Some(Some(id(value).ok_or_else(|| invalid("assignee", "Assignee"))?)),
        (None, Some(found)) => Some(Some(found.ok_or_else(|| invalid("assignee", "Assignee"))?)),
        (None, None) => None,
    };
    let group = match body.get("group_id") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(value) => {
            let found = id(value).filter(|own| world.groups.get(own).is_some_and(|group| !group.deleted));
            Some(Some(found.ok_or_else(|| invalid("group", "Group"))?))
        }
    };
    if let Some(group) = group {
        ticket.group = group;
    }
    if let Some(assignee) = asked {
        ticket.assignee = assignee;
    }
    let Some(assignee) = ticket.assignee else { return Ok(()) };
    let groups = world.groups_of(assignee);
    if asked.is_some() {
        let usable = world.users.get(&assignee).is_some_and(|user| user.active && !user.suspended && user.is_agent());
        if !usable {
            return Err(invalid("assignee", "Assignee"));
        }
        let belongs = ticket.group.is_some_and(|group| groups.contains(&group));
        if !belongs && matches!(group, Some(Some(_))) {
            return Err(ApiError::invalid("assignee", "Assignee: must be a member of the group", Some("InvalidValue")));
        }
        if !belongs && let Some(first) = groups.first() {
            ticket.group = Some(*first);
        }
        if before.assignee != Some(assignee) || creates {
            ticket.assigned_at = Some(ticket.updated);
        }
    } else if group.is_some() && !ticket.group.is_some_and(|group| groups.contains(&group)) {
        // Another group: who is not in it loses the ticket.
        ticket.assignee = None;
    }
    Ok(())
}
