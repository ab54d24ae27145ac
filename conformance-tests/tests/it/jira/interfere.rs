//! What somebody else does on the site.

use conformance_tests::Interference;
use vendor_sandbox::jira::{Control, Flavour};

/// Who it is.
const SOMEBODY: &str = "itil";
/// Whose access is taken away.
const US: &str = "admin";

pub(super) fn interfere(control: &Control, flavour: Flavour, interference: Interference) -> Option<String> {
    match interference {
        Interference::CreateTicket { title } => Some(control.create_issue(&title, SOMEBODY).unwrap()),
        Interference::SetTitle { ticket, title } => {
            control.set_summary(ticket.as_str(), &title, SOMEBODY).unwrap();
            done()
        }
        Interference::DeleteTicket { ticket } => {
            control.delete_issue(ticket.as_str()).unwrap();
            done()
        }
        // wire A14: as a security level does.
        Interference::HideTicket { ticket } => {
            control.hide_issue(ticket.as_str(), US).unwrap();
            done()
        }
        Interference::AddComment { ticket, body } => {
            Some(control.add_comment(ticket.as_str(), &body, SOMEBODY).unwrap())
        }
        // wire A4.4: statuses are whatever administrators make, and one category says nothing.
        Interference::SetUnknownStatus { ticket } => {
            Some(control.set_status(ticket.as_str(), "Migrated", SOMEBODY).unwrap())
        }
        // wire A4.4: so are priorities.
        Interference::SetUnknownPriority { ticket } => {
            Some(control.set_priority(ticket.as_str(), "Whenever", SOMEBODY).unwrap())
        }
        Interference::EmptyTicket { ticket } => {
            control.empty_issue(ticket.as_str(), SOMEBODY).unwrap();
            done()
        }
        // wire A2.3: a Data Center has no tokens that are renewed.
        Interference::ExpireTokens if flavour == Flavour::Cloud => {
            control.expire_access_tokens();
            done()
        }
        // wire A7: no job titles in the API, no deleting of users; wire A4.2: a field hidden by its configuration is
        // hidden from everybody.
        _ => None,
    }
}

fn done() -> Option<String> {
    Some(String::new())
}
