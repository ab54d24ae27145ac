//! `ticketing tickets history`.

use clap::Args;
use ticketing::TicketingClient;
use ticketing::request::ListHistory;

use crate::args::paging::PagingArgs;
use crate::args::{Globals, parse};
use crate::failure::Result;
use crate::listing;

/// List what happened to a ticket, oldest first.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The ticket's id, or its key
    #[arg(value_parser = parse::not_empty)]
    id: String,
    #[command(flatten)]
    paging: PagingArgs,
}

impl History {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let request = ListHistory::new(self.id.as_str());
        let batches = listing::read(client, &self.paging, move |at| {
            at.client.history_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
        });
        globals.output.list("history entries", batches).await
    }
}
