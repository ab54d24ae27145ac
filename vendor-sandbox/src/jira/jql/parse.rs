//! JQL as a tree (wire A5; grammar as in the vendor's own parser).

use super::lex::{Kind, Place, Token, error, is_reserved, tokens};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clause {
    And(Vec<Clause>),
    Or(Vec<Clause>),
    Not(Box<Clause>),
    Term { field: String, operator: Operator, operand: Operand },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    NotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    NotLike,
    In,
    NotIn,
    Is,
    IsNot,
    Was,
    WasNot,
    WasIn,
    WasNotIn,
    Changed,
}

impl Operator {
    /// As errors name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Like => "~",
            Self::NotLike => "!~",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::Was => "was",
            Self::WasNot => "was not",
            Self::WasIn => "was in",
            Self::WasNotIn => "was not in",
            Self::Changed => "changed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Value {
        text: String,
        quoted: bool,
    },
    List(Vec<Operand>),
    Function {
        name: String,
        arguments: Vec<String>,
    },
    Empty,
    /// Of `changed`.
    None,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) clause: Option<Clause>,
    /// Field and whether it descends; `None` for the field's own direction.
    pub(crate) order: Vec<(String, Option<bool>)>,
}

const OPERATORS: &str = "The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS', 'IS NOT', \
'WAS', 'WAS IN', 'WAS NOT', 'WAS NOT IN' and 'CHANGED'.";

/// How deep brackets and `not` may lie in one another, so that a query can't exhaust the stack. The vendor names no limit.
const MAX_DEPTH: usize = 200;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// Reads a query.
///
/// # Errors
/// The vendor's message.
pub(crate) fn parse(text: &str) -> Result<Query, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let clause = if parser.tokens.is_empty() || parser.is_word(0, "order") { None } else { Some(parser.or()?) };
    let mut order = Vec::new();
    if parser.word("order") {
        parser.expect_word("by")?;
        loop {
            let field = parser.field()?;
            let descends = if parser.word("desc") {
                Some(true)
            } else if parser.word("asc") {
                Some(false)
            } else {
                None
            };
            order.push((field, descends));
            if !parser.sign(",") {
                break;
            }
        }
        if let Some(token) = parser.peek() {
            return Err(error(&format!("Expecting ',' but got '{}'.", token.text), Some(token.place)));
        }
    }
    if let Some(token) = parser.peek() {
        return Err(error(&format!("Expecting either 'OR' or 'AND' but got '{}'.", token.text), Some(token.place)));
    }
    Ok(Query { clause, order })
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn place(&self) -> Option<Place> {
        self.peek().map(|token| token.place)
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        let token = self.tokens.get(self.at + ahead);
        token.is_some_and(|token| matches!(&token.kind, Kind::Word(own) if own.eq_ignore_ascii_case(word)))
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.is_word(0, word);
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.peek().is_some_and(|token| matches!(token.kind, Kind::Sign(own) if own == sign));
        self.at += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<(), String> {
        if self.word(word) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => error(&format!("Expecting '{word}' but got '{}'.", token.text), Some(token.place)),
            None => error(&format!("Expecting '{word}' before the end of the query."), None),
        })
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => error(&format!("Expecting '{sign}' but got '{}'.", token.text), Some(token.place)),
            None => error(&format!("Expecting '{sign}' before the end of the query."), None),
        })
    }

    fn or(&mut self) -> Result<Clause, String> {
        let mut all = vec![self.and()?];
        while self.word("or") || self.sign("||") || self.sign("|") {
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Clause::Or(all) })
    }

    fn and(&mut self) -> Result<Clause, String> {
        let mut all = vec![self.not()?];
        while self.word("and") || self.sign("&&") || self.sign("&") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Clause::And(all) })
    }

    fn not(&mut self) -> Result<Clause, String> {
        let place = self.place();
        if self.word("not") || self.sign("!") {
            return Ok(Clause::Not(Box::new(self.inside(place, Self::not)?)));
        }
        if self.sign("(") {
            let inner = self.inside(place, Self::or)?;
            if let Some(token) = self.peek().filter(|token| token.kind != Kind::Sign(")")) {
                let message = format!("Expecting either ')', 'OR' or 'AND' but got '{}'.", token.text);
                return Err(error(&message, Some(token.place)));
            }
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let field = self.field()?;
        let operator = self.operator()?;
        let operand = self.operand(operator)?;
        Ok(Clause::Term { field, operator, operand })
    }

    /// What lies in a bracket or behind a `not`.
    fn inside(
        &mut self,
        place: Option<Place>,
        read: fn(&mut Self) -> Result<Clause, String>,
    ) -> Result<Clause, String> {
        if self.depth == MAX_DEPTH {
            return Err(error(&format!("The query is nested more than {MAX_DEPTH} levels deep."), place));
        }
        self.depth += 1;
        let clause = read(self)?;
        self.depth -= 1;
        Ok(clause)
    }

    /// A name, `cf[10035]` or `issue.property[key].path`.
    fn field(&mut self) -> Result<String, String> {
        let Some(token) = self.peek().cloned() else {
            return Err(error("Expecting a field name at the end of the query.", None));
        };
        let name = match &token.kind {
            Kind::Quoted(name) => name.clone(),
            Kind::Word(word) if is_reserved(word) && !word.eq_ignore_ascii_case("cf") => return Err(reserved(&token)),
            Kind::Word(word) => word.clone(),
            Kind::Sign(sign) => {
                let message = format!(
                    "Expecting a field name but got '{sign}'. You must surround '{sign}' in quotation marks to use it as a field name."
                );
                return Err(error(&message, Some(token.place)));
            }
        };
        self.at += 1;
        if !matches!(token.kind, Kind::Word(_)) || !self.sign("[") {
            return Ok(name);
        }
        let inside = match self.peek().map(|token| token.kind.clone()) {
            Some(Kind::Word(text) | Kind::Quoted(text)) => text,
            _ => return Err(error("Expecting a custom field id.", self.place())),
        };
        self.at += 1;
        self.expect_sign("]")?;
        Ok(format!("{name}[{inside}]"))
    }

    fn operator(&mut self) -> Result<Operator, String> {
        let Some(token) = self.peek().cloned() else {
            return Err(error(&format!("Expecting an operator at the end of the query. {OPERATORS}"), None));
        };
        let simple = match &token.kind {
            Kind::Sign("=") => Some(Operator::Equals),
            Kind::Sign("!=") => Some(Operator::NotEquals),
            Kind::Sign("<") => Some(Operator::Less),
            Kind::Sign("<=") => Some(Operator::LessOrEqual),
            Kind::Sign(">") => Some(Operator::Greater),
            Kind::Sign(">=") => Some(Operator::GreaterOrEqual),
            Kind::Sign("~") => Some(Operator::Like),
            Kind::Sign("!~") => Some(Operator::NotLike),
            Kind::Sign(_) | Kind::Word(_) | Kind::Quoted(_) => None,
        };
        if let Some(operator) = simple {
            self.at += 1;
            return Ok(operator);
        }
        if self.word("in") {
            return Ok(Operator::In);
        }
        if self.is_word(0, "not") && self.is_word(1, "in") {
            self.at += 2;
            return Ok(Operator::NotIn);
        }
        if self.word("is") {
            return Ok(if self.word("not") { Operator::IsNot } else { Operator::Is });
        }
        if self.word("changed") {
            return Ok(Operator::Changed);
        }
        if self.word("was") {
            let not = self.word("not");
            return Ok(match (not, self.word("in")) {
                (false, false) => Operator::Was,
                (false, true) => Operator::WasIn,
                (true, false) => Operator::WasNot,
                (true, true) => Operator::WasNotIn,
            });
        }
        Err(error(&format!("Expecting operator but got '{}'. {OPERATORS}", token.text), Some(token.place)))
    }

    fn operand(&mut self, operator: Operator) -> Result<Operand, String> {
        if operator == Operator::Changed {
            return Ok(Operand::None);
        }
        let wants_list = matches!(operator, Operator::In | Operator::NotIn | Operator::WasIn | Operator::WasNotIn);
        if self.sign("(") {
            let mut list = vec![self.value()?];
            while self.sign(",") {
                list.push(self.value()?);
            }
            self.expect_sign(")")?;
            return Ok(Operand::List(list));
        }
        let value = self.value()?;
        if wants_list && !matches!(value, Operand::Function { .. }) {
            return Err(error("Expecting either a list or function.", self.place()));
        }
        Ok(value)
    }

    fn value(&mut self) -> Result<Operand, String> {
        let Some(token) = self.peek().cloned() else {
            // Recorded without the article (wire A5).
            return Err("Error in JQL Query: Expecting either a value, list or function before the end of the query."
                .to_owned());
        };
        let (text, quoted) = match &token.kind {
            Kind::Word(word) if word.eq_ignore_ascii_case("empty") || word.eq_ignore_ascii_case("null") => {
                self.at += 1;
                return Ok(Operand::Empty);
            }
            Kind::Word(word) if is_reserved(word) => return Err(reserved(&token)),
            Kind::Word(word) => (word.clone(), false),
            Kind::Quoted(text) => (text.clone(), true),
            Kind::Sign(sign) => {
                let message = format!(
                    "Expecting either a value, list or function but got '{sign}'. You must surround '{sign}' in quotation marks to use it as a value."
                );
                return Err(error(&message, Some(token.place)));
            }
        };
        self.at += 1;
        if !self.sign("(") {
            return Ok(Operand::Value { text, quoted });
        }
        let mut arguments = Vec::new();
        while !self.sign(")") {
            match self.peek().map(|token| token.kind.clone()) {
                Some(Kind::Word(text) | Kind::Quoted(text)) => arguments.push(text),
                Some(Kind::Sign(sign)) => {
                    return Err(error(&format!("Expecting ')' but got '{sign}'."), self.place()));
                }
                None => return Err(error("Expecting ')' before the end of the query.", None)),
            }
            self.at += 1;
            let _ = self.sign(",");
        }
        Ok(Operand::Function { name: text, arguments })
    }
}

fn reserved(token: &Token) -> String {
    let message = format!(
        "'{}' is a reserved JQL word. You must surround it in quotation marks to use it in a query.",
        token.text
    );
    error(&message, Some(token.place))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recorded errors (wire A5), word for word.
    #[test]
    fn syntax_errors_are_the_recorded_ones() {
        for (query, message) in [
            ("project = HELP AND", "Error in the JQL Query: Expecting a field name at the end of the query."),
            (
                "project = \"A\" now status = x",
                "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'now'. (line 1, character 15)",
            ),
            ("(project = HELP", "Error in the JQL Query: Expecting ')' before the end of the query."),
            (
                "summary ~ \"unclosed",
                "Error in the JQL Query: The quoted string 'unclosed' has not been completed. (line 1, character 11)",
            ),
            (
                "project =",
                "Error in JQL Query: Expecting either a value, list or function before the end of the query.",
            ),
            (
                "project = IT",
                "Error in the JQL Query: 'IT' is a reserved JQL word. You must surround it in quotation marks to use it in a query. (line 1, character 11)",
            ),
        ] {
            assert_eq!(parse(query).unwrap_err(), message, "{query}");
        }
        assert!(parse("summary ~ \"a\\qb\"").unwrap_err().contains("'\\q' is an illegal JQL escape sequence"));
        assert!(parse("assignee in ()").is_err(), "an empty list is a syntax error");
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        for (open, close) in [("(", ")"), ("not ", ""), ("!", ""), ("not (", ")")] {
            let levels = MAX_DEPTH / open.matches(['(', 'n', '!']).count();
            let nested = |levels: usize| format!("{}summary is empty{}", open.repeat(levels), close.repeat(levels));
            assert!(parse(&nested(levels)).is_ok(), "{open}");
            for levels in [levels + 1, 1_000_000] {
                assert!(parse(&nested(levels)).unwrap_err().contains("more than 200 levels deep"), "{open} {levels}");
            }
        }
    }

    #[test]
    fn precedence_and_order() {
        let query = parse("one = 1 or two = 2 and not three is empty order by four desc, cf[10030]").unwrap();
        let Some(Clause::Or(parts)) = query.clause else { panic!() };
        assert!(matches!(&parts[1], Clause::And(inner) if matches!(inner[1], Clause::Not(_))));
        assert_eq!(query.order, [("four".to_owned(), Some(true)), ("cf[10030]".to_owned(), None)]);
    }
}
