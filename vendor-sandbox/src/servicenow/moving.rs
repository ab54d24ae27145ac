//! Rows that move while they are paged: somebody else inserts, updates and deletes (wire §7).

use serde_json::{Map, Value};

use super::instance::Instance;
use super::records::{WriteOptions, Writer};
use super::schema::Schema;
use super::session::Session;
use crate::faults::Strike;

/// One change by somebody else to a table of tickets, before the list that the strike is for is read. Tables whose rows
/// have no title stay as they are.
pub(crate) fn move_one(instance: &Instance, strike: &Strike, path: &str) {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let Some(table) = Schema::get().find(name).filter(|table| table.column("short_description").is_some()) else {
        return;
    };
    let what = match strike.text("") {
        "" => ["insert", "update", "delete"][(strike.random % 3) as usize],
        named => named,
    };
    let now = instance.clock.now();
    instance.write(|world| {
        let Some(session) = Session::open(&world.store, "admin") else {
            return;
        };
        let nth = (strike.random / 3) as usize % world.store.count(table.id).max(1);
        let place = world.store.family(table.id).nth(nth).map(|found| (found.class, found.slot));
        let title = |text: &str| Map::from_iter([("short_description".to_owned(), Value::from(text))]);
        let mut writer = Writer { world, session: &session, now, options: WriteOptions::default() };
        // A policy may refuse the change of one row or another: then nothing moves this time.
        let _ = match (what, place) {
            ("delete", Some((class, slot))) => writer.delete(class, slot),
            ("update", Some((class, slot))) => writer.update(class, slot, &title("Changed while it was paged")),
            _ => writer.insert(table.id, &title("Came while others were paged")).map(drop),
        };
    });
}
