//! Which operation of a document a request is, and whether its query is one that the document knows.

use serde_json::Value;

use super::document::resolved;
use super::exception::Found;

/// An operation of the document.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// `/rest/api/3/issue/{issueIdOrKey}`.
    pub(super) template: String,
    /// What the document says of it.
    pub(super) told: Value,
    /// The path's parameters and the operation's own, resolved.
    parameters: Vec<Value>,
}

/// The operation of a method and a path, the most literal where there are several.
pub(super) fn find(document: &Value, method: &str, path: &str) -> Option<Operation> {
    let asked: Vec<&str> = path.split('/').collect();
    let method = method.to_lowercase();
    let mut best: Option<(usize, &String, &Value)> = None;
    for (template, item) in document["paths"].as_object()? {
        let own: Vec<&str> = template.split('/').collect();
        let fits = own.len() == asked.len()
            && own.iter().zip(&asked).all(|(own, asked)| own == asked || (own.starts_with('{') && !asked.is_empty()));
        if !fits || item.get(&method).is_none() {
            continue;
        }
        let open = own.iter().filter(|own| own.starts_with('{')).count();
        if best.is_none_or(|best| open < best.0) {
            best = Some((open, template, item));
        }
    }
    let (_, template, item) = best?;
    let told = item[&method].clone();
    let lists = [item.get("parameters"), told.get("parameters")];
    let parameters = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
    let parameters = parameters.map(|own| resolved(document, own).clone()).collect();
    Some(Operation { template: template.clone(), told, parameters })
}

impl Operation {
    fn within(&self, place: &str) -> impl Iterator<Item = &Value> {
        self.parameters.iter().filter(move |own| own["in"] == *place)
    }

    /// What is wrong with the path's values, each in words.
    pub(super) fn wrong_path(&self, document: &Value, path: &str) -> Vec<(Found, String)> {
        let mut wrong = Vec::new();
        for (own, asked) in self.template.split('/').zip(path.split('/')) {
            let Some(name) = own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) else { continue };
            let schema = self.within("path").find(|own| own["name"] == name).map(|own| &own["schema"]);
            if let Some(what) = schema.and_then(|schema| mistyped(document, schema, asked)) {
                wrong.push((Found::Mistyped, format!("{name}: {what}")));
            }
        }
        wrong
    }

    /// What is wrong with a query: parameters that are unknown, of another type, or missing, each in words.
    pub(super) fn wrong_query(&self, document: &Value, query: &str) -> Vec<(Found, String)> {
        let mut wrong = Vec::new();
        let pairs: Vec<(String, String)> = pairs(query);
        for (name, value) in &pairs {
            // A deep object has its members in brackets: `filter[type]`.
            let whole = self.within("query").find(|own| own["name"] == name.as_str());
            let deep = || {
                let (head, _) = name.split_once('[')?;
                self.within("query").find(|own| own["name"] == head && own["style"] == "deepObject")
            };
            match (whole, deep()) {
                (Some(parameter), _) => {
                    if let Some(what) = mistyped(document, &parameter["schema"], value) {
                        wrong.push((Found::Mistyped, format!("{name}: {what}")));
                    }
                }
                (None, Some(_)) => {}
                (None, None) => {
                    let found = Found::Parameter { name: name.clone() };
                    wrong.push((found, format!("{name}: the document does not have the parameter")));
                }
            }
        }
        for parameter in self.within("query").filter(|own| own["required"] == true) {
            let name = parameter["name"].as_str().unwrap();
            if !pairs.iter().any(|(own, _)| own == name) {
                let found = Found::Missing { name: name.to_owned() };
                wrong.push((found, format!("{name}: the parameter is required")));
            }
        }
        wrong
    }
}

/// The names and values of a query.
fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// Why a value is not of a parameter's type.
fn mistyped(document: &Value, schema: &Value, value: &str) -> Option<String> {
    let schema = resolved(document, schema);
    let is = |kind: &str| match &schema["type"] {
        Value::String(own) => own == kind,
        Value::Array(own) => own.iter().any(|own| own == kind),
        _ => false,
    };
    if is("integer") && value.parse::<i64>().is_err() {
        return Some(format!("{value:?} is no integer"));
    }
    if is("boolean") && !["true", "false"].contains(&value) {
        return Some(format!("{value:?} is no boolean"));
    }
    if is("array") {
        return mistyped(document, &schema["items"], value);
    }
    match schema["enum"].as_array() {
        Some(words) if !words.iter().any(|word| word == value) => Some(format!("{value:?} is none of {words:?}")),
        _ => None,
    }
}
