//! The `ticketing` command line: tickets, users and groups of every linked provider, a sandbox and a demo.

mod args;
mod commands;
mod connection;
mod exit;
mod failure;
mod listing;
mod output;
mod progress;
mod store;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::{Failure, printable};

fn main() -> ExitCode {
    let outcome = match Cli::from_command_line() {
        Ok(cli) => run(cli),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            error.print().map_err(Failure::from)
        }
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // The help itself, on standard error: there is no shorter way to say what is missing.
            let _ = error.print();
            return ExitCode::from(Exit::Usage as u8);
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(Failure::Told { exit, message }) => {
            // Where standard error is closed too, the exit code has to do.
            let _ = writeln!(io::stderr(), "error: {}", printable(&message));
            ExitCode::from(exit as u8)
        }
    }
}

fn run(cli: Cli) -> failure::Result<()> {
    log_to_stderr(cli.globals.verbose)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unexpected, format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        let outcome = commands::run(cli).await;
        // What a vendor gives in the place of a token is kept, whoever needs it next.
        connection::settled().await;
        outcome
    });
    // Nobody waits for requests that were read ahead.
    runtime.shutdown_background();
    outcome
}

/// What is said where nobody asks for a log: what a text lost on its way to the vendor.
const ALWAYS: &str = "ticketing_http::richtext=warn";

/// Logs where it is asked for, by `TICKETING_LOG` or `--verbose`.
fn log_to_stderr(verbose: bool) -> failure::Result<()> {
    use tracing_subscriber::EnvFilter;

    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let filter = match set("TICKETING_LOG") {
        Some(filter) => EnvFilter::try_new(filter).map_err(|error| {
            Failure::usage(format!("TICKETING_LOG: {error}; write a level, `debug`, or `ticketing_http=trace,info`"))
        })?,
        None if verbose => EnvFilter::new("info,ticketing=debug,ticketing_core=debug,ticketing_http=debug"),
        None => {
            tracing_subscriber::fmt()
                .with_env_filter(EnvFilter::new(ALWAYS))
                .with_writer(io::stderr)
                .with_ansi(false)
                .with_target(false)
                .with_level(false)
                .without_time()
                .init();
            return Ok(());
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && set("NO_COLOR").is_none())
        .with_target(false)
        .init();
    Ok(())
}
