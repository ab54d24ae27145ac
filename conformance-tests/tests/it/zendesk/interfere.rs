//! What somebody else does on the account.

use conformance_tests::Interference;
use serde_json::{Value, json};

use super::instance::{ADMIN, AGENT, Instance};

pub(super) async fn interfere(instance: &Instance, interference: Interference) -> Option<String> {
    match interference {
        Interference::CreateTicket { title } => {
            let ticket = json!({ "ticket": { "subject": title, "comment": { "body": title } } });
            let made = instance.call(AGENT, "POST", "/api/v2/tickets", ticket).await;
            Some(made["ticket"]["id"].to_string())
        }
        Interference::SetTitle { ticket, title } => {
            let change = json!({ "ticket": { "subject": title } });
            instance.call(AGENT, "PUT", &format!("/api/v2/tickets/{ticket}"), change).await;
            done()
        }
        Interference::DeleteTicket { ticket } => {
            instance.call(ADMIN, "DELETE", &format!("/api/v2/tickets/{ticket}"), Value::Null).await;
            done()
        }
        Interference::HideTicket { ticket } => {
            instance.control.hide_ticket(ticket.as_str().parse().unwrap(), "admin").unwrap();
            done()
        }
        Interference::AddComment { ticket, body } => {
            let change = json!({ "ticket": { "comment": { "body": body, "public": true } } });
            let path = format!("/api/v2/tickets/{ticket}");
            instance.call(AGENT, "PUT", &path, change).await;
            let said = instance.call(AGENT, "GET", &format!("{path}/comments?sort=-created_at"), Value::Null).await;
            Some(said["comments"][0]["id"].to_string())
        }
        Interference::DeleteUser { user } => {
            instance.call(ADMIN, "DELETE", &format!("/api/v2/users/{user}"), Value::Null).await;
            done()
        }
        Interference::ExpireTokens => {
            instance.control.expire_access_tokens();
            done()
        }
        // Priorities are a fixed set, statuses belong to the system's, users have no job title, and a credential
        // sees all of a ticket or nothing: wire/jira-zendesk.md §B3.2, §B4, §B7.
        _ => None,
    }
}

fn done() -> Option<String> {
    Some(String::new())
}
