//! Escalates an alert to a group, for a caller who is found by email. Escalating the same alert again makes no second
//! ticket.
//!
//! ```sh
//! cargo run -p ticketing-examples --example escalate_alert
//! cargo run -p ticketing-examples --example escalate_alert -- PROVIDER CONFIG caller@example.com 'Network Operations'
//! ```
#![expect(clippy::print_stdout, reason = "an example program says what it did")]

use ticketing::model::{PriorityLevel, Ticket};
use ticketing::request::{CreateTicket, FindUsers, ListGroups, ListUsers};
use ticketing::{ErrorKind, GroupSelector, PrioritySelector, TicketingClient, UserSelector};
use ticketing_examples::{Connection, Result};

/// What the monitoring says.
struct Alert {
    /// The same for every notification of the same alert.
    id: String,
    title: String,
    details: String,
}

/// Makes the alert's ticket, or finds it where it was made before.
async fn escalate(client: &TicketingClient, alert: &Alert, email: &str, group: &str) -> Result<Ticket> {
    let request = CreateTicket::new(alert.title.as_str())
        .with_description(Some(alert.details.as_str().into()))
        .with_priority(PrioritySelector::from(PriorityLevel::High))
        .with_requester(UserSelector::email(email))
        .with_groups(vec![GroupSelector::name(group)])
        .with_idempotency_key(alert.id.clone());
    match client.create_ticket(request.clone()).await {
        // The caller has no account there: the alert matters more than who sent it.
        Err(error) if error.kind() == ErrorKind::InvalidRequest && error.field() == Some("requester") => {
            println!("without a caller: {error}");
            let mut request = request;
            request.requester = None;
            Ok(client.create_ticket(request).await?)
        }
        outcome => Ok(outcome?),
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let connection = Connection::open().await?;
    let client = &connection.client;
    let email = match connection.arguments.first() {
        Some(email) => email.clone(),
        None => somebody(client).await?,
    };
    let group = match connection.arguments.get(1) {
        Some(group) => group.clone(),
        None => some_group(client).await?,
    };

    let alert = Alert {
        id: "alert-4711".to_owned(),
        title: "Disk full on db-7".to_owned(),
        details: "Volume `/var` is **97 %** full.".to_owned(),
    };
    let ticket = escalate(client, &alert, &email, &group).await?;
    let caller = ticket.requester.as_ref().and_then(|caller| caller.name.as_deref()).unwrap_or("nobody");
    println!("{} for {caller}, with {group}: {}", ticket.key, ticket.url.as_deref().unwrap_or("(no address)"));

    // Monitoring notifies more than once.
    let again = escalate(client, &alert, &email, &group).await?;
    if again.id != ticket.id {
        return Err(format!("the alert was escalated twice: {} and {}", ticket.key, again.key).into());
    }
    println!("notified again: still {}", again.key);

    connection.close().await;
    Ok(())
}

/// An active user whose address is nobody else's, for a run without arguments.
async fn somebody(client: &TicketingClient) -> Result<String> {
    for user in client.list_users(ListUsers::new()).await?.items {
        let Some(email) = user.email.filter(|_| user.active != Some(false)) else { continue };
        if client.find_users(FindUsers::new().with_email(email.clone())).await?.items.len() == 1 {
            return Ok(email);
        }
    }
    Err("there is no user with an email address of their own; name one".into())
}

/// An active group whose name is no other's, for a run without arguments.
async fn some_group(client: &TicketingClient) -> Result<String> {
    let groups = client.list_groups(ListGroups::new()).await?.items;
    let alone = |name: &str| groups.iter().filter(|group| group.name == name).count() == 1;
    let group = groups.iter().find(|group| group.active != Some(false) && alone(&group.name));
    Ok(group.ok_or("there is no group; name one")?.name.clone())
}
