//! Which comment or attachment a key of the caller's made, as long as this connection lives: the instance has no place to
//! keep such a key.

use std::collections::{HashMap, VecDeque};

/// Keys remembered.
const CAPACITY: usize = 10_000;

/// What was written under which key, the latest ones.
#[derive(Debug, Default)]
pub(crate) struct Written {
    ids: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Written {
    /// What was written under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.ids.get(key).map(String::as_str)
    }

    /// Notes what was written under a key.
    pub(crate) fn note(&mut self, key: String, id: String) {
        if self.ids.insert(key.clone(), id).is_none() {
            self.order.push_back(key);
            if self.order.len() > CAPACITY
                && let Some(oldest) = self.order.pop_front()
            {
                self.ids.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_keys_are_remembered() {
        let mut written = Written::default();
        for nth in 0..=CAPACITY {
            written.note(nth.to_string(), format!("id-{nth}"));
        }
        assert_eq!(written.get("0"), None);
        assert_eq!(written.get("1"), Some("id-1"));
    }
}
