//! What happened to a ticket: the changelog, paged on Cloud, with the issue on Data Center (wire A4.9).

use serde::Deserialize;
use serde_json::Value;
use ticketing_core::model::{FieldChange, FieldData, HistoryEntry, HistoryValue, Native, Ref, RefType};
use ticketing_core::request::ListHistory;
use ticketing_core::{Delivery, Error, ErrorKind, HistoryEntryId, Operation, Page, Result};
use ticketing_http::path_segment;

use crate::catalogue::Columns;
use crate::connection::Connection;
use crate::map::{moment, person_ref};
use crate::wire::Person;
use crate::write::{Target, locate};

/// Entries of one page at most.
const LARGEST: u64 = 100;

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default)]
    author: Option<Person>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default, deserialize_with = "crate::wire::list")]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default)]
    field: String,
    /// Cloud's; Data Center has the name alone.
    #[serde(default)]
    field_id: Option<String>,
    #[serde(default)]
    from: Value,
    #[serde(default)]
    from_string: Option<String>,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    to_string: Option<String>,
}

/// One page of a ticket's history, oldest first.
pub(crate) async fn list(connection: &Connection, request: ListHistory) -> Result<Page<HistoryEntry>> {
    let codec = connection.codec(Operation::ListHistory, &request.ticket);
    let start: u64 = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let target = locate(connection, &request.ticket, &[]).await?;
    let columns = connection.catalogue.columns().await?;
    let limit = Connection::page_size(request.page_size).min(LARGEST);
    let (entries, total) = match connection.api.site().await?.is_cloud() {
        true => page(connection, &target, start, limit).await?,
        false => whole(connection, &target, start, limit).await?,
    };
    let end = start + entries.len() as u64;
    if entries.is_empty() && start < total {
        return Err(Error::new(ErrorKind::Integrity, "the site promises more of the history than it brings")
            .with_delivery(Delivery::Answered)
            .with_retry_after(std::time::Duration::ZERO));
    }
    let next = (end < total).then(|| codec.cursor(&end)).transpose()?;
    let entries = entries.into_iter().map(|own| entry(&target, &columns, own)).collect::<Result<_>>()?;
    Ok(Page::new(entries, next))
}

async fn page(connection: &Connection, target: &Target, start: u64, limit: u64) -> Result<(Vec<Entry>, u64)> {
    #[derive(Deserialize)]
    struct Answer {
        values: Vec<Entry>,
        #[serde(default)]
        total: u64,
    }
    let path = format!("/issue/{}/changelog", path_segment(&target.id));
    let (start, limit) = (start.to_string(), limit.to_string());
    let answer: Answer = connection.api.read(&path, &[("startAt", &start), ("maxResults", &limit)]).await?.json()?;
    Ok((answer.values, answer.total))
}

/// Data Center brings all of it with the issue; in which order is not said.
async fn whole(connection: &Connection, target: &Target, start: u64, limit: u64) -> Result<(Vec<Entry>, u64)> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        changelog: Changelog,
    }
    #[derive(Deserialize, Default)]
    struct Changelog {
        histories: Vec<Entry>,
        #[serde(default)]
        total: u64,
    }
    let path = format!("/issue/{}", path_segment(&target.id));
    let answer: Answer = connection.api.read(&path, &[("fields", "status"), ("expand", "changelog")]).await?.json()?;
    let mut all = answer.changelog.histories;
    if (all.len() as u64) < answer.changelog.total {
        return Err(Error::new(ErrorKind::Integrity, "the site brings a part of the history alone")
            .with_delivery(Delivery::Answered));
    }
    let order = |own: &Entry| (own.created.as_deref().and_then(moment), own.id.parse::<u64>().unwrap_or(u64::MAX));
    all.sort_by_key(order);
    let total = all.len() as u64;
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    Ok((all.into_iter().skip(at(start)).take(at(limit)).collect(), total))
}

fn entry(target: &Target, columns: &Columns, own: Entry) -> Result<HistoryEntry> {
    let at = own.created.as_deref().and_then(moment).ok_or_else(|| {
        Error::new(ErrorKind::Decode, format!("the history entry `{}` has no moment", own.id))
            .with_delivery(Delivery::Answered)
    })?;
    let mut ticket = Ref::new(RefType::Ticket, target.id.as_str());
    ticket.key = Some(target.key.clone()).filter(|key| !key.is_empty());
    Ok(HistoryEntry {
        id: HistoryEntryId::from(own.id),
        ticket,
        author: own.author.as_ref().and_then(person_ref),
        at,
        changes: own.items.into_iter().map(|item| change(columns, item)).collect(),
    })
}

fn change(columns: &Columns, item: Item) -> FieldChange {
    let id = item.field_id.unwrap_or_else(|| {
        // By name, where just one field bears it; what is none (Link, Attachment) stays as it is called.
        let mut named = columns.all().iter().filter(|column| column.name.eq_ignore_ascii_case(&item.field));
        match (columns.get(&item.field), named.next(), named.next()) {
            (None, Some(column), None) => column.id.to_string(),
            _ => item.field.clone(),
        }
    });
    let column = columns.get(&id);
    let core = column.and_then(|column| column.core);
    FieldChange {
        field: core.unwrap_or(&id).to_owned(),
        native: Native { name: column.map(|column| column.name.clone()).or(Some(item.field)), id },
        from: value(item.from, item.from_string),
        to: value(item.to, item.to_string),
    }
}

/// The id where there is one, and what it is called; else the words.
fn value(id: Value, words: Option<String>) -> HistoryValue {
    let id = match id {
        Value::String(id) if !id.is_empty() => Some(id),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let words = words.filter(|words| !words.is_empty());
    let mut out = HistoryValue::new(match (&id, &words) {
        (Some(id), _) => FieldData::from(id.as_str()),
        (None, Some(words)) => FieldData::from(words.as_str()),
        (None, None) => FieldData::Null,
    });
    out.label = words.filter(|_| id.is_some());
    out
}
