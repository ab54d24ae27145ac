//! JQL as tokens, with the errors of wire A5.

use super::reserved::RESERVED;

/// Where a token begins: line and character, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) character: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bare word; reserved ones are told apart by the parser.
    Word(String),
    Quoted(String),
    /// `=`, `!=`, `<=`, …, `(`, `)`, `,`, `[`, `]`.
    Sign(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// As written.
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// An error in the words of the vendor.
pub(crate) fn error(message: &str, place: Option<Place>) -> String {
    match place {
        Some(Place { line, character }) => {
            format!("Error in the JQL Query: {message} (line {line}, character {character})")
        }
        None => format!("Error in the JQL Query: {message}"),
    }
}

const SIGNS: &[&str] =
    &["!=", "!~", "<=", ">=", "&&", "||", "=", "~", "<", ">", "!", "(", ")", ",", "[", "]", "&", "|"];

/// Reserved characters without a meaning of their own (wire A5).
const ILLEGAL: &str = "{}*/%+^$#@?;'";

struct Lexer<'a> {
    rest: &'a str,
    place: Place,
}

impl Lexer<'_> {
    fn take(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        if character == '\n' {
            self.place = Place { line: self.place.line + 1, character: 1 };
        } else {
            self.place.character += 1;
        }
        Some(character)
    }

    fn escape(&mut self, out: &mut String) -> Result<(), String> {
        let place = self.place;
        self.take();
        let illegal = |what: &str| {
            let message = format!(
                "'\\{what}' is an illegal JQL escape sequence. The valid escape sequences are \\', \\\", \\t, \\n, \\r, \
                 \\\\, '\\ ' and \\uXXXX."
            );
            error(&message, Some(place))
        };
        match self.take() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some(same @ ('\'' | '"' | '\\' | ' ')) => out.push(same),
            Some('u') => {
                let digits: String = (0..4).filter_map(|_| self.take()).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4).and_then(char::from_u32);
                out.push(code.ok_or_else(|| illegal(&format!("u{digits}")))?);
            }
            Some(other) => return Err(illegal(&other.to_string())),
            None => return Err(illegal("")),
        }
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let place = self.place;
        self.take();
        let mut out = String::new();
        loop {
            match self.rest.chars().next() {
                None => return Err(error(&format!("The quoted string '{out}' has not been completed."), Some(place))),
                Some('\\') => self.escape(&mut out)?,
                Some(character) => {
                    self.take();
                    if character == quote {
                        return Ok(out);
                    }
                    out.push(character);
                }
            }
        }
    }

    fn word(&mut self) -> Result<String, String> {
        let mut out = String::new();
        while let Some(character) = self.rest.chars().next() {
            if character == '\\' {
                self.escape(&mut out)?;
                continue;
            }
            let ends = character.is_whitespace()
                || character == '"'
                || ILLEGAL.contains(character)
                || SIGNS.iter().any(|sign| sign.starts_with(character));
            if ends {
                break;
            }
            out.push(character);
            self.take();
        }
        Ok(out)
    }
}

/// Cuts a query into tokens.
pub(crate) fn tokens(query: &str) -> Result<Vec<Token>, String> {
    let mut lexer = Lexer { rest: query, place: Place { line: 1, character: 1 } };
    let mut tokens = Vec::new();
    while let Some(character) = lexer.rest.chars().next() {
        if character.is_whitespace() {
            lexer.take();
            continue;
        }
        let (place, before) = (lexer.place, lexer.rest);
        let kind = if matches!(character, '"' | '\'') {
            Kind::Quoted(lexer.quoted(character)?)
        } else if let Some(sign) = SIGNS.iter().find(|sign| lexer.rest.starts_with(**sign)) {
            for _ in 0..sign.len() {
                lexer.take();
            }
            Kind::Sign(sign)
        } else if ILLEGAL.contains(character) {
            let message = format!(
                "The character '{character}' is a reserved JQL character. You must enclose it in a string or use the \
                 escape '\\u{:04x}' instead.",
                u32::from(character)
            );
            return Err(error(&message, Some(place)));
        } else {
            Kind::Word(lexer.word()?)
        };
        let text = before[..before.len() - lexer.rest.len()].to_owned();
        tokens.push(Token { kind, text, place });
    }
    Ok(tokens)
}

/// Whether a bare word cannot be a name or a value.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}
