//! Cursors and checkpoints: what is given out comes back, and nothing else is taken.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use ticketing_core::model::Kind;
use ticketing_core::request::{ListChanges, ListTickets, Sort, SortField};
use ticketing_core::{Checkpoint, Cursor, CursorCodec, Error, ErrorKind, Operation};
use ticketing_fuzz::{Bed, JiraCloud, JiraDataCenter, ServiceNow, Shape, Vendor, Zendesk};

const CHECKSUM_BYTES: usize = 6;

fn codec() -> CursorCodec {
    CursorCodec::new("servicenow", "acme", Operation::ListTickets, &"a query")
}

fn assert_refused(error: &Error, field: &str) {
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert_eq!(error.field(), Some(field), "{error}");
    assert!(error.hint().is_some(), "{error} does not say the way out");
}

#[test]
fn positions_come_back_and_bent_texts_do_not() {
    fuzz!("cursors/positions_come_back_and_bent_texts_do_not", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let position = shape.json();
        let cursor = codec().cursor(&position).unwrap();
        let checkpoint = codec().checkpoint(&position).unwrap();
        assert_eq!(codec().position::<Value>(&cursor).unwrap(), position);
        assert_eq!(codec().checkpoint_position::<Value>(&checkpoint).unwrap(), position);
        let bent = match shape.below(3) {
            0 => shape.text(),
            1 => String::from_utf8_lossy(shape.rest()).into_owned(),
            _ => String::from_utf8_lossy(&shape.bend(cursor.as_str().as_bytes().to_vec())).into_owned(),
        };
        match codec().position::<Value>(&Cursor::new(bent.as_str())) {
            Ok(read) => {
                assert_eq!(bent, cursor.as_str(), "another text is taken");
                assert_eq!(read, position);
            }
            Err(error) => {
                assert_ne!(bent, cursor.as_str());
                assert_refused(&error, "cursor");
            }
        }
        if bent != cursor.as_str() {
            assert_refused(&codec().checkpoint_position::<Value>(&Checkpoint::new(bent)).unwrap_err(), "checkpoint");
        }
    });
}

/// A text with other words in it, under a checksum that fits: the checksum is against damage, and no secret.
fn forge(genuine: &str, change: impl FnOnce(&mut Value)) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(genuine).unwrap();
    let mut envelope: Value = serde_json::from_slice(&bytes[..bytes.len() - CHECKSUM_BYTES]).unwrap();
    change(&mut envelope["at"]);
    let mut bytes = serde_json::to_vec(&envelope).unwrap();
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum[..CHECKSUM_BYTES]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Changes a value somewhere in it, or the whole of it.
fn distort(value: &mut Value, shape: &mut Shape<'_>) {
    match value {
        Value::Array(items) if !items.is_empty() && !shape.one_in(6) => {
            let at = shape.below(items.len());
            distort(&mut items[at], shape);
        }
        Value::Object(pairs) if !pairs.is_empty() && !shape.one_in(6) => {
            let at = shape.below(pairs.len());
            if let Some((_, value)) = pairs.iter_mut().nth(at) {
                distort(value, shape);
            }
        }
        Value::Number(_) if !shape.one_in(3) => *value = Value::from(shape.number()),
        Value::String(_) if !shape.one_in(3) => *value = Value::from(shape.text()),
        _ => *value = shape.json(),
    }
}

for_each_vendor!("cursors", a_forged_cursor_is_refused_or_leads_somewhere_in_the_same_list);
for_each_vendor!("cursors", a_forged_checkpoint_is_refused_or_leads_somewhere_in_the_same_changes);

/// Two kinds of listings: in the vendor's own order, and in one that was asked for.
fn a_forged_cursor_is_refused_or_leads_somewhere_in_the_same_list<V: Vendor>(name: &str) {
    let bed = Bed::<V>::new().with_time_passing();
    let sorts = [vec![], vec![Sort::descending(SortField::UpdatedAt)]];
    let list = |sort: &[Sort], cursor: Option<Cursor>| {
        let request = ListTickets::new().with_page_size(Some(3)).with_sort(sort.to_vec()).with_cursor(cursor);
        bed.run(bed.provider.list_tickets(request))
    };
    let mut genuine = Vec::new();
    let mut ids = Vec::new();
    for (nth, sort) in sorts.iter().enumerate() {
        let mut cursor = None;
        loop {
            let page = list(sort, cursor).unwrap();
            ids.extend(page.items.into_iter().map(|ticket| ticket.id));
            match page.next {
                Some(next) => genuine.push((nth, next.as_str().to_owned())),
                None => break,
            }
            cursor = genuine.last().map(|(_, text)| Cursor::new(text));
        }
    }
    assert!(genuine.len() >= 6 && ids.len() >= 24, "{} cursors, {} tickets", genuine.len(), ids.len());
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (nth, text) = shape.pick(&genuine).clone();
        let forged = forge(&text, |at| distort(at, shape));
        match list(&sorts[nth], Some(Cursor::new(forged))) {
            Ok(page) => {
                for ticket in &page.items {
                    assert!(ids.contains(&ticket.id), "a ticket of another list: {}", ticket.key);
                }
            }
            Err(error) => assert_refused(&error, "cursor"),
        }
    });
}

fn a_forged_checkpoint_is_refused_or_leads_somewhere_in_the_same_changes<V: Vendor>(name: &str) {
    let bed = Bed::<V>::new().with_time_passing();
    let changes = |kind: Kind, checkpoint: Option<Checkpoint>| {
        let request = ListChanges::new(kind).with_page_size(Some(4)).with_checkpoint(checkpoint);
        bed.run(bed.provider.list_changes(request))
    };
    let kinds: Vec<Kind> =
        [Kind::Ticket, Kind::User, Kind::Account].into_iter().filter(|kind| changes(*kind, None).is_ok()).collect();
    assert!(kinds.contains(&Kind::Ticket));
    let mut genuine = Vec::new();
    for kind in kinds {
        let mut last = None;
        for _ in 0..4 {
            let text = changes(kind, last).unwrap().checkpoint.as_str().to_owned();
            last = Some(Checkpoint::new(&text));
            genuine.push((kind, text));
        }
    }
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (kind, text) = shape.pick(&genuine).clone();
        let forged = forge(&text, |at| distort(at, shape));
        match changes(kind, Some(Checkpoint::new(forged))) {
            Ok(page) => {
                if let Err(error) = changes(kind, Some(page.checkpoint)) {
                    panic!("its own checkpoint is refused: {error}");
                }
            }
            Err(error) => assert_refused(&error, "checkpoint"),
        }
    });
}
