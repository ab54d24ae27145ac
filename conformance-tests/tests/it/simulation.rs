//! A few seeds of the simulation in every test run; `cargo xtask simulate` plays many.

use conformance_tests::simulation::{Campaign, World, campaign, run};

#[path = "../../examples/simulate/jira.rs"]
mod jira;
#[path = "../../examples/simulate/servicenow.rs"]
mod servicenow;
#[path = "../../examples/simulate/staged.rs"]
mod staged;
#[path = "../../examples/simulate/zendesk.rs"]
mod zendesk;

pub(crate) use jira::JiraWorld;
use servicenow::ServiceNowWorld;
pub(crate) use zendesk::ZendeskWorld;

fn loses_and_repeats_nothing<W: World>(vendor: &str, seeds: u64) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let report = campaign::<W>(Campaign { first: 1, seeds, threads, most_failures: 3 }, |_, _| {});
    assert!(
        report.failures.is_empty(),
        "replay one: cargo xtask simulate --vendor {vendor} --seed N: {:?}",
        report.failures
    );
    // A bad day on which everything failed, or nothing did, would show nothing.
    assert!(report.succeeded > seeds && report.failed > seeds / 6, "{report:?}");
}

#[test]
fn servicenow_loses_and_repeats_nothing() {
    loses_and_repeats_nothing::<ServiceNowWorld>("servicenow", 60);
}

#[test]
fn jira_loses_and_repeats_nothing() {
    loses_and_repeats_nothing::<JiraWorld>("jira", 40);
}

#[test]
fn zendesk_loses_and_repeats_nothing() {
    loses_and_repeats_nothing::<ZendeskWorld>("zendesk", 40);
}

fn tells_the_same_story<W: World>(seeds: &[u64]) {
    for seed in seeds {
        let told = run::<W>(*seed, true);
        assert!(told.story.len() > 10 && told.requests > 5, "{told:?}");
        let again = run::<W>(*seed, true);
        for (first, second) in told.story.iter().zip(&again.story) {
            assert_eq!(first, second, "seed {seed}");
        }
        assert_eq!(told.story.len(), again.story.len());
    }
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    tells_the_same_story::<ServiceNowWorld>(&[110, 234]);
    tells_the_same_story::<JiraWorld>(&[3, 5, 7]);
    tells_the_same_story::<ZendeskWorld>(&[2, 3]);
}
