//! Cookie sessions: one request at a time, and 202 for the one too many (wire §1.5, §6.3).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use tokio::sync::OwnedMutexGuard;

use super::answer::Reply;
use crate::random::{SplitMix, hash_text};

/// Sessions remembered; the oldest is forgotten first.
const CAPACITY: usize = 4096;

/// Requests that may wait for the running one before further ones are dropped (Q:202).
const QUEUE_LIMIT: usize = 10;

/// Whose session is whose.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    users: HashMap<String, String>,
    order: VecDeque<String>,
    random: SplitMix,
}

impl Sessions {
    pub(crate) fn new(seed: u64) -> Self {
        Self { users: HashMap::new(), order: VecDeque::new(), random: SplitMix::new(hash_text(seed, "sessions")) }
    }

    pub(crate) fn user_of(&self, session: &str) -> Option<&str> {
        self.users.get(session).map(String::as_str)
    }

    /// A new session; each request without a cookie gets one (wire §6.3).
    pub(crate) fn open(&mut self, user: &str) -> String {
        let id = format!("{:016X}{:016X}", self.random.next(), self.random.next());
        if self.order.len() == CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.users.remove(&oldest);
        }
        self.order.push_back(id.clone());
        self.users.insert(id.clone(), user.to_owned());
        id
    }
}

/// The value of the `JSESSIONID` cookie.
pub(crate) fn session_id(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("JSESSIONID="))
}

/// The cookies of a new session (wire §1.5).
pub(crate) fn set(reply: &mut Reply, session: &str) {
    let store = session.to_lowercase();
    for cookie in [
        format!("JSESSIONID={session}; Path=/; HttpOnly; SameSite=None; Secure"),
        format!("glide_user_route=glide.{store}; Max-Age=2147483647; Path=/; HttpOnly; SameSite=None; Secure"),
        format!("glide_session_store={store}; Max-Age=1800; Path=/; HttpOnly; SameSite=None; Secure"),
    ] {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            reply.headers_mut().append(SET_COOKIE, value);
        }
    }
}

/// The queues of the sessions that are in use.
#[derive(Debug, Default)]
pub(crate) struct SessionQueues {
    queues: Mutex<HashMap<String, Queue>>,
}

#[derive(Debug, Default, Clone)]
struct Queue {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Running and waiting.
    inside: usize,
}

/// The right to run on a session; the next one follows when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    queues: Arc<SessionQueues>,
    session: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut queues = self.queues.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get_mut(&self.session) {
            queue.inside -= 1;
            if queue.inside == 0 {
                queues.remove(&self.session);
            }
        }
    }
}

impl SessionQueues {
    /// Waits for the session's turn; `None` when the queue is full: the request is dropped.
    pub(crate) async fn enter(self: &Arc<Self>, session: &str) -> Option<Turn> {
        let lock = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = queues.entry(session.to_owned()).or_default();
            if queue.inside > QUEUE_LIMIT {
                return None;
            }
            queue.inside += 1;
            Arc::clone(&queue.turn)
        };
        // Built before the wait, so that a caller who gives up leaves the queue.
        let mut turn = Turn { queues: Arc::clone(self), session: session.to_owned(), guard: None };
        turn.guard = Some(lock.lock_owned().await);
        Some(turn)
    }
}
