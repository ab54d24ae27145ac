//! What the query builder writes is read by Atlassian's own grammar as it was meant (npm `@atlaskit/jql-parser`), where
//! `JQL_GRAMMAR` names the folder that it is installed in: `tests/grammar/run.sh` does both.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use provider_jira::query::{Clause, Field, Jql, Operator, OrderBy};
use serde_json::Value;

/// A query, and the values in it in their order.
fn clause() -> impl Strategy<Value = (Clause, Vec<String>)> {
    let field = prop_oneof![
        Just(Field::system("project")),
        Just(Field::system("assignee")),
        Just(Field::named("cf[10030]")),
        "[a-zA-Z \"\\\\\\[\\]()]{1,12}".prop_map(|name| Field::named(&name)),
    ];
    // What people type, words of the language among it, and everything else that a string can be.
    let value = prop_oneof![
        "[ -~]{0,20}",
        Just("IT".to_owned()),
        Just("EMPTY".to_owned()),
        Just("currentUser()".to_owned()),
        Just("a\" OR project = \"b".to_owned()),
        Just("\\".to_owned()),
        any::<String>(),
    ];
    let values = proptest::collection::vec(value.clone(), 1..4);
    prop_oneof![
        (field.clone(), value.clone()).prop_map(|(field, value)| (Clause::equals(field, value.clone()), vec![value])),
        (field.clone(), value.clone())
            .prop_map(|(field, value)| (Clause::Term(field, Operator::Contains, value.clone()), vec![value])),
        (field.clone(), value.clone()).prop_map(|(field, value)| (Clause::is_not(field, value.clone()), vec![value])),
        (field.clone(), values).prop_map(|(field, mut values)| {
            values.dedup();
            (Clause::one_of(field, values.clone()), values)
        }),
        field.clone().prop_map(|field| (Clause::is_empty(field), Vec::new())),
        any::<i64>().prop_map(|number| {
            (Clause::Number(Field::system("id"), Operator::Greater, number), vec![number.to_string()])
        }),
    ]
}

#[test]
fn every_query_is_read_as_it_was_meant() {
    let Some(folder) = std::env::var_os("JQL_GRAMMAR") else {
        eprintln!(
            "skipped: JQL_GRAMMAR is not set; provider-jira/tests/grammar/run.sh installs the grammar and sets it"
        );
        return;
    };
    let mut runner = TestRunner::deterministic();
    let queries = proptest::collection::vec(clause(), 1..4);
    let mut asked = Vec::new();
    for _ in 0..2_000 {
        let parts = queries.new_tree(&mut runner).unwrap().current();
        let values: Vec<String> = parts.iter().flat_map(|(_, values)| values.clone()).collect();
        let query = parts.into_iter().fold(Jql::all(), |query, (clause, _)| query.and(clause));
        let order = [
            OrderBy { field: Field::system("updated"), descending: true },
            OrderBy { field: Field::system("id"), descending: false },
        ];
        asked.push((query.encode_ordered(&order), values));
    }
    let lines: String = asked.iter().map(|(query, _)| format!("{}\n", serde_json::to_string(query).unwrap())).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grammar/parse.cjs");
    let mut node =
        Command::new("node").arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), asked.len());
    for ((query, values), answer) in asked.iter().zip(answers) {
        assert_eq!(answer["errors"], serde_json::json!([]), "{query}");
        assert_eq!(answer["values"], serde_json::json!(values), "{query}");
    }
    eprintln!("{} queries were read by Atlassian's grammar as they were meant", asked.len());
}
