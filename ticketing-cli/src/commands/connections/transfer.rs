//! `ticketing connections export` and `import`.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ticketing::Secret;
use ticketing_store::Exported;

use crate::args::{Globals, parse};
use crate::commands::connect::from_file;
use crate::failure::{Failure, Result};

/// Where the passphrase comes from.
#[derive(Debug, Args)]
struct Passphrase {
    /// A file that holds the passphrase, `-` for standard input; without it, TICKETING_PASSPHRASE
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<String>,
}

impl Passphrase {
    fn read(&self) -> Result<Secret> {
        match &self.passphrase_file {
            Some(file) => from_file("--passphrase-file", file),
            None => match std::env::var("TICKETING_PASSPHRASE") {
                Ok(passphrase) if !passphrase.is_empty() => Ok(Secret::new(passphrase)),
                _ => Err(Failure::usage(
                    "--passphrase-file: none is given; give a file, `-` for standard input, or set TICKETING_PASSPHRASE",
                )),
            },
        }
    }
}

/// Write a connection with its secrets to a file, sealed under a passphrase.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The connection's name
    #[arg(value_name = "NAME", value_parser = parse::not_empty)]
    name: String,
    /// The file to write; it must not exist. Without it, to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: Passphrase,
}

impl Export {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let passphrase = self.passphrase.read()?;
        let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
        let connection = store.find(tenant, &self.name).await?;
        let exported = store.export(&connection, &passphrase).await?;
        let Some(path) = &self.out else { return globals.output.json_document(&exported) };
        let failed = |error: std::io::Error| {
            Failure::usage(format!("--out: cannot write {}: {error}; give the path of a new file", path.display()))
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text = serde_json::to_string(&exported).map_err(|error| failed(error.into()))?;
        let mut file = options.open(path).map_err(failed)?;
        writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(failed)
    }
}

/// Keep a connection that was exported elsewhere.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The exported file; `-`: standard input
    #[arg(value_name = "FILE", value_parser = parse::not_empty)]
    file: String,
    /// Another name for it here
    #[arg(long, value_name = "NAME", value_parser = parse::not_empty)]
    name: Option<String>,
    #[command(flatten)]
    passphrase: Passphrase,
}

impl Import {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        if self.file == "-" && self.passphrase.passphrase_file.as_deref() == Some("-") {
            return Err(Failure::usage("--passphrase-file: standard input holds the connection; give a file"));
        }
        let passphrase = self.passphrase.read()?;
        let text = from_file("FILE", &self.file)?;
        let exported: Exported = serde_json::from_str(text.expose()).map_err(|_| {
            Failure::usage("FILE: it is no exported connection; give a file that `connections export` wrote, whole")
        })?;
        let (store, tenant) = (globals.connection.store().open().await?, globals.connection.store().tenant());
        globals.output.document(&store.import(tenant, &exported, &passphrase, self.name.as_deref()).await?)
    }
}
