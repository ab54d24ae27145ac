//! Generated tickets for load tests: many, and not large.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use serde_json::{Value, json};

use super::catalogue::{ASSET_NUMBER, COST, MACHINES, RESOLUTION, RESOLUTION_NOTES, SYMPTOM, default_status};
use super::html;
use super::model::{Audit, Comment, Event, Priority, Status, Ticket};
use super::world::World;
use crate::load::{description, subject};
use crate::random::SplitMix;

/// As long ago, a ticket that is closed now was made at most.
const LISTED: TimeDelta = TimeDelta::days(100);

/// Adds `count` incidents, created over the 300 days before `until`; every 50th shares its second of change with the
/// next.
pub(crate) fn fill(world: &mut World, count: u64, seed: u64, until: DateTime<Utc>) {
    if count == 0 {
        return;
    }
    let mut random = SplitMix::new(seed);
    let staff: Vec<u64> =
        world.users.values().filter(|user| user.is_agent() && !user.suspended).map(|user| user.id).collect();
    let groups: Vec<u64> = world.groups.values().filter(|group| !group.deleted).map(|group| group.id).collect();
    let Some(model) = world.tickets().next().cloned().filter(|_| !staff.is_empty() && !groups.is_empty()) else {
        return;
    };
    let mut updated = until;
    for number in 0..count {
        let created = until - TimeDelta::seconds(i64::try_from(random.below(300 * 86_400)).unwrap_or(0) + 3_600);
        if number % 50 != 49 {
            updated = created + TimeDelta::seconds(i64::try_from(random.below(3_000)).unwrap_or(0));
        }
        let changed = updated.max(created);
        let status = *random.pick(&[Status::New, Status::Open, Status::Pending, Status::Solved, Status::Closed]);
        // What was closed long ago is archived, and in no list (wire B3.1); these are all to be listed.
        let status = if status == Status::Closed && until - created > LISTED { Status::Solved } else { status };
        let subject = subject(&mut random);
        let text = description(subject, random.below(5_000), number);
        let requester = *random.pick(&staff);
        // New tickets have nobody (wire B4).
        let assignee = (status != Status::New).then(|| *random.pick(&staff));
        let id = world.new_ticket_id();
        let (comment, audit) = (world.new_id(), world.new_id());
        let said = Comment {
            id: comment,
            author: requester,
            html: html::from_plain_markdown(&text),
            body: text.clone(),
            public: true,
            attachments: Vec::new(),
            audit,
            custom: Value::Null,
            via: "web",
            created,
        };
        let events = vec![(world.new_id(), Event::Comment(comment))];
        let done = matches!(status, Status::Solved | Status::Closed);
        world.seed_ticket(Ticket {
            id,
            external_id: None,
            created,
            updated: changed,
            generated: changed,
            kind: Some("incident"),
            subject: format!("{subject} ({number})"),
            description: text,
            priority: Some(*random.pick(&Priority::ALL)),
            status,
            custom_status: default_status(status),
            requester,
            submitter: requester,
            assignee,
            organization: None,
            group: Some(*random.pick(&groups)),
            followers: Vec::new(),
            tags: tags(random.below(3) == 0, number),
            due: None,
            problem: None,
            custom: custom(number, done),
            comments: vec![said],
            audits: vec![Audit { id: audit, author: requester, created, via: "web", events }],
            assigned_at: assignee.map(|_| created),
            status_at: changed,
            solved_at: done.then_some(changed),
            ..Ticket::clone(&model)
        });
    }
}

/// What a drop-down says, which is a tag of its ticket too (wire B7).
fn symptom(number: u64) -> Option<&'static str> {
    ["symptom_slow", "symptom_broken"].get(usize::try_from(number % 3).ok()?).copied()
}

/// In the order of the account's: by name.
fn tags(generated: bool, number: u64) -> Vec<String> {
    generated.then_some("generated").into_iter().chain(symptom(number)).map(str::to_owned).collect()
}

/// Custom fields as real accounts fill them: some of them, on some tickets. Numbers are texts (wire B3.2).
fn custom(number: u64, done: bool) -> BTreeMap<u64, Value> {
    let mut out = BTreeMap::new();
    if let Some(symptom) = symptom(number) {
        out.insert(SYMPTOM, json!(symptom));
    }
    if number.is_multiple_of(2) {
        out.insert(MACHINES, json!((1 + number % 9).to_string()));
        out.insert(ASSET_NUMBER, json!(format!("PC-{:04}", number % 10_000)));
    }
    if number.is_multiple_of(4) {
        out.insert(COST, json!(format!("{}.50", number % 90)));
    }
    if done {
        out.insert(RESOLUTION, json!("Solution provided"));
        out.insert(RESOLUTION_NOTES, json!("The cable was changed. Nothing since."));
    }
    out
}
