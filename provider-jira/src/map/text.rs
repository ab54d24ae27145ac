//! Rich text: ADF on Cloud, wiki markup on Data Center, Markdown to work with (wire A6).

use serde_json::Value;
use serde_json::value::RawValue;
use ticketing_core::model::{NativeText, RichText, TextFormat};
use ticketing_core::{Delivery, Error, ErrorKind, Result};
use ticketing_http::decode_error;
use ticketing_http::richtext::{adf, wiki};

use crate::api::Flavour;

/// A text of the site's; `None` where there is none.
///
/// # Errors
/// `Decode` where it is neither ADF nor a text.
pub(crate) fn rich_text(raw: &RawValue) -> Result<Option<RichText>> {
    // Without the reader's own words: they quote the text.
    let broken = |what: &str| {
        Error::new(ErrorKind::Decode, format!("the text cannot be read: {what}")).with_delivery(Delivery::Answered)
    };
    match raw.get().as_bytes().first() {
        Some(b'{') => {
            let markdown = adf::to_markdown(raw.get()).map_err(|_| broken("it is no ADF"))?.value;
            let native = NativeText { format: TextFormat::Adf, content: raw.get().to_owned() };
            Ok(Some(RichText { markdown, native }).filter(|text| !is_empty_adf(text)))
        }
        Some(b'"') => {
            let content: String =
                serde_json::from_str(raw.get()).map_err(|error| decode_error("", error).with_context("the text"))?;
            let markdown = wiki::to_markdown(&content).value;
            let text = RichText { markdown, native: NativeText { format: TextFormat::Wiki, content } };
            Ok(Some(text).filter(|text| !text.native.content.is_empty()))
        }
        _ if raw.get() == "null" => Ok(None),
        _ => Err(broken("it is neither an object nor a string")),
    }
}

/// `content: []` is legal, and says nothing (wire A6).
fn is_empty_adf(text: &RichText) -> bool {
    text.markdown.is_empty()
        && serde_json::from_str::<Value>(&text.native.content)
            .is_ok_and(|document| document["content"].as_array().is_none_or(Vec::is_empty))
}

/// A Markdown text as the site takes it. With `native`, the text as it is now, what Markdown cannot say of it is kept. What
/// the site's format cannot hold is told in the log.
pub(crate) fn to_native(flavour: Flavour, markdown: &str, native: Option<&NativeText>) -> Result<Value> {
    match flavour {
        Flavour::Cloud => {
            let edited = match native.filter(|native| native.format == TextFormat::Adf) {
                Some(native) => adf::edit(&native.content, markdown),
                None => Ok(adf::from_markdown(markdown)),
            };
            let text = edited.map_err(|error| Error::new(ErrorKind::Decode, error.to_string()))?.warned();
            serde_json::from_str(&text)
                .map_err(|error| Error::new(ErrorKind::Unexpected, "the text has no ADF").with_source(error))
        }
        Flavour::DataCenter => {
            let markup = match native.filter(|native| native.format == TextFormat::Wiki) {
                Some(native) => wiki::edit(&native.content, markdown),
                None => wiki::from_markdown(markdown),
            };
            Ok(Value::String(markup.warned()))
        }
    }
}
