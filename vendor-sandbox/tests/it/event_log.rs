//! The real event log against an independent reading of its CSV, where `INCIDENT_EVENT_LOG` is set.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write as _};

use serde_json::Value;
use sha2::{Digest, Sha256};
use vendor_sandbox::servicenow::Sandbox;

use crate::client::{call, column, get};

/// Made-up rows in the log's form: a minute with two updates, a missing creation, an odd state, a
/// row out of order in the file, and one incident that goes through every state.
const SMALL: &str = "\
number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,category,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at
0000001,New,true,0,0,0,true,7,8,1/3/2016 09:00,6,1/3/2016 09:05,6,1/3/2016 09:05,Phone,143,55,170,72,?,2,2,3,56,?,true,false,Do Not Notify,?,?,?,?,5,149,2/3/2016 11:29,5/3/2016 12:00
0000001,Closed,false,0,0,3,true,7,8,1/3/2016 09:00,6,1/3/2016 09:05,6,5/3/2016 12:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,2/3/2016 11:29,5/3/2016 12:00
0000001,Awaiting Evidence,true,0,0,1,true,7,8,1/3/2016 09:00,6,1/3/2016 09:05,6,2/3/2016 10:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,2/3/2016 11:29,5/3/2016 12:00
0000001,Resolved,true,0,0,2,true,7,8,1/3/2016 09:00,6,1/3/2016 09:05,6,2/3/2016 10:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,2/3/2016 11:29,5/3/2016 12:00
0000002,-100,true,0,0,0,true,?,?,3/3/2016 01:00,?,?,4,3/3/2016 02:00,?,?,?,?,?,cmdb_ci 3,3 - Low,3 - Low,4 - Low,?,?,false,false,Send Email,12,0000404,8s,?,?,?,?,9/3/2016 12:00
0000003,New,true,0,0,0,true,7,8,6/3/2016 00:30,6,6/3/2016 00:30,6,6/3/2016 01:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,7/3/2016 11:29,9/3/2016 12:00
0000003,Active,true,0,0,1,true,7,8,6/3/2016 00:30,6,6/3/2016 00:30,6,6/3/2016 02:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,7/3/2016 11:29,9/3/2016 12:00
0000003,Awaiting User Info,true,0,0,2,true,7,8,6/3/2016 00:30,6,6/3/2016 00:30,6,6/3/2016 03:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,7/3/2016 11:29,9/3/2016 12:00
0000003,Awaiting Evidence,true,0,0,3,true,7,8,6/3/2016 00:30,6,6/3/2016 00:30,6,6/3/2016 04:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,7/3/2016 11:29,9/3/2016 12:00
0000003,Awaiting Problem,true,0,0,4,true,7,8,6/3/2016 00:30,6,6/3/2016 00:30,6,6/3/2016 05:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,7/3/2016 11:29,9/3/2016 12:00
0000003,Awaiting Vendor,true,0,0,5,true,7,8,6/3/2016 00:30,6,6/3/2016 00:30,6,6/3/2016 06:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,7/3/2016 11:29,9/3/2016 12:00
0000003,Resolved,true,0,0,6,true,7,8,6/3/2016 00:30,6,6/3/2016 00:30,6,6/3/2016 07:00,Phone,143,55,170,72,?,2,2,3,56,9,true,false,Do Not Notify,?,?,?,?,5,149,7/3/2016 11:29,9/3/2016 12:00
";

fn small() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    std::fs::write(&path, SMALL).unwrap();
    (folder, path)
}

async fn incident(sandbox: &Sandbox, number: &str, display: &str) -> Option<Value> {
    let rows = call(sandbox, "GET", "/api/now/table/incident")
        .query(&[
            ("sysparm_query", &format!("number={number}")),
            ("sysparm_exclude_reference_link", "true"),
            ("sysparm_display_value", display),
        ])
        .send()
        .await
        .rows();
    rows.first().cloned()
}

fn id(table: &str, key: &str) -> String {
    hex::encode(Sha256::digest(format!("{table}:{key}")))[..32].to_owned()
}

#[tokio::test]
async fn a_log_is_loaded_as_of_a_moment_and_replayed_from_there() {
    let (_folder, path) = small();
    let sandbox = Sandbox::builder().event_log(&path).as_of("2016-03-01T10:00:00Z".parse().unwrap()).build().unwrap();
    let control = sandbox.control();
    let first = incident(&sandbox, "INC0000001", "false").await.unwrap();
    for (field, value) in [
        ("state", "1"),
        ("short_description", "Category 55, symptom 72"),
        ("sys_created_on", "2016-03-01 09:05:00"),
        ("opened_at", "2016-03-01 09:00:00"),
        ("sys_mod_count", "0"),
        ("assigned_to", ""),
        ("resolved_at", ""),
        ("close_code", ""),
        ("closed_at", ""),
        ("category", "55"),
        ("subcategory", "170"),
        ("u_symptom", "72"),
        ("location", "143"),
        ("sys_updated_by", "user.6"),
        ("knowledge", "true"),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(first["sys_id"], id("incident", "INC0000001"));
    assert_eq!(first["caller_id"], id("sys_user", "user.7"));
    assert_eq!(first["assignment_group"], id("sys_user_group", "Group 56"));
    assert!(incident(&sandbox, "INC0000002", "false").await.is_none());
    let shown = incident(&sandbox, "INC0000001", "true").await.unwrap();
    assert_eq!(
        (&shown["u_symptom"], &shown["caller_id"], &shown["assignment_group"]),
        (&"Symptom 72".into(), &"User 7".into(), &"Group 56".into())
    );
    assert_eq!(shown["state"], "New");
    // Both rows of 10:00 are applied, in file order; the clock at 10:00:00 includes them.
    assert_eq!(control.set_clock("2016-03-02T09:59:59Z".parse().unwrap()).unwrap(), 0);
    assert_eq!(control.advance(1).unwrap(), 2);
    let resolved = incident(&sandbox, "INC0000001", "false").await.unwrap();
    for (field, value) in [
        ("state", "6"),
        ("hold_reason", ""),
        ("resolved_at", "2016-03-02 11:29:00"),
        ("close_code", "5"),
        ("closed_at", ""),
        ("sys_mod_count", "2"),
        ("sys_updated_on", "2016-03-02 10:00:00"),
    ] {
        assert_eq!(resolved[field], value, "{field}");
    }
    assert_eq!(resolved["resolved_by"], id("sys_user", "user.149"));
    // Over HTTP too, and to the end.
    let moved =
        call(&sandbox, "POST", "/_sandbox/clock").json(serde_json::json!({"to": "2016-03-05T12:00:00Z"})).send().await;
    assert_eq!(moved.json()["replayed"], 2);
    let odd = incident(&sandbox, "INC0000002", "all").await.unwrap();
    for (field, value, shown) in [
        ("state", "-100", "-100"),
        ("short_description", "Category ?, symptom ?", "Category ?, symptom ?"),
        ("sys_created_on", "2016-03-03 01:00:00", "2016-03-03 01:00:00"),
        ("sys_created_by", "", ""),
        ("impact", "3", "3 - Low"),
        ("priority", "4", "4 - Low"),
        ("caller_id", "", ""),
        ("cmdb_ci", "cmdb_ci 3", "cmdb_ci 3"),
        ("problem_id", "12", ""),
        ("rfc", "0000404", ""),
        ("vendor", "8s", "8s"),
        ("notify", "Send Email", "Send Email"),
        ("close_code", "", ""),
    ] {
        assert_eq!((&odd[field]["value"], &odd[field]["display_value"]), (&value.into(), &shown.into()), "{field}");
    }
    let closed = incident(&sandbox, "INC0000001", "false").await.unwrap();
    assert_eq!((&closed["state"], &closed["active"]), (&"7".into(), &"false".into()));
    assert_eq!(closed["closed_at"], "2016-03-05 12:00:00");
    // The default moment is the end of the log.
    let end = Sandbox::builder().event_log(&path).build().unwrap();
    assert_eq!(end.control().state().clock, "2016-03-06T07:00:00Z");
    // Admin and itil, and users 4, 6, 7, 8, 9 and 149.
    assert_eq!(end.control().state().counts["sys_user"], 8);
}

/// The whole table of states, each at a moment when it is the one that holds.
#[tokio::test]
async fn every_state_of_the_log_has_its_code_and_hold_reason() {
    let (_folder, path) = small();
    let start = "2016-03-06T00:59:00Z".parse().unwrap();
    let sandbox = Sandbox::builder().event_log(&path).as_of(start).build().unwrap();
    assert!(incident(&sandbox, "INC0000003", "false").await.is_none());
    sandbox.control().advance(60).unwrap();
    for (state, reason, shown) in [
        ("1", "", ""),
        ("2", "", ""),
        ("3", "1", "Awaiting Caller"),
        ("3", "5", "Awaiting Change"),
        ("3", "3", "Awaiting Problem"),
        ("3", "4", "Awaiting Vendor"),
        ("6", "", ""),
    ] {
        let row = incident(&sandbox, "INC0000003", "all").await.unwrap();
        assert_eq!(row["state"]["value"], state);
        assert_eq!(row["incident_state"]["value"], state);
        assert_eq!(
            (&row["hold_reason"]["value"], &row["hold_reason"]["display_value"]),
            (&reason.into(), &shown.into())
        );
        sandbox.control().advance(3600).unwrap();
    }
}

#[tokio::test]
async fn clients_live_with_the_replay() {
    let (_folder, path) = small();
    let sandbox = Sandbox::builder().event_log(&path).as_of("2016-03-01T10:00:00Z".parse().unwrap()).build().unwrap();
    let control = sandbox.control();
    let first = id("incident", "INC0000001");
    control.update("itil", "incident", &first, serde_json::json!({"description": "ours", "state": "2"})).unwrap();
    let created = control.insert("itil", "incident", serde_json::json!({})).unwrap();
    control.advance(86_400).unwrap();
    let row = control.row("incident", &first).unwrap().unwrap();
    assert_eq!(row["state"], "6", "the log knows the state");
    assert_eq!(row["description"], "ours", "and nothing of descriptions");
    control.delete("admin", "incident", &first).unwrap();
    control.advance(10 * 86_400).unwrap();
    assert!(control.row("incident", &first).unwrap().is_none(), "deleted stays deleted");
    assert!(control.row("incident", &created).unwrap().is_some());
    control.reset().unwrap();
    assert_eq!(control.state().counts["incident"], 1);
}

#[test]
fn a_bad_log_is_refused_with_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    let refuse = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Sandbox::builder().event_log(&path).build().unwrap_err().to_string()
    };
    assert!(refuse("a,b\n1,2\n").contains("line 2 has 2 columns instead of 36"));
    assert!(refuse(&SMALL.replace("2/3/2016 10:00", "2016-03-02")).contains("line 4"));
    assert!(refuse("").contains("no rows"));
    assert!(refuse("PK not a zip").contains("cannot read the event log"));
}

/// What the CSV says about every incident at a moment, read without the sandbox's loader.
mod truth {
    use super::*;

    pub(super) type Row = Vec<String>;

    /// `29/2/2016 01:16` as `2016-02-29 01:16:00`.
    pub(super) fn time(text: &str) -> String {
        if text == "?" {
            return String::new();
        }
        let (date, time) = text.split_once(' ').unwrap();
        let parts: Vec<u32> = date.split('/').map(|part| part.parse().unwrap()).collect();
        format!("{:04}-{:02}-{:02} {time}:00", parts[2], parts[1], parts[0])
    }

    pub(super) fn rows() -> Option<(String, Vec<Row>)> {
        let Some(path) = std::env::var_os("INCIDENT_EVENT_LOG") else {
            // Past the capture of test output: what is not tested must be seen.
            let _ = writeln!(std::io::stderr(), "\nskipped: INCIDENT_EVENT_LOG is not set");
            return None;
        };
        let path = path.into_string().unwrap();
        let mut csv = String::new();
        if path.ends_with(".zip") {
            let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
            archive.by_index(0).unwrap().read_to_string(&mut csv).unwrap();
        } else {
            csv = std::fs::read_to_string(&path).unwrap();
        }
        assert!(!csv.contains('"'), "nothing is quoted");
        let rows = csv.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect());
        Some((path, rows.collect()))
    }

    /// The last applied row of every incident.
    pub(super) fn at(rows: &[Row], moment: &str) -> BTreeMap<String, Row> {
        let mut due: Vec<(String, usize)> = rows
            .iter()
            .enumerate()
            .map(|(index, row)| (time(&row[13]), index))
            .filter(|(at, _)| at.as_str() <= moment)
            .collect();
        due.sort();
        due.into_iter().map(|(_, index)| (format!("INC{}", rows[index][0]), rows[index].clone())).collect()
    }
}

fn expected(row: &[String]) -> BTreeMap<&'static str, String> {
    let plain = |index: usize| row[index].replace('?', "");
    let user = |index: usize| match row[index].as_str() {
        "?" => String::new(),
        number => id("sys_user", &format!("user.{number}")),
    };
    let (state, reason) = match row[1].as_str() {
        "New" => ("1", ""),
        "Active" => ("2", ""),
        "Awaiting User Info" => ("3", "1"),
        "Awaiting Problem" => ("3", "3"),
        "Awaiting Vendor" => ("3", "4"),
        "Awaiting Evidence" => ("3", "5"),
        "Resolved" => ("6", ""),
        "Closed" => ("7", ""),
        "-100" => ("-100", ""),
        other => panic!("{other}"),
    };
    let if_done = |value: String| if matches!(state, "6" | "7") { value } else { String::new() };
    let created = match row[11].as_str() {
        "?" => truth::time(&row[9]),
        created => truth::time(created),
    };
    BTreeMap::from([
        ("state", state.to_owned()),
        ("hold_reason", reason.to_owned()),
        ("active", plain(2)),
        ("reassignment_count", plain(3)),
        ("reopen_count", plain(4)),
        ("sys_mod_count", plain(5)),
        ("made_sla", plain(6)),
        ("caller_id", user(7)),
        ("opened_by", user(8)),
        ("opened_at", truth::time(&row[9])),
        ("sys_created_on", created),
        ("sys_updated_on", truth::time(&row[13])),
        ("contact_type", plain(14)),
        ("location", plain(15)),
        ("category", plain(16)),
        ("subcategory", plain(17)),
        ("u_symptom", plain(18)),
        ("cmdb_ci", plain(19)),
        ("impact", plain(20)),
        ("urgency", plain(21)),
        ("priority", plain(22)),
        (
            "assignment_group",
            match row[23].as_str() {
                "?" => String::new(),
                number => id("sys_user_group", &format!("Group {number}")),
            },
        ),
        ("assigned_to", user(24)),
        ("problem_id", plain(28)),
        ("close_code", if_done(plain(32))),
        ("resolved_by", if_done(user(33))),
        ("resolved_at", if_done(truth::time(&row[34]))),
        ("closed_at", if state == "7" { truth::time(&row[35]) } else { String::new() }),
    ])
}

async fn assert_matches(sandbox: &Sandbox, rows: &[truth::Row], moment: &str) {
    let truth = truth::at(rows, moment);
    let mut seen = BTreeSet::new();
    let mut last = String::new();
    let fields: Vec<_> = expected(&rows[0]).into_keys().chain(["sys_id", "number"]).collect();
    let fields = fields.join(",");
    loop {
        let page = call(sandbox, "GET", "/api/now/table/incident")
            .query(&[
                ("sysparm_query", &format!("sys_id>{last}^ORDERBYsys_id")),
                ("sysparm_exclude_reference_link", "true"),
                ("sysparm_fields", &fields),
                ("sysparm_no_count", "true"),
                ("sysparm_limit", "5000"),
            ])
            .send()
            .await
            .rows();
        let Some(end) = page.last() else { break };
        last = end["sys_id"].as_str().unwrap().to_owned();
        for row in &page {
            let number = row["number"].as_str().unwrap();
            assert!(seen.insert(number.to_owned()), "{number} twice");
            let expected = expected(truth.get(number).unwrap_or_else(|| panic!("{number} is not due")));
            for (field, value) in &expected {
                assert_eq!(row[*field], **value, "{number}.{field} at {moment}");
            }
            assert_eq!(row["sys_id"], id("incident", number));
        }
    }
    assert_eq!(seen.len(), truth.len(), "{moment}");
}

#[tokio::test]
async fn the_real_log_is_served_as_it_was_at_five_moments() {
    let Some((path, rows)) = truth::rows() else { return };
    let moments = [
        "2016-03-10 12:00:00",
        "2016-03-10 12:01:00",
        "2016-04-30 23:59:59",
        "2016-06-15 08:00:00",
        "2017-02-18 15:00:00",
    ];
    let parse = |moment: &str| format!("{}Z", moment.replace(' ', "T")).parse().unwrap();
    let sandbox = Sandbox::builder().event_log(&path).as_of(parse(moments[0])).build().unwrap();
    for moment in moments {
        sandbox.control().set_clock(parse(moment)).unwrap();
        assert_matches(&sandbox, &rows, moment).await;
    }
    assert_eq!(sandbox.control().state().counts["incident"], 24_918);
    // Loading at a moment and replaying up to it come to the same.
    let direct = Sandbox::builder().event_log(&path).as_of(parse(moments[2])).build().unwrap();
    assert_matches(&direct, &rows, moments[2]).await;
    let users =
        get(&direct, "/api/now/table/sys_user?sysparm_fields=user_name&sysparm_query=user_nameSTARTSWITHuser.").await;
    let names: BTreeSet<_> = column(&users.rows(), "user_name").into_iter().collect();
    let mut people = BTreeSet::new();
    for row in &rows {
        for index in [7, 8, 10, 12, 24, 33] {
            if row[index] != "?" {
                people.insert(format!("user.{}", row[index]));
            }
        }
    }
    assert_eq!(names, people);
}
