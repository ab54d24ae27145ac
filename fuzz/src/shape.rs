//! From bytes to something that looks like what it is fed to.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// Parts of texts that mean something to a query, to JSON, to a URL, to markup or to a careless reader.
const PARTS: &[&str] = &[
    "^",
    "^^",
    "^OR",
    "^NQ",
    "^ORDERBY",
    "^EQ",
    "^ENDRLQUERY",
    "OR",
    "NQ",
    "EQ",
    "NULL",
    "javascript:",
    "JavaScript:gs.getUserID()",
    "=",
    "!=",
    "<",
    ">=",
    ",",
    "@",
    "%",
    "%5E",
    "*",
    "IN",
    "_HIERARCHY",
    "LIKE",
    "NOT LIKE",
    "ISEMPTY",
    "STARTSWITH",
    "sys_id",
    "number",
    "true",
    "INC0010001",
    "2026-01-05 08:00:00",
    " ",
    "  ",
    "+",
    "&",
    "?",
    "#",
    "/",
    "..",
    "\\",
    "\"",
    "'",
    "{",
    "}",
    "é",
    "e\u{301}",
    "\u{1f600}",
    "\u{202e}",
    "\u{feff}",
    "\u{a0}",
    "ß",
    "İ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{7f}",
    " AND ",
    " OR ",
    "EMPTY",
    "status:",
    "-",
    "none",
    "\\u0022",
    "[",
    "]",
    "~",
    "<script>",
    "onclick=",
    "-1",
    "0",
    "007",
    "18446744073709551615",
    "1e999",
];

/// Reads shapes off bytes; where there are none left, everything is small and empty.
///
/// ```
/// use ticketing_fuzz::Shape;
///
/// let mut shape = Shape::new(&[200, 7, 0]);
/// assert_eq!(shape.below(10), 0);
/// assert_eq!(shape.byte(), 7);
/// assert_eq!((shape.byte(), shape.byte()), (0, 0));
/// ```
#[derive(Debug)]
pub struct Shape<'a> {
    bytes: &'a [u8],
}

impl<'a> Shape<'a> {
    /// Of these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// True where no byte is left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below a bound, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound.max(1)
    }

    /// One in so many times true.
    pub fn one_in(&mut self, times: usize) -> bool {
        // The other way round than `below`, so that without bytes nothing out of the ordinary happens.
        self.below(times) + 1 == times.max(1)
    }

    /// One of these.
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// A number of any size.
    pub fn number(&mut self) -> u64 {
        let size = self.below(9);
        (0..size).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// What is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    /// A short text, full of what means something somewhere.
    pub fn text(&mut self) -> String {
        let parts = self.below(6);
        (0..parts).map(|_| self.part()).collect()
    }

    /// A short text that has a character.
    pub fn word(&mut self) -> String {
        let text = self.text();
        if text.is_empty() { self.part() } else { text }
    }

    /// A text of pieces: mostly of these, and otherwise words and what means something elsewhere.
    pub fn soup(&mut self, pieces: &[&str], most: usize) -> String {
        let parts = self.below(most + 1);
        (0..parts).map(|_| if self.one_in(3) { self.part() } else { (*self.pick(pieces)).to_owned() }).collect()
    }

    /// A moment: mostly of these days, at times at the end of all days.
    pub fn moment(&mut self) -> DateTime<Utc> {
        match self.below(8) {
            0 => DateTime::<Utc>::MIN_UTC,
            1 => DateTime::<Utc>::MAX_UTC,
            2 => {
                DateTime::from_timestamp_millis(self.number().cast_signed() >> 8).unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
            }
            _ => {
                let seconds = 1_767_600_000 + i64::from(self.byte()) * 40_000;
                DateTime::from_timestamp(seconds, u32::from(self.byte()) << 20).unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
            }
        }
    }

    fn part(&mut self) -> String {
        match self.below(4) {
            0 => char::from(b'a' + self.byte() % 26).to_string(),
            1 | 2 => (*self.pick(PARTS)).to_owned(),
            _ => {
                let code = u32::from(self.byte()) << 8 | u32::from(self.byte());
                char::from_u32(code).unwrap_or('\u{fffd}').to_string()
            }
        }
    }

    /// The name of a column: mostly one of these.
    pub fn field(&mut self, known: &[&str]) -> String {
        if !self.one_in(8) {
            return (*self.pick(known)).to_owned();
        }
        let letters = 1 + self.below(6);
        (0..letters).map(|_| char::from(*self.pick(b"abcxyz_019."))).collect()
    }

    /// Any JSON, not deep.
    pub fn json(&mut self) -> Value {
        self.json_below(4)
    }

    fn json_below(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 7 } else { 10 }) {
            0 => Value::Null,
            1 => Value::Bool(self.one_in(2)),
            2 => Value::from(self.number()),
            // Fractions that a parser which is off by the last bit reads too.
            3 => Value::from(-0.5 * f64::from(u32::from(self.byte()) << 8 | u32::from(self.byte()))),
            4..=6 => Value::String(self.text()),
            7 => {
                let items = self.below(5);
                (0..items).map(|_| self.json_below(depth - 1)).collect()
            }
            _ => {
                let keys = self.below(5);
                let pairs = (0..keys).map(|_| (self.text(), self.json_below(depth - 1)));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// These bytes with some of them changed, taken out, doubled or cut off; not at all where no byte is left.
    pub fn bend(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let times = self.below(4);
        for _ in 0..times {
            if bytes.is_empty() {
                break;
            }
            let at = usize::try_from(self.number()).unwrap_or(0) % bytes.len();
            match self.below(5) {
                0 => bytes[at] = self.byte(),
                1 => {
                    bytes.remove(at);
                }
                2 => bytes.insert(at, self.byte()),
                3 => bytes.truncate(at),
                _ => {
                    let again = bytes[at..].iter().take(8).copied().collect::<Vec<_>>();
                    bytes.splice(at..at, again);
                }
            }
        }
        bytes
    }
}
