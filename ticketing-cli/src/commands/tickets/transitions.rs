//! `ticketing tickets transitions`.

use clap::Args;
use ticketing::TicketingClient;
use ticketing::model::Transition;
use ticketing::request::ListTransitions;

use crate::args::{Globals, parse};
use crate::failure::Result;
use crate::output::{Row, or_dash};

/// List the status changes that a ticket can make now, and the fields that have to be given with each.
#[derive(Debug, Args)]
pub(crate) struct Transitions {
    /// The ticket's id, or its key
    #[arg(value_parser = parse::not_empty)]
    id: String,
}

impl Row for Transition {
    const HEADINGS: &'static [&'static str] = &["ID", "NAME", "TO", "STATUS", "NEEDS"];

    fn cells(&self) -> Vec<String> {
        let native = self.to.native.name.clone().unwrap_or_else(|| self.to.native.id.clone());
        let needs: Vec<&str> = self.required_fields.iter().map(|field| field.as_str()).collect();
        vec![
            self.id.to_string(),
            self.name.clone(),
            native,
            self.to.category.to_string(),
            or_dash(Some(needs.join(", "))),
        ]
    }
}

impl Transitions {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let found = client.list_transitions(ListTransitions::new(self.id.as_str())).await?;
        globals.output.items("transitions", &found)
    }
}
