//! Encoded queries against the company: wire §2.

use serde_json::json;
use vendor_sandbox::servicenow::Sandbox;

use crate::client::{call, column, get, ids, numbers, query, sandbox};

fn incidents(last: &[u32]) -> Vec<String> {
    last.iter().map(|n| format!("INC00100{n:02}")).collect()
}

/// The operators of wire §2.2 with what they find, derived from the company by hand.
#[tokio::test]
async fn every_operator_finds_what_it_should() {
    let sandbox = sandbox();
    let amara = "Amara Okafor";
    for (text, expected) in [
        ("state=7", vec![1, 8]),
        ("state!=2^active=true", vec![2, 4, 5, 6, 10, 12]),
        ("priority<2", vec![7, 8]),
        ("priority<=2", vec![2, 5, 7, 8]),
        ("priority>4", vec![1]),
        ("priority>=4", vec![1, 3, 10, 12]),
        ("short_descriptionSTARTSWITHVPN", vec![2]),
        ("short_descriptionENDSWITHminutes", vec![2]),
        ("short_description%minutes", vec![2]),
        ("short_descriptionLIKEnothing", vec![9]),
        ("short_description*nothing", vec![9]),
        ("short_descriptionCONTAINSnothing", vec![9]),
        ("short_descriptionLIKENOTHING", vec![]),
        ("descriptionNOT LIKEe", vec![4]),
        ("stateIN6,7", vec![1, 2, 8, 12]),
        ("stateNOT IN1,2,3,6,7", vec![3]),
        ("correlation_idISNOTEMPTY", vec![2, 7]),
        ("correlation_idISEMPTY^state=7", vec![1, 8]),
        ("assigned_toEMPTYSTRING", vec![3, 6, 10]),
        ("assigned_to=", vec![3, 6, 10]),
        ("assigned_to=NULL", vec![3, 6, 10]),
        ("numberANYTHING^state=7", vec![1, 8]),
        ("numberBETWEENINC0010003@INC0010005", vec![3, 4, 5]),
        ("sys_created_onBETWEEN2026-01-12 00:00:00@2026-01-12 23:59:59", vec![4, 5, 6]),
        ("resolved_atSAMEASclosed_at", vec![4, 5, 6, 7, 8, 9, 10, 11]),
        ("resolved_atNSAMEASclosed_at", vec![1, 2, 3, 12]),
        ("closed_atGT_FIELDresolved_at", vec![1]),
        ("closed_atGT_OR_EQUALS_FIELDresolved_at", vec![1, 8]),
        ("resolved_atLT_FIELDclosed_at", vec![1]),
        ("resolved_atLT_OR_EQUALS_FIELDclosed_at", vec![1, 8]),
        ("closed_atMORETHANresolved_at@day@after@1", vec![1]),
        ("closed_atLESSTHANresolved_at@day@after@1", vec![8]),
        ("sys_created_onON2026-01-13@start@end", vec![7, 8]),
        ("sys_updated_onNOTON2026-01-13@start@end^state!=2", vec![1, 2, 3, 10, 12]),
        ("sys_created_onRELATIVEGT@dayofweek@ago@10", vec![12]),
        ("sys_created_onRELATIVELT@dayofweek@ago@24", vec![1, 2]),
        ("sys_created_onDATEPARTFriday@javascript:gs.datePart('dayofweek','friday','EE')", vec![3, 12]),
        ("assigned_toSTARTSWITHAmara", vec![2]),
        ("caller_id.email=greta@boreal.example", vec![2]),
        ("assigned_to.active=false", vec![7]),
        ("assignment_group.parent.name=IT^assignment_group.nameLIKENetwork", vec![2, 5, 7]),
        ("123TEXTQUERY321=printer blank", vec![1]),
    ] {
        assert_eq!(numbers(&sandbox, text).await, incidents(&expected), "{text}");
    }
    let rows = query(&sandbox, "incident", "assigned_to.name=Amara Okafor", "assigned_to.name").await;
    assert_eq!(column(&rows, "assigned_to.name"), [amara]);
}

#[tokio::test]
async fn groups_alternatives_and_order_combine() {
    let sandbox = sandbox();
    assert_eq!(numbers(&sandbox, "priority=1^state=2^ORstate=7^active=false").await, incidents(&[8]));
    // Conditions before ^NQ do not hold after it.
    assert_eq!(numbers(&sandbox, "active=true^priority=1^NQstate=8").await, incidents(&[3, 7]));
    let rows = query(&sandbox, "incident", "ORDERBYpriority^ORDERBYDESCnumber", "number,priority").await;
    let pairs: Vec<(i32, String)> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("priority").parse().unwrap(), text("number"))
        })
        .collect();
    let mut sorted = pairs.clone();
    sorted.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    assert_eq!(pairs, sorted);
    assert_eq!(pairs.len(), 12);
    // A trailing ^EQ, as the interface stores it, means nothing.
    assert_eq!(numbers(&sandbox, "state=8^EQ").await, incidents(&[3]));
}

#[tokio::test]
async fn a_doubled_caret_is_a_caret() {
    let sandbox = sandbox();
    assert_eq!(numbers(&sandbox, "short_descriptionLIKEa^^b").await, incidents(&[9]));
    // Unescaped, the rest is another condition: invalid here, so dropped.
    assert_eq!(numbers(&sandbox, "short_descriptionLIKE\"a^b, c@d").await, incidents(&[9]));
    assert_eq!(numbers(&sandbox, "short_descriptionLIKEb, c@d").await, incidents(&[9]));
}

#[tokio::test]
async fn invalid_parts_are_dropped_and_widen_the_answer() {
    let sandbox = sandbox();
    for text in [
        "nonsense=1",
        "stateFOO1",
        "AAAA=BBBB",
        "caller_id.nonsense=1",
        "sys_updated_on>2026-01-01T00:00:00Z",
        "state=javascript:gs.sleep(5)",
        "stateVALCHANGES",
        "state>x",
    ] {
        assert_eq!(numbers(&sandbox, text).await.len(), 12, "{text}");
        assert_eq!(numbers(&sandbox, &format!("{text}^state=7")).await, incidents(&[1, 8]), "{text}");
    }
    sandbox.control().set_property("glide.invalid_query.returns_no_rows", "true");
    assert_eq!(numbers(&sandbox, "nonsense=1^state=7").await, incidents(&[]));
    assert_eq!(numbers(&sandbox, "state=7").await, incidents(&[1, 8]));
}

#[tokio::test]
async fn scripts_know_the_caller_and_the_users_zone() {
    let sandbox = sandbox();
    let me = query(&sandbox, "sys_user", "user_name=javascript:gs.getUserName()", "user_name").await;
    assert_eq!(me, [json!({"user_name": "admin"})]);
    let me = call(&sandbox, "GET", "/api/now/table/sys_user")
        .user("itil")
        .query(&[("sysparm_query", "sys_id=javascript:gs.getUserID()"), ("sysparm_fields", "user_name")])
        .send()
        .await;
    assert_eq!(me.rows(), [json!({"user_name": "itil"})]);
    // INC0010002 was updated at 12:00:00 UTC. A literal is UTC, dateGenerate is the user's time.
    let literal = "number=INC0010002^sys_updated_on>=2026-01-07 12:00:00";
    let generated = "number=INC0010002^sys_updated_on>=javascript:gs.dateGenerate('2026-01-07','12:00:00')";
    assert_eq!(numbers(&sandbox, literal).await.len(), 1);
    assert_eq!(numbers(&sandbox, generated).await.len(), 1, "admin is on GMT");
    let admin = sandbox.control().find("sys_user", "user_name=admin").unwrap();
    sandbox.control().set_raw("sys_user", &admin[0], json!({"time_zone": "US/Pacific"})).unwrap();
    assert_eq!(numbers(&sandbox, literal).await.len(), 1);
    assert_eq!(numbers(&sandbox, generated).await.len(), 0, "12:00 in Seattle is later");
    let shown = call(&sandbox, "GET", "/api/now/table/incident")
        .query(&[("sysparm_query", literal), ("sysparm_fields", "sys_updated_on"), ("sysparm_display_value", "all")])
        .send()
        .await;
    assert_eq!(
        shown.rows()[0]["sys_updated_on"],
        json!({"display_value": "2026-01-07 04:00:00", "value": "2026-01-07 12:00:00"})
    );
}

#[tokio::test]
async fn hierarchies_related_lists_and_joins() {
    let sandbox = sandbox();
    let groups = sandbox.control().find("sys_user_group", "name=IT").unwrap();
    let below = format!("assignment_groupIN_HIERARCHY{}", groups[0]);
    assert_eq!(numbers(&sandbox, &below).await, incidents(&[1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]));
    // D: c_EncodedQueryStrings, the page's own example turned round: who called, and how urgently.
    let callers = async |text: &str| {
        let mut names = column(&query(&sandbox, "sys_user", text, "user_name").await, "user_name");
        names.sort();
        names
    };
    assert_eq!(callers("^RLQUERYincident.caller_id,>=1,priority=1^ENDRLQUERY").await, ["lena.brandt", "tomas.silva"]);
    assert_eq!(callers("RLQUERYincident.caller_id,>=2^ENDRLQUERY").await, ["alex.kim2", "lena.brandt", "tomas.silva"]);
    assert_eq!(
        callers("RLQUERYincident.caller_id,=0^ENDRLQUERY^sys_class_name=sys_user").await,
        ["admin", "amara.okafor", "itil", "jo.former"]
    );
    assert_eq!(callers("JOINsys_user.sys_id=incident.assigned_to!state=6").await, ["amara.okafor", "lena.brandt"]);
}

/// wire §7: the keyset pattern that readers use, across ties and page borders.
#[tokio::test]
async fn keyset_pages_cover_every_row_once() {
    let sandbox = Sandbox::builder().seed(2).tickets(700).build().unwrap();
    let all: Vec<String> = ids(&sandbox).await.into_values().collect();
    let mut seen = Vec::new();
    let mut last = String::new();
    loop {
        let rows = call(&sandbox, "GET", "/api/now/table/task")
            .query(&[
                ("sysparm_query", &format!("sys_id>{last}^ORDERBYsys_id")),
                ("sysparm_limit", "64"),
                ("sysparm_fields", "sys_id"),
                ("sysparm_no_count", "true"),
            ])
            .send()
            .await
            .rows();
        let Some(end) = rows.last() else { break };
        last = end["sys_id"].as_str().unwrap().to_owned();
        seen.extend(column(&rows, "sys_id"));
    }
    let mut expected = all.clone();
    expected.sort();
    assert_eq!(seen, expected);
    // Delta order with ties broken by sys_id, with the union that a delta page uses.
    let page = async |text: &str| {
        let answer = call(&sandbox, "GET", "/api/now/table/incident")
            .query(&[("sysparm_query", text), ("sysparm_limit", "50"), ("sysparm_fields", "sys_updated_on,sys_id")])
            .send()
            .await;
        let pairs: Vec<(String, String)> = answer
            .rows()
            .iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                (text("sys_updated_on"), text("sys_id"))
            })
            .collect();
        (pairs, answer.header("x-total-count").unwrap().parse::<usize>().unwrap())
    };
    let order = "^ORDERBYsys_updated_on^ORDERBYsys_id";
    let (mut pairs, total) = page(&format!("sys_updated_on>=2020-01-01 00:00:00{order}")).await;
    assert_eq!(total, 712);
    loop {
        let (time, id) = pairs.last().unwrap().clone();
        let text = format!("sys_updated_on>{time}^NQsys_updated_on={time}^sys_id>{id}{order}");
        let (more, left) = page(&text).await;
        assert_eq!(left, total - pairs.len());
        if more.is_empty() {
            break;
        }
        pairs.extend(more);
    }
    let mut sorted = pairs.clone();
    sorted.sort();
    assert_eq!(pairs, sorted);
    assert_eq!(pairs.len(), 712);
    assert_eq!(pairs.iter().collect::<std::collections::HashSet<_>>().len(), 712);
}

/// The index walk and the plain sort must agree, for every order and any window.
#[tokio::test]
async fn offsets_agree_with_the_whole_list() {
    let sandbox = Sandbox::builder().seed(4).tickets(300).build().unwrap();
    for order in [
        "ORDERBYsys_id",
        "ORDERBYDESCsys_id",
        "ORDERBYnumber",
        "ORDERBYsys_updated_on",
        "ORDERBYDESCsys_updated_on",
        "ORDERBYDESCsys_updated_on^ORDERBYDESCsys_id",
        "ORDERBYsys_created_on^ORDERBYDESCsys_id",
        "ORDERBYpriority",
        "ORDERBYassigned_to^ORDERBYnumber",
    ] {
        for filter in ["", "state=7^", "sys_updated_on>=2025-07-01 00:00:00^", "state=7^NQstate=1^"] {
            let text = format!("{filter}{order}");
            let whole = column(&query(&sandbox, "incident", &text, "number").await, "number");
            let mut paged = Vec::new();
            for offset in (0..whole.len()).step_by(41) {
                let answer = call(&sandbox, "GET", "/api/now/table/incident")
                    .query(&[
                        ("sysparm_query", &text),
                        ("sysparm_fields", "number"),
                        ("sysparm_limit", "41"),
                        ("sysparm_offset", &offset.to_string()),
                    ])
                    .send()
                    .await;
                assert_eq!(answer.header("x-total-count").unwrap(), whole.len().to_string());
                paged.extend(column(&answer.rows(), "number"));
            }
            assert_eq!(paged, whole, "{text}");
        }
    }
    let beyond = get(&sandbox, "/api/now/table/incident?sysparm_offset=5000&sysparm_query=ORDERBYnumber").await;
    assert!(beyond.rows().is_empty());
}
