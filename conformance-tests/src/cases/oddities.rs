//! Vendors on a bad day: answers that lie, break off or never come.

use std::time::Duration;

use futures::FutureExt as _;
use ticketing_core::model::{Ticket, Visibility};
use ticketing_core::request::{FilterKind, GetTicket, ListTickets, StatusFilter, TicketFilter};
use ticketing_core::{Error, ErrorKind, Result, TicketingClient};
use tokio::time::Instant;

use crate::gate::has_filter;
use crate::harness::{Harness, Interference, Misbehaviour};
use crate::reading::{client, ids, sent, tickets};
use crate::verdict::{fails, names, not_offered, ok, refused};
use crate::world::World;

/// More requests than this for one listing of fourteen tickets is hammering a vendor that is down.
const HAMMERING: usize = 40;

async fn listed(client: &TicketingClient) -> Result<Vec<Ticket>> {
    tickets(client, &ListTickets::new()).await
}

/// While the vendor misbehaves so, a listing is an error of these kinds: never a shorter listing. Then it is whole again.
async fn is_an_error(h: &dyn Harness, misbehaviour: Misbehaviour, kinds: &[ErrorKind]) -> Option<Error> {
    let client = client(h);
    let whole = ok(listed(&client).await, "list_tickets");
    if !h.misbehave(misbehaviour, None) {
        not_offered(&format!("{misbehaviour:?}"));
        return None;
    }
    let before = sent(h);
    let error =
        refused(listed(&client).await, kinds, &format!("a listing while the vendor does this: {misbehaviour:?}"));
    assert!(sent(h) - before <= HAMMERING, "{} requests while the vendor is down", sent(h) - before);
    h.behave();
    let again = ok(listed(&client).await, "list_tickets, when the vendor behaves again");
    assert_eq!(ids(&again), ids(&whole), "nothing of it may stay");
    Some(error)
}

/// While the vendor misbehaves so once, a listing is whole all the same.
async fn is_got_over(h: &dyn Harness, misbehaviour: Misbehaviour) -> Option<Duration> {
    let client = client(h);
    let whole = ok(listed(&client).await, "list_tickets");
    if !h.misbehave(misbehaviour, Some(1)) {
        not_offered(&format!("{misbehaviour:?}"));
        return None;
    }
    let begun = Instant::now();
    let got = ok(listed(&client).await, &format!("a listing while the vendor once does this: {misbehaviour:?}"));
    assert_eq!(ids(&got), ids(&whole), "the listing must be whole");
    Some(begun.elapsed())
}

/// While the vendor misbehaves so, everything reads as before.
async fn changes_nothing(h: &dyn Harness, misbehaviour: Misbehaviour) {
    let world = World::read(h).await;
    if !h.misbehave(misbehaviour, None) {
        return not_offered(&format!("{misbehaviour:?}"));
    }
    let again = World::read(h).await;
    assert_eq!(again.listing, world.listing, "tickets while the vendor does this: {misbehaviour:?}");
    assert_eq!(again.users, world.users, "users while the vendor does this: {misbehaviour:?}");
    assert_eq!(again.groups, world.groups, "groups while the vendor does this: {misbehaviour:?}");
    assert_eq!(again.accounts, world.accounts, "accounts while the vendor does this: {misbehaviour:?}");
    assert_eq!(again.contacts, world.contacts, "contacts while the vendor does this: {misbehaviour:?}");
    let got = ok(client(h).get_ticket(GetTicket::new(world.ticket_id("vpn"))).await, "get_ticket");
    assert_eq!(got.title, world.ticket("vpn").title);
}

const NONSENSE: &[ErrorKind] = &[ErrorKind::Decode, ErrorKind::Unavailable, ErrorKind::Unexpected, ErrorKind::Timeout];

/// Success with an error in the body is an error.
pub async fn success_with_an_error_in_it_is_an_error(h: &dyn Harness) {
    is_an_error(h, Misbehaviour::ErrorWithSuccess, NONSENSE).await;
}

/// Some rows and then an error is an error, not a short page.
pub async fn a_part_of_a_list_is_an_error(h: &dyn Harness) {
    is_an_error(h, Misbehaviour::PartOfAList, NONSENSE).await;
}

/// A row that is no record is an error that names the row, not a missing ticket.
pub async fn a_broken_row_is_an_error_that_names_it(h: &dyn Harness) {
    let Some(error) = is_an_error(h, Misbehaviour::BrokenRow, NONSENSE).await else { return };
    if error.kind() == ErrorKind::Decode {
        let line = error.to_string();
        assert!(line.chars().any(|c| c.is_ascii_digit()), "a decode error must name the place: {line}");
    }
}

/// A web page is not data.
pub async fn a_web_page_is_an_error(h: &dyn Harness) {
    let kinds = [NONSENSE, &[ErrorKind::Unauthenticated]].concat();
    let Some(error) = is_an_error(h, Misbehaviour::WebPage, &kinds).await else { return };
    assert!(!error.to_string().contains('<'), "a web page must not be poured into the error: {error}");
}

/// An answer that ends too early is an error, though HTTP says that it is whole.
pub async fn a_cut_answer_is_an_error(h: &dyn Harness) {
    is_an_error(h, Misbehaviour::CutAnswer, NONSENSE).await;
}

/// A server that fails once is got over; one that keeps failing is unavailable, worth another try, and not hammered.
pub async fn a_failing_server_is_got_over_or_unavailable(h: &dyn Harness) {
    for misbehaviour in [Misbehaviour::ServerError, Misbehaviour::ServiceUnavailable] {
        is_got_over(h, misbehaviour).await;
        h.behave();
        let Some(error) = is_an_error(h, misbehaviour, &[ErrorKind::Unavailable]).await else { continue };
        assert!(error.is_retryable(), "a server that is down comes back: {error}");
    }
}

/// A request or an answer that was lost once is got over.
pub async fn a_lost_answer_is_got_over(h: &dyn Harness) {
    for misbehaviour in [Misbehaviour::LostRequest, Misbehaviour::LostAnswer] {
        is_got_over(h, misbehaviour).await;
        h.behave();
        is_an_error(h, misbehaviour, &[ErrorKind::Unavailable, ErrorKind::Timeout]).await;
    }
}

/// A vendor that never answers ends in a timeout.
pub async fn silence_ends_in_a_timeout(h: &dyn Harness) {
    let client = client(h);
    if !h.misbehave(Misbehaviour::Silence, None) {
        return not_offered("Silence");
    }
    let begun = Instant::now();
    let error = refused(listed(&client).await, &[ErrorKind::Timeout], "a listing without an answer");
    assert!(error.is_retryable(), "silence is worth another try: {error}");
    assert!(begun.elapsed() < Duration::from_secs(1800), "it took {:?}", begun.elapsed());
}

/// Told to wait, the provider waits as long as told, and then goes on.
pub async fn a_rate_limit_is_waited_for(h: &dyn Harness) {
    let asked = Misbehaviour::RateLimited { seconds: Some(7) };
    if let Some(took) = is_got_over(h, asked).await {
        assert!(took >= Duration::from_secs(7), "7 s were asked for, and it went on after {took:?}");
    }
    h.behave();
    is_got_over(h, Misbehaviour::RateLimited { seconds: None }).await;
}

/// Told to wait for a moment that has passed, the provider goes on, and does not spin.
pub async fn a_wait_until_the_past_is_no_wait(h: &dyn Harness) {
    if let Some(took) = is_got_over(h, Misbehaviour::RateLimitedUntilThePast).await {
        assert!(took < Duration::from_secs(120), "a moment that has passed is no reason to wait {took:?}");
    }
    h.behave();
    is_an_error(h, Misbehaviour::RateLimitedUntilThePast, &[ErrorKind::RateLimited]).await;
}

/// Told to wait for longer than anybody waits, the caller is told instead.
pub async fn a_long_rate_limit_is_told(h: &dyn Harness) {
    let client = client(h);
    ok(listed(&client).await, "list_tickets");
    if !h.misbehave(Misbehaviour::RateLimited { seconds: Some(3600) }, None) {
        return not_offered("RateLimited");
    }
    let begun = Instant::now();
    let error = refused(listed(&client).await, &[ErrorKind::RateLimited], "a listing under a rate limit of an hour");
    assert!(begun.elapsed() < Duration::from_secs(120), "it was waited for {:?} instead of told", begun.elapsed());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)), "the wait that the vendor asked for: {error}");
}

/// Answers of 10 MB are read.
pub async fn huge_answers_are_read(h: &dyn Harness) {
    changes_nothing(h, Misbehaviour::HugeAnswers).await;
}

/// Keys that nobody has heard of are no reason to fail.
pub async fn unknown_keys_are_no_reason_to_fail(h: &dyn Harness) {
    changes_nothing(h, Misbehaviour::UnknownKeys).await;
}

/// Null where a text is usual is empty.
pub async fn nulls_are_empty(h: &dyn Harness) {
    changes_nothing(h, Misbehaviour::Nulls).await;
}

/// Links to another host are not followed, and not handed on.
pub async fn foreign_links_are_not_followed(h: &dyn Harness) {
    let client = client(h);
    ok(listed(&client).await, "list_tickets");
    let Some(before) = h.requests() else { return };
    let host = before[0].host.clone();
    changes_nothing(h, Misbehaviour::ForeignLinks).await;
    for size in [1, 3] {
        ok(tickets(&client, &ListTickets::new().with_page_size(size)).await, "list_tickets");
    }
    for request in &h.requests().unwrap()[before.len()..] {
        assert_eq!(request.host, host, "a request went to another host because the vendor said so: {request:?}");
    }
}

/// A redirect to another host is an error; nothing goes there.
pub async fn a_foreign_redirect_is_an_error(h: &dyn Harness) {
    let client = client(h);
    ok(listed(&client).await, "list_tickets");
    let Some(before) = h.requests() else { return };
    let host = before[0].host.clone();
    if !h.misbehave(Misbehaviour::ForeignRedirect, None) {
        return not_offered("ForeignRedirect");
    }
    fails(listed(&client).await, "a listing that is redirected to another host");
    for request in &h.requests().unwrap()[before.len()..] {
        assert_eq!(request.host, host, "a request followed a redirect to another host: {request:?}");
    }
}

/// Where the vendor ignores a part of the query, the listing is exact, or an error: never wrong rows.
pub async fn an_ignored_filter_never_gives_wrong_rows(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    if !h.misbehave(Misbehaviour::IgnoredQuery, None) {
        return not_offered("IgnoredQuery");
    }
    let mut filters = Vec::new();
    if has_filter(h, FilterKind::Status) {
        filters.push(TicketFilter::new().with_status([StatusFilter::Unresolved]));
        filters.push(crate::oracle::by_status(ticketing_core::model::StatusCategory::OnHold));
    }
    if has_filter(h, FilterKind::Ids) {
        filters.push(TicketFilter::new().with_ids([world.ticket_id("vpn")]));
    }
    if has_filter(h, FilterKind::ExternalId) {
        filters.push(TicketFilter::new().with_external_id(["ALERT-1001"]));
    }
    if has_filter(h, FilterKind::Created) {
        let from = world.ticket("disk").created_at.unwrap();
        filters.push(TicketFilter::new().with_created(ticketing_core::request::TimeRange::after(from)));
    }
    for filter in filters {
        let expected: Vec<_> =
            world.listing.iter().filter(|one| crate::oracle::matches(&world, None, one, &filter)).collect();
        match tickets(&client, &ListTickets::new().with_filter(filter.clone())).await {
            Ok(got) => {
                crate::verdict::same_set(
                    ids(&got),
                    expected.into_iter().map(|one| one.id.to_string()),
                    &format!("tickets by {filter:?}, while the vendor ignores a part of the query"),
                );
            }
            Err(error) => {
                refused(Err::<(), _>(error), &[ErrorKind::Integrity, ErrorKind::Unexpected], "an ignored filter");
            }
        }
    }
}

/// A priority that no mapping knows is `unknown`, and keeps its native value.
pub async fn an_unmapped_priority_survives(h: &dyn Harness) {
    let world = World::read(h).await;
    let id = world.ticket_id("arabic");
    let Some(native) = h.interfere(Interference::SetUnknownPriority { ticket: id.clone() }).await else {
        return not_offered("SetUnknownPriority");
    };
    let read = ok(client(h).get_ticket(GetTicket::new(id)).await, "get_ticket with an unknown priority");
    let priority = read.priority.expect("an unknown priority is a priority");
    assert_eq!(priority.level, ticketing_core::model::PriorityLevel::Unknown);
    assert_eq!(priority.native.id, native, "its native value survives");
}

/// A ticket with nothing on it but what it cannot do without is a ticket.
pub async fn an_empty_ticket_is_a_ticket(h: &dyn Harness) {
    let world = World::read(h).await;
    let id = world.ticket_id("vpn");
    if h.interfere(Interference::EmptyTicket { ticket: id.clone() }).await.is_none() {
        return not_offered("EmptyTicket");
    }
    let client = client(h);
    let read = ok(client.get_ticket(GetTicket::new(id.clone())).await, "get_ticket of an empty ticket");
    assert!(read.assignees.is_empty() && read.assigned_groups.is_empty(), "{read:?}");
    assert_eq!((read.requester, read.account, read.parent, read.due), (None, None, None, None));
    assert_eq!((read.description, read.external_id), (None, None), "empty is null");
    let listing = ok(listed(&client).await, "list_tickets with an empty ticket");
    assert!(listing.iter().any(|ticket| ticket.id == id), "an empty ticket is listed");
}

/// A call that is dropped half-way leaves no lock behind: the next ones are answered.
pub async fn a_dropped_call_leaves_no_lock(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    for polls in 0..12_u32 {
        // A call that has ended is not polled again.
        let mut calls: Vec<_> = (0..8).map(|_| Box::pin(listed(&client).fuse())).collect();
        for call in &mut calls {
            for _ in 0..polls {
                let _ = call.as_mut().now_or_never();
                tokio::task::yield_now().await;
            }
        }
        drop(calls);
        let next = tokio::time::timeout(Duration::from_secs(600), listed(&client)).await;
        let next = next.unwrap_or_else(|_| panic!("a call hangs after others were dropped when polled {polls} times"));
        assert_eq!(ok(next, "list_tickets").len(), world.listing.len());
    }
}

/// Many calls at the same time are all answered, each with its own answer.
pub async fn many_calls_at_once_are_all_answered(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let calls = world.listing.iter().cycle().take(60).map(|ticket| {
        let client = client.clone();
        async move { (ticket.id.clone(), client.get_ticket(GetTicket::new(ticket.id.clone())).await) }
    });
    for (asked, got) in futures::future::join_all(calls).await {
        assert_eq!(ok(got, "one of sixty calls").id, asked, "every call gets its own answer");
    }
}

/// What is said in every script, at length, is written and read back.
pub async fn long_texts_survive(h: &dyn Harness) {
    use ticketing_core::request::{AddComment, TextInput};
    let operations = [ticketing_core::Operation::AddComment, ticketing_core::Operation::ListComments];
    if !crate::gate::operations(h, &operations).await || !crate::gate::has_visibility(h, Visibility::Internal) {
        return;
    }
    let world = World::read(h).await;
    let text = "Zeile mit Ümlaut, 日本語, עברית und 🚀\n".repeat(90).trim_end().to_owned();
    let add = AddComment::new(world.ticket_id("disk"), TextInput::Plain(text.clone()), Visibility::Internal);
    ok(client(h).add_comment(add).await, "add_comment of a long text");
    let comments = super::comments::all_of(h, &world.ticket_id("disk")).await;
    let kept = crate::canonical::plain_text(&comments.last().unwrap().body);
    assert_eq!(kept, text, "a long text must not be cut");
}

/// What a server says in its error is told, in one line.
pub async fn the_vendors_words_are_told(h: &dyn Harness) {
    let Some(error) = is_an_error(h, Misbehaviour::ErrorWithSuccess, NONSENSE).await else { return };
    names(&error, &[&h.provider().info().name, "list_tickets"], "who failed, and in what");
    assert!(error.message().len() > 10, "the vendor gave a reason, and the error must tell it: {error}");
}
