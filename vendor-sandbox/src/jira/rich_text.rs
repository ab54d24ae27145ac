//! Text with formatting: ADF on REST v3, wiki markup on v2 and Data Center (wire A6).

use serde_json::{Value, json};

use super::{adf, wiki};

/// Text in the form in which it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RichText {
    /// A valid ADF document.
    Adf(Value),
    Wiki(String),
}

impl RichText {
    /// The text as it would stand on the site if somebody had typed it there: the small part of
    /// Markdown that the company's texts use becomes structure.
    pub(crate) fn from_markdown(text: &str) -> Self {
        Self::Adf(super::markdown::to_adf(text))
    }

    pub(crate) fn to_adf(&self) -> Value {
        match self {
            Self::Adf(document) => document.clone(),
            Self::Wiki(text) => wiki::to_adf(text),
        }
    }

    pub(crate) fn to_wiki(&self) -> String {
        match self {
            Self::Adf(document) => wiki::from_adf(document),
            Self::Wiki(text) => text.clone(),
        }
    }

    /// The words alone, for the text index and the changelog.
    pub(crate) fn plain(&self) -> String {
        match self {
            Self::Adf(document) => adf::plain(document),
            Self::Wiki(text) => text.clone(),
        }
    }

    /// What `renderedFields` and `renderedBody` show.
    pub(crate) fn html(&self) -> String {
        adf::html(&self.to_adf())
    }

    /// In the shape of an API version.
    pub(crate) fn show(&self, as_adf: bool) -> Value {
        if as_adf { self.to_adf() } else { json!(self.to_wiki()) }
    }
}
