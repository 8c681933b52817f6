//! Facts of findings and of verdicts as people read them, one a line. Pure.
//!
//! A line is made from the fact alone: `Claimed concurrency ≤ 980 of 1000 at 09:57Z`. A new quantity needs nothing here.

use super::units;
use crate::analysis::fact::{Bound, Fact, Quantity, Subject, Unit};
use lambda_model::queue::TargetRole;

/// The lines of `facts`; the same of several functions is one line.
pub(super) fn lines(facts: &[Fact]) -> Vec<String> {
    let alike = |one: &Fact, other: &Fact| {
        let of_functions = [one, other].iter().all(|fact| matches!(fact.subject, Subject::Function(_)));
        of_functions && one.quantity == other.quantity
    };
    facts.chunk_by(alike).map(|facts| if facts.len() > 1 { together(facts) } else { line(&facts[0]) }).collect()
}

/// One quantity of several functions: `Throttled requests: cart 10, checkout 5`.
fn together(facts: &[Fact]) -> String {
    let named: Vec<String> = facts
        .iter()
        .map(|fact| {
            let before = fact.before.map(|before| format!("{} → ", number(fact.quantity, before)));
            format!("{} {}{}", name(fact), before.unwrap_or_default(), value(fact).unwrap_or_default())
        })
        .collect();
    format!("{}: {}", label(facts[0].quantity), named.join(", "))
}

fn line(fact: &Fact) -> String {
    match &fact.subject {
        Subject::Setting(difference) => return difference.clone(),
        Subject::Error(text) => {
            let first = fact.at.map(|at| format!(", first seen {}", units::clock(at))).unwrap_or_default();
            return format!("{} × {text}{first}", value(fact).unwrap_or_default());
        }
        Subject::Target(_) if fact.quantity == Quantity::FailureTarget => {
            return format!("{} {}", label(fact.quantity), name(fact));
        }
        _ => {}
    }
    let name = name(fact);
    let label = label(fact.quantity);
    let mut line = if name.is_empty() { label } else { format!("{name}: {}", label.to_lowercase()) };
    line.extend(amount(fact).map(|amount| format!(" {amount}")));
    line.extend(fact.over_s.map(|seconds| format!(" in {}", units::seconds(seconds))));
    line.extend(fact.at.map(|at| format!(" {} {}", preposition(fact.quantity), units::clock(at))));
    line.extend(fact.limit.and_then(|limit| threshold(fact.quantity, limit)));
    line.extend(fact.before.map(|before| format!(", {} before", number(fact.quantity, before))));
    line.extend(fact.source.map(|source| format!(", from the {}", source.word())));
    line
}

/// The value and the whole or the limit that it is a part of; nothing of a fact without a number.
fn amount(fact: &Fact) -> Option<String> {
    let quantity = fact.quantity;
    let mut amount = match (value(fact), fact.range) {
        (Some(value), None) => value,
        (value, Some((low, high))) => {
            let range = range(quantity, low, high);
            value.map_or(range.clone(), |value| format!("{value} ({range})"))
        }
        (None, None) if quantity.unit() == Unit::Nothing => return None,
        (None, None) if quantity == Quantity::ReservedConcurrency => "none".to_string(),
        (None, None) => "not known".to_string(),
    };
    amount.extend(fact.of.map(|of| {
        let share = crate::analysis::ratio(fact.value, Some(of)).map(|share| format!(" ({})", units::percent(share)));
        format!(" of {}{}", number(quantity, of), share.unwrap_or_default())
    }));
    let limit = fact.limit.filter(|limit| threshold(quantity, *limit).is_none());
    amount.extend(limit.map(|limit| format!(" of {}", number(quantity, limit))));
    Some(amount)
}

/// The value of a fact, with its unit and whether it may be another.
pub(super) fn value(fact: &Fact) -> Option<String> {
    let bound = match fact.bound {
        Bound::Exact => "",
        Bound::AtLeast => "≥ ",
        Bound::AtMost => "≤ ",
    };
    fact.value.map(|value| format!("{bound}{}", number(fact.quantity, value)))
}

/// A number of this quantity, with its unit.
pub(super) fn number(quantity: Quantity, value: f64) -> String {
    match quantity.unit() {
        Unit::Count | Unit::Nothing => units::count(value),
        Unit::PerMinute => format!("{} a minute", units::count(value)),
        Unit::PerSecond => format!("{} a second", units::count(value)),
        Unit::Share => units::percent(value),
        Unit::ShareDifference => format!("{} points", units::points(value)),
        Unit::Ratio => format!("{value:.2}×"),
        Unit::Seconds => units::seconds(value),
        Unit::Megabytes => units::megabytes(value),
    }
}

fn range(quantity: Quantity, low: f64, high: f64) -> String {
    match quantity.unit() {
        Unit::Seconds => units::seconds_range(low, high),
        Unit::ShareDifference => format!("{} to {} points", units::points(low), units::points(high)),
        _ => format!("{} to {}", number(quantity, low), number(quantity, high)),
    }
}

/// A limit that the value is compared with; `None` where the value is a part of it.
fn threshold(quantity: Quantity, limit: f64) -> Option<String> {
    let limit = number(quantity, limit);
    match (quantity, quantity.unit()) {
        (Quantity::OldestEventAge | Quantity::OldestMessageAge | Quantity::IteratorAge, _)
        | (_, Unit::Share | Unit::Ratio) => Some(format!(", threshold {limit}")),
        (_, Unit::ShareDifference) => Some(format!(", margin {limit}")),
        _ => None,
    }
}

/// Some facts hold from an instant on, the others at it.
fn preposition(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::PoolScarce
        | Quantity::ErrorsWithinMargin
        | Quantity::ErrorsBeyondMargin
        | Quantity::DurationsWithinMargin
        | Quantity::DurationsBeyondMargin
        | Quantity::MinutesCounted => "since",
        _ => "at",
    }
}

/// A quantity's name, which begins a line.
fn label(quantity: Quantity) -> String {
    let words = quantity.name().replace('_', " ");
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}

/// What a fact is about, where that is not what its finding is about.
pub(super) fn name(fact: &Fact) -> String {
    match &fact.subject {
        Subject::Itself => String::new(),
        Subject::Region => "Region".to_string(),
        Subject::Function(name) => name.to_string(),
        Subject::Alias(name) => format!("Alias {name}"),
        Subject::Version(name) => format!("Version {name}"),
        Subject::EventSource(name) | Subject::Error(name) | Subject::Setting(name) => name.clone(),
        Subject::Target(target) => {
            let role = match target.role {
                TargetRole::DeadLetterQueue => "dead-letter queue",
                TargetRole::OnFailure => "failure destination",
                TargetRole::SourceRedrive => "redrive queue of its event source",
            };
            format!("{} ({role})", target.arn.name())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::forecast::Basis;
    use crate::fixture::minute;
    use lambda_model::Arn;
    use lambda_model::queue::FailureTarget;

    #[test]
    fn a_line_begins_with_what_it_is_about() {
        let queue = Arn::new("arn:aws:sqs:eu-west-1:123456789012:failed");
        let target = FailureTarget::new(TargetRole::DeadLetterQueue, &queue).unwrap();
        let at = minute(2).start();
        let cases = [
            (
                Fact::new(Quantity::Errors, 600.0).of(2000.0).over_minutes(2.0).read_from(Basis::Metrics),
                "Errors 600 of 2000 (30%) in 2m, from the metrics",
            ),
            (
                Fact::new(Quantity::ClaimedConcurrency, 980.0).limit(1000.0).at_most().at(at).about(Subject::Region),
                "Region: claimed concurrency ≤ 980 of 1000 at 09:57Z",
            ),
            (Fact::new(Quantity::ErrorRate, 0.3).limit(0.03), "Error rate 30%, threshold 3%"),
            (Fact::new(Quantity::AverageDuration, 0.4).before(0.1), "Average duration 400ms, 100ms before"),
            (
                Fact::new(Quantity::OldestEventAge, 1000.0).limit(300.0).before(700.0),
                "Oldest event age 16m, threshold 5m, 11m before",
            ),
            (
                Fact::new(Quantity::ErrorRateDifference, None).range((0.016, 0.079)).limit(0.01),
                "Error rate difference +1.6 to +7.9 points, margin +1.0 points",
            ),
            (
                Fact::new(Quantity::DurationRatio, 2.25)
                    .range((2.1, 2.4))
                    .limit(1.25)
                    .about(Subject::Version("8".into())),
                "Version 8: duration ratio 2.25× (2.10× to 2.40×), threshold 1.25×",
            ),
            (
                Fact::new(Quantity::MessagesArriving, 10.0).about(Subject::Target(target)),
                "failed (dead-letter queue): messages arriving 10 a minute",
            ),
            (Fact::new(Quantity::LimitReachedIn, None).range((11.0, 40.2)), "Limit reached in 11–41 s"),
            (Fact::new(Quantity::ReservedConcurrency, None).before(20.0), "Reserved concurrency none, 20 before"),
            (Fact::new(Quantity::FailureTargets, None), "Failure targets not known"),
            (Fact::instant(Quantity::PoolScarce, at), "Pool scarce since 09:57Z"),
            (
                Fact::new(Quantity::Occurrences, 36.0).about(Subject::Error("Runtime.ExitError".into())).at(at),
                "36 × Runtime.ExitError, first seen 09:57Z",
            ),
        ];
        for (fact, expected) in cases {
            assert_eq!(lines(std::slice::from_ref(&fact)), [expected], "{fact:?}");
        }
    }

    #[test]
    fn one_quantity_of_several_functions_is_one_line() {
        let of = |name: &str, value: f64, before: Option<f64>| {
            Fact::new(Quantity::Concurrency, value).before(before).at_most().about(Subject::Function(name.into()))
        };
        let facts = [of("cart", 600.0, Some(20.0)), of("pay", 40.0, None), Fact::new(Quantity::MinutesSeen, 5.0)];
        assert_eq!(lines(&facts), ["Concurrency: cart 20 → ≤ 600, pay ≤ 40", "Minutes seen 5"]);
    }
}
