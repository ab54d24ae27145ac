//! The site's own description of itself: fields, statuses, priorities, resolutions, issue types (wire A4.3, A4.4). Read when
//! first needed, and kept for a while.

mod columns;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use ticketing_core::{Clock, Result};
use tokio::sync::Mutex;

use crate::api::Api;
use crate::mapping::Mapping;
use crate::wire::{FieldInfo, Listed, StatusInfo};

pub(crate) use columns::{Column, Columns, Shape};

/// How long what was read is believed.
const LIFE: TimeDelta = TimeDelta::minutes(30);

/// The catalogue of one connection.
#[derive(Debug)]
pub(crate) struct Catalogue {
    api: Arc<Api>,
    clock: Arc<dyn Clock>,
    mapping: Arc<Mapping>,
    columns: Kept<Columns>,
    statuses: Kept<Vec<StatusInfo>>,
    priorities: Kept<Vec<Listed>>,
    resolutions: Kept<Vec<Listed>>,
    issue_types: Kept<Vec<Listed>>,
}

type Kept<T> = Mutex<Option<(DateTime<Utc>, Arc<T>)>>;

impl Catalogue {
    pub(crate) fn new(api: Arc<Api>, clock: Arc<dyn Clock>, mapping: Arc<Mapping>) -> Self {
        Self {
            api,
            clock,
            mapping,
            columns: Kept::default(),
            statuses: Kept::default(),
            priorities: Kept::default(),
            resolutions: Kept::default(),
            issue_types: Kept::default(),
        }
    }

    /// The fields, and which core keys they are.
    pub(crate) async fn columns(&self) -> Result<Arc<Columns>> {
        self.kept(&self.columns, async || {
            let fields: Vec<FieldInfo> = self.read("/field").await?;
            Columns::new(fields, &self.mapping)
        })
        .await
    }

    /// The statuses, each with its category.
    pub(crate) async fn statuses(&self) -> Result<Arc<Vec<StatusInfo>>> {
        self.kept(&self.statuses, async || self.read("/status").await).await
    }

    /// The priorities, the most urgent first.
    pub(crate) async fn priorities(&self) -> Result<Arc<Vec<Listed>>> {
        self.kept(&self.priorities, async || self.read("/priority").await).await
    }

    /// The resolutions.
    pub(crate) async fn resolutions(&self) -> Result<Arc<Vec<Listed>>> {
        self.kept(&self.resolutions, async || self.read("/resolution").await).await
    }

    /// The issue types.
    pub(crate) async fn issue_types(&self) -> Result<Arc<Vec<Listed>>> {
        self.kept(&self.issue_types, async || self.read("/issuetype").await).await
    }

    /// Forgets what was read.
    pub(crate) async fn forget(&self) {
        *self.columns.lock().await = None;
        *self.statuses.lock().await = None;
        *self.priorities.lock().await = None;
        *self.resolutions.lock().await = None;
        *self.issue_types.lock().await = None;
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let named = |error: ticketing_core::Error| error.with_context(format!("reading `{path}`"));
        self.api.read(path, &[]).await.map_err(named)?.json().map_err(named)
    }

    async fn kept<T>(&self, kept: &Kept<T>, read: impl AsyncFnOnce() -> Result<T>) -> Result<Arc<T>> {
        // Held while it is read, so that a burst of requests reads it once.
        let mut kept = kept.lock().await;
        if let Some((read_at, value)) = &*kept
            && self.clock.now() - *read_at < LIFE
        {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(read().await?);
        *kept = Some((self.clock.now(), Arc::clone(&value)));
        Ok(value)
    }
}
