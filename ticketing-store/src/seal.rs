//! Sealing: what is written is read back only by the row it was written for, under a key at hand.

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead as _, Payload};
use rand::Rng as _;
use ticketing_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use crate::key::{KEY_ID_BYTES, Key, Keys};
use crate::secrets::{CLIENT, WEBHOOK_SECRETS};

/// The form of what is sealed: version, key id, nonce, and XChaCha20-Poly1305's text with its tag.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;
const TAG_BYTES: usize = 16;

/// The place that something is sealed for; at any other it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The customer.
    pub(crate) tenant: &'a str,
    /// The connection, or what else owns it.
    pub(crate) owner: &'a str,
    /// What of it: `credential`.
    pub(crate) slot: &'a str,
}

impl Place<'_> {
    /// The associated data: each part behind its length, so that no two places have the same.
    fn bound(&self, head: &[u8]) -> Vec<u8> {
        let mut out = b"ticketing-store".to_vec();
        for part in [head, self.tenant.as_bytes(), self.owner.as_bytes(), self.slot.as_bytes()] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

/// Seals under one key.
pub(crate) fn seal(key: &Key, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    let mut out = Vec::with_capacity(HEAD_BYTES + clear.len() + TAG_BYTES);
    out.push(VERSION);
    out.extend_from_slice(&key.id());
    let bound = place.bound(&out);
    out.extend_from_slice(&nonce);
    let payload = Payload { msg: clear, aad: &bound };
    let sealed = key
        .cipher()
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Error::new(ErrorKind::Unexpected, "a secret could not be sealed"))?;
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens what was sealed for this place. Keys that are not known yet are looked for once more.
pub(crate) fn open(keys: &Keys, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let what = || format!("the sealed {} of `{}`", place.slot, shown(place.owner));
    if sealed.len() < HEAD_BYTES + TAG_BYTES {
        return Err(damaged(place.slot, format!("{} is cut off", what())));
    }
    let (head, rest) = sealed.split_at(1 + KEY_ID_BYTES);
    if head[0] != VERSION {
        return Err(damaged(place.slot, format!("{} has a form that this version does not know", what())));
    }
    let id = &head[1..];
    let ring = keys.ring();
    let ring = if ring.find(id).is_some() { ring } else { keys.reload()? };
    let Some(key) = ring.find(id) else {
        let (id, names) = (hex::encode(id), ring.names());
        return Err(Error::new(
            ErrorKind::Config,
            format!("{} is sealed under the key {id}, which is not among those at hand: {names}", what()),
        )
        .with_field("key")
        .with_hint("add that key behind the others in TICKETING_KEY or the key file; nothing was lost"));
    };
    let (nonce, text) = rest.split_at(NONCE_BYTES);
    let mut own = [0; NONCE_BYTES];
    own.copy_from_slice(nonce);
    let bound = place.bound(head);
    key.cipher()
        .decrypt(&XNonce::from(own), Payload { msg: text, aad: &bound })
        .map(Zeroizing::new)
        .map_err(|_| damaged(place.slot, format!("{} was changed, or belongs to another row", what())))
}

/// The id of the key that something is sealed under, as far as it has one.
pub(crate) fn key_of(sealed: &[u8]) -> String {
    sealed.get(1..1 + KEY_ID_BYTES).map(hex::encode).unwrap_or_default()
}

/// What should be sealed bytes, and is a text or a number.
pub(crate) fn no_bytes(slot: &str, owner: &str) -> Error {
    damaged(slot, format!("the sealed {slot} of `{}` was changed: it is not bytes any more", shown(owner)))
}

fn damaged(slot: &str, message: String) -> Error {
    let (field, instead) = way_out(slot);
    Error::new(ErrorKind::Integrity, message)
        .with_field(field)
        .with_hint(format!("put the row back from a backup, or {instead}; the row was left as it is"))
}

/// What is wrong with, for people, where a sealed row is, and what mends it.
pub(crate) fn way_out(slot: &str) -> (&'static str, &'static str) {
    match slot {
        WEBHOOK_SECRETS => {
            ("webhook_secrets", "make a new one (`ticketing admin-kit … --connection`, `set_webhook_secrets`)")
        }
        CLIENT => ("oauth_client", "connect with the client and its secret again"),
        _ => ("credential", "connect the account again (`ticketing connect PROVIDER --connection NAME`)"),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySource;
    use ticketing_core::Secret;

    fn keys(byte: u8) -> Keys {
        let keys = Secret::new(hex::encode([byte; 32]));
        Keys::load(KeySource::Text { name: "TICKETING_KEY".to_owned(), keys }, true).unwrap()
    }

    const HOME: Place<'static> = Place { tenant: "acme", owner: "conn_1", slot: "credential" };

    fn sealed(keys: &Keys) -> Vec<u8> {
        seal(keys.ring().primary().unwrap(), HOME, b"hunter2").unwrap()
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_alone() {
        let keys = keys(7);
        let text = sealed(&keys);
        assert_eq!(open(&keys, HOME, &text).unwrap().as_slice(), b"hunter2");
        assert!(!text.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(text, sealed(&keys), "no nonce comes twice");
        for place in [
            Place { tenant: "globex", ..HOME },
            Place { owner: "conn_2", ..HOME },
            Place { slot: WEBHOOK_SECRETS, ..HOME },
            Place { slot: CLIENT, ..HOME },
            // The same letters, cut elsewhere.
            Place { tenant: "acmeconn", owner: "_1", slot: "credential" },
        ] {
            let error = open(&keys, place, &text).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Integrity, Some(place.slot)), "{place:?}");
        }
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_seen() {
        let keys = keys(7);
        let text = sealed(&keys);
        for nth in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone();
                changed[nth] ^= 1 << bit;
                assert!(open(&keys, HOME, &changed).is_err(), "byte {nth}, bit {bit}");
            }
            assert_eq!(open(&keys, HOME, &text[..nth]).unwrap_err().kind(), ErrorKind::Integrity, "cut to {nth}");
        }
        let longer = [text.as_slice(), &[0]].concat();
        assert!(open(&keys, HOME, &longer).is_err());
    }

    #[test]
    fn another_key_is_named() {
        let text = sealed(&keys(7));
        let other = keys(8);
        let error = open(&other, HOME, &text).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("key")));
        assert!(error.message().contains(&key_of(&text)) && error.message().contains(&other.ring().names()), "{error}");
    }
}
