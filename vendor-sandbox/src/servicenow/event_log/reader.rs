//! Reading the log: a zip or a CSV, kept as one text with the order of its rows.

use std::io::Read;
use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::error::{Result, SandboxError};
use crate::random::stable_id;
use crate::servicenow::query::time_text;

/// Columns by position: `category` and `subcategory` share a header name.
pub(super) mod column {
    pub(in crate::servicenow::event_log) const NUMBER: usize = 0;
    pub(in crate::servicenow::event_log) const STATE: usize = 1;
    pub(in crate::servicenow::event_log) const ACTIVE: usize = 2;
    pub(in crate::servicenow::event_log) const MOD_COUNT: usize = 5;
    pub(in crate::servicenow::event_log) const CALLER: usize = 7;
    pub(in crate::servicenow::event_log) const OPENED_BY: usize = 8;
    pub(in crate::servicenow::event_log) const OPENED_AT: usize = 9;
    pub(in crate::servicenow::event_log) const CREATED_BY: usize = 10;
    pub(in crate::servicenow::event_log) const CREATED_AT: usize = 11;
    pub(in crate::servicenow::event_log) const UPDATED_BY: usize = 12;
    pub(in crate::servicenow::event_log) const UPDATED_AT: usize = 13;
    pub(in crate::servicenow::event_log) const CATEGORY: usize = 16;
    pub(in crate::servicenow::event_log) const SUBCATEGORY: usize = 17;
    pub(in crate::servicenow::event_log) const SYMPTOM: usize = 18;
    pub(in crate::servicenow::event_log) const IMPACT: usize = 20;
    pub(in crate::servicenow::event_log) const URGENCY: usize = 21;
    pub(in crate::servicenow::event_log) const PRIORITY: usize = 22;
    pub(in crate::servicenow::event_log) const GROUP: usize = 23;
    pub(in crate::servicenow::event_log) const ASSIGNEE: usize = 24;
    pub(in crate::servicenow::event_log) const CLOSE_CODE: usize = 32;
    pub(in crate::servicenow::event_log) const RESOLVED_BY: usize = 33;
    pub(in crate::servicenow::event_log) const RESOLVED_AT: usize = 34;
    pub(in crate::servicenow::event_log) const CLOSED_AT: usize = 35;
    pub(in crate::servicenow::event_log) const COUNT: usize = 36;
}

/// Separates values in memory; the log has no control characters.
const SEPARATOR: char = '\u{1f}';

/// The whole log, in the order in which it is applied.
#[derive(Debug)]
pub(crate) struct EventLog {
    text: String,
    /// UNIX seconds and byte range of each row.
    pub(super) rows: Vec<(i64, usize, usize)>,
}

/// `29/2/2016 01:16`, UTC.
pub(super) fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let parsed = NaiveDateTime::parse_from_str(text.trim(), "%d/%m/%Y %H:%M").ok()?;
    Some(parsed.and_utc())
}

impl EventLog {
    /// Reads a `.zip` with one CSV inside, or the CSV itself.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed = |reason: String| SandboxError::EventLog { path: path.to_owned(), reason };
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let csv = if bytes.starts_with(b"PK") { unzip(bytes).map_err(failed)? } else { bytes };
        Self::parse(&csv).map_err(failed)
    }

    /// Parses the CSV.
    pub(crate) fn parse(csv: &[u8]) -> std::result::Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().from_reader(csv);
        let mut text = String::with_capacity(csv.len());
        let mut rows = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| error.to_string())? {
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != column::COUNT {
                let found = record.len();
                return Err(format!("line {line} has {found} columns instead of {}", column::COUNT));
            }
            let updated = record.get(column::UPDATED_AT).unwrap_or_default();
            let at = parse_date(updated)
                .ok_or_else(|| format!("line {line}: sys_updated_at {updated:?} is not d/m/yyyy HH:MM"))?;
            let start = text.len();
            for (index, value) in record.iter().enumerate() {
                if index > 0 {
                    text.push(SEPARATOR);
                }
                // `?` is empty, everywhere.
                text.push_str(if value == "?" { "" } else { value });
            }
            rows.push((at.timestamp(), start, text.len()));
        }
        if rows.is_empty() {
            return Err("it has no rows".to_owned());
        }
        // A stable sort: rows of one minute stay in file order.
        rows.sort_by_key(|(at, _, _)| *at);
        Ok(Self { text, rows })
    }

    /// The moment of the last row.
    pub(crate) fn end(&self) -> DateTime<Utc> {
        let last = self.rows.last().map_or(0, |(at, _, _)| *at);
        DateTime::from_timestamp(last, 0).unwrap_or_default()
    }

    pub(super) fn row(&self, index: usize) -> Option<LogRow<'_>> {
        let (_, start, end) = self.rows.get(index)?;
        Some(LogRow::new(self.text.get(*start..*end)?))
    }
}

fn unzip(bytes: Vec<u8>) -> std::result::Result<Vec<u8>, String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let name = archive
        .file_names()
        .find(|name| name.to_ascii_lowercase().ends_with(".csv"))
        .map(str::to_owned)
        .ok_or("the archive has no .csv file")?;
    let mut file = archive.by_name(&name).map_err(|error| error.to_string())?;
    let mut csv = Vec::new();
    file.read_to_end(&mut csv).map_err(|error| error.to_string())?;
    Ok(csv)
}

pub(super) struct LogRow<'a> {
    values: [&'a str; column::COUNT],
}

impl<'a> LogRow<'a> {
    fn new(text: &'a str) -> Self {
        let mut values = [""; column::COUNT];
        for (place, value) in values.iter_mut().zip(text.split(SEPARATOR)) {
            *place = value;
        }
        Self { values }
    }

    pub(super) fn get(&self, column: usize) -> &'a str {
        self.values[column]
    }

    pub(super) fn time(&self, column: usize) -> String {
        parse_date(self.get(column)).map_or(String::new(), time_text)
    }

    pub(super) fn user(&self, column: usize) -> String {
        match digits(self.get(column)) {
            "" => String::new(),
            number => stable_id("sys_user", &format!("user.{number}")),
        }
    }

    pub(super) fn user_name(&self, column: usize) -> String {
        match digits(self.get(column)) {
            "" => String::new(),
            number => format!("user.{number}"),
        }
    }
}

/// The number in `42` or in `Resolved by 42`: releases of the data set differ in that.
pub(super) fn digits(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}
