//! Comments and work notes: written through the ticket, read from `sys_journal_field`, or, without the right to read that,
//! from what the ticket shows (`wire/servicenow.md` §1.3, §3.6).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use ticketing_core::model::{Comment, Ref, RefType, Visibility};
use ticketing_core::request::{AddComment, ListComments};
use ticketing_core::{Delivery, Error, ErrorKind, Operation, Page, Result, remedy};
use ticketing_http::Idempotency;

use crate::api::{Target, Values};
use crate::connection::Connection;
use crate::listing::{Listing, Position};
use crate::map::{Author, Entry, element, journal_entries};
use crate::query::{Condition, FieldName, Order, Query, order};
use crate::tickets::{self, Found};
use crate::wire::{Layout, decode_record};
use crate::write::{plain, stored_key};

const JOURNAL: &str = "sys_journal_field";

/// Oldest first.
fn in_time() -> Vec<Order> {
    order::total(vec![Order::ascending("sys_created_on")])
}

fn of_ticket(sys_id: &str, visibility: Option<Visibility>) -> Result<Query> {
    let elements: Vec<&str> = match visibility {
        None => vec!["comments", "work_notes"],
        Some(visibility) => element(visibility).into_iter().collect(),
    };
    Ok(Query::all()
        .and(Condition::equals(FieldName::fixed("element_id"), sys_id)?)
        .and(Condition::is_one_of(FieldName::fixed("element"), elements)?))
}

/// One page of a ticket's comments, oldest first.
pub(crate) async fn list(connection: &Connection, request: ListComments) -> Result<Page<Comment>> {
    if request.visibility.is_some_and(|visibility| element(visibility).is_none()) {
        return Ok(Page::last(Vec::new()));
    }
    let bound = (&request.ticket, request.visibility, request.include_raw);
    let codec = connection.codec(Operation::ListComments, &bound);
    let at: At = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
    let found = tickets::place(connection, &request.ticket).await?;
    let limit = Connection::page_size(request.page_size);
    let offset = match at {
        At::Journal(at) => {
            at.check(&in_time())?;
            if !connection.is_closed(JOURNAL) {
                let outcome =
                    from_journal(connection, &found, request.visibility, request.include_raw, &at, limit).await;
                if let Some((entries, next)) = connection.if_open(JOURNAL, outcome)? {
                    let next = next.map(|position| codec.cursor(&At::Journal(position))).transpose()?;
                    let comments = named(connection, entries, Some(&found.number)).await?;
                    return Ok(Page::new(comments, next));
                }
            }
            0
        }
        At::Shown(offset) => offset,
    };
    // What the ticket shows comes at once, so a page is a slice of it.
    let entries = shown(connection, &found, request.visibility).await?;
    let end = offset.saturating_add(limit);
    let next = (end < entries.len() as u64).then(|| codec.cursor(&At::Shown(end))).transpose()?;
    let (from, size) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(usize::MAX));
    let slice = entries.into_iter().skip(from).take(size).collect();
    Ok(Page::new(named(connection, slice, Some(&found.number)).await?, next))
}

/// Where a listing of comments is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// In the journal's table.
    Journal(Position),
    /// In what the ticket shows.
    Shown(u64),
}

impl Default for At {
    fn default() -> Self {
        Self::Journal(Position::default())
    }
}

async fn from_journal(
    connection: &Connection,
    found: &Found,
    visibility: Option<Visibility>,
    raw: bool,
    at: &Position,
    limit: u64,
) -> Result<(Vec<Entry>, Option<Position>)> {
    let query = of_ticket(&found.sys_id, visibility)?;
    let layout = Layout::new(Entry::FIELDS).with_raw(raw);
    let order = in_time();
    let listing = Listing {
        api: &connection.api,
        target: Target::Table(JOURNAL),
        base: &query,
        order: &order,
        layout: &layout,
        keyset: true,
    };
    let paged = listing.page(at, limit, false, &mut |row| Entry::of(row)).await?;
    Ok((paged.items.into_iter().map(|(_, entry)| entry).collect(), paged.next))
}

/// The entries that a ticket shows, oldest first.
async fn shown(connection: &Connection, found: &Found, visibility: Option<Visibility>) -> Result<Vec<Entry>> {
    let layout = Layout::new(["sys_id", "comments", "work_notes"]);
    let response = match connection.api.record(&found.table, &found.sys_id, &layout).await {
        Ok(response) => response,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(connection.no_ticket(&found.sys_id.as_str().into()));
        }
        Err(error) => return Err(error),
    };
    let zone = zone(connection).await;
    let mut entries = Vec::new();
    let mut unreadable = Vec::new();
    decode_record(&response.body, &layout, &mut |row| {
        for one in [Visibility::Public, Visibility::Internal] {
            if visibility.is_some_and(|wanted| wanted != one) {
                continue;
            }
            let column = element(one).unwrap_or_default();
            match row.cell(column) {
                Some(cell) => {
                    let text = cell.display.as_deref().unwrap_or_default();
                    entries.extend(journal_entries(&found.sys_id, one, text, zone));
                }
                None => unreadable.push(column),
            }
        }
        Ok(())
    })?;
    if !unreadable.is_empty() {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("the ticket's {} may not be read", unreadable.join(" and ")),
        )
        .with_delivery(Delivery::Answered)
        .with_hint("let the integration user read `sys_journal_field`, or these fields of the ticket"));
    }
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}

/// The time zone in which the instance shows times to us.
async fn zone(connection: &Connection) -> Option<Tz> {
    let me = crate::check::me(connection).await.ok()?;
    crate::check::zone_of(connection, me.time_zone.as_deref()).await?.parse().ok()
}

/// The entries as comments, their authors by id: one request for all of them.
pub(crate) async fn named(connection: &Connection, entries: Vec<Entry>, number: Option<&str>) -> Result<Vec<Comment>> {
    let authors = authors(connection, entries.iter().map(|entry| &entry.author)).await?;
    let number = number.filter(|number| !number.is_empty());
    Ok(entries
        .into_iter()
        .map(|entry| {
            let author = authors.get(&key_of(&entry.author)).cloned();
            entry.comment(author, number)
        })
        .collect())
}

fn key_of(author: &Author) -> (bool, String) {
    match author {
        Author::Username(name) => (true, name.clone()),
        Author::Name(name) => (false, name.clone()),
    }
}

/// Users by login name; by display name only where just one bears it.
pub(crate) async fn authors<'a>(
    connection: &Connection,
    wanted: impl Iterator<Item = &'a Author>,
) -> Result<BTreeMap<(bool, String), Ref>> {
    let wanted: BTreeSet<(bool, String)> = wanted.map(key_of).filter(|(_, name)| !name.is_empty()).collect();
    let mut found = BTreeMap::new();
    for (column, by_login) in [("user_name", true), ("name", false)] {
        let names: Vec<&String> = wanted.iter().filter(|(login, _)| *login == by_login).map(|(_, name)| name).collect();
        for names in names.chunks(tickets::MOST_IDS) {
            let usable = names.iter().filter(|name| crate::query::value::check("author", name).is_ok());
            let usable: Vec<String> = usable.map(|name| (*name).clone()).collect();
            if usable.is_empty() {
                continue;
            }
            for (name, user) in users(connection, column, usable).await? {
                let key = (by_login, name);
                if !by_login && found.contains_key(&key) {
                    // Two bear that name; nobody can tell who it was.
                    found.remove(&key);
                    continue;
                }
                found.insert(key, user);
            }
        }
    }
    Ok(found)
}

async fn users(connection: &Connection, column: &'static str, names: Vec<String>) -> Result<Vec<(String, Ref)>> {
    let query = Query::all().and(Condition::is_one_of(FieldName::fixed(column), names.iter().cloned())?);
    let layout = Layout::new([
        "sys_id",
        "user_name",
        "name",
        "sys_class_name",
        "internal_integration_user",
        "web_service_access_only",
    ]);
    let by_id = order::total(Vec::new());
    let listing = Listing {
        api: &connection.api,
        target: Target::Table("sys_user"),
        base: &query,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    listing
        .all(1_000, &mut |row| {
            let name = row.text(column);
            // As it is written on the entry, whatever the database makes of upper and lower case.
            let Some(asked) = names.iter().find(|asked| asked.eq_ignore_ascii_case(name)) else { return Ok(None) };
            let ref_type = match row.text("sys_class_name") {
                "customer_contact" => RefType::Contact,
                _ if row.text("internal_integration_user") == "true"
                    || row.text("web_service_access_only") == "true" =>
                {
                    RefType::Bot
                }
                _ => RefType::User,
            };
            let mut user = Ref::new(ref_type, row.text("sys_id")).with_name(row.text("name"));
            user.key = row.some("user_name").map(str::to_owned);
            Ok(Some((asked.clone(), user)))
        })
        .await
}

/// A write with a journal entry in it, whose outcome is unknown: told, and not repeated.
pub(crate) fn uncertain(error: Error) -> Error {
    if error.maybe_applied() {
        return error.with_hint("read the ticket's comments before writing again");
    }
    error
}

/// A new comment.
pub(crate) async fn add(connection: &Connection, request: AddComment) -> Result<Comment> {
    let column = element(request.visibility).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, format!("there are no {} comments", request.visibility))
            .with_field("visibility")
            .with_hint("it has: public, internal")
    })?;
    if request.restricted_to.is_some() || request.parent.is_some() {
        let field = if request.parent.is_some() { "parent" } else { "restricted_to" };
        return Err(Error::new(
            ErrorKind::Unsupported,
            "journal entries have neither answers nor readers of their own",
        )
        .with_field(field)
        .with_hint("leave it out"));
    }
    let text = plain("body", &request.body)?;
    if text.trim().is_empty() {
        return Err(Error::invalid("body", "the comment's body is empty").with_hint("write a text"));
    }
    let found = tickets::place(connection, &request.ticket).await?;
    let key = request.idempotency_key.as_deref().map(|key| format!("comment {} {}", found.sys_id, stored_key(key)));
    if let Some(key) = &key {
        let known = connection.written.lock().unwrap_or_else(PoisonError::into_inner).get(key).map(str::to_owned);
        if let Some(id) = known
            && let Some(comment) = by_id(connection, &found, request.visibility, &id).await?
        {
            return Ok(comment);
        }
    }
    // What is there already says afterwards which entry is ours; it is needed only where the outcome may be unclear.
    let mut written_before = false;
    let before = match &key {
        Some(key) => {
            let now = ids_of(connection, &found, request.visibility, &text).await?;
            let mut written = connection.written.lock().unwrap_or_else(PoisonError::into_inner);
            // An earlier call under this key ended in the dark: what has come since then is its entry.
            let known = written.before(key).filter(|_| !remedy::is_removed("servicenow.unclear_comments"));
            let before = known.map_or_else(|| now.clone(), <[String]>::to_vec);
            written_before = now.iter().any(|id| !before.contains(id));
            written.begin(key, before.clone());
            Some(before)
        }
        None => None,
    };
    let forget = || {
        if let Some(key) = &key {
            connection.written.lock().unwrap_or_else(PoisonError::into_inner).forget(key);
        }
    };
    let values = Values::from_iter([(column.to_owned(), text.clone().into())]);
    let layout = Layout::new(["sys_id"]);
    let mut attempt = 1;
    if !written_before {
        loop {
            let written =
                connection.api.update(&found.table, &found.sys_id, &values, &layout, Idempotency::Unsafe).await;
            match written {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    forget();
                    return Err(connection.no_ticket(&request.ticket));
                }
                Err(error) => {
                    if !error.maybe_applied() {
                        forget();
                    }
                    let Some(before) = before
                        .as_ref()
                        .filter(|_| error.maybe_applied() && !remedy::is_removed("servicenow.comment_search"))
                    else {
                        return Err(uncertain(error));
                    };
                    let now = ids_of(connection, &found, request.visibility, &text).await.map_err(|_| {
                        Error::new(error.kind(), error.message().to_owned()).with_delivery(Delivery::MaybeApplied)
                    })?;
                    if now.iter().any(|id| !before.contains(id)) {
                        break;
                    }
                    if attempt >= 3 || !error.is_retryable() {
                        forget();
                        return Err(error.with_delivery(Delivery::Answered));
                    }
                    attempt += 1;
                }
            }
        }
    }
    let comment = newest(connection, &found, request.visibility, &text, before.as_deref()).await?;
    if let Some(key) = key {
        connection.written.lock().unwrap_or_else(PoisonError::into_inner).note(key, comment.id.to_string());
    }
    Ok(comment)
}

/// Every entry of one visibility.
async fn entries(connection: &Connection, found: &Found, visibility: Visibility) -> Result<Vec<Entry>> {
    if !connection.is_closed(JOURNAL) {
        let query = of_ticket(&found.sys_id, Some(visibility))?;
        let layout = Layout::new(Entry::FIELDS);
        let order = in_time();
        let listing = Listing {
            api: &connection.api,
            target: Target::Table(JOURNAL),
            base: &query,
            order: &order,
            layout: &layout,
            keyset: true,
        };
        let outcome = listing.all(1_000, &mut |row| Entry::of(row)).await;
        if let Some(entries) = connection.if_open(JOURNAL, outcome)? {
            return Ok(entries);
        }
    }
    shown(connection, found, Some(visibility)).await
}

/// The same text, as the instance may have trimmed it.
fn is_text(entry: &Entry, text: &str) -> bool {
    let lines = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    lines(&entry.text) == lines(text)
}

async fn ids_of(connection: &Connection, found: &Found, visibility: Visibility, text: &str) -> Result<Vec<String>> {
    let entries = entries(connection, found, visibility).await?;
    Ok(entries.into_iter().filter(|entry| is_text(entry, text)).map(|entry| entry.id).collect())
}

async fn by_id(connection: &Connection, found: &Found, visibility: Visibility, id: &str) -> Result<Option<Comment>> {
    let entry = entries(connection, found, visibility).await?.into_iter().find(|entry| entry.id == id);
    match entry {
        Some(entry) => Ok(named(connection, vec![entry], Some(&found.number)).await?.pop()),
        None => Ok(None),
    }
}

/// The entry that was just written: the newest of that text.
async fn newest(
    connection: &Connection,
    found: &Found,
    visibility: Visibility,
    text: &str,
    before: Option<&[String]>,
) -> Result<Comment> {
    let all = entries(connection, found, visibility).await.map_err(|error| error.with_applied(["comment"]))?;
    let fresh = |entry: &&Entry| is_text(entry, text) && before.is_none_or(|before| !before.contains(&entry.id));
    let newest_at = all.iter().filter(fresh).map(|entry| entry.at).max();
    let written = match newest_at {
        // Of one second, the one that was not there a moment ago stands last in no order; any of the same text will do.
        Some(at) => all.iter().filter(fresh).rfind(|entry| entry.at == at).cloned(),
        None => None,
    };
    let Some(entry) = written else {
        return Err(Error::new(ErrorKind::PermissionDenied, "the comment was written, and may not be read")
            .with_delivery(Delivery::Answered)
            .with_applied(["comment"])
            .with_hint("let the integration user read `sys_journal_field`"));
    };
    named(connection, vec![entry], Some(&found.number))
        .await
        .map_err(|error| error.with_applied(["comment"]))?
        .pop()
        .ok_or_else(|| connection.no_ticket(&found.sys_id.as_str().into()))
}
