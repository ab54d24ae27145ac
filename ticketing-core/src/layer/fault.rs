//! Makes operations fail on purpose, for the tests of those who call them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;

use super::intercepted::{Call, Intercept};
use crate::error::{Delivery, Error, Result};
use crate::operation::Operation;

/// One failure to come.
pub struct Fault {
    operation: Option<Operation>,
    after_the_call: bool,
    make: Box<dyn Fn() -> Error + Send + Sync>,
}

impl Fault {
    /// The next call fails, and nothing happens.
    #[must_use]
    pub fn before(make: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self { operation: None, after_the_call: false, make: Box::new(make) }
    }

    /// The next call happens, and its answer is lost.
    #[must_use]
    pub fn after(make: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self { operation: None, after_the_call: true, make: Box::new(make) }
    }

    /// Only the next call of this operation.
    #[must_use]
    pub fn of(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("operation", &self.operation)
            .field("after_the_call", &self.after_the_call)
            .finish_non_exhaustive()
    }
}

/// Makes operations fail on purpose; clones share the failures to come.
#[derive(Debug, Clone, Default)]
pub struct FaultInjection(Arc<Mutex<VecDeque<Fault>>>);

impl FaultInjection {
    /// No failure to come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One failure more.
    pub fn push(&self, fault: Fault) {
        self.queue().push_back(fault);
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Fault>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn take(&self, operation: Operation) -> Option<Fault> {
        let mut queue = self.queue();
        let at = queue.iter().position(|fault| fault.operation.is_none_or(|only| only == operation))?;
        queue.remove(at)
    }
}

impl Intercept for FaultInjection {
    async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
    {
        match self.take(call.operation()) {
            None => forward().await,
            Some(fault) if fault.after_the_call => {
                forward().await?;
                Err((fault.make)().with_operation(call.operation()).with_delivery(Delivery::MaybeApplied))
            }
            Some(fault) => Err((fault.make)().with_operation(call.operation())),
        }
    }
}
