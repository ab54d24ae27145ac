//! The changelog, paged or whole, oldest first.

use futures::TryStreamExt as _;
use ticketing_core::model::StatusCategory;
use ticketing_core::request::{ListHistory, SetPatch, UpdateTicket};
use ticketing_core::{StatusSelector, UserSelector};

use crate::bed::{Bed, FLAVOURS, get, key_of};

#[tokio::test]
async fn a_change_is_told_with_its_author_and_both_values() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let arabic = key_of("arabic");
        let before = get(&client, &arabic).await;
        bed.advance(60);
        let request = UpdateTicket::new(arabic.as_str())
            .with_title("Renamed")
            .with_tags(SetPatch::add(["new".to_owned()]))
            .with_assignees(SetPatch::replace([UserSelector::email("alex.kim@example.com")]))
            .with_status(StatusSelector::from(StatusCategory::InProgress));
        let after = client.update_ticket(request).await.unwrap();
        let entries: Vec<_> = client.history(ListHistory::new(arabic.as_str())).try_collect().await.unwrap();
        assert!(entries.is_sorted_by_key(|entry| entry.at), "{flavour:?}");
        let changes: Vec<_> =
            entries.iter().flat_map(|entry| entry.changes.iter().map(move |change| (entry, change))).collect();
        let last = |field: &str| {
            *changes
                .iter()
                .rfind(|(_, change)| change.field == field)
                .unwrap_or_else(|| panic!("{flavour:?} {field}: {entries:?}"))
        };
        let (entry, status) = last("status");
        assert_eq!(status.from.value.as_text(), Some(before.status.native.id.as_str()));
        assert_eq!(status.to.value.as_text(), Some(after.status.native.id.as_str()));
        assert_eq!(status.to.label.as_deref(), Some("In Progress"));
        assert_eq!((entry.ticket.id.as_str(), entry.author.is_some()), (after.id.as_str(), true));
        assert_eq!(last("title").1.to.value.as_text(), Some("Renamed"));
        assert_eq!(last("assignees").1.to.value.as_text(), Some(after.assignees[0].id.as_str()), "{flavour:?}");
        assert_eq!(last("assignees").1.to.label.as_deref(), Some("Alex Kim"));
        assert!(last("tags").1.to.value.as_text().unwrap().contains("new"));
        // Page by page, it is the same.
        let small = client.history(ListHistory::new(arabic.as_str()).with_page_size(Some(1)));
        assert_eq!(small.try_collect::<Vec<_>>().await.unwrap(), entries, "{flavour:?}");
    }
}
