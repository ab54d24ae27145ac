//! `ticketing demo`.

mod steps;
mod story;
mod vendors;

use clap::Args;
use serde::Serialize;
use serde_json::json;
use ticketing::TicketingClient;
use vendor_sandbox::Vendor;

use self::story::Story;
use super::sandbox::{self, SourceArgs};
use crate::args::Globals;
use crate::connection;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Format;

/// Whose sandbox the walk goes through.
const VENDOR: Vendor = Vendor::ServiceNow;
/// Whose sandboxes join at the end.
const OTHERS: [Vendor; 2] = [Vendor::Jira, Vendor::Zendesk];

/// See it work: no account, no network.
///
/// Starts a sandbox in this process on a loopback port, lists, creates, comments on and resolves tickets, reads
/// everything page by page, and proves that nothing was lost or repeated. With --json, its figures as one document.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    source: SourceArgs,
}

/// What the demo found.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// The vendor whose sandbox it was.
    vendor: &'static str,
    /// The ticket it made, by key.
    created: String,
    /// Where that ticket stands at the end.
    status: String,
    /// The comments read back from it.
    comments: usize,
    /// What reading everything gave.
    reading: steps::Reading,
    /// The ticket of each vendor that was moved at the end.
    moved: Vec<vendors::Moved>,
}

impl Demo {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let format = globals.output.format();
        if format == Format::Jsonl {
            return Err(Failure::usage("`demo` is one document, not lines; use --json, or neither"));
        }
        let mut story = Story::new(format == Format::Table);
        story.step("A ServiceNow sandbox, in this process")?;
        if let Some(path) = self.source.event_log() {
            story.say(format!("It loads the log {}.", path.display()))?;
        }
        let running = self.source.launch(VENDOR).start().await.map_err(sandbox::failure)?;
        let outcome = Box::pin(walk(&running.base_url(), &self.source, &mut story)).await;
        running.shutdown().await;
        let summary = outcome?;
        if format == Format::Json {
            globals.output.json_document(&summary)?;
        }
        let reading = &summary.reading;
        if reading.lost + reading.repeated + reading.unexpected > 0 {
            return Err(Failure::new(
                Exit::Unexpected,
                format!("the reading lost {} and repeated {} tickets", reading.lost, reading.repeated),
            ));
        }
        Ok(())
    }
}

/// The configuration of the provider of the same name, for a sandbox at this address.
fn config(vendor: Vendor, base_url: &str) -> serde_json::Value {
    let auth = match vendor {
        Vendor::Zendesk => json!({ "type": "bearer", "token": "sandbox-bearer" }),
        _ => json!({ "type": "basic", "username": "admin", "password": "admin" }),
    };
    json!({ "instance": base_url, "auth": auth })
}

/// From the first call to the last page.
async fn walk(base_url: &str, source: &SourceArgs, story: &mut Story) -> Result<Summary> {
    let provider = VENDOR.name();
    story.say(format!("It listens on {base_url}, and has a clock of its own."))?;
    story.say("Only the connection knows the vendor; what follows is the same for every ticketing system:")?;
    story.code(format!("--provider {provider}"))?;
    story.code(format!("--config '{}'", config(VENDOR, base_url)))?;
    let client = connection::connect_to_sandbox(provider, config(VENDOR, base_url))?;

    steps::check(&client, story).await?;
    steps::list(&client, story).await?;
    let ticket = steps::create(&client, story).await?;
    let comments = steps::comment(&client, &ticket, story).await?;
    let ticket = steps::resolve(&client, &ticket, story).await?;
    let reading = steps::read_everything(&client, story).await?;
    let moved = several_vendors(client, source, story).await?;

    story.step("Go on by yourself")?;
    let log = source.event_log().map(|path| format!(" --event-log '{}'", path.display())).unwrap_or_default();
    let moment = source.as_of().map(|at| format!(" --as-of '{}'", at.format("%Y-%m-%d %H:%M:%S"))).unwrap_or_default();
    story.code(format!("ticketing sandbox --vendor {VENDOR} --port 4010{log}{moment}"))?;
    let config = config(VENDOR, "http://127.0.0.1:4010");
    story.code(format!("ticketing tickets list --provider {provider} --config '{config}' --status unresolved"))?;
    Ok(Summary {
        vendor: provider,
        created: ticket.key,
        status: ticket.status.category.to_string(),
        comments,
        reading,
        moved,
    })
}

/// The other vendors' sandboxes come up, and what was one vendor's before is everybody's now.
async fn several_vendors(
    client: TicketingClient,
    source: &SourceArgs,
    story: &mut Story,
) -> Result<Vec<vendors::Moved>> {
    let mut accounts = vec![vendors::Account { vendor: VENDOR.name(), client }];
    let mut running = Vec::with_capacity(OTHERS.len());
    for vendor in OTHERS {
        let sandbox = source.company(vendor).start().await.map_err(sandbox::failure)?;
        let client = connection::connect_to_sandbox(vendor.name(), config(vendor, &sandbox.base_url()))?;
        accounts.push(vendors::Account { vendor: vendor.name(), client });
        running.push(sandbox);
    }
    vendors::one_table(&accounts, story).await?;
    let moved = vendors::move_one_of_each(&accounts, story).await?;
    for sandbox in running {
        sandbox.shutdown().await;
    }
    Ok(moved)
}
