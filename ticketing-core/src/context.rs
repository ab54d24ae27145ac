//! What a provider is handed when it is built: the clock, and whatever else its family needs.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::clock::{Clock, SystemClock};

/// What a provider is handed when it is built. Cloning it is cheap.
///
/// The core knows no HTTP; what HTTP providers share (transport, address policy, randomness) rides along as an
/// extension of its own type, put in by the one who builds and taken out by the provider.
///
/// ```
/// use ticketing_core::BuildContext;
///
/// #[derive(Debug, PartialEq)]
/// struct Proxy(&'static str);
///
/// let context = BuildContext::new().with_extension(Proxy("localhost:3128"));
/// assert_eq!(context.extension::<Proxy>(), Some(&Proxy("localhost:3128")));
/// ```
#[derive(Clone)]
pub struct BuildContext {
    clock: Arc<dyn Clock>,
    extensions: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl BuildContext {
    /// The machine's clock, and nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self { clock: Arc::new(SystemClock), extensions: HashMap::new() }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With an extension; one of the same type is replaced.
    #[must_use]
    pub fn with_extension<T: Any + Send + Sync>(mut self, extension: T) -> Self {
        self.extensions.insert(TypeId::of::<T>(), Arc::new(extension));
        self
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The extension of this type.
    #[must_use]
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.extensions.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

impl Default for BuildContext {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BuildContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildContext").field("clock", &self.clock).field("extensions", &self.extensions.len()).finish()
    }
}
