//! Data policies, business rules and derived fields of the ticket tables: wire §3.2–§3.5.

use super::answer::ApiError;
use super::query::{Compiler, Encoded, time_text};
use super::records::Writer;
use super::schema::{Column, Schema, Table, TableId};
use super::store::RowEditor;
use crate::random::stable_id;

/// A rule that aborts writes, for tests of the 403 that comes of it (wire §1.6).
#[derive(Debug, Clone)]
pub(crate) struct BusinessRule {
    pub(crate) table: TableId,
    pub(crate) name: String,
    /// The rule strikes when the record as it would be saved matches.
    pub(crate) condition: Encoded,
}

/// The value of a field that an insert does not mention.
pub(crate) fn default_value<'a>(table: &str, column: &Column) -> &'a str {
    match (table, column.name) {
        // wire §3.5, §3.4: other first states than a plain task's.
        ("problem", "state") => "101",
        ("change_request", "state") => "-5",
        ("problem_task", "state") => "151",
        _ => column.default,
    }
}

/// wire §3.3: priority by impact and urgency, each 1 to 3.
pub(crate) fn priority(impact: &str, urgency: &str) -> Option<&'static str> {
    let level = |text: &str| text.parse::<usize>().ok().filter(|level| (1..=3).contains(level));
    const LOOKUP: [[&str; 3]; 3] = [["1", "2", "3"], ["2", "3", "4"], ["3", "4", "5"]];
    Some(LOOKUP[level(impact)? - 1][level(urgency)? - 1])
}

/// A record while a write is being prepared.
struct Draft<'a> {
    table: &'static Table,
    before: Option<&'a RowEditor>,
    editor: &'a mut RowEditor,
}

impl Draft<'_> {
    fn get(&self, name: &str) -> &str {
        self.table.column(name).map_or("", |column| self.editor.get(column))
    }

    fn old(&self, name: &str) -> &str {
        match (self.before, self.table.column(name)) {
            (Some(before), Some(column)) => before.get(column),
            _ => "",
        }
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        if let Some(column) = self.table.column(name) {
            self.editor.set(column, value);
        }
    }

    fn set_if_empty(&mut self, name: &str, value: &str) {
        if self.get(name).is_empty() {
            self.set(name, value);
        }
    }

    fn changed(&self, name: &str) -> bool {
        self.get(name) != self.old(name)
    }

    /// The labels of those fields that are empty, or nothing.
    fn missing(&self, names: &[&str]) -> Vec<&'static str> {
        names
            .iter()
            .filter(|name| self.get(name).is_empty())
            .filter_map(|name| self.table.column(name))
            .map(|column| self.table.columns[column].label)
            .collect()
    }

    /// wire §1.6: the exact text, labels and all.
    fn require(&self, names: &[&str]) -> Result<(), ApiError> {
        let missing = self.missing(names);
        if missing.is_empty() {
            return Ok(());
        }
        Err(ApiError::operation_failed(format!(
            "Data Policy Exception: \n\tThe following fields are mandatory: {}",
            missing.join(", ")
        )))
    }
}

/// wire §1.6: what an aborting business rule answers.
fn aborted(table: &str, rule: &str) -> ApiError {
    let id = stable_id("sys_script", rule);
    ApiError::operation_failed(format!(
        "Operation against file '{table}' was aborted by Business Rule '{rule}^{id}'. \
         Business Rule Stack:{rule}"
    ))
}

/// Derives fields and refuses what policies forbid, before a record is saved.
pub(crate) fn before_write(
    writer: &Writer<'_>,
    table: TableId,
    before: Option<&RowEditor>,
    editor: &mut RowEditor,
) -> Result<(), ApiError> {
    let definition = Schema::get().table(table);
    let now = time_text(writer.now);
    let user = writer.session.user_id.clone();
    let mut draft = Draft { table: definition, before, editor };
    if Schema::get().lineage(table).any(|above| above.name() == "task") {
        task(&mut draft, &now, &user);
    }
    match definition.name() {
        "incident" => incident(&mut draft, &now, &user)?,
        "problem" => problem(&mut draft, &now, &user)?,
        "change_request" => change(&draft)?,
        "sc_request" => request(&mut draft),
        "sys_user" | "customer_contact" => person(&mut draft),
        _ => {}
    }
    // Only the ticket types that carry impact and urgency are looked up.
    if matches!(definition.name(), "incident" | "problem")
        && (before.is_none() || draft.changed("impact") || draft.changed("urgency"))
        && let Some(priority) = priority(draft.get("impact"), draft.get("urgency"))
    {
        draft.set("priority", priority);
    }
    activity(&mut draft, &now, &user);
    custom_rules(writer, table, editor)
}

fn task(draft: &mut Draft<'_>, now: &str, user: &str) {
    if draft.before.is_none() {
        draft.set_if_empty("opened_at", now);
        draft.set_if_empty("opened_by", user);
        return;
    }
    let moved = |draft: &Draft<'_>, name: &str| draft.changed(name) && !draft.old(name).is_empty();
    if moved(draft, "assignment_group") || moved(draft, "assigned_to") {
        let count = draft.get("reassignment_count").parse::<u64>().unwrap_or(0) + 1;
        draft.set("reassignment_count", count.to_string());
    }
}

/// `active` follows the state; closing notes who and when.
fn activity(draft: &mut Draft<'_>, now: &str, user: &str) {
    let closed: &[&str] = match draft.table.name() {
        "incident" => &["7", "8"],
        "problem" => &["107"],
        "change_request" => &["3", "4"],
        "task" | "sc_task" | "sc_req_item" | "sc_request" => &["3", "4", "7"],
        "problem_task" => &["157"],
        "sn_customerservice_case" => &["3"],
        _ => return,
    };
    if draft.before.is_some() && !draft.changed("state") {
        return;
    }
    if closed.contains(&draft.get("state")) {
        draft.set("active", "false");
        draft.set_if_empty("closed_at", now);
        draft.set_if_empty("closed_by", user);
    } else if draft.before.is_some() {
        draft.set("active", "true");
        draft.set("closed_at", "");
        draft.set("closed_by", "");
    }
}

fn incident(draft: &mut Draft<'_>, now: &str, user: &str) -> Result<(), ApiError> {
    mirror(draft, "state", "incident_state");
    let (state, old) = (draft.get("state").to_owned(), draft.old("state").to_owned());
    let is_done = |state: &str| matches!(state, "6" | "7");
    if is_done(&state) {
        // wire §3.2: resolving and closing need both, as they do when one of them is cleared.
        if state != old || draft.changed("close_code") || draft.changed("close_notes") {
            draft.require(&["close_code", "close_notes"])?;
        }
        if !is_done(&old) {
            draft.set("resolved_at", now);
            draft.set("resolved_by", user);
        }
    } else if is_done(&old) {
        // Coming back from 7 is left to whoever may; OOB only 6 reopens (U).
        draft.set("resolved_at", "");
        draft.set("resolved_by", "");
        let count = draft.get("reopen_count").parse::<u64>().unwrap_or(0) + 1;
        draft.set("reopen_count", count.to_string());
        draft.set("reopened_time", now);
    }
    if state != "3" {
        draft.set("hold_reason", "");
    }
    Ok(())
}

/// Two fields that mean the same: the one that was changed wins.
fn mirror(draft: &mut Draft<'_>, main: &str, other: &str) {
    let value = if draft.before.is_some() && draft.changed(other) && !draft.changed(main) {
        draft.get(other).to_owned()
    } else {
        draft.get(main).to_owned()
    };
    draft.set(main, value.clone());
    draft.set(other, value);
}

fn problem(draft: &mut Draft<'_>, now: &str, user: &str) -> Result<(), ApiError> {
    mirror(draft, "state", "problem_state");
    let state = draft.get("state").to_owned();
    let code = draft.get("resolution_code").to_owned();
    if draft.before.is_some() && draft.changed("state") {
        // wire §3.5: direct jumps are blocked. Canceling and marking as a duplicate close at once.
        let allowed = match (draft.old("state"), state.as_str()) {
            ("101", "102") | ("102", "103") | ("103", "104") | ("104", "106") | ("106", "107") => true,
            ("106" | "107", "103") => true,
            (_, "107") => matches!(code.as_str(), "canceled" | "duplicate" | "risk_accepted"),
            _ => false,
        };
        if !allowed {
            return Err(aborted("problem", "Restrict problem state jumps"));
        }
    }
    if state != "101" {
        draft.require(&["assigned_to"])?;
    }
    if matches!(state.as_str(), "106" | "107") && (draft.changed("state") || draft.changed("resolution_code")) {
        draft.require(&["resolution_code"])?;
        match code.as_str() {
            "fix_applied" => draft.require(&["cause_notes", "fix_notes"])?,
            // Yokohama asks for fix_notes as well (itsm#448).
            "risk_accepted" => draft.require(&["cause_notes", "close_notes", "fix_notes"])?,
            "canceled" => draft.require(&["close_notes"])?,
            "duplicate" => draft.require(&["duplicate_of"])?,
            _ => {}
        }
        draft.set_if_empty("resolved_at", now);
        draft.set_if_empty("resolved_by", user);
    }
    Ok(())
}

/// States that a change may go to from its present one (wire §3.4).
pub(crate) fn next_change_states(kind: &str, state: &str) -> &'static [&'static str] {
    match (kind, state) {
        ("standard", "-5") => &["-2", "4"],
        ("emergency", "-5") => &["-3", "4"],
        (_, "-5") => &["-4", "4"],
        (_, "-4") => &["-3", "-5", "4"],
        (_, "-3") => &["-2", "-5", "4"],
        (_, "-2") => &["-1", "-5", "4"],
        (_, "-1") => &["0", "4"],
        (_, "0") => &["3"],
        _ => &[],
    }
}

fn change(draft: &Draft<'_>) -> Result<(), ApiError> {
    let state = draft.get("state");
    if draft.before.is_some() && draft.changed("state") {
        let next = next_change_states(draft.get("type"), draft.old("state"));
        if !next.contains(&state) {
            return Err(aborted("change_request", "Change Model: Check State Transition"));
        }
    }
    if state == "3" && (draft.changed("state") || draft.changed("close_code")) {
        draft.require(&["close_code", "close_notes"])?;
    }
    Ok(())
}

fn request(draft: &mut Draft<'_>) {
    if draft.get("request_state").starts_with("closed_") && draft.changed("request_state") {
        draft.set("state", "3");
    }
}

fn person(draft: &mut Draft<'_>) {
    if draft.changed("first_name") || draft.changed("last_name") {
        let name = format!("{} {}", draft.get("first_name"), draft.get("last_name"));
        draft.set("name", name.trim());
    }
}

fn custom_rules(writer: &Writer<'_>, table: TableId, editor: &RowEditor) -> Result<(), ApiError> {
    let schema = Schema::get();
    let world = &*writer.world;
    if world.business_rules.is_empty() {
        return Ok(());
    }
    let open = super::acl::Acl::default();
    let compiler =
        Compiler { store: &world.store, choices: &world.choices, acl: &open, session: writer.session, now: writer.now };
    let row = editor.pack();
    for rule in &world.business_rules {
        if schema.table(rule.table).family.contains(&table)
            && compiler.compile(rule.table, &rule.condition, false).matches(&world.store, &row)
        {
            return Err(aborted(schema.table(table).name(), &rule.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_priority_table_is_the_documented_one() {
        let expected = [
            ("1", "1", "1"),
            ("1", "2", "2"),
            ("1", "3", "3"),
            ("2", "1", "2"),
            ("2", "2", "3"),
            ("2", "3", "4"),
            ("3", "1", "3"),
            ("3", "2", "4"),
            ("3", "3", "5"),
        ];
        for (impact, urgency, wanted) in expected {
            assert_eq!(priority(impact, urgency), Some(wanted));
        }
        assert_eq!(priority("4", "1"), None);
        assert_eq!(priority("", ""), None);
    }
}
