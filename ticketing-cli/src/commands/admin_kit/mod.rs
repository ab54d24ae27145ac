//! `ticketing admin-kit`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use ticketing::servicenow::admin_kit::AdminKit;
use ticketing::{Clock as _, Secret, SystemClock};

use crate::args::{Globals, parse};
use crate::commands::connect::from_file;
use crate::failure::{Failure, Result};
use crate::output::Row;

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
    /// A table that tickets come from, for ServiceNow; several by repeating
    #[arg(long, value_name = "NAME", default_value = "incident")]
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
        // Its checks of the addresses hold for every vendor.
        let kit = AdminKit::new(&self.webhook_url, &self.redirect_uri, self.table.clone())?;
        let filled = |guide: &str| {
            guide.replace("{{webhook_url}}", &self.webhook_url).replace("{{redirect_uri}}", &self.redirect_uri)
        };
        let files: Vec<(&str, String)> = match self.vendor {
            For::ServiceNow => kit.files(SystemClock.now()).into_iter().map(|file| (file.name, file.text)).collect(),
            For::Jira => vec![("README.md", filled(include_str!("jira.md")))],
            For::Zendesk => vec![("README.md", filled(include_str!("zendesk.md")))],
        };
        fs::create_dir_all(&self.out).map_err(|error| unwritable(&self.out, &error))?;
        let mut written = Vec::new();
        for (name, text) in files {
            let path = self.out.join(name);
            fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
            written.push(Written { file: path.display().to_string() });
        }
        if let Some(path) = &self.secret_out {
            self.secret(globals, path).await?;
            written.push(Written { file: path.display().to_string() });
        }
        if let Some(file) = &self.secret_file {
            let Some(name) = globals.connection.name() else {
                return Err(Failure::usage(
                    "--secret-file: --connection is missing; name the connection that keeps it",
                ));
            };
            let secret = from_file("--secret-file", file)?;
            if secret.expose().is_empty() {
                return Err(Failure::usage(
                    "--secret-file: it is empty; give the file that holds the webhook's secret",
                ));
            }
            keep(globals, name, secret).await?;
        }
        globals.output.items("files", &written)
    }

    /// Makes a webhook secret. It is in the file before the connection has it: nothing is signed with what nobody was given.
    async fn secret(&self, globals: &Globals, path: &Path) -> Result<()> {
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
            Failure::usage(format!(
                "--secret-out: cannot write {}: {error}; give the path of a new file",
                path.display()
            ))
        })?;
        match globals.connection.name() {
            Some(name) => keep(globals, name, secret).await,
            None => Ok(()),
        }
    }
}

/// Keeps a webhook secret with a connection, in front of the one it replaces.
async fn keep(globals: &Globals, name: &str, secret: Secret) -> Result<()> {
    let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
    let connection = store.find(tenant, name).await?;
    let mut secrets = store.webhook_secrets(&connection).await?;
    secrets.insert(0, secret);
    secrets.truncate(2);
    Ok(store.set_webhook_secrets(&connection, &secrets).await?)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("--out: cannot write {}: {error}; give a folder that this user may write", path.display()))
}
