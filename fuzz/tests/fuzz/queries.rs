//! Encoded queries: what the provider writes is what the instance reads, value by value; and the instance reads anything.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use provider_servicenow::query::{Condition, FieldName, Order, Query};
use serde_json::json;
use ticketing_core::ErrorKind;
use ticketing_core::request::{CreateTicket, GetTicket, ListTickets, TextInput, TicketFilter};
use ticketing_fuzz::{Bed, ServiceNow, Shape};
use vendor_sandbox::servicenow::{ConditionReading, QueryReading};

const FIELDS: &[&str] = &["short_description", "state", "number", "sys_id", "caller_id.email", "u_symptom", "due_date"];
const TABLES: &[&str] = &["incident", "task", "sys_user", "sys_attachment", "sys_audit"];
/// Everything that an encoded query can say, and what is left out where the value is made up.
const OPERATORS: &[&str] = &[
    "=",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "STARTSWITH",
    "ENDSWITH",
    "LIKE",
    "NOT LIKE",
    "IN",
    "NOT IN",
    "ISEMPTY",
    "ISNOTEMPTY",
    "EMPTYSTRING",
    "ANYTHING",
    "BETWEEN",
    "SAMEAS",
    "NSAMEAS",
    "GT_FIELD",
    "LT_OR_EQUALS_FIELD",
    "DYNAMIC",
    "IN_HIERARCHY",
    "ON",
    "NOTON",
    "RELATIVEGT",
    "RELATIVELT",
    "MORETHAN",
    "LESSTHAN",
    "DATEPART",
];

/// What a condition has to be read as: its field, its operator, and its value; of a list, the values in any order.
#[derive(Debug, Clone, PartialEq)]
enum Meant {
    One(String, &'static str, String),
    /// These values, in lists and alternatives.
    Several(String, [&'static str; 2], BTreeSet<String>),
}

/// Whether a value may be refused: it would be run, it has no way into a query, or it means something else there.
fn may_be_refused(value: &str) -> bool {
    value.trim_start().to_ascii_lowercase().starts_with("javascript:")
        || value.chars().any(char::is_control)
        || value == "NULL"
}

/// Conditions of which one must hold, made up, and what they mean; `None` where the values were refused for a reason.
fn condition(shape: &mut Shape<'_>) -> Option<(Vec<Condition>, Meant)> {
    let name = shape.field(FIELDS);
    let Ok(field) = FieldName::new(&name) else {
        assert!(
            name.split('.').any(str::is_empty) || name.chars().any(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '.')),
            "{name:?} was refused"
        );
        return None;
    };
    type WithValue = fn(FieldName, String) -> ticketing_core::Result<Condition>;
    const WITH_VALUE: &[(&str, WithValue)] = &[
        ("=", Condition::equals),
        ("!=", Condition::not_equals),
        ("<", Condition::less),
        (">", Condition::greater),
        ("<=", Condition::at_most),
        (">=", Condition::at_least),
        ("STARTSWITH", Condition::starts_with),
        ("ENDSWITH", Condition::ends_with),
        ("LIKE", Condition::contains),
        ("NOT LIKE", Condition::not_contains),
    ];
    match shape.below(5) {
        0..=2 => {
            let (operator, build) = *shape.pick(WITH_VALUE);
            let value = shape.text();
            match build(field, value.clone()) {
                Ok(condition) => Some((vec![condition], Meant::One(name, operator, value))),
                Err(error) => {
                    let other_operator = matches!(operator, "<" | ">") && value.starts_with('=');
                    assert!(may_be_refused(&value) || other_operator, "{operator}{value:?} was refused: {error}");
                    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                    assert_eq!(error.field(), Some(name.as_str()));
                    None
                }
            }
        }
        3 => {
            let count = 1 + shape.below(4);
            let values: Vec<String> = (0..count).map(|_| shape.text()).collect();
            match Condition::is_one_of(field, values.clone()) {
                Ok(any_of) => Some((any_of, Meant::Several(name, ["IN", "="], values.into_iter().collect()))),
                Err(error) => {
                    assert!(values.iter().any(|value| may_be_refused(value)), "{values:?} was refused: {error}");
                    None
                }
            }
        }
        _ => {
            let (condition, operator) = match shape.below(4) {
                0 => (Condition::is_empty(field), "ISEMPTY"),
                1 => (Condition::is_not_empty(field), "ISNOTEMPTY"),
                2 => (Condition::anything(field), "ANYTHING"),
                _ => (Condition::is_empty_string(field), "EMPTYSTRING"),
            };
            Some((vec![condition], Meant::One(name, operator, String::new())))
        }
    }
}

/// What the instance read, in the words of what was meant.
fn assert_read(read: &[Option<ConditionReading>], meant: &Meant, text: &str) {
    let read: Vec<&ConditionReading> =
        read.iter().map(|one| one.as_ref().unwrap_or_else(|| panic!("a part of {text:?} is ignored"))).collect();
    match meant {
        Meant::One(field, operator, value) => {
            assert_eq!(read.len(), 1, "{text:?} is read as {read:?}");
            assert!(
                read[0].field == *field && read[0].is_spelled(operator) && read[0].value == *value,
                "{text:?} is read as {:?}, not {meant:?}",
                read[0]
            );
        }
        Meant::Several(field, [listed, alone], values) => {
            let mut found = BTreeSet::new();
            for one in read {
                assert_eq!(one.field, *field, "{text:?}");
                if one.is_spelled(listed) {
                    found.extend(one.value.split(',').map(str::to_owned));
                } else {
                    assert!(one.is_spelled(alone), "{text:?} is read as {one:?}");
                    found.insert(one.value.clone());
                }
            }
            assert_eq!(found, *values, "{text:?}");
        }
    }
}

/// Builder to parser: no condition, value, group or order is lost, changed or added.
#[test]
fn what_is_written_is_read() {
    fuzz!("queries/what_is_written_is_read", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let mut query: Option<Query> = None;
        let mut meant: Vec<Vec<Meant>> = Vec::new();
        for _ in 0..1 + shape.below(3) {
            let mut group = Query::all();
            let mut group_meant = Vec::new();
            for _ in 0..shape.below(4) {
                if let Some((any_of, one)) = condition(shape) {
                    group = group.and(any_of);
                    group_meant.push(one);
                }
            }
            query = Some(match query {
                None => group,
                Some(query) => query.or_query(group),
            });
            meant.push(group_meant);
        }
        let mut query = query.unwrap();
        // A condition that holds for the whole of a union has to stand in each of its groups.
        if shape.one_in(3)
            && let Some((any_of, one)) = condition(shape)
        {
            query = query.and_query(&Query::all().and(any_of));
            meant.iter_mut().for_each(|group| group.push(one.clone()));
        }
        if meant.iter().any(Vec::is_empty) {
            // Everything, or something: everything.
            meant = vec![Vec::new()];
        }
        let order = [Order::descending("sys_updated_on"), Order::ascending("sys_id")];
        let order = &order[..shape.below(3)];
        let text = query.encode_ordered(order);
        let reading = QueryReading::of(&text);
        assert_eq!(reading.groups.len(), meant.len(), "{text:?}");
        for (read, meant) in reading.groups.iter().zip(&meant) {
            assert_eq!(read.len(), meant.len(), "{text:?} is read as {read:?}, not {meant:?}");
            for (read, meant) in read.iter().zip(meant) {
                assert_read(read, meant, &text);
            }
        }
        let expected = [("sys_updated_on".to_owned(), true), ("sys_id".to_owned(), false)];
        assert_eq!(reading.order, expected[..order.len()], "{text:?}");
    });
}

/// The stored value decides, whatever is in it: a text is found by itself and by nothing else.
#[test]
fn a_stored_text_is_found_by_what_it_holds() {
    let bed = Bed::<ServiceNow>::new();
    let id = bed.control.find("incident", "number=INC0010001").unwrap().remove(0);
    let field = || FieldName::new("short_description").unwrap();
    fuzz!("queries/a_stored_text_is_found_by_what_it_holds", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let stored = shape.word();
        let wanted = if shape.one_in(2) { stored.clone() } else { shape.word() };
        if may_be_refused(&wanted) || wanted.starts_with('=') {
            return;
        }
        bed.control.set_raw("incident", &id, json!({ "short_description": stored })).unwrap();
        let this = || Query::all().and(Condition::equals(FieldName::new("sys_id").unwrap(), id.as_str()).unwrap());
        let half = stored.char_indices().nth(stored.chars().count() / 2).map_or(0, |(at, _)| at);
        let (head, tail) = stored.split_at(half);
        let mut cases = vec![
            (Condition::equals(field(), wanted.as_str()).map(|one| vec![one]), stored == wanted),
            (Condition::not_equals(field(), wanted.as_str()).map(|one| vec![one]), stored != wanted),
            (Condition::contains(field(), wanted.as_str()).map(|one| vec![one]), stored.contains(&wanted)),
            (Condition::not_contains(field(), wanted.as_str()).map(|one| vec![one]), !stored.contains(&wanted)),
            (Condition::starts_with(field(), wanted.as_str()).map(|one| vec![one]), stored.starts_with(&wanted)),
            (Condition::ends_with(field(), wanted.as_str()).map(|one| vec![one]), stored.ends_with(&wanted)),
            (Condition::is_one_of(field(), ["never", wanted.as_str(), "x,y"]), stored == wanted),
            (Condition::at_least(field(), wanted.as_str()).map(|one| vec![one]), stored >= wanted),
            (Condition::less(field(), wanted.as_str()).map(|one| vec![one]), stored < wanted),
            (Ok(vec![Condition::is_empty(field())]), false),
        ];
        if !may_be_refused(head) && !may_be_refused(tail) {
            cases.push((Condition::starts_with(field(), head).map(|one| vec![one]), true));
            cases.push((Condition::ends_with(field(), tail).map(|one| vec![one]), true));
        }
        for (any_of, expected) in cases {
            let any_of = any_of.unwrap();
            let text = this().and(any_of).encode();
            let found = bed.control.find("incident", &text).unwrap();
            assert_eq!(!found.is_empty(), expected, "{stored:?} by {text:?}");
        }
    });
}

/// Through the provider, the wire and back: what was written is read, and found again exactly once.
#[test]
fn a_ticket_comes_back_as_it_was_written() {
    let bed = Bed::<ServiceNow>::new();
    fuzz!("queries/a_ticket_comes_back_as_it_was_written", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (title, external_id, description) = (shape.word(), shape.word(), shape.text());
        let create = CreateTicket::new(title.as_str())
            .with_description(Some(TextInput::Plain(description.clone())))
            .with_external_id(Some(external_id.clone()));
        let created = match bed.run(bed.provider.create_ticket(create)) {
            Ok(created) => created,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{title:?} {external_id:?}: {error}");
                assert!(error.field().is_some(), "{error}");
                return;
            }
        };
        let outcome = bed.run(bed.provider.get_ticket(GetTicket::new(created.id.clone())));
        let found =
            bed.run(bed.provider.list_tickets(
                ListTickets::new().with_filter(TicketFilter::new().with_external_id([external_id.clone()])),
            ));
        bed.control.purge("incident", created.id.as_str()).unwrap();
        let read = outcome.unwrap();
        assert_eq!(read.title, title);
        assert_eq!(read.external_id.as_deref(), Some(external_id.as_str()));
        let native = read.description.as_ref().map(|text| text.native.content.as_str());
        assert_eq!(native.unwrap_or_default(), description);
        match found {
            Ok(page) => {
                let ids: Vec<&str> = page.items.iter().map(|ticket| ticket.id.as_str()).collect();
                assert_eq!(ids, [created.id.as_str()], "by external id {external_id:?}");
            }
            Err(error) => {
                assert!(may_be_refused(&external_id), "{external_id:?}: {error}");
                assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
            }
        }
    });
}

/// Nothing that a client sends as a query breaks the sandbox, and a condition that it understood restricts.
#[test]
fn the_instance_reads_anything() {
    let bed = Bed::<ServiceNow>::new();
    let tables: Vec<(&str, usize)> =
        TABLES.iter().map(|table| (*table, bed.control.find(table, "").unwrap().len())).collect();
    fuzz!("queries/the_instance_reads_anything", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (table, all) = *shape.pick(&tables);
        let mut text = String::new();
        for _ in 0..1 + shape.below(4) {
            text.push_str(&shape.field(&["sys_id", "sys_updated_on", "caller_id", "parent", "number", "active"]));
            text.push_str(shape.pick::<&str>(OPERATORS));
            match shape.below(4) {
                0 => {
                    let unit = *shape.pick(&["second", "day", "dayofweek", "quarter", "year", "aeon"]);
                    let from = *shape.pick(&["", "sys_created_on", "closed_at"]);
                    let way = *shape.pick(&["ago", "ahead", "before", "after"]);
                    text.push_str(&format!("{from}@{unit}@{way}@{}", shape.number() as i64));
                }
                1 => {
                    let year = i32::from(i16::from_le_bytes([shape.byte(), shape.byte()])) * 7;
                    let day = NaiveDate::from_ymd_opt(year, 12, 31).unwrap();
                    text.push_str(&format!("{day}@start@end"));
                }
                _ => text.push_str(&shape.text()),
            }
            text.push_str(shape.pick::<&str>(&["^", "^OR", "^NQ", "^^", ""]));
        }
        let reading = QueryReading::of(&text);
        let found = bed.control.find(table, &text).unwrap().len();
        assert!(found <= all, "{text:?}: {found} of {all}");
        // `find` takes an ignored part for an error, and gives no rows.
        let ignored = reading.groups.iter().flatten().flatten().any(Option::is_none);
        let special = ["RLQUERY", "JOIN", "123TEXTQUERY321"].iter().any(|word| text.contains(word));
        assert!(!ignored || special || found == 0, "{text:?} is read as {reading:?}, and {found} rows fit");
    });
}
