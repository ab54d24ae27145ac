//! Tells of every write, so that our own changes can be known again when they come back by delta or webhook.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::intercepted::{Call, Intercept};
use crate::error::Result;
use crate::id::Version;
use crate::model::{Comment, Kind, Ticket};
use crate::operation::{Access, Operation};
use crate::request::{AddComment, DeleteComment, DeleteTicket, UpdateComment, UpdateTicket, UploadAttachment};

/// One write that happened, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteRecord {
    /// The operation.
    pub operation: Operation,
    /// The kind of record.
    pub kind: Kind,
    /// The record's id, where it is known.
    pub id: Option<String>,
    /// The record's version after the write, where the vendor has one.
    pub version: Option<Version>,
    /// False where it is uncertain whether the write happened.
    pub certain: bool,
}

/// Is told of writes.
pub trait WriteRecorder: fmt::Debug + Send + Sync + 'static {
    /// One write happened, or may have.
    fn record(&self, write: WriteRecord);
}

/// Tells a recorder of every write.
#[derive(Debug, Clone)]
pub struct RecordWrites(Arc<dyn WriteRecorder>);

impl RecordWrites {
    /// Tells this recorder.
    #[must_use]
    pub fn new(recorder: Arc<dyn WriteRecorder>) -> Self {
        Self(recorder)
    }
}

impl Intercept for RecordWrites {
    async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
    {
        let outcome = forward().await;
        if call.operation().access() == Access::Write {
            match &outcome {
                Ok(reply) => self.0.record(done(&call, reply)),
                Err(error) if error.maybe_applied() || !error.applied().is_empty() => {
                    let (kind, id) = target(&call);
                    self.0.record(WriteRecord { operation: call.operation(), kind, id, version: None, certain: false });
                }
                Err(_) => {}
            }
        }
        outcome
    }
}

fn done(call: &Call<'_>, reply: &dyn Any) -> WriteRecord {
    let (kind, mut id) = target(call);
    let mut version = None;
    if let Some(ticket) = reply.downcast_ref::<Ticket>() {
        id = Some(ticket.id.to_string());
        version.clone_from(&ticket.version);
    } else if let Some(comment) = reply.downcast_ref::<Comment>() {
        id = Some(comment.id.to_string());
        version.clone_from(&comment.version);
    }
    WriteRecord { operation: call.operation(), kind, id, version, certain: true }
}

fn target(call: &Call<'_>) -> (Kind, Option<String>) {
    if let Some(request) = call.request_as::<UpdateTicket>() {
        (Kind::Ticket, Some(request.id.to_string()))
    } else if let Some(request) = call.request_as::<DeleteTicket>() {
        (Kind::Ticket, Some(request.id.to_string()))
    } else if let Some(request) = call.request_as::<UpdateComment>() {
        (Kind::Comment, Some(request.id.to_string()))
    } else if let Some(request) = call.request_as::<DeleteComment>() {
        (Kind::Comment, Some(request.id.to_string()))
    } else if call.request_as::<AddComment>().is_some() {
        (Kind::Comment, None)
    } else if let Some(request) = call.request_as::<UploadAttachment>() {
        (Kind::Ticket, Some(request.ticket.to_string()))
    } else {
        (Kind::Ticket, None)
    }
}
