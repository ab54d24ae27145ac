//! The commands, one file each: its arguments and what it does.

mod admin_kit;
mod completions;
mod connect;
mod connections;
mod demo;
mod fields;
mod groups;
mod providers;
mod raw;
mod sandbox;
mod schema;
mod tickets;
mod users;

use clap::Subcommand;

use crate::args::Cli;
use crate::failure::{Failure, Result};
use crate::output::Format;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See it work: no account, no network
    Demo(demo::Demo),
    /// List the linked providers and how they are configured
    Providers(providers::Providers),
    /// Connect a customer's account once, and keep the connection in the store
    #[command(arg_required_else_help = true)]
    Connect(Box<connect::Connect>),
    /// List, test and move stored connections
    #[command(subcommand, arg_required_else_help = true)]
    Connections(connections::ConnectionsCommand),
    /// Write what a customer's administrator needs: steps, rights, webhooks
    #[command(arg_required_else_help = true)]
    AdminKit(admin_kit::AdminKitCommand),
    /// Serve a vendor's API on a loopback port, until Ctrl-C
    Sandbox(sandbox::SandboxCommand),
    /// Read and write tickets
    #[command(subcommand, arg_required_else_help = true)]
    Tickets(Box<tickets::Tickets>),
    /// Read and find users
    #[command(subcommand, arg_required_else_help = true)]
    Users(users::Users),
    /// Read groups and their members
    #[command(subcommand, arg_required_else_help = true)]
    Groups(groups::Groups),
    /// List the field catalogue of tickets
    Fields(fields::Fields),
    /// Send a request in the vendor's own words, with the connection's credential and limits
    Raw(raw::Raw),
    /// Print the JSON schemas of the documents and of providers' configurations
    Schema(schema::SchemaOf),
    /// Print a shell's completion script
    Completions(completions::Completions),
}

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<()> {
    let globals = cli.globals;
    match cli.command {
        Command::Demo(command) => command.run(&globals).await,
        Command::Providers(command) => command.run(&globals).await,
        Command::Connect(command) => command.run(&globals).await,
        Command::Connections(command) => command.run(&globals).await,
        Command::AdminKit(command) => command.run(&globals).await,
        Command::Sandbox(command) => command.run(&globals).await,
        Command::Tickets(command) => command.run(&globals).await,
        Command::Users(command) => command.run(&globals).await,
        Command::Groups(command) => command.run(&globals).await,
        Command::Fields(command) => command.run(&globals).await,
        Command::Raw(command) => command.run(&globals).await,
        Command::Schema(command) => command.run(&globals),
        Command::Completions(command) => {
            refuse_json(globals.output.format(), "completions")?;
            command.run()
        }
    }
}

/// A flag that would do nothing is refused, not ignored.
fn refuse_json(format: Format, command: &str) -> Result<()> {
    match format {
        Format::Table => Ok(()),
        Format::Json | Format::Jsonl => {
            Err(Failure::usage(format!("`{command}` writes no JSON; leave out --json and --jsonl")))
        }
    }
}
