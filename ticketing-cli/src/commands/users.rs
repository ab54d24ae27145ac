//! `ticketing users`.

use clap::{Args, Subcommand};
use ticketing::request::{AssignableTo, FindUsers, GetUser, ListUsers};
use ticketing::{Error, ErrorKind, GroupSelector, TicketingClient, UserId, UserSelector};

use super::groups;
use crate::args::paging::PagingArgs;
use crate::args::{Globals, parse};
use crate::failure::{Failure, Result};
use crate::listing;

/// Read and find users.
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// List users
    List(List),
    /// Show one user
    Get(Get),
    /// Find active users by email, name or text: the assignee picker
    Find(Find),
}

/// List users.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Those who can no longer work too
    #[arg(long)]
    include_inactive: bool,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    paging: PagingArgs,
}

/// Show one user.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The user: an id, `email:…` or `me`
    #[arg(value_name = "USER", value_parser = parse::core::<UserSelector>)]
    user: UserSelector,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
}

/// Find active users by email, name or text.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Find {
    /// With exactly this email address
    #[arg(long, value_name = "ADDRESS", value_parser = parse::not_empty)]
    email: Option<String>,
    /// With exactly this display name
    #[arg(long, value_name = "NAME", value_parser = parse::not_empty)]
    name: Option<String>,
    /// With this as a part of name, login name or email address
    #[arg(long, value_name = "TEXT", value_parser = parse::not_empty)]
    text: Option<String>,
    /// Only those who can be assigned to tickets of this group: `name:…` or an id
    #[arg(long, value_name = "GROUP", value_parser = parse::core::<GroupSelector>)]
    assignable_to_group: Option<GroupSelector>,
    /// Only those who can be assigned to this ticket, by id
    #[arg(long, value_name = "ID", conflicts_with = "assignable_to_group", value_parser = parse::not_empty)]
    assignable_to_ticket: Option<String>,
    /// Only those who can be assigned to tickets of this collection, by id
    #[arg(long, value_name = "ID", conflicts_with_all = ["assignable_to_group", "assignable_to_ticket"], value_parser = parse::not_empty)]
    assignable_to_collection: Option<String>,
    /// Those who can no longer work too
    #[arg(long)]
    include_inactive: bool,
    #[command(flatten)]
    paging: PagingArgs,
}

impl Users {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let client = globals.connection.connect().await?;
        match self {
            Self::List(command) => command.run(globals, &client).await,
            Self::Get(command) => command.run(globals, &client).await,
            Self::Find(command) => command.run(globals, &client).await,
        }
    }
}

impl List {
    async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let request = ListUsers::new().with_include_inactive(self.include_inactive).with_include_raw(self.raw);
        let batches = listing::read(client, &self.paging, move |at| {
            at.client.user_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
        });
        globals.output.list("users", batches).await
    }
}

impl Get {
    async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let id = match &self.user {
            UserSelector::Id(id) => id.clone(),
            UserSelector::Me => {
                let user = client.check().await?.user;
                user.map(|user| UserId::from(user.id)).ok_or_else(|| {
                    Error::invalid("user", "the vendor does not say who the credential belongs to")
                        .with_hint("give the user's id")
                })?
            }
            UserSelector::Email(email) => by_email(client, email).await?,
            other => {
                return Err(Failure::usage(format!(
                    "USER: a user cannot be read by `{other}`; give an id, `email:…` or `me`, or look with `users find --text …`"
                )));
            }
        };
        let user = client.get_user(GetUser::new(id).with_include_raw(self.raw)).await?;
        globals.output.document(&user)
    }
}

/// The one user with this address.
async fn by_email(client: &TicketingClient, email: &str) -> Result<UserId> {
    let found = client.find_users(FindUsers::new().with_email(email.to_owned()).with_include_inactive(true)).await?;
    match found.items.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Error::new(ErrorKind::NotFound, format!("there is no user with the email address {email}"))
            .with_field("USER")
            .with_hint("look with `users find --text …`")
            .into()),
        several => {
            let candidates: Vec<_> = several.iter().map(|user| format!("{} ({})", user.id, user.name)).collect();
            Err(Error::invalid(
                "USER",
                format!("several users share the email address {email}: {}", candidates.join(", ")),
            )
            .with_hint("give one's id")
            .into())
        }
    }
}

impl Find {
    async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let assignable_to =
            match (&self.assignable_to_group, &self.assignable_to_ticket, &self.assignable_to_collection) {
                (Some(group), _, _) => Some(AssignableTo::Group(groups::id_of(client, group).await?)),
                (_, Some(ticket), _) => Some(AssignableTo::Ticket(ticket.as_str().into())),
                (_, _, Some(collection)) => Some(AssignableTo::Collection(collection.as_str().into())),
                (None, None, None) => None,
            };
        if self.email.is_none() && self.name.is_none() && self.text.is_none() && assignable_to.is_none() {
            return Err(Failure::usage(
                "users find: it does not say whom to find; add --email, --name, --text or --assignable-to-group",
            ));
        }
        let request = FindUsers::new()
            .with_email(self.email.clone())
            .with_name(self.name.clone())
            .with_text(self.text.clone())
            .with_assignable_to(assignable_to)
            .with_include_inactive(self.include_inactive);
        let batches = listing::read(client, &self.paging, move |at| {
            at.client.found_user_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
        });
        globals.output.list("users", batches).await
    }
}
