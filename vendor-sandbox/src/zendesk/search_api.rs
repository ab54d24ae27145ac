//! Searching: wire B5.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{ApiError, Document, Reply, ok};
use super::call::Call;
use super::model::{Group, Organization, Ticket, User};
use super::people_json as people;
use super::search_query::{Asker, Query};
use super::show;
use super::ticket_api::{is_struck, put_sideloads};
use super::world::World;

/// Life of a cursor of an export in seconds (wire B5).
const CURSOR_SECONDS: i64 = 3_600;

/// Results on a page of an export (wire B5).
const EXPORT_PAGE: usize = 1_000;

/// Something that was found.
#[derive(Debug, Clone)]
enum Hit<'w> {
    Ticket(Arc<Ticket>),
    User(&'w User),
    Group(&'w Group),
    Organization(&'w Organization),
}

impl Hit<'_> {
    fn times(&self) -> (i64, i64) {
        let (created, updated) = match self {
            Self::Ticket(own) => (own.created, own.updated),
            Self::User(own) => (own.created, own.updated),
            Self::Group(own) => (own.created, own.updated),
            Self::Organization(own) => (own.created, own.updated),
        };
        (created.timestamp(), updated.timestamp())
    }

    fn id(&self) -> u64 {
        match self {
            Self::Ticket(own) => own.id,
            Self::User(own) => own.id,
            Self::Group(own) => own.id,
            Self::Organization(own) => own.id,
        }
    }

    /// As a result, which says what it is.
    fn shown(&self, call: &Call<'_>, world: &World) -> Value {
        let (mut shown, kind) = match self {
            Self::Ticket(own) => {
                return serde_json::to_value(show::listed(call, world, own).result()).unwrap_or(Value::Null);
            }
            Self::User(own) => (people::user(call, world, own), "user"),
            Self::Group(own) => (people::group(call, own), "group"),
            Self::Organization(own) => (people::organization(call, own), "organization"),
        };
        shown["result_type"] = json!(kind);
        shown
    }
}

/// Tickets as the index has them, which lags behind (wire B5); deleted ones linger in it as long.
fn indexed(call: &Call<'_>, world: &World) -> Vec<Arc<Ticket>> {
    let lag = match call.strikes.get("stale_search") {
        Some(strike) => u32::try_from(strike.number(60)).unwrap_or(u32::MAX),
        None => call.settings.search_lag_seconds,
    };
    let mut all: Vec<Arc<Ticket>> = if lag == 0 {
        world.tickets().cloned().collect()
    } else {
        let then = world.differences_since(call.now - TimeDelta::seconds(lag.into()));
        let now = world.tickets().filter(|ticket| !then.contains_key(&ticket.id)).cloned();
        now.chain(then.values().flatten().cloned()).collect()
    };
    all.retain(|ticket| ticket.deleted.is_none() && call.sees(ticket) && !is_struck(call, ticket));
    all
}

fn found<'w>(call: &Call<'_>, world: &'w World, query: &Query, types: &[String]) -> Vec<Hit<'w>> {
    found_before(call, world, query, types, None)
}

/// What was found of those that come after a place, the newest first.
fn found_before<'w>(
    call: &Call<'_>,
    world: &'w World,
    query: &Query,
    types: &[String],
    from: Option<(i64, u64)>,
) -> Vec<Hit<'w>> {
    let me = call.user.as_ref().map_or(0, |user| user.id);
    let asker = Asker { world, me, now: call.now };
    let wanted = |name: &str| types.is_empty() || types.iter().any(|own| own == name);
    let mut hits = Vec::new();
    if wanted("ticket") {
        let is_behind = |own: &Ticket| from.is_none_or(|from| (own.created.timestamp(), own.id) < from);
        let all = indexed(call, world).into_iter().filter(|own| is_behind(own) && query.fits_ticket(asker, own));
        hits.extend(all.map(Hit::Ticket));
    }
    if wanted("user") {
        hits.extend(world.users.values().filter(|own| own.active && query.fits_user(asker, own)).map(Hit::User));
    }
    if wanted("group") {
        hits.extend(world.groups.values().filter(|own| !own.deleted && query.fits_group(asker, own)).map(Hit::Group));
    }
    if wanted("organization") {
        let all = world.organizations.values().filter(|own| !own.deleted && query.fits_organization(asker, own));
        hits.extend(all.map(Hit::Organization));
    }
    hits
}

/// By what the parameters or the query say; else the newest first.
fn sort(call: &Call<'_>, query: &Query, hits: &mut [Hit<'_>]) {
    let by = call.params.get("sort_by").or(query.order_by.as_deref()).unwrap_or("created_at").to_owned();
    let ascending = call.params.get("sort_order").map(|order| order == "asc").or(query.descending.map(|own| !own));
    let rank = |hit: &Hit<'_>| match (by.as_str(), hit) {
        ("updated_at" | "updated", _) => hit.times().1,
        ("priority", Hit::Ticket(own)) => own.priority.map_or(-1, |own| own as i64),
        ("status", Hit::Ticket(own)) => own.status as i64,
        ("ticket_type", Hit::Ticket(own)) => {
            own.kind.map_or(-1, |kind| i64::from(kind.as_bytes().first().copied().unwrap_or(0)))
        }
        _ => hit.times().0,
    };
    hits.sort_by_key(|hit| (rank(hit), hit.id()));
    if ascending != Some(true) {
        hits.reverse();
    }
}

fn query_text<'c>(call: &'c Call<'_>) -> Result<&'c str, ApiError> {
    // wire B5: `{"error":"invalid","description":…}`.
    call.params
        .get("query")
        .ok_or_else(|| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid search: query is required"))
}

/// `GET /search`: by offset, a thousand results at most (wire B5).
pub(crate) fn search(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let query = Query::parse(query_text(call)?);
    let number = |name: &str, default: usize| match call.params.get(name) {
        None => Ok(default),
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| ApiError::bad_request("InvalidValue", format!("{name} must be an integer"))),
    };
    // wire B5: `page[size]` is read as `page`, which is no number.
    if super::paging::is_cursor(call) {
        return Err(ApiError::bad_request("InvalidValue", "page must be an integer"));
    }
    let (page, per_page) = (number("page", 1)?, number("per_page", 100)?.min(100));
    if (page - 1) * per_page >= call.settings.search_cap {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            format!(
                "Invalid search: Requested response size was greater than Search Response Limits ({})",
                call.settings.search_cap
            ),
        ));
    }
    let mut hits = found(call, world, &query, &query.types);
    sort(call, &query, &mut hits);
    let count = hits.len();
    let shown: Vec<Hit<'_>> = hits.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    let link = |page: Option<usize>| match page {
        Some(page) => Value::from(call.link_with(&[("page", &page.to_string())], &["page"])),
        None => Value::Null,
    };
    let mut document = Document::new();
    document.put("results", &shown.iter().map(|hit| hit.shown(call, world)).collect::<Vec<_>>());
    sideloads(call, world, &mut document, &shown);
    document.put("facets", &Value::Null);
    document.put("next_page", &link((page * per_page < count).then_some(page + 1)));
    document.put("previous_page", &link(page.checked_sub(1).filter(|page| *page > 0)));
    // The true total (wire B5).
    document.put("count", &call.counted(count));
    Ok(document.reply())
}

/// wire B5: `include=tickets(users,groups)`.
fn sideloads(call: &Call<'_>, world: &World, document: &mut Document, hits: &[Hit<'_>]) {
    let tickets: Vec<&Arc<Ticket>> = hits
        .iter()
        .filter_map(|hit| match hit {
            Hit::Ticket(own) => Some(own),
            _ => None,
        })
        .collect();
    put_sideloads(call, world, document, &tickets);
}

/// `GET /search/count`.
pub(crate) fn count(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let query = Query::parse(query_text(call)?);
    Ok(ok(&json!({ "count": call.counted(found(call, world, &query, &query.types).len()) })))
}

/// `GET /search/export?filter[type]=`: by cursor, in order of creation, for an hour (wire B5).
pub(crate) fn export(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let query = Query::parse(query_text(call)?);
    let kinds = ["ticket", "user", "organization", "group"];
    let Some(kind) = call.params.get("filter[type]").filter(|kind| kinds.contains(kind)) else {
        return Err(ApiError::bad_request(
            "InvalidValue",
            "filter[type] must be one of: ticket, user, organization, group",
        ));
    };
    // wire B13: a type in the query must agree.
    if query.types.iter().any(|own| own != kind) {
        return Err(ApiError::bad_request("InvalidValue", "type in the query does not match filter[type]"));
    }
    let size = match call.params.get("page[size]") {
        None => 100,
        Some(text) => text.parse::<usize>().ok().filter(|size| (1..=EXPORT_PAGE).contains(size)).ok_or_else(|| {
            ApiError::bad_request("InvalidPaginationParameter", "page[size] must be between 1 and 1000")
        })?,
    };
    let (from, session) = match call.params.get("page[after]") {
        None => (None, call.now.timestamp()),
        Some(text) => {
            let (key, session) = read_cursor(text)
                .ok_or_else(|| ApiError::bad_request("InvalidPaginationParameter", "page[after] is not valid"))?;
            if call.now.timestamp() - session > CURSOR_SECONDS {
                return Err(ApiError::bad_request("InvalidPaginationParameter", "the cursor has expired"));
            }
            (Some(key), session)
        }
    };
    let mut hits = found_before(call, world, &query, &[kind.to_owned()], from);
    // OAS: the newest first, in the example's cursor.
    let key = |hit: &Hit<'_>| (hit.times().0, hit.id());
    hits.sort_by_key(|hit| std::cmp::Reverse(key(hit)));
    hits.retain(|hit| from.is_none_or(|from| key(hit) < from));
    let shorter = call.strikes.get("short_page").map(|strike| strike.number(size as u64 / 2));
    let size = shorter.and_then(|own| usize::try_from(own).ok()).map_or(size, |own| own.min(size));
    let has_more = hits.len() > size;
    hits.truncate(size);
    let last = hits.last().map(key).or(from.filter(|_| has_more));
    let after = last.map(|key| cursor(key, session));
    let next = after.as_ref().map(|after| call.link_with(&[("page[after]", after)], &["page[after]"]));
    let mut document = Document::new();
    document.put("results", &hits.iter().map(|hit| hit.shown(call, world)).collect::<Vec<_>>());
    sideloads(call, world, &mut document, &hits);
    document.put("facets", &Value::Null);
    document.put("meta", &json!({ "has_more": has_more, "after_cursor": after, "before_cursor": null }));
    document.put("links", &json!({ "prev": null, "next": next.filter(|_| has_more) }));
    Ok(document.reply())
}

/// The members of the OAS's example that decide something.
fn cursor(key: (i64, u64), session: i64) -> String {
    let document = json!({
        "field": "created_at",
        "desc": true,
        "tieBreakField": "id",
        "sortValues": [key.0, key.1],
        "sessionStart": session,
    });
    STANDARD.encode(document.to_string())
}

fn read_cursor(text: &str) -> Option<((i64, u64), i64)> {
    let document: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    let key = (document["sortValues"][0].as_i64()?, document["sortValues"][1].as_u64()?);
    Some((key, document["sessionStart"].as_i64()?))
}
