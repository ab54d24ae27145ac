//! Plays seeds of the simulation; `cargo xtask simulate` builds and runs it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test program: its output is what it is for")]

mod jira;
mod servicenow;
mod staged;
mod zendesk;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use conformance_tests::simulation::{Campaign, World, campaign, run};
use jira::JiraWorld;
use servicenow::ServiceNowWorld;
use zendesk::ZendeskWorld;

/// The rest is not played where so many seeds failed.
const MOST_FAILURES: usize = 10;
/// How often it says how far it is.
const PROGRESS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let usage = || {
        println!("usage: simulate replay VENDOR SEED | play VENDOR FIRST SEEDS THREADS; servicenow, jira or zendesk");
        ExitCode::FAILURE
    };
    let [verb, vendor, numbers @ ..] = &arguments[..] else { return usage() };
    let Ok(numbers) = numbers.iter().map(|text| text.parse()).collect::<Result<Vec<u64>, _>>() else { return usage() };
    match *vendor {
        "servicenow" => act::<ServiceNowWorld>(verb, vendor, &numbers),
        "jira" => act::<JiraWorld>(verb, vendor, &numbers),
        "zendesk" => act::<ZendeskWorld>(verb, vendor, &numbers),
        _ => None,
    }
    .unwrap_or_else(usage)
}

fn act<W: World>(verb: &str, vendor: &str, numbers: &[u64]) -> Option<ExitCode> {
    match (verb, numbers) {
        ("replay", [seed]) => Some(replay::<W>(*seed)),
        ("play", [first, seeds, threads]) => Some(play::<W>(vendor, *first, *seeds, *threads)),
        _ => None,
    }
}

fn replay<W: World>(seed: u64) -> ExitCode {
    let outcome = run::<W>(seed, true);
    outcome.story.iter().for_each(|line| println!("{line}"));
    println!("seed {seed}: {} requests, {} violations", outcome.requests, outcome.violations.len());
    outcome.violations.iter().for_each(|violation| println!("  {violation}"));
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "how long it took, for people")]
fn play<W: World>(vendor: &str, first: u64, seeds: u64, threads: u64) -> ExitCode {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = if threads == 0 { cores } else { usize::try_from(threads).unwrap() };
    let begun = Instant::now();
    let told = Mutex::new(Duration::ZERO);
    let campaign_of = Campaign { first, seeds, threads, most_failures: MOST_FAILURES };
    let report = campaign::<W>(campaign_of, |played, failure| {
        if let Some((seed, violations)) = failure {
            println!("seed {seed} FAILED; replay it: cargo xtask simulate --vendor {vendor} --seed {seed}");
            violations.iter().take(3).for_each(|violation| println!("  {violation}"));
        }
        let mut told = told.lock().unwrap();
        let elapsed = begun.elapsed();
        if elapsed >= *told + PROGRESS {
            *told = elapsed;
            println!("{played} of {seeds} seeds, {:.0}/s", played as f64 / elapsed.as_secs_f64());
        }
    });
    println!(
        "{vendor}: {} seeds from {first} on in {:.0} s, {} requests, {} operations succeeded, {} ended in an error, {} \
         seeds failed",
        report.played,
        begun.elapsed().as_secs_f64(),
        report.requests,
        report.succeeded,
        report.failed,
        report.failures.len()
    );
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
