//! The Aggregate API: wire §4.3 and the vendor's page.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{ApiError, Reply, result};
use super::call::Call;
use super::params::DisplayValue;
use super::query::select;
use super::schema::{ColumnId, Kind, Schema, TableId};
use super::store::Row;
use super::table_api::{filter_of, find_table};
use super::world::World;

/// The functions besides counting.
const FUNCTIONS: &[&str] = &["avg", "min", "max", "sum"];

#[derive(Default)]
struct Group<'a> {
    class: Option<TableId>,
    rows: Vec<&'a Row>,
}

/// `GET /api/now/stats/{table}`.
pub(crate) fn read(call: &Call<'_>, world: &World, path: &[String]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    let [table] = path else {
        return Err(ApiError::no_resource());
    };
    let table = find_table(call, world, table)?;
    let filter = filter_of(call, world, table);
    let all = select(&world.store, table, &filter, 0, usize::MAX, false, call.tie_break());
    let columns = |param: &str| -> Vec<(String, ColumnId)> {
        let names = call.params.get(param).unwrap_or_default();
        names
            .split(',')
            .filter_map(|name| {
                let path = call.compiler(world).path(table, name.trim())?;
                path.steps.is_empty().then(|| (name.trim().to_owned(), path.column))
            })
            .collect()
    };
    let group_by = columns("sysparm_group_by");
    let mut groups = BTreeMap::<Vec<&str>, Group<'_>>::new();
    // D: read access is decided by role on the table; row ACLs do not reduce the numbers.
    for (class, slot) in &all.rows {
        let Some(row) = world.store.rows(*class).row(*slot) else {
            continue;
        };
        let key = group_by.iter().map(|(_, column)| row.get(*column)).collect();
        let group = groups.entry(key).or_default();
        group.class = Some(*class);
        group.rows.push(row);
    }
    if group_by.is_empty() && groups.is_empty() {
        groups.insert(Vec::new(), Group::default());
    }
    let functions: Vec<(&str, Vec<(String, ColumnId)>)> =
        FUNCTIONS.iter().map(|function| (*function, columns(&format!("sysparm_{function}_fields")))).collect();
    let mut entries: Vec<(Vec<&str>, Group<'_>)> =
        groups.into_iter().filter(|(_, group)| having(call, world, table, group)).collect();
    sort(call, world, table, &group_by, &mut entries);
    let rendered: Vec<Value> =
        entries.iter().map(|(key, group)| entry(call, world, table, &functions, &group_by, key, group)).collect();
    let body = match (group_by.is_empty(), rendered.into_iter()) {
        // wire §4.3: /result/stats/count when not grouped.
        (true, mut rendered) => rendered.next().unwrap_or_else(|| json!({ "stats": {} })),
        (false, rendered) => Value::Array(rendered.collect()),
    };
    Ok(result(StatusCode::OK, &body))
}

fn entry(
    call: &Call<'_>,
    world: &World,
    table: TableId,
    functions: &[(&str, Vec<(String, ColumnId)>)],
    group_by: &[(String, ColumnId)],
    key: &[&str],
    group: &Group<'_>,
) -> Value {
    let mut stats = Map::new();
    if call.params.flag("sysparm_count") {
        stats.insert("count".to_owned(), json!(group.rows.len().to_string()));
    }
    for (function, columns) in functions {
        let mut values = Map::new();
        for (name, column) in columns {
            let kind = Schema::get().table(table).columns[*column].kind;
            values.insert(name.clone(), json!(apply(function, kind, *column, group)));
        }
        if !values.is_empty() {
            stats.insert((*function).to_owned(), Value::Object(values));
        }
    }
    let mut entry = Map::new();
    entry.insert("stats".to_owned(), Value::Object(stats));
    if !group_by.is_empty() {
        let fields: Vec<Value> = group_by
            .iter()
            .zip(key)
            .map(|((name, column), value)| {
                let class = group.class.unwrap_or(table);
                let shown = label(world, class, *column, value);
                match call.params.display_value() {
                    DisplayValue::False => json!({ "field": name, "value": value }),
                    DisplayValue::True => json!({ "field": name, "value": shown }),
                    DisplayValue::All => {
                        json!({ "field": name, "value": value, "display_value": shown })
                    }
                }
            })
            .collect();
        entry.insert("groupby_fields".to_owned(), Value::Array(fields));
    }
    Value::Object(entry)
}

fn label<'a>(world: &'a World, class: TableId, column: ColumnId, value: &'a str) -> &'a str {
    let definition = &Schema::get().table(class).columns[column];
    match (definition.kind, definition.reference) {
        (Kind::Reference, Some(target)) => world.store.display(Schema::get().known(target), value),
        _ => world.choices.label(class, column, value),
    }
}

/// Numbers are strings with four decimals for averages (D: sample answer).
fn apply(function: &str, kind: Kind, column: ColumnId, group: &Group<'_>) -> String {
    let texts = || group.rows.iter().map(|row| row.get(column)).filter(|text| !text.is_empty());
    let numbers: Vec<f64> = texts().filter_map(|text| text.parse().ok()).collect();
    let plain = |number: f64| {
        if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number}") }
    };
    let sum: f64 = numbers.iter().sum();
    match function {
        "avg" if numbers.is_empty() => String::new(),
        "avg" => format!("{:.4}", sum / numbers.len() as f64),
        "sum" => plain(sum),
        "min" if kind.is_number() => numbers.iter().copied().reduce(f64::min).map_or(String::new(), plain),
        "max" if kind.is_number() => numbers.iter().copied().reduce(f64::max).map_or(String::new(), plain),
        "min" => texts().min().unwrap_or_default().to_owned(),
        _ => texts().max().unwrap_or_default().to_owned(),
    }
}

fn measure(
    world: &World,
    call: &Call<'_>,
    table: TableId,
    function: &str,
    field: &str,
    group: &Group<'_>,
) -> Option<f64> {
    if function.eq_ignore_ascii_case("count") {
        return Some(group.rows.len() as f64);
    }
    let path = call.compiler(world).path(table, field)?;
    apply(&function.to_ascii_lowercase(), path.kind, path.column, group).parse().ok()
}

/// `count^priority^>^3`, several separated by commas.
fn having(call: &Call<'_>, world: &World, table: TableId, group: &Group<'_>) -> bool {
    let Some(conditions) = call.params.get("sysparm_having") else {
        return true;
    };
    conditions.split(',').all(|condition| {
        let parts: Vec<&str> = condition.split('^').collect();
        let [function, field, operator, wanted] = parts[..] else {
            return true;
        };
        let found = measure(world, call, table, function, field, group);
        let (Some(found), Ok(wanted)) = (found, wanted.parse::<f64>()) else {
            return false;
        };
        match operator {
            "=" => found == wanted,
            "!=" => found != wanted,
            ">" => found > wanted,
            ">=" => found >= wanted,
            "<" => found < wanted,
            "<=" => found <= wanted,
            _ => true,
        }
    })
}

/// `AVG^state`, `COUNT` or a field, each with `^DESC` to turn it round; by group otherwise.
fn sort(
    call: &Call<'_>,
    world: &World,
    table: TableId,
    group_by: &[(String, ColumnId)],
    entries: &mut [(Vec<&str>, Group<'_>)],
) {
    let Some(order) = call.params.get("sysparm_order_by") else {
        return;
    };
    let mut parts: Vec<&str> = order.split('^').collect();
    let descending = parts.last() == Some(&"DESC");
    if descending {
        parts.pop();
    }
    let position = |name: &str| group_by.iter().position(|(own, _)| own == name);
    entries.sort_by(|(left_key, left), (right_key, right)| {
        let by_measure = |function: &str, field: &str| {
            let value = |group| measure(world, call, table, function, field, group).unwrap_or(f64::MIN);
            value(left).total_cmp(&value(right))
        };
        let order = match parts[..] {
            [count] if count.eq_ignore_ascii_case("count") => by_measure("count", ""),
            [function, field] => by_measure(function, field),
            [field] => match position(field) {
                Some(at) => left_key[at].cmp(right_key[at]),
                None => std::cmp::Ordering::Equal,
            },
            _ => std::cmp::Ordering::Equal,
        };
        if descending { order.reverse() } else { order }
    });
}
