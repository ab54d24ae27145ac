//! JSON with an error that names the place.

use serde::Deserialize;
use ticketing_core::{Delivery, Error, ErrorKind, Result};

/// The value of a JSON text; parts of the text can be borrowed.
///
/// # Errors
/// `Decode`, with the JSON path of what could not be understood. The text itself is not quoted: it holds customers' data.
pub fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T> {
    // The path costs time on every key, so it is looked for only where decoding failed.
    serde_json::from_slice(json).map_err(|plain| {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) => decode_error(&error.path().to_string(), error.into_inner()),
            Ok(_) => decode_error(".", plain),
        }
    })
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
}
