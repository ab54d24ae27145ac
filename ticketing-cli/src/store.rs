//! `--store` and `--tenant`: where connections are kept, and whose.

use std::path::{Path, PathBuf};

use clap::Args;
use ticketing::Secret;
use ticketing_store::{KeySource, Location, Store};

use crate::args::parse;
use crate::failure::{Failure, Result};

/// Where connections are kept, and whose.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct StoreArgs {
    /// Where connections are kept: a file, made on first use, or postgres://…; without it, a file of this user's
    #[arg(long, global = true, value_name = "PATH|URL", env = "TICKETING_STORE", hide_env_values = true, value_parser = parse::secret)]
    store: Option<Secret>,
    /// Whose connections
    #[arg(long, global = true, value_name = "NAME", env = "TICKETING_TENANT", hide_env_values = true, default_value = "default", value_parser = parse::not_empty)]
    tenant: String,
    /// The file of the keys that seal credentials; without it and TICKETING_KEY, one is made beside the store
    #[arg(long, global = true, value_name = "FILE", env = "TICKETING_KEY_FILE", hide_env_values = true)]
    key_file: Option<PathBuf>,
    /// Whether --key-file was typed, and is not of the environment.
    #[arg(skip)]
    key_file_is_typed: bool,
}

impl StoreArgs {
    /// A key file that is typed goes before TICKETING_KEY.
    pub(crate) fn prefer_typed(&mut self, key_file: bool) {
        self.key_file_is_typed = key_file;
    }

    /// Whether the keys are in TICKETING_KEY, where their owner changes them.
    pub(crate) fn has_keys_in_environment(&self) -> bool {
        !self.key_file_is_typed && set("TICKETING_KEY").is_some()
    }

    /// Whose connections.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Opens the store.
    pub(crate) async fn open(&self) -> Result<Store> {
        let location = match &self.store {
            // An address of PostgreSQL may hold a password.
            Some(text) => text.expose().parse()?,
            None => Location::File(own_folder()?.join("connections.db")),
        };
        Ok(Store::open(&location, self.keys(&location)?).await?)
    }

    fn keys(&self, location: &Location) -> Result<KeySource> {
        if let (false, Some(keys)) = (self.key_file_is_typed, set("TICKETING_KEY")) {
            return Ok(KeySource::Text { name: "TICKETING_KEY".to_owned(), keys: Secret::new(keys) });
        }
        if let Some(path) = &self.key_file {
            return Ok(KeySource::Generated(path.clone()));
        }
        Ok(KeySource::Generated(match location {
            Location::File(path) => beside(path),
            _ => own_folder()?.join("connections.key"),
        }))
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `connections.db` has its keys in `connections.db.key`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".key");
    path.with_file_name(name)
}

/// This user's folder for data, as the system has it.
fn own_folder() -> Result<PathBuf> {
    let data = set("XDG_DATA_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/share")));
    data.map(|data| data.join("ticketing")).ok_or_else(|| {
        Failure::usage("--store: this user has no folder for data; give the path of a file, or set TICKETING_STORE")
    })
}
