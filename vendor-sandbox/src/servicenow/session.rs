//! Who is calling, and how values are shown to that user.

use chrono::DateTime;
use chrono::Utc;
use chrono_tz::Tz;

use super::query::parse_time;
use super::schema::Schema;
use super::store::Store;

/// The calling user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) user_id: String,
    pub(crate) user_name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) zone: Tz,
    /// chrono's notation of the user's date and time format.
    pub(crate) format: String,
}

impl Session {
    /// The session of an active user; `None` when there is none, or it is locked out (wire §5.1).
    pub(crate) fn open(store: &Store, user_name: &str) -> Option<Self> {
        let schema = Schema::get();
        let users = schema.known("sys_user");
        let columns = schema.table(users);
        let found = store.lookup(users, "user_name", user_name)?;
        let field = |name: &str| columns.column(name).map_or("", |column| found.row.get(column));
        if field("active") != "true" || field("locked_out") == "true" {
            return None;
        }
        let or_property = |value: &str, property: &str| {
            if value.is_empty() { super::properties::get(store, property).to_owned() } else { value.to_owned() }
        };
        let zone = or_property(field("time_zone"), "glide.sys.default.tz");
        let format = format!(
            "{} {}",
            or_property(field("date_format"), "glide.sys.date_format"),
            or_property(field("time_format"), "glide.sys.time_format")
        );
        Some(Self {
            user_id: found.row.get(0).to_owned(),
            user_name: user_name.to_owned(),
            roles: field("roles").split(',').map(str::to_owned).collect(),
            zone: zone.parse().unwrap_or(Tz::UTC),
            format: java_format(&format),
        })
    }

    /// The roles of a user include what `admin` stands for.
    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role || own == "admin")
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.has_role("admin")
    }

    /// A stored time in the user's zone and format (wire §1.3, §2.4).
    pub(crate) fn show_time(&self, stored: &str) -> String {
        match parse_time(stored) {
            Some(time) if self.zone != Tz::UTC || self.format != "%Y-%m-%d %H:%M:%S" => {
                time.and_utc().with_timezone(&self.zone).format(&self.format).to_string()
            }
            _ => stored.to_owned(),
        }
    }

    /// A time as the user would type it, as UTC.
    pub(crate) fn read_time(&self, typed: &str) -> Option<DateTime<Utc>> {
        let local = chrono::NaiveDateTime::parse_from_str(typed, &self.format).ok().or_else(|| parse_time(typed))?;
        let at = chrono::TimeZone::from_local_datetime(&self.zone, &local).earliest()?;
        Some(at.with_timezone(&Utc))
    }

    #[cfg(test)]
    pub(crate) fn for_test(user_name: &str, zone: Tz) -> Self {
        Self {
            user_id: format!("id of {user_name}"),
            user_name: user_name.to_owned(),
            roles: vec![user_name.to_owned()],
            zone,
            format: "%Y-%m-%d %H:%M:%S".to_owned(),
        }
    }
}

/// `dd/MM/yyyy HH:mm:ss` as chrono writes it; unknown letters stay as they are.
fn java_format(format: &str) -> String {
    [("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("hh", "%I"), ("mm", "%M"), ("ss", "%S"), ("a", "%p")]
        .iter()
        .fold(format.to_owned(), |format, (java, chrono)| format.replace(java, chrono))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_and_read_in_the_users_zone_and_format() {
        let mut session = Session::for_test("itil", "US/Pacific".parse().unwrap());
        assert_eq!(session.show_time("2024-06-01 17:11:41"), "2024-06-01 10:11:41");
        session.format = java_format("dd/MM/yyyy hh:mm:ss a");
        assert_eq!(session.show_time("2024-06-01 20:11:41"), "01/06/2024 01:11:41 PM");
        let read = session.read_time("01/06/2024 01:11:41 PM").unwrap();
        assert_eq!(read.to_rfc3339(), "2024-06-01T20:11:41+00:00");
    }
}
