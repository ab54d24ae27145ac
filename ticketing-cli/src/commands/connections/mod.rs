//! `ticketing connections`.

mod test;
mod transfer;

use clap::{Args, Subcommand};
use serde::Serialize;
use ticketing_store::{Connection, OAuthApp, Rekeyed};

use crate::args::{Globals, parse};
use crate::failure::Result;
use crate::output::{Row, note, or_dash, time};

/// List, test and move stored connections.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionsCommand {
    /// List the tenant's connections
    List(List),
    /// Show one connection; its secrets are never shown
    Show(Named),
    /// Use a connection: who it is, what it may do, clock, time zone, rate budget
    Test(test::Test),
    /// Give a connection another name
    Rename(Rename),
    /// Remove a connection and its secrets
    Remove(Named),
    /// Write a connection with its secrets to a file, sealed under a passphrase
    Export(transfer::Export),
    /// Keep a connection that was exported elsewhere
    Import(transfer::Import),
    /// Seal every credential under a new key; nothing has to stop meanwhile
    Rekey(Rekey),
}

/// List the tenant's connections.
#[derive(Debug, Args)]
pub(crate) struct List {}

/// One connection.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The connection's name
    #[arg(value_name = "NAME", value_parser = parse::not_empty)]
    name: String,
}

/// Give a connection another name.
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// The connection's name
    #[arg(value_name = "NAME", value_parser = parse::not_empty)]
    name: String,
    /// Its new name
    #[arg(value_name = "NEW_NAME", value_parser = parse::not_empty)]
    to: String,
}

/// Seal every credential under a new key.
///
/// With a key file, a new key is put before the others in it. With TICKETING_KEY, put the new key behind the old one, with a
/// comma between them, wherever it is used; then before it; then run this; then take the old one out. Where it was stopped in the
/// middle, run it again.
#[derive(Debug, Args)]
pub(crate) struct Rekey {
    /// Take the old keys out of the key file afterwards; other programs that run now read the file again by themselves
    #[arg(long)]
    forget_old: bool,
}

impl ConnectionsCommand {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        match self {
            Self::List(_) => list(globals).await,
            Self::Show(command) => {
                let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
                globals.output.document(&store.find(tenant, &command.name).await?)
            }
            Self::Test(command) => command.run(globals).await,
            Self::Rename(command) => {
                let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
                globals.output.document(&store.rename(tenant, &command.name, &command.to).await?)
            }
            Self::Remove(command) => {
                let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
                let known = store.find(tenant, &command.name).await;
                store.remove(tenant, &command.name).await?;
                match known {
                    Ok(known) => globals.output.document(&known),
                    Err(error) => {
                        note(&format!("what it was could not be read: {}", error.message()));
                        globals.output.document(&Removed { name: command.name.clone() })
                    }
                }
            }
            Self::Export(command) => command.run(globals).await,
            Self::Import(command) => command.run(globals).await,
            Self::Rekey(command) => {
                let store = globals.connection.store().open().await?;
                let done = store.rekey(command.forget_old).await?;
                if done.sealed_anew == 0 && globals.connection.store().has_keys_in_environment() {
                    note(
                        "nothing had to be sealed anew: the keys are in TICKETING_KEY, where the new one goes before the others",
                    );
                }
                globals.output.document(&Done(done))
            }
        }
    }
}

/// Those that can be read are listed, whatever became of the others' rows.
async fn list(globals: &Globals) -> Result<()> {
    let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
    let (all, unreadable) = store.list_readable(tenant).await?;
    globals.output.items("connections", &all)?;
    let others = unreadable.len().saturating_sub(1);
    match unreadable.into_iter().next() {
        None => Ok(()),
        Some(error) if others > 0 => {
            Err(error.with_context(format!("{} rows are not listed, the first", others + 1)).into())
        }
        Some(error) => Err(error.with_context("it is not listed").into()),
    }
}

impl Row for Connection {
    const HEADINGS: &'static [&'static str] = &["NAME", "PROVIDER", "ACCOUNT", "STATUS", "CREDENTIAL", "LAST USED"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.provider.clone(),
            self.account.clone(),
            self.status.to_string(),
            or_dash(self.credential.clone()),
            time(self.last_used),
        ]
    }

    fn details(&self) -> Vec<(String, String)> {
        let app = self.oauth_app.as_ref().map(|app| match app {
            OAuthApp::Shared(name) => format!("shared: {name}"),
            OAuthApp::Own { client_id } => format!("its own: {client_id}"),
        });
        let pairs = [
            ("name", self.name.clone()),
            ("id", self.id.to_string()),
            ("tenant", self.tenant.clone()),
            ("provider", self.provider.clone()),
            ("account", self.account.clone()),
            ("status", self.status.to_string()),
            ("credential", or_dash(self.credential.clone())),
            ("oauth client", or_dash(app)),
            ("scopes", or_dash(Some(self.scopes.join(" ")))),
            ("token ends", time(self.expires_at)),
            ("webhook secrets", self.webhook_secrets.to_string()),
            ("config", self.config.to_string()),
            ("mapping", or_dash(self.mapping.as_ref().map(ToString::to_string))),
            ("created", time(Some(self.created))),
            ("last used", time(self.last_used)),
            ("last error", or_dash(self.last_error.clone())),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }
}

/// A connection that was removed, and could not be read.
#[derive(Serialize)]
struct Removed {
    name: String,
}

impl Row for Removed {
    const HEADINGS: &'static [&'static str] = &["REMOVED"];

    fn cells(&self) -> Vec<String> {
        vec![self.name.clone()]
    }
}

/// What `rekey` did.
#[derive(Serialize)]
#[serde(transparent)]
struct Done(Rekeyed);

impl Row for Done {
    const HEADINGS: &'static [&'static str] = &["SEALED ANEW", "CHANGED MEANWHILE"];

    fn cells(&self) -> Vec<String> {
        vec![self.0.sealed_anew.to_string(), self.0.changed_meanwhile.to_string()]
    }
}
