//! The assignee picker's pages, kept for a short while; each page says when it was true.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::{Clock, Page};

/// How old an answer may be where the caller does not say.
const USUAL_AGE: Duration = Duration::from_secs(60);
/// How many answers are kept.
const CAPACITY: usize = 1_000;

/// A page of some type, and when it was true.
type Kept = (DateTime<Utc>, Arc<dyn Any + Send + Sync>);

/// Pages by question, of one connection.
#[derive(Debug)]
pub struct Directory {
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, Kept>>,
}

impl Directory {
    /// Nothing is kept yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// An answer that is young enough: at most `max_age`, else a minute.
    pub fn kept<T: Clone + Send + Sync + 'static>(&self, question: &str, max_age: Option<Duration>) -> Option<Page<T>> {
        let age = TimeDelta::from_std(max_age.unwrap_or(USUAL_AGE)).unwrap_or(TimeDelta::MAX);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (as_of, page) = kept.get(question)?;
        let young = age > TimeDelta::zero() && self.clock.now() - *as_of <= age;
        let page: &Page<T> = page.downcast_ref()?;
        young.then(|| page.clone())
    }

    /// Keeps an answer, and says on it when it was true.
    pub fn keep<T: Clone + Send + Sync + 'static>(&self, question: String, page: Page<T>) -> Page<T> {
        let now = self.clock.now();
        let page = page.with_as_of(now);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CAPACITY {
            kept.clear();
        }
        kept.insert(question, (now, Arc::new(page.clone())));
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::ManualClock;

    #[test]
    fn answers_age() {
        let clock = Arc::new(ManualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
        let directory = Directory::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let page = directory.keep("who".to_owned(), Page::last(vec![7_u32]));
        assert_eq!(page.as_of, Some("2026-01-05T08:00:00Z".parse().unwrap()));
        clock.advance(TimeDelta::seconds(30));
        assert_eq!(directory.kept::<u32>("who", None), Some(page));
        assert_eq!(directory.kept::<u32>("who", Some(Duration::ZERO)), None);
        assert_eq!(directory.kept::<u32>("who", Some(Duration::from_secs(29))), None);
        clock.advance(TimeDelta::seconds(31));
        assert_eq!(directory.kept::<u32>("who", None), None);
        assert_eq!(directory.kept::<u32>("whom", None), None);
    }
}
