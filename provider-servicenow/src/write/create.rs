//! A new ticket: everything is resolved and checked first, then one insert; a lost answer is looked for, never repeated blindly.

use ticketing_core::model::{Ticket, TypeCategory};
use ticketing_core::request::{CreateTicket, Projection};
use ticketing_core::{Delivery, Error, ErrorKind, Result, TypeSelector, remedy};

use super::draft::Draft;
use super::keyed::OpenOrder;
use super::status::{Goal, Now};
use super::{echoed, key};
use crate::api::{Target, Values, Window};
use crate::connection::Connection;
use crate::lookup::lookup;
use crate::map::TicketPlan;
use crate::query::{Order, order};
use crate::wire::{Layout, decode_record};
use crate::{tags, tickets};

/// How often an insert is tried where each time it is known not to have happened.
const ATTEMPTS: u32 = 3;

/// A new ticket.
pub(crate) async fn create(connection: &Connection, request: CreateTicket) -> Result<Ticket> {
    if request.collection.is_some() {
        return Err(Error::new(ErrorKind::Unsupported, "ServiceNow has no collections")
            .with_field("collection")
            .with_hint("leave it out"));
    }
    let table = table_of(connection, request.ticket_type.as_ref())?;
    if matches!(table.as_str(), "sc_request" | "sc_req_item") {
        return super::create::order_now(connection, &table, request).await;
    }
    let schema = connection.catalogue.schema(&table).await?;
    let choices = connection.catalogue.choices(&table).await?;
    let mut draft = Draft::new(&schema, &choices, &connection.mapping);
    draft.title(&request.title)?;
    let tags = request.tags.clone();
    tags::check(&tags)?;
    fill(connection, &mut draft, &request).await?;
    let goal = match &request.status {
        Some(status) => Some(draft.status(status, None, &Now::new())?),
        None => None,
    };
    let stored = request.idempotency_key.as_deref().map(key::stored_key);
    key::columns(stored.as_deref(), request.external_id.as_deref(), &mut draft.values);
    let steps = first_step(&table, &goal, &mut draft)?;
    let plan = connection.plan(&table, &Projection::new(), request.include_raw, &[]).await?;
    let ticket = {
        let _turn = connection.keyed.take(stored.as_deref()).await;
        insert(connection, &plan, &draft.values, stored.as_deref()).await?
    };
    finish(connection, &plan, ticket, &draft, steps, &tags).await
}

/// The table of a type.
fn table_of(connection: &Connection, wanted: Option<&TypeSelector>) -> Result<String> {
    let there = || {
        let told: Vec<_> = connection
            .tables
            .iter()
            .map(|table| format!("{table} ({})", connection.mapping.ticket_type(table)))
            .collect();
        format!("this connection has: {}", told.join(", "))
    };
    let found = match wanted {
        None => connection.tables.first(),
        Some(TypeSelector::Category(category)) => {
            connection.tables.iter().find(|table| connection.mapping.ticket_type(table) == *category)
        }
        Some(TypeSelector::Native(native)) => connection
            .tables
            .iter()
            .find(|table| *table == native || tickets::label_of(table).eq_ignore_ascii_case(native)),
        Some(_) => None,
    };
    found.cloned().ok_or_else(|| {
        let named = wanted.map(ToString::to_string).unwrap_or_default();
        let hint = match wanted {
            Some(TypeSelector::Category(TypeCategory::Request)) => {
                format!("{}; add `sc_request` to `tables` and order a catalogue item", there())
            }
            _ => there(),
        };
        Error::invalid("type", format!("no table of this connection holds tickets of type `{named}`")).with_hint(hint)
    })
}

/// Everything but title, status and keys.
async fn fill(connection: &Connection, draft: &mut Draft<'_>, request: &CreateTicket) -> Result<()> {
    let resolver = &connection.resolver;
    if let Some(description) = &request.description {
        draft.description(description)?;
    }
    if let Some(id) = &request.external_id {
        Draft::external_id(id)?;
    }
    if let Some(priority) = &request.priority {
        draft.priority(priority)?;
    }
    if let Some(due) = request.due {
        draft.due(due)?;
    }
    draft.fields(&request.fields)?;
    draft.comment(request.comment.as_ref())?;
    if let Some(user) = &request.requester {
        let column = draft.own.requester.ok_or_else(|| no_requester(&draft.schema.table))?;
        let id = resolver.existing_user("requester", user).await?;
        draft.set(column, id);
    }
    at_most_one("assignees", request.assignees.len())?;
    if let Some(user) = request.assignees.first() {
        let id = resolver.existing_user("assignees", user).await?;
        draft.set("assigned_to", id);
    }
    at_most_one("groups", request.groups.len())?;
    if let Some(group) = request.groups.first() {
        let id = resolver.group("group", group, true).await?;
        draft.set("assignment_group", id);
    }
    let mut watchers = Vec::new();
    for user in &request.watchers {
        let id = resolver.existing_user("watchers", user).await?;
        if !watchers.contains(&id) {
            watchers.push(id);
        }
    }
    if !watchers.is_empty() {
        draft.set("watch_list", watchers.join(","));
    }
    if let Some(account) = &request.account {
        let id = resolver.account("account", account, true).await?;
        let column = draft.own.account;
        draft.set(column, id);
    }
    if let Some(parent) = &request.parent {
        let id = super::update::parent_of(connection, parent).await?;
        draft.set("parent", id);
    }
    Ok(())
}

pub(super) fn no_requester(table: &str) -> Error {
    Error::invalid("requester", format!("`{table}` does not say for whom a ticket is")).with_hint("leave it out")
}

/// A ticket has one assignee and one group (wire §3.1).
pub(super) fn at_most_one(field: &str, count: usize) -> Result<()> {
    if count > 1 {
        return Err(Error::invalid(field, format!("{count} were given, and a ticket has 1 at most"))
            .with_hint("name one; the others can be watchers"));
    }
    Ok(())
}

/// A state that a new record can have at once goes into the insert; the others are stepped to.
fn first_step(table: &str, goal: &Option<Goal>, draft: &mut Draft<'_>) -> Result<Option<Goal>> {
    let Some(goal) = goal else { return Ok(None) };
    if super::next_states(table, "", "", &goal.state).is_none() {
        let state = draft.own.state;
        draft.set(state, goal.state.clone());
        return Ok(None);
    }
    Ok(Some(goal.clone()))
}

/// One insert, and never a second record: a refusal or a lost answer is followed by a look for the record.
async fn insert(connection: &Connection, plan: &TicketPlan, values: &Values, key: Option<&str>) -> Result<Ticket> {
    if let Some(key) = key
        && let Some(made) = made_under(connection, plan, key).await?
    {
        return Ok(made);
    }
    let mut attempt = 1;
    loop {
        let outcome = match connection.api.insert(plan.table(), values, &plan.layout).await {
            Ok(response) => echoed(&response.body, plan).map_err(|error| error.with_delivery(Delivery::MaybeApplied)),
            Err(error) => Err(error),
        };
        let error = match outcome {
            Ok(ticket) => return Ok(ticket),
            Err(error) => error,
        };
        // Refused by an access rule, and made all the same: a known pattern (wire §1.6 "403 though the write happened").
        let maybe_made =
            error.maybe_applied() || error.code() == Some("record_acl") || error.kind() == ErrorKind::PermissionDenied;
        let Some(key) = key.filter(|_| !remedy::is_removed("servicenow.idempotency_search")) else {
            return Err(if maybe_made && error.code() != Some("api_acl") {
                error.with_delivery(Delivery::MaybeApplied)
            } else {
                error
            });
        };
        if !maybe_made {
            return Err(error);
        }
        // The search sees what was written: tables are read from the database that they are written to.
        match made_under(connection, plan, key).await {
            Ok(Some(made)) => return Ok(made),
            Ok(None) if error.is_retryable() && attempt < ATTEMPTS => attempt += 1,
            Ok(None) => return Err(error.with_delivery(Delivery::Answered)),
            Err(_) => return Err(error.with_delivery(Delivery::MaybeApplied)),
        }
    }
}

/// The ticket that was made under a key; `None`: there is surely none.
async fn made_under(connection: &Connection, plan: &TicketPlan, key: &str) -> Result<Option<Ticket>> {
    let query = key::made_under(key)?;
    let mut layout = plan.layout.clone();
    layout.add("correlation_id");
    layout.add("correlation_display");
    // Where the instance ignores a part of the query, what was made a moment ago stands in front all the same.
    let newest = order::total(vec![Order::descending("sys_created_on")]);
    // Counted before access rules (wire §1.5), so that one which we may not read shows.
    let window = Window { offset: 0, limit: 10, count: true };
    let mut untold = false;
    let target = Target::Table(plan.table());
    let answer = lookup(&connection.api, target, &query, &newest, &layout, window, &mut |row| {
        if row.cell("correlation_id").is_none() || row.cell("correlation_display").is_none() {
            untold = true;
            return Ok(None);
        }
        // Another key to its owner: the instance does not tell upper from lower case.
        if !key::is_made_under(row.text("correlation_id"), row.text("correlation_display"), key) {
            return Ok(None);
        }
        plan.ticket(row).map(Some)
    })
    .await?;
    match answer.items.into_iter().next() {
        None if answer.hidden || untold => Err(Error::new(
            ErrorKind::PermissionDenied,
            "a ticket seems to have been made under this idempotency key, and may not be read",
        )
        .with_field("idempotency_key")
        .with_hint("let the integration user read what it creates, `correlation_id` and `correlation_display` too")),
        found => Ok(found),
    }
}

/// What an insert cannot do: steps to a status, and tags. The ticket is there already, whatever happens.
async fn finish(
    connection: &Connection,
    plan: &TicketPlan,
    ticket: Ticket,
    draft: &Draft<'_>,
    steps: Option<Goal>,
    tags: &[String],
) -> Result<Ticket> {
    let made = format!("ticket {}", ticket.key);
    let partly = |error: Error, more: &[String]| {
        let mut applied = vec![made.clone()];
        applied.extend(more.iter().cloned());
        error.with_applied(applied)
    };
    let mut ticket = super::update::check_echo(ticket, draft).map_err(|error| partly(error, &[]))?;
    if let Some(goal) = steps {
        let kind = draft.get("type").unwrap_or_default();
        let code = draft.own.close_code.and_then(|column| draft.get(column)).unwrap_or_default();
        let way = super::lifecycle::path(plan.table(), kind, code, &ticket.status.native.id, &goal.state)
            .unwrap_or_else(|| vec![goal.state.clone()]);
        let goal = Goal { way, ..goal };
        let id = ticket.id.to_string();
        let walked = super::update::walk(connection, plan, &id, Values::new(), draft, &goal).await;
        if let Some(there) = walked.map_err(|error| {
            let more = error.applied().to_vec();
            partly(error, &more)
        })? {
            ticket = there;
        }
    }
    if !tags.is_empty() {
        let id = ticket.id.to_string();
        let table = ticket.ticket_type.native.id.clone();
        tags::put(connection, &table, &id, &ticket.title, tags, &[]).await.map_err(|error| partly(error, &[]))?;
        ticket =
            tickets::in_table(connection, plan, &ticket.id).await?.ok_or_else(|| connection.no_ticket(&ticket.id))?;
    }
    Ok(ticket)
}

/// A request: an order of a catalogue item. Raw records would start no process (wire §3.5, §4.5).
async fn order_now(connection: &Connection, table: &str, request: CreateTicket) -> Result<Ticket> {
    let text = |name: &str| request.fields.get(name).and_then(|data| data.as_text());
    let Some(item) = text("cat_item") else {
        return Err(Error::invalid(
            "fields.cat_item",
            "a request is made by ordering a catalogue item, and none is named",
        )
        .with_hint("give the item's sys_id as the field `cat_item`, and its variables as `variables.NAME`"));
    };
    crate::query::value::check_sys_id("fields.cat_item", item)?;
    if table != "sc_request" {
        return Err(Error::invalid("type", "a requested item is made by ordering its request")
            .with_hint("create a request (`sc_request`)"));
    }
    let quantity = match request.fields.get("quantity") {
        None => 1,
        Some(data) => serde_json::to_value(data)
            .ok()
            .and_then(|value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()))
            .filter(|count| *count > 0)
            .ok_or_else(|| Error::invalid("fields.quantity", "it must be a whole number, at least 1"))?,
    };
    let schema = connection.catalogue.schema(table).await?;
    let choices = connection.catalogue.choices(table).await?;
    let mut draft = Draft::new(&schema, &choices, &connection.mapping);
    draft.title(&request.title)?;
    let mut variables = Values::new();
    let mut rest = request.clone();
    rest.fields.retain(|id, data| match id.as_str().strip_prefix("variables.") {
        Some(name) => {
            variables.insert(name.to_owned(), serde_json::to_value(&*data).unwrap_or_default());
            false
        }
        None => !matches!(id.as_str(), "cat_item" | "quantity"),
    });
    fill(connection, &mut draft, &rest).await?;
    // Nothing can be taken back once the order is placed, so everything is looked at before.
    tags::check(&request.tags)?;
    if let Some(status) = &request.status {
        let goal = draft.status(status, None, &Now::new())?;
        let state = draft.own.state;
        draft.set(state, goal.state);
    }
    let stored = request.idempotency_key.as_deref().map(key::stored_key);
    key::columns(stored.as_deref(), request.external_id.as_deref(), &mut draft.values);
    let plan = connection.plan(table, &Projection::new(), request.include_raw, &[]).await?;
    let _turn = connection.keyed.take(stored.as_deref()).await;
    if let Some(key) = &stored
        && let Some(made) = made_under(connection, &plan, key).await?
    {
        return Ok(made);
    }
    let order = OpenOrder::begin(connection, stored.as_deref())?;
    let response = connection.api.order_now(item, quantity, &variables).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::invalid("fields.cat_item", format!("there is no catalogue item `{item}`"))
            .with_delivery(Delivery::Answered)
            .with_hint("give the sys_id of an item that the integration user may order"),
        _ => error,
    });
    let response = order.unless_refused(response)?;
    let layout = Layout::new(["sys_id", "request_id", "number"]);
    let mut id = String::new();
    decode_record(&response.body, &layout, &mut |row| {
        id = row.some("request_id").unwrap_or(row.text("sys_id")).to_owned();
        Ok(())
    })
    .map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
    // What the order cannot carry is written onto its request.
    let made = format!("request {id}");
    let idempotency = ticketing_http::Idempotency::Idempotent;
    let written = connection.api.update(table, &id, &draft.values, &plan.layout, idempotency).await;
    let ticket =
        written.and_then(|response| echoed(&response.body, &plan)).map_err(|error| error.with_applied([made]))?;
    order.is_found_by_its_key();
    finish(connection, &plan, ticket, &draft, None, &request.tags).await
}
