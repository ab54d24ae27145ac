//! A filter as words of a search that leave no fitting ticket out (`wire/jira-zendesk.md` §B5).

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::PrioritySelector;
use ticketing_core::model::{PriorityLevel, StatusCategory, TypeCategory};
use ticketing_core::request::{StatusFilter, TicketFilter, TimeRange};
use ticketing_core::{Result, TypeSelector};

use super::fits::{Resolved, unknown};
use crate::catalogue::Statuses;
use crate::mapping::{Mapping, PRIORITIES, TYPES};

/// The words of a search; empty where nothing in the filter narrows it.
///
/// # Errors
/// `InvalidRequest` where a text holds no word.
pub(crate) fn narrow(
    filter: &TicketFilter,
    resolved: &Resolved,
    statuses: &Statuses,
    mapping: &Mapping,
) -> Result<String> {
    let mut words: Vec<String> = Vec::new();
    let mut any = |keyword: &str, values: Vec<String>| {
        // The same keyword again is an alternative (§B5).
        words.extend(values.into_iter().map(|value| format!("{keyword}:{value}")));
    };
    any("status", status_words(filter, statuses));
    if !filter.assignee.is_empty() {
        let none = resolved.unassigned.then(|| "none".to_owned());
        any("assignee", resolved.assignees.iter().cloned().chain(none).collect());
    }
    any("requester", resolved.requesters.clone());
    any("submitter", resolved.creators.clone());
    any("group", resolved.groups.clone());
    any("organization", resolved.accounts.clone());
    any("tags", filter.tag.iter().filter(|tag| is_word(tag)).cloned().collect());
    any("priority", priority_words(filter, mapping));
    any("ticket_type", type_words(filter, mapping));
    if filter.tag.iter().any(|tag| !is_word(tag)) {
        // A tag that cannot stand in a search narrows nothing: no other may do so in its place.
        words.retain(|word| !word.starts_with("tags:"));
    }
    times("created", &filter.created, &mut words);
    times("updated", &filter.updated, &mut words);
    if !filter.resolved.is_empty() || !filter.closed.is_empty() {
        // What is over is solved or closed, whatever else.
        words.push("status>=solved".to_owned());
    }
    if let Some(text) = &filter.text {
        let texts: Vec<String> = text.split_whitespace().filter_map(quoted).collect();
        if texts.is_empty() {
            return Err(
                ticketing_core::Error::invalid("text", "it holds no word").with_hint("give one, or leave it out")
            );
        }
        words.extend(texts);
    }
    Ok(words.join(" "))
}

/// A word as a phrase of its own: nothing in quotes is a keyword. No escape for a quote is known, so it is taken out (§B5).
fn quoted(word: &str) -> Option<String> {
    let word: String = word.chars().filter(|c| *c != '"' && !c.is_control()).collect();
    word.chars().any(char::is_alphanumeric).then(|| format!("\"{word}\""))
}

/// True for what can stand behind a keyword as it is.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.'))
}

fn status_words(filter: &TicketFilter, statuses: &Statuses) -> Vec<String> {
    let categories = filter.status_categories();
    let natives: Vec<&str> = filter
        .status
        .iter()
        .filter_map(|status| match status {
            StatusFilter::Native(native) => Some(native.as_str()),
            _ => None,
        })
        .collect();
    let explicit: Vec<_> = categories.iter().filter(|category| **category != StatusCategory::Unknown).collect();
    // What nobody mapped can have any system status.
    if categories.contains(&StatusCategory::Unknown) && explicit.len() < 2 {
        return Vec::new();
    }
    let mut words: Vec<String> = Vec::new();
    for status in &statuses.0 {
        let named = natives.iter().any(|native| statuses.named(native) == Some(status));
        if (named || categories.contains(&status.category)) && !words.contains(&status.system) {
            words.push(status.system.clone());
        }
        // A closed ticket keeps the custom status that it was solved with.
        let closed = "closed".to_owned();
        let kept = status.system == "solved" && !status.default;
        if kept && (named || categories.contains(&status.closed)) && !words.contains(&closed) {
            words.push(closed);
        }
    }
    if natives.iter().any(|native| statuses.named(native).is_none()) {
        return Vec::new();
    }
    words
}

fn priority_words(filter: &TicketFilter, mapping: &Mapping) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for priority in &filter.priority {
        match priority {
            PrioritySelector::Level(PriorityLevel::Unknown) => return Vec::new(),
            PrioritySelector::Level(level) => {
                words.extend(
                    PRIORITIES.iter().map(|(id, _)| *id).filter(|id| mapping.priority(id) == *level).map(str::to_owned),
                );
            }
            PrioritySelector::Native(native) => words.push(native.to_lowercase()),
            _ => return Vec::new(),
        }
    }
    if words.iter().any(|word| !PRIORITIES.iter().any(|(id, _)| id == word)) {
        return Vec::new();
    }
    words
}

fn type_words(filter: &TicketFilter, mapping: &Mapping) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for selector in &filter.ticket_type {
        match selector {
            TypeSelector::Category(TypeCategory::Other) => return Vec::new(),
            TypeSelector::Category(category) => words.extend(
                TYPES.iter().map(|(id, _)| *id).filter(|id| mapping.ticket_type(id) == *category).map(str::to_owned),
            ),
            TypeSelector::Native(native) => words.push(native.to_lowercase()),
            _ => return Vec::new(),
        }
    }
    if words.iter().any(|word| !TYPES.iter().any(|(id, _)| id == word)) {
        return Vec::new();
    }
    words
}

/// A stretch of time, a second wider on both sides than asked for: what is at its edge is decided here.
fn times(keyword: &str, range: &TimeRange, words: &mut Vec<String>) {
    let literal = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let second = TimeDelta::seconds(1);
    if let Some(after) = range.after.and_then(|at| at.checked_sub_signed(second)) {
        words.push(format!("{keyword}>{}", literal(after)));
    }
    if let Some(before) = range.before.and_then(|at| at.checked_add_signed(second)) {
        words.push(format!("{keyword}<{}", literal(before)));
    }
}

/// Nothing can fit: a selector names what no ticket of the account can be.
pub(crate) fn is_hopeless(filter: &TicketFilter, mapping: &Mapping, statuses: &Statuses) -> bool {
    let status = !filter.status.is_empty()
        && !filter.status.iter().any(|status| match status {
            StatusFilter::Category(category) => {
                *category == StatusCategory::Unknown || statuses.0.iter().any(|known| known.category == *category)
            }
            _ => true,
        });
    let priority = !filter.priority.is_empty()
        && !filter.priority.iter().any(|priority| match priority {
            PrioritySelector::Level(level) => {
                *level == PriorityLevel::Unknown || PRIORITIES.iter().any(|(id, _)| mapping.priority(id) == *level)
            }
            _ => true,
        });
    let ticket_type = !filter.ticket_type.is_empty()
        && !filter.ticket_type.iter().any(|selector| match selector {
            TypeSelector::Category(category) => {
                *category == TypeCategory::Other || TYPES.iter().any(|(id, _)| mapping.ticket_type(id) == *category)
            }
            _ => true,
        });
    status || priority || ticket_type
}

/// Refuses a native priority that is none.
pub(crate) fn check_priorities(filter: &TicketFilter) -> Result<()> {
    for priority in &filter.priority {
        if let PrioritySelector::Native(native) = priority
            && !PRIORITIES.iter().any(|(id, _)| id.eq_ignore_ascii_case(native))
            && crate::connection::number(native).is_none()
        {
            let known: Vec<_> = PRIORITIES.iter().map(|(id, _)| *id).collect();
            return Err(unknown("priority", native, &known.join(", ")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::UserSelector;
    use ticketing_core::request::AssigneeFilter;

    fn words(filter: TicketFilter, resolved: &Resolved) -> String {
        narrow(&filter, resolved, &Statuses::default(), &Mapping::default()).unwrap()
    }

    #[test]
    fn a_search_is_no_narrower_than_the_filter() {
        let resolved = Resolved { assignees: vec!["12".into()], unassigned: true, ..Resolved::default() };
        let filter = TicketFilter::new().with_assignee([AssigneeFilter::User(UserSelector::Me)]).with_unassigned();
        assert_eq!(words(filter, &resolved), "assignee:12 assignee:none");
        let none = Resolved::default();
        assert_eq!(words(TicketFilter::new().with_tag(["vpn", "net work"]), &none), "");
        assert_eq!(words(TicketFilter::new().with_tag(["vpn", "outage"]), &none), "tags:vpn tags:outage");
        let levels = [PrioritySelector::from(PriorityLevel::High), PrioritySelector::native("urgent")];
        assert_eq!(words(TicketFilter::new().with_priority(levels), &none), "priority:high priority:urgent");
        let unknown = [PrioritySelector::from(PriorityLevel::High), PrioritySelector::from(PriorityLevel::Unknown)];
        assert_eq!(words(TicketFilter::new().with_priority(unknown), &none), "");
        let at = "2026-01-05T08:00:00Z".parse().unwrap();
        assert_eq!(
            words(TicketFilter::new().with_created(TimeRange::after(at)), &none),
            "created>2026-01-05T07:59:59Z"
        );
    }

    #[test]
    fn query_language_in_a_text_is_text() {
        let none = Resolved::default();
        assert_eq!(words(TicketFilter::new().with_text("status:open -vpn"), &none), r#""status:open" "-vpn""#);
        assert_eq!(words(TicketFilter::new().with_text("say \"hi\" \" x"), &none), r#""say" "hi" "x""#);
        let nothing = TicketFilter::new().with_text("\" - \"");
        assert_eq!(
            narrow(&nothing, &none, &Statuses::default(), &Mapping::default()).unwrap_err().field(),
            Some("text")
        );
    }
}
