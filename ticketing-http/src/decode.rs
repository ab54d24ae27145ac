//! JSON with an error that names the place.

use std::fmt;

use serde::Deserialize;
use ticketing_core::{Delivery, Error, ErrorKind, Result};

/// The value of a JSON text; parts of the text can be borrowed.
///
/// # Errors
/// `Decode`, with the JSON path of what could not be understood. Its source shows the text around that place, at most 512
/// bytes, with every value taken out: it holds customers' data.
pub fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T> {
    // Known to be text as a whole, it is not looked through string by string.
    let read = match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(json),
    };
    // The path costs time on every key, so it is looked for only where decoding failed.
    read.map_err(|plain| {
        let at = offset(json, plain.line(), plain.column());
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let error = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) => decode_error(&error.path().to_string(), error.into_inner()),
            Ok(_) => decode_error(".", plain),
        };
        error.with_source(Excerpt(excerpt(json, at)))
    })
}

/// The text around the place that could not be understood, its values taken out.
#[derive(Debug)]
struct Excerpt(String);

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "near `{}`", self.0)
    }
}

impl std::error::Error for Excerpt {}

/// The place of a line and column, both from 1, in bytes.
fn offset(json: &[u8], line: usize, column: usize) -> usize {
    let begin =
        json.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum::<usize>();
    (begin + column).min(json.len())
}

/// The most bytes of an excerpt, and how many of them lie before the place.
const EXCERPT_BYTES: usize = 512;
const BEFORE: usize = 384;

/// The shape of a JSON text up to a little behind `at`: keys that are plain names, brackets and literals stay; texts become
/// `"…"`, numbers `0`, and what is no JSON `…`.
fn excerpt(text: &[u8], at: usize) -> String {
    let (mut out, mut place, mut rest) = (String::new(), None, text);
    while let Some(&byte) = rest.first() {
        let begun = text.len() - rest.len();
        if begun >= at {
            let place = *place.get_or_insert(out.len());
            if out.len() > place + (EXCERPT_BYTES - BEFORE) {
                break;
            }
        }
        let length = match byte {
            b'"' => {
                let end = closing_quote(rest);
                let inside = &rest[1..end.saturating_sub(1).max(1)];
                let after = rest[end..].trim_ascii_start();
                let is_name = (1..=40).contains(&inside.len())
                    && inside
                        .iter()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$'));
                match (after.first(), is_name, std::str::from_utf8(inside)) {
                    (Some(b':'), true, Ok(name)) => out.extend(["\"", name, "\""]),
                    _ => out.push_str("\"…\""),
                }
                end
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => {
                out.push(char::from(byte));
                1
            }
            _ if byte.is_ascii_whitespace() => 1,
            _ => {
                let end = rest.iter().position(|byte| b"{}[],:\" \t\r\n".contains(byte)).unwrap_or(rest.len());
                match &rest[..end] {
                    word @ (b"true" | b"false" | b"null") => out.push_str(&String::from_utf8_lossy(word)),
                    number if number.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)) => {
                        out.push('0')
                    }
                    _ if out.ends_with('…') => {}
                    _ => out.push('…'),
                }
                end
            }
        };
        rest = &rest[length..];
    }
    let mut from = place.unwrap_or(out.len()).saturating_sub(BEFORE);
    let mut to = out.len().min(from + EXCERPT_BYTES);
    while !out.is_char_boundary(from) {
        from += 1;
    }
    while !out.is_char_boundary(to) {
        to -= 1;
    }
    out[from..to].to_owned()
}

/// The length of a text with both its quotes; of one that does not end, all there is.
fn closing_quote(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The error of an answer that could not be understood at this JSON path.
#[must_use]
pub fn decode_error(path: &str, cause: serde_json::Error) -> Error {
    // serde quotes the value that did not fit; its category and place say enough.
    let what = match cause.classify() {
        serde_json::error::Category::Eof => "the answer ends in the middle",
        serde_json::error::Category::Syntax => "the answer is not JSON",
        serde_json::error::Category::Data => "the answer has another shape than documented",
        serde_json::error::Category::Io => "the answer could not be read",
    };
    let at = if path.is_empty() { "." } else { path };
    Error::new(ErrorKind::Decode, format!("{what}, at `{at}` (line {}, column {})", cause.line(), cause.column()))
        .with_delivery(Delivery::Answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Row {
        #[expect(dead_code, reason = "only its decoding matters")]
        number: String,
    }

    #[test]
    fn an_error_names_the_place_and_not_the_content() {
        let error = decode::<Vec<Row>>(br#"[{"number":"1"},{"number":{"secret":"hunter2"}}]"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.message().contains("[1].number"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        assert!(decode::<Vec<Row>>(br#"[{"number":"1"},"#).unwrap_err().message().contains("ends in the middle"));
    }

    #[test]
    fn the_source_shows_the_shape_around_the_place_and_no_value() {
        let json = br#"[{"number":"1","note":"hunter2 \"quoted\"","n":12,"ok":true},{"my key hunter2":null,"number":{"secret":7}}]"#;
        let error = decode::<Vec<Row>>(json).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, r#"near `[{"number":"…","note":"…","n":0,"ok":true},{"…":null,"number":{"secret":0}}]`"#);
    }

    #[test]
    fn excerpts_are_bounded_and_read_anything() {
        let page = "<html>hunter2 : {\u{1F600} \"é".repeat(500);
        for (text, at) in
            [(page.as_bytes(), 900), (page.as_bytes(), page.len()), (b"\"", 1), (b"", 0), (b"\xff\xfe{", 1)]
        {
            let text = excerpt(text, at);
            assert!(text.len() <= EXCERPT_BYTES && !text.contains("hunter2"), "{text}");
        }
        let long = format!("[{}]", vec![r#"{"a":"b"}"#; 10_000].join(","));
        assert!((300..=EXCERPT_BYTES).contains(&excerpt(long.as_bytes(), 50_000).len()));
    }
}
