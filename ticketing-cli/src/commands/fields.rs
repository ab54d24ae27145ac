//! `ticketing fields`.

use clap::Args;
use ticketing::CollectionId;
use ticketing::request::ListFields;

use crate::args::Globals;
use crate::args::paging::PagingArgs;
use crate::failure::Result;
use crate::listing;

/// List the field catalogue of tickets.
#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// Load the choices too
    #[arg(long)]
    choices: bool,
    /// Of this native ticket type (table, issue type); without it, of all that are configured
    #[arg(long = "type", value_name = "NATIVE")]
    ticket_type: Option<String>,
    /// Of this collection, by id, where fields differ by it
    #[arg(long, value_name = "ID")]
    collection: Option<String>,
    #[command(flatten)]
    paging: PagingArgs,
}

impl Fields {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let client = globals.connection.connect().await?;
        let request = ListFields::new()
            .with_choices(self.choices)
            .with_ticket_type(self.ticket_type.clone())
            .with_collection(self.collection.clone().map(CollectionId::from));
        let batches = listing::read(&client, &self.paging, move |at| {
            at.client.field_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
        });
        globals.output.list("fields", batches).await
    }
}
