//! One sweep through a table: from a moment on, to its end.

use serde::{Deserialize, Serialize};
use ticketing_core::model::{Change, Document, Kind};
use ticketing_core::request::Projection;
use ticketing_core::{Error, ErrorKind, Result, remedy};

use crate::api::{Target, Window};
use crate::comments;
use crate::connection::Connection;
use crate::listing::{Listing, Position};
use crate::lookup::lookup;
use crate::map::{AccountPlan, ContactPlan, Entry, GroupPlan, TicketPlan, UserPlan};
use crate::query::order::Fnv;
use crate::query::value::{literal, parse_time};
use crate::query::{Condition, FieldName, Order, Query, order};
use crate::wire::{Layout, Row};

/// How far a reading goes back behind the latest row it saw: `sys_updated_on` has whole seconds, is set before the commit,
/// and differs from node to node (wire §7).
pub(super) const OVERLAP_SECONDS: i64 = 120;
/// Rows of the overlap that are remembered; more than that are told again.
const MOST_SEEN: usize = 1_500;

/// A table that a kind is kept in.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) query: Query,
}

/// The tables of a kind.
pub(super) fn tables_of(connection: &Connection, kind: Kind) -> Result<Vec<Table>> {
    let all = |name: &str| vec![Table { name: name.to_owned(), query: Query::all() }];
    Ok(match kind {
        Kind::Ticket => connection.tables.iter().flat_map(|name| all(name)).collect(),
        Kind::Comment => vec![Table {
            name: "sys_journal_field".to_owned(),
            query: Query::all()
                .and(Condition::is_one_of(FieldName::fixed("name"), connection.tables.iter().map(String::as_str))?)
                .and(Condition::is_one_of(FieldName::fixed("element"), ["comments", "work_notes"])?),
        }],
        Kind::User => vec![Table {
            name: "sys_user".to_owned(),
            query: Query::all().and(Condition::not_equals(FieldName::fixed("sys_class_name"), "customer_contact")?),
        }],
        Kind::Group => all("sys_user_group"),
        Kind::Account => all("core_company"),
        Kind::Contact => all("customer_contact"),
        other => {
            return Err(
                Error::new(ErrorKind::Unsupported, format!("the kind `{other}` is not known here")).with_field("kind")
            );
        }
    })
}

/// Where the reading of one table is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The moment from which this sweep reads; `None`: from the beginning.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// Where it is; `None`: it has not begun.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<Position>,
    /// The latest moment known when this sweep began, empty where there was none; `None`: it was over with one page.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<String>,
    /// The latest moment seen.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) latest: Option<String>,
    /// What was told already of the time since `from`.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) seen: Vec<Seen>,
}

/// A row that was told: its moment and what it was then, as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen(String, String);

impl Mark {
    /// Refuses a mark that no reading of this kind leaves behind: its checksum is against damage, and no secret.
    pub(super) fn check(&self, column: &'static str) -> Result<()> {
        let moment = self.from.as_deref().is_none_or(|from| parse_time(from).is_some());
        let order = order::total(vec![Order::ascending(column)]);
        if moment && self.position.as_ref().is_none_or(|position| position.check(&order).is_ok()) {
            return Ok(());
        }
        Err(Error::invalid("checkpoint", "the checkpoint does not fit the reading it is for")
            .with_hint("start over without one"))
    }

    /// The next sweep's beginning, once this one is through.
    pub(super) fn finished(&self) -> Self {
        let overlap = if remedy::is_removed("servicenow.overlap") { 0 } else { OVERLAP_SECONDS };
        // What was committed while the sweep went on may stand behind where it was already (wire §7): the overlap counts
        // from its beginning, not from its end. Where nothing was to be seen then, nothing says how far back that is, and the
        // next sweep begins where this one did.
        let since = match &self.begun {
            Some(begun) if !remedy::is_removed("servicenow.overlap_from_beginning") => Some(begun),
            _ => self.latest.as_ref(),
        };
        let from = since
            .map(String::as_str)
            .and_then(parse_time)
            .map(|latest| literal(latest - chrono::TimeDelta::seconds(overlap)));
        let from = from.or_else(|| self.from.clone());
        let mut seen: Vec<Seen> = match &from {
            Some(from) => self.seen.iter().filter(|seen| seen.0 >= *from).cloned().collect(),
            None => self.seen.clone(),
        };
        // Always in one order, so that nothing new leaves the checkpoint as it was.
        seen.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let excess = seen.len().saturating_sub(MOST_SEEN);
        seen.drain(..excess);
        Self { from, position: None, begun: None, latest: self.latest.clone(), seen }
    }

    /// Notes a row by its id, for rows that never change.
    pub(super) fn note_row(&mut self, at: &str, id: String) -> bool {
        self.note(at, id)
    }

    /// Notes a row; false where it was told already.
    fn note(&mut self, at: &str, hash: String) -> bool {
        if self.latest.as_deref().is_none_or(|latest| latest < at) {
            self.latest = Some(at.to_owned());
            // What is too old to come again need not be remembered.
            if let Some(latest) = parse_time(at) {
                let from = literal(latest - chrono::TimeDelta::seconds(2 * OVERLAP_SECONDS));
                if self.seen.len() > MOST_SEEN {
                    self.seen.retain(|seen| seen.0 >= from);
                }
            }
        }
        let seen = Seen(at.to_owned(), hash);
        if self.seen.contains(&seen) {
            return false;
        }
        if self.seen.len() >= 2 * MOST_SEEN {
            self.seen.remove(0);
        }
        self.seen.push(seen);
        true
    }
}

/// How rows become documents.
enum Plans {
    Ticket(Box<TicketPlan>),
    Comment(Layout),
    User(Box<UserPlan>),
    Group(Box<GroupPlan>),
    Account(Box<AccountPlan>),
    Contact(Box<ContactPlan>),
}

impl Plans {
    async fn new(connection: &Connection, kind: Kind, table: &str, raw: bool) -> Result<Self> {
        let base = connection.api.base();
        Ok(match kind {
            Kind::Ticket => Self::Ticket(Box::new(connection.plan(table, &Projection::new(), raw, &[]).await?)),
            Kind::Comment => Self::Comment(
                Layout::new(Entry::FIELDS.iter().copied().chain(["sys_mod_count", "sys_updated_on"])).with_raw(raw),
            ),
            Kind::User => Self::User(Box::new(UserPlan::new(base, raw))),
            Kind::Group => Self::Group(Box::new(GroupPlan::new(base, raw))),
            Kind::Account => Self::Account(Box::new(AccountPlan::new(base, raw))),
            _ => Self::Contact(Box::new(ContactPlan::new(base, raw))),
        })
    }

    fn layout(&self) -> &Layout {
        match self {
            Self::Ticket(plan) => &plan.layout,
            Self::Comment(layout) => layout,
            Self::User(plan) => plan.layout(),
            Self::Group(plan) => plan.layout(),
            Self::Account(plan) => plan.layout(),
            Self::Contact(plan) => plan.layout(),
        }
    }

    fn read(&self, row: &Row<'_, '_>) -> Result<Option<Told>> {
        Ok(Some(match self {
            Self::Ticket(plan) => Told::Document(Box::new(Document::Ticket(plan.ticket(row)?))),
            Self::Comment(_) => match Entry::of(row)? {
                Some(entry) => Told::Entry(Box::new(entry)),
                None => return Ok(None),
            },
            Self::User(plan) if plan.is_contact(row) => return Ok(None),
            Self::User(plan) => Told::Document(Box::new(Document::User(plan.user(row)?))),
            Self::Group(plan) => Told::Document(Box::new(Document::Group(plan.group(row)?))),
            Self::Account(plan) => Told::Document(Box::new(Document::Account(plan.account(row)?))),
            Self::Contact(plan) => Told::Document(Box::new(Document::Contact(plan.contact(row)?))),
        }))
    }
}

/// What a row says; a comment's author is not known yet.
enum Told {
    Document(Box<Document>),
    Entry(Box<Entry>),
}

/// The column that says when a row last changed: journal entries are written once (wire §3.6).
pub(super) fn changed_on(kind: Kind) -> &'static str {
    if kind == Kind::Comment { "sys_created_on" } else { "sys_updated_on" }
}

/// Reads one page further; the mark's position is `None` where the table is through.
pub(super) async fn step(
    connection: &Connection,
    kind: Kind,
    table: &Table,
    mark: &mut Mark,
    limit: u64,
    raw: bool,
) -> Result<Vec<Change>> {
    let column = changed_on(kind);
    let order = order::total(vec![Order::ascending(column)]);
    let plans = Plans::new(connection, kind, &table.name, raw).await?;
    let base = match &mark.from {
        Some(from) => table.query.clone().and(Condition::at_least(FieldName::fixed(column), from.as_str())?),
        None => table.query.clone(),
    };
    let mut layout = plans.layout().clone();
    for field in base.fields().chain(order.iter().map(|key| &key.field)) {
        layout.add(field.as_str());
    }
    let listing = Listing {
        api: &connection.api,
        target: Target::Table(&table.name),
        base: &base,
        order: &order,
        layout: &layout,
        keyset: true,
    };
    if mark.position.is_none() {
        mark.begun = match &mark.latest {
            Some(latest) => Some(latest.clone()),
            None => Some(newest(connection, table, column).await?.unwrap_or_default()),
        };
    }
    let position = mark.position.clone().unwrap_or_default();
    let is_first = mark.position.is_none();
    let paged = listing
        .page(&position, limit, false, &mut |row| {
            let Some(told) = plans.read(row)? else { return Ok(None) };
            let at = row.text(column).to_owned();
            let mut hash = Fnv::default();
            for part in [row.text("sys_id"), row.text("sys_mod_count"), &at] {
                hash.write(part.as_bytes());
                hash.write(&[0xff]);
            }
            Ok(Some((at, format!("{:x}", hash.0), told)))
        })
        .await?;
    let mut documents = Vec::new();
    let mut entries = Vec::new();
    for (_, (at, hash, told)) in paged.items {
        if !mark.note(&at, hash) {
            continue;
        }
        match told {
            Told::Document(document) => documents.push(Change::upserted(*document)),
            Told::Entry(entry) => entries.push(*entry),
        }
    }
    let comments = comments::named(connection, entries, None).await?;
    documents.extend(comments.into_iter().map(|comment| Change::upserted(Document::Comment(comment))));
    mark.position = paged.next;
    if is_first && mark.position.is_none() {
        // One answer is one moment.
        mark.begun = None;
    }
    Ok(documents)
}

/// The latest moment in a table: the instance's own time, never ours.
async fn newest(connection: &Connection, table: &Table, column: &'static str) -> Result<Option<String>> {
    let mut layout = Layout::new(["sys_id", column]);
    for field in table.query.fields() {
        layout.add(field.as_str());
    }
    let order = [Order::descending(column), Order::descending("sys_id")];
    // Several, since the last ones may be hidden from us.
    let window = Window { offset: 0, limit: 20, count: false };
    let target = Target::Table(&table.name);
    let answer = lookup(&connection.api, target, &table.query, &order, &layout, window, &mut |row| {
        Ok(row.some(column).map(str::to_owned))
    })
    .await?;
    Ok(answer.items.into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::RowKey;

    /// Found by the simulation (seed 21367): rows of a second that was passed, in a table where nothing was to be seen at first.
    #[test]
    fn a_sweep_that_began_with_nothing_to_see_is_gone_over_again() {
        let sweep = |begun: Option<&str>| {
            let mut mark = Mark { begun: begun.map(str::to_owned), ..Mark::default() };
            mark.note("2026-01-05 08:00:00", "1".to_owned());
            mark.note("2026-01-05 09:00:00", "2".to_owned());
            let next = mark.finished();
            (next.from, next.seen.len())
        };
        assert_eq!(sweep(Some("")), (None, 2));
        assert_eq!(sweep(Some("2026-01-05 08:01:00")), (Some("2026-01-05 07:59:00".to_owned()), 2));
        assert_eq!(sweep(None), (Some("2026-01-05 08:58:00".to_owned()), 1));
    }

    #[test]
    fn a_forged_mark_is_refused() {
        let position = |parts: &[&str]| Some(Position::behind(RowKey(parts.iter().map(ToString::to_string).collect())));
        let mark = |from: &str, position| Mark { from: Some(from.to_owned()), position, ..Mark::default() };
        let good = "2026-01-05 08:00:00";
        for mark in
            [Mark::default(), mark(good, None), mark(good, position(&[good, "46d44a40a9fe19810012d100cca80666"]))]
        {
            assert!(mark.check("sys_updated_on").is_ok(), "{mark:?}");
        }
        for mark in [
            // The instance would ignore the condition, and tell everything.
            mark("yesterday", None),
            mark("2026-01-05 08:00:00\n", None),
            mark("javascript:gs.now()", None),
            // Of another order.
            mark(good, position(&["46d44a40a9fe19810012d100cca80666"])),
            mark(good, position(&[])),
            mark(good, position(&[good, "a\0"])),
            mark(good, position(&["=5", "46d44a40a9fe19810012d100cca80666"])),
        ] {
            assert_eq!(mark.check("sys_updated_on").unwrap_err().field(), Some("checkpoint"), "{mark:?}");
        }
    }
}
