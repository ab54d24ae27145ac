//! Values: escaped, and refused where the instance would run them.

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use ticketing_core::{Error, Result};

/// Refuses values that would be run or could not be escaped (`wire/servicenow.md` §2.3): a leading `javascript:` is run by
/// the instance, and no control character survives its way through.
pub(crate) fn check(field: &str, value: &str) -> Result<()> {
    let trimmed = value.trim_start();
    if trimmed.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("javascript:")) {
        return Err(Error::invalid(field, "a value that starts with `javascript:` would be run by the instance")
            .with_hint("search for another text"));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::invalid(field, "the value holds a line break or control character")
            .with_hint("search for a text of one line"));
    }
    Ok(())
}

/// Writes a value; `^` is doubled, which is all the escaping there is (`wire/servicenow.md` §2.3).
pub(crate) fn escape(value: &str, out: &mut String) {
    for c in value.chars() {
        if c == '^' {
            out.push('^');
        }
        out.push(c);
    }
}

/// The instance's form of a moment: UTC without a zone (`wire/servicenow.md` §2.4).
pub(crate) fn literal(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The first whole second that is not before the moment: the instance knows no fractions, so that `>= ceiling(t)` is
/// `>= t`, and `< ceiling(t)` is `< t`.
pub(crate) fn ceiling(at: DateTime<Utc>) -> DateTime<Utc> {
    match at.nanosecond() {
        0 => at,
        _ => at
            .with_nanosecond(0)
            .and_then(|whole| whole.checked_add_signed(chrono::TimeDelta::seconds(1)))
            .unwrap_or(at),
    }
}

/// Reads the instance's form of a moment; `None` where it is none.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    if bytes.len() != 19
        || bytes[4] != b'-'
        || bytes[7] != b'-'
        || bytes[10] != b' '
        || bytes[13] != b':'
        || bytes[16] != b':'
    {
        return NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok().map(|at| at.and_utc());
    }
    let number = |range: std::ops::Range<usize>| {
        bytes
            .get(range)?
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let year = i32::try_from(number(0..4)?).ok()?;
    let date = chrono::NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?;
    Some(date.and_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?)?.and_utc())
}

/// What ids look like: opaque, at most 32 characters, nothing that means something in a path or query
/// (`wire/servicenow.md` §1.3: not always hex, not always lower case).
pub(crate) fn is_sys_id(id: &str) -> bool {
    (1..=32).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !id.starts_with('.')
}

/// What most ids look like.
pub(crate) fn is_guid(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Refuses what cannot be the id of a record.
pub(crate) fn check_sys_id(field: &str, id: &str) -> Result<()> {
    if is_sys_id(id) {
        return Ok(());
    }
    let shown: String = id.chars().take(60).flat_map(char::escape_debug).collect();
    Err(Error::invalid(field, format!("`{shown}` is not the id of a record"))
        .with_hint("pass an id as it was given out: a sys_id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_there_and_back() {
        for text in ["2016-02-29 01:23:00", "1970-01-01 00:00:00", "2026-12-31 23:59:59"] {
            assert_eq!(literal(parse_time(text).unwrap()), text);
        }
        for text in
            ["", "2016-02-30 00:00:00", "2016-02-29", "2016-02-29T01:23:00Z", "29.02.2016 01:23", "2016-02-29 01:23:0x"]
        {
            assert_eq!(parse_time(text), None, "{text}");
        }
        let half = "2026-01-05T08:00:00.5Z".parse().unwrap();
        assert_eq!(literal(ceiling(half)), "2026-01-05 08:00:01");
    }

    #[test]
    fn scripts_and_line_breaks_are_refused() {
        for value in ["javascript:gs.now()", "  JavaScript:x", "a\nb", "a\0"] {
            assert!(check("text", value).is_err(), "{value:?}");
        }
        for value in ["", "a^NQb", "write javascript: here", "50 % \u{1f600}"] {
            assert!(check("text", value).is_ok(), "{value:?}");
        }
    }

    #[test]
    fn ids_are_opaque_and_harmless() {
        for id in ["46d44a40a9fe19810012d100cca80666", "GLIDE.MAINT", "global", "A0B1"] {
            assert!(is_sys_id(id), "{id}");
        }
        for id in
            ["", "../x", "a/b", "a^b", "a b", "a,b", ".hidden", "0123456789012345678901234567890123", "a?b", "%2e"]
        {
            assert!(!is_sys_id(id), "{id}");
        }
    }
}
