//! Everything of an instance that changes.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::acl::Acl;
use super::choices::ChoiceIndex;
use super::event_log::Replay;
use super::policies::BusinessRule;
use super::schema::{Schema, TableId};
use super::store::Store;
use super::webhooks::Event;
use crate::content::Content;

/// Rows, rules and counters of one instance.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) choices: Arc<ChoiceIndex>,
    pub(crate) acl: Acl,
    /// Tables of plugins that are not active: 400 `Invalid table` (wire §3.5).
    pub(crate) absent_tables: Vec<&'static str>,
    pub(crate) business_rules: Vec<BusinessRule>,
    /// Bytes of attachments, by the sys_id of their `sys_attachment` row.
    pub(crate) contents: HashMap<String, Content>,
    /// Name/value attributes of attachments, in order of insertion.
    pub(crate) attributes: HashMap<String, Vec<(String, String)>>,
    /// Items in each user's cart.
    pub(crate) carts: HashMap<String, Vec<super::catalog_api::CartItem>>,
    /// What `sysparm_tiny` ids stand for.
    pub(crate) tiny_urls: HashMap<String, String>,
    /// Changes that webhooks have not been told about.
    pub(crate) events: Vec<Event>,
    pub(crate) replay: Option<Replay>,
    seed: u64,
    ids: u64,
    numbers: HashMap<TableId, u64>,
}

impl World {
    /// A fresh instance: metadata, and no people.
    pub(crate) fn new(seed: u64) -> Self {
        let store = Store::new();
        Self {
            choices: Arc::new(ChoiceIndex::read(&store)),
            store,
            acl: Acl::fresh(),
            absent_tables: Vec::new(),
            business_rules: Vec::new(),
            contents: HashMap::new(),
            attributes: HashMap::new(),
            carts: HashMap::new(),
            tiny_urls: HashMap::new(),
            events: Vec::new(),
            replay: None,
            seed,
            ids: 0,
            numbers: HashMap::new(),
        }
    }

    /// A new sys_id; the n-th one of a seed is always the same.
    pub(crate) fn new_id(&mut self) -> String {
        self.ids += 1;
        let digest = Sha256::digest(format!("{}:{}", self.seed, self.ids));
        hex::encode(&digest[..16])
    }

    /// The next free number of a table, from `PREFIX0010001` on (D: Table API, POST example).
    pub(crate) fn new_number(&mut self, table: TableId) -> Option<String> {
        let definition = Schema::get().table(table);
        let prefix = definition.spec.prefix?;
        let column = definition.number?;
        loop {
            let last = self.numbers.entry(table).or_insert(10_000);
            *last += 1;
            let number = format!("{prefix}{last:07}");
            let taken = self.store.rows(table).equal(column, &number).is_some_and(|slots| !slots.is_empty());
            if !taken {
                return Some(number);
            }
        }
    }

    /// Continues numbering after this number.
    pub(crate) fn number_from(&mut self, table: TableId, last: u64) {
        let entry = self.numbers.entry(table).or_insert(10_000);
        *entry = (*entry).max(last);
    }

    /// Reads the choice lists again, after `sys_choice` has changed.
    pub(crate) fn refresh_choices(&mut self) {
        self.choices = Arc::new(ChoiceIndex::read(&self.store));
    }
}
