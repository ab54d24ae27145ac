//! A wrong configuration is one clear error that names the key, the cause and the way out.

use serde_json::{Value, json};
use ticketing_core::{Error, ErrorKind, Registry};

use crate::harness::{Harness, Setup};
use crate::verdict::{names, not_offered, ok, one_line, refused};

fn registry(setup: &Setup) -> Registry {
    let mut registry = Registry::new();
    ok(registry.register(setup.registration), "registering the provider");
    registry
}

fn setup(h: &dyn Harness) -> Option<Setup> {
    let setup = h.setup();
    if setup.is_none() {
        not_offered("setup");
    }
    setup
}

fn build(setup: &Setup, config: Value) -> Result<(), Error> {
    registry(setup).build(setup.registration.name, config, &setup.context).map(drop)
}

/// Every place in a configuration, as the keys that lead there.
fn places(config: &Value) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    if let Value::Object(object) = config {
        for (key, value) in object {
            out.push(vec![key.clone()]);
            for mut deeper in places(value) {
                deeper.insert(0, key.clone());
                out.push(deeper);
            }
        }
    }
    out
}

fn at<'a>(config: &'a mut Value, place: &[String]) -> &'a mut Value {
    place.iter().fold(config, |value, key| &mut value[key.as_str()])
}

#[track_caller]
fn says_no_secret(h: &dyn Harness, error: &Error) {
    let shown = format!("{error} {error:?}");
    for secret in h.secrets() {
        assert!(!shown.contains(&secret), "the error shows a secret");
    }
}

/// The configuration that works, works, and the registry finds the provider by name and aliases.
pub async fn a_good_configuration_is_built(h: &dyn Harness) {
    let Some(setup) = setup(h) else { return };
    ok(build(&setup, setup.config.clone()), "building from a good configuration");
    let registry = registry(&setup);
    for name in std::iter::once(&setup.registration.name).chain(setup.registration.aliases) {
        ok(registry.get(name).map(drop), &format!("the provider by the name `{name}`"));
    }
    let built = ok(registry.build(setup.registration.name, setup.config, &setup.context), "building");
    assert_eq!(built.info(), h.provider().info(), "the same configuration is the same account");
}

/// A key that nobody knows is refused by its name, with the keys there are, at every depth.
pub async fn an_unknown_key_is_refused_by_name(h: &dyn Harness) {
    let Some(setup) = setup(h) else { return };
    let mut objects: Vec<Vec<String>> = vec![Vec::new()];
    objects.extend(places(&setup.config).into_iter().filter(|place| {
        let mut config = setup.config.clone();
        let free = ["mapping", "status", "priority", "type"];
        at(&mut config, place).is_object() && !place.iter().any(|key| free.contains(&key.as_str()))
    }));
    for place in objects {
        let mut config = setup.config.clone();
        at(&mut config, &place)["no_such_key"] = json!(1);
        let error = refused(build(&setup, config), &[ErrorKind::Config], &format!("an unknown key in {place:?}"));
        names(&error, &["no_such_key"], "the key that nobody knows");
        let known: Vec<String> = match at(&mut setup.config.clone(), &place) {
            Value::Object(object) => object.keys().cloned().collect(),
            _ => Vec::new(),
        };
        let known: Vec<&str> = known.iter().map(String::as_str).filter(|key| *key != "type").collect();
        names(&error, &known, "the keys there are");
        says_no_secret(h, &error);
    }
}

/// A value of a wrong type is refused, naming its key.
pub async fn a_wrong_type_is_refused_by_key(h: &dyn Harness) {
    let Some(setup) = setup(h) else { return };
    for place in places(&setup.config) {
        for wrong in [json!(7), json!([[]]), json!({ "x": 1 }), json!(true)] {
            let mut config = setup.config.clone();
            if std::mem::discriminant(at(&mut config, &place)) == std::mem::discriminant(&wrong) {
                continue;
            }
            *at(&mut config, &place) = wrong.clone();
            let call = format!("{wrong} at {}", place.join("."));
            let error = refused(build(&setup, config), &[ErrorKind::Config], &call);
            names(&error, &[place.last().unwrap()], "the key with the wrong value");
            says_no_secret(h, &error);
        }
    }
}

/// A key left out is refused by its name, or has a default; an empty text is never taken.
pub async fn a_missing_or_empty_value_is_refused_by_key(h: &dyn Harness) {
    let Some(setup) = setup(h) else { return };
    for place in places(&setup.config) {
        let (last, above) = place.split_last().unwrap();
        let mut config = setup.config.clone();
        at(&mut config, above).as_object_mut().unwrap().remove(last);
        if let Err(error) = build(&setup, config) {
            let error = refused(Err::<(), _>(error), &[ErrorKind::Config], &format!("without {}", place.join(".")));
            names(&error, &[last], "the key that is missing");
            says_no_secret(h, &error);
        }
        let mut config = setup.config.clone();
        if at(&mut config, &place).is_string() {
            *at(&mut config, &place) = json!("");
            let call = format!("an empty {}", place.join("."));
            let error = refused(build(&setup, config), &[ErrorKind::Config], &call);
            names(&error, &[last], "the key with the empty value");
        }
    }
}

/// What is no configuration at all is refused, in one line.
pub async fn nonsense_is_refused(h: &dyn Harness) {
    let Some(setup) = setup(h) else { return };
    for nonsense in [json!(null), json!("x"), json!([]), json!(7), json!([{ "a": 1 }])] {
        let call = format!("the configuration {nonsense}");
        let error = refused(build(&setup, nonsense), &[ErrorKind::Config], &call);
        one_line(&error);
    }
}

/// The schema names every key of the configuration that works, and takes no other.
pub async fn the_schema_names_every_key(h: &dyn Harness) {
    let Some(setup) = setup(h) else { return };
    let schema = serde_json::to_value((setup.registration.config_schema)()).unwrap();
    let known = schema["properties"].as_object().expect("a configuration's schema has properties");
    for key in setup.config.as_object().unwrap().keys() {
        assert!(known.contains_key(key), "the schema does not name the key `{key}`");
    }
    assert_eq!(schema["additionalProperties"], json!(false), "unknown keys are refused, and the schema must say so");
    for secret in h.secrets() {
        assert!(!schema.to_string().contains(&secret));
    }
}
