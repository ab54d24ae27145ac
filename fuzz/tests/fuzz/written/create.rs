//! New tickets.

use std::cell::RefCell;

use ticketing_core::model::{PriorityLevel, TypeCategory};
use ticketing_core::request::{CreateTicket, ListComments, NewComment};
use ticketing_core::{PrioritySelector, TypeSelector};
use ticketing_fuzz::{Bed, JiraCloud, JiraDataCenter, Shape, Zendesk};

use super::{Writes, assert_due, assert_named, assert_values, body, due, priority, read, set, tags, texts, values};

/// A ticket of anything.
fn ticket<V: Writes>(shape: &mut Shape<'_>) -> (CreateTicket, Vec<&'static str>) {
    let title = if shape.one_in(20) { shape.word().repeat(60) } else { shape.word() };
    let (mut create, mut given) = (CreateTicket::new(title), vec!["title"]);
    if shape.one_in(2) {
        create.description = Some(body(shape));
        given.push("description");
    }
    if shape.one_in(3) {
        create.external_id = Some(shape.text());
        given.push("external_id");
    }
    if shape.one_in(2) {
        create.tags = tags(shape, 4);
        given.push("tags");
    }
    if shape.one_in(3) {
        create.priority = Some(PrioritySelector::Level(priority(shape)));
        given.push("priority");
    }
    if shape.one_in(3) {
        let category = *shape.pick(&[TypeCategory::Incident, TypeCategory::Problem, TypeCategory::Task]);
        create.ticket_type = Some(TypeSelector::Category(category));
        given.push("type");
    }
    if shape.one_in(4) {
        create.due = Some(due(shape));
        given.push("due");
    }
    if shape.one_in(4) {
        let body = body(shape);
        create.comment = Some(if shape.one_in(2) { NewComment::internal(body) } else { NewComment::public(body) });
        given.extend(["comment", "body"]);
    }
    create.fields = values::<V>(shape);
    (create, given)
}

/// A new ticket is what was asked for, or it is refused by name, and then there is none.
fn a_new_ticket_is_what_was_asked_for<V: Writes>(name: &str) {
    let bed = RefCell::new((0_u32, Bed::<V>::new().with_time_passing()));
    fuzz!(name, |bytes: &[u8]| {
        let mut kept = bed.borrow_mut();
        kept.0 += 1;
        if kept.0.is_multiple_of(500) {
            kept.1 = Bed::new().with_time_passing();
        }
        let bed = &kept.1;
        let shape = &mut Shape::new(bytes);
        let (create, given) = ticket::<V>(shape);
        let before = V::count(bed);
        let created = match bed.run(bed.provider.create_ticket(create.clone())) {
            Ok(created) => created,
            Err(error) => {
                let after = V::count(bed);
                // What was found out too late is told, with the ticket that there is.
                assert_eq!(after > before, !error.applied().is_empty(), "{error}: {create:?}");
                if after > before {
                    panic!("{error} was found out too late: {create:?}");
                }
                assert_named(&error, &given, &create.fields, &create);
                return;
            }
        };
        let id = created.id.as_str().to_owned();
        let ticket = read(bed, &id);
        let comments = bed.run(bed.provider.list_comments(ListComments::new(id.as_str()))).unwrap().items;
        V::purge(bed, &id);
        assert_eq!(ticket, created, "the answer is not what is read");
        assert_eq!(ticket.title, create.title);
        if let Some(text) = &create.description {
            texts::assert_text(ticket.description.as_ref(), text, "description");
        }
        assert_eq!(ticket.external_id, create.external_id);
        let brought = V::tags_of(&create.fields);
        let read = set(ticket.tags.as_deref().unwrap_or_default());
        assert_eq!(read, &set(&create.tags) | &brought, "{create:?}");
        if let Some(PrioritySelector::Level(level)) = create.priority {
            assert_eq!(ticket.priority.as_ref().map(|own| own.level), Some::<PriorityLevel>(level));
        }
        if let Some(TypeSelector::Category(category)) = create.ticket_type {
            assert_eq!(ticket.ticket_type.category, category);
        }
        match create.due {
            Some(due) => assert_due(due, ticket.due),
            None => assert_eq!(ticket.due, None),
        }
        assert_values::<V>(&create.fields, &ticket);
        match &create.comment {
            Some(comment) => {
                assert_eq!(comments.len(), 1, "{create:?}");
                assert_eq!(comments[0].visibility, comment.visibility);
                texts::assert_text(Some(&comments[0].body), &comment.body, "comment");
            }
            None => assert!(comments.is_empty(), "{comments:?}"),
        }
    });
}

for_each_vendor!("written/create", a_new_ticket_is_what_was_asked_for, jira_cloud JiraCloud, jira_data_center JiraDataCenter,
    zendesk Zendesk);
