//! `lamtop canary`: the verdict on one alias's canary, at once or when it is decided. Made for pipelines: it asks
//! nothing, changes nothing, and its outcome says what to do.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::feed::Source;
use super::gather::gather;
use super::live::Live;
use super::{Outcome, Simulation, format, print, runtime};
use crate::analysis::canary::{Canary, Verdict};
use crate::analysis::traffic::AliasTraffic;
use crate::config::{Format, Settings};
use crate::error::Error;
use crate::export;
use crate::snapshot::{FunctionSnapshot, ScopeSnapshot, Snapshot};
use crate::view::units::clock_seconds;
use lambda_model::FunctionId;
use lambda_model::demand::Demand;
use lambda_model::time::Minute;

/// Judges the canary of `target`, a function and an alias; with `wait`, until it is decided or the time is over.
///
/// # Errors
///
/// When there is no such function or alias, or several, and what ends `lamtop snapshot` early.
pub(super) fn canary(
    settings: &Settings,
    simulation: Option<&Simulation>,
    target: &(String, String),
    wait: bool,
) -> Result<Outcome, Error> {
    // The flag does not offer it, but the environment and the file may say so.
    if settings.format == Format::Csv {
        let cause = "the format is set to csv, and a verdict is not a table";
        return Err(Error::usage("the verdict cannot be printed", cause, "use --format json or --format table"));
    }
    // Where it cannot be judged at all is known after one look.
    let first = gather(settings, simulation, |_| Vec::new())?;
    let found = find(&first, target)?;
    if !wait || found.canary.is_none_or(|canary| canary.verdict != Verdict::NotEnoughData) {
        return tell(&first, &found, settings);
    }
    let id = FunctionId { scope: found.scope.scope.clone(), name: found.function.state.name.clone() };
    let last = watch(settings, simulation, target, &id, first)?;
    tell(&last, &find(&last, target)?, settings)
}

/// An alias and where it is.
struct Place<'a> {
    scope: &'a ScopeSnapshot,
    function: &'a FunctionSnapshot,
    alias: &'a AliasTraffic,
    canary: Option<&'a Canary>,
}

fn find<'a>(snapshot: &'a Snapshot, (function, alias): &(String, String)) -> Result<Place<'a>, Error> {
    let named = snapshot.scopes.iter().filter_map(|scope| Some((scope, scope.function(&function.as_str().into())?)));
    let known: Vec<_> = named.collect();
    let what = format!("the canary of {function}:{alias} cannot be judged");
    let (scope, function) = match known.as_slice() {
        [one] => *one,
        [] => {
            let cause = format!("there is no function {function}");
            return Err(Error::usage(what, cause, "check the name, --profile and --region"));
        }
        several => {
            let places: Vec<String> = several.iter().map(|(scope, _)| scope.scope.to_string()).collect();
            let cause = format!("it is in {}", places.join(" and "));
            return Err(Error::usage(what, cause, "name one --profile and one --region"));
        }
    };
    match function.aliases.iter().find(|known| known.name == *alias) {
        Some(alias) => Ok(Place { scope, function, alias, canary: function.canaries.get(&alias.name) }),
        None => Err(Error::usage(
            what,
            if function.state.aliases.is_some() { "there is no such alias" } else { "the aliases could not be read" },
            "check the alias, and that lambda:ListAliases is allowed",
        )),
    }
}

/// The first snapshot in which the canary is decided or gone, or the last one before the time was over.
fn watch(
    settings: &Settings,
    simulation: Option<&Simulation>,
    target: &(String, String),
    id: &FunctionId,
    first: Arc<Snapshot>,
) -> Result<Arc<Snapshot>, Error> {
    let scenario = simulation.map(Simulation::scenario).transpose()?;
    let speed = scenario.as_ref().map_or(settings.speed, |scenario| settings.speed.min(scenario.fastest()));
    let runtime = runtime(1)?;
    let last = runtime.block_on(async {
        let source = Source::new(scenario.as_ref(), settings, speed)?;
        let clock = source.clock();
        let Live { mut snapshots, demand, tasks } = Live::start(source, settings);
        demand.send_replace(Demand {
            visible: vec![id.clone()],
            focus: Some(id.clone()),
            traffic: true,
            // Whoever started a pipeline waits for it.
            attended: Some(clock.now()),
            ..Demand::default()
        });
        let timeout = clock.sleep(Duration::from_secs(settings.timeout_s.into()));
        tokio::pin!(timeout);
        let failed = tasks.failed();
        tokio::pin!(failed);
        let mut last = first;
        let mut told: Option<Minute> = None;
        loop {
            tokio::select! {
                biased;
                error = &mut failed => return Err(error),
                () = &mut timeout => return Ok(last),
                changed = snapshots.changed() => {
                    let snapshot = Arc::clone(&snapshots.borrow_and_update());
                    // The split is known when the alias has been read.
                    let Ok(place) = find(&snapshot, target) else { continue };
                    if changed.is_err() || place.function.state.aliases.is_none() {
                        continue;
                    }
                    let undecided = place.canary.filter(|canary| canary.verdict == Verdict::NotEnoughData);
                    if let Some(canary) = undecided.filter(|_| told != Some(Minute::of(snapshot.at))) {
                        told = Some(Minute::of(snapshot.at));
                        progress(&snapshot, target, canary);
                    }
                    let is_over = undecided.is_none();
                    demand.send_modify(|demand| demand.attended = Some(snapshot.at));
                    last = Arc::clone(&snapshot);
                    if is_over {
                        return Ok(last);
                    }
                }
            }
        }
    });
    runtime.shutdown_background();
    last
}

/// Says on standard error how far it is; nobody need read it.
fn progress(snapshot: &Snapshot, (function, alias): &(String, String), canary: &Canary) {
    let needed = export::canary::still_needed(canary).unwrap_or_else(|| "needs more invocations".to_string());
    let line = format!("{} {function}:{alias} not enough data, {needed}", clock_seconds(snapshot.at));
    let _ = writeln!(std::io::stderr(), "{}", lambda_model::text::clean(&line));
}

fn tell(snapshot: &Snapshot, place: &Place<'_>, settings: &Settings) -> Result<Outcome, Error> {
    let Place { scope, function, alias, canary } = place;
    print(&match (format(settings), canary) {
        (Format::Json, _) => export::json::alias(snapshot, scope, function, alias)?,
        (_, Some(canary)) => export::canary::text(function, alias, canary),
        (_, None) => format!("NOT ENOUGH DATA  {}:{}  its traffic is not split\n", function.state.name, alias.name),
    })?;
    Ok(match canary.map(|canary| canary.verdict) {
        Some(Verdict::Pass) => Outcome::Fine,
        Some(Verdict::Fail) => Outcome::Found,
        Some(Verdict::NotEnoughData) | None => Outcome::Undecided,
    })
}
