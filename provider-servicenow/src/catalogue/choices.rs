//! Choices from `sys_choice`: a table without a list of its own has its parent's (`wire/servicenow.md` §3.6).

use std::collections::HashMap;

use ticketing_core::Result;

use super::dictionary::TableSchema;
use crate::api::{Api, Target};
use crate::listing::Listing;
use crate::query::{Condition, FieldName, Query, order};
use crate::wire::Layout;

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChoiceRow {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) active: bool,
    pub(crate) depends_on: Option<String>,
    sequence: i64,
    language: String,
}

/// The choices of a table, by column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choices {
    lists: HashMap<String, Vec<ChoiceRow>>,
}

impl Choices {
    /// The choices of a column, in the instance's order; none where it has none, or they may not be read.
    pub(crate) fn of(&self, column: &str) -> &[ChoiceRow] {
        self.lists.get(column).map_or(&[], Vec::as_slice)
    }

    /// The value that a value or label stands for; labels in any case.
    pub(crate) fn value_of(&self, column: &str, wanted: &str) -> Option<&str> {
        let list = self.of(column);
        let by_label = || list.iter().find(|choice| choice.label.eq_ignore_ascii_case(wanted));
        list.iter().find(|choice| choice.value == wanted).or_else(by_label).map(|choice| choice.value.as_str())
    }

    /// The label of a value.
    pub(crate) fn label_of(&self, column: &str, value: &str) -> Option<&str> {
        self.of(column).iter().find(|choice| choice.value == value).map(|choice| choice.label.as_str())
    }

    /// The active choices in one line, for people.
    pub(crate) fn told(&self, column: &str) -> String {
        let told = self.of(column).iter().filter(|choice| choice.active).map(|choice| {
            if choice.value == choice.label {
                choice.value.clone()
            } else {
                format!("{} ({})", choice.value, choice.label)
            }
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// The language whose labels are taken where there are several.
const LANGUAGE: &str = "en";

pub(super) async fn read(api: &Api, schema: &TableSchema) -> Result<Choices> {
    let by_id = order::total(Vec::new());
    let elsewhere =
        schema.columns.iter().filter_map(|column| column.choices_at.as_ref()).map(|(table, _)| table.as_str());
    let tables = schema.lineage.iter().map(String::as_str).chain(elsewhere);
    let base = Query::all().and(Condition::is_one_of(FieldName::fixed("name"), tables)?);
    let layout = Layout::new([
        "sys_id",
        "name",
        "element",
        "value",
        "label",
        "sequence",
        "inactive",
        "language",
        "dependent_value",
    ]);
    let listing =
        Listing { api, target: Target::Table("sys_choice"), base: &base, order: &by_id, layout: &layout, keyset: true };
    let mut by_place: HashMap<(String, String), Vec<ChoiceRow>> = HashMap::new();
    let rows = listing
        .all(2_000, &mut |row| {
            // The label of "None", and no choice (wire §3.6).
            if row.text("value") == "NULL_OVERRIDE" {
                return Ok(None);
            }
            let choice = ChoiceRow {
                value: row.text("value").to_owned(),
                label: row.some("label").unwrap_or(row.text("value")).to_owned(),
                active: row.text("inactive") != "true",
                depends_on: row.some("dependent_value").map(str::to_owned),
                sequence: row.text("sequence").parse().unwrap_or(i64::MAX),
                language: row.text("language").to_owned(),
            };
            Ok(Some(((row.text("name").to_owned(), row.text("element").to_owned()), choice)))
        })
        .await?;
    for (place, choice) in rows {
        by_place.entry(place).or_default().push(choice);
    }
    let mut choices = Choices::default();
    for column in schema.columns.iter().filter(|column| column.has_choices || !schema.complete) {
        let name = column.name.as_str();
        let list = match &column.choices_at {
            Some(place) => by_place.get(place),
            None => schema.lineage.iter().find_map(|table| by_place.get(&(table.clone(), name.to_owned()))),
        };
        if let Some(list) = list {
            choices.lists.insert(name.to_owned(), one_language(list));
        }
    }
    Ok(choices)
}

/// One row per value: English where there is one, otherwise the first.
fn one_language(list: &[ChoiceRow]) -> Vec<ChoiceRow> {
    let mut sorted: Vec<&ChoiceRow> = list.iter().collect();
    sorted.sort_by_key(|choice| (choice.language != LANGUAGE, choice.sequence));
    let mut out: Vec<ChoiceRow> = Vec::new();
    for choice in sorted {
        if !out.iter().any(|known| known.value == choice.value && known.depends_on == choice.depends_on) {
            out.push(choice.clone());
        }
    }
    out.sort_by_key(|choice| choice.sequence);
    out
}
