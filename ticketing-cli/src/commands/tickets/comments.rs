//! `ticketing tickets comments`.

use clap::Args;
use ticketing::TicketingClient;
use ticketing::model::Visibility;
use ticketing::request::ListComments;

use crate::args::paging::PagingArgs;
use crate::args::{Globals, parse};
use crate::failure::Result;
use crate::listing;

/// List a ticket's comments, oldest first.
#[derive(Debug, Args)]
pub(crate) struct Comments {
    /// The ticket's id, or its key
    #[arg(value_parser = parse::not_empty)]
    id: String,
    /// Only these: public, internal or restricted
    #[arg(long, value_parser = parse::core::<Visibility>)]
    visibility: Option<Visibility>,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    paging: PagingArgs,
}

impl Comments {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let request = ListComments::new(self.id.as_str()).with_visibility(self.visibility).with_include_raw(self.raw);
        let batches = listing::read(client, &self.paging, move |at| {
            at.client.comment_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
        });
        globals.output.list("comments", batches).await
    }
}
