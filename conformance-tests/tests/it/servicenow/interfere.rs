//! What somebody else does on the instance.

use conformance_tests::Interference;
use serde_json::{Map, Value, json};
use vendor_sandbox::servicenow::{Audience, Control, RowDenial};

/// Who it is.
const SOMEBODY: &str = "itil";

pub(super) fn interfere(control: &Control, interference: Interference) -> Option<String> {
    match interference {
        Interference::CreateTicket { title } => {
            Some(control.insert(SOMEBODY, "incident", json!({ "short_description": title })).unwrap())
        }
        Interference::SetTitle { ticket, title } => {
            control.update(SOMEBODY, "task", ticket.as_str(), json!({ "short_description": title })).unwrap();
            done()
        }
        Interference::DeleteTicket { ticket } => {
            control.delete("admin", "task", ticket.as_str()).unwrap();
            done()
        }
        Interference::HideTicket { ticket } => {
            let query = format!("sys_id={ticket}");
            control.deny_rows("task", &query, Audience::Everyone, RowDenial::Hidden).unwrap();
            done()
        }
        Interference::AddComment { ticket, body } => {
            let entries = || control.find("sys_journal_field", &format!("element_id={ticket}")).unwrap();
            let before = entries();
            control.update(SOMEBODY, "task", ticket.as_str(), json!({ "comments": body })).unwrap();
            entries().into_iter().find(|id| !before.contains(id))
        }
        // wire §3.2: states are extensible, and nobody tells us what they stand for.
        Interference::SetUnknownStatus { ticket } => {
            control.set_raw("task", ticket.as_str(), json!({ "state": "-100" })).unwrap();
            Some("-100".to_owned())
        }
        // wire §3.3: so are priorities.
        Interference::SetUnknownPriority { ticket } => {
            control.set_raw("task", ticket.as_str(), json!({ "priority": "9" })).unwrap();
            Some("9".to_owned())
        }
        Interference::EmptyTicket { ticket } => {
            let row = control.row("task", ticket.as_str()).unwrap().unwrap();
            let needed =
                |name: &str| name.starts_with("sys_") || ["number", "short_description", "state"].contains(&name);
            let empty: Map<String, Value> =
                row.into_iter().filter(|(name, _)| !needed(name)).map(|(name, _)| (name, json!(""))).collect();
            control.set_raw("task", ticket.as_str(), Value::Object(empty)).unwrap();
            for entry in control.find("label_entry", &format!("table_key={ticket}")).unwrap() {
                control.purge("label_entry", &entry).unwrap();
            }
            done()
        }
        Interference::SetUserTitle { user, title } => {
            control.update("admin", "sys_user", user.as_str(), json!({ "title": title })).unwrap();
            done()
        }
        Interference::DeleteUser { user } => {
            control.delete("admin", "sys_user", user.as_str()).unwrap();
            done()
        }
        Interference::HideDescriptions => {
            control.deny_field("task", "description", Audience::Everyone).unwrap();
            done()
        }
        Interference::ExpireTokens => {
            control.expire_access_tokens();
            done()
        }
        _ => None,
    }
}

fn done() -> Option<String> {
    Some(String::new())
}
