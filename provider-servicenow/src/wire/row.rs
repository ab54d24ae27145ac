//! A row: one cell per field that was asked for, borrowed from the page's bytes.
//!
//! Every leaf is a string, an object `{"value","display_value"}` or, for a reference with its link, one with three keys
//! (`wire/servicenow.md` §1.3, §1.4). A field that may not be read is absent.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::query::Values;

/// The fields that were asked for, in the order asked for.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    fields: Vec<Box<str>>,
    index: HashMap<Box<str>, usize>,
    /// True where the instance was asked for whatever there is.
    open: bool,
    /// True where rows carry the vendor's own JSON too.
    raw: bool,
}

impl Layout {
    /// These fields, each once.
    pub(crate) fn new<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> Self {
        let mut layout = Self { fields: Vec::new(), index: HashMap::new(), open: false, raw: false };
        for field in fields {
            layout.add(field.as_ref());
        }
        layout
    }

    /// Whatever there is; what is not among the fields comes as extra cells.
    pub(crate) fn opened(mut self) -> Self {
        self.open = true;
        self
    }

    /// Rows carry the vendor's own JSON too.
    pub(crate) fn with_raw(mut self, raw: bool) -> Self {
        self.raw = raw;
        self
    }

    pub(super) fn is_raw(&self) -> bool {
        self.raw
    }

    /// The place of a field, which is added where it is new.
    pub(crate) fn add(&mut self, field: &str) -> usize {
        if let Some(at) = self.index.get(field) {
            return *at;
        }
        self.fields.push(field.into());
        self.index.insert(field.into(), self.fields.len() - 1);
        self.fields.len() - 1
    }

    /// The place of a field.
    pub(crate) fn place(&self, field: &str) -> Option<usize> {
        self.index.get(field).copied()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The fields, for `sysparm_fields`.
    pub(crate) fn joined(&self) -> String {
        self.fields.join(",")
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(AsRef::as_ref)
    }
}

/// A value and what it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    pub(crate) value: Cow<'a, str>,
    pub(crate) display: Option<Cow<'a, str>>,
}

impl Cell<'_> {
    /// What people read; the value itself where the instance said nothing else.
    pub(crate) fn shown(&self) -> &str {
        match &self.display {
            Some(display) if !display.is_empty() => display,
            _ => &self.value,
        }
    }
}

/// One row of an answer. The same row is filled again and again while a page is read.
#[derive(Debug)]
pub(crate) struct Row<'a, 'l> {
    layout: &'l Layout,
    cells: Vec<Option<Cell<'a>>>,
    extra: Vec<(Cow<'a, str>, Cell<'a>)>,
    present: usize,
    pub(super) raw: Option<Value>,
}

impl<'a, 'l> Row<'a, 'l> {
    pub(super) fn new(layout: &'l Layout) -> Self {
        Self { layout, cells: vec![None; layout.fields.len()], extra: Vec::new(), present: 0, raw: None }
    }

    /// The cell at a place of the layout; `None` where it may not be read.
    pub(crate) fn at(&self, place: usize) -> Option<&Cell<'a>> {
        self.cells.get(place)?.as_ref()
    }

    /// The cell of a field; `None` where it was not asked for or may not be read.
    pub(crate) fn cell(&self, field: &str) -> Option<&Cell<'a>> {
        match self.layout.place(field) {
            Some(place) => self.at(place),
            None => self.extra.iter().find(|(name, _)| name == field).map(|(_, cell)| cell),
        }
    }

    /// The value of a field; empty where there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.cell(field).map_or("", |cell| cell.value.as_ref())
    }

    /// The value of a field that has one.
    pub(crate) fn some(&self, field: &str) -> Option<&str> {
        Some(self.text(field)).filter(|text| !text.is_empty())
    }

    /// True where the row came as `{}`: nothing in it may be read (wire §1.3).
    pub(crate) fn is_void(&self) -> bool {
        self.present == 0
    }

    /// The cells that were not among the fields asked for.
    pub(crate) fn extra(&self) -> impl Iterator<Item = (&str, &Cell<'a>)> {
        self.extra.iter().map(|(name, cell)| (name.as_ref(), cell))
    }

    /// The vendor's own JSON, where it was asked for.
    pub(crate) fn raw(&self) -> Option<Box<Value>> {
        self.raw.clone().map(Box::new)
    }

    fn clear(&mut self) {
        self.cells.iter_mut().for_each(|cell| *cell = None);
        self.extra.clear();
        self.present = 0;
    }
}

impl Values for Row<'_, '_> {
    fn value(&self, field: &str) -> Option<&str> {
        self.cell(field).map(|cell| cell.value.as_ref())
    }

    fn display(&self, field: &str) -> Option<&str> {
        self.cell(field)?.display.as_deref()
    }
}

/// Fills a row from an object.
pub(super) struct RowSeed<'r, 'a, 'l>(pub(super) &'r mut Row<'a, 'l>);

impl<'a> DeserializeSeed<'a> for RowSeed<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.clear();
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for RowSeed<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let row = self.0;
        // Fields come in the order they were asked for, so the next place is nearly always the right one.
        let mut next = 0;
        while let Some(key) = map.next_key_seed(TextSeed)? {
            row.present += 1;
            let place = match row.layout.fields.get(next) {
                Some(expected) if **expected == *key => Some(next),
                _ => row.layout.place(&key),
            };
            match place {
                Some(place) => {
                    row.cells[place] = Some(map.next_value_seed(CellSeed)?);
                    next = place + 1;
                }
                None if row.layout.open => {
                    let cell = map.next_value_seed(CellSeed)?;
                    row.extra.push((key, cell));
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A string, borrowed where it has no escapes; numbers and booleans are taken for their text, `null` for nothing.
struct TextSeed;

impl<'a> DeserializeSeed<'a> for TextSeed {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Cow<'a, str>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for TextSeed {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(text))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(""))
    }
}

struct CellSeed;

impl<'a> DeserializeSeed<'a> for CellSeed {
    type Value = Cell<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Cell<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for CellSeed {
    type Value = Cell<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or an object with `value` and `display_value`")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'a str) -> Result<Cell<'a>, E> {
        Ok(Cell { value: Cow::Borrowed(text), display: None })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell<'a>, E> {
        Ok(Cell { value: Cow::Owned(text.to_owned()), display: None })
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Cell<'a>, E> {
        TextSeed.visit_bool(value).map(|value| Cell { value, display: None })
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Cell<'a>, E> {
        TextSeed.visit_i64(value).map(|value| Cell { value, display: None })
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Cell<'a>, E> {
        TextSeed.visit_u64(value).map(|value| Cell { value, display: None })
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Cell<'a>, E> {
        TextSeed.visit_f64(value).map(|value| Cell { value, display: None })
    }

    fn visit_unit<E: de::Error>(self) -> Result<Cell<'a>, E> {
        Ok(Cell::default())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Cell<'a>, A::Error> {
        let mut items: Vec<Cow<'a, str>> = Vec::new();
        while let Some(item) = seq.next_element_seed(TextSeed)? {
            items.push(item);
        }
        Ok(Cell { value: Cow::Owned(items.join(",")), display: None })
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Cell<'a>, A::Error> {
        let mut cell = Cell::default();
        while let Some(key) = map.next_key_seed(TextSeed)? {
            match key.as_ref() {
                "value" => cell.value = map.next_value_seed(TextSeed)?,
                "display_value" => cell.display = Some(map.next_value_seed(TextSeed)?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(cell)
    }
}
