//! The next page's beginning, told before this page is whole, so that its request is on its way meanwhile.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::page::Cursor;

thread_local! {
    /// Who reads on from the page that is being fetched here and now.
    static READER: RefCell<Option<Announced>> = const { RefCell::new(None) };
}

/// Where an announcement is left for the reader.
#[derive(Debug, Clone, Default)]
pub(crate) struct Announced(Arc<Mutex<Option<Cursor>>>);

impl Announced {
    fn put(&self, cursor: Cursor) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }

    /// What was announced since the last time.
    pub(crate) fn take(&self) -> Option<Cursor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Tells whoever reads page after page where the next one probably begins, as soon as that is known: a vendor's token stands in
/// the answer, and making tickets of the answer takes a while. Without a reader it does nothing, and the cursor is not made.
///
/// What comes by an announced cursor is used only where the page's [`Chain`](crate::Chain) continues the mark of the page
/// before, as with [`Chain::ahead`](crate::Chain::ahead); and where it fails, the page is asked for again by the page's own
/// `next`.
///
/// ```
/// # async fn page() -> ticketing_core::Result<ticketing_core::Page<u32>> {
/// # let (token, map) = ("token", || vec![1]);
/// use ticketing_core::{Chain, Cursor, Page, announce_next};
///
/// announce_next(|| Some(Cursor::new(token))).await;
/// let chain = Chain { mark: Some(token.to_owned()), ..Chain::default() };
/// Ok(Page::new(map(), Some(Cursor::new(token))).with_chain(chain))
/// # }
/// ```
pub async fn announce_next(cursor: impl FnOnce() -> Option<Cursor> + Send) {
    let Some(reader) = READER.with_borrow(Clone::clone) else { return };
    let Some(cursor) = cursor() else { return };
    reader.put(cursor);
    // Once back to the reader, who sends the next request before this page goes on.
    let mut is_back = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut is_back, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A page's fetch whose announcements somebody waits for.
pub(crate) struct Announcing<'a, T> {
    fetch: BoxFuture<'a, T>,
    reader: Announced,
}

impl<'a, T> Announcing<'a, T> {
    pub(crate) fn new(fetch: BoxFuture<'a, T>, reader: Announced) -> Self {
        Self { fetch, reader }
    }
}

/// Puts the reader of the fetch around it back, however this ends.
struct Outer(Option<Announced>);

impl Drop for Outer {
    fn drop(&mut self) {
        READER.set(self.0.take());
    }
}

impl<T> Future for Announcing<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let _outer = Outer(READER.replace(Some(self.reader.clone())));
        self.fetch.poll_unpin(context)
    }
}
