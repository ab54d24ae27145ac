//! Receiving webhook deliveries: verify first, then say what to read again.

use std::fmt;

use bytes::Bytes;

use crate::error::Result;
use crate::model::{ChangeEvent, Timestamp};

/// One delivery as it came in.
#[derive(Clone)]
pub struct WebhookDelivery {
    /// The path and query it came to.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte by byte as it was signed.
    pub body: Bytes,
    /// When it came in.
    pub received_at: Timestamp,
}

impl WebhookDelivery {
    /// A delivery.
    #[must_use]
    pub fn new(headers: Vec<(String, String)>, body: impl Into<Bytes>, received_at: Timestamp) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { path: String::new(), headers, body: body.into(), received_at }
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for WebhookDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header values hold signatures and shared secrets, bodies hold customers' text.
        f.debug_struct("WebhookDelivery")
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}

/// Verifies a vendor's deliveries and says what they mean.
pub trait WebhookIntake: fmt::Debug + Send + Sync + 'static {
    /// What a delivery says, once its signature, age and novelty are verified. The events are hints to read again.
    ///
    /// What was told once is not told again, and what could not be understood is looked at again when the vendor repeats it.
    ///
    /// # Errors
    /// `Unauthenticated` where the signature is wrong or the delivery too old, `AlreadyExists` where it came before,
    /// `Decode` where its body makes no sense.
    fn receive(&self, delivery: &WebhookDelivery) -> Result<Vec<ChangeEvent>>;
}
