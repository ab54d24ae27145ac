//! An answer's body: patience, completeness, and a bound.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use http::HeaderMap;
use ticketing_core::request::ByteStream;
use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};
use tokio::time::timeout;

use crate::transport::{TransportError, TransportErrorKind};

/// Nothing came within the time allowed.
pub(crate) fn no_answer() -> TransportError {
    TransportError::new(TransportErrorKind::Timeout, "no answer in time")
}

/// Fails where no piece comes for this long, and ends with the first failure.
pub(crate) fn patient(pieces: ByteStream, patience: Duration) -> ByteStream {
    stream::unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match timeout(patience, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(no_answer().into()), None)),
        }
    })
    .fuse()
    .boxed()
}

/// The length that a head promises its body to have; a compressed body's length is another one.
pub(crate) fn promised(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(http::header::CONTENT_LENGTH)
        .filter(|_| !headers.contains_key(http::header::CONTENT_ENCODING))
        .and_then(|length| length.to_str().ok()?.parse().ok())
}

/// Fails where the body ends before the length that its head promised.
pub(crate) fn whole(pieces: ByteStream, headers: &HeaderMap) -> ByteStream {
    let Some(promised) = promised(headers) else { return pieces };
    stream::unfold((Some(pieces), 0_u64), move |(pieces, seen)| async move {
        let mut pieces = pieces?;
        match pieces.next().await {
            Some(Ok(piece)) => {
                let seen = seen + piece.len() as u64;
                Some((Ok(piece), (Some(pieces), seen)))
            }
            Some(Err(error)) => Some((Err(error), (None, seen))),
            None if seen < promised && !remedy::is_removed("http.whole_body") => {
                let cut = TransportError::new(TransportErrorKind::Broken, "the answer is cut off");
                Some((Err(cut.into()), (None, seen)))
            }
            None => None,
        }
    })
    .fuse()
    .boxed()
}

/// The beginning of a failure's body, as much of it as came: the status has said already what it means.
pub(crate) async fn collect_beginning(mut pieces: ByteStream, max_bytes: usize) -> Bytes {
    let mut all = BytesMut::new();
    while let Some(Ok(piece)) = pieces.next().await {
        let room = max_bytes - all.len();
        all.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() >= room {
            break;
        }
    }
    all.freeze()
}

/// The most that is taken on a head's word, before the body is there.
const MOST_PROMISED: u64 = 16 * 1024 * 1024;

/// The whole body, up to a bound that holds after decompression too. Where its length was promised, it is put together in
/// as much memory, and is not moved while it grows.
pub(crate) async fn collect(mut pieces: ByteStream, promised: Option<u64>, max_bytes: u64) -> Result<Bytes> {
    let mut first = None;
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        let so_far = first.as_ref().map_or(0, Bytes::len) + all.len() + piece.len();
        if so_far as u64 > max_bytes {
            return Err(Error::new(ErrorKind::Decode, format!("the answer is larger than {max_bytes} bytes"))
                .with_delivery(Delivery::Answered)
                .with_hint("ask for smaller pages"));
        }
        // One piece is the common case, and needs no copy.
        match first.take() {
            None if all.is_empty() => first = Some(piece),
            None => all.extend_from_slice(&piece),
            Some(begin) => {
                let promised = promised.map_or(0, |length| length.min(max_bytes).min(MOST_PROMISED) as usize);
                all.reserve(promised.max(begin.len() + piece.len()));
                all.extend_from_slice(&begin);
                all.extend_from_slice(&piece);
            }
        }
    }
    Ok(first.unwrap_or_else(|| all.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt as _;

    fn pieces(pieces: &[&'static str]) -> ByteStream {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        stream::iter(pieces).boxed()
    }

    fn promising(length: &'static str) -> HeaderMap {
        let length = http::HeaderValue::from_static(length);
        HeaderMap::from_iter([(http::header::CONTENT_LENGTH, length)])
    }

    #[tokio::test]
    async fn a_body_shorter_than_promised_is_cut_off_whatever_the_transport_says() {
        let cut = whole(pieces(&["[1,", "2]"]), &promising("9")).try_collect::<Vec<_>>().await;
        assert_eq!(cut.unwrap_err().kind(), ErrorKind::Unavailable);
        assert!(whole(pieces(&["[1,", "2]"]), &promising("5")).try_collect::<Vec<_>>().await.is_ok());
        let mut packed = promising("9");
        packed.insert(http::header::CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
        assert!(whole(pieces(&["[1,2]"]), &packed).try_collect::<Vec<_>>().await.is_ok());
    }

    #[tokio::test]
    async fn bodies_are_put_together_up_to_their_bound() {
        for parts in [&[][..], &["abc"], &["", "abc"], &["ab", "c"], &["a", "", "b", "c"]] {
            for promised in [None, Some(0), Some(3), Some(u64::MAX)] {
                let body = collect(pieces(parts), promised, 3).await.unwrap();
                assert_eq!(body, parts.concat().as_bytes());
            }
        }
        let error = collect(pieces(&["ab", "cd"]), Some(4), 3).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Decode, Delivery::Answered));
    }

    #[tokio::test]
    async fn of_a_failure_as_much_is_read_as_came() {
        assert_eq!(collect_beginning(pieces(&["abc", "def"]), 4).await, "abcd");
        assert_eq!(collect_beginning(pieces(&["abc", "def"]), 10).await, "abcdef");
        let broken = stream::iter([Ok(Bytes::from_static(b"abc")), Err(no_answer().into()), Ok(Bytes::new())]).boxed();
        assert_eq!(collect_beginning(broken, 10).await, "abc");
    }
}
