//! `ticketing admin-kit`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use ticketing::servicenow::admin_kit::AdminKit;
use ticketing::{BuildContext, Clock as _, ErrorKind, Secret, SystemClock};
use ticketing_store::{Connection, Store};

use crate::args::{Globals, parse};
use crate::commands::connect::from_file;
use crate::failure::{Failure, Result};
use crate::output::{Row, note};

/// Write what a customer's administrator needs: OAuth registration step by step, the least rights, and how changes are told.
///
/// For ServiceNow these are a guide and two update sets to import; for Jira and Zendesk a guide. No file holds a secret.
#[derive(Debug, Args)]
pub(crate) struct AdminKitCommand {
    /// The vendor
    #[arg(value_enum, value_name = "VENDOR")]
    vendor: For,
    /// Where the vendor sends its webhooks: the product's address, by https
    #[arg(long, value_name = "URL", value_parser = parse::not_empty)]
    webhook_url: String,
    /// Where the vendor sends browsers back to after consent
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8400/callback", value_parser = parse::not_empty)]
    redirect_uri: String,
    /// A table that tickets come from (ServiceNow; incident unless given); several by repeating
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// The folder to write into; it is made where it is missing, and files in it are written anew
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Make a webhook secret, and write it into this new file, for its owner alone: it goes to the administrator another way
    /// than the kit. With --connection it is kept with the connection too, in front of the one it replaces
    #[arg(long, value_name = "FILE")]
    secret_out: Option<PathBuf>,
    /// Keep the webhook secret in this file, which the vendor made (Zendesk), with --connection, in front of the one it replaces;
    /// `-`: standard input
    #[arg(long, value_name = "FILE", conflicts_with = "secret_out")]
    secret_file: Option<String>,
}

/// Vendors with a kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum For {
    /// ServiceNow
    #[value(name = "servicenow")]
    ServiceNow,
    /// Jira Cloud and Data Center
    Jira,
    /// Zendesk
    Zendesk,
}

impl For {
    /// The provider's name.
    fn provider(self) -> &'static str {
        match self {
            Self::ServiceNow => "servicenow",
            Self::Jira => "jira",
            Self::Zendesk => "zendesk",
        }
    }
}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: String,
}

impl Row for Written {
    const HEADINGS: &'static [&'static str] = &["FILE"];

    fn cells(&self) -> Vec<String> {
        vec![self.file.clone()]
    }
}

impl AdminKitCommand {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        if self.vendor != For::ServiceNow && !self.table.is_empty() {
            return Err(Failure::usage(format!("--table: {} has none; leave it out", self.vendor.provider())));
        }
        if self.vendor == For::Zendesk && self.secret_out.is_some() {
            return Err(Failure::usage(
                "--secret-out: Zendesk makes the secret of a webhook itself; keep that one by --secret-file with --connection",
            ));
        }
        let tables = if self.table.is_empty() { vec!["incident".to_owned()] } else { self.table.clone() };
        // Its checks of the addresses hold for every vendor.
        let kit = AdminKit::new(&self.webhook_url, &self.redirect_uri, tables)?;
        let filled = |guide: &str| {
            guide.replace("{{webhook_url}}", &self.webhook_url).replace("{{redirect_uri}}", &self.redirect_uri)
        };
        let files: Vec<(&str, String)> = match self.vendor {
            For::ServiceNow => kit.files(SystemClock.now()).into_iter().map(|file| (file.name, file.text)).collect(),
            For::Jira => vec![("README.md", filled(include_str!("jira.md")))],
            For::Zendesk => vec![("README.md", filled(include_str!("zendesk.md")))],
        };
        // Before anything is written: a secret that no connection keeps is no use.
        let keeper = self.keeper(globals).await?;
        let given = self.secret_file.as_deref().map(|file| self.given(file)).transpose()?;
        fs::create_dir_all(&self.out).map_err(|error| unwritable(&self.out, &error))?;
        let mut written = Vec::new();
        for (name, text) in files {
            let path = self.out.join(name);
            fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
            written.push(Written { file: path.display().to_string() });
        }
        if let Some(path) = &self.secret_out {
            let secret = make(path)?;
            if let Some(keeper) = &keeper {
                keeper.keep(secret).await?;
            }
            written.push(Written { file: path.display().to_string() });
        }
        if let (Some(keeper), Some(secret)) = (&keeper, given) {
            keeper.keep(secret).await?;
        }
        globals.output.items("files", &written)
    }

    /// The connection that keeps a secret, where there is one to be kept.
    async fn keeper(&self, globals: &Globals) -> Result<Option<Keeper>> {
        if self.secret_out.is_none() && self.secret_file.is_none() {
            return Ok(None);
        }
        let Some(name) = globals.connection.name() else {
            return match self.secret_file {
                None => Ok(None),
                Some(_) => {
                    Err(Failure::usage("--secret-file: --connection is missing; name the connection that keeps it"))
                }
            };
        };
        let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
        let connection = store.find(tenant, name).await?;
        let vendor = self.vendor.provider();
        if connection.provider != vendor {
            return Err(Failure::usage(format!(
                "--connection: `{name}` is of {}, and the kit is for {vendor}; name a connection of {vendor}",
                connection.provider
            )));
        }
        Ok(Some(Keeper { store, connection }))
    }

    /// The secret that the vendor made, as its deliveries could be verified with it.
    fn given(&self, file: &str) -> Result<Secret> {
        let secret = from_file("--secret-file", file)?;
        if secret.expose().is_empty() {
            return Err(Failure::usage("--secret-file: it is empty; give the file that holds the webhook's secret"));
        }
        let registry = ticketing::registry()?;
        if let Some(build) = registry.get(self.vendor.provider())?.webhook {
            build(serde_json::json!({ "secret": secret.expose() }), &BuildContext::new())?;
        }
        Ok(secret)
    }
}

/// Makes a webhook secret in a new file. It is there before a connection has it: nothing is signed with what nobody was given.
fn make(path: &Path) -> Result<Secret> {
    let secret = ticketing_store::new_webhook_secret();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        writeln!(file, "{}", secret.expose())?;
        file.sync_all()
    };
    write().map_err(|error| {
        Failure::usage(format!("--secret-out: cannot write {}: {error}; give the path of a new file", path.display()))
    })?;
    Ok(secret)
}

/// A connection that webhook secrets are kept with.
struct Keeper {
    store: Store,
    connection: Connection,
}

impl Keeper {
    /// Keeps a secret, in front of the one it replaces.
    async fn keep(&self, secret: Secret) -> Result<()> {
        let mut secrets = match self.store.webhook_secrets(&self.connection).await {
            // Nothing is verified by what does not open: a new secret is the way out.
            Err(error) if error.kind() == ErrorKind::Integrity => {
                note(&format!("{}: {}; the new secret takes its place", self.connection.name, error.message()));
                Vec::new()
            }
            known => known?,
        };
        secrets.insert(0, secret);
        secrets.truncate(2);
        Ok(self.store.set_webhook_secrets(&self.connection, &secrets).await?)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("--out: cannot write {}: {error}; give a folder that this user may write", path.display()))
}
