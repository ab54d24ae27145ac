//! Texts on their way to the site: ADF on Cloud, wiki markup on Data Center (wire A6).

use serde_json::Value;
use ticketing_core::model::{NativeText, RichText, TextFormat};
use ticketing_core::request::TextInput;
use ticketing_core::{Error, Result};

use crate::api::Flavour;
use crate::map::to_native;

/// A text as the site takes it. With `now`, the text as it stands, an edit of its Markdown keeps what Markdown cannot say.
///
/// # Errors
/// `InvalidRequest`, naming the field, where it is in another vendor's format, or not in the one that it is said to be in.
pub(crate) fn text_value(flavour: Flavour, field: &str, text: &TextInput, now: Option<&NativeText>) -> Result<Value> {
    let (own, name) = match flavour {
        Flavour::Cloud => (TextFormat::Adf, "ADF"),
        Flavour::DataCenter => (TextFormat::Wiki, "wiki markup"),
    };
    match text {
        TextInput::Markdown(markdown) => to_native(flavour, markdown, now),
        TextInput::Native { format: TextFormat::Markdown, content } => to_native(flavour, content, now),
        TextInput::Plain(plain) | TextInput::Native { format: TextFormat::Plain, content: plain } => {
            to_native(flavour, &RichText::plain(plain.as_str()).markdown, None)
        }
        TextInput::Native { format, content } if *format == own => match flavour {
            Flavour::DataCenter => Ok(Value::String(content.clone())),
            Flavour::Cloud => match serde_json::from_str::<Value>(content) {
                Ok(document) if document["type"] == "doc" => Ok(document),
                Ok(_) => {
                    Err(Error::invalid(field, "it is JSON, and no ADF document").with_hint("its `type` must be `doc`"))
                }
                Err(error) => Err(Error::invalid(field, format!("it is no ADF: {error}"))),
            },
        },
        other => {
            let format = match other {
                TextInput::Native { format, .. } => format.to_string(),
                _ => "in a format that is not known here".to_owned(),
            };
            Err(Error::invalid(field, format!("the site keeps {name}, and this is {format}"))
                .with_hint(format!("give it as Markdown, plain text or {own}")))
        }
    }
}
