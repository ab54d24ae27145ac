//! A figure and its bound.

use serde::Serialize;

/// Which side of its bound a figure must be on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// At most the bound.
    AtMost,
    /// At least the bound.
    AtLeast,
    /// There is no bound: the figure is there to be known.
    Told,
}

/// One figure: a line of the output, and of docs/performance.md.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// Its name, stable.
    pub(crate) id: String,
    /// What was measured; `null` where it was not.
    pub(crate) value: Option<f64>,
    /// The bound; `null` where there is none.
    pub(crate) bound: Option<f64>,
    pub(crate) side: Side,
    /// What it is counted in; ` ×` is a ratio.
    pub(crate) unit: &'static str,
    /// Whether the value keeps its bound; `null` where it was not measured.
    pub(crate) pass: Option<bool>,
    /// Both sides of a ratio, what was read, why it was not measured.
    pub(crate) detail: String,
}

impl Figure {
    pub(crate) fn at_most(id: impl Into<String>, value: f64, bound: f64, unit: &'static str, detail: String) -> Self {
        Self::new(id, value, bound, Side::AtMost, unit, detail)
    }

    pub(crate) fn at_least(id: impl Into<String>, value: f64, bound: f64, unit: &'static str, detail: String) -> Self {
        Self::new(id, value, bound, Side::AtLeast, unit, detail)
    }

    /// A figure without a bound.
    pub(crate) fn told(id: impl Into<String>, value: f64, unit: &'static str, detail: String) -> Self {
        let (id, value) = (id.into(), Some(round(value)));
        Self { id, value, bound: None, side: Side::Told, unit, pass: None, detail }
    }

    /// A figure that could not be measured, and why.
    pub(crate) fn skipped(id: impl Into<String>, why: String) -> Self {
        Self {
            id: id.into(),
            value: None,
            bound: None,
            side: Side::Told,
            unit: "",
            pass: None,
            detail: format!("skipped: {why}"),
        }
    }

    fn new(id: impl Into<String>, value: f64, bound: f64, side: Side, unit: &'static str, detail: String) -> Self {
        // A value that is no number keeps no bound.
        let pass = match side {
            Side::AtMost => value <= bound,
            Side::AtLeast => value >= bound,
            Side::Told => true,
        };
        Self { id: id.into(), value: Some(round(value)), bound: Some(bound), side, unit, pass: Some(pass), detail }
    }

    /// True where the figure misses its bound.
    pub(crate) fn fails(&self) -> bool {
        self.pass == Some(false)
    }

    /// A line of the table.
    pub(crate) fn line(&self) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value}{}", self.unit));
        let sign = match self.side {
            Side::AtMost => "≤",
            Side::AtLeast => "≥",
            Side::Told => " ",
        };
        let word = match self.pass {
            Some(true) => "pass",
            Some(false) => "FAIL",
            None => "",
        };
        format!(
            "{:<32} {:>12}  {sign} {:<10} {word:<5} {}",
            self.id,
            number(self.value),
            number(self.bound),
            self.detail
        )
    }
}

/// Three digits behind the point say more than any run is good for.
fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_on_one_side_of_its_bound() {
        let none = String::new;
        assert!(!Figure::at_most("a", 1.5, 1.5, " ×", none()).fails());
        assert!(Figure::at_most("a", 1.5001, 1.5, " ×", none()).fails());
        assert!(!Figure::at_least("a", 0.6, 0.6, " ×", none()).fails());
        assert!(Figure::at_least("a", 0.5999, 0.6, " ×", none()).fails());
        assert!(Figure::at_most("a", f64::NAN, 1.0, "", none()).fails());
        assert!(Figure::at_least("a", f64::NAN, 1.0, "", none()).fails());
        assert!(!Figure::skipped("a", "no pip".to_owned()).fails());
        assert!(!Figure::told("a", 7.0, "", none()).fails());
    }
}
