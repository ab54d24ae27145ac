//! `ticketing providers`.

use clap::Args;
use serde::Serialize;
use ticketing::{Capabilities, ProviderRegistration};

use crate::args::Globals;
use crate::failure::Result;
use crate::output::{Format, Row, or_dash};

/// List the linked providers; with --provider and --config, show what that connection can do.
#[derive(Debug, Args)]
pub(crate) struct Providers {}

/// One provider.
#[derive(Debug, Serialize)]
struct Provider {
    /// The name to give to --provider.
    name: &'static str,
    /// Other names for it.
    aliases: &'static [&'static str],
    /// What it talks to.
    description: &'static str,
    /// True where accounts can be connected by OAuth.
    authorization: bool,
    /// True where it verifies webhook deliveries.
    webhook: bool,
    /// The schema of its configuration.
    config_schema: schemars::Schema,
    /// What the connection can do, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Capabilities>,
}

impl Provider {
    fn new(registration: &ProviderRegistration) -> Self {
        Self {
            name: registration.name,
            aliases: registration.aliases,
            description: registration.description,
            authorization: registration.authorization.is_some(),
            webhook: registration.webhook.is_some(),
            config_schema: (registration.config_schema)(),
            capabilities: None,
        }
    }
}

impl Row for Provider {
    const HEADINGS: &'static [&'static str] = &["NAME", "ALIASES", "DESCRIPTION"];

    fn cells(&self) -> Vec<String> {
        vec![self.name.to_owned(), or_dash(Some(self.aliases.join(", "))), self.description.to_owned()]
    }

    fn details(&self) -> Vec<(String, String)> {
        let mut details = vec![
            ("name".to_owned(), self.name.to_owned()),
            ("aliases".to_owned(), or_dash(Some(self.aliases.join(", ")))),
            ("description".to_owned(), self.description.to_owned()),
        ];
        if let Some(capabilities) = &self.capabilities
            && let Ok(serde_json::Value::Object(all)) = serde_json::to_value(capabilities)
        {
            details.extend(all.into_iter().map(|(name, value)| (name.replace('_', " "), words(&value))));
        }
        details
    }
}

/// A capability in words.
fn words(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(items) => or_dash(Some(items.iter().map(words).collect::<Vec<_>>().join(", "))),
        serde_json::Value::Object(map) => {
            let known = map.iter().filter(|(_, value)| !value.is_null());
            or_dash(Some(known.map(|(key, value)| format!("{key} {}", words(value))).collect::<Vec<_>>().join(", ")))
        }
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

impl Providers {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let registry = ticketing::registry()?;
        let Some(name) = globals.connection.provider() else {
            let all: Vec<_> = registry.iter().map(Provider::new).collect();
            return globals.output.items("providers", &all);
        };
        let mut provider = Provider::new(registry.get(name)?);
        if globals.connection.has_config() {
            provider.capabilities = Some(globals.connection.connect().await?.capabilities());
        }
        match globals.output.format() {
            Format::Table => globals.output.document(&provider),
            Format::Json | Format::Jsonl => globals.output.json_document(&provider),
        }
    }
}
