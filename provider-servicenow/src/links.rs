//! Links: reference columns that say one, both ways, and `task_rel_task` for the rest.
//!
//! The wire reference names the columns (§3.1, §3.2, §3.5); `task_rel_task` and `task_rel_type` are taken for what they
//! commonly are, and done without where they are not there.

use serde::Serialize;
use ticketing_core::model::{Link, LinkCategory, LinkType, Native, Ref, RefType};
use ticketing_core::request::{AddLink, LinkTarget, ListLinks, RemoveLink};
use ticketing_core::{Delivery, Error, ErrorKind, LinkId, Operation, Page, Result};
use ticketing_http::Idempotency;

use crate::api::{Target, Values};
use crate::connection::Connection;
use crate::listing::Listing;
use crate::map::moment;
use crate::query::value::check_sys_id;
use crate::query::{Condition, FieldName, Query, order};
use crate::tickets::{self, Found};
use crate::wire::{Layout, decode_record};

/// A reference column: table that has it, column, label, what the record says of its target, table of the target.
struct Column {
    table: &'static str,
    name: &'static str,
    label: &'static str,
    category: LinkCategory,
    target: &'static str,
}

const fn column(
    table: &'static str,
    name: &'static str,
    label: &'static str,
    category: LinkCategory,
    target: &'static str,
) -> Column {
    Column { table, name, label, category, target }
}

const COLUMNS: &[Column] = &[
    column("task", "parent", "Parent", LinkCategory::ChildOf, "task"),
    column("incident", "problem_id", "Problem", LinkCategory::CausedBy, "problem"),
    column("incident", "caused_by", "Caused by Change", LinkCategory::CausedBy, "change_request"),
    column("incident", "rfc", "Change Request", LinkCategory::RelatesTo, "change_request"),
    column("problem", "duplicate_of", "Duplicate of", LinkCategory::Duplicates, "problem"),
];

/// The parent of an incident's own: what a duplicate repeats, or what it is a part of.
const PARENT_INCIDENT: &str = "parent_incident";

const RELATIONS: &str = "task_rel_task";

/// The kinds of `task_rel_type` that mean something to us: name, and what the parent says of the child.
const KINDS: &[(&str, LinkCategory)] = &[
    ("Duplicates", LinkCategory::Duplicates),
    ("Relates", LinkCategory::RelatesTo),
    ("Blocks", LinkCategory::Blocks),
    ("Causes", LinkCategory::Causes),
];

/// What a link's id says.
#[derive(Debug, Serialize)]
enum Id<'a> {
    /// A column of a record, and its target.
    Column { owner: &'a str, table: &'a str, name: &'a str, target: &'a str },
    /// A relation of its own.
    Relation(&'a str),
}

impl Id<'_> {
    fn text(&self) -> LinkId {
        LinkId::from(match self {
            Self::Column { owner, table, name, target } => format!("{table}.{name}:{owner}:{target}"),
            Self::Relation(id) => format!("{RELATIONS}:{id}"),
        })
    }

    fn read(text: &str) -> Option<Id<'_>> {
        if let Some(id) = text.strip_prefix(RELATIONS).and_then(|rest| rest.strip_prefix(':')) {
            return check_sys_id("id", id).is_ok().then_some(Id::Relation(id));
        }
        let (column, ends) = text.split_once(':')?;
        let (table, name) = column.split_once('.')?;
        let (owner, target) = ends.split_once(':')?;
        let known = name == PARENT_INCIDENT || COLUMNS.iter().any(|known| known.name == name);
        let sound = known
            && crate::config::is_table_name(table)
            && check_sys_id("id", owner).is_ok()
            && check_sys_id("id", target).is_ok();
        sound.then_some(Id::Column { owner, table, name, target })
    }
}

fn reference(sys_id: &str, number: &str) -> Ref {
    let mut out = Ref::new(RefType::Ticket, sys_id);
    out.key = Some(number).filter(|number| !number.is_empty()).map(str::to_owned);
    out
}

fn link(id: &Id<'_>, category: LinkCategory, native: Native, ticket: &Found, target: Ref) -> Link {
    Link {
        id: id.text(),
        link_type: LinkType { category, native },
        ticket: reference(&ticket.sys_id, &ticket.number),
        target: Some(target),
        url: None,
        title: None,
        created_at: None,
    }
}

/// The links of a ticket, in one page: they are few.
pub(crate) async fn list(connection: &Connection, request: ListLinks) -> Result<Page<Link>> {
    let codec = connection.codec(Operation::ListLinks, &request.ticket);
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let found = tickets::place(connection, &request.ticket).await?;
    let links = all(connection, &found).await?;
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next = offset.checked_add(size).filter(|end| *end < links.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(links.into_iter().skip(offset).take(size).collect(), next))
}

/// Every link of a ticket: its own columns, others' columns that name it, relations; each pair of ends and meaning once.
async fn all(connection: &Connection, found: &Found) -> Result<Vec<Link>> {
    let mut links = relations(connection, found).await?;
    let mut add = |link: Link| {
        let same = |known: &Link| {
            known.link_type.category == link.link_type.category
                && known.target.as_ref().map(|target| &target.id) == link.target.as_ref().map(|target| &target.id)
        };
        if !links.iter().any(same) {
            links.push(link);
        }
    };
    let (forward, backward) = columns(connection, found).await?;
    forward.into_iter().chain(backward).for_each(&mut add);
    links.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(links)
}

/// What the ticket's own columns say, and what other tickets' columns say of it.
async fn columns(connection: &Connection, found: &Found) -> Result<(Vec<Link>, Vec<Link>)> {
    let own: Vec<&Column> =
        COLUMNS.iter().filter(|column| column.table == "task" || column.table == found.table).collect();
    let mut layout = Layout::new(["sys_id"]);
    for column in &own {
        layout.add(column.name);
    }
    let incident = found.table == "incident";
    if incident {
        layout.add(PARENT_INCIDENT);
    }
    let response = connection.api.record(&found.table, &found.sys_id, &layout).await?;
    let mut forward = Vec::new();
    decode_record(&response.body, &layout, &mut |row| {
        for column in &own {
            if let Some(cell) = row.cell(column.name).filter(|cell| !cell.value.is_empty()) {
                let id =
                    Id::Column { owner: &found.sys_id, table: &found.table, name: column.name, target: &cell.value };
                let native = Native::named(column.name, column.label);
                forward.push(link(&id, column.category, native, found, reference(&cell.value, cell.shown())));
            }
        }
        if let Some(cell) = row.cell(PARENT_INCIDENT).filter(|cell| incident && !cell.value.is_empty()) {
            let id = Id::Column { owner: &found.sys_id, table: "incident", name: PARENT_INCIDENT, target: &cell.value };
            let native = Native::named(PARENT_INCIDENT, "Parent Incident");
            forward.push(link(&id, LinkCategory::ChildOf, native, found, reference(&cell.value, cell.shown())));
        }
        Ok(())
    })?;
    let mut backward = Vec::new();
    for (table, names) in [
        ("task", vec!["parent"]),
        ("incident", vec!["problem_id", "caused_by", "rfc", PARENT_INCIDENT]),
        ("problem", vec!["duplicate_of"]),
    ] {
        if table != "task" && !connection.tables.iter().any(|known| known == table) && found.table != table {
            continue;
        }
        let mut any_of = Vec::new();
        for name in &names {
            any_of.push(Condition::equals(FieldName::fixed(name), found.sys_id.as_str())?);
        }
        let query = Query::all().and(any_of);
        let layout = Layout::new(["sys_id", "number", "sys_class_name"].into_iter().chain(names.iter().copied()));
        let by_id = order::total(Vec::new());
        let listing = Listing {
            api: &connection.api,
            target: Target::Table(table),
            base: &query,
            order: &by_id,
            layout: &layout,
            keyset: true,
        };
        let rows = listing
            .all(1_000, &mut |row| {
                let named: Vec<&'static str> =
                    names.iter().copied().filter(|name| row.text(name) == found.sys_id).collect();
                let class = row.some("sys_class_name").unwrap_or(table).to_owned();
                Ok(Some((row.text("sys_id").to_owned(), row.text("number").to_owned(), class, named)))
            })
            .await;
        let rows = match rows {
            Err(error) if crate::error::is_closed(&error) => continue,
            rows => rows?,
        };
        for (owner, number, class, named) in rows {
            for name in named {
                let (category, label) = COLUMNS
                    .iter()
                    .find(|column| column.name == name)
                    .map_or((LinkCategory::ChildOf, "Parent Incident"), |column| (column.category, column.label));
                let id = Id::Column { owner: &owner, table: &class, name, target: &found.sys_id };
                backward.push(link(
                    &id,
                    category.inverse(),
                    Native::named(name, label),
                    found,
                    reference(&owner, &number),
                ));
            }
        }
    }
    Ok((forward, backward))
}

/// What `task_rel_task` says of a ticket; nothing where it is not there.
async fn relations(connection: &Connection, found: &Found) -> Result<Vec<Link>> {
    if connection.is_closed(RELATIONS) {
        return Ok(Vec::new());
    }
    let query = Query::all().and(vec![
        Condition::equals(FieldName::fixed("parent"), found.sys_id.as_str())?,
        Condition::equals(FieldName::fixed("child"), found.sys_id.as_str())?,
    ]);
    let layout = Layout::new(["sys_id", "parent", "child", "type", "type.name", "sys_created_on"]);
    let by_id = order::total(Vec::new());
    let listing = Listing {
        api: &connection.api,
        target: Target::Table(RELATIONS),
        base: &query,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    let outcome = listing
        .all(1_000, &mut |row| {
            let is_parent = row.text("parent") == found.sys_id;
            let other = if is_parent { "child" } else { "parent" };
            let Some(cell) = row.cell(other).filter(|cell| !cell.value.is_empty()) else { return Ok(None) };
            let name =
                row.some("type.name").or(row.cell("type").map(|cell| cell.shown())).unwrap_or_default().to_owned();
            let says = KINDS
                .iter()
                .find(|(kind, _)| name.eq_ignore_ascii_case(kind))
                .map_or(LinkCategory::Other, |(_, says)| *says);
            let category = if is_parent { says } else { says.inverse() };
            let native = Native { id: row.text("type").to_owned(), name: Some(name) };
            let target = Ref {
                key: cell
                    .display
                    .as_ref()
                    .filter(|shown| !shown.is_empty() && **shown != *cell.value)
                    .map(ToString::to_string),
                ..Ref::new(RefType::Ticket, cell.value.as_ref())
            };
            let mut link = link(&Id::Relation(row.text("sys_id")), category, native, found, target);
            link.created_at = moment(row.cell("sys_created_on"));
            Ok(Some(link))
        })
        .await;
    Ok(connection.if_open(RELATIONS, outcome)?.unwrap_or_default())
}

/// A new link.
pub(crate) async fn add(connection: &Connection, request: AddLink) -> Result<Link> {
    let target = match &request.target {
        LinkTarget::Ticket(id) => id,
        _ => {
            return Err(Error::new(ErrorKind::Unsupported, "tickets link to tickets alone")
                .with_field("target")
                .with_hint("write the address into a comment"));
        }
    };
    let ticket = tickets::place(connection, &request.ticket).await?;
    let other = tickets::any_task(connection, target).await?.ok_or_else(|| {
        Error::invalid("target", format!("there is no ticket `{target}`, or it may not be read"))
            .with_hint("check the target's id or number")
    })?;
    let made = match by_column(&request, &ticket, &other) {
        Some((owner, column, end)) => {
            let values = Values::from_iter([(column.to_owned(), end.sys_id.clone().into())]);
            let layout = Layout::new(["sys_id", column]);
            connection.api.update(&owner.class, &owner.sys_id, &values, &layout, Idempotency::Idempotent).await?;
            Id::Column { owner: &owner.sys_id, table: &owner.class, name: column, target: &end.sys_id }.text()
        }
        None => relate(connection, &request, &ticket, &other).await?,
    };
    let links = all(connection, &ticket).await.map_err(|error| error.with_applied(["link"]))?;
    let same = |link: &&Link| {
        link.id == made
            || (link.link_type.category == request.category
                && link.target.as_ref().is_some_and(|target| target.id == other.sys_id))
    };
    links.iter().find(same).cloned().ok_or_else(|| {
        Error::new(ErrorKind::Conflict, format!("the instance did not keep the link `{}`", request.category))
            .with_field("category")
            .with_delivery(Delivery::Answered)
            .with_hint("a rule of the instance's own may decide; read the ticket")
    })
}

/// The column that says a link: whose, which, and what it names.
fn by_column<'f>(
    request: &AddLink,
    ticket: &'f Found,
    other: &'f Found,
) -> Option<(&'f Found, &'static str, &'f Found)> {
    let fits = |owner: &Found, category: LinkCategory, end: &Found| {
        COLUMNS.iter().find(|column| {
            (column.table == "task" || column.table == owner.class)
                && column.category == category
                && (column.target == "task" || column.target == end.class)
                && request.native_type.as_deref().is_none_or(|native| native == column.name)
                // The weakest of all is told by a relation of its own, where nobody asks for the column.
                && (category != LinkCategory::RelatesTo || request.native_type.is_some())
        })
    };
    if let Some(column) = fits(ticket, request.category, other) {
        return Some((ticket, column.name, other));
    }
    fits(other, request.category.inverse(), ticket).map(|column| (other, column.name, ticket))
}

/// A relation of its own.
async fn relate(connection: &Connection, request: &AddLink, ticket: &Found, other: &Found) -> Result<LinkId> {
    let none = || {
        Error::new(
            ErrorKind::Unsupported,
            format!("the instance has no link `{}` between these tickets", request.category),
        )
        .with_field("category")
        .with_hint("use child_of, parent_of, duplicates or relates_to; or name a relationship type as the native type")
    };
    let (name, parent, child) = match &request.native_type {
        Some(native) => (native.clone(), ticket, other),
        None => {
            let found = KINDS.iter().find_map(|(name, says)| {
                if *says == request.category {
                    Some((*name, ticket, other))
                } else if says.inverse() == request.category {
                    Some((*name, other, ticket))
                } else {
                    None
                }
            });
            let (name, parent, child) = found.ok_or_else(none)?;
            (name.to_owned(), parent, child)
        }
    };
    let query = Query::all().and(
        Condition::equals(FieldName::fixed("name"), name.as_str()).map_err(|error| error.with_field("native_type"))?,
    );
    let layout = Layout::new(["sys_id", "name"]);
    let by_id = order::total(Vec::new());
    let listing = Listing {
        api: &connection.api,
        target: Target::Table("task_rel_type"),
        base: &query,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    let kinds = match listing.all(10, &mut |row| Ok(row.some("sys_id").map(str::to_owned))).await {
        Err(error) if crate::error::is_closed(&error) => return Err(none()),
        kinds => kinds?,
    };
    let Some(kind) = kinds.into_iter().next() else { return Err(none()) };
    let values = Values::from_iter([
        ("parent".to_owned(), parent.sys_id.clone().into()),
        ("child".to_owned(), child.sys_id.clone().into()),
        ("type".to_owned(), kind.into()),
    ]);
    let layout = Layout::new(["sys_id"]);
    let response = connection.api.insert(RELATIONS, &values, &layout).await?;
    let mut id = String::new();
    decode_record(&response.body, &layout, &mut |row| {
        row.text("sys_id").clone_into(&mut id);
        Ok(())
    })?;
    Ok(Id::Relation(&id).text())
}

/// The end of a link.
pub(crate) async fn remove(connection: &Connection, request: RemoveLink) -> Result<()> {
    let missing = || {
        let shown: String = request.id.as_str().chars().take(120).flat_map(char::escape_debug).collect();
        Error::new(ErrorKind::NotFound, format!("the ticket has no link `{shown}`"))
            .with_delivery(Delivery::Answered)
            .with_hint("list the ticket's links")
    };
    let Some(id) = Id::read(request.id.as_str()) else { return Err(missing()) };
    let ticket = tickets::place(connection, &request.ticket).await?;
    let present = all(connection, &ticket).await?;
    if !present.iter().any(|link| link.id == request.id) {
        return Err(missing());
    }
    match id {
        Id::Relation(id) => match connection.api.delete(RELATIONS, id).await {
            // It was there a moment ago: what is gone now is gone.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        },
        Id::Column { owner, table, name, .. } => {
            let values = Values::from_iter([(name.to_owned(), "".into())]);
            let layout = Layout::new(["sys_id", name]);
            connection.api.update(table, owner, &values, &layout, Idempotency::Idempotent).await.map(drop)
        }
    }
}
