//! Comments, written and written over.

use std::cell::RefCell;

use ticketing_core::ErrorKind;
use ticketing_core::model::Visibility;
use ticketing_core::request::{AddComment, CreateTicket, DeleteComment, ListComments, UpdateComment};
use ticketing_fuzz::{Bed, JiraCloud, JiraDataCenter, Shape, Zendesk};

use super::{Writes, body, texts};

/// Comments that a ticket gets before another one takes its place.
const TO_A_TICKET: u32 = 12;

/// A comment says what was written, or it is refused by name and there is none; written over, it says the new text alone.
fn a_comment_says_what_was_written<V: Writes>(name: &str) {
    let begin = || {
        let bed = Bed::<V>::new().with_time_passing();
        let ticket = bed.run(bed.provider.create_ticket(CreateTicket::new("Talk"))).unwrap().id;
        (0_u32, bed, ticket)
    };
    let kept = RefCell::new(begin());
    fuzz!(name, |bytes: &[u8]| {
        let mut kept = kept.borrow_mut();
        kept.0 += 1;
        if kept.0.is_multiple_of(3_000) {
            *kept = begin();
        } else if kept.0.is_multiple_of(TO_A_TICKET) {
            V::purge(&kept.1, kept.2.as_str());
            kept.2 = kept.1.run(kept.1.provider.create_ticket(CreateTicket::new("Talk"))).unwrap().id;
        }
        let (bed, ticket) = (&kept.1, &kept.2);
        let all = || bed.run(bed.provider.list_comments(ListComments::new(ticket.clone()))).unwrap().items;
        let shape = &mut Shape::new(bytes);
        let visibility = if shape.one_in(2) { Visibility::Public } else { Visibility::Internal };
        let text = body(shape);
        let before = all().len();
        let mut add = AddComment::new(ticket.clone(), text.clone(), visibility);
        if shape.one_in(3) {
            add.idempotency_key = Some(format!("{} {}", kept.0, shape.text()));
        }
        let made = match bed.run(bed.provider.add_comment(add.clone())) {
            Ok(made) => made,
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.field()),
                    (ErrorKind::InvalidRequest, Some("body")),
                    "{error}: {text:?}"
                );
                assert!(texts::shows_nothing(&text), "{error}: {text:?}");
                assert_eq!(all().len(), before, "{error}: {text:?}");
                return;
            }
        };
        let there = all();
        assert_eq!(there.len(), before + 1, "{text:?}");
        assert_eq!(there.last(), Some(&made), "the answer is not what is read");
        assert_eq!(made.visibility, visibility);
        texts::assert_text(Some(&made.body), &text, "comment");
        if add.idempotency_key.is_some() {
            let again = bed.run(bed.provider.add_comment(add)).unwrap();
            assert_eq!((again.id, all().len()), (made.id.clone(), before + 1), "{text:?} is there twice");
        }
        if !V::EDITS_COMMENTS {
            return;
        }
        let other = body(shape);
        let update = UpdateComment::new(ticket.clone(), made.id.clone(), other.clone());
        match bed.run(bed.provider.update_comment(update)) {
            Ok(changed) => {
                assert_eq!((&changed.id, changed.visibility), (&made.id, visibility));
                texts::assert_text(Some(&changed.body), &other, "changed comment");
                assert_eq!(all().last(), Some(&changed), "the answer is not what is read");
            }
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.field()),
                    (ErrorKind::InvalidRequest, Some("body")),
                    "{error}: {other:?}"
                );
                assert!(texts::shows_nothing(&other), "{error}: {other:?}");
                assert_eq!(all().last(), Some(&made), "{error}");
            }
        }
        bed.run(bed.provider.delete_comment(DeleteComment::new(ticket.clone(), made.id.clone()))).unwrap();
        assert_eq!(all().len(), before);
    });
}

for_each_vendor!("written/comments", a_comment_says_what_was_written, jira_cloud JiraCloud, jira_data_center JiraDataCenter,
    zendesk Zendesk);
