//! Documents with everything in them.

use serde_json::json;
use ticketing_core::model::{
    Account, Attachment, Change, ChangeEvent, Checksum, Choice, Collection, CollectionCategory, CollectionType,
    Comment, Contact, Document, Due, Field, FieldChange, FieldData, FieldLabel, FieldType, FieldValue, Group,
    HistoryEntry, HistoryValue, Kind, Link, LinkCategory, LinkType, Native, NativeText, Priority, PriorityLevel, Ref,
    RefType, Removal, RemovalReason, RichText, Status, StatusCategory, StatusInfo, Tag, TextFormat, Ticket, TicketType,
    Timestamp, Transition, TypeCategory, User, UserType, Visibility, Webhook, WebhookEvent,
};
use ticketing_core::request::{FilterKind, FoundTickets, SortField};
use ticketing_core::{
    Capabilities, ChangePage, Check, Checkpoint, ConcurrencyMode, Cursor, Idempotency, IdempotencyMode, Operation,
    Page, ProviderInfo, Support, Total, Version,
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn made() -> Option<Timestamp> {
    Some(at("2026-01-05T08:00:00Z"))
}

/// A moment with a fraction, which is shown where there is one.
fn changed() -> Option<Timestamp> {
    Some(at("2026-01-06T09:30:00.250Z"))
}

fn removal() -> Option<Removal> {
    Some(Removal {
        at: changed(),
        reason: Some(RemovalReason::Merged),
        moved_to: Some(Ref::new(RefType::Ticket, "2").with_key("INC0000002").with_name("Disk full again")),
    })
}

fn raw() -> Option<Box<serde_json::Value>> {
    Some(Box::new(json!({ "sys_id": "1" })))
}

fn ada() -> Ref {
    Ref::new(RefType::User, "u1").with_key("ada").with_name("Ada Lovelace")
}

fn desk() -> Ref {
    Ref::new(RefType::Group, "g1").with_name("IT Help Desk")
}

fn boreal() -> Ref {
    Ref::new(RefType::Account, "a1").with_key("C-1").with_name("Boreal Freight")
}

fn this() -> Ref {
    Ref::new(RefType::Ticket, "1").with_key("INC0000001").with_name("Disk full")
}

fn text(content: &str) -> RichText {
    RichText {
        markdown: content.to_owned(),
        native: NativeText { format: TextFormat::Html, content: format!("<p>{content}</p>") },
    }
}

fn on_hold() -> Status {
    Status {
        category: StatusCategory::OnHold,
        native: Native::named("3", "On Hold"),
        reason: Some(Native::named("1", "Awaiting Caller")),
    }
}

/// One value of each sort that a field can hold.
fn fields() -> ticketing_core::model::Fields {
    let value = |field_type, data: FieldData| FieldValue::new(field_type, data);
    [
        ("u_boolean", value(FieldType::Boolean, FieldData::Bool(true))),
        ("u_date", value(FieldType::Date, "2026-03-01".into())),
        ("u_decimal", value(FieldType::Decimal, FieldData::Decimal(2.5))),
        ("u_exact", value(FieldType::Decimal, "0.10".into())),
        ("u_integer", value(FieldType::Integer, FieldData::Integer(7))),
        ("u_null", value(FieldType::String, FieldData::Null)),
        (
            "u_object",
            value(FieldType::Other, FieldData::Object(json!({ "any": [1, null] }).as_object().unwrap().clone())),
        ),
        ("u_owner", value(FieldType::User, "u1".into()).with_label("Ada Lovelace")),
        (
            "u_places",
            value(FieldType::Choice, vec!["b", "c"].into())
                .with_label(FieldLabel::Many(vec!["Berlin".to_owned(), "Cairo".to_owned()]))
                .custom(),
        ),
        ("u_symptom", value(FieldType::Choice, "72".into()).with_label("Symptom 72").custom()),
    ]
    .into_iter()
    .map(|(id, value)| (id.into(), value))
    .collect()
}

pub(crate) fn ticket() -> Ticket {
    Ticket {
        id: "1".into(),
        key: "INC0000001".to_owned(),
        title: "Disk full 🧯".to_owned(),
        description: Some(text("It is full.")),
        status: on_hold(),
        priority: Some(Priority { level: PriorityLevel::Normal, native: Native::named("3", "3 - Moderate") }),
        ticket_type: TicketType { category: TypeCategory::Incident, native: Native::named("incident", "Incident") },
        assignees: vec![ada()],
        assigned_groups: vec![desk()],
        requester: Some(Ref::new(RefType::Contact, "c1").with_name("Greta Holm")),
        creator: Some(Ref::new(RefType::Bot, "b1").with_key("integration")),
        watchers: Some(vec![ada()]),
        account: Some(boreal()),
        collections: vec![Ref::new(RefType::Collection, "p1").with_key("OPS").with_name("Operations")],
        parent: Some(Ref::new(RefType::Ticket, "9").with_key("PRB0000009")),
        tags: Some(vec!["disk".to_owned()]),
        external_id: some("ALERT-1"),
        url: some("https://acme.example/1"),
        created_at: made(),
        updated_at: changed(),
        resolved_at: changed(),
        closed_at: changed(),
        due: Some(Due::Date("2026-03-01".parse().unwrap())),
        fields: fields(),
        unreadable: vec!["u_salary".to_owned()],
        version: Some(Version::from("7")),
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn user() -> User {
    User {
        id: "u1".into(),
        username: some("ada"),
        name: "Ada Lovelace".to_owned(),
        email: some("ada@example.com"),
        user_type: UserType::User,
        active: Some(true),
        title: some("Analyst"),
        phone: some("+1 555 0100"),
        time_zone: some("Europe/London"),
        locale: some("en-GB"),
        account: Some(boreal()),
        groups: Some(vec![desk()]),
        avatar_url: some("https://acme.example/ada.png"),
        url: some("https://acme.example/u1"),
        created_at: made(),
        updated_at: changed(),
        fields: fields(),
        unreadable: vec!["phone".to_owned()],
        version: Some(Version::from("7")),
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn group() -> Group {
    Group {
        id: "g1".into(),
        name: "IT Help Desk".to_owned(),
        description: some("First line"),
        email: some("desk@example.com"),
        active: Some(true),
        manager: Some(ada()),
        parent: Some(Ref::new(RefType::Group, "g0").with_name("IT")),
        members: Some(vec![ada()]),
        url: some("https://acme.example/g1"),
        created_at: made(),
        updated_at: changed(),
        fields: fields(),
        unreadable: vec!["u_budget".to_owned()],
        version: Some(Version::from("7")),
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn comment() -> Comment {
    Comment {
        id: "k1".into(),
        ticket: this(),
        body: text("Looking."),
        visibility: Visibility::Restricted,
        restricted_to: Some(desk()),
        author: Some(ada()),
        parent: Some("k0".into()),
        attachments: Some(vec![attachment()]),
        url: some("https://acme.example/1#k1"),
        created_at: made(),
        updated_at: changed(),
        unreadable: vec!["author".to_owned()],
        version: Some(Version::from("7")),
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn attachment() -> Attachment {
    Attachment {
        id: "f1".into(),
        ticket: this(),
        comment: Some("k1".into()),
        file_name: "disk.log".to_owned(),
        content_type: some("text/plain"),
        size: Some(52),
        checksum: Some(Checksum { algorithm: "sha256".to_owned(), value: "00ff".to_owned() }),
        visibility: Some(Visibility::Internal),
        author: Some(ada()),
        created_at: made(),
        unreadable: vec!["size".to_owned()],
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn account() -> Account {
    Account {
        id: "a1".into(),
        key: some("C-1"),
        name: "Boreal Freight".to_owned(),
        description: some("A customer"),
        domains: Some(vec!["boreal.example".to_owned()]),
        parent: Some(Ref::new(RefType::Account, "a0").with_name("Boreal Holding")),
        active: Some(true),
        url: some("https://acme.example/a1"),
        created_at: made(),
        updated_at: changed(),
        fields: fields(),
        unreadable: vec!["u_revenue".to_owned()],
        version: Some(Version::from("7")),
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn contact() -> Contact {
    Contact {
        id: "c1".into(),
        name: "Greta Holm".to_owned(),
        email: some("greta@boreal.example"),
        phone: some("+49 555 0200"),
        account: Some(boreal()),
        active: Some(false),
        time_zone: some("Europe/Berlin"),
        locale: some("de"),
        url: some("https://acme.example/c1"),
        created_at: made(),
        updated_at: changed(),
        fields: fields(),
        unreadable: vec!["email".to_owned()],
        version: Some(Version::from("7")),
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn collection() -> Collection {
    Collection {
        id: "p1".into(),
        key: some("OPS"),
        name: "Operations".to_owned(),
        description: some("What runs"),
        collection_type: CollectionType {
            category: CollectionCategory::Project,
            native: Native::named("software", "Software project"),
        },
        parent: Some(Ref::new(RefType::Collection, "p0").with_name("All")),
        active: Some(true),
        url: some("https://acme.example/p1"),
        created_at: made(),
        updated_at: changed(),
        unreadable: vec!["description".to_owned()],
        version: Some(Version::from("7")),
        deleted: removal(),
        raw: raw(),
    }
}

pub(crate) fn tag() -> Tag {
    Tag { name: "vpn".to_owned(), id: some("t1") }
}

pub(crate) fn field() -> Field {
    let choice = |id: &str, name: &str, active, depends_on| Choice {
        id: id.to_owned(),
        name: name.to_owned(),
        active,
        depends_on,
    };
    Field {
        id: "u_owner".into(),
        name: "Owner".to_owned(),
        description: some("Who owns it"),
        field_type: FieldType::User,
        native_type: "reference".to_owned(),
        multiple: true,
        required: true,
        writable: Some(false),
        custom: true,
        core: some("assignees"),
        choices: Some(vec![choice("1", "One", true, None), choice("2", "Two", false, some("network"))]),
        reference: Some(RefType::User),
        max_length: Some(32),
        default: "u1".into(),
        scopes: vec!["incident".to_owned()],
    }
}

pub(crate) fn link() -> Link {
    Link {
        id: "l1".into(),
        link_type: LinkType { category: LinkCategory::BlockedBy, native: Native::named("10000", "is blocked by") },
        ticket: this(),
        target: Some(Ref::new(RefType::Ticket, "2").with_key("INC0000002")),
        url: some("https://wiki.example/disks"),
        title: some("How disks fill"),
        created_at: made(),
    }
}

pub(crate) fn history_entry() -> HistoryEntry {
    let labelled = |value: &str, label: &str| HistoryValue { value: value.into(), label: some(label) };
    HistoryEntry {
        id: "h1".into(),
        ticket: this(),
        author: Some(ada()),
        at: at("2026-01-06T09:30:00Z"),
        changes: vec![
            FieldChange {
                field: "status".to_owned(),
                native: Native::named("state", "State"),
                from: labelled("2", "In Progress"),
                to: labelled("3", "On Hold"),
            },
            FieldChange {
                field: "watchers".to_owned(),
                native: Native::named("watch_list", "Watch list"),
                from: HistoryValue::new(FieldData::Null),
                to: HistoryValue { value: vec!["u1", "u2"].into(), label: some("Ada Lovelace, Ben Okoro") },
            },
        ],
    }
}

pub(crate) fn transition() -> Transition {
    Transition {
        id: "21".into(),
        name: "Put on hold".to_owned(),
        to: on_hold(),
        required_fields: vec!["hold_reason".into()],
    }
}

pub(crate) fn status_info() -> StatusInfo {
    StatusInfo {
        category: StatusCategory::Resolved,
        native: Native::named("6", "Resolved"),
        scopes: vec!["incident".to_owned()],
        active: true,
    }
}

pub(crate) fn webhook() -> Webhook {
    Webhook {
        id: "w1".into(),
        url: "https://product.example/hooks/7".to_owned(),
        events: vec![WebhookEvent::TicketCreated, WebhookEvent::CommentDeleted],
        active: true,
        expires_at: changed(),
    }
}

pub(crate) fn change_event() -> ChangeEvent {
    ChangeEvent {
        delivery_id: some("d1"),
        event: WebhookEvent::TicketUpdated,
        kind: Kind::Ticket,
        id: "1".to_owned(),
        at: changed(),
    }
}

pub(crate) fn page() -> Page<Ticket> {
    let due = Some(Due::At(at("2026-03-01T09:00:00Z")));
    Page::new(vec![Ticket { due, ..super::minimal::ticket() }], Some(Cursor::new("bmV4dA")))
        .with_total(Total { value: 24_918, exact: false })
        .with_as_of(changed())
}

/// One change of each kind, and the ways in which records go.
pub(crate) fn changes() -> Vec<Change> {
    use super::minimal;
    let upserted = [
        Document::Ticket(minimal::ticket()),
        Document::Comment(minimal::comment()),
        Document::User(minimal::user()),
        Document::Group(minimal::group()),
        Document::Account(minimal::account()),
        Document::Contact(minimal::contact()),
    ]
    .map(Change::upserted);
    let unsaid = Removal { at: None, reason: None, moved_to: None };
    let removed = [
        Change::Removed { kind: Kind::Ticket, id: "1".to_owned(), removal: removal().unwrap() },
        Change::Removed { kind: Kind::User, id: "u1".to_owned(), removal: unsaid },
    ];
    upserted.into_iter().chain(removed).collect()
}

pub(crate) fn change_page() -> ChangePage {
    ChangePage { items: changes(), checkpoint: Checkpoint::new("Y2hlY2s"), caught_up: false }
}

pub(crate) fn found_tickets() -> FoundTickets {
    FoundTickets { tickets: vec![super::minimal::ticket()], missing: vec!["2".into()] }
}

pub(crate) fn check() -> Check {
    let mut check = Check::new(Some(ada()));
    check.time_zone = some("Europe/London");
    check.clock_difference_seconds = Some(-3);
    check.vendor_time = made();
    check.warnings = vec!["the user's time zone is not GMT".to_owned()];
    check
}

pub(crate) fn provider_info() -> ProviderInfo {
    ProviderInfo::new("servicenow", "acme.service-now.com")
}

pub(crate) fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::required().with_operations([Operation::ListComments]);
    capabilities.ticket_filters =
        [(FilterKind::Status, Support::Native), (FilterKind::Tag, Support::Emulated)].into_iter().collect();
    capabilities.sorts = [SortField::UpdatedAt].into_iter().collect();
    capabilities.readable_fields = ["title".to_owned()].into_iter().collect();
    capabilities.writable_fields = ["title".to_owned()].into_iter().collect();
    capabilities.writable_statuses = [StatusCategory::Open, StatusCategory::Resolved].into_iter().collect();
    capabilities.comment_visibilities = [Visibility::Public, Visibility::Internal].into_iter().collect();
    capabilities.idempotency = Idempotency {
        ticket: IdempotencyMode::Search,
        comment: IdempotencyMode::None,
        attachment: IdempotencyMode::Native,
    };
    capabilities.concurrency = ConcurrencyMode::Checked;
    capabilities.change_kinds = [Kind::Ticket, Kind::Comment].into_iter().collect();
    capabilities.census_kinds = [Kind::Ticket].into_iter().collect();
    capabilities.sees_deletes = true;
    capabilities.limits.max_page_size = Some(10_000);
    capabilities.limits.default_page_size = Some(1_000);
    capabilities.limits.max_ids = Some(100);
    capabilities.limits.max_attachment_bytes = Some(1_073_741_824);
    capabilities.limits.max_title_chars = Some(160);
    capabilities.limits.time_resolution_ms = Some(1_000);
    capabilities.limits.max_assignees = Some(1);
    capabilities.limits.max_groups = Some(1);
    capabilities.limits.max_concurrency = Some(4);
    capabilities
}
