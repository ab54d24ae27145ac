//! A query as a test of issues. `!=`, `NOT IN` and `NOT` pass over issues whose field is empty (wire A5).

use super::dates;
use super::fields::Ref;
use super::parse::{Clause, Operand, Operator};
use super::text::Wanted;
use super::values::{Resolver, Unusable, Values};
use crate::jira::call::Call;
use crate::jira::catalogue::{Kind, status_of};
use crate::jira::model::{Custom, Issue};
use crate::jira::rich_text::RichText;
use crate::jira::world::World;

/// A compiled clause.
pub(crate) type Filter<'a> = Box<dyn Fn(&Issue) -> bool + 'a>;

/// Compiles a clause for a caller.
///
/// # Errors
/// Every message of a 400.
pub(crate) fn compile<'a>(world: &'a World, call: &'a Call<'a>, clause: &Clause) -> Result<Filter<'a>, Vec<String>> {
    Compiler { world, call }.clause(clause, false)
}

struct Compiler<'a> {
    world: &'a World,
    call: &'a Call<'a>,
}

fn opposite(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Equals => Operator::NotEquals,
        Operator::NotEquals => Operator::Equals,
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
        Operator::Like => Operator::NotLike,
        Operator::NotLike => Operator::Like,
        Operator::In => Operator::NotIn,
        Operator::NotIn => Operator::In,
        Operator::Is => Operator::IsNot,
        Operator::IsNot => Operator::Is,
        Operator::Was => Operator::WasNot,
        Operator::WasNot => Operator::Was,
        Operator::WasIn => Operator::WasNotIn,
        Operator::WasNotIn => Operator::WasIn,
        Operator::Changed => return None,
    })
}

impl<'a> Compiler<'a> {
    fn clause(&self, clause: &Clause, negated: bool) -> Result<Filter<'a>, Vec<String>> {
        match clause {
            Clause::Not(inner) => self.clause(inner, !negated),
            Clause::And(all) | Clause::Or(all) => {
                let mut filters = Vec::new();
                let mut errors = Vec::new();
                for one in all {
                    match self.clause(one, negated) {
                        Ok(filter) => filters.push(filter),
                        Err(messages) => errors.extend(messages),
                    }
                }
                if !errors.is_empty() {
                    return Err(errors);
                }
                // De Morgan: a negated AND is an OR of the negated parts.
                let every = matches!(clause, Clause::And(_)) != negated;
                Ok(Box::new(move |issue| {
                    if every { filters.iter().all(|one| one(issue)) } else { filters.iter().any(|one| one(issue)) }
                }))
            }
            Clause::Term { field, operator, operand } => {
                let wanted = if negated { opposite(*operator) } else { Some(*operator) };
                match wanted {
                    Some(operator) => self.term(field, operator, operand),
                    None => self
                        .term(field, *operator, operand)
                        .map(|own| Box::new(move |issue: &Issue| !own(issue)) as Filter<'a>),
                }
            }
        }
    }

    /// wire A3.2: signed in, what does not exist is a 400; anonymous callers get no hits.
    fn unusable(&self, error: Unusable) -> Result<Filter<'a>, Vec<String>> {
        match error {
            Unusable::Unknown(_) if self.call.caller.user.is_none() => Ok(Box::new(|_| false)),
            Unusable::Unknown(message) | Unusable::Wrong(message) => Err(vec![message]),
        }
    }

    fn term(&self, name: &str, operator: Operator, operand: &Operand) -> Result<Filter<'a>, Vec<String>> {
        let Some(target) = Ref::find(name) else {
            let message = format!("Field '{name}' does not exist or you do not have permission to view it.");
            return self.unusable(Unusable::Unknown(message));
        };
        let unsupported =
            || Err(vec![format!("The operator '{}' is not supported by the '{name}' field.", operator.name())]);
        if matches!(operator, Operator::Is | Operator::IsNot) {
            if *operand != Operand::Empty {
                return Err(vec![format!(
                    "The operator '{}' only supports the values EMPTY and NULL.",
                    operator.name()
                )]);
            }
            let wanted = operator == Operator::Is;
            let world = self.world;
            return Ok(Box::new(move |issue| is_empty(world, target, issue) == wanted));
        }
        if matches!(
            operator,
            Operator::Was | Operator::WasNot | Operator::WasIn | Operator::WasNotIn | Operator::Changed
        ) {
            return self.history(target, name, operator, operand);
        }
        let textual =
            matches!(target, Ref::Text | Ref::Comment) || matches!(target.kind(), Some(Kind::Text | Kind::RichText));
        if matches!(operator, Operator::Like | Operator::NotLike) {
            return if textual { self.text(target, name, operator, operand) } else { unsupported() };
        }
        if textual {
            return unsupported();
        }
        let ordered =
            matches!(operator, Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual);
        match target.kind() {
            Some(Kind::Moment | Kind::Date) => return self.date(target, name, operator, operand),
            Some(Kind::Number) => return self.number(target, name, operator, operand),
            Some(Kind::Priority) if ordered => return self.priority(target, name, operator, operand),
            _ => {}
        }
        if target == Ref::Key && ordered {
            return self.key_order(name, operator, operand);
        }
        if ordered || matches!(target, Ref::Attachments) || target.kind() == Some(Kind::Other) {
            return unsupported();
        }
        let resolver = Resolver { world: self.world, call: self.call, target, name };
        let values = match resolver.all(operand) {
            Ok(values) => values,
            Err(error) => return self.unusable(error),
        };
        let negative = matches!(operator, Operator::NotEquals | Operator::NotIn);
        let world = self.world;
        Ok(Box::new(move |issue| {
            if is_empty(world, target, issue) {
                return values.empty != negative && values.empty;
            }
            holds(world, target, issue, &values) != negative
        }))
    }

    fn text(&self, target: Ref, name: &str, operator: Operator, operand: &Operand) -> Result<Filter<'a>, Vec<String>> {
        let Operand::Value { text, .. } = operand else {
            return Err(vec![format!(
                "The operator '{}' does not support lists or functions for the field '{name}'.",
                operator.name()
            )]);
        };
        let Some(wanted) = Wanted::read(text) else {
            return Err(vec![format!("Unable to parse the text '{text}' for field '{name}'.")]);
        };
        let negative = operator == Operator::NotLike;
        let (world, call) = (self.world, self.call);
        Ok(Box::new(move |issue| {
            if is_empty(world, target, issue) {
                return false;
            }
            texts(world, call, target, issue).iter().any(|text| wanted.is_in(text)) != negative
        }))
    }

    fn moments(&self, name: &str, operand: &Operand) -> Result<Vec<i64>, Vec<String>> {
        let (zone, now) = (self.call.zone, self.call.now);
        let one = |operand: &Operand| match operand {
            Operand::Value { text, quoted } => dates::literal(text, *quoted, zone, now).ok_or_else(|| {
                format!(
                    "Date value '{text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', \
                     'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
                )
            }),
            Operand::Function { name: function, arguments } => {
                dates::function(function, arguments.first().map(String::as_str), zone, now)
                    .ok_or_else(|| format!("Unable to find JQL function '{function}({})'.", arguments.join(", ")))
            }
            Operand::Empty | Operand::List(_) | Operand::None => {
                Err(format!("A date is expected for the field '{name}'."))
            }
        };
        let list = match operand {
            Operand::List(list) => list.as_slice(),
            other => std::slice::from_ref(other),
        };
        let all: Result<Vec<_>, String> = list.iter().map(one).collect();
        Ok(all.map_err(|message| vec![message])?.into_iter().map(|at| at.timestamp_millis()).collect())
    }

    fn date(&self, target: Ref, name: &str, operator: Operator, operand: &Operand) -> Result<Filter<'a>, Vec<String>> {
        if *operand == Operand::Empty {
            let equal = if operator == Operator::Equals { Operator::Is } else { Operator::IsNot };
            return self.term(name, equal, operand);
        }
        let by_day = target.kind() == Some(Kind::Date);
        let zone = self.call.zone;
        // Days are compared as days, instants by the minute.
        let unit: i64 = if by_day { 86_400_000 } else { 60_000 };
        let bounds: Vec<i64> = self
            .moments(name, operand)?
            .into_iter()
            .map(|at| {
                let local = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default().with_timezone(&zone);
                if by_day {
                    local.date_naive().and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
                } else {
                    at
                }
            })
            .collect();
        Ok(Box::new(move |issue| {
            let Some(own) = moment(target, issue) else { return false };
            let equal = |bound: &i64| own.div_euclid(unit) == bound.div_euclid(unit);
            match operator {
                Operator::Equals | Operator::In => bounds.iter().any(equal),
                Operator::NotEquals | Operator::NotIn => !bounds.iter().any(equal),
                _ => bounds.iter().all(|bound| compare(operator, own, *bound)),
            }
        }))
    }

    fn number(
        &self,
        target: Ref,
        name: &str,
        operator: Operator,
        operand: &Operand,
    ) -> Result<Filter<'a>, Vec<String>> {
        let Operand::Value { text, .. } = operand else {
            return Err(vec![format!("A number is expected for the field '{name}'.")]);
        };
        let Ok(bound) = text.parse::<f64>() else {
            return Err(vec![format!("The value '{text}' is not a valid number for the field '{name}'.")]);
        };
        let number = target.field().and_then(|field| field.number).unwrap_or_default();
        Ok(Box::new(move |issue| {
            let Some(Custom::Number(own)) = issue.custom.get(&number) else { return false };
            let own = own.as_f64().unwrap_or_default();
            match operator {
                Operator::Equals => own == bound,
                Operator::NotEquals => own != bound,
                Operator::Less => own < bound,
                Operator::LessOrEqual => own <= bound,
                Operator::Greater => own > bound,
                _ => own >= bound,
            }
        }))
    }

    /// Priorities are ordered by rank: 1 is the highest.
    fn priority(
        &self,
        target: Ref,
        name: &str,
        operator: Operator,
        operand: &Operand,
    ) -> Result<Filter<'a>, Vec<String>> {
        let resolver = Resolver { world: self.world, call: self.call, target, name };
        let bound = match resolver.all(operand) {
            Ok(values) => values.ids.first().copied().unwrap_or_default(),
            Err(error) => return self.unusable(error),
        };
        let rank = |id: u64| -i64::try_from(id).unwrap_or(0);
        Ok(Box::new(move |issue| issue.priority.is_some_and(|own| compare(operator, rank(own), rank(bound)))))
    }

    /// `id > 12345` for keyset paging; keys compare within their project (wire A5).
    fn key_order(&self, name: &str, operator: Operator, operand: &Operand) -> Result<Filter<'a>, Vec<String>> {
        let Operand::Value { text, .. } = operand else {
            return Err(vec![format!("The operator '{}' is not supported by the '{name}' field.", operator.name())]);
        };
        if let Ok(bound) = text.parse::<i64>() {
            return Ok(Box::new(move |issue| compare(operator, i64::try_from(issue.id).unwrap_or(i64::MAX), bound)));
        }
        let parts = text
            .rsplit_once('-')
            .and_then(|(project, number)| Some((project.to_ascii_uppercase(), number.parse::<i64>().ok()?)));
        let Some((project, bound)) = parts else {
            return self
                .unusable(Unusable::Unknown(format!("An issue with key '{text}' does not exist for field '{name}'.")));
        };
        Ok(Box::new(move |issue| {
            let own = issue.key.rsplit_once('-').filter(|(own, _)| *own == project);
            own.and_then(|(_, number)| number.parse().ok()).is_some_and(|number| compare(operator, number, bound))
        }))
    }

    fn history(
        &self,
        target: Ref,
        name: &str,
        operator: Operator,
        operand: &Operand,
    ) -> Result<Filter<'a>, Vec<String>> {
        let recorded = matches!(
            target.kind(),
            Some(Kind::Status | Kind::User | Kind::Priority | Kind::Resolution | Kind::Versions)
        );
        let Some(field) = target.field().filter(|_| recorded) else {
            return Err(vec![format!("History searches do not support the '{name}' field.")]);
        };
        if operator == Operator::Changed {
            return Ok(Box::new(move |issue| changes(issue, field.id).next().is_some()));
        }
        let resolver = Resolver { world: self.world, call: self.call, target, name };
        let values = match resolver.all(operand) {
            Ok(values) => values,
            Err(error) => return self.unusable(error),
        };
        let negative = matches!(operator, Operator::WasNot | Operator::WasNotIn);
        let world = self.world;
        Ok(Box::new(move |issue| {
            let texts: Vec<String> =
                values.ids.iter().map(u64::to_string).chain(values.names.iter().cloned()).collect();
            let was = holds(world, target, issue, &values)
                || (values.empty && is_empty(world, target, issue))
                || changes(issue, field.id).any(|item| {
                    let meant = |value: &Option<String>| match value {
                        Some(value) => texts.contains(value),
                        None => values.empty,
                    };
                    meant(&item.from) || meant(&item.to)
                });
            was != negative
        }))
    }
}

fn changes<'i>(issue: &'i Issue, field: &'i str) -> impl Iterator<Item = &'i crate::jira::model::ChangeItem> {
    issue.history.iter().flat_map(|entry| &entry.items).filter(move |item| item.field_id.as_deref() == Some(field))
}

fn compare(operator: Operator, own: i64, bound: i64) -> bool {
    match operator {
        Operator::Less => own < bound,
        Operator::LessOrEqual => own <= bound,
        Operator::Greater => own > bound,
        Operator::GreaterOrEqual => own >= bound,
        _ => own == bound,
    }
}

/// Milliseconds of a date field; days at midnight UTC.
pub(super) fn moment(target: Ref, issue: &Issue) -> Option<i64> {
    let day = |day: chrono::NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    let field = target.field()?;
    match field.id {
        "created" => Some(issue.created.timestamp_millis()),
        "updated" => Some(issue.updated.timestamp_millis()),
        "resolutiondate" => issue.resolved.map(|at| at.timestamp_millis()),
        "statuscategorychangedate" => Some(issue.category_changed.timestamp_millis()),
        "duedate" => issue.due.map(day),
        _ => match issue.custom.get(&field.number?)? {
            Custom::Moment(at) => Some(at.timestamp_millis()),
            Custom::Date(own) => Some(day(*own)),
            _ => None,
        },
    }
}

fn rich(text: Option<&RichText>) -> Vec<String> {
    text.map(RichText::plain).into_iter().collect()
}

fn texts(world: &World, call: &Call<'_>, target: Ref, issue: &Issue) -> Vec<String> {
    let comments = || {
        let visible = issue.comments.iter().filter(|comment| call.sees_comment(world, comment));
        visible.map(|comment| comment.body.plain()).collect::<Vec<_>>()
    };
    let custom = |number: u64| match issue.custom.get(&number) {
        Some(Custom::Text(text)) => vec![text.clone()],
        Some(Custom::Rich(text)) => vec![text.plain()],
        _ => Vec::new(),
    };
    match (target, target.field()) {
        (Ref::Comment, _) => comments(),
        (Ref::Text, _) => {
            let mut all = vec![issue.summary.clone()];
            all.extend(rich(issue.description.as_ref()));
            all.extend(rich(issue.environment.as_ref()));
            all.extend(comments());
            all.extend(issue.custom.keys().flat_map(|number| custom(*number)));
            all
        }
        (_, Some(field)) => match (field.id, field.number) {
            ("summary", _) => vec![issue.summary.clone()],
            ("description", _) => rich(issue.description.as_ref()),
            ("environment", _) => rich(issue.environment.as_ref()),
            (_, Some(number)) => custom(number),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The ids and names that a field of an issue holds.
pub(super) fn held(world: &World, target: Ref, issue: &Issue) -> (Vec<u64>, Vec<String>) {
    let ids = |ids: Vec<u64>| (ids, Vec::new());
    let names = |names: Vec<String>| (Vec::new(), names);
    match target {
        Ref::Key => return ids(vec![issue.id]),
        Ref::Watcher => return names(issue.watchers.clone()),
        Ref::RequestType => return ids(issue.request_type.into_iter().collect()),
        Ref::Attachments => return ids(issue.attachments.iter().map(|own| own.id).collect()),
        Ref::LinkType => {
            let own = world.links.values().filter(|link| link.inward == issue.id || link.outward == issue.id);
            return ids(own.map(|link| link.link_type).collect());
        }
        Ref::Text | Ref::Comment => {
            return names(issue.comments.iter().map(|comment| comment.id.to_string()).collect());
        }
        Ref::Field(_) => {}
    }
    let Some(field) = target.field() else { return ids(Vec::new()) };
    let one = |name: &Option<String>| names(name.iter().cloned().collect());
    match field.id {
        "project" => ids(vec![issue.project]),
        "status" => ids(vec![issue.status]),
        "statusCategory" => ids(vec![status_of(issue.status).category]),
        "issuetype" => ids(vec![issue.issue_type]),
        "priority" => ids(issue.priority.into_iter().collect()),
        "resolution" => ids(issue.resolution.into_iter().collect()),
        "components" => ids(issue.components.clone()),
        "fixVersions" => ids(issue.fix_versions.clone()),
        "versions" => ids(issue.versions.clone()),
        "parent" => ids(issue.parent.into_iter().collect()),
        "subtasks" => ids(world.subtasks(issue.id).map(|own| own.id).collect()),
        "issuelinks" => held(world, Ref::LinkType, issue),
        "assignee" => one(&issue.assignee),
        "reporter" => one(&issue.reporter),
        "creator" => one(&issue.creator),
        "labels" => names(issue.labels.clone()),
        "summary" => names(vec![issue.summary.clone()]),
        "description" => names(rich(issue.description.as_ref())),
        "environment" => names(rich(issue.environment.as_ref())),
        "created" | "updated" | "resolutiondate" | "duedate" | "statuscategorychangedate" => {
            ids(moment(target, issue).map(i64::unsigned_abs).into_iter().collect())
        }
        _ => match field.number.and_then(|number| issue.custom.get(&number)) {
            None => ids(Vec::new()),
            Some(Custom::Text(text)) => names(vec![text.clone()]),
            Some(Custom::Rich(text)) => names(vec![text.plain()]),
            Some(Custom::Number(number)) => names(vec![number.to_string()]),
            Some(Custom::Date(_) | Custom::Moment(_)) => {
                ids(moment(target, issue).map(i64::unsigned_abs).into_iter().collect())
            }
            Some(Custom::Choice(id)) => ids(vec![*id]),
            Some(Custom::Choices(own) | Custom::Organizations(own)) => ids(own.clone()),
            Some(Custom::Cascade(parent, child)) => ids(std::iter::once(*parent).chain(*child).collect()),
            Some(Custom::Users(own)) => names(own.clone()),
            Some(Custom::Group(own)) => names(vec![own.clone()]),
        },
    }
}

fn is_empty(world: &World, target: Ref, issue: &Issue) -> bool {
    let (ids, names) = held(world, target, issue);
    ids.is_empty() && names.is_empty()
}

fn holds(world: &World, target: Ref, issue: &Issue, values: &Values) -> bool {
    let (ids, names) = held(world, target, issue);
    let by_label = target.kind() == Some(Kind::Labels);
    ids.iter().any(|id| values.ids.contains(id))
        || names.iter().any(|own| {
            values.names.iter().any(|name| if by_label { name.eq_ignore_ascii_case(own) } else { name == own })
        })
}
