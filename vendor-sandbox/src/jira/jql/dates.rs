//! Dates in queries: minutes, in the caller's zone (wire A5).

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A local time as an instant; one that the clocks skip is an hour later.
fn instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let found = zone.from_local_datetime(&local).earliest();
    found
        .or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
        .map(|at| at.with_timezone(&Utc))
}

/// `-4w 2d`, `30m`, `+1h`: months and years are not among them.
pub(crate) fn period(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut minutes: i64 = 0;
    let mut rest = rest.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        minutes += number
            * match unit {
                'm' => 1,
                'h' => 60,
                'd' => 24 * 60,
                'w' => 7 * 24 * 60,
                _ => return None,
            };
        rest = rest[digits + unit.len_utf8()..].trim_start();
    }
    TimeDelta::try_minutes(sign * minutes)
}

/// A date literal; seconds do not exist (wire A5).
pub(crate) fn literal(text: &str, quoted: bool, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    for format in ["%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
            return instant(local, zone);
        }
    }
    for format in ["%Y-%m-%d", "%Y/%m/%d"] {
        if let Ok(day) = NaiveDate::parse_from_str(text, format) {
            return instant(day.and_time(NaiveTime::MIN), zone);
        }
    }
    let is_number = !quoted && text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    if is_number && let Ok(milliseconds) = text.parse() {
        return DateTime::from_timestamp_millis(milliseconds);
    }
    now.checked_add_signed(period(text)?)
}

/// `startOfDay("-1d")` and its kin.
pub(crate) fn function(name: &str, argument: Option<&str>, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let name = name.to_ascii_lowercase();
    if name == "now" {
        return Some(now);
    }
    let (at_start, unit) = match name.strip_prefix("startof") {
        Some(unit) => (true, unit),
        None => (false, name.strip_prefix("endof")?),
    };
    let (mut days, mut months, mut extra) = (0, 0, TimeDelta::zero());
    if let Some(argument) = argument {
        let plain = argument.trim().parse::<i32>();
        match (plain, unit) {
            (Ok(count), "day") => days = i64::from(count),
            (Ok(count), "week") => days = i64::from(count) * 7,
            (Ok(count), "month") => months = count,
            (Ok(count), "year") => months = count * 12,
            _ => match argument.trim().strip_suffix(['M', 'y']) {
                Some(count) => months = count.parse::<i32>().ok()? * if argument.ends_with('y') { 12 } else { 1 },
                None => extra = period(argument)?,
            },
        }
    }
    let today = (now + extra).with_timezone(&zone).date_naive() + Duration::days(days);
    let first = |year: i32, month0: i32| {
        let (year, month0) = (year + month0.div_euclid(12), month0.rem_euclid(12));
        NaiveDate::from_ymd_opt(year, u32::try_from(month0).ok()? + 1, 1)
    };
    let month0 = i32::try_from(today.month0()).unwrap_or(0);
    let (start, end) = match unit {
        "day" => (today, today + Duration::days(1)),
        "week" => {
            // Weeks begin on Sunday unless the site says otherwise.
            let start = today - Duration::days(today.weekday().num_days_from_sunday().into());
            (start, start + Duration::days(7))
        }
        "month" => (first(today.year(), month0 + months)?, first(today.year(), month0 + months + 1)?),
        "year" => (first(today.year() + months / 12, 0)?, first(today.year() + months / 12 + 1, 0)?),
        _ => return None,
    };
    if at_start {
        return instant(start.and_time(NaiveTime::MIN), zone);
    }
    instant(end.and_time(NaiveTime::MIN), zone).map(|end| end - TimeDelta::milliseconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_in_the_callers_zone() {
        let now: DateTime<Utc> = "2026-02-01T00:00:00Z".parse().unwrap();
        let at = |text: &str, quoted| literal(text, quoted, Tz::Europe__Berlin, now).map(|at| at.to_rfc3339());
        assert_eq!(at("2026-01-05 10:00", true).as_deref(), Some("2026-01-05T09:00:00+00:00"));
        assert_eq!(at("2026/01/05", true).as_deref(), Some("2026-01-04T23:00:00+00:00"));
        assert_eq!(at("-90m", true).as_deref(), Some("2026-01-31T22:30:00+00:00"));
        assert_eq!(at("1767603600000", false).as_deref(), Some("2026-01-05T09:00:00+00:00"));
        assert_eq!(at("2026-01-05 10:00:30", true), None);
        let end = function("endOfDay", Some("-1d"), Tz::UTC, now).unwrap();
        assert_eq!(end.to_rfc3339(), "2026-01-31T23:59:59.999+00:00");
    }
}
