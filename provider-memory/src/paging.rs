//! Pages by key: a position names the last row that was given out, not a count of rows. So whatever else is inserted,
//! changed or deleted between two pages, a row that stays as it is comes exactly once.

use serde::Serialize;
use serde::de::DeserializeOwned;
use ticketing_core::{Cursor, CursorCodec, Page, Result, Total};

/// The page size where none is asked for.
pub(crate) const DEFAULT_PAGE_SIZE: u32 = 50;
/// The largest page.
pub(crate) const MAX_PAGE_SIZE: u32 = 200;

/// Where a page begins, and how long it may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    codec: &'a CursorCodec,
    cursor: Option<&'a Cursor>,
    size: usize,
}

impl<'a> Window<'a> {
    pub(crate) fn new(codec: &'a CursorCodec, cursor: Option<&'a Cursor>, page_size: Option<u32>) -> Self {
        Self { codec, cursor, size: bounded(page_size) }
    }

    /// The rows behind the cursor, in the order of their keys, which must be unique.
    ///
    /// # Errors
    /// `InvalidRequest` where the cursor is not one of this query's.
    pub(crate) fn page<K, T>(self, rows: impl IntoIterator<Item = (K, T)>) -> Result<Page<T>>
    where
        K: Ord + Serialize + DeserializeOwned,
    {
        let after: Option<K> = self.cursor.map(|cursor| self.codec.position(cursor)).transpose()?;
        let mut rows: Vec<_> =
            rows.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let next = match rows.last() {
            Some((key, _)) if more => Some(self.codec.cursor(key)?),
            _ => None,
        };
        Ok(Page::new(rows.into_iter().map(|(_, row)| row).collect(), next))
    }
}

/// The page size that is kept to.
pub(crate) fn bounded(page_size: Option<u32>) -> usize {
    page_size.unwrap_or(DEFAULT_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE) as usize
}

/// How many there are, exactly.
pub(crate) fn total(value: usize) -> Total {
    Total { value: value as u64, exact: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::Operation;

    fn read(codec: &CursorCodec, cursor: Option<&Cursor>, rows: &[u32]) -> Page<u32> {
        Window::new(codec, cursor, Some(2)).page(rows.iter().map(|row| (*row, *row))).unwrap()
    }

    #[test]
    fn pages_go_on_behind_the_last_row_whatever_moved() {
        let codec = CursorCodec::new("memory", "acme", Operation::ListUsers, &());
        let first = read(&codec, None, &[40, 10, 30, 20, 50]);
        assert_eq!(first.items, [10, 20]);
        // 20 went, 5 and 25 came.
        let second = read(&codec, first.next.as_ref(), &[5, 10, 25, 30, 40, 50]);
        assert_eq!(second.items, [25, 30]);
        let third = read(&codec, second.next.as_ref(), &[40, 50]);
        assert_eq!((third.items, third.next), (vec![40, 50], None));
    }

    #[test]
    fn the_page_size_is_bounded() {
        assert_eq!([None, Some(0), Some(7), Some(1000)].map(bounded), [50, 1, 7, 200]);
    }
}
