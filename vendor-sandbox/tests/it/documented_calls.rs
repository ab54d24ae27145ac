//! Every call that the vendor's pages show as a cURL command, sent as it stands there, and its answer held against theirs.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vendor_sandbox::servicenow::Sandbox;

use crate::client::{Answer, call, get, sandbox};
use crate::documented_examples::page;

/// A command of a page, and the answer below it.
#[derive(Debug)]
struct Documented {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    data: Option<String>,
    /// `-F`: parts of a form.
    form: Vec<(String, String)>,
    /// Absent where the answer has no JSON.
    answer: Option<Value>,
}

/// The words of a shell command; quotes are taken off, a backslash at the end of a line joins.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut characters = command.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None | Some('"'), '\\') => match characters.next() {
                Some('\n') | None => {
                    // The pages forget the blank before it now and then.
                    if quote.is_none() && !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                }
                Some(escaped) => word.push(escaped),
            },
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, _) if character.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(character),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn documented(text: &str) -> Vec<Documented> {
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).map(str::trim).collect();
    let answers = blocks.iter().skip(1).map(|block| serde_json::from_str(block).ok()).chain([None]);
    blocks
        .iter()
        .zip(answers)
        .filter(|(block, _)| block.starts_with("curl "))
        .map(|(block, answer)| {
            let mut words = words(block).into_iter().skip(1);
            let url = words.next().unwrap();
            let path = url.split_once("://").unwrap().1;
            let path = path[path.find('/').unwrap()..].to_owned();
            let mut call =
                Documented { method: String::new(), path, headers: Vec::new(), data: None, form: Vec::new(), answer };
            while let Some(option) = words.next() {
                let value = words.next().unwrap_or_else(|| panic!("{option} of {block}"));
                match option.as_str() {
                    "--request" => call.method = value,
                    "--header" => {
                        let (name, value) = value.split_once(':').unwrap();
                        call.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                    }
                    "--data" | "--data-binary" => call.data = Some(value),
                    "-F" => {
                        let (name, value) = value.split_once('=').unwrap();
                        call.form.push((name.to_owned(), value.to_owned()));
                    }
                    "--user" => {}
                    other => panic!("{other} is not understood in {block}"),
                }
            }
            call
        })
        .collect()
}

/// The records that the pages speak of; an attachment's id is the instance's own, so it is exchanged.
async fn world(sandbox: &Sandbox) -> BTreeMap<&'static str, String> {
    for id in [
        "d977b66a4f411200adf9f8e18110c7b2",
        "a9e30c7dc61122760116894de7bcc7bd",
        "ef43c6d40a0a0b5700c77f9bf387afe3",
        "d71f7935c0a8016700802b64c67c11c6",
    ] {
        let made = call(sandbox, "POST", "/api/now/table/incident").json(json!({ "sys_id": id })).send().await;
        assert_eq!(made.result()["sys_id"], id);
    }
    let mut ids = BTreeMap::new();
    for page_id in ["615ea769c0a80166001cf5f2367302f5", "a3af695b0a0006871b657c200acf62e0"] {
        let made = call(
            sandbox,
            "POST",
            "/api/now/attachment/file?table_name=incident&table_sys_id=d71f7935c0a8016700802b64c67c11c6&file_name=a.txt",
        )
        .header("content-type", "text/plain")
        .raw("some text")
        .send()
        .await;
        let own = made.result()["sys_id"].as_str().unwrap().to_owned();
        for (key, value) in [("example_key", "example_value"), ("another_key", "another_value")] {
            let path = format!("/api/now/attachment/{own}/attributes");
            let labelled = call(sandbox, "POST", &path).json(json!({ "key": key, "value": value })).send().await;
            assert_eq!(labelled.status, 200);
        }
        ids.insert(page_id, own);
    }
    let imported = call(sandbox, "POST", "/api/now/import/imp_user")
        .json(json!({"first_name": "John", "last_name": "Public", "user_id": "john.public", "email": "j@company.com"}))
        .send()
        .await;
    assert_eq!(imported.status, 201);
    let staged = get(sandbox, "/api/now/table/imp_user?sysparm_limit=1").await.rows()[0]["sys_id"].clone();
    ids.insert("e2928be64f411200adf9f8e18110c777", staged.as_str().unwrap().to_owned());
    ids
}

async fn send(sandbox: &Sandbox, documented: &Documented) -> Answer {
    let mut call = call(sandbox, &documented.method, &documented.path);
    for (name, value) in &documented.headers {
        call = call.header(name, value);
    }
    if !documented.form.is_empty() {
        // What curl makes of `-F`.
        let mut body = String::new();
        for (name, value) in &documented.form {
            let (file, content) = match value.strip_prefix('@') {
                Some(_) => ("; filename=\"Issue_screenshot.jpg\"\r\nContent-Type: image/jpeg", "the file's bytes"),
                None => ("", value.as_str()),
            };
            body.push_str(&format!(
                "--limit\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
            ));
        }
        body.push_str("--limit--\r\n");
        call = call.header("content-type", "multipart/form-data; boundary=limit").raw(body);
    } else if let Some(data) = &documented.data {
        call = call.raw(data.clone());
    }
    call.send().await
}

/// Every key of their answer is in ours, at any depth but below references; lists hold at least a row of that kind.
fn assert_has(ours: &Value, theirs: &Value, at: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in theirs {
                let own = ours.get(key).unwrap_or_else(|| panic!("{at}.{key} is missing"));
                // What is a reference there may be empty here.
                if !(own == "" && value.is_object()) {
                    assert_has(own, value, &format!("{at}.{key}"));
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            if let Some(row) = theirs.first() {
                assert_has(ours.first().unwrap_or_else(|| panic!("{at} is empty")), row, at);
            }
        }
        (Value::String(_), Value::String(_)) => {}
        // Of a reference that is empty there, we may know more.
        (Value::Object(_), Value::String(theirs)) if theirs.is_empty() => {}
        _ => panic!("{at} is {ours}, and theirs is {theirs}"),
    }
}

/// What the page shows by other means than JSON, and values that have to be theirs.
async fn assert_answers(sandbox: &Sandbox, documented: &Documented, answer: &Answer) {
    let shown = format!("{} {}", documented.method, documented.path);
    let expected = match (documented.method.as_str(), documented.path.contains("/attributes")) {
        ("POST", false) => 201,
        ("DELETE", false) => 204,
        _ => 200,
    };
    assert_eq!(answer.status, expected, "{shown}: {}", answer.text());
    match &documented.answer {
        Some(Value::Object(theirs)) => assert_has(&answer.json(), &json!(theirs), &shown),
        _ => assert!(documented.method != "GET" || !answer.body.is_empty(), "{shown}"),
    }
    match (documented.method.as_str(), &documented.answer) {
        ("PUT" | "PATCH", _) if documented.path.contains("/table/incident/") => {
            let result = answer.result();
            assert_eq!(result["urgency"], "1", "{shown}");
            assert_eq!(result["assigned_to"]["value"], "681b365ec0a80164000fb0b05854a0cd", "{shown}");
            let written =
                get(sandbox, "/api/now/table/sys_journal_field?sysparm_query=ORDERBYDESCsys_created_on").await;
            assert_eq!(written.rows()[0]["value"], "Elevating urgency, this is a blocking issue", "{shown}");
        }
        ("PATCH", _) => {
            let renamed = get(sandbox, &documented.path).await.result();
            assert_eq!(renamed["file_name"], "new_attachment_name", "{shown}");
        }
        ("DELETE", _) => {
            let gone = get(sandbox, &documented.path).await;
            let empty = gone.status == 200 && gone.rows().is_empty();
            assert!(gone.status == 404 || empty, "{shown}: {} after it", gone.status);
        }
        (_, Some(theirs)) if documented.path.contains("/attributes") => {
            assert_eq!(answer.result(), theirs["result"], "{shown}");
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_documented_call_is_answered_as_documented() {
    let mut sent = 0;
    for name in ["c_TableAPI.md", "c_AttachmentAPI.md", "c_AggregateAPI.md", "c_ImportSetAPI.md"] {
        let Some(text) = page(name) else { return };
        for mut documented in documented(&text) {
            if documented.path.contains("u_employee_import_set_table") {
                println!("skipped: {} {}: a table of the page's own instance", documented.method, documented.path);
                continue;
            }
            // Each call finds the records as the page found them.
            let sandbox = sandbox();
            for (theirs, own) in world(&sandbox).await {
                documented.path = documented.path.replace(theirs, &own);
            }
            let answer = send(&sandbox, &documented).await;
            assert_answers(&sandbox, &documented, &answer).await;
            sent += 1;
        }
    }
    assert_eq!(sent, 22, "calls of the pages");
}
