//! Whether an exchange is what a vendor's document says.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::Value;

use super::Vendor;
use super::document::{nullable, read, resolved, validator};
use super::exception::{Exception, Found, Seen};
use super::operations::{self, Operation};
use super::unknown_keys::unknown_keys;

/// A request and what came of it.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// The media type of the request's body, where it has one.
    pub(crate) content_type: Option<&'a str>,
    /// The request's body, where it is at hand.
    pub(crate) body: Option<&'a [u8]>,
    /// Status and body of the answer, where it shall be looked at.
    pub(crate) answer: Option<(u16, &'a [u8])>,
}

impl Exchange<'_> {
    /// The exchange in a number: worlds that begin alike say much twice.
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.method, self.path, self.query, self.content_type, self.body, self.answer).hash(&mut hasher);
        hasher.finish()
    }
}

/// A vendor's document, with its exceptions and those that were needed so far.
pub(crate) struct Judge {
    vendor: &'static Vendor,
    document: Value,
    used: Mutex<BTreeSet<usize>>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
    operations: Mutex<HashMap<String, Option<Arc<Operation>>>>,
    /// The exchanges that were found right.
    right: Mutex<HashSet<u64>>,
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judge").field("document", &self.vendor.file).finish_non_exhaustive()
    }
}

impl Judge {
    pub(super) fn new(vendor: &'static Vendor) -> Option<Self> {
        let mut document = read(vendor.file)?;
        (vendor.more)(&mut document);
        nullable(&mut document);
        Some(Self {
            vendor,
            document,
            used: Mutex::default(),
            validators: Mutex::default(),
            operations: Mutex::default(),
            right: Mutex::default(),
        })
    }

    /// What is wrong with an exchange, exceptions aside: each line names the operation and the place.
    pub(crate) fn wrong(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let digest = exchange.digest();
        if lock(&self.right).contains(&digest) {
            return Vec::new();
        }
        let wrong = self.look(exchange);
        if wrong.is_empty() {
            lock(&self.right).insert(digest);
        }
        wrong
    }

    fn look(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let path = (self.vendor.path)(exchange.path);
        let Some(operation) = self.operation(exchange.method, &path) else {
            let named = format!("{} {path}", exchange.method);
            return match self.excused(&named, &Found::Operation) {
                true => Vec::new(),
                false => vec![format!("{named}: the document does not have the operation")],
            };
        };
        let mut case =
            Case { judge: self, named: format!("{} {}", exchange.method, operation.template), wrong: vec![] };
        let parameters = operation.wrong_path(&self.document, &path);
        for (found, what) in parameters.into_iter().chain(operation.wrong_query(&self.document, exchange.query)) {
            case.report(&found, || format!("parameter {what}"));
        }
        self.request(&mut case, &operation, exchange);
        if let Some((status, body)) = exchange.answer {
            self.answer(&mut case, &operation, status, body);
        }
        case.wrong
    }

    /// The exceptions that nobody has needed so far, of those that are seen there.
    pub(crate) fn unused(&self, seen: Seen) -> Vec<&'static Exception> {
        let used = lock(&self.used);
        let all = self.exceptions();
        all.filter(|(nth, own)| own.seen == seen && !used.contains(nth)).map(|(_, own)| own).collect()
    }

    fn exceptions(&self) -> impl Iterator<Item = (usize, &'static Exception)> {
        self.vendor.exceptions.iter().copied().flatten().enumerate()
    }

    fn operation(&self, method: &str, path: &str) -> Option<Arc<Operation>> {
        let mut known = lock(&self.operations);
        let find = || operations::find(&self.document, method, path).map(Arc::new);
        known.entry(format!("{method} {path}")).or_insert_with(find).clone()
    }

    /// All exceptions that fit are needed: which one came first says nothing.
    fn excused(&self, operation: &str, found: &Found) -> bool {
        let fitting: Vec<usize> =
            self.exceptions().filter(|(_, own)| own.excuses(operation, found)).map(|(nth, _)| nth).collect();
        lock(&self.used).extend(&fitting);
        !fitting.is_empty()
    }

    fn request(&self, case: &mut Case<'_>, operation: &Operation, exchange: &Exchange<'_>) {
        let told = resolved(&self.document, &operation.told["requestBody"]);
        let Some(kind) = exchange.content_type else {
            if told["required"] == true {
                case.report(&Found::Body, || "the request has no body".to_owned());
            }
            return;
        };
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let content = &told["content"];
        if content.get(kind).or_else(|| content.get("*/*")).is_none() {
            let what = || format!("request: the document has no body of {kind}");
            case.report(&Found::Body, what);
            return;
        }
        let body = exchange.body.filter(|_| kind == "application/json").map(serde_json::from_slice::<Value>);
        let (Some(body), Some(schema)) = (body, content[kind].get("schema")) else { return };
        let Ok(body) = &body else {
            case.report(&Found::Mistyped, || "request: the body is no JSON".to_owned());
            return;
        };
        for place in unknown_keys(&self.document, schema, body) {
            let found = Found::RequestKey { place: place.clone() };
            case.report(&found, || format!("request at {place}: the document does not have the key"));
        }
        let validator = self.validator(&format!("{} request", case.named), schema);
        for error in validator.iter_errors(body) {
            // Those are named above.
            if !matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. }) {
                case.judge_error(&error, "request", &|place, _| Found::Request { place });
            }
        }
    }

    fn answer(&self, case: &mut Case<'_>, operation: &Operation, status: u16, body: &[u8]) {
        let told = resolved(&self.document, &operation.told["responses"][status.to_string()]);
        if told.is_null() {
            case.report(&Found::Status(status), || format!("{status}: the document does not have the status"));
        }
        let refusal = (self.vendor.refusal)();
        let schema = match told["content"]["application/json"].get("schema") {
            Some(schema) => schema,
            // Where the document gives a refusal no body, it is the one that it gives the others.
            None if status >= 400 => &refusal,
            None => return,
        };
        // The document has a schema of anything where the vendor sends nothing.
        let body = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
        let Ok(body) = &body else {
            case.report(&Found::Mistyped, || format!("{status}: the answer is no JSON"));
            return;
        };
        let validator = self.validator(&format!("{} {status}", case.named), schema);
        for error in validator.iter_errors(body) {
            let told = status.to_string();
            case.judge_error(&error, &told, &|place, is_null| Found::Answer { place, is_null });
        }
    }

    fn validator(&self, name: &str, schema: &Value) -> Arc<Validator> {
        let mut known = lock(&self.validators);
        if let Some(validator) = known.get(name) {
            return Arc::clone(validator);
        }
        let made = Arc::new(validator(&self.document, schema));
        known.insert(name.to_owned(), Arc::clone(&made));
        made
    }
}

/// One exchange while it is looked at.
struct Case<'a> {
    judge: &'a Judge,
    named: String,
    wrong: Vec<String>,
}

impl Case<'_> {
    fn report(&mut self, found: &Found, what: impl FnOnce() -> String) {
        if !self.judge.excused(&self.named, found) {
            self.wrong.push(format!("{}: {}", self.named, what()));
        }
    }

    fn judge_error(&mut self, error: &ValidationError<'_>, part: &str, found: &dyn Fn(String, bool) -> Found) {
        if !self.excuses(error, found) {
            let place = error.instance_path().to_string();
            self.wrong.push(format!("{}: {part} at {place}: {:.300}", self.named, error.to_string()));
        }
    }

    /// Alternatives hide which member it was: one of them must be excused in all that it finds wrong.
    fn excuses(&self, error: &ValidationError<'_>, found: &dyn Fn(String, bool) -> Found) -> bool {
        if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } = error.kind()
            && context.iter().any(|errors| !errors.is_empty() && errors.iter().all(|own| self.excuses(own, found)))
        {
            return true;
        }
        let place = error.instance_path().to_string();
        self.judge.excused(&self.named, &found(place, error.instance().is_null()))
    }
}

/// A case that went wrong spoils nothing for the others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
