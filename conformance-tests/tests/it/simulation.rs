//! A few seeds of the simulation in every test run; `cargo xtask simulate` plays many.

use conformance_tests::simulation::{Campaign, campaign, run};

#[path = "../../examples/simulate/servicenow.rs"]
mod servicenow;

use servicenow::ServiceNowWorld;

#[test]
fn servicenow_loses_and_repeats_nothing() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let report = campaign::<ServiceNowWorld>(Campaign { first: 1, seeds: 60, threads, most_failures: 3 }, |_, _| {});
    assert!(report.failures.is_empty(), "replay one: cargo xtask simulate --seed N: {:?}", report.failures);
    // A bad day on which everything failed, or nothing did, would show nothing.
    assert!(report.succeeded > 100 && report.failed > 10, "{report:?}");
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    for seed in [110, 234] {
        let told = run::<ServiceNowWorld>(seed, true);
        assert!(told.story.len() > 10 && told.requests > 5, "{told:?}");
        let again = run::<ServiceNowWorld>(seed, true);
        for (first, second) in told.story.iter().zip(&again.story) {
            assert_eq!(first, second, "seed {seed}");
        }
        assert_eq!(told.story.len(), again.story.len());
    }
}
