//! The search language: wire B5.

use chrono::{DateTime, Duration, NaiveDate, TimeDelta, Utc};

use super::catalogue::FIELD;
use super::model::{Group, Organization, Priority, Status, Ticket, User};
use super::people_api::parts;
use super::world::World;

/// How a keyword is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) negated: bool,
    /// Empty for words.
    pub(super) keyword: String,
    pub(super) compare: Compare,
    pub(super) value: String,
    /// In quotes.
    phrase: bool,
    /// The moment that the value is, where it is one.
    moment: Option<DateTime<Utc>>,
}

/// A parsed query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(super) terms: Vec<Term>,
    /// What `type:` asks for: `ticket`, `user`, `group`, `organization`.
    pub(crate) types: Vec<String>,
    pub(crate) order_by: Option<String>,
    pub(crate) descending: Option<bool>,
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) world: &'a World,
    pub(crate) me: u64,
    pub(crate) now: DateTime<Utc>,
}

/// Keywords that are known; another one with a colon is words (wire B5).
const KEYWORDS: &[&str] = &[
    "type",
    "ticket_type",
    "status",
    "custom_status_id",
    "priority",
    "assignee",
    "requester",
    "submitter",
    "group",
    "organization",
    "tags",
    "subject",
    "description",
    "comment",
    "created",
    "updated",
    "solved",
    "due_date",
    "form",
    "brand",
    "via",
    "external_id",
    "cc",
    "follower",
    "commenter",
    "has_attachment",
    "fieldvalue",
    "order_by",
    "sort",
    "name",
    "email",
    "role",
    "phone",
    "notes",
    "details",
    "problem_id",
    "id",
    "created_at",
    "updated_at",
];

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for part in parts(text) {
            let (negated, rest) = match part.strip_prefix('-') {
                Some(rest) if !rest.is_empty() => (true, rest),
                _ => (false, part.as_str()),
            };
            let Some(term) = keyword(rest, negated) else {
                let phrase = rest.starts_with('"');
                let value = rest.trim_matches('"').to_lowercase();
                let (keyword, compare) = (String::new(), Compare::Equal);
                let term = Term { negated, keyword, compare, value, phrase, moment: None };
                query.terms.push(term);
                continue;
            };
            match (term.keyword.as_str(), negated) {
                ("type", false) if ["ticket", "user", "group", "organization"].contains(&term.value.as_str()) => {
                    query.types.push(term.value);
                }
                ("order_by", _) => query.order_by = Some(term.value),
                ("sort", _) => query.descending = Some(term.value != "asc"),
                _ => query.terms.push(term),
            }
        }
        query
    }

    /// The same keyword repeated is OR, different ones are AND, and every negated one counts (wire B5).
    fn all(&self, holds: impl Fn(&Term) -> bool) -> bool {
        self.terms.iter().all(|term| {
            // Bounds on a date are a range, not alternatives.
            let alternatives = |other: &&Term| {
                other.keyword == term.keyword
                    && !other.negated
                    && other.compare == Compare::Equal
                    && !other.keyword.is_empty()
            };
            if term.negated {
                return !holds(term);
            }
            if term.keyword.is_empty() || term.compare != Compare::Equal {
                return holds(term);
            }
            self.terms.iter().filter(alternatives).any(&holds)
        })
    }

    pub(crate) fn fits_ticket(&self, asker: Asker<'_>, ticket: &Ticket) -> bool {
        self.all(|term| ticket_holds(asker, ticket, term))
    }

    pub(crate) fn fits_user(&self, asker: Asker<'_>, user: &User) -> bool {
        self.all(|term| match term.keyword.as_str() {
            "" => words(
                term,
                &[&user.name, user.email.as_deref().unwrap_or_default(), user.notes.as_deref().unwrap_or_default()],
            ),
            "name" => words(term, &[&user.name]),
            "email" => user.has_email(&term.value),
            "role" => user.role.name().replace('-', "") == term.value.replace(['-', '_'], ""),
            "phone" => user.phone.as_deref().is_some_and(|own| own.contains(&term.value)),
            "external_id" => user.external_id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&term.value)),
            "tags" => user.tags.contains(&term.value),
            "organization" => asker
                .world
                .organizations_of(user.id)
                .into_iter()
                .any(|id| names_organization(asker, Some(id), &term.value)),
            "created" | "created_at" => date(asker, term, Some(user.created)),
            "updated" | "updated_at" => date(asker, term, Some(user.updated)),
            _ => false,
        })
    }

    pub(crate) fn fits_group(&self, asker: Asker<'_>, group: &Group) -> bool {
        self.all(|term| match term.keyword.as_str() {
            "" | "name" => words(term, &[&group.name, &group.description]),
            "created" | "created_at" => date(asker, term, Some(group.created)),
            "updated" | "updated_at" => date(asker, term, Some(group.updated)),
            _ => false,
        })
    }

    pub(crate) fn fits_organization(&self, asker: Asker<'_>, own: &Organization) -> bool {
        self.all(|term| match term.keyword.as_str() {
            "" | "name" => words(term, &[&own.name, own.notes.as_deref().unwrap_or_default()]),
            "external_id" => own.external_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&term.value)),
            "tags" => own.tags.contains(&term.value),
            "created" | "created_at" => date(asker, term, Some(own.created)),
            "updated" | "updated_at" => date(asker, term, Some(own.updated)),
            _ => false,
        })
    }
}

fn keyword(text: &str, negated: bool) -> Option<Term> {
    let at = text.find([':', '<', '>'])?;
    let (name, rest) = text.split_at(at);
    let name = name.to_lowercase();
    if !KEYWORDS.contains(&name.as_str()) && !name.starts_with("custom_field_") {
        return None;
    }
    let signs = [
        ("<=", Compare::LessOrEqual),
        (">=", Compare::GreaterOrEqual),
        ("<", Compare::Less),
        (">", Compare::Greater),
        (":", Compare::Equal),
    ];
    let (sign, compare) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
    let value = &rest[sign.len()..];
    let phrase = value.starts_with('"');
    let value = value.trim_matches('"').to_lowercase();
    let moment = DateTime::parse_from_rfc3339(&value.to_uppercase()).ok().map(|moment| moment.to_utc());
    Some(Term { negated, keyword: name, compare, value, phrase, moment })
}

fn ordered<T: PartialOrd>(compare: Compare, own: T, other: T) -> bool {
    match compare {
        Compare::Equal => own == other,
        Compare::Less => own < other,
        Compare::LessOrEqual => own <= other,
        Compare::Greater => own > other,
        Compare::GreaterOrEqual => own >= other,
    }
}

/// A word is found whole, or by its beginning with `*`; a phrase anywhere.
fn words(term: &Term, texts: &[&str]) -> bool {
    let beginning = term.value.strip_suffix('*');
    texts.iter().any(|text| {
        let text = text.to_lowercase();
        if term.phrase {
            return text.contains(&term.value);
        }
        let mut found =
            text.split(|character: char| !character.is_alphanumeric() && character != '@' && character != '.');
        match beginning {
            Some(beginning) => found.any(|word| word.starts_with(beginning)),
            None => {
                let wanted: Vec<&str> = term
                    .value
                    .split(|character: char| !character.is_alphanumeric() && character != '@' && character != '.')
                    .filter(|word| !word.is_empty())
                    .collect();
                let all: Vec<&str> = found.collect();
                !wanted.is_empty()
                    && wanted
                        .iter()
                        .all(|word| all.contains(word) || all.iter().any(|own| own.trim_matches('.') == *word))
            }
        }
    })
}

fn names_user(asker: Asker<'_>, user: Option<u64>, value: &str) -> bool {
    let Some(id) = user else { return value == "none" };
    if value == "me" {
        return id == asker.me;
    }
    if value.parse() == Ok(id) {
        return true;
    }
    asker.world.users.get(&id).is_some_and(|user| user.has_email(value) || user.name.to_lowercase() == value)
}

fn names_group(asker: Asker<'_>, group: Option<u64>, value: &str) -> bool {
    let Some(id) = group else { return value == "none" };
    value.parse() == Ok(id) || asker.world.groups.get(&id).is_some_and(|group| group.name.to_lowercase() == value)
}

fn names_organization(asker: Asker<'_>, organization: Option<u64>, value: &str) -> bool {
    let Some(id) = organization else { return value == "none" };
    value.parse() == Ok(id) || asker.world.organizations.get(&id).is_some_and(|own| own.name.to_lowercase() == value)
}

/// A day, a moment, or so long ago (wire B5: `updated>4hours`).
fn date(asker: Asker<'_>, term: &Term, at: Option<DateTime<Utc>>) -> bool {
    let Some(at) = at else { return term.value == "none" };
    if let Some(moment) = term.moment {
        return ordered(term.compare, at, moment);
    }
    if let Some(ago) = relative(&term.value) {
        // Later than so long ago.
        return ordered(term.compare, at, asker.now - ago);
    }
    let Ok(day) = NaiveDate::parse_from_str(&term.value, "%Y-%m-%d") else { return false };
    ordered(term.compare, at.date_naive(), day)
}

fn relative(text: &str) -> Option<TimeDelta> {
    let at = text.find(|character: char| !character.is_ascii_digit()).filter(|at| *at > 0)?;
    let number: i64 = text[..at].parse().ok()?;
    match text[at..].trim_end_matches('s') {
        "minute" => Duration::try_minutes(number),
        "hour" => Duration::try_hours(number),
        "day" => Duration::try_days(number),
        "week" => Duration::try_weeks(number),
        "month" => Duration::try_days(number.checked_mul(30)?),
        "year" => Duration::try_days(number.checked_mul(365)?),
        _ => None,
    }
}

fn ticket_holds(asker: Asker<'_>, ticket: &Ticket, term: &Term) -> bool {
    let value = term.value.as_str();
    let spoken = || ticket.comments.iter().map(|comment| comment.body.as_str());
    match term.keyword.as_str() {
        "" => {
            let mut texts: Vec<&str> = vec![&ticket.subject, &ticket.description];
            texts.extend(spoken());
            words(term, &texts)
                || value.parse() == Ok(ticket.id)
                || value.strip_prefix('#').is_some_and(|id| id.parse() == Ok(ticket.id))
        }
        "id" => value.parse() == Ok(ticket.id),
        "type" | "ticket_type" => ticket.kind.unwrap_or("none") == value,
        "status" => Status::named(value).is_some_and(|status| ordered(term.compare, ticket.status, status)),
        "custom_status_id" => value.parse() == Ok(ticket.custom_status),
        "priority" if value == "none" => ticket.priority.is_none(),
        "priority" => match (ticket.priority, Priority::named(value)) {
            (Some(own), Some(other)) => ordered(term.compare, own, other),
            _ => false,
        },
        "assignee" => names_user(asker, ticket.assignee, value),
        "requester" => names_user(asker, Some(ticket.requester), value),
        "submitter" => names_user(asker, Some(ticket.submitter), value),
        "commenter" => ticket.comments.iter().any(|own| names_user(asker, Some(own.author), value)),
        "follower" => ticket.followers.iter().any(|own| names_user(asker, Some(*own), value)),
        "cc" => ticket.email_ccs.iter().any(|own| names_user(asker, Some(*own), value)),
        "group" => names_group(asker, ticket.group, value),
        "organization" => names_organization(asker, ticket.organization, value),
        "tags" if value == "none" => ticket.tags.is_empty(),
        "tags" => value.split([' ', ',']).any(|tag| match tag.strip_suffix('*') {
            Some(beginning) => ticket.tags.iter().any(|own| own.starts_with(beginning)),
            None => ticket.tags.iter().any(|own| own == tag),
        }),
        "subject" => words(term, &[&ticket.subject]),
        "description" => words(term, &[&ticket.description]),
        "comment" => words(term, &spoken().collect::<Vec<_>>()),
        "created" | "created_at" => date(asker, term, Some(ticket.created)),
        "updated" | "updated_at" => date(asker, term, Some(ticket.updated)),
        "solved" => date(asker, term, ticket.solved_at),
        "due_date" => date(asker, term, ticket.due),
        "via" => ticket.via == value,
        "external_id" => ticket.external_id.as_deref().map_or(value == "none", |own| own.to_lowercase() == value),
        "problem_id" => value.parse().ok() == ticket.problem,
        "form" => value.parse() == Ok(ticket.form) || value == "default ticket form",
        "has_attachment" => {
            let has = ticket.comments.iter().any(|own| !own.attachments.is_empty());
            has == (value == "true")
        }
        "fieldvalue" => ticket.custom.values().any(|own| holds_value(own, value)),
        keyword => match keyword.strip_prefix("custom_field_").and_then(|id| id.parse::<u64>().ok()) {
            Some(id) if id > FIELD => match ticket.custom.get(&id) {
                Some(own) => value == "*" || (value != "none" && holds_value(own, value)),
                None => value == "none",
            },
            _ => false,
        },
    }
}

fn holds_value(own: &serde_json::Value, value: &str) -> bool {
    match own {
        serde_json::Value::Array(list) => list.iter().any(|own| holds_value(own, value)),
        serde_json::Value::String(text) => text.to_lowercase() == value,
        serde_json::Value::Bool(own) => value == if *own { "true" } else { "false" },
        serde_json::Value::Number(number) => number.to_string() == value,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_taken_apart() {
        let query = Query::parse(
            "type:ticket status<solved -tags:spam assignee:me created>=2026-01-01 \"exact words\" order_by:created_at sort:asc 10:30",
        );
        assert_eq!(query.types, ["ticket"]);
        assert_eq!((query.order_by.as_deref(), query.descending), (Some("created_at"), Some(false)));
        let shown: Vec<_> = query
            .terms
            .iter()
            .map(|term| (term.keyword.as_str(), term.compare, term.value.as_str(), term.negated))
            .collect();
        assert_eq!(
            shown,
            [
                ("status", Compare::Less, "solved", false),
                ("tags", Compare::Equal, "spam", true),
                ("assignee", Compare::Equal, "me", false),
                ("created", Compare::GreaterOrEqual, "2026-01-01", false),
                ("", Compare::Equal, "exact words", false),
                ("", Compare::Equal, "10:30", false),
            ]
        );
    }
}
