//! Documents with as little in them as there can be.

use ticketing_core::model::{
    Account, Attachment, ChangeEvent, Collection, CollectionCategory, CollectionType, Comment, Contact, Field,
    FieldChange, FieldData, FieldType, Group, HistoryEntry, HistoryValue, Kind, Link, LinkCategory, LinkType, Native,
    Ref, RefType, RichText, Status, StatusCategory, StatusInfo, Tag, Ticket, TicketType, Transition, TypeCategory,
    User, Visibility, Webhook, WebhookEvent,
};
use ticketing_core::request::FoundTickets;
use ticketing_core::{Capabilities, ChangePage, Check, Checkpoint, Page, ProviderInfo};

fn status() -> Status {
    Status { category: StatusCategory::Unknown, native: Native::new("-100"), reason: None }
}

pub(crate) fn ticket() -> Ticket {
    let ticket_type = TicketType { category: TypeCategory::Other, native: Native::new("custom") };
    Ticket::new("1".into(), "1", "", status(), ticket_type)
}

pub(crate) fn user() -> User {
    User::new("1".into(), "")
}

pub(crate) fn group() -> Group {
    Group::new("1".into(), "")
}

pub(crate) fn comment() -> Comment {
    Comment::new("1".into(), Ref::new(RefType::Ticket, "1"), RichText::plain(""), Visibility::Public)
}

pub(crate) fn attachment() -> Attachment {
    Attachment::new("1".into(), Ref::new(RefType::Ticket, "1"), "")
}

pub(crate) fn account() -> Account {
    Account::new("1".into(), "")
}

pub(crate) fn contact() -> Contact {
    Contact::new("1".into(), "")
}

pub(crate) fn collection() -> Collection {
    let collection_type = CollectionType { category: CollectionCategory::Other, native: Native::new("space") };
    Collection::new("1".into(), "", collection_type)
}

pub(crate) fn tag() -> Tag {
    Tag { name: "vpn".to_owned(), id: None }
}

pub(crate) fn field() -> Field {
    Field {
        id: "u_1".into(),
        name: String::new(),
        description: None,
        field_type: FieldType::Other,
        native_type: "glide_thing".to_owned(),
        multiple: false,
        required: false,
        writable: None,
        custom: false,
        core: None,
        choices: None,
        reference: None,
        max_length: None,
        default: FieldData::Null,
        scopes: Vec::new(),
    }
}

pub(crate) fn link() -> Link {
    Link {
        id: "1".into(),
        link_type: LinkType { category: LinkCategory::Other, native: Native::new("mentions") },
        ticket: Ref::new(RefType::Ticket, "1"),
        target: None,
        url: None,
        title: None,
        created_at: None,
    }
}

pub(crate) fn history_entry() -> HistoryEntry {
    HistoryEntry {
        id: "1".into(),
        ticket: Ref::new(RefType::Ticket, "1"),
        author: None,
        at: super::full::at("2026-01-05T08:00:00Z"),
        changes: vec![FieldChange {
            field: "title".to_owned(),
            native: Native::new("short_description"),
            from: HistoryValue::new(FieldData::Null),
            to: HistoryValue::new("Disk full"),
        }],
    }
}

pub(crate) fn transition() -> Transition {
    Transition { id: "1".into(), name: String::new(), to: status(), required_fields: Vec::new() }
}

pub(crate) fn status_info() -> StatusInfo {
    StatusInfo { category: StatusCategory::Unknown, native: Native::new("-100"), scopes: Vec::new(), active: false }
}

pub(crate) fn webhook() -> Webhook {
    Webhook { id: "1".into(), url: String::new(), events: Vec::new(), active: false, expires_at: None }
}

pub(crate) fn change_event() -> ChangeEvent {
    ChangeEvent { delivery_id: None, event: WebhookEvent::Other, kind: Kind::Ticket, id: "1".to_owned(), at: None }
}

pub(crate) fn page() -> Page<Ticket> {
    Page::last(Vec::new())
}

pub(crate) fn change_page() -> ChangePage {
    ChangePage { items: Vec::new(), checkpoint: Checkpoint::new("MQ"), caught_up: true }
}

pub(crate) fn found_tickets() -> FoundTickets {
    FoundTickets::default()
}

pub(crate) fn check() -> Check {
    Check::new(None)
}

pub(crate) fn provider_info() -> ProviderInfo {
    ProviderInfo::new("memory", "acme")
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities::required()
}
