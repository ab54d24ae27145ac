//! Issues as a search showed them last. Whoever reads everything again and again waits for the clients then, and not for the
//! same JSON to be made anew.

use std::collections::HashMap;
use std::sync::Arc;

use super::call::Call;
use super::catalogue::FIELDS;
use super::issue_json::{self, Selection};
use super::model::Issue;
use super::world::World;

/// An issue, and its JSON.
type Kept = (Arc<Issue>, Arc<str>);

/// Issues by id, as one caller sees them in one choice of fields. Every change of the data forgets them all: an issue shows
/// more than its own.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    way: String,
    issues: HashMap<u64, Kept>,
}

/// What decides how an issue is shown, beside the data.
pub(crate) fn way(call: &Call<'_>, selection: &Selection) -> String {
    let fields: Vec<&str> = FIELDS.iter().filter(|field| selection.has(field)).map(|field| field.id).collect();
    let about = (call.account(), &call.base, &call.site, call.version(), call.zone, selection.is_bare());
    format!("{about:?} {} {fields:?}", selection.has_key())
}

impl Shown {
    /// An issue's JSON, made where it is not there yet.
    pub(crate) fn issue(
        &mut self,
        way: &str,
        call: &Call<'_>,
        world: &World,
        own: &Arc<Issue>,
        selection: &Selection,
    ) -> Arc<str> {
        if self.way != way {
            self.way = way.to_owned();
            self.issues.clear();
        }
        match self.issues.get(&own.id) {
            // A search that lags behind shows an issue as it was (wire A3.4).
            Some((kept, text)) if Arc::ptr_eq(kept, own) => Arc::clone(text),
            _ => {
                let text: Arc<str> = issue_json::issue(call, world, own, selection, &[]).to_string().into();
                self.issues.insert(own.id, (Arc::clone(own), Arc::clone(&text)));
                text
            }
        }
    }

    pub(crate) fn forget(&mut self) {
        self.issues.clear();
    }
}
