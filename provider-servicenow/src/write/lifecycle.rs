//! Which states lead where, for tables whose instances block jumps (`wire/servicenow.md` §3.4, §3.5).

use std::collections::VecDeque;

/// The states that a record may go to next; `None`: the table blocks nothing.
pub(crate) fn next_states(table: &str, kind: &str, code: &str, state: &str) -> Option<Vec<&'static str>> {
    match table {
        "change_request" => Some(change(kind, state).to_vec()),
        "problem" => Some(problem(code, state)),
        _ => None,
    }
}

/// `wire/servicenow.md` §3.4: normal, standard and emergency changes go different ways; none is cancelled in review.
fn change(kind: &str, state: &str) -> &'static [&'static str] {
    match (kind, state) {
        ("standard", "-5") => &["-2", "4"],
        ("emergency", "-5") => &["-3", "4"],
        (_, "-5") => &["-4", "4"],
        (_, "-4") => &["-3", "-5", "4"],
        (_, "-3") => &["-2", "-5", "4"],
        (_, "-2") => &["-1", "-5", "4"],
        (_, "-1") => &["0", "4"],
        (_, "0") => &["3"],
        _ => &[],
    }
}

/// `wire/servicenow.md` §3.5: one after the other, but for those that end without a fix.
fn problem(code: &str, state: &str) -> Vec<&'static str> {
    let ends = matches!(code, "canceled" | "duplicate" | "risk_accepted");
    let mut next = match state {
        "101" => vec!["102"],
        "102" => vec!["103"],
        "103" => vec!["104"],
        "104" => vec!["106"],
        "106" => vec!["107", "103"],
        "107" => vec!["103"],
        _ => Vec::new(),
    };
    if ends && !matches!(state, "107" | "106") {
        next.push("107");
    }
    next
}

/// The shortest way between two states, the last one included; `None`: there is none.
pub(super) fn path(table: &str, kind: &str, code: &str, from: &str, to: &str) -> Option<Vec<String>> {
    if from == to {
        return Some(Vec::new());
    }
    let Some(first) = next_states(table, kind, code, from) else { return Some(vec![to.to_owned()]) };
    let mut queue: VecDeque<Vec<&'static str>> = first.into_iter().map(|state| vec![state]).collect();
    let mut seen: Vec<&str> = vec![from];
    while let Some(way) = queue.pop_front() {
        let Some(last) = way.last().copied() else { continue };
        if last == to {
            return Some(way.into_iter().map(str::to_owned).collect());
        }
        if seen.contains(&last) {
            continue;
        }
        seen.push(last);
        for next in next_states(table, kind, code, last).unwrap_or_default() {
            let mut longer = way.clone();
            longer.push(next);
            queue.push_back(longer);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_is_taken() {
        let way = |table, kind, code, from, to| path(table, kind, code, from, to).map(|way| way.join(" "));
        assert_eq!(way("incident", "", "", "1", "6").as_deref(), Some("6"));
        assert_eq!(way("change_request", "normal", "", "-5", "3").as_deref(), Some("-4 -3 -2 -1 0 3"));
        assert_eq!(way("change_request", "standard", "", "-5", "-1").as_deref(), Some("-2 -1"));
        assert_eq!(way("change_request", "normal", "", "0", "4"), None);
        assert_eq!(way("problem", "", "fix_applied", "101", "106").as_deref(), Some("102 103 104 106"));
        assert_eq!(way("problem", "", "canceled", "101", "107").as_deref(), Some("107"));
        assert_eq!(way("problem", "", "", "104", "104").as_deref(), Some(""));
    }
}
