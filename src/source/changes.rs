//! Notices what somebody changed: compares each read of a function with the one before. Pure.
//!
//! A function seen for the first time is no change, and neither is a read that failed: it never gets here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use lambda_model::change::{Change, Changed, Routing};
use lambda_model::function::{Alias, FunctionInfo, Provisioned};
use lambda_model::observation::{Observation, Payload};
use lambda_model::{Arn, FunctionName};

/// The newest read of everything of which changes are noticed, by function.
#[derive(Debug, Default)]
pub(super) struct Changes {
    functions: BTreeMap<FunctionName, Newest>,
}

/// What was read last of one function, and when.
#[derive(Debug, Default)]
struct Newest {
    info: Option<(DateTime<Utc>, FunctionInfo)>,
    aliases: Option<(DateTime<Utc>, BTreeMap<String, Routing>)>,
    reserved: Option<(DateTime<Utc>, Option<u32>)>,
    provisioned: Option<(DateTime<Utc>, BTreeMap<String, u32>)>,
}

impl Changes {
    /// Takes in a read; gives what is different from the read before it.
    pub(super) fn learn(&mut self, observation: &Observation) -> Vec<(FunctionName, Change)> {
        let now = observation.at;
        match &observation.payload {
            Payload::Functions(infos) => {
                infos.iter().flat_map(|info| self.compare(&info.name, |newest| newest.info(now, info))).collect()
            }
            Payload::Aliases(name, aliases) => self.compare(name, |newest| newest.aliases(now, aliases)),
            Payload::Reserved(name, reserved) => self.compare(name, |newest| newest.reserved(now, *reserved)),
            Payload::Provisioned(name, configs) => self.compare(name, |newest| newest.provisioned(now, configs)),
            _ => Vec::new(),
        }
    }

    fn compare(
        &mut self,
        name: &FunctionName,
        compare: impl FnOnce(&mut Newest) -> Vec<Change>,
    ) -> Vec<(FunctionName, Change)> {
        let changes = compare(self.functions.entry(name.clone()).or_default());
        changes.into_iter().map(|change| (name.clone(), change)).collect()
    }

    /// Forgets the functions that `keep` does not name: one that is made anew under the same name is a new one.
    pub(super) fn retain(&mut self, keep: impl Fn(&FunctionName) -> bool) {
        self.functions.retain(|name, _| keep(name));
    }
}

impl Newest {
    fn info(&mut self, now: DateTime<Utc>, info: &FunctionInfo) -> Vec<Change> {
        let Some((read, before)) = &self.info else {
            self.info = Some((now, info.clone()));
            return Vec::new();
        };
        if info.last_modified < before.last_modified {
            // The list is eventually consistent: this is the past.
            return Vec::new();
        }
        let moved = before.last_modified.and(info.last_modified).filter(|_| info.last_modified != before.last_modified);
        let is_code =
            before.code_sha256.is_some() && info.code_sha256.is_some() && before.code_sha256 != info.code_sha256;
        let words = differences(before, info);
        // Nothing that is read is different, but something was changed: an environment variable, a layer, a role.
        let is_configuration = !words.is_empty() || (moved.is_some() && !is_code);
        // `LastModified` is the time of the last of two changes only.
        let is_exact = moved.is_some() && !(is_code && is_configuration);
        let change = |what| Change { at: moved.unwrap_or(now), after: (!is_exact).then_some(*read), what };
        let code = is_code.then(|| change(Changed::Code));
        let configuration = is_configuration.then(|| change(Changed::Configuration(words)));
        let changes = code.into_iter().chain(configuration).collect();
        self.info = Some((now, info.clone()));
        changes
    }

    fn aliases(&mut self, now: DateTime<Utc>, aliases: &[Alias]) -> Vec<Change> {
        let routing = |alias: &Alias| Routing { version: alias.version.clone(), additional: alias.additional.clone() };
        let after = aliases.iter().map(|alias| (alias.name.clone(), routing(alias))).collect();
        each(&mut self.aliases, now, after, |name, from, to| Changed::Alias {
            name: name.to_string(),
            from: from.cloned(),
            to: to.cloned(),
        })
    }

    fn reserved(&mut self, now: DateTime<Utc>, to: Option<u32>) -> Vec<Change> {
        let before = self.reserved.replace((now, to));
        let changed = before.filter(|(_, from)| *from != to);
        changed
            .map(|(read, from)| Change { at: now, after: Some(read), what: Changed::Reserved { from, to } })
            .into_iter()
            .collect()
    }

    /// Environments that are ready come and go by themselves; what was asked for does not.
    fn provisioned(&mut self, now: DateTime<Utc>, configs: &[Provisioned]) -> Vec<Change> {
        let after = configs.iter().map(|config| (config.qualifier.clone(), config.requested)).collect();
        each(&mut self.provisioned, now, after, |qualifier, from, to| Changed::Provisioned {
            qualifier: qualifier.to_string(),
            from: from.copied().unwrap_or(0),
            to: to.copied().unwrap_or(0),
        })
    }
}

/// A change for each name of which `newest` and `after` say different things; `after` is the newest then.
fn each<T: PartialEq>(
    newest: &mut Option<(DateTime<Utc>, BTreeMap<String, T>)>,
    now: DateTime<Utc>,
    after: BTreeMap<String, T>,
    what: impl Fn(&str, Option<&T>, Option<&T>) -> Changed,
) -> Vec<Change> {
    let changes = newest.as_ref().map_or_else(Vec::new, |(read, before)| {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let both = names.into_iter().map(|name| (name, before.get(name), after.get(name)));
        both.filter(|(_, from, to)| from != to)
            .map(|(name, from, to)| Change { at: now, after: Some(*read), what: what(name, from, to) })
            .collect()
    });
    *newest = Some((now, after));
    changes
}

/// What is different in the configuration, in words, as far as it is read.
fn differences(from: &FunctionInfo, to: &FunctionInfo) -> Vec<String> {
    // AWS always tells these: one that is absent was not read.
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let switch = |on| Some(if on { "on" } else { "off" }.to_string());
    // These may not be set.
    let set = |value: Option<&str>| Some(value.unwrap_or("none").to_string());
    let target = |info: &FunctionInfo| set(info.dead_letter_target.as_ref().map(Arn::name));
    let level = |info: &FunctionInfo| set(info.system_log_level.as_deref());
    [
        ("memory", number(from.memory_mb), number(to.memory_mb), " MB"),
        ("timeout", number(from.timeout_s), number(to.timeout_s), " s"),
        ("runtime", from.runtime.clone(), to.runtime.clone(), ""),
        ("SnapStart", switch(from.snap_start), switch(to.snap_start), ""),
        ("dead-letter target", target(from), target(to), ""),
        ("log group", Some(from.log_group_name()), Some(to.log_group_name()), ""),
        ("system log level", level(from), level(to), ""),
    ]
    .into_iter()
    .filter_map(|(what, from, to, unit)| {
        let (from, to) = from.zip(to).filter(|(from, to)| from != to)?;
        Some(format!("{what} {from} → {to}{unit}"))
    })
    .collect()
}

#[cfg(test)]
mod tests;
