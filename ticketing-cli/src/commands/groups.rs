//! `ticketing groups`.

use clap::{Args, Subcommand};
use ticketing::request::{FindGroups, GetGroup, ListGroupMembers, ListGroups};
use ticketing::{Error, ErrorKind, GroupId, GroupSelector, TicketingClient};

use crate::args::paging::PagingArgs;
use crate::args::{Globals, parse};
use crate::failure::{Failure, Result};
use crate::listing;

/// Read groups and their members.
#[derive(Debug, Subcommand)]
pub(crate) enum Groups {
    /// List groups
    List(List),
    /// Show one group
    Get(Get),
    /// List a group's members
    Members(Members),
}

/// List groups.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those with this in their name
    #[arg(long, value_name = "TEXT", value_parser = parse::not_empty, conflicts_with = "raw")]
    text: Option<String>,
    /// Those that can no longer be assigned too
    #[arg(long)]
    include_inactive: bool,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    paging: PagingArgs,
}

/// Show one group.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The group: an id or `name:…`
    #[arg(value_name = "GROUP", value_parser = parse::core::<GroupSelector>)]
    group: GroupSelector,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
}

/// List a group's members.
#[derive(Debug, Args)]
pub(crate) struct Members {
    /// The group: an id or `name:…`
    #[arg(value_name = "GROUP", value_parser = parse::core::<GroupSelector>)]
    group: GroupSelector,
    /// Those who can no longer work too
    #[arg(long)]
    include_inactive: bool,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    paging: PagingArgs,
}

impl Groups {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let client = globals.connection.connect().await?;
        match self {
            Self::List(command) => command.run(globals, &client).await,
            Self::Get(command) => command.run(globals, &client).await,
            Self::Members(command) => command.run(globals, &client).await,
        }
    }
}

impl List {
    async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let batches = match &self.text {
            Some(text) => {
                let request = FindGroups::new().with_text(text.clone()).with_include_inactive(self.include_inactive);
                listing::read(client, &self.paging, move |at| {
                    at.client.found_group_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
                })
            }
            None => {
                let request = ListGroups::new().with_include_inactive(self.include_inactive).with_include_raw(self.raw);
                listing::read(client, &self.paging, move |at| {
                    at.client.group_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
                })
            }
        };
        globals.output.list("groups", batches).await
    }
}

impl Get {
    async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let id = id_of(client, &self.group).await?;
        let group = client.get_group(GetGroup::new(id).with_include_raw(self.raw)).await?;
        globals.output.document(&group)
    }
}

impl Members {
    async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let request = ListGroupMembers::new(id_of(client, &self.group).await?)
            .with_include_inactive(self.include_inactive)
            .with_include_raw(self.raw);
        let batches = listing::read(client, &self.paging, move |at| {
            at.client.group_member_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
        });
        globals.output.list("users", batches).await
    }
}

/// The one group that is meant.
pub(crate) async fn id_of(client: &TicketingClient, group: &GroupSelector) -> Result<GroupId> {
    let name = match group {
        GroupSelector::Id(id) => return Ok(id.clone()),
        GroupSelector::Name(name) => name,
        other => {
            return Err(Failure::usage(format!("GROUP: a group cannot be read by `{other}`; give an id or `name:…`")));
        }
    };
    let found = client.find_groups(FindGroups::new().with_name(name.clone()).with_include_inactive(true)).await?;
    match found.items.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Error::new(ErrorKind::NotFound, format!("there is no group named `{name}`"))
            .with_field("GROUP")
            .with_hint("list them with `groups list`")
            .into()),
        several => {
            let candidates: Vec<_> = several.iter().map(|group| group.id.to_string()).collect();
            Err(Error::invalid("GROUP", format!("several groups are named `{name}`: {}", candidates.join(", ")))
                .with_hint("give one's id")
                .into())
        }
    }
}
