//! Texts: descriptions and comments, and who may read a comment.

use std::io::Read;

use clap::Args;
use ticketing::model::Visibility;
use ticketing::request::{NewComment, TextInput};

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// A text of the command line; `-` is standard input. Markdown unless it is said to be plain.
pub(crate) fn input(text: &str, plain: bool) -> Result<TextInput> {
    let text = match text {
        "-" => standard_input()?,
        text => text.to_owned(),
    };
    Ok(if plain { TextInput::Plain(text) } else { TextInput::Markdown(text) })
}

/// All of standard input, without the line break that ends it.
pub(crate) fn standard_input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot read standard input: {error}")))?;
    Ok(text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text).to_owned()).unwrap_or(text))
}

/// Who may read a comment; nothing is public by default.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct VisibilityArgs {
    /// The comment is for the requester too
    #[arg(long, conflicts_with = "internal")]
    pub(crate) public: bool,
    /// The comment is for those who work on tickets
    #[arg(long)]
    pub(crate) internal: bool,
}

impl VisibilityArgs {
    pub(crate) fn visibility(self) -> Option<Visibility> {
        match (self.public, self.internal) {
            (true, _) => Some(Visibility::Public),
            (_, true) => Some(Visibility::Internal),
            _ => None,
        }
    }
}

/// A comment that rides along with a change.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Comment")]
pub(crate) struct CommentArgs {
    /// A comment that goes with it; `-`: from standard input; needs --public or --internal
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    #[command(flatten)]
    visibility: VisibilityArgs,
}

impl CommentArgs {
    pub(crate) fn comment(&self, plain: bool) -> Result<Option<NewComment>> {
        match (&self.comment, self.visibility.visibility()) {
            (Some(text), Some(visibility)) => Ok(Some(NewComment { body: input(text, plain)?, visibility })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(Failure::usage(
                "--comment: it does not say who may read it; add --public (the requester too) or --internal (only those who work on tickets)",
            )),
            (None, Some(visibility)) => {
                Err(Failure::usage(format!("--{visibility}: there is no comment for it; add --comment TEXT")))
            }
        }
    }
}
