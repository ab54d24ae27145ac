//! Reaching a status: the state's number, what the instance wants beside it, and the way there.

use std::collections::HashMap;

use ticketing_core::model::StatusCategory;
use ticketing_core::{Error, ErrorKind, Result, StatusSelector};

use super::draft::Draft;
use super::lifecycle::path;
use crate::mapping::default_states;

/// A record as it is now: column to value and label.
pub(crate) type Now = HashMap<String, (String, String)>;

/// The status to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Goal {
    /// The native state.
    pub(super) state: String,
    pub(super) category: StatusCategory,
    /// The states on the way, the last one included; empty where the record is there already.
    pub(super) way: Vec<String>,
}

/// The columns that go with a state (`wire/servicenow.md` §3.2, §3.4, §3.5).
pub(crate) fn needs(table: &str, category: StatusCategory, code: &str) -> Vec<&'static str> {
    let done = matches!(category, StatusCategory::Resolved | StatusCategory::Closed);
    match table {
        "incident" if done => vec!["close_code", "close_notes"],
        "incident" if category == StatusCategory::OnHold => vec!["hold_reason"],
        "change_request" if category == StatusCategory::Closed => vec!["close_code", "close_notes"],
        "change_request" if category == StatusCategory::OnHold => vec!["on_hold_reason"],
        "problem" if category == StatusCategory::Open => Vec::new(),
        "problem" if done => {
            let mut all = vec!["assigned_to", "resolution_code"];
            all.extend_from_slice(match code {
                "fix_applied" => &["cause_notes", "fix_notes"],
                // Yokohama asks for fix_notes too (itsm#448).
                "risk_accepted" => &["cause_notes", "close_notes", "fix_notes"],
                "canceled" => &["close_notes"],
                "duplicate" => &["duplicate_of"],
                _ => &[],
            });
            all
        }
        "problem" => vec!["assigned_to"],
        _ => Vec::new(),
    }
}

impl Draft<'_> {
    /// Puts the status to reach into the draft, with everything that goes with it.
    ///
    /// # Errors
    /// `InvalidRequest`, naming what there is not, or all that is missing; `Conflict` where no way leads there.
    pub(super) fn status(&mut self, wanted: &StatusSelector, reason: Option<&str>, now: &Now) -> Result<Goal> {
        let state = self.state_of(wanted)?;
        let label = self.choices.label_of(self.own.state, &state).map(str::to_owned);
        let table = self.schema.table.clone();
        let mut category = self.mapping.status(&table, &state, label.as_deref());
        let current = |column: &str| now.get(column).map_or("", |(value, _)| value.as_str());
        let mut goal_state = state;
        if self.own.on_hold_flag {
            let hold = matches!(wanted, StatusSelector::Category(StatusCategory::OnHold));
            if hold {
                // On hold is a flag beside the state the change is in (wire §3.4).
                category = StatusCategory::OnHold;
                goal_state = Some(current(self.own.state)).filter(|state| !state.is_empty()).unwrap_or("-5").to_owned();
                self.set("on_hold", "true");
            } else if current("on_hold") == "true" {
                self.set("on_hold", "false");
            }
        }
        if let Some(reason) = reason {
            self.reason(category, reason)?;
        }
        self.close_notes_from_comment(category, now);
        self.complete(category, &goal_state, now)?;
        let code = self.own.close_code.map_or("", |column| self.get(column).unwrap_or(current(column))).to_owned();
        let from = current(self.own.state);
        let way = if from.is_empty() {
            vec![goal_state.clone()]
        } else {
            path(&table, current("type"), &code, from, &goal_state).ok_or_else(|| {
                Error::new(
                    ErrorKind::Conflict,
                    format!("`{table}` does not lead from {} to {}", self.told(from), self.told(&goal_state)),
                )
                .with_field("status")
                .with_hint("list the transitions that the ticket can make now")
            })?
        };
        Ok(Goal { state: goal_state, category, way })
    }

    /// The native state that a selector means in this table.
    fn state_of(&self, wanted: &StatusSelector) -> Result<String> {
        let table = self.schema.table.as_str();
        let choices = self.choices.of(self.own.state);
        let category = match wanted {
            StatusSelector::Native(native) => {
                return match self.choices.value_of(self.own.state, native) {
                    Some(value) => Ok(value.to_owned()),
                    None if choices.is_empty() && default_states(table).any(|(id, _)| id == native) => {
                        Ok(native.clone())
                    }
                    None => Err(Error::invalid("status", format!("there is no status `{}`", native.escape_debug()))
                        .with_hint(format!("there are: {}", self.states()))),
                };
            }
            StatusSelector::Category(category) => *category,
            other => return Err(Error::invalid("status", format!("the selector `{other}` is not known here"))),
        };
        // `resolved` and `closed` stand in for each other where a table has only one of them.
        let stand_in = match category {
            StatusCategory::Resolved => Some(StatusCategory::Closed),
            StatusCategory::Closed => Some(StatusCategory::Resolved),
            StatusCategory::OnHold if self.own.on_hold_flag => Some(StatusCategory::Open),
            _ => None,
        };
        for category in std::iter::once(category).chain(stand_in) {
            if let Some(state) = self.state_for(category) {
                return Ok(state);
            }
        }
        Err(Error::new(ErrorKind::InvalidRequest, format!("no status of `{table}` stands for `{category}`"))
            .with_field("status")
            .with_hint(format!("there are: {}; or map one in the connection's `mapping`", self.states())))
    }

    /// The first state that stands for a category: a documented one before one of the instance's own.
    fn state_for(&self, category: StatusCategory) -> Option<String> {
        let table = self.schema.table.as_str();
        let choices = self.choices.of(self.own.state);
        let offered = |id: &str| choices.is_empty() || choices.iter().any(|choice| choice.value == id && choice.active);
        let is = |id: &str| self.mapping.status(table, id, self.choices.label_of(self.own.state, id)) == category;
        let documented = default_states(table).map(|(id, _)| id).find(|id| offered(id) && is(id));
        let own =
            || choices.iter().filter(|choice| choice.active).map(|choice| choice.value.as_str()).find(|id| is(id));
        documented.or_else(own).map(str::to_owned)
    }

    fn states(&self) -> String {
        let told = self.choices.told(self.own.state);
        if !told.is_empty() {
            return told;
        }
        default_states(&self.schema.table)
            .map(|(id, category)| format!("{id} ({category})"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn told(&self, state: &str) -> String {
        match self.choices.label_of(self.own.state, state) {
            Some(label) => format!("`{label}`"),
            None => format!("`{state}`"),
        }
    }

    /// The reason, in the column that the status has for it.
    pub(super) fn reason(&mut self, category: StatusCategory, reason: &str) -> Result<()> {
        let column = match category {
            StatusCategory::OnHold => self.own.hold_reason,
            StatusCategory::Resolved | StatusCategory::Closed | StatusCategory::Cancelled => self.own.close_code,
            _ => None,
        };
        let Some(column) = column else {
            return Err(Error::invalid(
                "reason",
                format!("the status `{category}` of `{}` takes no reason", self.schema.table),
            )
            .with_hint("leave it out"));
        };
        let value = self.chosen("reason", column, reason.to_owned())?;
        self.set(column, value);
        Ok(())
    }

    /// What a ticket was closed with, in words, may be the comment that rides along; an internal one is not shown to the
    /// requester, so the close code's label stands for it.
    fn close_notes_from_comment(&mut self, category: StatusCategory, now: &Now) {
        let column = self.own.close_notes;
        let code = self.own.close_code.and_then(|code| self.get(code).map(str::to_owned)).unwrap_or_default();
        let wanted = needs(&self.schema.table, category, &code).contains(&column);
        let there = self.get(column).is_some() || now.get(column).is_some_and(|(value, _)| !value.is_empty());
        if !wanted || there {
            return;
        }
        let label =
            self.own.close_code.and_then(|column| self.choices.label_of(column, &code)).unwrap_or(&code).to_owned();
        let text = match &self.comment {
            Some(("comments", text)) => text.clone(),
            Some(_) if !label.is_empty() => label,
            _ => return,
        };
        self.set(column, text);
    }

    /// Refuses where something is missing, naming all of it.
    fn complete(&self, category: StatusCategory, state: &str, now: &Now) -> Result<()> {
        let value = |column: &str| {
            self.get(column).unwrap_or_else(|| now.get(column).map_or("", |(value, _)| value.as_str())).to_owned()
        };
        let code = self.own.close_code.map_or(String::new(), value);
        let missing: Vec<&str> =
            needs(&self.schema.table, category, &code).into_iter().filter(|column| value(column).is_empty()).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let is_reason = |column: &str| Some(column) == self.own.close_code || Some(column) == self.own.hold_reason;
        let mut hints = vec![format!("give {} under `fields`", missing.join(" and "))];
        for column in &missing {
            let told = self.choices.told(column);
            if is_reason(column) {
                hints.push(match told.is_empty() {
                    true => format!("`{column}` also as the reason"),
                    false => format!("`{column}` also as the reason, one of: {told}"),
                });
            }
        }
        let names: Vec<_> = missing.iter().map(|column| format!("`{column}`")).collect();
        Err(Error::invalid(
            *first,
            format!("the status {} of `{}` needs {}", self.told(state), self.schema.table, names.join(", ")),
        )
        .with_hint(hints.join("; ")))
    }
}
