//! Plays seeds of the simulation; `cargo xtask simulate` builds and runs it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test program: its output is what it is for")]

mod servicenow;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use conformance_tests::simulation::{Campaign, campaign, run};
use servicenow::ServiceNowWorld;

fn main() -> ExitCode {
    let arguments: Vec<u64> = std::env::args().skip(2).map(|text| text.parse().unwrap()).collect();
    match (std::env::args().nth(1).as_deref(), arguments[..].as_ref()) {
        (Some("replay"), [seed]) => replay(*seed),
        (Some("play"), [first, seeds, threads]) => play(*first, *seeds, *threads),
        _ => {
            println!("usage: simulate replay SEED | play FIRST SEEDS THREADS");
            ExitCode::FAILURE
        }
    }
}

fn replay(seed: u64) -> ExitCode {
    let outcome = run::<ServiceNowWorld>(seed, true);
    outcome.story.iter().for_each(|line| println!("{line}"));
    println!("seed {seed}: {} requests, {} violations", outcome.requests, outcome.violations.len());
    outcome.violations.iter().for_each(|violation| println!("  {violation}"));
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn play(first: u64, seeds: u64, threads: u64) -> ExitCode {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = if threads == 0 { cores } else { usize::try_from(threads).unwrap() };
    let report = campaign::<ServiceNowWorld>(Campaign { first, seeds, threads, most_failures: 10 }, |played| {
        if played % 50_000 == 0 {
            println!("{played} seeds");
        }
    });
    println!(
        "servicenow: {} seeds from {first} on, {} requests, {} operations succeeded, {} ended in an error",
        report.played, report.requests, report.succeeded, report.failed
    );
    for (seed, violations) in &report.failures {
        println!("seed {seed} FAILED; replay it: cargo xtask simulate --seed {seed}");
        violations.iter().take(3).for_each(|violation| println!("  {violation}"));
    }
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
