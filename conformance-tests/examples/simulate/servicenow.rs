//! The emulated ServiceNow instance as a world of the simulation.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use conformance_tests::simulation::{Deed, Draw, Stage, Standing, World};
use provider_servicenow::ServiceNow;
use serde_json::json;
use ticketing_core::TicketingProvider;
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::{Audience, Control, RowDenial, Sandbox};

use super::staged::{self, fault};

/// An instance with few tickets, some of which may be hidden from everybody who uses the API.
pub(crate) struct ServiceNowWorld {
    sandbox: Sandbox,
    control: Control,
    tables: Vec<&'static str>,
    hidden: BTreeSet<String>,
    seed: u64,
}

impl fmt::Debug for ServiceNowWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceNowWorld").field("tables", &self.tables).finish_non_exhaustive()
    }
}

impl World for ServiceNowWorld {
    fn start(draw: &mut Draw) -> Self {
        let seed = draw.number();
        let sandbox = Sandbox::builder().seed(seed).company(staged::people(0)).build().unwrap();
        let control = sandbox.control();
        control.run_clock(true);
        let choices: [&'static [&'static str]; 4] =
            [&["incident"], &["incident"], &["incident", "problem"], &["incident", "problem", "change_request"]];
        let tables = *draw.one(&choices);
        let mut ids = Vec::new();
        for nth in 0..draw.below(36) {
            // Most of them in one second with others: ties.
            if draw.chance(0.3) {
                control.advance(draw.between(1, 90)).unwrap();
            }
            let mut values = json!({"short_description": format!("Ticket {nth}")});
            let table = *draw.one(tables);
            if table == "incident" {
                values["state"] = (*draw.one(&["1", "2"])).into();
            }
            let id = control.insert("admin", table, values).unwrap();
            // Problems stay open: a closed one refuses changes without more fields.
            if table != "problem" && draw.chance(0.2) {
                control.set_raw("task", &id, json!({ "state": closed(table) })).unwrap();
            }
            ids.push(id);
        }
        let hidden = hide(draw, &control, ids);
        Self { sandbox, control, tables: tables.to_vec(), hidden, seed }
    }

    fn connect(&self, stage: Arc<Stage>) -> Arc<dyn TicketingProvider> {
        let shared: vendor_sandbox::Control = (*self.control).clone();
        let context = staged::context(self.sandbox.router(), stage, shared, self.seed);
        let config = json!({
            "instance": "http://127.0.0.1:4010",
            "auth": {"type": "basic", "username": "admin", "password": "admin"},
            "tables": self.tables,
        });
        Arc::new(ServiceNow::new(config, &context).unwrap())
    }

    fn misbehave(&self, draw: &mut Draw) -> Vec<String> {
        let faults = bad_day(draw);
        let told = faults.iter().map(|fault| serde_json::to_string(fault).unwrap()).collect();
        self.control.set_faults(faults).unwrap();
        told
    }

    fn strike(&self, fault: &str, rate: f64, seed: u64) {
        self.control.set_faults([Fault::new(fault).rate(rate).count(u64::MAX).seed(seed)]).unwrap();
    }

    fn behave(&self) {
        self.control.clear_faults();
    }

    fn tickets(&self) -> Vec<Standing> {
        let columns = ["sys_id", "state", "sys_mod_count", "short_description", "sys_created_on", "sys_updated_on"];
        let mut all = Vec::new();
        for table in &self.tables {
            for [id, state, mods, title, created, updated] in self.control.columns(table, "", columns).unwrap() {
                all.push(Standing {
                    hidden: self.hidden.contains(&id),
                    unresolved: state != closed(table),
                    version: if mods.is_empty() { "0".to_owned() } else { mods },
                    title,
                    created_at: moment(&created),
                    updated_at: moment(&updated),
                    id,
                });
            }
        }
        all
    }

    fn others(&self, ours: &str) -> Vec<String> {
        let mut others = Vec::new();
        for table in &self.tables {
            let rows = self.control.columns(table, "", ["sys_id", "short_description"]).unwrap();
            others.extend(rows.into_iter().filter(|[_, title]| !title.starts_with(ours)).map(|[id, _]| id));
        }
        others
    }

    fn comments(&self, ticket: &str) -> Vec<String> {
        let entries = self.control.columns("sys_journal_field", &format!("element_id={ticket}"), ["sys_id", "value"]);
        entries.unwrap().into_iter().map(|[_, text]| text).collect()
    }

    fn act(&self, deed: &Deed) -> String {
        match deed {
            Deed::Create { title, late } => {
                let id = self.control.insert("admin", self.tables[0], json!({"short_description": title})).unwrap();
                if *late > 0 {
                    let at = self.control.now() - chrono::TimeDelta::seconds(i64::from(*late));
                    let at = at.format("%Y-%m-%d %H:%M:%S").to_string();
                    let times = json!({"sys_created_on": at, "sys_updated_on": at});
                    self.control.set_raw(self.tables[0], &id, times).unwrap();
                }
                id
            }
            Deed::Retitle { ticket, title } => {
                self.control.update("admin", "task", ticket, json!({"short_description": title})).unwrap();
                ticket.clone()
            }
            Deed::Delete { ticket } => {
                self.control.delete("admin", "task", ticket).unwrap();
                ticket.clone()
            }
        }
    }

    fn advance(&self, seconds: u32) {
        self.control.advance(seconds.into()).unwrap();
    }
}

/// The state that a closed ticket has here (wire §3.2, §3.4, §3.5).
fn closed(table: &str) -> &'static str {
    match table {
        "incident" => "7",
        "problem" => "107",
        _ => "3",
    }
}

fn moment(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc()
}

/// Hides some rows.
fn hide(draw: &mut Draw, control: &Control, ids: Vec<String>) -> BTreeSet<String> {
    let hidden = BTreeSet::from_iter(staged::some_of(draw, ids));
    if !hidden.is_empty() {
        let denial = if draw.chance(0.5) { RowDenial::Hidden } else { RowDenial::Empty };
        let list: Vec<&str> = hidden.iter().map(String::as_str).collect();
        control.deny_rows("task", &format!("sys_idIN{}", list.join(",")), Audience::Everyone, denial).unwrap();
    }
    hidden
}

/// What fails a request, each by the answer of wire §1.6 that it gives.
const FAILURES: &[&str] = &[
    "status_500",
    "status_502",
    "status_503",
    "reset_before_answer",
    "reset_after_write",
    "reset_mid_body",
    "truncated_json",
    "too_many_requests",
    "too_many_requests_bare",
    "unauthorized",
    "error_with_200",
    "partial_result_with_error",
    "broken_last_row",
    "hibernating_200",
    "login_page_200",
    "accepted_202",
    "forbidden_after_insert",
    "redirect",
];

/// About a third of the requests fail, in several ways; and some answers are not what they seem (wire §7).
fn bad_day(draw: &mut Draw) -> Vec<Fault> {
    let mut faults = staged::failures(draw, FAILURES);
    if draw.chance(0.2) {
        let wait = *draw.one(&[50, 2_000, 90_000]);
        faults.push(fault(draw, "slow", 0.15).parameter(wait));
    }
    if draw.chance(0.3) {
        let mut ignored = fault(draw, "ignored_query_part", 0.15);
        let field = *draw.one(&["", "sys_id", "sys_updated_on", "state", "correlation_id", "correlation_display"]);
        if !field.is_empty() {
            ignored = ignored.parameter(field);
        }
        faults.push(ignored);
    }
    if draw.chance(0.3) {
        let off = draw.between(0, 40) as i64 - 20;
        faults.push(fault(draw, "wrong_total_count", 0.7).parameter(off));
    }
    if draw.chance(0.3) {
        faults.push(fault(draw, "unordered_shuffle", 1.0));
    }
    if draw.chance(0.2) {
        faults.push(fault(draw, "foreign_link_host", 0.5));
    }
    faults
}
