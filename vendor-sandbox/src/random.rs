//! Seeded randomness: the same seed gives the same sandbox, on every machine.

use sha2::{Digest, Sha256};

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and its output is fixed by its definition.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix(u64);

impl SplitMix {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number in `0..bound`; 0 for an empty range.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// One of several, which must not be none.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }

    /// A number in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The finaliser of SplitMix64: a bijection that scatters neighbouring inputs.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a over text, then scattered: a stable hash for decisions such as "is this row hidden".
pub(crate) fn hash_text(seed: u64, text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ mix(seed.wrapping_add(1));
    for byte in text.bytes() {
        hash ^= u64::from(byte);
        hash = hash.wrapping_mul(0x0100_0000_01b3);
    }
    mix(hash)
}

/// Whether the item named `text` belongs to the given share (0 to 1) of all items.
pub(crate) fn in_share(seed: u64, text: &str, share: f64) -> bool {
    ((hash_text(seed, text) >> 11) as f64 / (1u64 << 53) as f64) < share
}

/// The first 32 hex digits of the SHA-256 of `TABLE:KEY`: how every deterministic id is made.
pub(crate) fn stable_id(table: &str, key: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(table.as_bytes());
    digest.update(b":");
    digest.update(key.as_bytes());
    hex::encode(&digest.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_numbers() {
        let mut first = SplitMix::new(7);
        let mut second = SplitMix::new(7);
        assert_eq!(first.next(), second.next());
        assert!((0..1000).all(|_| first.below(10) < 10));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&second.unit())));
    }

    #[test]
    fn ids_are_the_documented_digest() {
        // printf 'incident:INC0000045' | sha256sum | cut -c1-32
        assert_eq!(stable_id("incident", "INC0000045"), "3206bc153f800cd09acd631797634d30");
    }
}
