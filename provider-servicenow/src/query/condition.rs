//! One condition: field, operator, value.

use ticketing_core::{Error, Result};

use super::name::FieldName;
use super::value;

macro_rules! operators {
    ($( $(#[$doc:meta])* $variant:ident = $text:literal; )*) => {
        /// An operator of the encoded form (`wire/servicenow.md` §2.2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operator { $( $(#[$doc])* $variant, )* }

        impl Operator {
            /// Every operator.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The operator as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }
    };
}

operators! {
    /// The same.
    Equals = "=";
    /// Not the same; true of empty fields too.
    NotEquals = "!=";
    /// Less.
    Less = "<";
    /// Greater.
    Greater = ">";
    /// Less or the same.
    AtMost = "<=";
    /// Greater or the same.
    AtLeast = ">=";
    /// Begins with; a reference by its display value.
    StartsWith = "STARTSWITH";
    /// Ends with.
    EndsWith = "ENDSWITH";
    /// Contains.
    Contains = "LIKE";
    /// Does not contain.
    NotContains = "NOT LIKE";
    /// One of a list.
    In = "IN";
    /// None of a list.
    NotIn = "NOT IN";
    /// Has no value.
    IsEmpty = "ISEMPTY";
    /// Has a value.
    IsNotEmpty = "ISNOTEMPTY";
    /// Is the empty string, and not null.
    EmptyString = "EMPTYSTRING";
    /// Anything at all.
    Anything = "ANYTHING";
    /// Between two values, both included.
    Between = "BETWEEN";
    /// The same as another field.
    SameAs = "SAMEAS";
    /// Not the same as another field.
    NotSameAs = "NSAMEAS";
    /// Greater than another field.
    GreaterThanField = "GT_FIELD";
    /// Less than another field.
    LessThanField = "LT_FIELD";
    /// Greater than another field, or the same.
    AtLeastField = "GT_OR_EQUALS_FIELD";
    /// Less than another field, or the same.
    AtMostField = "LT_OR_EQUALS_FIELD";
    /// One of the instance's dynamic filters, by id.
    Dynamic = "DYNAMIC";
    /// The record or one below it.
    InHierarchy = "IN_HIERARCHY";
    /// On a day.
    On = "ON";
    /// Not on a day.
    NotOn = "NOTON";
    /// Later than so long ago, or ahead.
    RelativeAfter = "RELATIVEGT";
    /// Earlier than so long ago, or ahead.
    RelativeBefore = "RELATIVELT";
    /// Further than so much from another field's time.
    MoreThan = "MORETHAN";
    /// Nearer than so much to another field's time.
    LessThan = "LESSTHAN";
    /// A part of a time: weekday, month, year, hour.
    DatePart = "DATEPART";
}

/// A unit of relative times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Quarters.
    Quarter,
    /// Years.
    Year,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

/// One condition, whose value cannot be anything but a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub(super) field: FieldName,
    pub(super) operator: Operator,
    pub(super) operand: Operand,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    None,
    One(String),
    Many(Vec<String>),
    Range(String, String),
    Field(FieldName),
    /// Text that this crate made itself and that is not to be escaped.
    Fixed(String),
    /// Another field, and how far from it.
    Distance(FieldName, String),
}

macro_rules! with_value {
    ($( $(#[$doc:meta])* $name:ident = $operator:ident; )*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// `InvalidRequest`, naming the field, where the value would be run or cannot be escaped.
        pub fn $name(field: FieldName, value: impl Into<String>) -> Result<Self> {
            Self::with_value(field, Operator::$operator, value.into())
        }
    )* };
}

macro_rules! with_field {
    ($( $(#[$doc:meta])* $name:ident = $operator:ident; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(field: FieldName, other: FieldName) -> Self {
            Self { field, operator: Operator::$operator, operand: Operand::Field(other) }
        }
    )* };
}

macro_rules! without_value {
    ($( $(#[$doc:meta])* $name:ident = $operator:ident; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(field: FieldName) -> Self {
            Self { field, operator: Operator::$operator, operand: Operand::None }
        }
    )* };
}

impl Condition {
    with_value! {
        /// The same.
        equals = Equals;
        /// Not the same; true of empty fields too.
        not_equals = NotEquals;
        /// Less.
        less = Less;
        /// Greater.
        greater = Greater;
        /// Less or the same.
        at_most = AtMost;
        /// Greater or the same.
        at_least = AtLeast;
        /// Begins with.
        starts_with = StartsWith;
        /// Ends with.
        ends_with = EndsWith;
        /// Contains.
        contains = Contains;
        /// Does not contain.
        not_contains = NotContains;
    }

    with_field! {
        /// The same as another field.
        same_as = SameAs;
        /// Not the same as another field.
        not_same_as = NotSameAs;
        /// Greater than another field.
        greater_than_field = GreaterThanField;
        /// Less than another field.
        less_than_field = LessThanField;
        /// Greater than another field, or the same.
        at_least_field = AtLeastField;
        /// Less than another field, or the same.
        at_most_field = AtMostField;
    }

    without_value! {
        /// Has no value.
        is_empty = IsEmpty;
        /// Has a value.
        is_not_empty = IsNotEmpty;
        /// Is the empty string, and not null.
        is_empty_string = EmptyString;
        /// Anything at all.
        anything = Anything;
    }

    fn with_value(field: FieldName, operator: Operator, text: String) -> Result<Self> {
        value::check(field.as_str(), &text)?;
        // `f>` and `=1` would read as `f>=` and `1`.
        if matches!(operator, Operator::Less | Operator::Greater) && text.starts_with('=') {
            return Err(Error::invalid(field.as_str(), "the value starts with `=`, which would change the comparison"));
        }
        // U, and so does the sandbox: `f=NULL` asks for rows without a value.
        if matches!(operator, Operator::Equals | Operator::NotEquals) && text == "NULL" {
            return Err(Error::invalid(field.as_str(), "the instance reads `NULL` as no value, not as a text")
                .with_hint("search for a text that contains it"));
        }
        Ok(Self { field, operator, operand: Operand::One(text) })
    }

    /// One of these. A comma cannot be escaped in a list (wire §2.3), so such a value becomes an alternative of its own.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field, where a value would be run or cannot be escaped, or where there is none.
    pub fn is_one_of<T: Into<String>>(field: FieldName, values: impl IntoIterator<Item = T>) -> Result<Vec<Self>> {
        let (listed, alone) = Self::listable(&field, values)?;
        let mut any_of = Vec::new();
        match listed.as_slice() {
            [] => {}
            [one] => any_of.push(Self::equals(field.clone(), one.clone())?),
            _ => any_of.push(Self { field: field.clone(), operator: Operator::In, operand: Operand::Many(listed) }),
        }
        for value in alone {
            any_of.push(Self::equals(field.clone(), value)?);
        }
        Ok(any_of)
    }

    /// None of these, each of which must hold: add them to a query one by one.
    ///
    /// # Errors
    /// As for [`is_one_of`](Self::is_one_of).
    pub fn is_none_of<T: Into<String>>(field: FieldName, values: impl IntoIterator<Item = T>) -> Result<Vec<Self>> {
        let (listed, alone) = Self::listable(&field, values)?;
        let mut all_of = Vec::new();
        match listed.as_slice() {
            [] => {}
            [one] => all_of.push(Self::not_equals(field.clone(), one.clone())?),
            _ => all_of.push(Self { field: field.clone(), operator: Operator::NotIn, operand: Operand::Many(listed) }),
        }
        for value in alone {
            all_of.push(Self::not_equals(field.clone(), value)?);
        }
        Ok(all_of)
    }

    /// The values that can stand in a list, and those that cannot.
    fn listable<T: Into<String>>(
        field: &FieldName,
        values: impl IntoIterator<Item = T>,
    ) -> Result<(Vec<String>, Vec<String>)> {
        let (mut listed, mut alone) = (Vec::new(), Vec::new());
        for text in values {
            let text: String = text.into();
            value::check(field.as_str(), &text)?;
            // `IN_HIERARCHY` is an operator of its own; blanks around a comma's parts may be trimmed.
            let plain = !text.is_empty()
                && !text.contains(',')
                && !text.starts_with('_')
                && text.trim() == text
                && text != "NULL";
            let into = if plain { &mut listed } else { &mut alone };
            if !into.contains(&text) {
                into.push(text);
            }
        }
        if listed.is_empty() && alone.is_empty() {
            return Err(Error::invalid(field.as_str(), "a list of no values asks for nothing"));
        }
        Ok((listed, alone))
    }

    /// Between two values, both included. An `@` cannot be escaped there (wire §2.3), so such values become two conditions;
    /// add them to a query one by one.
    ///
    /// # Errors
    /// As for [`equals`](Self::equals).
    pub fn between(field: FieldName, low: impl Into<String>, high: impl Into<String>) -> Result<Vec<Self>> {
        let (low, high) = (low.into(), high.into());
        if low.contains('@') || high.contains('@') {
            return Ok(vec![Self::at_least(field.clone(), low)?, Self::at_most(field, high)?]);
        }
        value::check(field.as_str(), &low)?;
        value::check(field.as_str(), &high)?;
        Ok(vec![Self { field, operator: Operator::Between, operand: Operand::Range(low, high) }])
    }

    /// The record of this id, or one below it.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not an id.
    pub fn in_hierarchy(field: FieldName, sys_id: &str) -> Result<Self> {
        value::check_sys_id(field.as_str(), sys_id)?;
        Ok(Self { field, operator: Operator::InHierarchy, operand: Operand::Fixed(sys_id.to_owned()) })
    }

    /// One of the instance's dynamic filters.
    ///
    /// # Errors
    /// `InvalidRequest` where it is not an id.
    pub fn dynamic(field: FieldName, sys_id: &str) -> Result<Self> {
        value::check_sys_id(field.as_str(), sys_id)?;
        Ok(Self { field, operator: Operator::Dynamic, operand: Operand::Fixed(sys_id.to_owned()) })
    }

    /// On a day, in the time zone of the credential's user.
    #[must_use]
    pub fn on(field: FieldName, day: chrono::NaiveDate) -> Self {
        Self { field, operator: Operator::On, operand: Operand::Fixed(format!("{day}@start@end")) }
    }

    /// Not on a day, in the time zone of the credential's user.
    #[must_use]
    pub fn not_on(field: FieldName, day: chrono::NaiveDate) -> Self {
        Self { field, operator: Operator::NotOn, operand: Operand::Fixed(format!("{day}@start@end")) }
    }

    /// Later than so many units ago.
    #[must_use]
    pub fn since(field: FieldName, count: u32, unit: Unit) -> Self {
        let operand = Operand::Fixed(format!("@{}@ago@{count}", unit.as_str()));
        Self { field, operator: Operator::RelativeAfter, operand }
    }

    /// Earlier than so many units ago.
    #[must_use]
    pub fn not_since(field: FieldName, count: u32, unit: Unit) -> Self {
        let operand = Operand::Fixed(format!("@{}@ago@{count}", unit.as_str()));
        Self { field, operator: Operator::RelativeBefore, operand }
    }

    /// More than so many units before another field's time.
    #[must_use]
    pub fn more_than_before(field: FieldName, other: FieldName, count: u32, unit: Unit) -> Self {
        let distance = format!("@{}@before@{count}", unit.as_str());
        Self { field, operator: Operator::MoreThan, operand: Operand::Distance(other, distance) }
    }

    /// Less than so many units before another field's time.
    #[must_use]
    pub fn less_than_before(field: FieldName, other: FieldName, count: u32, unit: Unit) -> Self {
        let distance = format!("@{}@before@{count}", unit.as_str());
        Self { field, operator: Operator::LessThan, operand: Operand::Distance(other, distance) }
    }

    /// In an hour of the day, 0 to 23, in the time zone of the credential's user.
    #[must_use]
    pub fn in_hour(field: FieldName, hour: u8) -> Self {
        let operand = Operand::Fixed(format!("{hour}@javascript:gs.datePart('hour','{hour}','EE')"));
        Self { field, operator: Operator::DatePart, operand }
    }

    /// In a year.
    #[must_use]
    pub fn in_year(field: FieldName, year: u16) -> Self {
        let operand = Operand::Fixed(format!("{year}@javascript:gs.datePart('year','{year}','EE')"));
        Self { field, operator: Operator::DatePart, operand }
    }

    /// The user that the credential belongs to: one of the few scripts that every instance allows (wire §2.3, §3.6).
    pub(crate) fn is_me(field: FieldName) -> Self {
        Self { field, operator: Operator::Equals, operand: Operand::Fixed("javascript:gs.getUserID()".to_owned()) }
    }

    /// The field that is asked about.
    #[must_use]
    pub fn field(&self) -> &FieldName {
        &self.field
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> Operator {
        self.operator
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &FieldName> {
        let other = match &self.operand {
            Operand::Field(other) | Operand::Distance(other, _) => Some(other),
            _ => None,
        };
        std::iter::once(&self.field).chain(other)
    }

    pub(super) fn encode(&self, out: &mut String) {
        out.push_str(self.field.as_str());
        out.push_str(self.operator.as_str());
        match &self.operand {
            Operand::None => {}
            Operand::One(text) => value::escape(text, out),
            Operand::Many(values) => {
                for (nth, text) in values.iter().enumerate() {
                    if nth > 0 {
                        out.push(',');
                    }
                    value::escape(text, out);
                }
            }
            Operand::Range(low, high) => {
                value::escape(low, out);
                out.push('@');
                value::escape(high, out);
            }
            Operand::Field(other) => out.push_str(other.as_str()),
            Operand::Fixed(text) => out.push_str(text),
            Operand::Distance(other, distance) => {
                out.push_str(other.as_str());
                out.push_str(distance);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> FieldName {
        FieldName::new(name).unwrap()
    }

    fn text(condition: &Condition) -> String {
        let mut out = String::new();
        condition.encode(&mut out);
        out
    }

    #[test]
    fn every_operator_is_written_as_documented() {
        let f = || field("f");
        let day = "2026-01-05".parse().unwrap();
        let all = [
            (Condition::equals(f(), "v").unwrap(), "f=v"),
            (Condition::not_equals(f(), "v").unwrap(), "f!=v"),
            (Condition::less(f(), "v").unwrap(), "f<v"),
            (Condition::greater(f(), "v").unwrap(), "f>v"),
            (Condition::at_most(f(), "v").unwrap(), "f<=v"),
            (Condition::at_least(f(), "v").unwrap(), "f>=v"),
            (Condition::starts_with(f(), "v").unwrap(), "fSTARTSWITHv"),
            (Condition::ends_with(f(), "v").unwrap(), "fENDSWITHv"),
            (Condition::contains(f(), "v").unwrap(), "fLIKEv"),
            (Condition::not_contains(f(), "v").unwrap(), "fNOT LIKEv"),
            (Condition::is_one_of(f(), ["a", "b"]).unwrap().remove(0), "fINa,b"),
            (Condition::is_none_of(f(), ["a", "b"]).unwrap().remove(0), "fNOT INa,b"),
            (Condition::is_empty(f()), "fISEMPTY"),
            (Condition::is_not_empty(f()), "fISNOTEMPTY"),
            (Condition::is_empty_string(f()), "fEMPTYSTRING"),
            (Condition::anything(f()), "fANYTHING"),
            (Condition::between(f(), "1", "9").unwrap().remove(0), "fBETWEEN1@9"),
            (Condition::same_as(f(), field("g")), "fSAMEASg"),
            (Condition::not_same_as(f(), field("g")), "fNSAMEASg"),
            (Condition::greater_than_field(f(), field("g")), "fGT_FIELDg"),
            (Condition::less_than_field(f(), field("g")), "fLT_FIELDg"),
            (Condition::at_least_field(f(), field("g")), "fGT_OR_EQUALS_FIELDg"),
            (Condition::at_most_field(f(), field("g")), "fLT_OR_EQUALS_FIELDg"),
            (
                Condition::dynamic(f(), "90d1921e5f510100a9ad2572f2b477fe").unwrap(),
                "fDYNAMIC90d1921e5f510100a9ad2572f2b477fe",
            ),
            (Condition::in_hierarchy(f(), "abc").unwrap(), "fIN_HIERARCHYabc"),
            (Condition::on(f(), day), "fON2026-01-05@start@end"),
            (Condition::not_on(f(), day), "fNOTON2026-01-05@start@end"),
            (Condition::since(f(), 1, Unit::Hour), "fRELATIVEGT@hour@ago@1"),
            (Condition::not_since(f(), 2, Unit::Day), "fRELATIVELT@day@ago@2"),
            (Condition::more_than_before(f(), field("g"), 1, Unit::Day), "fMORETHANg@day@before@1"),
            (Condition::less_than_before(f(), field("g"), 1, Unit::Week), "fLESSTHANg@week@before@1"),
            (Condition::in_hour(f(), 8), "fDATEPART8@javascript:gs.datePart('hour','8','EE')"),
        ];
        for (condition, expected) in &all {
            assert_eq!(text(condition), *expected);
        }
        for operator in Operator::ALL {
            assert!(all.iter().any(|(condition, _)| condition.operator == *operator), "{operator:?} is not tested");
        }
    }

    #[test]
    fn injection_is_refused_or_escaped() {
        let title = || field("short_description");
        assert_eq!(text(&Condition::equals(title(), "x^NQactive=true").unwrap()), "short_description=x^^NQactive=true");
        assert_eq!(text(&Condition::contains(title(), "^").unwrap()), "short_descriptionLIKE^^");
        for value in ["javascript:gs.log()", " JAVASCRIPT:x", "a\r\nb"] {
            for condition in [
                Condition::equals(title(), value),
                Condition::contains(title(), value),
                Condition::is_one_of(title(), ["a", value]).map(|mut all| all.remove(0)),
                Condition::between(title(), "a", value).map(|mut all| all.remove(0)),
            ] {
                assert_eq!(condition.unwrap_err().field(), Some("short_description"), "{value:?}");
            }
        }
        assert!(Condition::greater(title(), "=5").is_err());
        assert!(Condition::equals(title(), "NULL").is_err(), "it would find what is empty");
        assert!(Condition::is_one_of(title(), ["a", "NULL"]).is_err());
        assert_eq!(text(&Condition::contains(title(), "NULL").unwrap()), "short_descriptionLIKENULL");
        assert!(Condition::in_hierarchy(title(), "a^NQb").is_err());
    }

    #[test]
    fn what_lists_cannot_hold_becomes_an_alternative() {
        let texts = |conditions: Vec<Condition>| conditions.iter().map(text).collect::<Vec<_>>();
        assert_eq!(texts(Condition::is_one_of(field("f"), ["a", "b,c", "a", "d"]).unwrap()), ["fINa,d", "f=b,c"]);
        assert_eq!(texts(Condition::is_one_of(field("f"), ["_HIERARCHYx"]).unwrap()), ["f=_HIERARCHYx"]);
        assert_eq!(texts(Condition::is_none_of(field("f"), ["a", "b", "c,d"]).unwrap()), ["fNOT INa,b", "f!=c,d"]);
        assert_eq!(texts(Condition::between(field("f"), "a@b", "c").unwrap()), ["f>=a@b", "f<=c"]);
        assert!(Condition::is_one_of(field("f"), Vec::<String>::new()).is_err());
    }
}
