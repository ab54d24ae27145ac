//! The emulated Jira site as a world of the simulation: Cloud or Data Center, as the seed says.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use conformance_tests::simulation::{Deed, Draw, Stage, Standing, World};
use provider_jira::Jira;
use serde_json::json;
use ticketing_core::TicketingProvider;
use ticketing_core::model::format_timestamp;
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Control, Flavour, Sandbox, SiteSettings};

use super::staged::{self, fault};

/// Who else works there.
const SOMEBODY: &str = "itil";
/// Who we are.
const US: &str = "admin";
/// Where the tickets are.
const PROJECT: &str = "HELP";
/// Longer than any search here lags behind, in seconds.
const LONGEST_LAG: u64 = 61;

/// A site with few issues, some of which may be hidden from us by a security level.
pub(crate) struct JiraWorld {
    sandbox: Sandbox,
    control: Control,
    flavour: Flavour,
    hidden: BTreeSet<String>,
    seed: u64,
}

impl fmt::Debug for JiraWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JiraWorld").field("flavour", &self.flavour).finish_non_exhaustive()
    }
}

impl World for JiraWorld {
    fn start(draw: &mut Draw) -> Self {
        let seed = draw.number();
        let flavour = *draw.one(&[Flavour::Cloud, Flavour::Cloud, Flavour::DataCenter]);
        // wire A3.4: seconds, sometimes minutes; what takes longer than the overlap is lost to a delta, so that it says so.
        let lag = *draw.one(&[0, 0, 5, 60]);
        // wire A3.2, A3.3: pages are shorter than asked for.
        let page_cap = *draw.one(&[None, None, Some(2), Some(5)]);
        let sandbox = Sandbox::builder()
            .seed(seed)
            .flavour(flavour)
            // New issues are copies of one that is there.
            .company(staged::people(1))
            .settings(SiteSettings { search_lag_seconds: lag, page_cap, ..SiteSettings::default() })
            .build()
            .unwrap();
        let control = sandbox.control();
        control.run_clock(true);
        let mut ids = Vec::new();
        for nth in 0..draw.below(30) {
            // Most of them in one moment with others: ties.
            if draw.chance(0.3) {
                control.advance(draw.between(1, 90)).unwrap();
            }
            let id = control.create_issue(&format!("Ticket {nth}"), SOMEBODY).unwrap();
            if draw.chance(0.2) {
                control.set_status(&id, "Closed", SOMEBODY).unwrap();
            }
            ids.push(id);
        }
        let hidden = BTreeSet::from_iter(staged::some_of(draw, ids));
        hidden.iter().for_each(|id| control.hide_issue(id, US).unwrap());
        control.advance(LONGEST_LAG).unwrap();
        Self { sandbox, control, flavour, hidden, seed }
    }

    fn connect(&self, stage: Arc<Stage>) -> Arc<dyn TicketingProvider> {
        let shared: vendor_sandbox::Control = (*self.control).clone();
        let context = staged::context(self.sandbox.router(), stage, shared, self.seed);
        let config = json!({
            "instance": "http://127.0.0.1:4020",
            "auth": {"type": "basic", "username": US, "password": US},
            "projects": [PROJECT],
            "mapping": {"fields": {"external_id": "External ID"}},
        });
        Arc::new(Jira::new(config, &context).unwrap())
    }

    fn misbehave(&self, draw: &mut Draw) -> Vec<String> {
        let faults = bad_day(draw, self.flavour);
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

    fn settle(&self) {
        self.control.advance(LONGEST_LAG).unwrap();
    }

    fn tickets(&self) -> Vec<Standing> {
        let standing = |issue: vendor_sandbox::jira::IssueState| Standing {
            hidden: self.hidden.contains(&issue.id),
            unresolved: !issue.done,
            version: format_timestamp(issue.updated),
            title: issue.summary,
            created_at: issue.created,
            updated_at: issue.updated,
            id: issue.id,
        };
        self.control.issues(PROJECT).into_iter().map(standing).collect()
    }

    fn others(&self, ours: &str) -> Vec<String> {
        // The first one stays: new ones are copies of it.
        let others = self.control.issues(PROJECT).into_iter().skip(1).filter(|issue| !issue.summary.starts_with(ours));
        others.map(|issue| issue.id).collect()
    }

    fn comments(&self, ticket: &str) -> Vec<String> {
        self.control.comment_texts(ticket)
    }

    fn act(&self, deed: &Deed) -> String {
        match deed {
            Deed::Create { title, late } => {
                let id = self.control.create_issue(title, SOMEBODY).unwrap();
                if *late > 0 {
                    self.control.predate_issue(&id, *late).unwrap();
                }
                id
            }
            Deed::Retitle { ticket, title } => {
                self.control.set_summary(ticket, title, SOMEBODY).unwrap();
                ticket.clone()
            }
            Deed::Delete { ticket } => {
                self.control.delete_issue(ticket).unwrap();
                ticket.clone()
            }
        }
    }

    fn advance(&self, seconds: u32) {
        self.control.advance(seconds.into()).unwrap();
    }
}

/// What fails a request (wire A3, A8, A9, A14).
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
    "created_but_500",
    "conflict",
    "rate_burst",
    "rate_quota",
    "rate_per_issue",
    "absurd_retry_after",
];

/// About a third of the requests fail, in several ways; and some answers are not what they seem.
fn bad_day(draw: &mut Draw, flavour: Flavour) -> Vec<Fault> {
    let mut faults = staged::failures(draw, FAILURES);
    if draw.chance(0.2) {
        let wait = *draw.one(&[50, 2_000, 90_000]);
        faults.push(fault(draw, "slow", 0.15).parameter(wait));
    }
    // wire A3.4: another node of the index, which is further behind.
    if draw.chance(0.3) {
        let behind = draw.between(1, LONGEST_LAG - 1);
        faults.push(fault(draw, "stale_search", 0.4).parameter(behind));
    }
    if draw.chance(0.3) {
        let mut short = fault(draw, "short_page", 0.5);
        if draw.chance(0.5) {
            short = short.parameter(draw.below(3));
        }
        faults.push(short);
    }
    if draw.chance(0.2) {
        faults.push(fault(draw, "foreign_link_host", 0.5));
    }
    if draw.chance(0.2) {
        faults.push(fault(draw, "near_limit", 0.5));
    }
    // wire A2.3: a Data Center says whom it took us for; Cloud's search shows less than there is to whoever it does not know.
    if flavour == Flavour::DataCenter && draw.chance(0.2) {
        faults.push(fault(draw, "anonymous_200", 0.1));
    }
    if draw.chance(0.1) {
        faults.push(fault(draw, "repeated_token", 0.1));
    }
    // wire A3.2: a token ends after a week, or with whatever else was asked.
    if draw.chance(0.2) {
        faults.push(fault(draw, "refused_token", 0.2));
    }
    faults
}
