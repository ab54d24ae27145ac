//! `ticketing tickets get`.

use clap::Args;
use ticketing::TicketingClient;
use ticketing::request::GetTicket;

use super::DetailArgs;
use crate::args::{Globals, parse};
use crate::failure::Result;

/// Show one ticket.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The ticket's id, or its key
    #[arg(value_parser = parse::not_empty)]
    id: String,
    #[command(flatten)]
    detail: DetailArgs,
}

impl Get {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let request = GetTicket::new(self.id.as_str())
            .with_projection(self.detail.projection())
            .with_include_raw(self.detail.raw);
        globals.output.document(&client.get_ticket(request).await?)
    }
}
