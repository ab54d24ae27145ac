//! What a conversion could not carry over, said rather than dropped.

use std::fmt;

/// The most losses that one conversion lists; what comes after is counted in the last entry.
const LISTED: usize = 200;

/// The most losses whose place is worked out: the same one many times in a line is listed once.
const PLACED: usize = 5 * LISTED;

/// A converted text, and what it could not carry over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted<T> {
    /// The text in the wanted format.
    pub value: T,
    /// What the wanted format has no form for; empty if nothing was lost.
    pub losses: Vec<Loss>,
}

impl<T> Converted<T> {
    /// The text, for who writes it whatever was lost. That is said in one line, as a warning of the target
    /// `ticketing_http::richtext`; the first 25 losses in full.
    ///
    /// ```
    /// use ticketing_http::richtext::html;
    ///
    /// assert_eq!(html::from_markdown("a <blink>b</blink>").warned(), "<p>a &lt;blink&gt;b&lt;/blink&gt;</p>");
    /// ```
    pub fn warned(self) -> T {
        const SAID: usize = 25;
        let mut said: Vec<String> = self.losses.iter().take(SAID).map(ToString::to_string).collect();
        if self.losses.len() > SAID {
            said.push(format!("and {} more", self.losses.len() - SAID));
        }
        if !said.is_empty() {
            tracing::warn!(target: "ticketing_http::richtext", "not all of a text goes into the vendor's format: {}", said.join("; "));
        }
        self.value
    }
}

/// Something that a conversion could not carry over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Loss {
    /// Where it stands. What reading loses is named by its place in the text that is read: a JSON pointer in ADF
    /// (`/content/3`, and `document` for all of it); in the other formats the line where it, or in wiki markup its paragraph or item, begins (`line 12`,
    /// counted from 1). What the wanted format cannot hold, and what an edit overwrote, is named by its place among the
    /// outermost blocks of the Markdown (`block 3`, counted from 1).
    ///
    /// ```
    /// use ticketing_http::richtext::{adf, wiki};
    ///
    /// assert_eq!(wiki::to_markdown("a\n\n{color:red}b{color}").losses[0].at, "line 3");
    /// assert_eq!(adf::from_markdown("a\n\n> # b").losses[0].at, "block 2");
    /// ```
    pub at: String,
    /// What became of it.
    pub kind: LossKind,
    /// What it is, in the words of the format it comes from: `panel of type custom`.
    pub what: String,
}

/// What became of something that could not be carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossKind {
    /// Its words are there, in another form: a status as text, an image as a link.
    Approximated,
    /// Its words are there, out of the structure that held them: a list in a table cell, a quote in a quote.
    Flattened,
    /// Its formatting is gone, its words are there: a colour, an alignment, a width.
    Formatting,
    /// It has no words of its own and is gone: a comment, a script.
    Removed,
    /// A link or image whose address would run code; its words are there.
    UnsafeAddress,
    /// Markup of another language (HTML in Markdown, an unknown macro); it is there as it was typed, as text.
    RawMarkup,
    /// Nested deeper than anybody writes; its words are there, the nesting is not.
    TooDeep,
    /// Not what the format allows; what could be read of it is there.
    Malformed,
    /// An edit touched or removed what only the native text could hold.
    Overwritten,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let became = match self.kind {
            LossKind::Approximated => "shown in another form",
            LossKind::Flattened => "taken out of its structure",
            LossKind::Formatting => "shown without its formatting",
            LossKind::Removed => "removed",
            LossKind::UnsafeAddress => "not linked, its address could run code",
            LossKind::RawMarkup => "kept as typed, as text",
            LossKind::TooDeep => "nested too deeply, shown without its nesting",
            LossKind::Malformed => "malformed, shown as far as it could be read",
            LossKind::Overwritten => "overwritten by the edit",
        };
        write!(f, "{}: {} {became}", self.at, self.what)
    }
}

/// The losses of a conversion that is under way.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    list: Vec<Loss>,
    unlisted: usize,
    placed: usize,
}

impl Losses {
    /// Adds one; its position is only worked out if it will be listed.
    pub(crate) fn add(&mut self, at: impl FnOnce() -> String, kind: LossKind, what: impl Into<String>) {
        if self.list.len() >= LISTED || self.placed >= PLACED {
            self.unlisted += 1;
            return;
        }
        self.placed += 1;
        let loss = Loss { at: at(), kind, what: what.into() };
        if self.list.last() != Some(&loss) {
            self.list.push(loss);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len() + self.unlisted
    }

    pub(crate) fn with<T>(mut self, value: T) -> Converted<T> {
        if self.unlisted > 0
            && let Some(last) = self.list.last().cloned()
        {
            let what = format!("{} more after this", self.unlisted);
            self.list.push(Loss { what, ..last });
        }
        Converted { value, losses: self.list }
    }
}

/// `line 12` for a byte position in a text.
pub(crate) fn line(text: &str, offset: usize) -> String {
    let before = text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count();
    format!("line {}", before + 1)
}
