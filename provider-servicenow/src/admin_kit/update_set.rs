//! Update sets as XML, in the form of a real export (`wire/servicenow.md` §8.3).

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// One record of an update set.
pub(super) struct Record {
    /// Its table: `sys_script`.
    pub(super) table: &'static str,
    /// What the platform calls the kind of record: `Business Rule`.
    pub(super) kind: &'static str,
    /// What people see in the set.
    pub(super) title: String,
    /// Its id: the same each time, so that a second import is an update.
    pub(super) sys_id: String,
    /// Its columns.
    pub(super) columns: Vec<(&'static str, String)>,
}

/// An id that is always the same for the same words.
pub(super) fn stable_id(words: &str) -> String {
    hex(&Sha256::digest(format!("ticketing admin kit\0{words}").as_bytes())[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A text between tags. Control characters have no place in XML 1.0 at all.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A script, as the platform exports it; the end of the section inside of it is cut in two.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

fn element(name: &str, text: &str) -> String {
    match (text, name) {
        ("", _) => format!("<{name}/>"),
        (text, "script") => format!("<{name}>{}</{name}>", cdata(text)),
        (text, _) => format!("<{name}>{}</{name}>", escaped(text)),
    }
}

impl Record {
    /// The record as the set's payload holds it.
    fn payload(&self, at: &str) -> String {
        let table = self.table;
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><record_update sys_domain=\"global\" table=\"{table}\"><{table} action=\"INSERT_OR_UPDATE\">"
        );
        for (name, value) in &self.columns {
            out.push_str(&element(name, value));
        }
        let update_name = format!("{table}_{}", self.sys_id);
        for (name, value) in [
            ("sys_class_name", table),
            ("sys_created_by", "ticketing"),
            ("sys_created_on", at),
            ("sys_id", &self.sys_id),
            ("sys_mod_count", "0"),
            ("sys_name", &self.title),
            ("sys_policy", ""),
            ("sys_scope", "global"),
            ("sys_update_name", &update_name),
            ("sys_updated_by", "ticketing"),
            ("sys_updated_on", at),
        ] {
            out.push_str(&element(name, value));
        }
        let _ = write!(out, "</{table}></record_update>");
        out
    }
}

/// An update set of these records: load it by Retrieved Update Sets → Import Update Set from XML → Preview → Commit.
pub(super) fn update_set(name: &str, description: &str, records: &[Record], now: DateTime<Utc>) -> String {
    let at = now.format("%Y-%m-%d %H:%M:%S").to_string();
    let set = stable_id(&format!("set {name}"));
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<unload unload_date=\"{at}\">\n");
    out.push_str("<sys_remote_update_set action=\"INSERT_OR_UPDATE\">\n");
    out.push_str("<application display_value=\"Global\">global</application>\n");
    for (column, value) in [
        ("application_name", "Global"),
        ("application_scope", "global"),
        ("application_version", ""),
        ("collisions", ""),
        ("commit_date", ""),
        ("deleted", ""),
        ("description", description),
        ("inserted", ""),
        ("name", name),
        ("origin_sys_id", ""),
        ("parent", ""),
        ("release_date", ""),
        ("remote_base_update_set", ""),
        ("remote_parent_id", ""),
        ("remote_sys_id", &set),
        ("state", "loaded"),
        ("summary", ""),
        ("sys_class_name", "sys_remote_update_set"),
        ("sys_created_by", "ticketing"),
        ("sys_created_on", &at),
        ("sys_id", &set),
        ("sys_mod_count", "0"),
        ("sys_updated_by", "ticketing"),
        ("sys_updated_on", &at),
        ("update_set", ""),
        ("update_source", ""),
        ("updated", ""),
    ] {
        let _ = writeln!(out, "{}", element(column, value));
    }
    out.push_str("</sys_remote_update_set>\n");
    for record in records {
        let update_name = format!("{}_{}", record.table, record.sys_id);
        let own = stable_id(&format!("update {update_name}"));
        let guid = stable_id(&format!("guid {update_name}"));
        out.push_str("<sys_update_xml action=\"INSERT_OR_UPDATE\">\n");
        for (column, value) in [
            ("action", "INSERT_OR_UPDATE"),
            ("application", "global"),
            ("category", "customer"),
            ("comments", ""),
            ("name", &update_name),
            ("payload", &record.payload(&at)),
            ("payload_hash", ""),
        ] {
            let _ = writeln!(out, "{}", element(column, value));
        }
        let _ = writeln!(out, "<remote_update_set display_value=\"{}\">{set}</remote_update_set>", escaped(name));
        for (column, value) in [
            ("replace_on_upgrade", "false"),
            ("sys_created_by", "ticketing"),
            ("sys_created_on", &at),
            ("sys_id", &own),
            ("sys_mod_count", "0"),
            ("sys_recorded_at", ""),
            ("sys_updated_by", "ticketing"),
            ("sys_updated_on", &at),
            ("table", ""),
            ("target_name", &record.title),
            ("type", record.kind),
            ("update_domain", "global"),
            ("update_guid", &guid),
            ("update_guid_history", &guid),
            ("update_set", ""),
            ("view", ""),
        ] {
            let _ = writeln!(out, "{}", element(column, value));
        }
        out.push_str("</sys_update_xml>\n");
    }
    out.push_str("</unload>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        assert_eq!(element("name", "a < b & \"c\" > d"), "<name>a &lt; b &amp; &quot;c&quot; &gt; d</name>");
        assert_eq!(
            element("script", "if (a[b[0]]>1) {}"),
            "<script><![CDATA[if (a[b[0]]]]><![CDATA[>1) {}]]></script>"
        );
        assert_eq!(element("name", "a\u{0}b\u{1b}"), "<name>a\u{fffd}b\u{fffd}</name>");
        assert_eq!(stable_id("x"), stable_id("x"));
        assert_eq!(stable_id("x").len(), 32);
    }
}
