//! Zendesk's search: what a filter says is what the account reads, word by word; and the account reads anything.

use serde_json::Value;
use ticketing_core::request::{AssigneeFilter, ListTickets, RawMethod, RawRequest, TicketFilter, TimeRange};
use ticketing_core::{ErrorKind, UserSelector};
use ticketing_fuzz::{Bed, Shape, Zendesk};
use vendor_sandbox::zendesk::{SearchReading, SearchTerm};

/// Pieces of the language, for texts that look like it.
const PIECES: &[&str] = &[
    "status",
    "priority",
    "assignee",
    "requester",
    "tags",
    "created",
    "updated",
    "due_date",
    "subject",
    "custom_field_360001",
    "id",
    "type",
    "order_by",
    "sort",
    "via",
    "external_id",
    "has_attachment",
    "fieldvalue",
    "ticket_type",
    "group",
    "cc",
    ":",
    "<",
    ">",
    "<=",
    ">=",
    " ",
    " ",
    "-",
    "\"",
    "*",
    "none",
    "me",
    "ticket",
    "2026-01-05",
    "2026-01-05T08:00:00Z",
    "4hours",
    "99999999999years",
    "9223372036854775807minutes",
    "solved",
    "urgent",
    "desc",
    "#1",
    "1",
    "\"a b\"",
];

fn term(keyword: &str, sign: &'static str, value: impl Into<String>) -> SearchTerm {
    let (mut term, value) = (SearchTerm::default(), value.into());
    (term.keyword, term.sign, term.value) = (keyword.to_owned(), sign, value.to_lowercase());
    term
}

/// The queries that went to a path, decoded.
fn asked(bed: &Bed<Zendesk>, path: &str) -> Vec<String> {
    let heard = bed.heard().into_iter().filter(|heard| heard.path == path);
    heard
        .filter_map(|heard| {
            let mut pairs = url::form_urlencoded::parse(heard.query.as_bytes());
            pairs.find(|(name, _)| name == "query").map(|(_, query)| query.into_owned())
        })
        .collect()
}

/// Any text in any filter: the account is asked for exactly that, or for more where no search can say it.
#[test]
fn a_filter_asks_for_what_it_means() {
    let bed = Bed::<Zendesk>::new().with_time_passing();
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = bed.run(bed.provider.list_tickets(ListTickets::new().with_cursor(cursor))).unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let tags: Vec<String> = all.iter().flat_map(|ticket| ticket.tags.clone().unwrap_or_default()).collect();
    assert!(all.len() >= 12 && !tags.is_empty());
    fuzz!("search/a_filter_asks_for_what_it_means", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (mut filter, mut meant) = (TicketFilter::new(), Vec::new());
        if shape.one_in(2) {
            let count = 1 + shape.below(3);
            let some: Vec<String> =
                (0..count).map(|_| if shape.one_in(3) { shape.pick(&tags).clone() } else { shape.text() }).collect();
            let can_stand = |tag: &String| {
                !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.'))
            };
            if some.iter().all(can_stand) {
                meant.extend(some.iter().map(|tag| term("tags", ":", tag)));
            }
            filter = filter.with_tag(some);
        }
        if shape.one_in(4) {
            let id = 1 + shape.number() % 1_000_000;
            filter.assignee = vec![AssigneeFilter::User(UserSelector::Id(id.to_string().into()))];
            meant.insert(0, term("assignee", ":", id.to_string()));
        }
        let mut moments = false;
        for name in ["created", "updated"] {
            if shape.one_in(5) {
                moments = true;
                let moment = shape.moment();
                let stretch = if shape.one_in(2) { TimeRange::after(moment) } else { TimeRange::before(moment) };
                if name == "created" { filter.created = stretch } else { filter.updated = stretch }
            }
        }
        let words = shape.one_in(2).then(|| shape.text());
        if let Some(words) = &words {
            filter.text = Some(words.clone());
            // A word that cannot be looked for narrows nothing.
            let plain = words.split_whitespace().map(|word| word.chars().filter(|c| *c != '"' && !c.is_control()));
            let plain = plain.map(Iterator::collect).filter(|word: &String| word.chars().any(char::is_alphanumeric));
            meant.extend(plain.map(|word| term("", ":", word)));
        }
        bed.heard();
        let outcome = bed.run(bed.provider.list_tickets(ListTickets::new().with_filter(filter.clone())));
        let page = match outcome {
            Ok(page) => page,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{filter:?} is {error}");
                assert!(error.field().is_some(), "{error}");
                return;
            }
        };
        let mut next = page.next;
        let mut found = page.items;
        while let Some(cursor) = next {
            let request = ListTickets::new().with_filter(filter.clone()).with_cursor(Some(cursor));
            let page = bed.run(bed.provider.list_tickets(request)).unwrap();
            found.extend(page.items);
            next = page.next;
        }
        // Where nothing narrows it, the search is asked for what was closed long ago.
        let queries = asked(&bed, "/api/v2/search/export");
        assert!(!queries.is_empty(), "{filter:?}");
        for query in queries {
            let reading = SearchReading::of(&query);
            assert!(reading.types.is_empty() && reading.order_by.is_none(), "{query:?}");
            let told: Vec<SearchTerm> = reading
                .terms
                .into_iter()
                .filter(|own| {
                    !(moments || meant.is_empty()) || !["created", "updated", "status"].contains(&&*own.keyword)
                })
                .collect();
            assert_eq!(told, meant, "{filter:?} asks for {query:?}");
        }
        if words.is_none() && filter.assignee.is_empty() && !moments {
            let fits = |ticket: &&ticketing_core::model::Ticket| {
                filter.tag.is_empty() || ticket.tags.iter().flatten().any(|tag| filter.tag.contains(tag))
            };
            let mut expected: Vec<&str> = all.iter().filter(fits).map(|ticket| ticket.id.as_str()).collect();
            let mut found: Vec<&str> = found.iter().map(|ticket| ticket.id.as_str()).collect();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{filter:?}");
        }
    });
}

/// A person's address, whatever is in it: looked for as an address and nothing else.
#[test]
fn an_address_is_looked_for_as_one() {
    let bed = Bed::<Zendesk>::new().with_time_passing();
    bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    fuzz!("search/an_address_is_looked_for_as_one", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let email = if shape.one_in(2) { format!("{}@{}", shape.word(), shape.word()) } else { shape.word() };
        let filter = TicketFilter::new().with_requester([UserSelector::Email(email.clone())]);
        bed.heard();
        let outcome = bed.run(bed.provider.list_tickets(ListTickets::new().with_filter(filter)));
        for query in asked(&bed, "/api/v2/users/search") {
            let plain: String = email.chars().filter(|c| *c != '"').collect();
            assert_eq!(SearchReading::of(&query).terms, [term("email", ":", plain)], "{email:?} asks for {query:?}");
        }
        if let Err(error) = outcome {
            assert_eq!(
                (error.kind(), error.field()),
                (ErrorKind::InvalidRequest, Some("requester")),
                "{email:?}: {error}"
            );
        }
    });
}

/// Nothing that a client sends as a search breaks the account: it is served, or refused.
#[test]
fn the_account_reads_anything() {
    let bed = Bed::<Zendesk>::new().with_time_passing();
    bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    let tickets = bed.control.tickets().len() as u64;
    fuzz!("search/the_account_reads_anything", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let query = shape.soup(PIECES, 24);
        let reading = SearchReading::of(&query);
        let path =
            *shape.pick(&["/api/v2/search", "/api/v2/search/count", "/api/v2/search/export", "/api/v2/users/search"]);
        let mut pairs = vec![("query".to_owned(), query.clone())];
        if path.ends_with("export") {
            pairs.push(("filter[type]".to_owned(), "ticket".to_owned()));
        }
        match bed.run(bed.provider.send_raw(RawRequest::new(RawMethod::Get, path).with_query(pairs))) {
            Ok(answer) => {
                assert!(matches!(answer.status, 200 | 400 | 422), "{query:?} is answered by {}", answer.status);
                let body: Value = serde_json::from_slice(&answer.body).unwrap();
                let only_tickets = reading.types == ["ticket"] && path.ends_with("count");
                assert!(
                    !only_tickets || body["count"].as_u64().is_none_or(|count| count <= tickets),
                    "{query:?}: {body}"
                );
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{query:?}: {error}"),
        }
    });
}
