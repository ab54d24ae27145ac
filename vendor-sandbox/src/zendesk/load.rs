//! Generated tickets for load tests: many, and small.

use chrono::{DateTime, TimeDelta, Utc};

use super::catalogue::default_status;
use super::html;
use super::model::{Audit, Comment, Event, Priority, Status, Ticket};
use super::world::World;
use crate::load::subject;
use crate::random::SplitMix;

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
        let subject = subject(&mut random);
        let text = format!("{subject}, seen on machine {}.", random.below(5_000));
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
            custom: serde_json::Value::Null,
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
            tags: if random.below(3) == 0 { vec!["generated".to_owned()] } else { Vec::new() },
            due: None,
            problem: None,
            custom: std::collections::BTreeMap::new(),
            comments: vec![said],
            audits: vec![Audit { id: audit, author: requester, created, via: "web", events }],
            assigned_at: assignee.map(|_| created),
            status_at: changed,
            solved_at: done.then_some(changed),
            ..Ticket::clone(&model)
        });
    }
}
