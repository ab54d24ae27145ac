//! Columns from `sys_dictionary`, parents' columns included.

use std::collections::HashMap;

use ticketing_core::model::{FieldType, RefType};
use ticketing_core::{FieldId, Result};

use crate::api::{Api, Target};
use crate::listing::Listing;
use crate::query::{Condition, FieldName, Query, order};
use crate::wire::{Layout, Row};

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: FieldId,
    pub(crate) label: String,
    /// `internal_type`, the vendor's own.
    pub(crate) native_type: String,
    pub(crate) field_type: FieldType,
    /// The table that a reference or a list points at.
    pub(crate) reference: Option<String>,
    pub(crate) mandatory: bool,
    pub(crate) read_only: bool,
    pub(crate) max_length: Option<u32>,
    pub(crate) has_choices: bool,
    /// Where the choices are kept, where that is not here.
    pub(crate) choices_at: Option<(String, String)>,
    pub(crate) dependent: Option<String>,
    pub(crate) default: Option<String>,
}

impl Column {
    /// True for a comma list of ids.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.native_type.as_str(), "glide_list" | "list")
    }

    /// True for a field of the customer's own making (wire §3.6).
    pub(crate) fn is_custom(&self) -> bool {
        is_custom(self.name.as_str())
    }

    /// True where entries are added and never read back (wire §1.3).
    pub(crate) fn is_journal(&self) -> bool {
        self.native_type.starts_with("journal")
    }
}

/// `u_…`, and `x_VENDOR_APP_…` of a scoped application.
pub(crate) fn is_custom(name: &str) -> bool {
    name.starts_with("u_") || name.starts_with("x_")
}

/// The columns of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableSchema {
    pub(crate) table: String,
    /// The table itself, its parent, and so on up.
    pub(crate) lineage: Vec<String>,
    /// By name.
    pub(crate) columns: Vec<Column>,
    /// False where the instance did not let us read its dictionary.
    pub(crate) complete: bool,
    index: HashMap<FieldId, usize>,
}

impl TableSchema {
    pub(crate) fn new(table: &str, lineage: Vec<String>, mut columns: Vec<Column>, complete: bool) -> Self {
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let index = columns.iter().enumerate().map(|(at, column)| (column.name.clone(), at)).collect();
        Self { table: table.to_owned(), lineage, columns, complete, index }
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.index.get(name).and_then(|at| self.columns.get(*at))
    }
}

/// Strings up to this length are of one line.
const LONGEST_LINE: u32 = 255;

/// The shared type of a vendor's type.
pub(crate) fn field_type(native: &str, reference: Option<&str>, has_choices: bool) -> FieldType {
    match native {
        "reference" | "glide_list" | "list" | "document_id" | "domain_id" => {
            reference.map_or(FieldType::Reference, |table| match table {
                "sys_user" => FieldType::User,
                "sys_user_group" => FieldType::Group,
                "core_company" | "customer_account" => FieldType::Account,
                "customer_contact" => FieldType::Contact,
                "task" | "incident" | "problem" | "change_request" | "sc_request" | "sc_req_item" | "sc_task" => {
                    FieldType::Ticket
                }
                _ => FieldType::Reference,
            })
        }
        _ if has_choices => FieldType::Choice,
        "choice" => FieldType::Choice,
        "boolean" => FieldType::Boolean,
        "integer" | "longint" | "auto_increment" | "count" | "order_index" | "percent_complete" => FieldType::Integer,
        "decimal" | "float" | "currency" | "currency2" | "price" => FieldType::Decimal,
        "glide_date" => FieldType::Date,
        "glide_date_time" | "due_date" | "date_time" | "calendar_date_time" => FieldType::Datetime,
        "glide_duration" | "timer" => FieldType::Duration,
        "email" => FieldType::Email,
        "url" => FieldType::Url,
        "html" | "translated_html" | "multi_two_lines" | "journal" | "journal_input" | "journal_list" | "text" => {
            FieldType::Text
        }
        "password" | "password2" => FieldType::Secret,
        _ => FieldType::String,
    }
}

/// What a reference to a table points at.
pub(crate) fn ref_type(table: &str) -> Option<RefType> {
    Some(match field_type("reference", Some(table), false) {
        FieldType::User => RefType::User,
        FieldType::Group => RefType::Group,
        FieldType::Account => RefType::Account,
        FieldType::Contact => RefType::Contact,
        FieldType::Ticket => RefType::Ticket,
        _ => return None,
    })
}

const PARENT: &str = "super_class.name";
const GRANDPARENT: &str = "super_class.super_class.name";
const GREAT_GRANDPARENT: &str = "super_class.super_class.super_class.name";

/// The columns of a table; `None` where the instance shows none.
pub(super) async fn read(api: &Api, table: &str) -> Result<Option<TableSchema>> {
    let lineage = lineage(api, table).await?;
    let by_id = order::total(Vec::new());
    let base = Query::all()
        .and(Condition::is_one_of(FieldName::fixed("name"), lineage.iter().map(String::as_str))?)
        .and(Condition::is_not_empty(FieldName::fixed("element")))
        .and(Condition::not_equals(FieldName::fixed("active"), "false")?);
    let layout = Layout::new([
        "sys_id",
        "name",
        "element",
        "column_label",
        "internal_type",
        "reference",
        "mandatory",
        "read_only",
        "max_length",
        "choice",
        "choice_table",
        "choice_field",
        "dependent",
        "default_value",
        "active",
    ]);
    let listing = Listing {
        api,
        target: Target::Table("sys_dictionary"),
        base: &base,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    let rows = listing.all(2_000, &mut |row| Ok(Some((row.text("name").to_owned(), column(row))))).await?;
    let rank = |owner: &str| lineage.iter().position(|table| table == owner).unwrap_or(usize::MAX);
    // A child may override its parent's entry.
    let mut own: HashMap<FieldId, (usize, Column)> = HashMap::new();
    for (owner, column) in rows {
        let rank = rank(&owner);
        match own.get(&column.name) {
            Some((known, _)) if *known <= rank => {}
            _ => {
                own.insert(column.name.clone(), (rank, column));
            }
        }
    }
    if !own.contains_key("sys_id") && !own.contains_key("number") && !own.contains_key("sys_created_on") {
        // Rows that say nothing of the table are as good as none.
        return Ok(None);
    }
    let columns = own.into_values().map(|(_, column)| column).collect();
    Ok(Some(TableSchema::new(table, lineage, columns, true)))
}

async fn lineage(api: &Api, table: &str) -> Result<Vec<String>> {
    let by_id = order::total(Vec::new());
    let base = Query::all().and(Condition::equals(FieldName::fixed("name"), table)?);
    let layout = Layout::new(["sys_id", "name", PARENT, GRANDPARENT, GREAT_GRANDPARENT]);
    let listing = Listing {
        api,
        target: Target::Table("sys_db_object"),
        base: &base,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    let found = listing
        .all(2, &mut |row| {
            let above = [PARENT, GRANDPARENT, GREAT_GRANDPARENT].iter().filter_map(|field| row.some(field));
            Ok(Some(std::iter::once(table).chain(above).map(str::to_owned).collect::<Vec<_>>()))
        })
        .await?;
    Ok(found.into_iter().next().unwrap_or_else(|| vec![table.to_owned(), "task".to_owned()]))
}

fn column(row: &Row<'_, '_>) -> Column {
    let text = |field: &str| row.some(field).map(str::to_owned);
    let is_true = |field: &str| row.text(field) == "true";
    let native_type = text("internal_type").unwrap_or_else(|| "string".to_owned());
    // The reference's value is the table's name, or the id of its description; then it shows the label.
    let reference = text("reference").filter(|table| crate::config::is_table_name(table));
    let has_choices = row.some("choice").is_some_and(|choice| choice != "0");
    let choices_at = text("choice_table").map(|table| {
        let field = text("choice_field").unwrap_or_else(|| row.text("element").to_owned());
        (table, field)
    });
    let max_length: Option<u32> = row.text("max_length").parse().ok();
    let field_type = match field_type(&native_type, reference.as_deref(), has_choices || choices_at.is_some()) {
        // Longer strings are entered in a box of many lines.
        FieldType::String if max_length.is_some_and(|length| length > LONGEST_LINE) => FieldType::Text,
        other => other,
    };
    Column {
        name: row.text("element").into(),
        label: text("column_label").unwrap_or_else(|| row.text("element").to_owned()),
        field_type,
        native_type,
        reference,
        mandatory: is_true("mandatory"),
        read_only: is_true("read_only"),
        max_length,
        has_choices: has_choices || choices_at.is_some(),
        choices_at,
        dependent: text("dependent"),
        default: text("default_value"),
    }
}
