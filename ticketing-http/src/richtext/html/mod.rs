//! HTML: read whatever it is, written clean.
//!
//! ```
//! use ticketing_http::richtext::html;
//! let shown = html::to_markdown("<div class=x><p>Hello <b>world</b><script>x()</script></p><ul><li>one<li>two</ul></div>");
//! assert_eq!(shown.value, "Hello **world**\n\n- one\n- two");
//! assert_eq!(shown.losses[0].to_string(), "line 1: script removed");
//! let html = html::from_markdown("Hello **world**, <b onclick=x>you</b>\n\n[here](javascript:x)");
//! assert_eq!(html.value, "<p>Hello <strong>world</strong>, &lt;b onclick=x&gt;you&lt;/b&gt;</p>\n<p>here</p>");
//! ```

mod read;
mod sanitize;
mod source;
#[cfg(test)]
mod tests;
mod write;

use super::loss::{Converted, LossKind};
use super::markdown;
use super::segments::{Piece, merge};

pub use sanitize::sanitize;

/// The Markdown of an HTML text, and what it cannot show.
#[must_use]
pub fn to_markdown(html: &str) -> Converted<String> {
    let read = read::read(html);
    read.losses.with(markdown::write(&read.blocks).markdown)
}

/// The HTML of a Markdown text, sanitised, and what it cannot hold.
///
/// A task is written with ☐ or ☑, an alert as a `blockquote` with a class, a mention as its name.
#[must_use]
pub fn from_markdown(text: &str) -> Converted<String> {
    let mut read = markdown::read(text);
    let html = sanitize::cleaned(&write::write(&read.blocks, &mut read.losses));
    read.losses.with(html)
}

/// The HTML after an edit of its Markdown, and what the edit could not hold or overwrote.
///
/// `text` is the edited Markdown of `to_markdown(native)`. Outermost elements that it left alone are the native ones, not
/// sanitised: the vendor has them already. Their tags are written anew (quotes around attributes, characters for entities);
/// if nothing was edited, the native text comes back byte for byte.
#[must_use]
pub fn edit(native: &str, text: &str) -> Converted<String> {
    let before = read::read_in_pieces(native);
    let mut edited = markdown::read(text);
    let Some((pieces, gone)) = merge(&before.segments, &before.blocks, &edited.blocks) else {
        return edited.losses.with(native.to_owned());
    };
    for number in gone.into_iter().filter(|number| before.segments[*number].lossy) {
        let at = || format!("block {}", number + 1);
        edited.losses.add(at, LossKind::Overwritten, "what Markdown cannot say of the HTML");
    }
    let mut html = before.around.0;
    for piece in pieces {
        match piece {
            Piece::Kept(number) => html.push_str(&before.segments[number].native),
            Piece::New(blocks) => {
                html.push_str(&sanitize::cleaned(&write::write(&edited.blocks[blocks], &mut edited.losses)));
            }
        }
    }
    html.push_str(&before.around.1);
    edited.losses.with(html)
}
