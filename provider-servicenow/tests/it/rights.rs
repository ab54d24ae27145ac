//! What the credential may not read is named, done without, or an error that says which right is missing.

use serde_json::json;
use ticketing_core::model::{FieldType, Kind, StatusCategory};
use ticketing_core::request::{
    CreateTicket, GetTicket, ListChanges, ListFields, ListIds, ListStatuses, ListTickets, ListUsers, TicketFilter,
    UpdateTicket,
};
use ticketing_core::{ErrorKind, Operation};
use vendor_sandbox::servicenow::{Audience, RowDenial, Sandbox, TableDenial};

use crate::bed::{Bed, all, config, get};

#[tokio::test]
async fn hidden_fields_are_named_as_unreadable_and_nothing_else_is() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    assert_eq!(get(&client, &vpn).await.unreadable, Vec::<String>::new());
    for (column, name) in [
        ("description", "description"),
        ("caller_id", "requester"),
        ("assigned_to", "assignees"),
        ("watch_list", "watchers"),
        ("correlation_id", "external_id"),
        ("category", "category"),
        ("resolved_at", "resolved_at"),
    ] {
        bed.control.deny_field("incident", column, Audience::Everyone).unwrap();
        let read = get(&client, &vpn).await;
        assert_eq!(read.unreadable, [name], "{column}");
        let listed = all(&client, ListTickets::new()).await;
        assert!(listed.iter().all(|ticket| ticket.unreadable == [name]), "{column}");
        bed.control.clear_denials();
    }
    bed.control.deny_field("sys_user", "email", Audience::Everyone).unwrap();
    let users = client.list_users(ListUsers::new()).await.unwrap().items;
    assert!(users.iter().all(|user| user.unreadable == ["email"] && user.email.is_none()), "{users:?}");
}

#[tokio::test]
async fn a_filter_on_a_field_that_may_not_be_read_gives_no_wrong_rows() {
    let bed = Bed::new();
    let client = bed.client();
    all(&client, ListTickets::new()).await;
    // The instance drops the condition, and the query widens (wire §2.3).
    for (column, filter) in [
        ("assigned_to", TicketFilter::new().with_unassigned()),
        ("state", TicketFilter::new().with_status([StatusCategory::Open])),
        ("category", TicketFilter::new().with_field("category", ["software"])),
    ] {
        bed.control.deny_field("incident", column, Audience::Everyone).unwrap();
        match client.list_tickets(ListTickets::new().with_filter(filter)).await {
            Ok(page) => panic!("{column}: {} tickets came, and nobody can say that they fit", page.items.len()),
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Integrity | ErrorKind::Decode),
                    "{error:?}"
                );
                assert!(
                    error.to_string().contains(column) || error.hint().unwrap_or_default().contains(column),
                    "{error:?}"
                );
            }
        }
        bed.control.clear_denials();
    }
}

#[tokio::test]
async fn without_what_paging_stands_on_a_reading_is_refused() {
    let bed = Bed::new();
    let client = bed.client();
    all(&client, ListTickets::new()).await;
    bed.control.deny_field("incident", "sys_updated_on", Audience::Everyone).unwrap();
    let error = client.list_changes(ListChanges::new(Kind::Ticket)).await.unwrap_err();
    assert!(error.to_string().contains("sys_updated_on"), "{error}");
    assert!(!error.is_retryable());
    // Ids are enough for the census.
    assert_eq!(client.list_ids(ListIds::new(Kind::Ticket)).await.unwrap().items.len(), 12);
    bed.control.clear_denials();
    bed.control.deny_field("incident", "sys_id", Audience::Everyone).unwrap();
    for outcome in [
        client.list_ids(ListIds::new(Kind::Ticket)).await.map(drop),
        client.list_tickets(ListTickets::new()).await.map(drop),
    ] {
        assert!(outcome.unwrap_err().to_string().contains("sys_id"));
    }
}

#[tokio::test]
async fn a_hidden_ticket_is_not_found_and_an_empty_one_neither() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    let key = get(&client, &vpn).await.key;
    for denial in [RowDenial::Hidden, RowDenial::Empty] {
        bed.control.deny_rows("incident", &format!("sys_id={vpn}"), Audience::Everyone, denial).unwrap();
        for id in [vpn.as_str(), key.as_str()] {
            let error = client.get_ticket(GetTicket::new(id)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{denial:?} {id}: {error}");
        }
        bed.control.clear_denials();
    }
}

#[tokio::test]
async fn a_user_without_an_administrators_rights_works_with_less() {
    let bed = Bed::new();
    let client = bed.itil();
    let check = client.check().await.unwrap();
    assert_eq!(check.user.unwrap().name.as_deref(), Some("Ines Tilden"));
    assert_eq!(check.time_zone.as_deref(), Some("Europe/Lisbon"));
    for word in ["sys_journal_field", "sys_dictionary", "sys_audit", "sys_audit_delete", "Europe/Lisbon"] {
        assert!(check.warnings.iter().any(|warning| warning.contains(word)), "{word}: {:?}", check.warnings);
    }
    let capabilities = client.capabilities();
    assert!(!capabilities.supports(Operation::ListHistory) && !capabilities.sees_deletes);
    // The same tickets, with the same meaning; what nobody described arrives as text.
    let (mine, theirs) = (all(&client, ListTickets::new()).await, all(&bed.client(), ListTickets::new()).await);
    assert_eq!(mine.len(), theirs.len());
    for (mine, theirs) in mine.iter().zip(&theirs) {
        assert_eq!(
            (&mine.id, &mine.status, &mine.priority, &mine.assignees, &mine.tags, &mine.created_at, &mine.unreadable),
            (
                &theirs.id,
                &theirs.status,
                &theirs.priority,
                &theirs.assignees,
                &theirs.tags,
                &theirs.created_at,
                &theirs.unreadable
            )
        );
        for (id, field) in &theirs.fields {
            assert!(mine.fields.contains_key(id), "{id} is lost: {field:?}");
        }
    }
    let fields = client.list_fields(ListFields::new()).await.unwrap().items;
    assert!(fields.iter().any(|field| field.id.as_str() == "caller_id" && field.field_type == FieldType::User));
    // It may write tickets.
    let made = client
        .create_ticket(CreateTicket::new("By an analyst").with_status(Some(StatusCategory::InProgress.into())))
        .await
        .unwrap();
    assert_eq!(made.status.native.id, "2");
    bed.control.deny_table("sys_choice", Audience::NonAdmins, TableDenial::Forbidden).unwrap();
    let statuses = bed.itil().list_statuses(ListStatuses::new()).await.unwrap();
    assert_eq!(statuses.iter().filter(|status| status.category == StatusCategory::OnHold).count(), 3);
}

#[tokio::test]
async fn a_write_that_is_refused_says_what_is_missing() {
    let bed = Bed::of(Sandbox::builder().seed(7).password("lena.brandt", "lena.brandt"));
    let vpn = bed.incident("VPN");
    let reader = bed.client_of(config("lena.brandt", &["incident"]));
    let error = reader.update_ticket(UpdateTicket::new(vpn.as_str()).with_title("x")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::PermissionDenied, Some("record_acl")), "{error:?}");
    let client = bed.client();
    bed.control.abort_writes("incident", "No weekend work", "short_descriptionLIKEweekend").unwrap();
    let error = client.create_ticket(CreateTicket::new("A weekend change")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("business_rule")));
    assert!(error.to_string().contains("No weekend work") && !error.maybe_applied(), "{error:?}");
    // A table that is closed, and one that is not there.
    bed.control.deny_table("problem", Audience::Everyone, TableDenial::Forbidden).unwrap();
    let error = bed.tables(&["problem"]).list_tickets(ListTickets::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
    let check = bed.tables(&["incident", "problem"]).check().await.unwrap();
    assert!(check.warnings.iter().any(|warning| warning.contains("`problem` may not be read")), "{:?}", check.warnings);
    let error = bed.tables(&["u_nothing"]).list_tickets(ListTickets::new()).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_table"), "{error:?}");
    assert!(error.to_string().contains("u_nothing"), "{error}");
}

#[tokio::test]
async fn a_check_compares_the_states_with_the_instances_choices() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem", "change_request", "sc_request"]);
    let warnings = client.check().await.unwrap().warnings;
    assert!(!warnings.iter().any(|warning| warning.contains("has no category")), "{warnings:?}");
    let own = json!({"name": "incident", "element": "state", "value": "20", "label": "Triage", "language": "en", "inactive": "false"});
    bed.control.insert("admin", "sys_choice", own).unwrap();
    let warnings = client.check().await.unwrap().warnings;
    let told: Vec<_> = warnings.iter().filter(|warning| warning.contains("has no category")).collect();
    assert_eq!(told.len(), 1, "{warnings:?}");
    assert!(told[0].contains("20 (Triage)") && told[0].contains("incident.20"), "{told:?}");
    let mut mapped = config("admin", &["incident"]);
    mapped["mapping"] = json!({"status": {"incident.20": "open"}});
    let warnings = bed.client_of(mapped).check().await.unwrap().warnings;
    assert!(!warnings.iter().any(|warning| warning.contains("Triage")), "{warnings:?}");
}
