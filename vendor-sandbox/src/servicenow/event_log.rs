//! A real company's incident event log as an instance: loaded as of a moment, replayed as the
//! clock moves.
//!
//! The log is the UCI "Incident management process enriched event log" (C. Amaral, M. Fantinato,
//! S. Peres, CC BY 4.0): one row per audited update, 36 columns, dates `d/m/yyyy HH:MM` in UTC,
//! `?` for missing values. Rows are applied at their `sys_updated_at`, those of one minute in file
//! order; an incident is at any moment what its last applied row says.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::metadata;
use super::query::time_text;
use super::schema::{Schema, TableId, system};
use super::store::{RowEditor, row_of, stamp};
use super::world::World;
use crate::error::{Result, SandboxError};
use crate::random::stable_id;

/// Columns by position: `category` and `subcategory` share a header name.
mod column {
    pub(super) const NUMBER: usize = 0;
    pub(super) const STATE: usize = 1;
    pub(super) const ACTIVE: usize = 2;
    pub(super) const MOD_COUNT: usize = 5;
    pub(super) const CALLER: usize = 7;
    pub(super) const OPENED_BY: usize = 8;
    pub(super) const OPENED_AT: usize = 9;
    pub(super) const CREATED_BY: usize = 10;
    pub(super) const CREATED_AT: usize = 11;
    pub(super) const UPDATED_BY: usize = 12;
    pub(super) const UPDATED_AT: usize = 13;
    pub(super) const CATEGORY: usize = 16;
    pub(super) const SUBCATEGORY: usize = 17;
    pub(super) const SYMPTOM: usize = 18;
    pub(super) const IMPACT: usize = 20;
    pub(super) const URGENCY: usize = 21;
    pub(super) const PRIORITY: usize = 22;
    pub(super) const GROUP: usize = 23;
    pub(super) const ASSIGNEE: usize = 24;
    pub(super) const CLOSE_CODE: usize = 32;
    pub(super) const RESOLVED_BY: usize = 33;
    pub(super) const RESOLVED_AT: usize = 34;
    pub(super) const CLOSED_AT: usize = 35;
    pub(super) const COUNT: usize = 36;
}

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

/// Columns whose numbers name users.
const PEOPLE: &[usize] =
    &[column::CALLER, column::OPENED_BY, column::CREATED_BY, column::UPDATED_BY, column::ASSIGNEE, column::RESOLVED_BY];

/// Separates values in memory; the log has no control characters.
const SEPARATOR: char = '\u{1f}';

/// The whole log, in the order in which it is applied.
#[derive(Debug)]
pub(crate) struct EventLog {
    text: String,
    /// UNIX seconds and byte range of each row.
    rows: Vec<(i64, usize, usize)>,
}

/// How far a log has been replayed.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    log: Arc<EventLog>,
    /// Rows applied.
    next: usize,
    /// Incidents that were there once: one that is missing again was deleted by a client.
    seen: HashSet<String>,
}

/// `29/2/2016 01:16`, UTC.
fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let parsed = NaiveDateTime::parse_from_str(text.trim(), "%d/%m/%Y %H:%M").ok()?;
    Some(parsed.and_utc())
}

impl EventLog {
    /// Reads a `.zip` with one CSV inside, or the CSV itself.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |reason: String| SandboxError::EventLog { path: path.to_owned(), reason };
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let csv = if bytes.starts_with(b"PK") { unzip(bytes).map_err(failed)? } else { bytes };
        Self::parse(&csv).map_err(failed)
    }

    /// Parses the CSV.
    pub(crate) fn parse(csv: &[u8]) -> std::result::Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().from_reader(csv);
        let mut text = String::with_capacity(csv.len());
        let mut rows = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| error.to_string())? {
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != column::COUNT {
                let found = record.len();
                return Err(format!("line {line} has {found} columns instead of {}", column::COUNT));
            }
            let updated = record.get(column::UPDATED_AT).unwrap_or_default();
            let at = parse_date(updated)
                .ok_or_else(|| format!("line {line}: sys_updated_at {updated:?} is not d/m/yyyy HH:MM"))?;
            let start = text.len();
            for (index, value) in record.iter().enumerate() {
                if index > 0 {
                    text.push(SEPARATOR);
                }
                // `?` is empty, everywhere.
                text.push_str(if value == "?" { "" } else { value });
            }
            rows.push((at.timestamp(), start, text.len()));
        }
        if rows.is_empty() {
            return Err("it has no rows".to_owned());
        }
        // A stable sort: rows of one minute stay in file order.
        rows.sort_by_key(|(at, _, _)| *at);
        Ok(Self { text, rows })
    }

    /// The moment of the last row.
    pub(crate) fn end(&self) -> DateTime<Utc> {
        let last = self.rows.last().map_or(0, |(at, _, _)| *at);
        DateTime::from_timestamp(last, 0).unwrap_or_default()
    }

    fn row(&self, index: usize) -> Option<LogRow<'_>> {
        let (_, start, end) = self.rows.get(index)?;
        Some(LogRow::new(self.text.get(*start..*end)?))
    }
}

fn unzip(bytes: Vec<u8>) -> std::result::Result<Vec<u8>, String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let name = archive
        .file_names()
        .find(|name| name.to_ascii_lowercase().ends_with(".csv"))
        .map(str::to_owned)
        .ok_or("the archive has no .csv file")?;
    let mut file = archive.by_name(&name).map_err(|error| error.to_string())?;
    let mut csv = Vec::new();
    file.read_to_end(&mut csv).map_err(|error| error.to_string())?;
    Ok(csv)
}

struct LogRow<'a> {
    values: [&'a str; column::COUNT],
}

impl<'a> LogRow<'a> {
    fn new(text: &'a str) -> Self {
        let mut values = [""; column::COUNT];
        for (place, value) in values.iter_mut().zip(text.split(SEPARATOR)) {
            *place = value;
        }
        Self { values }
    }

    fn get(&self, column: usize) -> &'a str {
        self.values[column]
    }

    fn time(&self, column: usize) -> String {
        parse_date(self.get(column)).map_or(String::new(), time_text)
    }

    fn user(&self, column: usize) -> String {
        match digits(self.get(column)) {
            "" => String::new(),
            number => stable_id("sys_user", &format!("user.{number}")),
        }
    }

    fn user_name(&self, column: usize) -> String {
        match digits(self.get(column)) {
            "" => String::new(),
            number => format!("user.{number}"),
        }
    }
}

/// The number in `42` or in `Resolved by 42`: releases of the data set differ in that.
fn digits(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
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

/// Users, groups, places and choices that occur anywhere in the log, and the sandbox's two logins.
fn people_and_choices(world: &mut World, log: &EventLog) {
    let mut users = BTreeSet::new();
    let mut groups = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for index in 0..log.rows.len() {
        let Some(row) = log.row(index) else {
            continue;
        };
        users.extend(PEOPLE.iter().map(|column| digits(row.get(*column))));
        groups.insert(digits(row.get(column::GROUP)));
        for (column, element, label) in LISTS {
            listed.insert((*element, *label, row.get(*column)));
        }
    }
    let at = metadata::INSTALLED;
    let users_table = Schema::get().known("sys_user");
    for (key, name, role) in [("admin", "System Administrator", "admin"), ("itil", "ITIL User", "itil")] {
        let mut editor = user(users_table, key, name);
        if let Some(column) = Schema::get().table(users_table).column("roles") {
            editor.set(column, role);
        }
        stamp(&mut editor, &stable_id("sys_user", key), "system", at, at, 0);
        world.store.insert(users_table, &editor);
    }
    for number in users.into_iter().filter(|number| !number.is_empty()) {
        let key = format!("user.{number}");
        let mut editor = user(users_table, &key, &format!("User {number}"));
        stamp(&mut editor, &stable_id("sys_user", &key), "system", at, at, 0);
        world.store.insert(users_table, &editor);
    }
    let groups_table = Schema::get().known("sys_user_group");
    for number in groups.into_iter().filter(|number| !number.is_empty()) {
        let name = format!("Group {number}");
        let mut editor = row_of(groups_table, &[("name", &name), ("active", "true")]);
        stamp(&mut editor, &stable_id("sys_user_group", &name), "system", at, at, 0);
        world.store.insert(groups_table, &editor);
    }
    for (sequence, (element, label, value)) in listed.into_iter().enumerate() {
        if value.is_empty() {
            continue;
        }
        let label = format!("{label}{value}");
        // Places and configuration items are rows; their value in the log is their id.
        let target = match element {
            "location" => Schema::get().known("cmn_location"),
            "cmdb_ci" => Schema::get().known("cmdb_ci"),
            _ => {
                let choice = metadata::choice("incident", element, value, &label, "", sequence);
                world.store.insert(Schema::get().known("sys_choice"), &choice);
                continue;
            }
        };
        let mut editor = row_of(target, &[("name", &label)]);
        stamp(&mut editor, value, "system", at, at, 0);
        world.store.insert(target, &editor);
    }
    world.refresh_choices();
}

/// Columns whose values get a label: field, and what stands before the value.
const LISTS: &[(usize, &str, &str)] = &[
    (14, "contact_type", ""),
    (15, "location", "Location "),
    (column::CATEGORY, "category", "Category "),
    (column::SUBCATEGORY, "subcategory", "Subcategory "),
    (column::SYMPTOM, "u_symptom", "Symptom "),
    (19, "cmdb_ci", ""),
    (27, "notify", ""),
    (column::CLOSE_CODE, "close_code", "Code "),
];

fn user(class: TableId, key: &str, name: &str) -> RowEditor {
    row_of(
        class,
        &[
            ("user_name", key),
            ("name", name),
            ("email", &format!("{key}@example.com")),
            ("active", "true"),
            ("locked_out", "false"),
        ],
    )
}
