//! Named faults: what a vendor does to its clients on a bad day, on demand and by seed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, Uri};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Result, SandboxError};
use crate::random::{SplitMix, hash_text};

/// What a fault is, for people and for the check of names.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct FaultSpec {
    /// The name used in the control API.
    pub name: &'static str,
    /// What the client gets to see.
    pub summary: &'static str,
    /// What `parameter` means and its default; `None` when the fault takes none.
    pub parameter: Option<&'static str>,
    /// How often it strikes when no count is given; `None` means always.
    pub default_count: Option<u64>,
    /// The requests that it can strike at all.
    #[serde(skip)]
    pub applies: fn(&Method, &str) -> bool,
}

impl FaultSpec {
    /// A fault that strikes always when no count is given.
    pub(crate) const fn new(
        name: &'static str,
        summary: &'static str,
        parameter: Option<&'static str>,
        applies: fn(&Method, &str) -> bool,
    ) -> Self {
        Self { name, summary, parameter, default_count: None, applies }
    }
}

/// A fault switched on: which, how often, and for which requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// One of the known names.
    pub name: String,
    /// Share of matching requests that are struck, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// Strikes left before the fault switches itself off; `None` for no end.
    #[serde(default)]
    pub count: Option<u64>,
    /// Seed of the decision which requests are struck.
    #[serde(default)]
    pub seed: u64,
    /// Only requests whose `path?query` contains this text; `*` stands for anything.
    #[serde(default)]
    pub path: Option<String>,
    /// Only requests of this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Meaning depends on the fault.
    #[serde(default)]
    pub parameter: Value,
    /// Strikes so far; ignored when a fault is set.
    #[serde(default)]
    pub applied: u64,
}

fn always() -> f64 {
    1.0
}

impl Fault {
    /// A fault that strikes every request it can.
    ///
    /// ```
    /// use vendor_sandbox::Fault;
    /// let fault = Fault::new("slow").rate(0.3).seed(7).path("/api/now/table/*").parameter(250);
    /// assert_eq!(fault.rate, 0.3);
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rate: 1.0,
            count: None,
            seed: 0,
            path: None,
            method: None,
            parameter: Value::Null,
            applied: 0,
        }
    }

    /// Strikes only this share of the matching requests, 0 to 1.
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Strikes this many times, then switches itself off.
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Decides by this seed which requests are struck.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Strikes only requests whose `path?query` contains `path`; `*` stands for anything.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Strikes only requests of this method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Sets what the fault's description calls its parameter.
    pub fn parameter(mut self, parameter: impl Into<Value>) -> Self {
        self.parameter = parameter.into();
        self
    }

    fn matches(&self, spec: &FaultSpec, method: &Method, target: &str, path: &str) -> bool {
        (spec.applies)(method, path)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_deref().is_none_or(|pattern| contains_pattern(target, pattern))
    }
}

/// Whether `text` contains the parts of `pattern` between its `*`, in order.
fn contains_pattern(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    for part in pattern.split('*') {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// A fault that strikes the request at hand.
#[derive(Debug, Clone)]
pub struct Strike {
    /// The fault's name.
    pub name: &'static str,
    /// Its parameter, `Null` when none was given.
    pub parameter: Value,
    /// A number drawn for this strike from the fault's seed.
    pub random: u64,
}

impl Strike {
    /// The parameter as a number, or the default.
    pub fn number(&self, default: u64) -> u64 {
        self.parameter.as_u64().unwrap_or(default)
    }

    /// The parameter as text, or the default.
    pub fn text<'a>(&'a self, default: &'a str) -> &'a str {
        self.parameter.as_str().unwrap_or(default)
    }
}

/// All faults that strike one request; empty on a good day.
#[derive(Debug, Clone, Default)]
pub struct Strikes(Vec<Strike>);

impl Strikes {
    /// The strike of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&Strike> {
        self.0.iter().find(|strike| strike.name == name)
    }

    /// Whether the named fault strikes.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|strike| strike.name.to_owned()).collect()
    }
}

/// The faults switched on in one sandbox.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    specs: Vec<FaultSpec>,
    active: Mutex<Vec<Armed>>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    spec: FaultSpec,
    random: SplitMix,
}

impl FaultPlan {
    pub(crate) fn new(shared: &[FaultSpec], vendor: &[FaultSpec]) -> Self {
        Self { specs: shared.iter().chain(vendor).copied().collect(), active: Mutex::new(Vec::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn specs(&self) -> &[FaultSpec] {
        &self.specs
    }

    /// Replaces all faults; nothing changes when one of them is refused.
    pub(crate) fn set(&self, faults: Vec<Fault>) -> Result<()> {
        let armed = faults.into_iter().map(|fault| self.arm(fault)).collect::<Result<Vec<_>>>()?;
        *self.lock() = armed;
        Ok(())
    }

    fn arm(&self, mut fault: Fault) -> Result<Armed> {
        let Some(spec) = self.specs.iter().find(|spec| spec.name == fault.name) else {
            let known: Vec<_> = self.specs.iter().map(|spec| spec.name).collect();
            return Err(SandboxError::UnknownFault { name: fault.name, known: known.join(", ") });
        };
        if !(0.0..=1.0).contains(&fault.rate) {
            return Err(SandboxError::invalid(
                format!("rate of fault `{}`", fault.name),
                format!("{} is not between 0 and 1", fault.rate),
            ));
        }
        fault.count = fault.count.or(spec.default_count);
        fault.applied = 0;
        let random = SplitMix::new(hash_text(fault.seed, &fault.name));
        Ok(Armed { fault, spec: *spec, random })
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.lock().iter().map(|armed| armed.fault.clone()).collect()
    }

    /// Decides which faults strike a request; a matching request always consumes one decision, so
    /// that the n-th matching request has the same fate in every run.
    pub(crate) fn draw(&self, method: &Method, uri: &Uri) -> Strikes {
        let mut active = self.lock();
        if active.is_empty() {
            return Strikes::default();
        }
        let path = uri.path();
        let target = uri.path_and_query().map_or(path, |target| target.as_str());
        let mut strikes = Vec::new();
        for armed in active.iter_mut() {
            if !armed.fault.matches(&armed.spec, method, target, path) || armed.fault.count == Some(0) {
                continue;
            }
            let decision = armed.random.unit();
            let random = armed.random.next();
            if decision < armed.fault.rate {
                armed.fault.count = armed.fault.count.map(|left| left - 1);
                armed.fault.applied += 1;
                strikes.push(Strike { name: armed.spec.name, parameter: armed.fault.parameter.clone(), random });
            }
        }
        Strikes(strikes)
    }
}

/// Reads the body of `PUT /_sandbox/faults`: a list of faults, or an object from name to fault,
/// either bare or under `"faults"`.
pub(crate) fn parse_faults(body: Value) -> Result<Vec<Fault>> {
    let body = match body {
        Value::Object(mut object) if object.contains_key("faults") => object.remove("faults").unwrap_or_default(),
        other => other,
    };
    let entries: Vec<Value> = match body {
        Value::Array(entries) => entries,
        Value::Object(by_name) => by_name.into_iter().map(|(name, settings)| named(name, settings)).collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(SandboxError::invalid("faults", "expected a list such as [{\"name\":\"slow\",\"rate\":0.5}]"));
        }
    };
    entries
        .into_iter()
        .map(|entry| {
            let entry = match entry {
                Value::String(name) => named(name, Value::Null),
                other => other,
            };
            serde_json::from_value(entry).map_err(|error| SandboxError::invalid("faults", error.to_string()))
        })
        .collect()
}

fn named(name: String, settings: Value) -> Value {
    let mut object = match settings {
        Value::Object(object) => object,
        _ => serde_json::Map::new(),
    };
    object.insert("name".to_owned(), Value::String(name));
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SPECS: &[FaultSpec] =
        &[FaultSpec { name: "slow", summary: "", parameter: None, default_count: None, applies: |_, _| true }];

    fn fates(plan: &FaultPlan, n: usize) -> Vec<bool> {
        let uri = Uri::from_static("/api/x?y=1");
        (0..n).map(|_| plan.draw(&Method::GET, &uri).has("slow")).collect()
    }

    #[test]
    fn rate_and_seed_decide_reproducibly() {
        let plan = FaultPlan::new(SPECS, &[]);
        plan.set(vec![Fault::new("slow").rate(0.3).seed(4)]).unwrap();
        let first = fates(&plan, 1000);
        plan.set(vec![Fault::new("slow").rate(0.3).seed(4)]).unwrap();
        assert_eq!(first, fates(&plan, 1000));
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((230..370).contains(&hits), "{hits}");
        plan.set(vec![Fault::new("slow").rate(0.3).seed(5)]).unwrap();
        assert_ne!(first, fates(&plan, 1000));
    }

    #[test]
    fn count_and_path_limit_the_strikes() {
        let plan = FaultPlan::new(SPECS, &[]);
        plan.set(vec![Fault::new("slow").count(2).path("/api/*y=")]).unwrap();
        assert_eq!(fates(&plan, 4), [true, true, false, false]);
        plan.set(vec![Fault::new("slow").path("/other")]).unwrap();
        assert_eq!(fates(&plan, 2), [false, false]);
    }

    #[test]
    fn every_spelling_of_the_body_is_read_and_nonsense_is_refused() {
        for body in [
            json!([{"name": "slow", "rate": 0.5}]),
            json!({"faults": [{"name": "slow", "rate": 0.5}]}),
            json!({"slow": {"rate": 0.5}}),
            json!({"faults": {"slow": {"rate": 0.5}}}),
        ] {
            assert_eq!(parse_faults(body).unwrap(), [Fault::new("slow").rate(0.5)]);
        }
        assert!(parse_faults(json!(3)).is_err());
        assert!(parse_faults(json!([{"name": "slow", "rat": 1}])).is_err());
        let plan = FaultPlan::new(SPECS, &[]);
        let error = plan.set(vec![Fault::new("slwo")]).unwrap_err().to_string();
        assert!(error.contains("known faults: slow"), "{error}");
        assert!(plan.set(vec![Fault::new("slow").rate(1.5)]).is_err());
    }
}
