//! The text of cursors and checkpoints: bound to what they came from, and told apart from damaged ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checkpoint::Checkpoint;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::page::Cursor;

/// The version of the text; another one is refused.
const VERSION: u8 = 1;
/// No cursor of ours is longer; a longer one is not worth decoding.
const MAX_TEXT_BYTES: usize = 64 * 1024;
const CHECKSUM_BYTES: usize = 6;

/// Writes and reads the cursors and checkpoints of one query.
///
/// ```
/// use ticketing_core::{CursorCodec, Operation};
///
/// let codec = CursorCodec::new("memory", "acme", Operation::ListUsers, &"active");
/// let cursor = codec.cursor(&42_u32).unwrap();
/// assert_eq!(codec.position::<u32>(&cursor).unwrap(), 42);
///
/// let other = CursorCodec::new("memory", "acme", Operation::ListUsers, &"all");
/// assert!(other.position::<u32>(&cursor).is_err());
/// ```
#[derive(Debug, Clone)]
pub struct CursorCodec {
    provider: String,
    account: String,
    operation: Operation,
    query: String,
}

#[derive(Serialize, Deserialize)]
struct Envelope<P> {
    v: u8,
    p: String,
    a: String,
    o: Operation,
    q: String,
    at: P,
}

impl CursorCodec {
    /// The codec of one query: everything that decides which rows come, and in which order. The page size does not.
    ///
    /// `account` names the account at the vendor (an instance's host); it is kept as a digest.
    #[must_use]
    pub fn new(provider: &str, account: &str, operation: Operation, query: &impl Serialize) -> Self {
        let query = serde_json::to_vec(query).unwrap_or_default();
        Self { provider: provider.to_owned(), account: digest(account.as_bytes()), operation, query: digest(&query) }
    }

    /// The cursor of a position.
    ///
    /// # Errors
    /// Where the position has no JSON.
    pub fn cursor(&self, position: &impl Serialize) -> Result<Cursor> {
        self.encode(position).map(Cursor::new)
    }

    /// The position of a cursor.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest), naming `cursor`, where it is damaged or of another query.
    pub fn position<P: DeserializeOwned>(&self, cursor: &Cursor) -> Result<P> {
        self.decode("cursor", cursor.as_str())
    }

    /// The checkpoint of a position.
    ///
    /// # Errors
    /// Where the position has no JSON.
    pub fn checkpoint(&self, position: &impl Serialize) -> Result<Checkpoint> {
        self.encode(position).map(Checkpoint::new)
    }

    /// The position of a checkpoint.
    ///
    /// # Errors
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest), naming `checkpoint`, where it is damaged or of another query.
    pub fn checkpoint_position<P: DeserializeOwned>(&self, checkpoint: &Checkpoint) -> Result<P> {
        self.decode("checkpoint", checkpoint.as_str())
    }

    fn encode(&self, position: &impl Serialize) -> Result<String> {
        let envelope = Envelope {
            v: VERSION,
            p: self.provider.clone(),
            a: self.account.clone(),
            o: self.operation,
            q: self.query.clone(),
            at: position,
        };
        let mut bytes = serde_json::to_vec(&envelope)
            .map_err(|error| Error::new(crate::ErrorKind::Unexpected, "a position has no JSON").with_source(error))?;
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum[..CHECKSUM_BYTES]);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn decode<P: DeserializeOwned>(&self, field: &str, text: &str) -> Result<P> {
        let damaged = || {
            Error::invalid(field, format!("the {field} is damaged or was not given out by this library"))
                .with_hint(format!("pass a {field} exactly as it was given, or none to start over"))
        };
        if text.len() > MAX_TEXT_BYTES {
            return Err(damaged());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged())?;
        let (json, checksum) =
            bytes.len().checked_sub(CHECKSUM_BYTES).map(|at| bytes.split_at(at)).ok_or_else(damaged)?;
        if Sha256::digest(json)[..CHECKSUM_BYTES] != *checksum {
            return Err(damaged());
        }
        let envelope: Envelope<serde_json::Value> = serde_json::from_slice(json).map_err(|_| damaged())?;
        let other = |what: &str| {
            Error::invalid(field, format!("the {field} belongs to another {what}"))
                .with_hint(format!("use it with the {what} it came from, or none to start over"))
        };
        if envelope.v != VERSION {
            return Err(other("version of this library"));
        }
        if envelope.p != self.provider {
            return Err(other("provider"));
        }
        if envelope.a != self.account {
            return Err(other("account"));
        }
        if envelope.o != self.operation {
            return Err(other("operation"));
        }
        if envelope.q != self.query {
            return Err(other("query"));
        }
        serde_json::from_value(envelope.at).map_err(|_| damaged())
    }
}

/// Enough of a SHA-256 to tell queries apart.
fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codec(account: &str, query: &str) -> CursorCodec {
        CursorCodec::new("memory", account, Operation::ListTickets, &query)
    }

    #[test]
    fn a_cursor_is_good_for_its_own_query_alone() {
        let cursor = codec("a", "q").cursor(&7).unwrap();
        assert_eq!(codec("a", "q").position::<i32>(&cursor).unwrap(), 7);
        for (what, other) in [
            ("account", codec("b", "q")),
            ("query", codec("a", "r")),
            ("provider", CursorCodec::new("other", "a", Operation::ListTickets, &"q")),
            ("operation", CursorCodec::new("memory", "a", Operation::ListIds, &"q")),
        ] {
            let error = other.position::<i32>(&cursor).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidRequest);
            assert_eq!(error.field(), Some("cursor"));
            assert!(error.message().contains(what), "{error}");
        }
        assert!(codec("a", "q").position::<String>(&cursor).is_err());
    }

    proptest! {
        #[test]
        fn damage_is_seen(flip in 0_usize..400, text in ".{0,80}") {
            let codec = codec("a", "q");
            prop_assert!(codec.position::<serde_json::Value>(&Cursor::new(text)).is_err());
            let cursor = codec.cursor(&"here").unwrap();
            let mut bytes = cursor.as_str().as_bytes().to_vec();
            let at = flip % bytes.len();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let bent = Cursor::new(String::from_utf8(bytes).unwrap());
            prop_assert!(bent == cursor || codec.position::<String>(&bent).is_err());
        }
    }
}
