//! What a run showed: findings as episodes, and forecasts. It judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use lambda_model::FunctionName;
use lambda_model::finding::Kind;
use lamtop::analysis::finding::Finding;
use lamtop::analysis::forecast::Forecast;
use lamtop::snapshot::Snapshot;

/// What a finding is about: its kind, its function (`None` is the Region), its alias.
pub(crate) type Subject = (Kind, Option<FunctionName>, Option<String>);

/// A finding from when it opened to when it closed. Times are minutes from the scenario's origin.
#[derive(Clone, Debug)]
pub(crate) struct Episode {
    pub(crate) subject: Subject,
    pub(crate) opened: f64,
    /// The last snapshot that showed it.
    pub(crate) last: f64,
    /// As first shown.
    pub(crate) confidence: f64,
    /// Every function that was named as affected.
    pub(crate) affected: BTreeSet<FunctionName>,
}

impl Episode {
    pub(crate) fn kind(&self) -> Kind {
        self.subject.0
    }

    pub(crate) fn function(&self) -> Option<&FunctionName> {
        self.subject.1.as_ref()
    }

    /// Whether it is about `function` or affects it.
    pub(crate) fn concerns(&self, function: &str) -> bool {
        self.function().is_some_and(|name| name.as_str() == function)
            || self.affected.iter().any(|name| name.as_str() == function)
    }
}

/// A forecast in a snapshot: for the Region (`None`) or a function.
#[derive(Clone, Debug)]
pub(crate) struct Foretold {
    pub(crate) at: f64,
    pub(crate) function: Option<FunctionName>,
    /// When the limit will be reached, in minutes from the origin.
    pub(crate) range: (f64, f64),
}

/// Everything that a run showed.
#[derive(Debug)]
pub(crate) struct Seen {
    origin: DateTime<Utc>,
    pub(crate) episodes: Vec<Episode>,
    open: BTreeMap<Subject, usize>,
    pub(crate) foretold: Vec<Foretold>,
}

impl Seen {
    /// Nothing yet, for a scenario with this `origin`.
    pub(crate) fn new(origin: DateTime<Utc>) -> Self {
        Self { origin, episodes: Vec::new(), open: BTreeMap::new(), foretold: Vec::new() }
    }

    /// Adds what `snapshot` shows.
    pub(crate) fn look(&mut self, snapshot: &Snapshot) {
        let now = self.minutes(snapshot.at);
        let mut open = BTreeMap::new();
        for (_, finding) in snapshot.findings() {
            let subject = (finding.kind, finding.function.clone(), finding.alias.clone());
            let place = self.open.get(&subject).copied().unwrap_or_else(|| self.opens(finding, now));
            let episode = &mut self.episodes[place];
            episode.last = now;
            episode.affected.extend(finding.affected.iter().cloned());
            open.insert(subject, place);
        }
        self.open = open;
        for scope in &snapshot.scopes {
            let functions = scope.functions.iter().map(|one| (Some(&one.state.name), one.forecast.as_ref()));
            for (function, forecast) in std::iter::once((None, scope.forecast.as_ref())).chain(functions) {
                self.foretold.extend(forecast.map(|forecast| foretold(now, function, forecast)));
            }
        }
    }

    fn opens(&mut self, finding: &Finding, now: f64) -> usize {
        self.episodes.push(Episode {
            subject: (finding.kind, finding.function.clone(), finding.alias.clone()),
            opened: now,
            last: now,
            confidence: finding.confidence,
            affected: BTreeSet::new(),
        });
        self.episodes.len() - 1
    }

    fn minutes(&self, at: DateTime<Utc>) -> f64 {
        (at - self.origin).as_seconds_f64() / 60.0
    }
}

fn foretold(at: f64, function: Option<&FunctionName>, forecast: &Forecast) -> Foretold {
    let range = (at + forecast.low_s / 60.0, at + forecast.high_s / 60.0);
    Foretold { at, function: function.cloned(), range }
}
