//! The command line: what every command shares. A command's own arguments live beside its code.

pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod paging;
pub(crate) mod parse;
pub(crate) mod text;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser};

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
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
