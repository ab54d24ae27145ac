//! `ticketing tickets delete`.

use clap::Args;
use serde::Serialize;
use ticketing::request::DeleteTicket;
use ticketing::{TicketingClient, Version};

use crate::args::{Globals, parse};
use crate::failure::Result;
use crate::output::Row;

/// Delete a ticket.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The ticket's id, or its key
    #[arg(value_parser = parse::not_empty)]
    id: String,
    /// Refuse where the ticket has changed since this version
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<String>,
}

/// What was deleted.
#[derive(Serialize)]
struct Deleted<'a> {
    deleted: &'a str,
}

impl Row for Deleted<'_> {
    const HEADINGS: &'static [&'static str] = &["DELETED"];

    fn cells(&self) -> Vec<String> {
        vec![self.deleted.to_owned()]
    }
}

impl Delete {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let request =
            DeleteTicket::new(self.id.as_str()).with_expected_version(self.expected_version.clone().map(Version::from));
        client.delete_ticket(request).await?;
        globals.output.document(&Deleted { deleted: &self.id })
    }
}
