//! What was learned of a site's projects and workflows, kept for a while. It decides what is asked for and refused before a
//! write; each step of a way is looked at again before it is made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::meta::{CreateType, Screen};
use super::workflow::Step;
use crate::wire::{Project, Thing};

/// How long it is believed.
const LIFE: TimeDelta = TimeDelta::minutes(10);
/// How much of each sort is kept.
const CAPACITY: usize = 2_000;

/// What was learned.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// By id or key.
    pub(crate) projects: Kept<Project>,
    /// By project.
    pub(crate) types: Kept<Vec<CreateType>>,
    /// By project and type.
    pub(crate) screens: Kept<Screen>,
    /// By project and type.
    pub(crate) statuses: Kept<Vec<Thing>>,
    /// By project, type and status.
    pub(crate) steps: Kept<Vec<Step>>,
}

impl Learned {
    /// Forgets what a create is checked against: the site saw it otherwise.
    pub(crate) fn forget_screens(&self) {
        self.types.forget();
        self.screens.forget();
    }
}

/// A value, and the moment of its reading.
type Read<T> = (DateTime<Utc>, Arc<T>);

/// Values by name.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    all: Mutex<HashMap<String, Read<T>>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { all: Mutex::default() }
    }
}

impl<T> Kept<T> {
    pub(crate) fn get(&self, key: &str, now: DateTime<Utc>) -> Option<Arc<T>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(key).filter(|(at, _)| now - *at < LIFE).map(|(_, value)| Arc::clone(value))
    }

    pub(crate) fn keep(&self, key: String, now: DateTime<Utc>, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CAPACITY {
            all.clear();
        }
        all.insert(key, (now, Arc::clone(&value)));
        value
    }

    fn forget(&self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_is_believed_for_a_while() {
        let kept = Kept::default();
        let now: DateTime<Utc> = "2026-01-05T08:00:00Z".parse().unwrap();
        kept.keep("a".to_owned(), now, 1);
        assert_eq!(kept.get("a", now + TimeDelta::minutes(9)).as_deref(), Some(&1));
        assert!(kept.get("a", now + TimeDelta::minutes(10)).is_none());
        for number in 0..CAPACITY {
            kept.keep(number.to_string(), now, number);
        }
        assert!(kept.get("a", now).is_none(), "it does not grow without end");
    }
}
