//! Moments in queries: whole minutes, read in the time zone of the user's profile (wire A5).

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::{Clause, Field, Operator};

/// The zone that the site reads dates in; `None`: it does not say, and may be any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone(pub(crate) Option<Tz>);

/// How far any zone is from UTC, to either side.
const ANY_ZONE: TimeDelta = TimeDelta::hours(14);
/// Longer than any hour that a clock is put back by.
const LONGEST_FOLD: i64 = 180;

const FORMAT: &str = "%Y-%m-%d %H:%M";

impl Zone {
    /// The latest minute, as the site will read it, that is not after a moment.
    fn floor(self, at: DateTime<Utc>) -> NaiveDateTime {
        let at = readable(at);
        let Some(zone) = self.0 else { return (at - ANY_ZONE).naive_utc() };
        // Where clocks are put back, an hour's minutes come twice; the site takes one of the two, and does not say which.
        let mut minute = at;
        for _ in 0..LONGEST_FOLD {
            let local = minute.with_timezone(&zone).naive_local();
            if let LocalResult::Single(_) = zone.from_local_datetime(&trimmed(local)) {
                return local;
            }
            minute -= TimeDelta::minutes(1);
        }
        (at - ANY_ZONE).naive_utc()
    }

    /// The earliest minute, as the site will read it, that is not before a moment.
    fn ceiling(self, at: DateTime<Utc>) -> NaiveDateTime {
        let at = readable(at);
        let Some(zone) = self.0 else { return (at + ANY_ZONE + TimeDelta::minutes(1)).naive_utc() };
        let mut minute = if at.timestamp_millis() % 60_000 == 0 { at } else { at + TimeDelta::minutes(1) };
        for _ in 0..LONGEST_FOLD {
            let local = minute.with_timezone(&zone).naive_local();
            if let LocalResult::Single(_) = zone.from_local_datetime(&trimmed(local)) {
                return local;
            }
            minute += TimeDelta::minutes(1);
        }
        (at + ANY_ZONE + TimeDelta::minutes(1)).naive_utc()
    }

    /// What changed at a moment or later, and perhaps a little of what changed before.
    pub(crate) fn since(self, field: Field, at: DateTime<Utc>) -> Clause {
        Clause::Term(field, Operator::AtLeast, self.floor(at).format(FORMAT).to_string())
    }

    /// What changed before a moment, and perhaps a little of what changed after.
    pub(crate) fn until(self, field: Field, at: DateTime<Utc>) -> Clause {
        Clause::Term(field, Operator::Less, self.ceiling(at).format(FORMAT).to_string())
    }
}

/// A moment in the years that four digits can write: no issue is older than the first, and none is younger than the last.
fn readable(at: DateTime<Utc>) -> DateTime<Utc> {
    let year = |year| Utc.with_ymd_and_hms(year, 1, 2, 0, 0, 0).single().unwrap_or(at);
    at.clamp(year(1000), year(9999))
}

/// Without seconds, as the site will read it.
fn trimmed(local: NaiveDateTime) -> NaiveDateTime {
    use chrono::Timelike as _;
    local.with_second(0).and_then(|local| local.with_nanosecond(0)).unwrap_or(local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn minutes_are_the_profiles() {
        let berlin = Zone(Some(Tz::Europe__Berlin));
        let day = at("2026-01-05T08:00:30Z");
        let text = |clause| super::super::Jql::all().and(clause).encode();
        assert_eq!(text(berlin.since(Field::system("updated"), day)), "updated >= \"2026-01-05 09:00\"");
        assert_eq!(text(berlin.until(Field::system("updated"), day)), "updated < \"2026-01-05 09:01\"");
        let whole = at("2026-01-05T08:00:00Z");
        assert_eq!(text(berlin.until(Field::system("updated"), whole)), "updated < \"2026-01-05 09:00\"");
        // Nobody says which zone it is: wide enough for all.
        assert_eq!(text(Zone(None).since(Field::system("updated"), whole)), "updated >= \"2026-01-04 18:00\"");
    }

    /// Found by fuzzing: a moment at the end of all days has none beyond it.
    #[test]
    fn the_ends_of_time_are_written_with_four_digits() {
        for zone in [Zone(None), Zone(Some(Tz::Europe__Berlin))] {
            for end in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                for moment in [zone.floor(end), zone.ceiling(end)] {
                    assert_eq!(moment.format(FORMAT).to_string().len(), "2026-01-05 08:00".len(), "{moment}");
                }
            }
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_avoided() {
        // At 01:00 UTC on 25 October, Berlin's clocks go from 03:00 back to 02:00.
        let berlin = Zone(Some(Tz::Europe__Berlin));
        let second = at("2026-10-25T01:30:00Z");
        assert_eq!(berlin.floor(second).to_string(), "2026-10-25 01:59:00");
        assert_eq!(berlin.ceiling(second).to_string(), "2026-10-25 03:00:00");
    }

    proptest! {
        /// Whichever of two hours the site takes, nothing that is asked for is left out.
        #[test]
        fn what_is_asked_for_is_inside(seconds in 1_700_000_000_i64..1_900_000_000, zone in 0_usize..chrono_tz::TZ_VARIANTS.len()) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let moment = DateTime::from_timestamp(seconds, 0).unwrap();
            let parse = |local: NaiveDateTime| zone.from_local_datetime(&trimmed(local));
            let own = Zone(Some(zone));
            prop_assert!(parse(own.floor(moment)).latest().unwrap().with_timezone(&Utc) <= moment);
            prop_assert!(parse(own.ceiling(moment)).earliest().unwrap().with_timezone(&Utc) >= moment);
        }
    }
}
