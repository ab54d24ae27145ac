//! The emulated Zendesk account as a world of the simulation.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use conformance_tests::simulation::{Deed, Draw, Stage, Standing, World};
use provider_zendesk::Zendesk;
use serde_json::json;
use ticketing_core::TicketingProvider;
use ticketing_core::model::format_timestamp;
use vendor_sandbox::Fault;
use vendor_sandbox::zendesk::{AccountSettings, Control, Sandbox, TicketState};

use super::staged::{self, fault};

/// Who else works there.
const SOMEBODY: &str = "itil";
/// Who we are, to the sandbox.
const US: &str = "admin";

/// An account with few tickets, some of which may be hidden from us.
pub(crate) struct ZendeskWorld {
    sandbox: Sandbox,
    control: Control,
    hidden: BTreeSet<u64>,
    seed: u64,
}

impl fmt::Debug for ZendeskWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZendeskWorld").field("hidden", &self.hidden).finish_non_exhaustive()
    }
}

impl World for ZendeskWorld {
    fn start(draw: &mut Draw) -> Self {
        let seed = draw.number();
        // wire B5: minutes. What is newer than that is read from the database.
        let lag = *draw.one(&[0, 30, 300]);
        let settings = AccountSettings { search_lag_seconds: lag, ..AccountSettings::default() };
        // New tickets are copies of one that is there.
        let sandbox = Sandbox::builder().seed(seed).company(staged::people(1)).settings(settings).build().unwrap();
        let control = sandbox.control();
        control.run_clock(true);
        let mut ids = Vec::new();
        for nth in 0..draw.below(30) {
            // Most of them in one second with others: ties.
            if draw.chance(0.3) {
                control.advance(draw.between(1, 90)).unwrap();
            }
            let id = control.create_ticket(&format!("Ticket {nth}"), SOMEBODY, 0).unwrap();
            if draw.chance(0.2) {
                let over = if draw.chance(0.5) { "solved" } else { "closed" };
                control.set_status(id, over).unwrap();
            }
            ids.push(id);
        }
        let hidden = BTreeSet::from_iter(staged::some_of(draw, ids));
        hidden.iter().for_each(|id| control.hide_ticket(*id, US).unwrap());
        if draw.chance(0.5) {
            control.advance(draw.between(1, 2_000)).unwrap();
        }
        Self { sandbox, control, hidden, seed }
    }

    fn connect(&self, stage: Arc<Stage>) -> Arc<dyn TicketingProvider> {
        let shared: vendor_sandbox::Control = (*self.control).clone();
        let context = staged::context(self.sandbox.router(), stage, shared, self.seed);
        let config = json!({
            "instance": "http://127.0.0.1:4030",
            "auth": {"type": "api_token", "email": "integration@example.com", "token": "admin"},
        });
        Arc::new(Zendesk::new(config, &context).unwrap())
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
        let standing = |ticket: TicketState| Standing {
            hidden: self.hidden.contains(&ticket.id),
            unresolved: !matches!(ticket.status, "solved" | "closed"),
            version: format_timestamp(ticket.updated_at),
            title: ticket.subject,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            id: ticket.id.to_string(),
        };
        self.control.tickets().into_iter().map(standing).collect()
    }

    fn others(&self, ours: &str) -> Vec<String> {
        // The first one stays: new ones are copies of it.
        let others = self.control.tickets().into_iter().skip(1).filter(|ticket| !ticket.subject.starts_with(ours));
        others.map(|ticket| ticket.id.to_string()).collect()
    }

    fn comments(&self, ticket: &str) -> Vec<String> {
        self.control.comment_texts(ticket.parse().unwrap())
    }

    fn act(&self, deed: &Deed) -> String {
        match deed {
            // wire B6: the exports leave the last minute out, for what comes late; the account promises no more.
            Deed::Create { title, late } => {
                self.control.create_ticket(title, SOMEBODY, (*late).min(55)).unwrap().to_string()
            }
            Deed::Retitle { ticket, title } => {
                self.control.set_subject(ticket.parse().unwrap(), title).unwrap();
                ticket.clone()
            }
            Deed::Delete { ticket } => {
                self.control.delete_ticket(ticket.parse().unwrap(), SOMEBODY).unwrap();
                ticket.clone()
            }
        }
    }

    fn advance(&self, seconds: u32) {
        self.control.advance(seconds.into()).unwrap();
    }
}

/// What fails a request (wire B1, B8, B9).
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
    "redirect",
    "login_page_200",
    "maintenance",
    "created_but_500",
    "conflict",
    "idempotent_in_progress",
    "rate_endpoint",
];

/// About a third of the requests fail, in several ways; and some answers are not what they seem.
fn bad_day(draw: &mut Draw) -> Vec<Fault> {
    let mut faults = staged::failures(draw, FAILURES);
    if draw.chance(0.2) {
        let wait = *draw.one(&[50, 2_000, 90_000]);
        faults.push(fault(draw, "slow", 0.15).parameter(wait));
    }
    if draw.chance(0.3) {
        let behind = draw.between(1, 600);
        faults.push(fault(draw, "stale_search", 0.4).parameter(behind));
    }
    if draw.chance(0.3) {
        let mut short = fault(draw, "short_page", 0.5);
        if draw.chance(0.5) {
            short = short.parameter(draw.below(3));
        }
        faults.push(short);
    }
    if draw.chance(0.3) {
        let off = draw.between(0, 40) as i64 - 20;
        faults.push(fault(draw, "wrong_count", 0.7).parameter(off));
    }
    for (name, share) in
        [("foreign_link_host", 0.5), ("missing_sideloads", 0.5), ("repeated_export", 0.3), ("repeated_cursor", 0.05)]
    {
        if draw.chance(0.2) {
            faults.push(fault(draw, name, share));
        }
    }
    faults
}
