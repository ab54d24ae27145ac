//! Tags: `label` holds their names, `label_entry` what they are on. The wire reference says no more than that tasks have
//! `sys_tags`, so both tables are taken for what they commonly are, and done without where they are not there.

use ticketing_core::model::Tag;
use ticketing_core::request::ListTags;
use ticketing_core::{Error, ErrorKind, Operation, Page, Result};

use crate::api::{Target, Values};
use crate::connection::Connection;
use crate::listing::{Listing, Position};
use crate::query::{Condition, FieldName, Query, order};
use crate::wire::{Layout, decode_record};

/// The labels of these names: id by name.
async fn labels(connection: &Connection, names: &[String]) -> Result<Vec<(String, String)>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::all().and(
        Condition::is_one_of(FieldName::fixed("name"), names.iter().cloned())
            .map_err(|error| error.with_field("tags"))?,
    );
    let layout = Layout::new(["sys_id", "name"]);
    let by_id = order::total(Vec::new());
    let listing = Listing {
        api: &connection.api,
        target: Target::Table("label"),
        base: &query,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    listing.all(1_000, &mut |row| Ok(Some((row.text("name").to_owned(), row.text("sys_id").to_owned())))).await
}

/// The tickets that carry any of these tags.
pub(crate) async fn tagged(connection: &Connection, names: &[String]) -> Result<Vec<String>> {
    let labels: Vec<String> = labels(connection, names)
        .await
        .map_err(|error| error.with_field("tag"))?
        .into_iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(_, id)| id)
        .collect();
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::all().and(Condition::is_one_of(FieldName::fixed("label"), labels)?);
    let entries = entries(connection, &query).await?;
    Ok(entries.into_iter().map(|entry| entry.record).collect())
}

struct Entry {
    id: String,
    label: String,
    record: String,
}

async fn entries(connection: &Connection, query: &Query) -> Result<Vec<Entry>> {
    let layout = Layout::new(["sys_id", "label", "table", "table_key"]);
    let by_id = order::total(Vec::new());
    let listing = Listing {
        api: &connection.api,
        target: Target::Table("label_entry"),
        base: query,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    listing
        .all(1_000, &mut |row| {
            let entry = Entry {
                id: row.text("sys_id").to_owned(),
                label: row.cell("label").map_or("", |cell| cell.shown()).to_owned(),
                record: row.text("table_key").to_owned(),
            };
            Ok(Some(entry))
        })
        .await
}

/// One page of tags.
pub(crate) async fn list(connection: &Connection, request: ListTags) -> Result<Page<Tag>> {
    let codec = connection.codec(Operation::ListTags, &());
    let at: Position = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
    let by_id = order::total(Vec::new());
    at.check(&by_id)?;
    let query = Query::all().and(Condition::not_equals(FieldName::fixed("active"), "false")?);
    let layout = Layout::new(["sys_id", "name", "active"]);
    let listing = Listing {
        api: &connection.api,
        target: Target::Table("label"),
        base: &query,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    let paged = listing
        .page(&at, Connection::page_size(request.page_size), false, &mut |row| {
            Ok(row.some("name").map(|name| Tag { name: name.to_owned(), id: row.some("sys_id").map(str::to_owned) }))
        })
        .await?;
    let next = paged.next.map(|position| codec.cursor(&position)).transpose()?;
    Ok(Page::new(paged.items.into_iter().map(|(_, tag)| tag).collect(), next))
}

/// Refuses tags that the instance cannot tell apart: it shows them in one line with commas between.
pub(crate) fn check(names: &[String]) -> Result<()> {
    for name in names {
        if name.trim().is_empty() || name.contains(',') || name.trim() != name {
            return Err(Error::invalid("tags", format!("`{}` is no tag", name.escape_debug()))
                .with_hint("a tag is a text without commas, and without blanks around it"));
        }
        Condition::equals(FieldName::fixed("name"), name.as_str()).map_err(|error| error.with_field("tags"))?;
    }
    Ok(())
}

/// Puts a record's tags into this state: these come, those go. Doing it twice is the same as once.
pub(crate) async fn put(
    connection: &Connection,
    table: &str,
    sys_id: &str,
    title: &str,
    add: &[String],
    remove: &[String],
) -> Result<()> {
    let query = Query::all().and(Condition::equals(FieldName::fixed("table_key"), sys_id)?);
    let present = entries(connection, &query).await?;
    for entry in present.iter().filter(|entry| remove.contains(&entry.label)) {
        match connection.api.delete("label_entry", &entry.id).await {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let missing: Vec<String> =
        add.iter().filter(|name| !present.iter().any(|entry| entry.label == **name)).cloned().collect();
    let mut known = labels(connection, &missing).await?;
    for name in missing {
        let label = match known.iter().find(|(label, _)| *label == name) {
            Some((_, id)) => id.clone(),
            None => {
                let values = Values::from_iter([("name".to_owned(), name.clone().into())]);
                let id = insert(connection, "label", &values).await?;
                known.push((name.clone(), id.clone()));
                id
            }
        };
        let values = Values::from_iter([
            ("label".to_owned(), label.into()),
            ("table".to_owned(), table.into()),
            ("table_key".to_owned(), sys_id.into()),
            ("title".to_owned(), title.into()),
        ]);
        insert(connection, "label_entry", &values).await?;
    }
    Ok(())
}

async fn insert(connection: &Connection, table: &str, values: &Values) -> Result<String> {
    let layout = Layout::new(["sys_id"]);
    let response = connection.api.insert(table, values, &layout).await?;
    let mut id = String::new();
    decode_record(&response.body, &layout, &mut |row| {
        id = row.text("sys_id").to_owned();
        Ok(())
    })?;
    Ok(id)
}
