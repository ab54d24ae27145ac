//! What a text says, however it is kept.

use ticketing_core::model::RichText;
use ticketing_core::request::TextInput;
use ticketing_http::richtext::{adf, html, wiki};

use crate::richtext::{assert_has_words, may_lose_words, shown_words};

/// A text without what may stand differently in another format: blanks, and what cannot be seen.
pub(super) fn squeezed(text: &str) -> String {
    let unseen = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{fffd}' | '\u{feff}' | '\u{200b}');
    text.chars().filter(|c| !unseen(*c)).collect()
}

/// What a Markdown text shows.
pub(super) fn shown(markdown: &str) -> String {
    shown_words(markdown)
}

/// Fails unless a Markdown text that was read says what the one says that was written.
pub(super) fn assert_says(read: &str, written: &str, about: &str) {
    let losses =
        [adf::from_markdown(written).losses, html::from_markdown(written).losses, wiki::from_markdown(written).losses];
    if !losses.iter().any(|losses| may_lose_words(losses)) {
        assert_has_words(&shown(read), &shown(written), about);
    }
}

/// Fails unless a text says what was written.
pub(super) fn assert_text(read: Option<&RichText>, written: &TextInput, about: &str) {
    let markdown = read.map(|text| text.markdown.as_str()).unwrap_or_default();
    match written {
        TextInput::Plain(plain) => assert_eq!(squeezed(&shown(markdown)), squeezed(plain), "{about}: {markdown:?}"),
        other => assert_says(markdown, other.content(), about),
    }
}

/// Whether there is nothing to be seen of a text.
pub(super) fn shows_nothing(text: &TextInput) -> bool {
    match text {
        TextInput::Plain(plain) => squeezed(plain).is_empty(),
        other => squeezed(&shown(other.content())).is_empty(),
    }
}
