//! The `javascript:` expressions that inbound queries may use: wire §2.3 (guarded script), §2.4.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::servicenow::session::Session;

/// Format of every stored time: UTC, whole seconds (wire §1.3).
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// A time as stored.
pub(crate) fn time_text(at: DateTime<Utc>) -> String {
    at.format(FORMAT).to_string()
}

/// Reads a stored time, or a date as its first second. ISO 8601 with `T` is not the native format.
pub(crate) fn parse_time(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, FORMAT).ok().or_else(|| {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        date.and_hms_opt(0, 0, 0)
    })
}

/// The first second of a date in a zone, as UTC.
pub(crate) fn user_midnight(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    to_utc(zone, date.and_hms_opt(0, 0, 0).unwrap_or_default())
}

fn to_utc(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local).earliest() {
        Some(at) => at.with_timezone(&Utc),
        // In the hour that the clock skips: read it as if it had not been skipped.
        None => (zone.from_utc_datetime(&local)).with_timezone(&Utc),
    }
}

/// Evaluates the expression after `javascript:`; `None` for anything outside the allow-list.
pub(crate) fn evaluate(expression: &str, session: &Session, now: DateTime<Utc>) -> Option<String> {
    let expression = expression.trim().trim_end_matches(';').trim();
    let call = expression.strip_prefix("gs.")?;
    let (name, rest) = call.split_once('(')?;
    let arguments = arguments(rest.strip_suffix(')')?)?;
    let number = || arguments.first().map_or(Some(0), |text| text.parse::<i64>().ok());
    let zone = session.zone;
    let today = now.with_timezone(&zone).date_naive();
    let at = |at: DateTime<Utc>| Some(time_text(at));
    match name {
        "getUserID" => Some(session.user_id.clone()),
        "getUserName" => Some(session.user_name.clone()),
        "hasRole" => Some(session.has_role(arguments.first()?).to_string()),
        // wire §2.4: in the session's time zone, converted to UTC.
        "dateGenerate" => {
            let date = NaiveDate::parse_from_str(arguments.first()?, "%Y-%m-%d").ok()?;
            let time = match arguments.get(1).map(String::as_str) {
                None | Some("start") => "00:00:00",
                Some("end") => "23:59:59",
                Some(time) => time,
            };
            let time = chrono::NaiveTime::parse_from_str(time, "%H:%M:%S").ok()?;
            at(to_utc(zone, date.and_time(time)))
        }
        "now" => Some(today.to_string()),
        "nowDateTime" => at(now),
        "minutesAgo" | "minutesAgoStart" | "minutesAgoEnd" => at(now - minutes(number()?)?),
        "hoursAgo" | "hoursAgoStart" | "hoursAgoEnd" => at(now - minutes(number()?.checked_mul(60)?)?),
        "daysAgo" => at(now - minutes(number()?.checked_mul(24 * 60)?)?),
        "daysAgoStart" => at(user_midnight(zone, days_from(today, -number()?)?)),
        "daysAgoEnd" => at(last_second(zone, days_from(today, -number()?)?)),
        _ => {
            let (is_end, period) = match name.strip_prefix("beginningOf") {
                Some(period) => (false, period),
                None => (true, name.strip_prefix("endOf")?),
            };
            let (first, after) = period_of(period, today)?;
            at(if is_end { user_midnight(zone, after) - TimeDelta::seconds(1) } else { user_midnight(zone, first) })
        }
    }
}

fn minutes(count: i64) -> Option<TimeDelta> {
    TimeDelta::try_minutes(count)
}

fn days_from(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    date.checked_add_signed(TimeDelta::try_days(days)?)
}

fn last_second(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
    user_midnight(zone, next) - TimeDelta::seconds(1)
}

/// First day of a period, and the first day after it.
fn period_of(name: &str, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let day = |offset| Some((days_from(today, offset)?, days_from(today, offset + 1)?));
    let week = |offset: i64| {
        let monday = days_from(today, -i64::from(today.weekday().num_days_from_monday()))?;
        Some((days_from(monday, offset * 7)?, days_from(monday, offset * 7 + 7)?))
    };
    let months = |start: NaiveDate, offset: i32, length: u32| {
        let shift = |date: NaiveDate, by: i32| match u32::try_from(by) {
            Ok(by) => date.checked_add_months(Months::new(by)),
            Err(_) => date.checked_sub_months(Months::new(by.unsigned_abs())),
        };
        let first = shift(start, offset)?;
        Some((first, first.checked_add_months(Months::new(length))?))
    };
    let month = today.with_day(1)?;
    let quarter = month.checked_sub_months(Months::new(today.month0() % 3))?;
    let year = NaiveDate::from_ymd_opt(today.year(), 1, 1)?;
    match name {
        "Today" => day(0),
        "Yesterday" => day(-1),
        "Tomorrow" => day(1),
        "ThisWeek" => week(0),
        "LastWeek" => week(-1),
        "NextWeek" => week(1),
        "ThisMonth" => months(month, 0, 1),
        "LastMonth" => months(month, -1, 1),
        "NextMonth" => months(month, 1, 1),
        "ThisQuarter" => months(quarter, 0, 3),
        "LastQuarter" => months(quarter, -3, 3),
        "NextQuarter" => months(quarter, 3, 3),
        "ThisYear" => months(year, 0, 12),
        "LastYear" => months(year, -12, 12),
        "NextYear" => months(year, 12, 12),
        _ => None,
    }
}

/// Plain literals only: a nested expression is not on the allow-list.
fn arguments(text: &str) -> Option<Vec<String>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    text.split(',')
        .map(|argument| {
            let argument = argument.trim();
            let quoted = ['\'', '"'].iter().find_map(|quote| argument.strip_prefix(*quote)?.strip_suffix(*quote));
            let literal = quoted.or_else(|| argument.parse::<i64>().is_ok().then_some(argument))?;
            (!literal.contains(['(', ')', '\'', '"'])).then(|| literal.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(expression: &str, zone: &str) -> Option<String> {
        let session = Session::for_test("admin", zone.parse().unwrap());
        // A Thursday.
        evaluate(expression, &session, "2026-02-05T03:30:00Z".parse().unwrap())
    }

    #[test]
    fn date_generate_reads_the_users_zone() {
        // Q:tz: 10:11:41 for a US/Pacific user is 17:11:41 UTC in summer.
        assert_eq!(at("gs.dateGenerate('2024-06-01','10:11:41')", "US/Pacific").unwrap(), "2024-06-01 17:11:41");
        assert_eq!(at("gs.dateGenerate('2024-06-01','10:11:41')", "UTC").unwrap(), "2024-06-01 10:11:41");
    }

    #[test]
    fn day_boundaries_are_the_users() {
        assert_eq!(at("gs.beginningOfToday()", "US/Pacific").unwrap(), "2026-02-04 08:00:00");
        assert_eq!(at("gs.endOfToday()", "UTC").unwrap(), "2026-02-05 23:59:59");
        assert_eq!(at("gs.daysAgoStart(1)", "UTC").unwrap(), "2026-02-04 00:00:00");
        assert_eq!(at("gs.beginningOfThisWeek()", "UTC").unwrap(), "2026-02-02 00:00:00");
        assert_eq!(at("gs.endOfLastMonth()", "UTC").unwrap(), "2026-01-31 23:59:59");
        assert_eq!(at("gs.beginningOfThisQuarter()", "UTC").unwrap(), "2026-01-01 00:00:00");
        assert_eq!(at("gs.hoursAgo(2)", "UTC").unwrap(), "2026-02-05 01:30:00");
    }

    #[test]
    fn anything_else_is_refused() {
        for expression in [
            "gs.sleep(1000)",
            "new GlideRecord('sys_user')",
            "gs.daysAgo(gs.getUserID())",
            "gs.getUserID() + 'x'",
            "current.update()",
        ] {
            assert_eq!(at(expression, "UTC"), None, "{expression}");
        }
    }
}
