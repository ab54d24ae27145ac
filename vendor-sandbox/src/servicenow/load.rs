//! Generated incidents for load tests: many rows, few bytes each.

use chrono::{DateTime, TimeDelta, Utc};

use super::policies::priority;
use super::query::time_text;
use super::schema::{ColumnId, Schema, system};
use super::store::{Row, RowEditor};
use super::world::World;
use crate::load::subject;
use crate::random::{SplitMix, stable_id};

/// Users and groups that generated incidents are spread over.
const USERS: u64 = 200;
const GROUPS: u64 = 20;

/// Adds `count` incidents with numbers from `INC1000001` on, created over the 300 days before
/// `until`, in states New to Closed; every 50th shares its second of change with the next.
pub(crate) fn fill(world: &mut World, count: u64, seed: u64, until: DateTime<Utc>) {
    let schema = Schema::get();
    let incidents = schema.table(schema.known("incident"));
    let mut random = SplitMix::new(seed);
    let users = people(world);
    let groups = teams(world);
    let at = |name: &str| incidents.column(name).unwrap_or_default();
    let columns = Columns {
        number: at("number"),
        short_description: at("short_description"),
        description: at("description"),
        state: at("state"),
        incident_state: at("incident_state"),
        active: at("active"),
        priority: at("priority"),
        impact: at("impact"),
        urgency: at("urgency"),
        assigned_to: at("assigned_to"),
        assignment_group: at("assignment_group"),
        caller_id: at("caller_id"),
        opened_by: at("opened_by"),
        opened_at: at("opened_at"),
        category: at("category"),
        close_code: at("close_code"),
        close_notes: at("close_notes"),
        resolved_at: at("resolved_at"),
        closed_at: at("closed_at"),
        class: at("sys_class_name"),
        contact_type: at("contact_type"),
    };
    let existing: Vec<Row> = world.store.rows(incidents.id).iter().cloned().collect();
    let mut rows = Vec::with_capacity(existing.len() + usize::try_from(count).unwrap_or(0));
    rows.extend(existing);
    let span = 300 * 86_400;
    let start = until - TimeDelta::seconds(span);
    for index in 1..=count {
        let created = start
            + TimeDelta::seconds(
                i64::try_from(index).unwrap_or(0).saturating_mul(span - 86_400)
                    / i64::try_from(count).unwrap_or(1).max(1),
            );
        let mut updated = created + TimeDelta::seconds(i64::try_from(random.below(86_400)).unwrap_or(0));
        if index % 50 == 0 {
            // Ties: a whole minute's changes in one second.
            updated -= TimeDelta::seconds(updated.timestamp() % 60);
        }
        rows.push(incident(&columns, &mut random, index, created, updated, &users, &groups));
    }
    world.store.rows_mut(incidents.id).fill(rows);
    world.number_from(incidents.id, 1_000_000 + count);
}

struct Columns {
    number: ColumnId,
    short_description: ColumnId,
    description: ColumnId,
    state: ColumnId,
    incident_state: ColumnId,
    active: ColumnId,
    priority: ColumnId,
    impact: ColumnId,
    urgency: ColumnId,
    assigned_to: ColumnId,
    assignment_group: ColumnId,
    caller_id: ColumnId,
    opened_by: ColumnId,
    opened_at: ColumnId,
    category: ColumnId,
    close_code: ColumnId,
    close_notes: ColumnId,
    resolved_at: ColumnId,
    closed_at: ColumnId,
    class: ColumnId,
    contact_type: ColumnId,
}

fn incident(
    columns: &Columns,
    random: &mut SplitMix,
    index: u64,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
    users: &[(String, String)],
    groups: &[String],
) -> Row {
    let user = |random: &mut SplitMix| random.pick(users);
    let number = format!("INC{:07}", 1_000_000 + index);
    let subject = subject(random);
    let state = *random.pick(&["1", "2", "3", "6", "7", "7"]);
    let impact = *random.pick(&["1", "2", "3", "3"]);
    let urgency = *random.pick(&["1", "2", "3", "3"]);
    let done = matches!(state, "6" | "7");
    let (created, updated) = (time_text(created), time_text(updated));
    let mut row = RowEditor::default();
    row.set(system::SYS_ID, stable_id("incident", &number));
    row.set(system::CREATED_ON, created.as_str());
    row.set(system::UPDATED_ON, updated.as_str());
    row.set(system::MOD_COUNT, random.below(9).to_string());
    let (author, name) = user(random);
    row.set(system::CREATED_BY, name.as_str());
    row.set(columns.opened_by, author.as_str());
    row.set(system::UPDATED_BY, user(random).1.as_str());
    row.set(columns.caller_id, user(random).0.as_str());
    row.set(columns.assigned_to, user(random).0.as_str());
    row.set(columns.assignment_group, random.pick(groups).as_str());
    row.set(columns.short_description, format!("{subject} ({index})"));
    row.set(columns.description, subject);
    row.set(columns.number, number);
    row.set(columns.class, "incident");
    row.set(columns.state, state);
    row.set(columns.incident_state, state);
    row.set(columns.active, if state == "7" { "false" } else { "true" });
    row.set(columns.impact, impact);
    row.set(columns.urgency, urgency);
    row.set(columns.priority, priority(impact, urgency).unwrap_or_default());
    row.set(columns.category, *random.pick(&["inquiry", "software", "hardware", "network"]));
    row.set(columns.contact_type, *random.pick(&["phone", "email"]));
    row.set(columns.opened_at, created);
    if done {
        row.set(columns.close_code, "Solution provided");
        row.set(columns.close_notes, "Done.");
        row.set(columns.resolved_at, updated.as_str());
    }
    if state == "7" {
        row.set(columns.closed_at, updated);
    }
    row.pack()
}

/// Ids and user names of generated users.
fn people(world: &mut World) -> Vec<(String, String)> {
    let class = Schema::get().known("sys_user");
    (0..USERS)
        .map(|index| {
            let name = format!("load.user{index}");
            let id = stable_id("sys_user", &name);
            let values = [
                ("user_name", name.as_str()),
                ("name", &format!("Load User {index}")),
                ("email", &format!("{name}@example.com")),
                ("active", "true"),
            ];
            insert(world, class, &id, &values);
            (id, name)
        })
        .collect()
}

fn teams(world: &mut World) -> Vec<String> {
    let class = Schema::get().known("sys_user_group");
    (0..GROUPS)
        .map(|index| {
            let name = format!("Load Group {index}");
            let id = stable_id("sys_user_group", &name);
            insert(world, class, &id, &[("name", &name), ("active", "true")]);
            id
        })
        .collect()
}

fn insert(world: &mut World, class: super::schema::TableId, id: &str, values: &[(&str, &str)]) {
    let mut editor = super::store::row_of(class, values);
    let at = super::metadata::INSTALLED;
    super::store::stamp(&mut editor, id, "system", at, at, 0);
    world.store.insert(class, &editor);
}
