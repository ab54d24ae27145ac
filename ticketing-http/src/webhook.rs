//! Verifying webhook deliveries: signature, age, novelty.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use ticketing_core::{Error, ErrorKind, Result, Secret};

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureEncoding {
    /// Base64 with padding.
    Base64,
    /// Lower- or upper-case hex.
    Hex,
}

macro_rules! hmac {
    ($( $(#[$doc:meta])* $name:ident($hash:ty, $prefix:literal) )*) => { $(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            mac: Hmac<$hash>,
            encoding: SignatureEncoding,
            prefix: &'static str,
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field("encoding", &self.encoding).finish_non_exhaustive()
            }
        }

        impl $name {
            /// Signatures under this secret.
            ///
            /// # Errors
            /// `Config` where the secret is empty: anybody could sign.
            pub fn new(secret: &Secret, encoding: SignatureEncoding) -> Result<Self> {
                Self::from_key(secret.expose().as_bytes(), encoding)
            }

            /// Signatures under a key of any bytes, for vendors whose secret is written in base64 or hex.
            ///
            /// # Errors
            /// `Config` where the key is empty: anybody could sign.
            pub fn from_key(key: &[u8], encoding: SignatureEncoding) -> Result<Self> {
                let unusable = || Error::config("webhook_secret", "it is empty").with_hint("make a long random one");
                if key.is_empty() {
                    return Err(unusable());
                }
                let mac = Hmac::<$hash>::new_from_slice(key).map_err(|_| unusable())?;
                Ok(Self { mac, encoding, prefix: $prefix })
            }

            /// With another text before the signature than the usual one; it may be missing in a delivery.
            #[must_use]
            pub fn with_prefix(mut self, prefix: &'static str) -> Self {
                self.prefix = prefix;
                self
            }

            /// Whether the signature is that of these parts, one behind the other.
            ///
            /// # Errors
            /// `Unauthenticated` where it is not.
            pub fn verify(&self, parts: &[&[u8]], signature: &str) -> Result<()> {
                let text = signature.trim();
                let text = text.strip_prefix(self.prefix).unwrap_or(text);
                let given = match self.encoding {
                    SignatureEncoding::Base64 => STANDARD.decode(text).map_err(|_| wrong_signature())?,
                    SignatureEncoding::Hex => hex::decode(text).map_err(|_| wrong_signature())?,
                };
                // Compares in constant time, and refuses a shortened signature.
                self.mac_of(parts).verify_slice(&given).map_err(|_| wrong_signature())
            }

            /// The signature of these parts, one behind the other, without prefix.
            #[must_use]
            pub fn sign(&self, parts: &[&[u8]]) -> String {
                let signature = self.mac_of(parts).finalize().into_bytes();
                match self.encoding {
                    SignatureEncoding::Base64 => STANDARD.encode(signature),
                    SignatureEncoding::Hex => hex::encode(signature),
                }
            }

            fn mac_of(&self, parts: &[&[u8]]) -> Hmac<$hash> {
                let mut mac = self.mac.clone();
                parts.iter().for_each(|part| mac.update(part));
                mac
            }
        }
    )* };
}

hmac! {
    /// Verifies HMAC-SHA256 signatures, in constant time. A `sha256=` before one is taken off.
    ///
    /// ```
    /// use ticketing_core::Secret;
    /// use ticketing_http::webhook::{HmacSha256, SignatureEncoding};
    ///
    /// let hmac = HmacSha256::new(&Secret::new("key"), SignatureEncoding::Hex).unwrap();
    /// let signature = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    /// let body = b"The quick brown fox jumps over the lazy dog";
    /// assert!(hmac.verify(&[body], signature).is_ok());
    /// assert!(hmac.verify(&[b"another"], signature).is_err());
    /// ```
    HmacSha256(Sha256, "sha256=")

    /// Verifies HMAC-SHA1 signatures, in constant time, for vendors that have nothing better. A `sha1=` before one is taken
    /// off.
    ///
    /// ```
    /// use ticketing_core::Secret;
    /// use ticketing_http::webhook::{HmacSha1, SignatureEncoding};
    ///
    /// let hmac = HmacSha1::new(&Secret::new("key"), SignatureEncoding::Hex).unwrap();
    /// let body = b"The quick brown fox jumps over the lazy dog";
    /// assert!(hmac.verify(&[body], "sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9").is_ok());
    /// ```
    HmacSha1(Sha1, "sha1=")
}

fn wrong_signature() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the webhook's signature is wrong")
        .with_hint("compare the secret on both sides; the body must be verified byte by byte as it came in")
}

/// Whether two shared tokens are the same, in constant time.
#[must_use]
pub fn same_token(expected: &Secret, given: &str) -> bool {
    expected.expose().as_bytes().ct_eq(given.as_bytes()).into()
}

/// Refuses deliveries that are too old, or from the future.
///
/// # Errors
/// `Unauthenticated` where the delivery was signed more than `window` before or after it came in.
pub fn within_window(signed_at: DateTime<Utc>, received_at: DateTime<Utc>, window: TimeDelta) -> Result<()> {
    if (received_at - signed_at).abs() > window {
        return Err(Error::new(ErrorKind::Unauthenticated, "the webhook was signed too long ago, or in the future")
            .with_hint("compare the clocks; an old delivery is not taken again"));
    }
    Ok(())
}

/// Remembers the latest deliveries, so that none is taken twice.
pub struct ReplayCache {
    capacity: usize,
    seen: Mutex<(HashSet<Digest128>, VecDeque<Digest128>)>,
}

/// Half of a SHA-256: what of a delivery is remembered.
type Digest128 = [u8; 16];

impl fmt::Debug for ReplayCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is remembered are signatures.
        f.debug_struct("ReplayCache").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl ReplayCache {
    /// Remembers this many deliveries.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), seen: Mutex::default() }
    }

    /// Notes a delivery. To be called last, once it was understood: what is noted is refused when the vendor sends it again.
    ///
    /// # Errors
    /// `AlreadyExists` where it came before.
    pub fn note(&self, delivery_id: &str) -> Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, order) = &mut *seen;
        let mut digest = Digest128::default();
        digest.copy_from_slice(&<Sha256 as sha2::Digest>::digest(delivery_id.as_bytes())[..16]);
        if !known.insert(digest) {
            return Err(Error::new(ErrorKind::AlreadyExists, "the webhook delivery came before"));
        }
        order.push_back(digest);
        if order.len() > self.capacity
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_verify_and_a_changed_byte_does_not() {
        let hmac = HmacSha256::new(&Secret::new("key"), SignatureEncoding::Base64).unwrap();
        let signature = hmac.sign(&[b"1736150400", b".", b"{}"]);
        hmac.verify(&[b"1736150400", b".", b"{}"], &format!("sha256={signature}")).unwrap();
        hmac.verify(&[b"1736150400.{}"], &signature).unwrap();
        for (parts, given) in
            [(&[b"1736150401.{}".as_slice()], signature.as_str()), (&[b"1736150400.{}"], "%%%"), (&[b""], "")]
        {
            assert_eq!(hmac.verify(parts, given).unwrap_err().kind(), ErrorKind::Unauthenticated);
        }
    }

    #[test]
    fn a_shortened_signature_another_prefix_and_an_empty_key_are_refused() {
        let hmac = HmacSha1::new(&Secret::new("key"), SignatureEncoding::Hex).unwrap();
        let signature = hmac.sign(&[b"body"]);
        hmac.verify(&[b"body"], &format!("sha1={signature}")).unwrap();
        hmac.verify(&[b"body"], &signature.to_uppercase()).unwrap();
        assert!(hmac.verify(&[b"body"], &signature[..20]).is_err());
        assert!(hmac.verify(&[b"body"], &format!("v0={signature}")).is_err());
        hmac.clone().with_prefix("v0=").verify(&[b"body"], &format!("v0={signature}")).unwrap();
        assert_eq!(HmacSha256::new(&Secret::new(""), SignatureEncoding::Hex).unwrap_err().kind(), ErrorKind::Config);
        assert!(!format!("{hmac:?}").contains("key"));
    }

    #[test]
    fn old_and_repeated_deliveries_are_refused() {
        let now: DateTime<Utc> = "2026-01-05T08:00:00Z".parse().unwrap();
        let window = TimeDelta::minutes(5);
        assert!(within_window(now - TimeDelta::minutes(5), now, window).is_ok());
        assert!(within_window(now - TimeDelta::minutes(6), now, window).is_err());
        assert!(within_window(now + TimeDelta::minutes(6), now, window).is_err());

        let cache = ReplayCache::new(2);
        cache.note("a").unwrap();
        assert_eq!(cache.note("a").unwrap_err().kind(), ErrorKind::AlreadyExists);
        cache.note("b").unwrap();
        cache.note("c").unwrap();
        cache.note("a").unwrap();
    }
}
