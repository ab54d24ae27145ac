//! The features link exactly the providers they name.

#[test]
fn each_feature_links_its_provider_and_no_other() {
    let mut expected = Vec::new();
    if cfg!(feature = "jira") {
        expected.push("jira");
    }
    if cfg!(feature = "memory") {
        expected.push("memory");
    }
    if cfg!(feature = "servicenow") {
        expected.push("servicenow");
    }
    let registry = ticketing::registry().unwrap();
    let names: Vec<_> = registry.iter().map(|provider| provider.name).collect();
    assert_eq!(names, expected);
}

#[test]
fn each_provider_says_what_it_is_and_how_it_is_configured() {
    for provider in ticketing::registry().unwrap().iter() {
        assert!(!provider.description.is_empty(), "{}", provider.name);
        assert!(!provider.description.contains('\n'), "{}", provider.name);
        let schema = (provider.config_schema)();
        assert!(schema.get("properties").is_some(), "{}: {schema:?}", provider.name);
    }
}

#[test]
fn an_unknown_provider_is_refused_with_the_list_of_those_there_are() {
    let error = ticketing::connect("service-now", serde_json::json!({})).unwrap_err();
    assert_eq!(error.kind(), ticketing::ErrorKind::Config);
    let line = error.to_string();
    assert!(line.contains("`service-now`"), "{line}");
    for provider in ticketing::registry().unwrap().iter() {
        assert!(line.contains(provider.name), "{line}");
    }
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    for provider in ticketing::registry().unwrap().iter() {
        let error = ticketing::connect(provider.name, serde_json::json!({ "no_such_key": 1 })).unwrap_err();
        assert_eq!(error.kind(), ticketing::ErrorKind::Config, "{error}");
        assert_eq!(error.provider(), Some(provider.name), "{error}");
        assert!(error.to_string().contains("no_such_key"), "{error}");
    }
}
