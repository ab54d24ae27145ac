//! What is written is read: a ticket or a comment of anything comes back as it was written, or what cannot be is refused by
//! name, and then nothing was written.

mod comments;
mod create;
mod texts;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use ticketing_core::model::{Due, FieldData, FieldValue, PriorityLevel, Ticket};
use ticketing_core::request::{GetTicket, TextInput};
use ticketing_core::{Error, ErrorKind, FieldId};
use ticketing_fuzz::{Bed, JiraCloud, JiraDataCenter, Shape, Vendor, Zendesk};

/// What a catalogue field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    /// A text with formatting, in Markdown.
    Rich,
    Whole,
    Fraction,
    Day,
    Moment,
    Flag,
    /// One of these, by id.
    Choice(&'static [&'static str]),
    /// Several of these, by id.
    Choices(&'static [&'static str]),
    /// An option, and one below it.
    Cascade(&'static [(&'static str, &'static str)]),
    /// Two capital letters, a dash and four digits.
    Pattern,
}

/// What differs between vendors where tickets are written.
trait Writes: Vendor {
    /// The catalogue fields that a new ticket takes.
    const FIELDS: &'static [(&'static str, Holds)];
    /// Whether comments can be changed.
    const EDITS_COMMENTS: bool;
    /// The tickets that there are.
    fn count(bed: &Bed<Self>) -> usize
    where
        Self: Sized;
    /// Takes a ticket away, without a trace where that can be.
    fn purge(bed: &Bed<Self>, ticket: &str)
    where
        Self: Sized;
    /// The tags that the values of fields bring with them.
    fn tags_of(_fields: &BTreeMap<FieldId, FieldData>) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

const JIRA_FIELDS: &[(&str, Holds)] = &[
    ("environment", Holds::Rich),
    ("customfield_10032", Holds::Rich),
    ("customfield_10033", Holds::Choice(&["10200", "10201", "10202"])),
    ("customfield_10034", Holds::Choices(&["10210", "10211", "10212"])),
    ("customfield_10035", Holds::Fraction),
    ("customfield_10036", Holds::Moment),
    ("customfield_10037", Holds::Cascade(&[("10220", "10221"), ("10220", "10222"), ("10223", "10224")])),
    ("customfield_10039", Holds::Day),
    ("customfield_10040", Holds::Text),
];

impl Writes for JiraCloud {
    const FIELDS: &'static [(&'static str, Holds)] = JIRA_FIELDS;
    const EDITS_COMMENTS: bool = true;

    fn count(bed: &Bed<Self>) -> usize {
        bed.control.issues("HELP").len()
    }

    fn purge(bed: &Bed<Self>, ticket: &str) {
        bed.control.delete_issue(ticket).unwrap();
    }
}

impl Writes for JiraDataCenter {
    const FIELDS: &'static [(&'static str, Holds)] = JIRA_FIELDS;
    const EDITS_COMMENTS: bool = true;

    fn count(bed: &Bed<Self>) -> usize {
        bed.control.issues("HELP").len()
    }

    fn purge(bed: &Bed<Self>, ticket: &str) {
        bed.control.delete_issue(ticket).unwrap();
    }
}

impl Writes for Zendesk {
    const FIELDS: &'static [(&'static str, Holds)] = &[
        ("42000000000101", Holds::Text),
        ("42000000000102", Holds::Text),
        ("42000000000103", Holds::Choice(&["symptom_slow", "symptom_broken", "symptom_missing"])),
        ("42000000000104", Holds::Choices(&["site_berlin", "site_lisbon", "site_seoul"])),
        ("42000000000105", Holds::Flag),
        ("42000000000106", Holds::Whole),
        ("42000000000107", Holds::Fraction),
        ("42000000000108", Holds::Day),
        ("42000000000109", Holds::Pattern),
    ];
    const EDITS_COMMENTS: bool = false;

    fn count(bed: &Bed<Self>) -> usize {
        bed.control.tickets().len()
    }

    fn purge(bed: &Bed<Self>, ticket: &str) {
        bed.control.delete_ticket(ticket.parse().unwrap(), "ines.tilden@example.com").unwrap();
    }

    fn tags_of(fields: &BTreeMap<FieldId, FieldData>) -> BTreeSet<String> {
        let text = |data: &FieldData| data.as_text().map(str::to_owned);
        let mut tags = BTreeSet::new();
        for (id, data) in fields {
            match (id.as_str(), data) {
                ("42000000000103" | "42000000000104", data) => tags.extend(data.iter().filter_map(text)),
                ("42000000000105", FieldData::Bool(true)) => drop(tags.insert("vip_customer".to_owned())),
                _ => {}
            }
        }
        tags
    }
}

/// A value for a field: mostly one that fits.
fn value(shape: &mut Shape<'_>, holds: Holds) -> FieldData {
    if shape.one_in(12) {
        return match shape.below(5) {
            0 => FieldData::Bool(shape.one_in(2)),
            1 => FieldData::Integer(shape.number().cast_signed()),
            2 => FieldData::List(vec![FieldData::Text(shape.text()), FieldData::Text(shape.text())]),
            3 => FieldData::Null,
            _ => FieldData::Text(shape.text()),
        };
    }
    match holds {
        Holds::Text | Holds::Rich => FieldData::Text(shape.text()),
        Holds::Whole => FieldData::Integer(shape.number().cast_signed()),
        Holds::Fraction => match shape.below(3) {
            0 => FieldData::Integer(i64::from(shape.byte()) - 100),
            1 => FieldData::Decimal(f64::from_bits(shape.number() << shape.below(30))),
            _ => FieldData::Decimal((f64::from(shape.byte()) - 128.0) / 8.0),
        },
        Holds::Day => FieldData::Text(moment(shape).date_naive().to_string()),
        Holds::Moment => FieldData::Text(moment(shape).to_rfc3339()),
        Holds::Flag => FieldData::Bool(shape.one_in(2)),
        Holds::Choice(all) => FieldData::Text((*shape.pick(all)).to_owned()),
        Holds::Choices(all) => {
            let count = shape.below(all.len() + 1);
            let at = shape.below(all.len());
            let some = (0..count).map(|nth| FieldData::Text(all[(at + nth) % all.len()].to_owned()));
            FieldData::List(some.collect())
        }
        Holds::Cascade(all) => {
            let (above, below) = *shape.pick(all);
            let words = if shape.one_in(3) { vec![above] } else { vec![above, below] };
            FieldData::List(words.into_iter().map(|word| FieldData::Text(word.to_owned())).collect())
        }
        Holds::Pattern => FieldData::Text(match shape.one_in(3) {
            true => shape.text(),
            false => format!("AB-{:04}", shape.byte()),
        }),
    }
}

/// A moment of a year with four digits, since when clocks go by the hour: before that, offsets had seconds, which no format has.
fn moment(shape: &mut Shape<'_>) -> DateTime<Utc> {
    let at = shape.moment();
    if (1900..=9998).contains(&at.year()) { at } else { DateTime::UNIX_EPOCH }
}

/// Values for some of the vendor's fields.
fn values<V: Writes>(shape: &mut Shape<'_>) -> BTreeMap<FieldId, FieldData> {
    let count = if shape.one_in(2) { 0 } else { 1 + shape.below(3) };
    let some = (0..count).map(|_| {
        let (id, holds) = *shape.pick(V::FIELDS);
        (FieldId::from(id), value(shape, holds))
    });
    some.collect()
}

fn holds<V: Writes>(id: &FieldId) -> Holds {
    V::FIELDS.iter().find(|own| own.0 == id.as_str()).unwrap().1
}

/// A tag, mostly one that can be one anywhere.
fn tag(shape: &mut Shape<'_>) -> String {
    match shape.below(4) {
        0 => shape.text(),
        1 => (*shape.pick(&["vip", "printer", "a-b", "a_b", "é", "日本"])).to_owned(),
        _ => format!("t{}", shape.byte()),
    }
}

fn tags(shape: &mut Shape<'_>, most: usize) -> Vec<String> {
    let count = shape.below(most + 1);
    (0..count).map(|_| tag(shape)).collect()
}

fn priority(shape: &mut Shape<'_>) -> PriorityLevel {
    use PriorityLevel::{High, Low, Lowest, Normal, Urgent};
    *shape.pick(&[Urgent, High, Normal, Low, Lowest])
}

fn due(shape: &mut Shape<'_>) -> Due {
    match shape.one_in(4) {
        true => Due::At(moment(shape)),
        false => Due::Date(moment(shape).date_naive()),
    }
}

/// Fails unless an error is a refusal of something that was given, by its name.
fn assert_named(error: &Error, given: &[&str], fields: &BTreeMap<FieldId, FieldData>, about: &dyn std::fmt::Debug) {
    assert!(
        matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::Unsupported),
        "{error} is no refusal of {about:?}"
    );
    let named = error.field().unwrap_or_else(|| panic!("{error} names no field of {about:?}"));
    let is_field = |id: &FieldId| named == format!("fields.{id}");
    assert!(
        given.contains(&named) || fields.keys().any(is_field),
        "{error} names {named:?}, which nobody gave: {about:?}"
    );
    assert!(!error.message().is_empty() && !error.to_string().contains('\n'), "{error:?}");
}

/// Fails unless a field's value is the one that was written; `None` where there is none.
fn assert_value(holds: Holds, written: &FieldData, read: Option<&FieldValue>, about: &str) {
    let read = read.map(|value| &value.value);
    let text = |data: &FieldData| data.as_text().unwrap_or_else(|| panic!("{about}: {data:?}")).to_owned();
    match (written, read) {
        // A checkbox that holds nothing is not ticked.
        (FieldData::Null, Some(FieldData::Bool(false))) if holds == Holds::Flag => {}
        (FieldData::Null, read) => assert_eq!(read, None, "{about}"),
        (FieldData::List(all), None) => assert!(all.is_empty(), "{about}: {written:?} is gone"),
        // Nothing is written into a text by nothing; a text that shows nothing is none.
        (FieldData::Text(text), None) => {
            let shows = match holds {
                Holds::Rich => !texts::squeezed(&texts::shown(text)).is_empty(),
                _ => !text.is_empty(),
            };
            assert!(!shows, "{about}: {text:?} is gone");
        }
        (written, None) => panic!("{about}: {written:?} is gone"),
        (FieldData::Text(wrote), Some(read)) if holds == Holds::Rich => {
            texts::assert_says(&text(read), wrote, about);
        }
        (FieldData::Text(wrote), Some(read)) if holds == Holds::Moment => {
            let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp_millis();
            assert_eq!(moment(&text(read)), moment(wrote), "{about}");
        }
        (FieldData::Text(wrote), Some(read)) if holds == Holds::Day => {
            let day = |text: &str| text.parse::<NaiveDate>().unwrap();
            assert_eq!(day(&text(read)), day(wrote), "{about}");
        }
        (FieldData::Integer(wrote), Some(FieldData::Decimal(read))) => assert_eq!(*wrote as f64, *read, "{about}"),
        (FieldData::Decimal(wrote), Some(FieldData::Integer(read))) => assert_eq!(*read as f64, *wrote, "{about}"),
        // A number that has no short form as a fraction stays a text, digit by digit.
        (FieldData::Decimal(wrote), Some(FieldData::Text(read))) => {
            assert_eq!(read.parse::<f64>().ok(), Some(*wrote), "{about}");
        }
        (FieldData::Integer(wrote), Some(FieldData::Text(read))) => assert_eq!(*read, wrote.to_string(), "{about}"),
        (FieldData::Bool(wrote), Some(FieldData::Text(read))) => assert_eq!(*read, wrote.to_string(), "{about}"),
        (FieldData::List(wrote), Some(FieldData::List(read))) if matches!(holds, Holds::Choices(_)) => {
            let set = |all: &[FieldData]| all.iter().map(text).collect::<BTreeSet<_>>();
            assert_eq!(set(read), set(wrote), "{about}");
        }
        // One is a list of one.
        (FieldData::Text(wrote), Some(FieldData::List(read))) => {
            assert_eq!(read.iter().map(text).collect::<Vec<_>>(), [wrote.as_str()], "{about}");
        }
        (wrote, Some(read)) => assert_eq!(read, wrote, "{about}"),
    }
}

fn assert_values<V: Writes>(written: &BTreeMap<FieldId, FieldData>, ticket: &Ticket) {
    for (id, data) in written {
        assert_value(holds::<V>(id), data, ticket.fields.get(id), &format!("field {id}"));
    }
}

fn assert_due(written: Due, read: Option<Due>) {
    match (written, read) {
        (Due::Date(day), Some(Due::Date(read))) => assert_eq!(read, day),
        // A vendor that keeps moments alone has the day's first.
        (Due::Date(day), Some(Due::At(at))) => assert_eq!(at, day.and_hms_opt(0, 0, 0).unwrap().and_utc()),
        (Due::At(at), Some(Due::At(read))) => assert_eq!(read.timestamp(), at.timestamp()),
        (written, read) => panic!("{written:?} is read as {read:?}"),
    }
}

fn set(tags: &[String]) -> BTreeSet<String> {
    tags.iter().cloned().collect()
}

fn read<V: Writes>(bed: &Bed<V>, id: &str) -> Ticket {
    bed.run(bed.provider.get_ticket(GetTicket::new(id))).unwrap()
}

/// A body for a comment or a description, in one of the forms that are taken.
fn body(shape: &mut Shape<'_>) -> TextInput {
    match shape.below(4) {
        0 => TextInput::Plain(shape.text()),
        1 => TextInput::Plain(format!("{}\n{}\n\n{}", shape.text(), shape.text(), shape.text())),
        _ => TextInput::Markdown(shape.soup(super::richtext::TYPED, 20)),
    }
}
