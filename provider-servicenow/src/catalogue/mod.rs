//! The instance's own description of its tables: columns from `sys_dictionary`, choices from `sys_choice`, both with what
//! they inherit (`wire/servicenow.md` §3.6). Read once, kept for a while; without the right to read it, a built-in one.

mod builtin;
mod choices;
mod core_fields;
mod dictionary;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::{Clock, Result};
use tokio::sync::Mutex;

use crate::api::Api;
use crate::error::is_closed;

pub(crate) use choices::Choices;
pub(crate) use core_fields::{CoreFields, core_of};
pub(crate) use dictionary::{Column, TableSchema, ref_type};

/// How long what was read is believed.
const LIFE: TimeDelta = TimeDelta::minutes(30);

/// The catalogue of one connection. Cloning it shares it.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    api: Api,
    clock: Arc<dyn Clock>,
    schemas: Kept<TableSchema>,
    choices: Kept<Choices>,
}

type Kept<T> = Arc<Mutex<HashMap<String, (DateTime<Utc>, Arc<T>)>>>;

impl Catalogue {
    pub(crate) fn new(api: Api, clock: Arc<dyn Clock>) -> Self {
        Self { api, clock, schemas: Kept::default(), choices: Kept::default() }
    }

    /// The columns of a table, inherited ones included.
    pub(crate) async fn schema(&self, table: &str) -> Result<Arc<TableSchema>> {
        // Held while it is read, so that a burst of requests reads it once.
        let mut kept = self.schemas.lock().await;
        if let Some(schema) = self.fresh(&kept, table) {
            return Ok(schema);
        }
        let schema = match dictionary::read(&self.api, table).await {
            Ok(Some(schema)) => schema,
            Ok(None) => builtin::schema(table),
            Err(error) if is_closed(&error) => builtin::schema(table),
            Err(error) => return Err(error.with_context(format!("reading the fields of `{table}`"))),
        };
        Ok(self.keep(&mut kept, table, schema))
    }

    /// The choices of a table's columns; none where the credential may not read them.
    pub(crate) async fn choices(&self, table: &str) -> Result<Arc<Choices>> {
        let schema = self.schema(table).await?;
        let mut kept = self.choices.lock().await;
        if let Some(choices) = self.fresh(&kept, table) {
            return Ok(choices);
        }
        let choices = match choices::read(&self.api, &schema).await {
            Ok(choices) => choices,
            Err(error) if is_closed(&error) => Choices::default(),
            Err(error) => return Err(error.with_context(format!("reading the choices of `{table}`"))),
        };
        Ok(self.keep(&mut kept, table, choices))
    }

    /// Forgets what was read.
    pub(crate) async fn forget(&self) {
        self.schemas.lock().await.clear();
        self.choices.lock().await.clear();
    }

    fn fresh<T>(&self, kept: &HashMap<String, (DateTime<Utc>, Arc<T>)>, table: &str) -> Option<Arc<T>> {
        let (read_at, value) = kept.get(table)?;
        (self.clock.now() - *read_at < LIFE).then(|| Arc::clone(value))
    }

    fn keep<T>(&self, kept: &mut HashMap<String, (DateTime<Utc>, Arc<T>)>, table: &str, value: T) -> Arc<T> {
        let value = Arc::new(value);
        kept.insert(table.to_owned(), (self.clock.now(), Arc::clone(&value)));
        value
    }
}
