//! Reads listings page by page, and stops where it was told to, with a cursor that goes on exactly there.

use std::collections::HashSet;

use futures::StreamExt;
use tokio::sync::mpsc;

use ticketing::model::Timestamp;
use ticketing::{Cursor, DEFAULT_READ_AHEAD, Error, ErrorKind, Limits, PageStream, Result, TicketingClient, Total};

use crate::args::paging::PagingArgs;

/// How many pages may wait for being written.
const WAITING_PAGES: usize = 2;

/// How one stretch of pages is to be opened.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    /// A client that reads as far ahead as makes sense.
    pub(crate) client: TicketingClient,
    /// Where to begin.
    pub(crate) cursor: Option<Cursor>,
    /// How many to a page.
    pub(crate) page_size: Option<u32>,
}

/// Some of a listing, and where to go on after it.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<Cursor>,
    pub(crate) total: Option<Total>,
    pub(crate) as_of: Option<Timestamp>,
}

/// Reads a listing in a task of its own, so that reading and writing overlap.
///
/// A cursor exists only where a page ends, so the last page of a limited listing is asked for in the size that is left.
pub(crate) fn read<T: Send + 'static>(
    client: &TicketingClient,
    paging: &PagingArgs,
    open: impl Fn(Stretch) -> PageStream<T> + Send + 'static,
) -> mpsc::Receiver<Result<Batch<T>>> {
    let (sender, receiver) = mpsc::channel(WAITING_PAGES);
    let plan = Plan::new(paging, &client.capabilities().limits);
    let client = client.clone();
    let open = move |cursor, page_size, ahead| {
        open(Stretch { client: client.clone().with_read_ahead(ahead), cursor, page_size })
    };
    tokio::spawn(send(plan, paging.cursor(), paging.limit, open, sender));
    receiver
}

/// Sends what is read, up to the limit; `open` is given where to begin, how many to a page, and how many pages ahead.
async fn send<T: Send + 'static>(
    plan: Plan,
    mut cursor: Option<Cursor>,
    mut left: Option<u64>,
    open: impl Fn(Option<Cursor>, Option<u32>, usize) -> PageStream<T>,
    sender: mpsc::Sender<Result<Batch<T>>>,
) {
    let mut begun = HashSet::new();
    while let Some((page_size, pages)) = plan.stretch(left) {
        let ahead = usize::try_from(pages).unwrap_or(usize::MAX).min(DEFAULT_READ_AHEAD);
        let mut stream = open(cursor.take(), page_size, ahead);
        for _ in 0..pages {
            let outcome = match stream.next().await {
                None => return,
                Some(Ok(page)) => within(&mut left, page.items.len()).map(|()| Batch {
                    items: page.items,
                    next: stream.cursor().cloned(),
                    total: page.total,
                    as_of: page.as_of,
                }),
                Some(Err(error)) => Err(error),
            };
            let over = outcome.is_err();
            if sender.send(outcome).await.is_err() || over {
                return;
            }
            if left.is_some_and(|left| left < u64::from(page_size.unwrap_or(0))) {
                break;
            }
        }
        cursor = stream.cursor().cloned();
        match &cursor {
            None => return,
            // A stream sees circles of its own; this sees those that run through several.
            Some(next) if !begun.insert(next.clone()) => {
                let circle =
                    Error::new(ErrorKind::Integrity, "the paging does not advance: the same cursor came twice");
                let _ = sender.send(Err(circle)).await;
                return;
            }
            Some(_) => {}
        }
    }
}

/// Counts what was read against the limit.
fn within(left: &mut Option<u64>, read: usize) -> Result<()> {
    let Some(left) = left else { return Ok(()) };
    match left.checked_sub(read as u64) {
        Some(rest) => {
            *left = rest;
            Ok(())
        }
        None => Err(Error::new(
            ErrorKind::Integrity,
            format!(
                "a page of at most {left} was asked for, and one of {read} came: it cannot be cut and gone on from"
            ),
        )
        .with_hint("leave out --limit")),
    }
}

/// In which sizes pages are asked for.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// As asked for.
    asked: Option<u32>,
    /// What a page will hold, where that is known.
    whole: Option<u32>,
}

impl Plan {
    fn new(paging: &PagingArgs, limits: &Limits) -> Self {
        let whole = paging.page_size.or(limits.default_page_size);
        let whole = whole.map(|size| limits.max_page_size.map_or(size, |max| size.min(max)));
        Self { asked: paging.page_size, whole }
    }

    /// The size of the next pages and how many of them to read; `None`: nothing is left to read.
    fn stretch(self, left: Option<u64>) -> Option<(Option<u32>, u64)> {
        match (left, self.whole) {
            (None, _) => Some((self.asked, u64::MAX)),
            (Some(0), _) => None,
            (Some(left), Some(whole)) if left > u64::from(whole) => Some((Some(whole), left / u64::from(whole))),
            (Some(left), _) => Some((Some(u32::try_from(left).unwrap_or(u32::MAX)), 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn the_last_page_is_as_large_as_what_is_left() {
        let plan = Plan { asked: None, whole: Some(1000) };
        assert_eq!(plan.stretch(None), Some((None, u64::MAX)));
        assert_eq!(plan.stretch(Some(2500)), Some((Some(1000), 2)));
        assert_eq!(plan.stretch(Some(500)), Some((Some(500), 1)));
        assert_eq!(plan.stretch(Some(1000)), Some((Some(1000), 1)));
        assert_eq!(plan.stretch(Some(0)), None);
        assert_eq!(Plan { asked: None, whole: None }.stretch(Some(7)), Some((Some(7), 1)));
    }

    /// The numbers below `count`, in pages of at most ten; every third page is short, as a vendor's may be.
    fn numbers(count: u32) -> impl Fn(Option<Cursor>, Option<u32>, usize) -> PageStream<u32> {
        move |start, page_size, ahead| {
            PageStream::new(start, ahead, move |cursor| {
                let from: u32 = cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap());
                let size = page_size.unwrap_or(10).min(10);
                let size = if from % 3 == 2 && size > 1 { size - 1 } else { size };
                let items: Vec<u32> = (from..count.min(from + size)).collect();
                let end = from + items.len() as u32;
                let next = (end < count).then(|| Cursor::new(end.to_string()));
                async move { Ok(ticketing::Page::new(items, next)) }.boxed()
            })
        }
    }

    async fn read_numbers(
        count: u32,
        plan: Plan,
        start: Option<Cursor>,
        limit: Option<u64>,
    ) -> (Vec<u32>, Option<Cursor>) {
        let (sender, mut receiver) = mpsc::channel(WAITING_PAGES);
        let task = tokio::spawn(send(plan, start, limit, numbers(count), sender));
        let (mut read, mut next) = (Vec::new(), None);
        while let Some(batch) = receiver.recv().await {
            let batch = batch.unwrap();
            read.extend(batch.items);
            next = batch.next;
        }
        task.await.unwrap();
        (read, next)
    }

    #[tokio::test]
    async fn a_limited_reading_goes_on_exactly_where_it_ended() {
        for whole in [None, Some(1), Some(3), Some(10)] {
            let plan = Plan { asked: whole, whole };
            for limit in 1..45 {
                let (mut all, mut cursor) = (Vec::new(), None);
                loop {
                    let (read, next) = read_numbers(40, plan, cursor.take(), Some(limit)).await;
                    assert!(read.len() as u64 <= limit, "{limit}");
                    assert!(read.len() as u64 == limit || next.is_none(), "{whole:?} {limit}: {read:?}");
                    all.extend(read);
                    cursor = next;
                    if cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(all, (0..40).collect::<Vec<_>>(), "whole pages of {whole:?}, limit {limit}");
            }
            assert_eq!(read_numbers(40, plan, None, None).await, ((0..40).collect(), None));
        }
    }

    #[tokio::test]
    async fn a_circle_through_several_stretches_is_an_error() {
        let open = |start: Option<Cursor>, _, ahead| {
            PageStream::new(start, ahead, |cursor| {
                let next = if cursor.is_some_and(|cursor| cursor.as_str() == "a") { "b" } else { "a" };
                async move { Ok(ticketing::Page::new(vec![1], Some(Cursor::new(next)))) }.boxed()
            })
        };
        let (sender, mut receiver) = mpsc::channel(WAITING_PAGES);
        tokio::spawn(send(Plan { asked: None, whole: None }, None, Some(1000), open, sender));
        let mut last = None;
        while let Some(batch) = receiver.recv().await {
            last = Some(batch.map(|batch| batch.items));
        }
        assert_eq!(last.unwrap().unwrap_err().kind(), ErrorKind::Integrity);
    }

    #[test]
    fn a_page_that_holds_too_much_is_not_cut_in_silence() {
        let mut left = Some(3);
        assert!(within(&mut left, 2).is_ok());
        assert_eq!(left, Some(1));
        assert_eq!(within(&mut left, 2).unwrap_err().kind(), ErrorKind::Integrity);
        assert!(within(&mut None, 1_000_000).is_ok());
    }
}
