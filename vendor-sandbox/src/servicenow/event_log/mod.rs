//! A real company's incident event log as an instance: loaded as of a moment, replayed as the
//! clock moves.
//!
//! The log is the UCI "Incident management process enriched event log" (C. Amaral, M. Fantinato,
//! S. Peres, CC BY 4.0): one row per audited update, 36 columns, dates `d/m/yyyy HH:MM` in UTC,
//! `?` for missing values. Rows are applied at their `sys_updated_at`, those of one minute in file
//! order; an incident is at any moment what its last applied row says.

mod people;
mod reader;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::people::people_and_choices;
pub(crate) use self::reader::EventLog;
use self::reader::{LogRow, column, digits};
use super::schema::{Schema, TableId, system};
use super::store::{RowEditor, row_of};
use super::world::World;
use crate::random::stable_id;

/// Columns that are taken as they are, under the name of their field.
const AS_THEY_ARE: &[(usize, &str)] = &[
    (3, "reassignment_count"),
    (4, "reopen_count"),
    (6, "made_sla"),
    (14, "contact_type"),
    (15, "location"),
    (column::CATEGORY, "category"),
    (column::SUBCATEGORY, "subcategory"),
    (column::SYMPTOM, "u_symptom"),
    (19, "cmdb_ci"),
    (25, "knowledge"),
    (26, "u_priority_confirmation"),
    (27, "notify"),
    (28, "problem_id"),
    (29, "rfc"),
    (30, "vendor"),
    (31, "caused_by"),
];

/// How far a log has been replayed.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    log: Arc<EventLog>,
    /// Rows applied.
    next: usize,
    /// Incidents that were there once: one that is missing again was deleted by a client.
    seen: HashSet<String>,
}

/// The leading digit of `2` or `2 - Medium`.
fn leading_digit(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

/// State and hold reason.
fn state(text: &str) -> (&str, &'static str) {
    match text {
        "New" => ("1", ""),
        "Active" => ("2", ""),
        "Awaiting User Info" => ("3", "1"),
        "Awaiting Evidence" => ("3", "5"),
        "Awaiting Problem" => ("3", "3"),
        "Awaiting Vendor" => ("3", "4"),
        "Resolved" => ("6", ""),
        "Closed" => ("7", ""),
        // `-100` stays what it is.
        other => (other, ""),
    }
}

/// Loads an instance as of a moment; the rest is replayed as the clock moves.
pub(crate) fn load(world: &mut World, log: &Arc<EventLog>, as_of: DateTime<Utc>) {
    people_and_choices(world, log);
    let mut seen = HashSet::new();
    let due = log.rows.partition_point(|(at, _, _)| *at <= as_of.timestamp());
    // An incident is what its last row says, so that the rows before it need not be applied.
    let mut last = HashMap::new();
    for index in 0..due {
        if let Some(row) = log.row(index) {
            last.insert(row.get(column::NUMBER), index);
        }
    }
    let mut last: Vec<usize> = last.into_values().collect();
    last.sort_unstable();
    for row in last.into_iter().filter_map(|index| log.row(index)) {
        apply(world, &mut seen, &row);
    }
    world.replay = Some(Replay { log: Arc::clone(log), next: due, seen });
    // What the log did is not news to anybody.
    world.events.clear();
}

impl Replay {
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.log.rows.get(self.next).is_some_and(|(at, _, _)| *at <= now.timestamp())
    }
}

/// Applies every row up to a moment and says how many there were.
pub(crate) fn catch_up(world: &mut World, now: DateTime<Utc>) -> u64 {
    let Some(mut replay) = world.replay.take() else {
        return 0;
    };
    let mut applied = 0;
    while replay.is_due(now) {
        if let Some(row) = replay.log.row(replay.next) {
            apply(world, &mut replay.seen, &row);
        }
        replay.next += 1;
        applied += 1;
    }
    world.replay = Some(replay);
    applied
}

fn apply(world: &mut World, seen: &mut HashSet<String>, row: &LogRow<'_>) {
    let incidents = Schema::get().known("incident");
    let number = format!("INC{}", row.get(column::NUMBER).trim_start_matches("INC"));
    let id = stable_id("incident", &number);
    let found = world.store.find(incidents, &id);
    let place = found.map(|found| (found.slot, found.row.edit()));
    if place.is_none() && seen.contains(&id) {
        // A client deleted it; the log does not bring it back.
        return;
    }
    let operation =
        if place.is_some() { super::webhooks::Operation::Update } else { super::webhooks::Operation::Insert };
    let (slot, mut editor) = match place {
        Some((slot, editor)) => (Some(slot), editor),
        None => (None, RowEditor::default()),
    };
    // What the row has no value for any more goes; what clients wrote elsewhere stays.
    for name in LOGGED {
        if let Some(index) = Schema::get().table(incidents).column(name) {
            editor.set(index, "");
        }
    }
    for (index, value) in values(incidents, row, &number, &id).iter() {
        editor.set(index, value);
    }
    match slot {
        Some(slot) => world.store.replace(incidents, slot, &editor),
        None => {
            world.store.insert(incidents, &editor);
            seen.insert(id.clone());
            let last = number.trim_start_matches("INC").parse().unwrap_or(0);
            world.number_from(incidents, last);
        }
    }
    world.events.push(super::webhooks::Event {
        table: "incident",
        sys_id: id,
        operation,
        fields: Vec::new(),
        by: row.user_name(column::UPDATED_BY),
        at: row.time(column::UPDATED_AT),
    });
}

/// Fields that a row of the log sets, and clears when it has no value for them.
const LOGGED: &[&str] = &[
    "hold_reason",
    "assigned_to",
    "assignment_group",
    "caller_id",
    "opened_by",
    "location",
    "category",
    "subcategory",
    "u_symptom",
    "cmdb_ci",
    "problem_id",
    "rfc",
    "vendor",
    "caused_by",
    "close_code",
    "resolved_at",
    "resolved_by",
    "closed_at",
];

/// The incident as a row of the log describes it.
fn values(class: TableId, row: &LogRow<'_>, number: &str, id: &str) -> RowEditor {
    let (state, hold_reason) = state(row.get(column::STATE));
    let done = matches!(state, "6" | "7");
    let if_done = |value: String| if done { value } else { String::new() };
    let shown = |text: &str| if text.is_empty() { "?".to_owned() } else { text.to_owned() };
    let title = format!("Category {}, symptom {}", shown(row.get(column::CATEGORY)), shown(row.get(column::SYMPTOM)));
    let group = match digits(row.get(column::GROUP)) {
        "" => String::new(),
        number => stable_id("sys_user_group", &format!("Group {number}")),
    };
    let closed_at = if state == "7" { row.time(column::CLOSED_AT) } else { String::new() };
    let mut editor = row_of(
        class,
        &[
            ("number", number),
            ("short_description", &title),
            ("state", state),
            ("incident_state", state),
            ("hold_reason", hold_reason),
            ("active", row.get(column::ACTIVE)),
            ("impact", leading_digit(row.get(column::IMPACT))),
            ("urgency", leading_digit(row.get(column::URGENCY))),
            ("priority", leading_digit(row.get(column::PRIORITY))),
            ("caller_id", &row.user(column::CALLER)),
            ("opened_by", &row.user(column::OPENED_BY)),
            ("opened_at", &row.time(column::OPENED_AT)),
            ("assigned_to", &row.user(column::ASSIGNEE)),
            ("assignment_group", &group),
            ("close_code", &if_done(row.get(column::CLOSE_CODE).to_owned())),
            ("resolved_at", &if_done(row.time(column::RESOLVED_AT))),
            ("resolved_by", &if_done(row.user(column::RESOLVED_BY))),
            ("closed_at", &closed_at),
            ("sys_domain", "global"),
            ("sys_domain_path", "/"),
        ],
    );
    for (index, name) in AS_THEY_ARE {
        if let Some(target) = Schema::get().table(class).column(name) {
            editor.set(target, row.get(*index));
        }
    }
    editor.set(system::SYS_ID, id);
    let created = match row.time(column::CREATED_AT) {
        missing if missing.is_empty() => row.time(column::OPENED_AT),
        created => created,
    };
    editor.set(system::CREATED_ON, created);
    editor.set(system::CREATED_BY, row.user_name(column::CREATED_BY));
    editor.set(system::UPDATED_ON, row.time(column::UPDATED_AT));
    editor.set(system::UPDATED_BY, row.user_name(column::UPDATED_BY));
    editor.set(system::MOD_COUNT, row.get(column::MOD_COUNT));
    editor
}
