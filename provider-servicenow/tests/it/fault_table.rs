//! Line by line: every answer of wire §1.6 and every rule of §7, alone and in a mix that fails 30 % of the requests, through
//! listing, keyset reading, census and writing.

use std::collections::BTreeSet;
use std::sync::Mutex;

use futures::TryStreamExt as _;
use serde_json::{Value, json};
use ticketing_core::model::Kind;
use ticketing_core::request::{ListIds, ListTickets};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::{Audience, RowDenial, Sandbox};

use crate::bed::{Bed, all};
use crate::plays::{Play, READINGS, Stage, WRITINGS};

/// An answer, by the sandbox's name for it; its parameter; and true where it passes: once, it spoils no operation.
type Answer = (&'static str, Option<i64>, bool);

/// Wire §1.6, from top to bottom.
const ANSWERS: &[Answer] = &[
    ("invalid_table_400", None, false),
    ("no_resource_400", None, false),
    ("payload_rejected_400", None, false),
    ("unauthorized", None, false),
    ("mfa_401", None, false),
    ("not_authorized_403", None, false),
    ("write_acl_403", None, false),
    ("data_policy_403", None, false),
    ("business_rule_403", None, false),
    ("forbidden_after_insert", None, true),
    ("no_record_404", None, false),
    ("method_405", None, false),
    ("accept_406", None, false),
    ("content_type_415", None, false),
    ("uri_too_long_414", None, false),
    ("too_many_requests", Some(3), true),
    ("too_many_requests", Some(-5), true),
    ("too_many_requests_bare", None, true),
    ("client_gave_up_499", None, false),
    ("status_500", None, true),
    ("status_502", None, true),
    ("status_503", None, true),
    ("error_with_200", None, true),
    ("partial_result_with_error", None, true),
    ("broken_last_row", None, true),
    ("truncated_json", None, true),
    ("accepted_202", None, true),
    ("hibernating_200", None, true),
    ("login_page_200", None, true),
    ("reset_before_answer", None, true),
    ("reset_mid_body", None, true),
    ("reset_after_write", None, true),
    ("slow", Some(90_000), true),
    ("redirect", None, false),
];

/// Twenty-four incidents and the company's twelve.
fn bed() -> Bed {
    Bed::of(Sandbox::builder().seed(7).tickets(24))
}

/// A connection that has read the catalogue.
async fn stage<'a>(bed: &'a Bed, hidden: BTreeSet<String>, told: String) -> Stage<'a> {
    let client = bed.client();
    all(&client, ListTickets::new().with_page_size(1_000)).await;
    Stage { bed, client, hidden, lasting: Vec::new(), told, errors: Mutex::default() }
}

fn fault((name, parameter, _): Answer) -> Fault {
    Fault::new(name).parameter(parameter.map_or(Value::Null, Value::from)).count(u64::MAX)
}

/// A share of 30 % of the requests, divided among what passes.
fn mix(seed: u64) -> Vec<Fault> {
    let passing: Vec<Answer> = ANSWERS.iter().copied().filter(|(_, _, passes)| *passes).collect();
    let rate = 0.3 / passing.len() as f64;
    passing.into_iter().zip(1..).map(|(answer, nth)| fault(answer).rate(rate).seed(seed * 100 + nth)).collect()
}

async fn each_answer(plays: &[Play]) {
    for play in plays {
        for answer in ANSWERS {
            let (name, parameter, passes) = *answer;
            let mut struck = 0;
            // Once, somewhere.
            for seed in 0..2 {
                let bed = bed();
                let stage = stage(&bed, BTreeSet::new(), format!("{name} {parameter:?} once, {play:?}")).await;
                bed.control.set_faults([fault(*answer).rate(0.4).seed(seed).count(1)]).unwrap();
                let well = stage.play(*play).await;
                struck += bed.control.faults().first().map_or(1, |fault| fault.applied);
                // Without a key, nobody may ask again for what may have happened.
                assert!(well || !passes || *play == Play::BareCreate, "{}: {:?}", stage.told, stage.errors);
            }
            // Whenever it can.
            let bed = bed();
            let stage = stage(&bed, BTreeSet::new(), format!("{name} {parameter:?} always, {play:?}")).await;
            bed.control.set_faults([fault(*answer)]).unwrap();
            let well = stage.play(*play).await;
            assert!(!well || struck == 0 || *play != Play::Listing || name == "slow", "{}: how?", stage.told);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_leaves_a_reading_whole_or_ends_it_in_one_clear_error() {
    each_answer(&READINGS).await;
}

#[tokio::test(start_paused = true)]
async fn each_answer_leaves_one_ticket_and_one_comment() {
    each_answer(&WRITINGS).await;
}

#[tokio::test(start_paused = true)]
async fn a_mix_that_fails_three_of_ten_requests_loses_and_repeats_nothing() {
    for play in READINGS.into_iter().chain(WRITINGS) {
        let mut well = 0;
        for seed in 1..=8 {
            let bed = bed();
            let stage = stage(&bed, BTreeSet::new(), format!("mix {seed}, {play:?}")).await;
            bed.control.set_faults(mix(seed)).unwrap();
            well += usize::from(stage.play(play).await);
        }
        assert!(well >= 4, "{play:?}: {well} of 8 ended well");
    }
}

/// A rule of wire §7: what the instance does, and which incidents that hides.
type Rule = (&'static str, fn(&Bed) -> (BTreeSet<String>, Vec<Fault>));

fn hide(bed: &Bed, ids: Vec<String>, denial: RowDenial) -> (BTreeSet<String>, Vec<Fault>) {
    assert!(!ids.is_empty());
    let query = format!("sys_idIN{}", ids.join(","));
    bed.control.deny_rows("incident", &query, Audience::Everyone, denial).unwrap();
    (ids.into_iter().collect(), Vec::new())
}

/// The ids in the order of numbers, which is that of a listing.
fn in_order(bed: &Bed) -> Vec<String> {
    let rows = bed.control.columns("incident", "", ["number", "sys_id"]).unwrap();
    rows.into_iter().map(|[_, id]| id).collect()
}

fn by_fault(bed: &Bed, name: &str) -> (BTreeSet<String>, Vec<Fault>) {
    let query = "numberENDSWITH3^ORnumberENDSWITH4";
    let hidden = bed.control.find("incident", query).unwrap();
    (hidden.into_iter().collect(), vec![Fault::new(name).path("/table/incident").parameter(json!({ "query": query }))])
}

fn only(fault: Fault) -> (BTreeSet<String>, Vec<Fault>) {
    (BTreeSet::new(), vec![fault])
}

const RULES: &[Rule] = &[
    ("single rows are hidden", |bed| hide(bed, in_order(bed).into_iter().step_by(5).collect(), RowDenial::Hidden)),
    ("single rows are {}", |bed| hide(bed, in_order(bed).into_iter().step_by(5).collect(), RowDenial::Empty)),
    ("a whole page is hidden", |bed| hide(bed, in_order(bed).drain(6..26).collect(), RowDenial::Hidden)),
    ("a whole page is {}", |bed| hide(bed, in_order(bed).drain(6..26).collect(), RowDenial::Empty)),
    ("the last page is hidden", |bed| hide(bed, in_order(bed).split_off(20), RowDenial::Hidden)),
    ("the last page by sys_id is hidden", |bed| {
        hide(bed, bed.control.find("incident", "").unwrap().split_off(20), RowDenial::Hidden)
    }),
    ("everything is hidden", |bed| hide(bed, in_order(bed), RowDenial::Hidden)),
    ("rows are hidden by the fault", |bed| by_fault(bed, "hidden_rows")),
    ("rows are {} by the fault", |bed| by_fault(bed, "empty_rows")),
    ("ties come in any order", |_| only(Fault::new("unordered_shuffle"))),
    ("hundreds of rows in one second", |bed| {
        for nth in 0..200 {
            let title = json!({"short_description": format!("At once {nth}")});
            bed.control.insert("admin", "incident", title).unwrap();
        }
        only(Fault::new("unordered_shuffle"))
    }),
    ("rows come", |_| only(Fault::new("rows_move").parameter("insert").rate(0.5).seed(1))),
    ("rows change", |_| only(Fault::new("rows_move").parameter("update").rate(0.5).seed(2))),
    ("rows go", |_| only(Fault::new("rows_move").parameter("delete").rate(0.5).seed(3))),
    ("rows come, change and go", |_| only(Fault::new("rows_move").rate(0.7).seed(4))),
    ("rows go, and rights come and go", |_| {
        let moves = Fault::new("rows_move").parameter("delete").rate(0.5).seed(3);
        (BTreeSet::new(), vec![moves, Fault::new("not_authorized_403").rate(0.3).seed(6)])
    }),
    ("the count is far too low", |_| only(Fault::new("wrong_total_count").parameter(-1_000))),
    ("the count is one too low", |_| only(Fault::new("wrong_total_count"))),
    ("the count is too high", |_| only(Fault::new("wrong_total_count").parameter(50))),
    ("links lead elsewhere", |_| only(Fault::new("foreign_link_host"))),
    ("the last condition is ignored", |_| only(Fault::new("ignored_query_part"))),
    ("conditions on sys_id are ignored", |_| only(Fault::new("ignored_query_part").parameter("sys_id"))),
    ("conditions on number are ignored", |_| only(Fault::new("ignored_query_part").parameter("number"))),
    ("conditions on times are ignored", |_| only(Fault::new("ignored_query_part").parameter("sys_updated_on"))),
    ("conditions on the key are ignored", |_| only(Fault::new("ignored_query_part").parameter("correlation_display"))),
];

async fn each_rule(plays: &[Play]) {
    for play in plays {
        for (rule, arrange) in RULES {
            for seed in 0..2 {
                let bed = bed();
                let (hidden, faults) = arrange(&bed);
                let told = format!("{rule}, mix {seed}, {play:?}");
                let mut stage = stage(&bed, hidden, told).await;
                if !stage.hidden.is_empty() {
                    stage.lasting.clone_from(&faults);
                }
                let deletes = |fault: &Fault| {
                    fault.name == "rows_move" && !matches!(fault.parameter.as_str(), Some("insert" | "update"))
                };
                if WRITINGS.contains(play) && faults.iter().any(deletes) {
                    // Who deletes the ticket frees its key.
                    continue;
                }
                if *play == Play::Comment && stage.hidden.contains(&bed.incident("VPN drops every")) {
                    // Nobody comments on what nobody sees.
                    bed.control.clear_denials();
                    stage.hidden.clear();
                }
                let mixed = if seed == 0 { Vec::new() } else { mix(seed) };
                bed.control.set_faults(faults.into_iter().chain(mixed)).unwrap();
                stage.play(*play).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_rule_of_reading_loses_and_repeats_nothing() {
    each_rule(&READINGS).await;
}

#[tokio::test(start_paused = true)]
async fn each_rule_leaves_one_ticket_and_one_comment() {
    each_rule(&WRITINGS).await;
}

#[tokio::test(start_paused = true)]
async fn more_than_ten_thousand_rows_come_once_each() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(10_100));
    let client = bed.client();
    for page_size in [4_000, 20_000] {
        let ids = client.ids(ListIds::new(Kind::Ticket).with_page_size(page_size));
        let ids: Vec<String> = ids.try_collect().await.unwrap();
        assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (10_112, 10_112), "pages of {page_size}");
    }
    // The first 10,000 in the order of ids are hidden, which is more than a search looks through at once.
    let mut hidden = bed.control.find("incident", "").unwrap();
    let left = hidden.split_off(10_000);
    let floor = format!("sys_id<{}", left[0]);
    bed.control.deny_rows("incident", &floor, Audience::Everyone, RowDenial::Hidden).unwrap();
    let ids: Vec<String> = client.ids(ListIds::new(Kind::Ticket).with_page_size(500)).try_collect().await.unwrap();
    assert_eq!(ids, left);
}
