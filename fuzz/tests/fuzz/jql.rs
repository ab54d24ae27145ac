//! JQL: what the provider asks is what the site reads, value by value; a filter finds what it says; and the site reads anything.

use std::collections::BTreeSet;

use provider_jira::query::{Clause, Field, Jql, Operator, OrderBy};
use serde_json::{Value, json};
use ticketing_core::model::FieldData;
use ticketing_core::request::{AssigneeFilter, ListTickets, RawMethod, RawRequest, TicketFilter, TimeRange};
use ticketing_core::{ErrorKind, UserSelector};
use ticketing_fuzz::{Bed, JiraCloud, JiraDataCenter, Shape, Vendor};
use vendor_sandbox::jira::{Control, JqlCondition, JqlReading, JqlValue};

const SYSTEM: &[&str] = &["project", "assignee", "labels", "summary", "status", "id"];
/// The clause of the field that the connection keeps its own ids in.
const EXTERNAL_ID: &str = "cf[10031]";
/// Fields of every shape that a filter can name, and what queries call them.
const FIELDS: &[(&str, &str)] = &[
    ("customfield_10033", "cf[10033]"),
    ("customfield_10034", "cf[10034]"),
    ("customfield_10035", "cf[10035]"),
    ("customfield_10036", "cf[10036]"),
    ("customfield_10039", "cf[10039]"),
    ("customfield_10040", "cf[10040]"),
];
/// Pieces of the language, for texts that look like it.
const PIECES: &[&str] = &[
    "project",
    "summary",
    "labels",
    "status",
    "assignee",
    "created",
    "issue.property[a].b",
    "cf[10030]",
    "\"External ID\"",
    " = ",
    " != ",
    " ~ ",
    " !~ ",
    " < ",
    " >= ",
    " IN ",
    " NOT IN ",
    " IS ",
    " IS NOT ",
    " WAS ",
    " CHANGED ",
    "EMPTY",
    "NULL",
    " AND ",
    " OR ",
    " NOT ",
    "(",
    ")",
    ", ",
    " ORDER BY ",
    " DESC",
    "\"HELP\"",
    "\"a \\\" b\"",
    "'x'",
    "currentUser()",
    "membersOf(\"a\")",
    "startOfDay(-99999999d)",
    "-4w",
    "-9999999999w",
    "2026-01-05",
    "\"2026/01/05 08:00\"",
    "10000",
    "\\u0022",
];

fn text(text: impl Into<String>) -> JqlValue {
    JqlValue::Text(text.into())
}

/// A clause, made up, and what it has to be read as.
fn clause(shape: &mut Shape<'_>, depth: usize) -> (Clause, JqlCondition) {
    let name = if shape.one_in(2) { shape.word() } else { (*shape.pick(SYSTEM)).to_owned() };
    let name = if shape.one_in(6) { format!("cf[{}]", shape.byte()) } else { name };
    let field = || Field::named(&name);
    let term = |operator, value| JqlCondition::term(name.as_str(), operator, value);
    const SIGNS: &[(Operator, &str)] = &[
        (Operator::Equals, "="),
        (Operator::Less, "<"),
        (Operator::AtLeast, ">="),
        (Operator::Greater, ">"),
        (Operator::Contains, "~"),
    ];
    match shape.below(if depth == 0 { 6 } else { 8 }) {
        0 | 1 => {
            let ((operator, sign), value) = (*shape.pick(SIGNS), shape.text());
            (Clause::Term(field(), operator, value.clone()), term(sign, text(value)))
        }
        2 => {
            let ((operator, sign), number) = (*shape.pick(SIGNS), shape.number().cast_signed());
            (Clause::Number(field(), operator, number), term(sign, text(number.to_string())))
        }
        3 => {
            let count = 1 + shape.below(4);
            let mut values: Vec<String> = (0..count).map(|_| shape.text()).collect();
            values.dedup();
            let list = values.iter().map(text).collect();
            (Clause::one_of(field(), values), term("in", JqlValue::List(list)))
        }
        4 => {
            let value = shape.text();
            let any = vec![term("!=", text(value.as_str())), term("is", JqlValue::Empty)];
            (Clause::is_not(field(), value), JqlCondition::Any(any))
        }
        5 if shape.one_in(2) => (Clause::is_empty(field()), term("is", JqlValue::Empty)),
        5 => (Clause::is_not_empty(field()), term("is not", JqlValue::Empty)),
        several => {
            let count = 1 + shape.below(3);
            let (clauses, meant) = (0..count).map(|_| clause(shape, depth - 1)).unzip();
            if several == 6 {
                (Clause::All(clauses), JqlCondition::All(meant))
            } else {
                (Clause::Any(clauses), JqlCondition::Any(meant))
            }
        }
    }
}

/// Without brackets that change nothing.
fn flat(condition: JqlCondition) -> JqlCondition {
    let is_all = matches!(condition, JqlCondition::All(_));
    match condition {
        JqlCondition::All(parts) | JqlCondition::Any(parts) => {
            let mut all = Vec::new();
            for part in parts.into_iter().map(flat) {
                match part {
                    JqlCondition::All(inner) if is_all => all.extend(inner),
                    JqlCondition::Any(inner) if !is_all => all.extend(inner),
                    other => all.push(other),
                }
            }
            match (all.len(), is_all) {
                (1, _) => all.remove(0),
                (_, true) => JqlCondition::All(all),
                (_, false) => JqlCondition::Any(all),
            }
        }
        other => other,
    }
}

/// Builder to parser: no condition, value or order is lost, changed or added.
#[test]
fn what_is_written_is_read() {
    fuzz!("jql/what_is_written_is_read", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (mut query, mut meant) = (Jql::all(), Vec::new());
        for _ in 0..1 + shape.below(4) {
            let (clause, one) = clause(shape, 3);
            query = query.and(clause);
            meant.push(one);
        }
        let by = shape.word();
        let order = [
            OrderBy { field: Field::named(&by), descending: true },
            OrderBy { field: Field::system("id"), descending: false },
        ];
        let order = &order[..shape.below(3)];
        let written = query.encode_ordered(order);
        let reading = JqlReading::of(&written).unwrap_or_else(|error| panic!("{written:?}: {error}"));
        assert_eq!(reading.condition.map(flat), Some(flat(JqlCondition::All(meant))), "{written:?}");
        let expected = [(by, Some(true)), ("id".to_owned(), Some(false))];
        assert_eq!(reading.order, expected[..order.len()], "{written:?}");
    });
}

/// The conditions of a query, and every text in them.
fn terms(condition: &JqlCondition, out: &mut Vec<(String, Vec<String>)>) {
    match condition {
        JqlCondition::All(parts) | JqlCondition::Any(parts) => parts.iter().for_each(|part| terms(part, out)),
        JqlCondition::Not(part) => terms(part, out),
        JqlCondition::Term { field, value, .. } => {
            let texts = match value {
                JqlValue::Text(text) => vec![text.clone()],
                JqlValue::List(list) => list
                    .iter()
                    .map(|one| match one {
                        JqlValue::Text(text) => text.clone(),
                        other => panic!("{other:?} in a list of {field}"),
                    })
                    .collect(),
                JqlValue::Empty => Vec::new(),
                other => panic!("{field} is compared with {other:?}"),
            };
            out.push((field.clone(), texts));
        }
    }
}

/// A text of a phrase, as the text search takes it (wire A5): nothing in it is an operator.
fn is_phrase(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return false,
            '"' => return false,
            _ => {}
        }
    }
    text.len() >= 2
}

/// Any text in any filter: what goes out has the fields that it must have and no other, and who fits is found.
fn a_filter_asks_for_what_it_means<V: Vendor<Control = Control>>(name: &str) {
    let bed = Bed::<V>::new().with_time_passing();
    let all = bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap().items;
    assert!(all.len() >= 12);
    let tags: Vec<String> = all.iter().flat_map(|ticket| ticket.tags.clone().unwrap_or_default()).collect();
    let external_ids: Vec<String> = all.iter().filter_map(|ticket| ticket.external_id.clone()).collect();
    assert!(!tags.is_empty() && !external_ids.is_empty());
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let mut filter = TicketFilter::new();
        let mut allowed = BTreeSet::from(["project", "id"]);
        let some = |shape: &mut Shape<'_>, known: &[String]| -> Vec<String> {
            let count = 1 + shape.below(3);
            (0..count).map(|_| if shape.one_in(3) { shape.pick(known).clone() } else { shape.text() }).collect()
        };
        if shape.one_in(2) {
            filter = filter.with_tag(some(shape, &tags));
            allowed.insert("labels");
        }
        if shape.one_in(2) {
            filter = filter.with_external_id(some(shape, &external_ids));
            allowed.insert(EXTERNAL_ID);
        }
        let words = shape.one_in(3).then(|| shape.text());
        if let Some(words) = &words {
            filter.text = Some(words.clone());
            allowed.extend(["summary", "description"]);
        }
        if shape.one_in(4) {
            filter = filter.with_keys([shape.text()]);
            allowed.insert("key");
        }
        if shape.one_in(4) {
            filter.assignee = vec![AssigneeFilter::User(UserSelector::Id(shape.word().into()))];
            allowed.insert("assignee");
        }
        if shape.one_in(4) {
            let (field, clause) = *shape.pick(FIELDS);
            let value = match shape.below(4) {
                0 => FieldData::Integer(shape.number().cast_signed()),
                1 => FieldData::Text(shape.moment().to_rfc3339()),
                2 => FieldData::Text(shape.moment().date_naive().to_string()),
                _ => FieldData::Text(shape.text()),
            };
            filter = filter.with_field(field, [value]);
            allowed.insert(clause);
        }
        for range in 0..2 {
            if shape.one_in(4) {
                let moment = shape.moment();
                let stretch = if shape.one_in(2) { TimeRange::after(moment) } else { TimeRange::before(moment) };
                if range == 0 {
                    filter.created = stretch
                } else {
                    filter.due = stretch
                }
                allowed.insert(if range == 0 { "created" } else { "duedate" });
            }
        }
        bed.heard();
        let outcome = bed.run(bed.provider.list_tickets(ListTickets::new().with_filter(filter.clone())));
        for heard in bed.heard() {
            let Some(jql) = serde_json::from_slice::<Value>(&heard.body)
                .ok()
                .and_then(|body| body["jql"].as_str().map(str::to_owned))
            else {
                continue;
            };
            let reading = JqlReading::of(&jql).unwrap_or_else(|error| panic!("{jql:?}: {error}"));
            let mut found = Vec::new();
            terms(&reading.condition.unwrap(), &mut found);
            assert!(found.contains(&("project".to_owned(), vec!["HELP".to_owned()])), "{jql:?} leaves the project");
            for (field, texts) in found {
                assert!(allowed.contains(field.as_str()), "{jql:?} asks for {field:?}");
                if ["summary", "description", EXTERNAL_ID].contains(&field.as_str()) {
                    assert!(texts.iter().all(|text| is_phrase(text)), "{jql:?}: {texts:?}");
                }
                if field == "labels" {
                    assert!(texts.iter().all(|text| filter.tag.contains(text)), "{jql:?}");
                }
            }
        }
        match outcome {
            Ok(page) => {
                for ticket in &page.items {
                    assert!(all.iter().any(|own| own.id == ticket.id), "{} of another project", ticket.key);
                }
                if allowed.iter().all(|field| ["project", "id", "labels", EXTERNAL_ID].contains(field)) {
                    let fits = |ticket: &&ticketing_core::model::Ticket| {
                        (filter.tag.is_empty() || ticket.tags.iter().flatten().any(|tag| filter.tag.contains(tag)))
                            && (filter.external_id.is_empty()
                                || ticket.external_id.as_ref().is_some_and(|id| filter.external_id.contains(id)))
                    };
                    let expected: Vec<&str> = all.iter().filter(fits).map(|ticket| ticket.id.as_str()).collect();
                    let found: Vec<&str> = page.items.iter().map(|ticket| ticket.id.as_str()).collect();
                    assert_eq!(found, expected, "{filter:?}");
                }
            }
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::NotFound),
                    "{filter:?} is {error}"
                );
                assert!(error.field().is_some(), "{filter:?}: {error} names no field");
            }
        }
    });
}

for_each_vendor!("jql", a_filter_asks_for_what_it_means, jira_cloud JiraCloud, jira_data_center JiraDataCenter);

/// Nothing that a client sends as a query breaks the site: it is served, or refused.
#[test]
fn the_site_reads_anything() {
    let bed = Bed::<JiraCloud>::new().with_time_passing();
    bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    fuzz!("jql/the_site_reads_anything", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let jql = shape.soup(PIECES, 24);
        let reading = JqlReading::of(&jql);
        let body = json!({ "jql": jql, "fields": ["summary"] }).to_string().into_bytes();
        let request = RawRequest::new(RawMethod::Post, "/rest/api/3/search/jql")
            .with_headers(vec![("content-type".to_owned(), "application/json".to_owned())])
            .with_body(Some(body.into()))
            .with_idempotent(true);
        match bed.run(bed.provider.send_raw(request)) {
            Ok(answer) => {
                assert!(matches!(answer.status, 200 | 400), "{jql:?} is answered by {}", answer.status);
                assert!(answer.status == 400 || reading.is_ok(), "{jql:?} is served, and not read: {reading:?}");
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{jql:?}: {error}"),
        }
    });
}
