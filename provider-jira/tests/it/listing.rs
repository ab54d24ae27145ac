//! Lists of tickets: whole, in order, each once.

use futures::StreamExt as _;
use ticketing_core::ErrorKind;
use ticketing_core::model::Kind;
use ticketing_core::request::{ListIds, ListTickets, Sort, SortField, TicketFilter};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Flavour, Sandbox, SiteSettings};

use crate::bed::{Bed, FLAVOURS, all, config, keys, try_all};

fn large(flavour: Flavour) -> Bed {
    Bed::of(Sandbox::builder().seed(7).flavour(flavour).tickets(110))
}

#[tokio::test]
async fn every_page_size_and_order_brings_everything_once() {
    for flavour in FLAVOURS {
        let bed = large(flavour);
        let client = bed.client();
        let whole = all(&client, ListTickets::new().with_page_size(1_000_u32)).await;
        assert!(whole.len() > 110, "{}", whole.len());
        let mut sorts = vec![Vec::new()];
        for field in SortField::ALL {
            sorts.push(vec![Sort::ascending(*field)]);
            sorts.push(vec![Sort::descending(*field)]);
        }
        for sort in sorts {
            for size in [7_u32, 1_000] {
                let listed = all(&client, ListTickets::new().with_sort(sort.clone()).with_page_size(size)).await;
                let mut told = keys(&listed);
                told.sort_unstable();
                let mut expected = keys(&whole);
                expected.sort_unstable();
                assert_eq!(told, expected, "{flavour:?} {sort:?} {size}");
            }
        }
    }
}

#[tokio::test]
async fn a_short_page_is_not_the_end() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let whole = all(&client, ListTickets::new()).await;
        for held in [0, 1, 3] {
            // The same page again and again would never end; two of them are enough to end a naive reading.
            bed.control.set_faults(vec![Fault::new("short_page").parameter(held).count(2)]).unwrap();
            let sorted = ListTickets::new().with_sort(vec![Sort::ascending(SortField::CreatedAt)]);
            for request in [ListTickets::new(), sorted] {
                assert_eq!(all(&client, request).await.len(), whole.len(), "{flavour:?} {held}");
            }
        }
    }
}

#[tokio::test]
async fn a_data_centers_silent_cap_loses_nothing() {
    let settings = SiteSettings { page_cap: Some(3), ..SiteSettings::default() };
    let bed = Bed::of(Sandbox::builder().seed(7).flavour(Flavour::DataCenter).settings(settings));
    let client = bed.client();
    for sort in [vec![], vec![Sort::descending(SortField::Priority)]] {
        let listed = all(&client, ListTickets::new().with_sort(sort).with_page_size(50_u32)).await;
        assert_eq!(listed.len(), vendor_sandbox::company::Company::standard().tickets.len());
    }
}

#[tokio::test]
async fn a_token_that_has_ended_is_no_end() {
    let bed = Bed::cloud();
    let client = bed.client();
    let whole = all(&client, ListTickets::new()).await;
    for sort in [vec![], vec![Sort::descending(SortField::UpdatedAt)]] {
        let request = ListTickets::new().with_sort(sort).with_page_size(5_u32);
        let first = client.list_tickets(request.clone()).await.unwrap();
        // A token lives for a week.
        bed.advance(8 * 86_400);
        let rest: Vec<_> =
            client.ticket_pages(request.with_cursor(first.next)).map(|page| page.unwrap().items).collect().await;
        let told = first.items.len() + rest.concat().len();
        assert_eq!(told, whole.len());
    }
}

/// From the second page on, the next one is asked for before a page is read: nobody knows then what was told last.
#[tokio::test]
async fn a_page_that_is_asked_for_early_may_fail_and_nothing_comes_twice() {
    let bed = large(Flavour::Cloud);
    let client = bed.client();
    let whole = all(&client, ListTickets::new().with_page_size(1_000_u32)).await;
    for sort in [vec![], vec![Sort::descending(SortField::UpdatedAt)]] {
        let request = ListTickets::new().with_sort(sort.clone()).with_page_size(9_u32);
        let (refused, empty) = (Fault::new("refused_token"), Fault::new("short_page").parameter(0));
        let mixed = |seed| vec![refused.clone().rate(0.3).seed(seed), empty.clone().rate(0.3).seed(seed + 1)];
        for faults in [vec![refused.clone().count(2)], vec![empty.clone().count(2)], mixed(1), mixed(3), mixed(5)] {
            for begun in 1..6 {
                let mut pages = client.ticket_pages(request.clone());
                let mut told = Vec::new();
                for _ in 0..begun {
                    told.extend(pages.next().await.unwrap().unwrap().items);
                }
                bed.control.set_faults(faults.clone()).unwrap();
                // A page that is empty three times in a row is a circle.
                let mut is_circle = false;
                while let Some(page) = pages.next().await {
                    match page {
                        Ok(page) => told.extend(page.items),
                        Err(error) => is_circle = error.kind() == ErrorKind::Integrity,
                    }
                }
                bed.control.clear_faults();
                let (mut told, mut expected) = (keys(&told), keys(&whole));
                told.sort_unstable();
                expected.sort_unstable();
                if is_circle && faults.len() > 1 {
                    expected.retain(|key| told.contains(key));
                }
                assert_eq!(told, expected, "{faults:?} after {begun} pages by {sort:?}");
            }
        }
    }
}

#[tokio::test]
async fn pages_in_a_circle_are_an_error() {
    let bed = large(Flavour::Cloud);
    let client = bed.client();
    bed.control.set_faults(vec![Fault::new("repeated_token")]).unwrap();
    let error = try_all(&client, ListTickets::new().with_page_size(50_u32)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
}

#[tokio::test]
async fn nothing_is_asked_where_nothing_can_fit() {
    let bed = Bed::cloud();
    let client = bed.client();
    all(&client, ListTickets::new()).await;
    let before = bed.sent();
    let none = TicketFilter::new().with_tag(["two words"]);
    let page = client.list_tickets(ListTickets::new().with_filter(none).with_count(true)).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_none(), page.total.unwrap().value), (0, true, 0));
    assert_eq!(bed.sent(), before);
}

#[tokio::test]
async fn a_total_is_an_estimate_on_cloud_and_exact_on_data_center() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let whole = all(&bed.client(), ListTickets::new()).await.len() as u64;
        let page = bed.client().list_tickets(ListTickets::new().with_count(true).with_page_size(2_u32)).await.unwrap();
        let total = page.total.unwrap();
        assert_eq!((total.value, total.exact), (whole, flavour == Flavour::DataCenter));
    }
}

#[tokio::test]
async fn a_search_as_nobody_is_an_error_and_no_empty_list() {
    let bed = Bed::cloud();
    bed.control.publish_project("HELP").unwrap();
    let client = bed.client();
    all(&client, ListTickets::new()).await;
    bed.control.hide_project("HELP", "itil").unwrap();
    bed.control.set_faults(vec![Fault::new("anonymous_200")]).unwrap();
    let error = try_all(&client, ListTickets::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
}

#[tokio::test]
async fn projects_bound_what_is_listed() {
    let bed = Bed::cloud();
    let mut everywhere = config("admin");
    everywhere["projects"] = serde_json::json!(null);
    let all_of_it = all(&bed.client_of(everywhere.clone()), ListTickets::new()).await.len();
    bed.control.move_issue("HELP-2", "IT", "admin").unwrap();
    assert_eq!(all(&bed.client_of(everywhere), ListTickets::new()).await.len(), all_of_it);
    let own = all(&bed.client(), ListTickets::new()).await;
    assert_eq!(own.len(), all_of_it - 1);
    // Its key is a reserved word of the query language.
    let mut it = config("admin");
    it["projects"] = serde_json::json!(["IT"]);
    assert_eq!(all(&bed.client_of(it), ListTickets::new()).await.len(), 1);
}

/// A search keeps its order and shows issues as they are: where its tokens end at one that was touched meanwhile, whoever goes
/// on from that one's values would tell everything again, or nothing more.
#[tokio::test]
async fn a_token_that_ends_at_an_issue_which_moved_repeats_and_loses_nothing() {
    for sort in [Sort::descending(SortField::UpdatedAt), Sort::ascending(SortField::UpdatedAt)] {
        let bed = Bed::cloud();
        bed.advance(3_600);
        let client = bed.client();
        let whole = all(&client, ListTickets::new()).await;
        let request = ListTickets::new().with_sort(vec![sort]).with_page_size(4_u32);
        let mut told = Vec::new();
        let order = all(&client, request.clone()).await;
        let mut cursor = None;
        for nth in 0.. {
            if nth == 1 {
                // The last one of this page, and with it nothing else.
                bed.control.set_summary(&order[7].key, "touched", "itil").unwrap();
            }
            if nth == 2 {
                bed.control.set_faults([Fault::new("refused_token").count(1)]).unwrap();
            }
            if nth == 3 {
                // One of those that are passed over, as the search that began anew comes to it.
                bed.control.set_summary(&order[5].key, "touched", "itil").unwrap();
            }
            let page = client.list_tickets(request.clone().with_cursor(cursor)).await.unwrap();
            told.extend(page.items.into_iter().map(|ticket| ticket.key));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let count = |key: &str| told.iter().filter(|own| *own == key).count();
        assert!((1..=2).contains(&count(&order[5].key)), "{told:?}");
        for ticket in whole.iter().filter(|ticket| ticket.key != order[5].key) {
            assert_eq!(count(&ticket.key), 1, "{} by {sort:?}: {told:?}", ticket.key);
        }
    }
}

/// A site refuses every search that names a project which is gone, in the words of its own language.
#[tokio::test]
async fn a_project_that_is_gone_is_named() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let mut gone = config("admin");
        gone["projects"] = serde_json::json!(["HELP", "GONE"]);
        let client = bed.client_of(gone);
        let counted = ListTickets::new().with_count(true);
        for error in [
            try_all(&client, ListTickets::new()).await.unwrap_err(),
            client.list_tickets(counted).await.unwrap_err(),
            client.list_ids(ListIds::new(Kind::Ticket)).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("projects")), "{flavour:?}: {error}");
            assert!(error.message().contains("`GONE`") && error.hint().is_some(), "{error}");
        }
    }
}

/// A Data Center counts offsets, and everything behind an issue that moves slips by one.
#[tokio::test]
async fn what_moves_between_pages_makes_nobody_else_vanish() {
    for flavour in FLAVOURS {
        let sorts = [SortField::UpdatedAt, SortField::Priority, SortField::Key]
            .into_iter()
            .flat_map(|field| [vec![Sort::ascending(field)], vec![Sort::descending(field)]]);
        for sort in sorts.chain([Vec::new()]) {
            let bed = Bed::on(flavour);
            let client = bed.client();
            let request = ListTickets::new().with_sort(sort.clone()).with_page_size(4_u32);
            let order: Vec<String> =
                keys(&all(&client, request.clone()).await).into_iter().map(str::to_owned).collect();
            let touched = [&order[0], &order[1], &order[6], &order[order.len() - 1]];
            let mut told = Vec::new();
            let mut cursor = None;
            for nth in 0.. {
                let page = client.list_tickets(request.clone().with_cursor(cursor)).await.unwrap();
                told.extend(page.items.into_iter().map(|ticket| ticket.key));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
                bed.advance(60);
                match nth {
                    0 => bed.control.set_summary(touched[0], "moves", "itil").unwrap(),
                    1 => bed.control.delete_issue(touched[1]).unwrap(),
                    2 => drop(bed.control.create_issue("comes", "itil").unwrap()),
                    3 => bed.control.delete_issue(touched[3]).unwrap(),
                    4 => drop(bed.control.set_priority(touched[2], "Highest", "itil").unwrap()),
                    _ => {}
                }
            }
            told.retain(|key| order.contains(key) && !touched.contains(&key));
            let mut expected: Vec<&String> = order.iter().filter(|key| !touched.contains(key)).collect();
            expected.sort();
            told.sort();
            assert_eq!(told.iter().collect::<Vec<_>>(), expected, "{flavour:?} {sort:?}");
        }
    }
}

/// The issue that a page ended with is no mark of the place where it stood, once it stands elsewhere.
#[tokio::test]
async fn a_last_issue_that_moves_to_the_front_brings_nobody_twice() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let request = ListTickets::new().with_sort([Sort::descending(SortField::UpdatedAt)]).with_page_size(3_u32);
        let order: Vec<String> = keys(&all(&client, request.clone()).await).into_iter().map(str::to_owned).collect();
        let first = client.list_tickets(request.clone()).await.unwrap();
        bed.advance(60);
        bed.control.delete_issue(&order[0]).unwrap();
        bed.control.set_summary(&order[2], "moves", "itil").unwrap();
        let rest = all(&client, request.with_cursor(first.next)).await;
        let expected: Vec<&str> = order[3..].iter().map(String::as_str).collect();
        assert_eq!(keys(&rest), expected, "{flavour:?}");
    }
}
