//! What somebody else does in the store.

use conformance_tests::Interference;
use provider_memory::MemoryStore;
use ticketing_core::UserId;
use ticketing_core::model::{
    Comment, Native, Priority, PriorityLevel, Ref, RefType, RemovalReason, RichText, Status, StatusCategory, Ticket,
    TicketType, Timestamp, TypeCategory, Visibility,
};

pub(super) fn interfere(store: &MemoryStore, at: Timestamp, interference: Interference) -> Option<String> {
    let somebody = || Some(UserId::from("u-itil"));
    match interference {
        Interference::CreateTicket { title } => {
            let native = Native::named("incident", "Incident");
            let kind = TicketType { category: TypeCategory::Incident, native };
            let id = format!("entered-{}", store.requests());
            let mut ticket = Ticket::new(
                id.clone().into(),
                format!("MEM-9{}", store.requests()),
                title,
                store.status(StatusCategory::Open),
                kind,
            );
            (ticket.created_at, ticket.updated_at) = (Some(at), Some(at));
            (ticket.watchers, ticket.tags) = (Some(Vec::new()), Some(Vec::new()));
            store.insert_ticket(ticket);
            Some(id)
        }
        Interference::SetTitle { ticket, title } => {
            done(store.change_ticket(ticket, somebody(), at, |ticket| ticket.title = title))
        }
        Interference::DeleteTicket { ticket } => done(store.remove_ticket(ticket, RemovalReason::Deleted, None, at)),
        Interference::HideTicket { ticket } => done(store.remove_ticket(ticket, RemovalReason::AccessLost, None, at)),
        Interference::AddComment { ticket, body } => {
            let id = format!("said-by-somebody-{}", store.requests());
            let on = Ref::new(RefType::Ticket, ticket.as_str());
            let mut comment = Comment::new(id.clone().into(), on, RichText::plain(body), Visibility::Public);
            comment.author = Some(Ref::new(RefType::User, "u-itil"));
            (comment.created_at, comment.updated_at) = (Some(at), Some(at));
            store.insert_comment(comment);
            Some(id)
        }
        Interference::SetUnknownStatus { ticket } => {
            let native = Native::named("parked", "Parked");
            let status = Status { category: StatusCategory::Unknown, native, reason: None };
            store.change_ticket(ticket, somebody(), at, |ticket| ticket.status = status).then(|| "parked".to_owned())
        }
        Interference::SetUnknownPriority { ticket } => {
            let priority = Priority { level: PriorityLevel::Unknown, native: Native::named("p9", "P9") };
            let changed = store.change_ticket(ticket, somebody(), at, |ticket| ticket.priority = Some(priority));
            changed.then(|| "p9".to_owned())
        }
        Interference::EmptyTicket { ticket } => done(store.change_ticket(ticket, somebody(), at, empty)),
        Interference::SetUserTitle { user, title } => {
            done(store.change_user(user, at, |user| user.title = Some(title)))
        }
        Interference::DeleteUser { user } => done(store.remove_user(user, at)),
        Interference::HideDescriptions => done(store.make_unreadable("description")),
        _ => None,
    }
}

fn done(happened: bool) -> Option<String> {
    assert!(happened, "there is no such record");
    Some(String::new())
}

fn empty(ticket: &mut Ticket) {
    ticket.description = None;
    ticket.priority = None;
    ticket.assignees.clear();
    ticket.assigned_groups.clear();
    ticket.requester = None;
    ticket.account = None;
    ticket.parent = None;
    ticket.external_id = None;
    ticket.due = None;
    ticket.resolved_at = None;
    ticket.closed_at = None;
    ticket.fields.clear();
    ticket.collections.clear();
    ticket.tags = Some(Vec::new());
    ticket.watchers = Some(Vec::new());
}
