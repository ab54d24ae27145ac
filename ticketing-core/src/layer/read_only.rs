//! Refuses every write.

use futures::future::BoxFuture;

use super::intercepted::{Call, Intercept};
use crate::capability::Capabilities;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Access;

/// Refuses every write, and takes writing out of the capabilities.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnly;

impl Intercept for ReadOnly {
    async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
    {
        if call.operation().access() == Access::Write {
            return Err(Error::new(ErrorKind::Unsupported, "this connection only reads")
                .with_operation(call.operation())
                .with_provider(call.provider().info().name.clone()));
        }
        forward().await
    }

    fn narrow(&self, mut capabilities: Capabilities) -> Capabilities {
        capabilities.operations.retain(|operation| operation.access() == Access::Read);
        capabilities.writable_fields.clear();
        capabilities.writable_statuses.clear();
        capabilities.comment_visibilities.clear();
        capabilities
    }
}
