//! The command line: what every command shares. A command's own arguments live beside its code.

pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod paging;
pub(crate) mod parse;
pub(crate) mod text;

use std::ffi::OsString;

use clap::builder::styling::{AnsiColor, Styles};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser};

use crate::commands::Command;
use crate::connection::ConnectionArgs;
use crate::exit;
use crate::output::OutputArgs;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// One command line for every ticketing system.
///
/// Start with `ticketing demo`: it needs no account and no network.
#[derive(Debug, Parser)]
#[command(name = "ticketing", version, max_term_width = 100, styles = STYLES, after_help = exit::TABLE)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// From the command line and the environment; what is typed goes first.
    pub(crate) fn from_command_line() -> Result<Self, clap::Error> {
        Self::of(std::env::args_os())
    }

    fn of(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(words)?;
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        let mut command = &matches;
        while let Some((_, below)) = command.subcommand() {
            command = below;
        }
        let is_typed = |name: &str| {
            command.try_contains_id(name).is_ok() && command.value_source(name) == Some(ValueSource::CommandLine)
        };
        cli.globals.connection.prefer_typed(is_typed);
        if let Command::Connect(connect) = &mut cli.command {
            connect.prefer_typed(is_typed);
        }
        Ok(cli)
    }
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Globals {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Say on standard error what is sent and answered, without secrets
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_line_shows_no_secret() {
        const CANARY: &str = "c4n4ry-5ecret";
        let store = format!("postgres://user:{CANARY}@db.example.com/x");
        let config = format!(r#"{{"auth":{{"password":"{CANARY}"}}}}"#);
        let (path, pair) = (format!("/x?token={CANARY}"), format!("token={CANARY}"));
        let header = format!("x-key: {CANARY}");
        for words in [
            &["connect", "servicenow", "--client-secret", CANARY, "--store", &store, "--config", &config][..],
            &["connections", "list", "--store", &store],
            &["raw", "post", &path, "--query", &pair, "--header", &header, "--body", CANARY, "--config", &config],
        ] {
            let cli = Cli::of(std::iter::once("ticketing").chain(words.iter().copied())).unwrap();
            let shown = format!("{cli:?} {cli:#?}");
            assert!(!shown.contains(CANARY), "{shown}");
        }
    }
}
