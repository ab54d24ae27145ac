//! One row as one string: only the columns that have a value, packed end to end.
//!
//! An incident fills 25 of 90 columns; packed it takes a few hundred bytes in one allocation, and
//! every value can be borrowed as text without decoding.

use crate::servicenow::schema::ColumnId;

/// Lengths from here on take four more digits.
const LONG: u8 = 0x7f;

/// A packed row: column number (2 × 7 bits), length (7 bits, or `LONG` and 4 × 7 bits), text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(Box<str>);

impl Row {
    /// The value of a column, `""` when it has none.
    pub(crate) fn get(&self, column: ColumnId) -> &str {
        // By bytes, and one slice at the end: this is where an emulated instance spends its time.
        let bytes = self.0.as_bytes();
        let mut at = 0;
        while let Some((found, start, end)) = entry(bytes, at) {
            if found >= column {
                return if found == column { self.0.get(start..end).unwrap_or_default() } else { "" };
            }
            at = end;
        }
        ""
    }

    /// Columns that have a value, in column order.
    pub(crate) fn iter(&self) -> Values<'_> {
        Values { rest: &self.0 }
    }

    /// An editable copy.
    pub(crate) fn edit(&self) -> RowEditor {
        RowEditor { values: self.iter().map(|(column, value)| (column, value.to_owned())).collect() }
    }

    /// Bytes that the row takes, without the allocator's share.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.0.len()
    }
}

/// The column that is packed at a place, and where its text begins and ends.
#[inline]
fn entry(bytes: &[u8], at: usize) -> Option<(ColumnId, usize, usize)> {
    let [high, low, short, rest @ ..] = bytes.get(at..)? else {
        return None;
    };
    let column = usize::from(*high) << 7 | usize::from(*low);
    if *short != LONG {
        return Some((column, at + 3, at + 3 + usize::from(*short)));
    }
    let length = rest.get(..4)?.iter().fold(0, |length, digit| length << 7 | usize::from(*digit));
    Some((column, at + 7, at + 7 + length))
}

/// Iterator over the filled columns of a row.
#[derive(Debug, Clone)]
pub(crate) struct Values<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Values<'a> {
    type Item = (ColumnId, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (column, start, end) = entry(self.rest.as_bytes(), 0)?;
        let value = self.rest.get(start..end)?;
        self.rest = self.rest.get(end..)?;
        Some((column, value))
    }
}

/// A row while it is made or changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RowEditor {
    /// Sorted by column.
    values: Vec<(ColumnId, String)>,
}

impl RowEditor {
    pub(crate) fn get(&self, column: ColumnId) -> &str {
        match self.values.binary_search_by_key(&column, |(column, _)| *column) {
            Ok(at) => &self.values[at].1,
            Err(_) => "",
        }
    }

    /// Sets a value; an empty one removes the column.
    pub(crate) fn set(&mut self, column: ColumnId, value: impl Into<String>) {
        let value = value.into();
        match self.values.binary_search_by_key(&column, |(column, _)| *column) {
            Ok(at) if value.is_empty() => {
                self.values.remove(at);
            }
            Ok(at) => self.values[at].1 = value,
            Err(_) if value.is_empty() => {}
            Err(at) => self.values.insert(at, (column, value)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ColumnId, &str)> {
        self.values.iter().map(|(column, value)| (*column, value.as_str()))
    }

    pub(crate) fn pack(&self) -> Row {
        let size = self.values.iter().map(|(_, value)| value.len() + 7).sum();
        let mut packed = String::with_capacity(size);
        let digit = |value: usize| char::from((value & 0x7f) as u8);
        for (column, value) in &self.values {
            packed.push(digit(column >> 7));
            packed.push(digit(*column));
            if value.len() < usize::from(LONG) {
                packed.push(digit(value.len()));
            } else {
                packed.push(char::from(LONG));
                for shift in [21, 14, 7, 0] {
                    packed.push(digit(value.len() >> shift));
                }
            }
            packed.push_str(value);
        }
        Row(packed.into_boxed_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let long = "ü".repeat(5000);
        let mut editor = RowEditor::default();
        editor.set(200, "last");
        editor.set(0, "first");
        editor.set(3, long.as_str());
        editor.set(4, "x".repeat(126));
        editor.set(5, "x".repeat(127));
        editor.set(6, "gone");
        editor.set(6, "");
        let row = editor.pack();
        assert_eq!(row.get(0), "first");
        assert_eq!(row.get(1), "");
        assert_eq!(row.get(3), long);
        assert_eq!(row.get(4).len(), 126);
        assert_eq!(row.get(5).len(), 127);
        assert_eq!(row.get(200), "last");
        assert_eq!(row.get(201), "");
        assert_eq!(row.iter().count(), 5);
        assert_eq!(row.edit(), editor);
        assert_eq!(RowEditor::default().pack().size(), 0);
    }
}
