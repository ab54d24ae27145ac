//! Pages as a stream: in order, ended by the first error, reading ahead where the vendor's paging allows it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use futures::{FutureExt, Stream, StreamExt};

use crate::ahead::{Announced, Announcing};
use crate::error::{Error, ErrorKind, Result};
use crate::page::{Cursor, Page};

/// How many pages are fetched at the same time where the vendor's paging allows it.
pub const DEFAULT_READ_AHEAD: usize = 4;

type Fetch<T> = Arc<dyn Fn(Option<Cursor>) -> BoxFuture<'static, Result<Page<T>>> + Send + Sync>;
type InFlight<T> = BoxFuture<'static, (bool, Result<Page<T>>)>;

/// A stream of pages, in order. It ends at the first error, and fails where a cursor does not advance.
///
/// From the second page on, the request for the next one is sent before a page is handed out, unless it reads none ahead: the
/// vendor answers while the caller works.
///
/// After each page, [`PageStream::cursor`] says where to go on another time.
pub struct PageStream<T> {
    fetch: Fetch<T>,
    read_ahead: usize,
    in_flight: FuturesOrdered<InFlight<T>>,
    /// The cursor that surely continues what was delivered.
    next: Option<Cursor>,
    mark: Option<String>,
    seen: HashSet<u64>,
    /// Where the latest fetch says how it goes on.
    announced: Announced,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    /// The first page is on its way, and may be all that is wanted.
    First,
    Reading,
    Done,
}

impl<T> std::fmt::Debug for PageStream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageStream")
            .field("next", &self.next)
            .field("state", &self.state)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> PageStream<T> {
    /// The pages from `start` on, at most `read_ahead` fetched at the same time.
    pub fn new(
        start: Option<Cursor>,
        read_ahead: usize,
        fetch: impl Fn(Option<Cursor>) -> BoxFuture<'static, Result<Page<T>>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetch: Arc::new(fetch),
            read_ahead: read_ahead.max(1),
            in_flight: FuturesOrdered::new(),
            next: start,
            mark: None,
            seen: HashSet::new(),
            announced: Announced::default(),
            state: State::Fresh,
        }
    }

    /// Where to go on after the pages delivered so far; `None` after the last one.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        self.next.as_ref()
    }

    /// The items of the pages, one by one.
    #[must_use]
    pub fn items(self) -> ItemStream<T> {
        ItemStream { pages: self, items: Vec::new().into_iter() }
    }

    fn fetch(&mut self, cursor: Option<Cursor>, sure: bool) -> InFlight<T> {
        self.announced = Announced::default();
        let page = Announcing::new((self.fetch)(cursor), self.announced.clone());
        page.map(move |page| (sure, page)).boxed()
    }

    fn launch(&mut self, cursor: Option<Cursor>, sure: bool) {
        let page = self.fetch(cursor, sure);
        self.in_flight.push_back(page);
    }

    /// Launches a page, and has its request sent at once where the caller was seen to read on.
    fn launch_now(&mut self, cursor: Cursor, sure: bool, cx: &mut Context<'_>) {
        if !self.reads_on() {
            return self.launch(Some(cursor), sure);
        }
        let mut page = self.fetch(Some(cursor), sure);
        match page.poll_unpin(cx) {
            Poll::Ready(outcome) => self.in_flight.push_back(std::future::ready(outcome).boxed()),
            Poll::Pending => self.in_flight.push_back(page),
        }
    }

    fn reads_on(&self) -> bool {
        self.state == State::Reading && self.read_ahead > 1
    }

    /// Launches the page that the latest one announced; false where there is none.
    fn launch_announced(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.reads_on() || self.in_flight.len() >= self.read_ahead {
            return false;
        }
        let Some(cursor) = self.announced.take() else { return false };
        self.launch_now(cursor, false, cx);
        true
    }

    /// Throws away what was read ahead, and goes on from the sure cursor.
    fn restart(&mut self) {
        self.in_flight = FuturesOrdered::new();
        let next = self.next.clone();
        self.launch(next, true);
    }

    fn accept(&mut self, page: &Page<T>, cx: &mut Context<'_>) -> Result<()> {
        let Some(next) = page.next.clone() else {
            self.next = None;
            self.in_flight = FuturesOrdered::new();
            self.state = State::Done;
            return Ok(());
        };
        // A hash is enough to see a circle, at eight bytes a page.
        let mut hasher = DefaultHasher::new();
        next.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) || self.next.as_ref() == Some(&next) {
            return Err(Error::new(ErrorKind::Integrity, "the paging does not advance: the same cursor came twice")
                .with_hint("report it to the provider's authors; what was delivered so far is whole"));
        }
        self.next = Some(next.clone());
        let chain = page.chain();
        self.mark = chain.and_then(|chain| chain.mark.clone());
        if self.in_flight.is_empty() {
            self.launch_now(next, true, cx);
        }
        if let Some(chain) = chain {
            let begun = self.in_flight.len() - 1;
            for cursor in chain.ahead.iter().take(self.read_ahead - 1).skip(begun) {
                self.launch(Some(cursor.clone()), false);
            }
        }
        self.state = State::Reading;
        Ok(())
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Page<T>>>> {
        self.in_flight = FuturesOrdered::new();
        self.state = State::Done;
        Poll::Ready(Some(Err(error)))
    }
}

impl<T: Send + 'static> Stream for PageStream<T> {
    type Item = Result<Page<T>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match this.state {
            State::Done => return Poll::Ready(None),
            State::Fresh => {
                this.state = State::First;
                let start = this.next.clone();
                this.launch(start, true);
            }
            State::First | State::Reading => {}
        }
        loop {
            let (sure, outcome) = match this.in_flight.poll_next_unpin(cx) {
                Poll::Pending if this.launch_announced(cx) => continue,
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(page)) => page,
                Poll::Ready(None) => {
                    this.state = State::Done;
                    return Poll::Ready(None);
                }
            };
            match outcome {
                // What was guessed counts only where it truly continues the page before; an error there may come from
                // the guess itself.
                Err(_) if !sure => this.restart(),
                Ok(page) if !sure && !continues(&page, this.mark.as_deref()) => this.restart(),
                Err(error) => return this.fail(error),
                Ok(page) => {
                    return match this.accept(&page, cx) {
                        Ok(()) => Poll::Ready(Some(Ok(page))),
                        Err(error) => this.fail(error),
                    };
                }
            }
        }
    }
}

fn continues<T>(page: &Page<T>, mark: Option<&str>) -> bool {
    mark.is_some() && page.chain().and_then(|chain| chain.continues.as_deref()) == mark
}

impl<T> Unpin for PageStream<T> {}

/// A stream of items, in order. It ends at the first error.
#[derive(Debug)]
pub struct ItemStream<T> {
    pages: PageStream<T>,
    items: std::vec::IntoIter<T>,
}

impl<T> Unpin for ItemStream<T> {}

impl<T: Send + 'static> Stream for ItemStream<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(this.pages.poll_next_unpin(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => this.items = page.items.into_iter(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Chain;
    use futures::TryStreamExt;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    fn page(items: &[u32], next: Option<&str>) -> Page<u32> {
        Page::new(items.to_vec(), next.map(Cursor::new))
    }

    async fn read(pages: Vec<Result<Page<u32>>>) -> Vec<Result<u32>> {
        let pages = Arc::new(Mutex::new(pages.into_iter().collect::<std::collections::VecDeque<_>>()));
        let fetch = move |_| {
            let page = pages.lock().unwrap().pop_front().unwrap();
            async move { page }.boxed()
        };
        PageStream::new(None, 4, fetch).items().collect().await
    }

    #[tokio::test]
    async fn an_empty_page_in_the_middle_is_not_the_end() {
        let items = read(vec![Ok(page(&[1], Some("a"))), Ok(page(&[], Some("b"))), Ok(page(&[2], None))]).await;
        assert_eq!(items.into_iter().collect::<Result<Vec<_>>>().unwrap(), [1, 2]);
    }

    #[tokio::test]
    async fn a_cursor_that_repeats_ends_in_an_error() {
        for circle in [vec!["a", "a"], vec!["a", "b", "a"]] {
            let pages = circle.iter().map(|next| Ok(page(&[1], Some(next)))).collect();
            let items = read(pages).await;
            let error = items.last().unwrap().as_ref().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{circle:?}");
        }
    }

    #[tokio::test]
    async fn the_stream_ends_at_its_first_error() {
        let items = read(vec![Ok(page(&[1], Some("a"))), Err(Error::new(ErrorKind::Unavailable, "down"))]).await;
        assert_eq!(items.len(), 2);
        assert!(items[1].is_err());
    }

    /// A vendor with offsets: rows may be put in or taken out between two requests.
    #[derive(Clone)]
    struct Rows {
        rows: Arc<Mutex<Vec<u32>>>,
        requests: Arc<AtomicUsize>,
        shift_at: usize,
    }

    impl Rows {
        fn fetch(&self, cursor: Option<Cursor>) -> BoxFuture<'static, Result<Page<u32>>> {
            const SIZE: usize = 3;
            let this = self.clone();
            async move {
                if this.requests.fetch_add(1, Ordering::SeqCst) == this.shift_at {
                    this.rows.lock().unwrap().remove(0);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                let rows = this.rows.lock().unwrap().clone();
                // `after:N` is a keyset, `at:N` a guess; both see the row before.
                let text = cursor.map(|cursor| cursor.to_string()).unwrap_or_default();
                let at = match text.split_once(':') {
                    Some(("after", mark)) => {
                        rows.iter().position(|row| *row > mark.parse().unwrap()).unwrap_or(rows.len())
                    }
                    Some(("at", at)) => at.parse().unwrap(),
                    _ => 0,
                };
                let items: Vec<u32> = rows.iter().copied().skip(at).take(SIZE).collect();
                let last = items.last().copied();
                let end = at + items.len();
                let next = (end < rows.len()).then(|| Cursor::new(format!("after:{}", last.unwrap())));
                let ahead = (1..4).map(|n| end + n * SIZE).take_while(|at| *at < rows.len());
                Ok(Page::new(items, next).with_chain(Chain {
                    continues: at.checked_sub(1).and_then(|before| rows.get(before)).map(u32::to_string),
                    mark: last.map(|last| last.to_string()),
                    ahead: ahead.map(|at| Cursor::new(format!("at:{at}"))).collect(),
                }))
            }
            .boxed()
        }

        fn new(count: u32, shift_at: usize) -> Self {
            Self { rows: Arc::new(Mutex::new((0..count).collect())), requests: Arc::default(), shift_at }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reading_ahead_keeps_the_order_and_saves_the_time() {
        let rows = Rows::new(60, usize::MAX);
        let begun = tokio::time::Instant::now();
        let inner = rows.clone();
        let read: Vec<u32> =
            PageStream::new(None, 4, move |cursor| inner.fetch(cursor)).items().try_collect().await.unwrap();
        assert_eq!(read, (0..60).collect::<Vec<_>>());
        assert_eq!(rows.requests.load(Ordering::SeqCst), 20);
        assert!(begun.elapsed() <= Duration::from_millis(50 * 7), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn rows_that_move_under_the_reading_are_neither_lost_nor_repeated() {
        for shift_at in 0..20 {
            let rows = Rows::new(60, shift_at);
            let read: Vec<u32> =
                PageStream::new(None, 4, move |cursor| rows.fetch(cursor)).items().try_collect().await.unwrap();
            let mut unique = read.clone();
            unique.dedup();
            assert_eq!(unique, read, "repeated after a shift at request {shift_at}");
            assert!((1..60).all(|row| read.contains(&row)), "lost after a shift at request {shift_at}: {read:?}");
        }
    }

    /// A vendor with tokens, each in the answer before its rows are made into anything; what happens is noted.
    #[derive(Clone, Default)]
    struct Tokens {
        log: Arc<Mutex<Vec<String>>>,
        /// The page that says another token first than it does in the end.
        wrong_at: Option<u32>,
    }

    impl Tokens {
        const PAGES: u32 = 5;

        fn fetch(&self, cursor: Option<Cursor>) -> BoxFuture<'static, Result<Page<u32>>> {
            let this = self.clone();
            async move {
                let token: Option<u32> = cursor.map(|cursor| cursor.to_string().parse().unwrap());
                let page = token.unwrap_or(0);
                this.note("sent", page);
                tokio::time::sleep(Duration::from_millis(50)).await;
                let next = (page + 1 < Self::PAGES).then_some(page + 1);
                let said = if this.wrong_at == Some(page) { Some(0) } else { next };
                crate::announce_next(|| said.map(|token| Cursor::new(token.to_string()))).await;
                this.note("read", page);
                let chain = Chain {
                    continues: token.map(|token| token.to_string()),
                    mark: next.map(|token| token.to_string()),
                    ahead: Vec::new(),
                };
                Ok(Page::new(vec![page], next.map(|token| Cursor::new(token.to_string()))).with_chain(chain))
            }
            .boxed()
        }

        fn note(&self, what: &str, page: u32) {
            self.log.lock().unwrap().push(format!("{what} {page}"));
        }

        fn taken(&self) -> Vec<String> {
            std::mem::take(&mut *self.log.lock().unwrap())
        }

        fn pages(&self, read_ahead: usize) -> PageStream<u32> {
            let this = self.clone();
            PageStream::new(None, read_ahead, move |cursor| this.fetch(cursor))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_page_is_on_its_way_before_this_one_is_read() {
        let vendor = Tokens::default();
        let mut pages = vendor.pages(2);
        // Whoever wants one page pays for one.
        assert_eq!(pages.next().await.unwrap().unwrap().items, [0]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(vendor.taken(), ["sent 0", "read 0"]);
        assert_eq!(pages.next().await.unwrap().unwrap().items, [1]);
        assert_eq!(vendor.taken(), ["sent 1", "sent 2", "read 1"]);
        let rest: Vec<Page<u32>> = pages.by_ref().try_collect().await.unwrap();
        assert_eq!(rest.into_iter().flat_map(|page| page.items).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(vendor.taken(), ["sent 3", "read 2", "sent 4", "read 3", "read 4"]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_early_where_nothing_is_read_ahead() {
        let vendor = Tokens::default();
        let read: Vec<u32> = vendor.pages(1).items().try_collect().await.unwrap();
        assert_eq!(read, [0, 1, 2, 3, 4]);
        let alternating = (0..5).flat_map(|page| [format!("sent {page}"), format!("read {page}")]);
        assert_eq!(vendor.taken(), alternating.collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn an_announcement_that_was_wrong_costs_a_request_and_no_row() {
        for wrong_at in 0..Tokens::PAGES {
            let vendor = Tokens { wrong_at: Some(wrong_at), ..Tokens::default() };
            let read: Vec<u32> = vendor.pages(4).items().try_collect().await.unwrap();
            assert_eq!(read, [0, 1, 2, 3, 4], "wrong on page {wrong_at}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_request_is_sent_while_the_caller_works() {
        let rows = Rows::new(60, usize::MAX);
        let inner = rows.clone();
        // Without guesses where pages begin: one after the other.
        let fetch = move |cursor| {
            let page = inner.fetch(cursor);
            async move { page.await.map(|page| Page::new(page.items, page.next)) }.boxed()
        };
        let mut pages = PageStream::new(None, 4, fetch);
        for (requests, _) in [(1, "the first may be all"), (3, "then the next is sent"), (4, "and the next")] {
            pages.next().await.unwrap().unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(rows.requests.load(Ordering::SeqCst), requests);
        }
    }
}
