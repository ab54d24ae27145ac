//! `ORDER BY`: unknown fields are ignored (wire A3.2), empty values come last.

use std::cmp::Ordering;
use std::sync::Arc;

use super::compile::{held, moment};
use super::fields::Ref;
use crate::jira::catalogue::Kind;
use crate::jira::model::{Custom, Issue};
use crate::jira::world::World;
use crate::random::mix;

/// What an issue is sorted by; the order of variants plays no part, as one field has one variant.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
    Issue(String, u64),
}

fn key(world: &World, target: Ref, name: &str, issue: &Issue) -> Option<Key> {
    if target == Ref::Key {
        if name.eq_ignore_ascii_case("id") {
            return Some(Key::Number(issue.id as f64));
        }
        let (project, number) = issue.key.rsplit_once('-')?;
        return Some(Key::Issue(project.to_owned(), number.parse().ok()?));
    }
    if let Some(at) = moment(target, issue) {
        return Some(Key::Number(at as f64));
    }
    match target.kind() {
        // Highest is the greatest.
        Some(Kind::Priority) => issue.priority.map(|id| Key::Number(-(id as f64))),
        Some(Kind::User) => {
            let (_, accounts) = held(world, target, issue);
            accounts.first().and_then(|id| world.user(id)).map(|user| Key::Text(user.display_name.to_lowercase()))
        }
        Some(Kind::Number) => match issue.custom.get(&target.field()?.number?)? {
            Custom::Number(number) => number.as_f64().map(Key::Number),
            _ => None,
        },
        Some(Kind::Project) => world.project(issue.project).map(|project| Key::Text(project.name.to_lowercase())),
        _ => {
            let (ids, names) = held(world, target, issue);
            let text = names.first().map(|name| Key::Text(name.to_lowercase()));
            text.or_else(|| ids.first().map(|id| Key::Number(*id as f64)))
        }
    }
}

/// Dates and priorities descend unless told otherwise.
fn descends(target: Ref, wish: Option<bool>) -> bool {
    wish.unwrap_or(matches!(target.kind(), Some(Kind::Moment | Kind::Date | Kind::Priority)))
}

/// Sorts hits; equal ones come in an order that only the seed decides.
pub(crate) fn sort(world: &World, issues: &mut [Arc<Issue>], order: &[(String, Option<bool>)], seed: u64) {
    let newest_first = [("created".to_owned(), Some(true))];
    let order = if order.is_empty() { newest_first.as_slice() } else { order };
    let fields: Vec<(Ref, &str, bool)> = order
        .iter()
        .filter_map(|(name, wish)| {
            let target = Ref::find(name)?;
            Some((target, name.as_str(), descends(target, *wish)))
        })
        .collect();
    let mut keyed: Vec<(Vec<Option<Key>>, u64, Arc<Issue>)> = issues
        .iter()
        .map(|issue| {
            let keys = fields.iter().map(|(target, name, _)| key(world, *target, name, issue)).collect();
            (keys, mix(seed ^ issue.id), Arc::clone(issue))
        })
        .collect();
    keyed.sort_by(|first, second| {
        for ((_, _, descends), (one, other)) in fields.iter().zip(first.0.iter().zip(&second.0)) {
            let ordering = match (one, other) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(one), Some(other)) => one.partial_cmp(other).unwrap_or(Ordering::Equal),
            };
            let ordering = if *descends { ordering.reverse() } else { ordering };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        first.1.cmp(&second.1)
    });
    for (place, (_, _, issue)) in issues.iter_mut().zip(keyed) {
        *place = issue;
    }
}
