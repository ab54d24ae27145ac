//! Patches: what is not named stays.

use serde::{Deserialize, Serialize};

/// The change of one value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes this.
    Set(T),
    /// It becomes empty.
    Clear,
}

impl<T> Patch<T> {
    /// True where nothing changes.
    #[must_use]
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The new value, where there is one.
    #[must_use]
    pub const fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

/// The change of a set of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetPatch<T> {
    /// Some come, some go; the others stay.
    Change {
        /// Those that come.
        add: Vec<T>,
        /// Those that go.
        remove: Vec<T>,
    },
    /// These, and no others.
    Replace(Vec<T>),
}

impl<T> SetPatch<T> {
    /// These come; the others stay.
    #[must_use]
    pub fn add(values: impl IntoIterator<Item = T>) -> Self {
        Self::Change { add: values.into_iter().collect(), remove: Vec::new() }
    }

    /// These go; the others stay.
    #[must_use]
    pub fn remove(values: impl IntoIterator<Item = T>) -> Self {
        Self::Change { add: Vec::new(), remove: values.into_iter().collect() }
    }

    /// These, and no others.
    #[must_use]
    pub fn replace(values: impl IntoIterator<Item = T>) -> Self {
        Self::Replace(values.into_iter().collect())
    }

    /// True where nothing changes.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Change { add, remove } if add.is_empty() && remove.is_empty())
    }
}

impl<T: Clone + PartialEq> SetPatch<T> {
    /// The set after the change: the old order, then what came; no value twice.
    #[must_use]
    pub fn apply(&self, current: &[T]) -> Vec<T> {
        let mut out: Vec<T> = Vec::new();
        let (kept, come): (&[T], &[T]) = match self {
            Self::Change { add, .. } => (current, add),
            Self::Replace(values) => (&[], values),
        };
        let gone: &[T] = match self {
            Self::Change { remove, .. } => remove,
            Self::Replace(_) => &[],
        };
        for value in kept.iter().filter(|value| !gone.contains(value)).chain(come) {
            if !out.contains(value) {
                out.push(value.clone());
            }
        }
        out
    }
}

impl<T> Default for SetPatch<T> {
    fn default() -> Self {
        Self::Change { add: Vec::new(), remove: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_patch_applies() {
        let now = ["a", "b"];
        assert_eq!(SetPatch::add(["c", "a"]).apply(&now), ["a", "b", "c"]);
        assert_eq!(SetPatch::remove(["a"]).apply(&now), ["b"]);
        assert_eq!(SetPatch::replace(["x", "x"]).apply(&now), ["x"]);
        assert!(SetPatch::<&str>::default().is_keep());
        assert!(!SetPatch::<&str>::replace([]).is_keep());
    }
}
