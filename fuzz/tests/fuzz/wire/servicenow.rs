//! ServiceNow's answers (`wire/servicenow.md` §1.3, §1.4).

use provider_servicenow::ServiceNowError;
use serde_json::{Map, Value, json};
use ticketing_core::Error;
use ticketing_fuzz::{Forged, ServiceNow, Shape};

use super::{Row, Wire, good, odd, unknown_key};

/// A row as the instance would write it, or nearly.
fn row(shape: &mut Shape<'_>) -> Value {
    let mut row = Map::new();
    for name in ["sys_id", "number", "short_description", "state", "sys_updated_on", "caller_id", "value", "user_name"]
    {
        if shape.one_in(10) {
            continue;
        }
        let value = match (name, shape.below(6)) {
            ("sys_id", 0..=4) => ServiceNow::TICKET.to_owned(),
            ("sys_updated_on", 0..=3) => "2026-01-05 08:00:00".to_owned(),
            _ => shape.text(),
        };
        let cell = match shape.below(8) {
            0 => odd(shape),
            1 => json!(value),
            2 => json!({ "display_value": shape.text(), "link": "https://x.example/y", "value": value }),
            _ => json!({ "display_value": value, "value": value }),
        };
        row.insert(name.to_owned(), cell);
    }
    Value::Object(row)
}

/// A cell as one of the forms that instances write (§1.4), and others that mean the same.
fn cell(value: &str, shape: &mut Shape<'_>) -> Value {
    match shape.below(6) {
        0 => json!(value),
        1 => json!({ "value": value }),
        2 => json!({ "value": value, "display_value": shape.text(), "more": shape.json() }),
        3 => json!({ "display_value": shape.text(), "link": shape.text(), "value": value }),
        _ => json!({ "display_value": value, "value": value }),
    }
}

impl Wire for ServiceNow {
    const TICKET: &'static str = "46d44a40a9fe19810012d100cca80666";
    const TEXT_FIELD: &'static str = "u_symptom";
    const HEADERS: &'static [&'static str] = &["x-total-count", "x-ratelimit-reset", "x-ratelimit-limit"];

    fn is_good(status: u16) -> bool {
        matches!(status, 200 | 201)
    }

    fn body(shape: &mut Shape<'_>) -> Value {
        match shape.below(5) {
            0 => json!({ "result": shape.json() }),
            1 => json!({ "error": shape.json(), "status": "failure" }),
            2 => json!({ "result": row(shape) }),
            _ => {
                let rows = shape.below(4);
                json!({ "result": (0..rows).map(|_| row(shape)).collect::<Vec<_>>() })
            }
        }
    }

    fn listing(shape: &mut Shape<'_>) -> (Vec<Forged>, Vec<Row>) {
        let count = shape.below(12);
        let (mut rows, mut expected) = (Vec::new(), Vec::new());
        for nth in 0..count {
            if shape.one_in(8) {
                // Not for our eyes; it counts, and nothing else (§1.3).
                rows.push(json!({}));
                continue;
            }
            let mut told = Row {
                id: format!("{nth:032x}"),
                key: format!("INC{nth:07}"),
                title: shape.text(),
                status: shape.text(),
                external_id: shape.text(),
                text: shape.text(),
            };
            let mut row = Map::new();
            // Any order of keys, unknown keys between them, and what is not there is not readable.
            for (name, value) in [
                ("u_symptom", &told.text),
                ("sys_id", &told.id),
                ("short_description", &told.title),
                ("correlation_id", &told.external_id),
                ("state", &told.status),
                ("number", &told.key),
            ] {
                if shape.one_in(5) {
                    row.insert(unknown_key(shape), shape.json());
                }
                row.insert(name.to_owned(), cell(value, shape));
            }
            // What may not be read is not there, and has no value from the row before.
            for (name, value) in [("u_symptom", &mut told.text), ("correlation_id", &mut told.external_id)] {
                if shape.one_in(6) {
                    row.remove(name);
                    value.clear();
                }
            }
            rows.push(Value::Object(row));
            expected.push(told);
        }
        // A short page is no proof of the end: what is behind it is asked for, and there is nothing.
        let page = |rows: &[Value]| good(&json!({ "result": rows }), &[("x-total-count", rows.len().to_string())]);
        (vec![page(&rows), page(&[])], expected)
    }

    fn refusal(shape: &mut Shape<'_>) -> (Value, Vec<String>) {
        let mut words = vec![shape.text()];
        words.extend((!shape.one_in(3)).then(|| shape.text()));
        (json!({ "error": { "message": words[0], "detail": words.get(1) }, "status": "failure" }), words)
    }

    fn words(error: &Error) -> Option<Vec<String>> {
        let native = error.native::<ServiceNowError>()?;
        Some([Some(native.message.clone()), native.detail.clone()].into_iter().flatten().collect())
    }
}
