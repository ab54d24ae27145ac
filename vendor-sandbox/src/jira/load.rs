//! Generated issues for load tests: many, and not large.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::catalogue::{
    CATEGORY, CLOSED, IN_PROGRESS, INCIDENT, OPEN, RESOLUTION_NOTES, RESOLVED, SERVICES, SEVERITY, STORY_POINTS,
    WAITING_FOR_CUSTOMER,
};
use super::model::{Custom, Issue};
use super::rich_text::RichText;
use super::seed_company::DESK;
use super::settings::Flavour;
use super::world::World;
use crate::load::{description, subject};
use crate::random::SplitMix;

/// Ids of generated issues start here.
const FIRST: u64 = 1_000_001;

/// Adds `count` incidents to the service desk, created over the 300 days before `until`; every 50th
/// shares its second of change with the next.
pub(crate) fn fill(world: &mut World, count: u64, seed: u64, until: DateTime<Utc>, flavour: Flavour) {
    if count == 0 {
        return;
    }
    let mut random = SplitMix::new(seed);
    let people: Vec<String> =
        world.users.iter().filter(|user| user.active && user.is_agent()).map(|user| user.account_id.clone()).collect();
    let Some(model) = world.issues().next().cloned() else { return };
    let Some(desk) = world.project(DESK) else { return };
    let first = desk.next;
    let mut updated = until;
    let anyone =
        |random: &mut SplitMix| people.get(usize::try_from(random.below(people.len() as u64)).unwrap_or(0)).cloned();
    for number in 0..count {
        let created = until - TimeDelta::seconds(i64::try_from(random.below(300 * 86_400)).unwrap_or(0) + 3_600);
        if number % 50 != 49 {
            let later = i64::try_from(random.below(3_000)).unwrap_or(0);
            updated = created + TimeDelta::seconds(later);
        }
        let status = *random.pick(&[OPEN, IN_PROGRESS, WAITING_FOR_CUSTOMER, RESOLVED, CLOSED]);
        let done = matches!(status, RESOLVED | CLOSED);
        let subject = subject(&mut random);
        let text = description(subject, random.below(5_000), number);
        world.seed_issue(Issue {
            id: FIRST + number,
            key: format!("HELP-{}", first + number),
            issue_type: INCIDENT,
            status,
            resolution: done.then_some(10_004),
            priority: Some(1 + random.below(5)),
            summary: format!("{subject} ({number})"),
            description: Some(rich(&text, flavour)),
            assignee: if random.below(4) == 0 { None } else { anyone(&mut random) },
            reporter: anyone(&mut random),
            creator: anyone(&mut random),
            labels: if random.below(3) == 0 { vec!["generated".to_owned()] } else { Vec::new() },
            parent: None,
            due: None,
            created,
            updated: updated.max(created),
            resolved: done.then_some(updated.max(created)),
            category_changed: updated.max(created),
            custom: custom(number, done, flavour),
            watchers: Vec::new(),
            comments: Vec::new(),
            attachments: Vec::new(),
            history: Vec::new(),
            ..Issue::clone(&model)
        });
    }
    if let Some(desk) = world.projects.iter_mut().find(|own| own.id == DESK) {
        desk.next = first + count;
    }
}

fn rich(text: &str, flavour: Flavour) -> RichText {
    let body = RichText::from_markdown(text);
    match flavour {
        Flavour::Cloud => body,
        Flavour::DataCenter => RichText::Wiki(body.to_wiki()),
    }
}

/// Custom fields as real sites fill them: some of them, on some issues.
fn custom(number: u64, done: bool, flavour: Flavour) -> BTreeMap<u64, Custom> {
    let mut out = BTreeMap::new();
    out.insert(SEVERITY, Custom::Choice(10_200 + number % 3));
    if number.is_multiple_of(2) {
        out.insert(SERVICES, Custom::Choices(vec![10_210 + number % 3]));
        out.insert(CATEGORY, Custom::Cascade(10_220, Some(10_221 + number / 2 % 2)));
    }
    if number.is_multiple_of(3) {
        // Whole numbers have a fraction too, of nothing.
        let points = serde_json::Number::from_f64((1 + number % 8) as f64);
        out.extend(points.map(|points| (STORY_POINTS, Custom::Number(points))));
    }
    if done {
        out.insert(RESOLUTION_NOTES, Custom::Rich(rich("The **cable** was changed.\n\nNothing since.", flavour)));
    }
    out
}
