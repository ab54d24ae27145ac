//! Patches: what is named changes to what was asked for, and nothing else changes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use ticketing_core::model::Ticket;
use ticketing_core::model::TypeCategory;
use ticketing_core::request::{CreateTicket, ListComments, NewComment, Patch, SetPatch, UpdateTicket};
use ticketing_core::{PrioritySelector, TypeSelector};
use ticketing_fuzz::{Bed, JiraCloud, JiraDataCenter, Shape, Zendesk};

use super::{Writes, assert_due, assert_named, assert_values, body, due, priority, read, set, tags, texts, values};

fn patch<T>(shape: &mut Shape<'_>, times: usize, one: impl FnOnce(&mut Shape<'_>) -> T) -> Patch<T> {
    match (shape.one_in(times), shape.below(4)) {
        (false, _) => Patch::Keep,
        (true, 0) => Patch::Clear,
        (true, _) => Patch::Set(one(shape)),
    }
}

/// A patch of anything, and the names of what is in it.
fn patched<V: Writes>(shape: &mut Shape<'_>, id: &str) -> (UpdateTicket, Vec<&'static str>) {
    let mut update = UpdateTicket::new(id);
    update.title = patch(shape, 3, |shape| shape.word());
    update.description = patch(shape, 3, body);
    update.external_id = patch(shape, 3, |shape| shape.text());
    update.priority = patch(shape, 3, |shape| PrioritySelector::Level(priority(shape)));
    update.due = patch(shape, 4, due);
    if shape.one_in(4) || !update.due.is_keep() && shape.one_in(2) {
        let category = *shape.pick(&[TypeCategory::Incident, TypeCategory::Problem, TypeCategory::Task]);
        update.ticket_type = Some(TypeSelector::Category(category));
    }
    update.tags = match shape.below(4) {
        0 => SetPatch::Change { add: tags(shape, 3), remove: tags(shape, 3) },
        1 => SetPatch::Replace(tags(shape, 4)),
        _ => SetPatch::default(),
    };
    update.fields = values::<V>(shape);
    if shape.one_in(4) {
        let body = body(shape);
        update.comment = Some(if shape.one_in(2) { NewComment::internal(body) } else { NewComment::public(body) });
    }
    let given = [
        (!update.title.is_keep(), "title"),
        (!update.description.is_keep(), "description"),
        (!update.external_id.is_keep(), "external_id"),
        (!update.priority.is_keep(), "priority"),
        (!update.due.is_keep(), "due"),
        (update.ticket_type.is_some(), "type"),
        (!update.tags.is_keep(), "tags"),
        (update.comment.is_some(), "comment"),
        (update.comment.is_some(), "body"),
    ];
    (update, given.into_iter().filter(|own| own.0).map(|own| own.1).collect())
}

/// A ticket without what moves at every write.
fn still(ticket: &Ticket) -> Ticket {
    let mut still = ticket.clone();
    (still.updated_at, still.version) = (None, None);
    still
}

/// The patched ticket is what was asked for and otherwise as it was, or the patch is refused by name and nothing is changed.
fn what_is_named_changes_and_nothing_else<V: Writes>(name: &str) {
    let kept = RefCell::new((0_u32, Bed::<V>::new().with_time_passing()));
    fuzz!(name, |bytes: &[u8]| {
        let mut kept = kept.borrow_mut();
        kept.0 += 1;
        if kept.0.is_multiple_of(500) {
            kept.1 = Bed::new().with_time_passing();
        }
        let bed = &kept.1;
        let shape = &mut Shape::new(bytes);
        let mut create = CreateTicket::new("Before");
        create.tags = vec!["one".to_owned(), "two".to_owned(), "t7".to_owned()];
        create.description = Some("The *words* before\n\n- one\n- two".into());
        create.external_id = Some("ext-1".to_owned());
        let before = bed.run(bed.provider.create_ticket(create)).unwrap();
        let id = before.id.as_str();
        let (update, given) = patched::<V>(shape, id);
        let outcome = bed.run(bed.provider.update_ticket(update.clone()));
        let after = read(bed, id);
        let comments = bed.run(bed.provider.list_comments(ListComments::new(id))).unwrap().items;
        V::purge(bed, id);
        let changed = match outcome {
            Ok(changed) => changed,
            Err(error) => {
                assert_eq!(error.applied(), [] as [&str; 0], "{error} was found out too late: {update:?}");
                assert_named(&error, &given, &update.fields, &update);
                assert_eq!(after, before, "{error}, and it was changed: {update:?}");
                assert!(comments.is_empty(), "{error}: {update:?}");
                return;
            }
        };
        assert_eq!(after, changed, "the answer is not what is read");
        let mut expected = still(&before);
        match &update.title {
            Patch::Set(title) => expected.title.clone_from(title),
            _ => assert_eq!(update.title, Patch::Keep),
        }
        match &update.description {
            Patch::Keep => {}
            Patch::Clear => expected.description = None,
            Patch::Set(text) => {
                texts::assert_text(after.description.as_ref(), text, "description");
                expected.description.clone_from(&after.description);
            }
        }
        match &update.external_id {
            Patch::Keep => {}
            Patch::Clear => expected.external_id = None,
            Patch::Set(id) => expected.external_id = Some(id.clone()),
        }
        match &update.priority {
            Patch::Keep => {}
            Patch::Clear => expected.priority = None,
            Patch::Set(PrioritySelector::Level(level)) => {
                assert_eq!(after.priority.as_ref().map(|own| own.level), Some(*level));
                expected.priority.clone_from(&after.priority);
            }
            Patch::Set(_) => {}
        }
        match update.due {
            Patch::Keep => {}
            Patch::Clear => expected.due = None,
            Patch::Set(due) => {
                assert_due(due, after.due);
                expected.due = after.due;
            }
        }
        if let Some(TypeSelector::Category(category)) = update.ticket_type {
            assert_eq!(after.ticket_type.category, category);
            expected.ticket_type = after.ticket_type.clone();
        }
        let own: Vec<String> = before.tags.clone().unwrap_or_default();
        let wanted: BTreeSet<String> = &set(&update.tags.apply(&own)) | &V::tags_of(&update.fields);
        assert_eq!(set(after.tags.as_deref().unwrap_or_default()), wanted, "{update:?}");
        expected.tags.clone_from(&after.tags);
        assert_values::<V>(&update.fields, &after);
        for field in update.fields.keys() {
            match after.fields.get(field) {
                Some(value) => drop(expected.fields.insert(field.clone(), value.clone())),
                None => drop(expected.fields.remove(field)),
            }
        }
        match &update.comment {
            Some(comment) => {
                assert_eq!(comments.len(), 1, "{update:?}");
                assert_eq!(comments[0].visibility, comment.visibility);
                texts::assert_text(Some(&comments[0].body), &comment.body, "comment");
            }
            None => assert!(comments.is_empty(), "{comments:?}"),
        }
        assert_eq!(still(&after), expected, "{update:?}");
    });
}

for_each_vendor!("written/update", what_is_named_changes_and_nothing_else, jira_cloud JiraCloud,
    jira_data_center JiraDataCenter, zendesk Zendesk);
