//! `--connection`, or `--provider` and `--config`: which ticketing system, with whose credential.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use clap::Args;
use serde_json::Value;
use ticketing::http::{AddressPolicy, HttpContext, ReqwestTransport};
use ticketing::{BuildContext, Secret, TicketingClient};
use ticketing_store::Connections;

use crate::args::parse;
use crate::args::text::standard_input;
use crate::failure::{Failure, Result, without_json};
use crate::store::StoreArgs;

/// Which ticketing system, with whose credential.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// The provider; `ticketing providers` lists them
    #[arg(long, global = true, value_name = "NAME", env = "TICKETING_PROVIDER", hide_env_values = true)]
    provider: Option<String>,
    /// Its configuration as JSON, or @FILE, or @- for standard input. Any text in it may be taken from elsewhere:
    /// {"env":"NAME"} from an environment variable, {"file":"PATH"} from a file
    #[arg(long, global = true, value_name = "JSON|@FILE", env = "TICKETING_CONFIG", hide_env_values = true, value_parser = parse::secret)]
    config: Option<Secret>,
    /// Trust the certificates of this PEM file too: a company's own, or those of `sandbox --tls`
    #[arg(long, global = true, value_name = "FILE", env = "TICKETING_CA_FILE", hide_env_values = true)]
    ca_file: Option<PathBuf>,
    /// Allow this host although it is not public, `tickets.intra.example` or `10.0.0.7:8443`; several by repeating
    #[arg(long, global = true, value_name = "HOST", value_parser = parse::host)]
    allow_host: Vec<String>,
    /// The connection of this name in the store, instead of --provider and --config; `ticketing connections list` shows them
    #[arg(long, global = true, value_name = "NAME", env = "TICKETING_CONNECTION", hide_env_values = true)]
    connection: Option<String>,
    /// Whether --connection was typed, and is not of the environment.
    #[arg(skip)]
    connection_is_typed: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl ConnectionArgs {
    /// What is typed goes before what the environment says: --connection before TICKETING_PROVIDER and TICKETING_CONFIG,
    /// --provider and --config before TICKETING_CONNECTION.
    pub(crate) fn prefer_typed(&mut self, is_typed: impl Fn(&str) -> bool) {
        let (provider, config) = (is_typed("provider"), is_typed("config"));
        self.connection_is_typed = is_typed("connection");
        self.store.prefer_typed(is_typed("key_file"));
        if self.connection_is_typed {
            self.provider.take_if(|_| !provider);
            self.config.take_if(|_| !config);
        } else if provider || config {
            self.connection = None;
        }
    }

    /// The name of a stored connection, where it was typed: what changes a connection is not left to the environment.
    pub(crate) fn typed_name(&self) -> Option<&str> {
        self.connection.as_deref().filter(|_| self.connection_is_typed)
    }

    /// The provider's name, where one was given.
    pub(crate) fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    /// True where a configuration was given.
    pub(crate) fn has_config(&self) -> bool {
        self.config.is_some()
    }

    /// The name of a stored connection, where one was given.
    pub(crate) fn name(&self) -> Option<&str> {
        self.connection.as_deref()
    }

    /// Where connections are stored.
    pub(crate) fn store(&self) -> &StoreArgs {
        &self.store
    }

    /// The configuration that was given, secrets filled in.
    pub(crate) fn config(&self) -> Result<Option<Value>> {
        self.config.as_ref().map(|config| read(config.expose())).transpose()
    }

    /// A client of the connection.
    pub(crate) async fn connect(&self) -> Result<TicketingClient> {
        if let Some(name) = &self.connection {
            if self.provider.is_some() || self.config.is_some() {
                return Err(Failure::usage(
                    "--connection: --provider or --config is given too, here or by TICKETING_PROVIDER and TICKETING_CONFIG; give one or the other",
                ));
            }
            let (_, connections) = self.connections().await?;
            return Ok(connections.client(self.store.tenant(), name).await?);
        }
        let registry = ticketing::registry()?;
        let Some(provider) = &self.provider else {
            let known: Vec<_> = registry.iter().map(|provider| provider.name).collect();
            return Err(Failure::usage(format!(
                "--provider: none is given; add --provider with one of: {} (or set TICKETING_PROVIDER), and --config with its configuration; or --connection with the name of a stored one",
                known.join(", ")
            )));
        };
        // The name first: its error is the clearer one where both are wrong.
        let name = registry.get(provider)?.name;
        let config = self.config()?.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        Ok(ticketing::connect_with(name, config, &BuildContext::new().with_extension(self.http()?))?)
    }

    /// The stored connections, and the HTTP plane that they are opened with.
    pub(crate) async fn connections(&self) -> Result<(HttpContext, Connections)> {
        let http = self.http()?;
        let connections = self.connections_over(http.clone()).await?;
        Ok((http, connections))
    }

    /// The stored connections over this HTTP plane.
    pub(crate) async fn connections_over(&self, http: HttpContext) -> Result<Connections> {
        let store = self.store.open().await?;
        let context = BuildContext::new().with_extension(http);
        let connections = Connections::new(store, ticketing::registry()?, &context)?;
        // A command opens them once.
        let _ = OPENED.set(connections.clone());
        Ok(connections)
    }

    /// The network, as far as the one who types the command opens it.
    pub(crate) fn http(&self) -> Result<HttpContext> {
        let policy = self.allow_host.iter().fold(loopback(), |policy, host| policy.allow_host(host));
        http(policy, self.ca_file.as_ref())
    }
}

/// The connections that this command opened.
static OPENED: OnceLock<Connections> = OnceLock::new();

/// Waits for refreshes that the command leaves behind.
pub(crate) async fn settled() {
    if let Some(connections) = OPENED.get() {
        connections.settled().await;
    }
}

/// A client of a provider on this machine itself: of a sandbox.
pub(crate) fn connect_to_sandbox(provider: &str, config: Value) -> Result<TicketingClient> {
    let context = BuildContext::new().with_extension(http(loopback(), None)?);
    Ok(ticketing::connect_with(provider, config, &context)?)
}

/// Public hosts, and this machine itself: the one who types an address here may mean it.
fn loopback() -> AddressPolicy {
    AddressPolicy::strict().allow_loopback()
}

fn http(policy: AddressPolicy, ca_file: Option<&PathBuf>) -> Result<HttpContext> {
    let Some(path) = ca_file else { return Ok(HttpContext::new(policy)?) };
    let pem = fs::read(path)
        .map_err(|error| Failure::usage(format!("--ca-file: cannot read the file {}: {error}", path.display())))?;
    let transport = ReqwestTransport::builder(policy.clone()).with_root_certificates(&pem)?.build()?;
    Ok(HttpContext::with_transport(policy, Arc::new(transport)))
}

/// The configuration from its argument, secrets filled in. No error shows any part of it but keys.
fn read(argument: &str) -> Result<Value> {
    let text = match argument.strip_prefix('@') {
        None => argument.to_owned(),
        Some("-") => standard_input()?,
        Some(path) => fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("--config: cannot read the file {}: {error}", without_json(path)))
        })?,
    };
    let mut config: Value = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!(
            "--config: it is not JSON: {error}; write {{\"key\":\"value\"}}, @FILE for a file, or @- for standard input"
        ))
    })?;
    if !config.is_object() {
        return Err(Failure::usage("--config: it is no JSON object; write {\"key\":\"value\"}"));
    }
    fill_in(&mut config, &mut Vec::new())?;
    Ok(config)
}

/// Puts in what `{"env":"NAME"}` and `{"file":"PATH"}` stand for. Keys below `mapping` are the vendor's own words, and
/// stay.
fn fill_in(value: &mut Value, path: &mut Vec<String>) -> Result<()> {
    match value {
        Value::Object(map) => {
            if let Some(text) = elsewhere(map, path)? {
                *value = Value::String(text);
                return Ok(());
            }
            for (key, value) in map.iter_mut().filter(|(key, _)| *key != "mapping") {
                path.push(key.clone());
                fill_in(value, path)?;
                path.pop();
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill_in(item, path)),
        _ => Ok(()),
    }
}

fn elsewhere(map: &serde_json::Map<String, Value>, path: &[String]) -> Result<Option<String>> {
    let mut entries = map.iter();
    let (Some((key, Value::String(name))), None) = (entries.next(), entries.next()) else {
        return Ok(None);
    };
    let place = || format!("--config: `{}`", path.join("."));
    match key.as_str() {
        "env" => std::env::var(name).map(Some).map_err(|_| {
            Failure::usage(format!("{}: the environment variable {name} is not set, or no UTF-8; export it", place()))
        }),
        "file" => fs::read_to_string(name)
            .map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
            .map_err(|error| Failure::usage(format!("{}: cannot read the file {name}: {error}", place()))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(failure: Failure) -> String {
        match failure {
            Failure::Told { message, .. } => message,
            Failure::ClosedPipe => unreachable!(),
        }
    }

    #[test]
    fn secrets_come_from_files_and_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "hunter2\n").unwrap();
        let config = json!({
            "auth": { "password": { "file": file.path() }, "path": { "env": "PATH" } },
            "mapping": { "status": { "env": "open" } },
        });
        let filled = read(&config.to_string()).unwrap();
        assert_eq!(filled["auth"]["password"], "hunter2");
        assert_eq!(filled["auth"]["path"], std::env::var("PATH").unwrap());
        assert_eq!(filled["mapping"], json!({ "status": { "env": "open" } }));
    }

    #[test]
    fn a_missing_source_is_named_with_its_key() {
        let error = message(read(r#"{"auth":{"password":{"env":"TICKETING_NO_SUCH"}}}"#).unwrap_err());
        assert!(error.contains("`auth.password`") && error.contains("TICKETING_NO_SUCH"), "{error}");
        let error = message(read(r#"{"auth":{"password":{"file":"/no/such/file"}}}"#).unwrap_err());
        assert!(error.contains("`auth.password`") && error.contains("/no/such/file"), "{error}");
    }

    #[test]
    fn what_is_not_an_object_is_refused_without_being_shown() {
        let misplaced = r#"@{"password":"hunter2"}"#;
        for bad in [r#"{"password":"hunter2""#, r#"["hunter2"]"#, "hunter2", "", r#"{"a":"hunter2"}}"#, misplaced] {
            let error = message(read(bad).unwrap_err());
            assert!(error.starts_with("--config: "), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
