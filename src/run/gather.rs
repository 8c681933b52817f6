//! One look at everything: the sources are read once, and what they return is one snapshot.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::feed::{Feed, Source};
use super::{Simulation, nothing_yet, params, runtime};
use crate::config::Settings;
use crate::engine::{self, OBSERVATIONS};
use crate::error::Error;
use crate::logging;
use crate::snapshot::Snapshot;
use crate::view::functions::RowRef;
use lambda_model::demand::Demand;
use lambda_model::failure::{Health, HealthState};
use lambda_model::log::{FeedState, LogFeed};
use lambda_model::operation::Operation;

/// Reads everything once; `sought` are the functions that matter most.
///
/// # Errors
///
/// When a source cannot be read at all, or AWS could not be reached or denied everything.
pub(super) fn gather(
    settings: &Settings,
    simulation: Option<&Simulation>,
    sought: impl Fn(&Snapshot) -> Vec<RowRef>,
) -> Result<Arc<Snapshot>, Error> {
    logging::start(settings.log_file.as_deref(), settings.verbosity)?;
    let scenario = simulation.map(Simulation::scenario).transpose()?;
    let runtime = runtime(1)?;
    let taken = runtime.block_on(async {
        // One look needs no time lapse.
        let source = Source::new(scenario.as_ref(), settings, 1.0)?;
        let (observations, received) = mpsc::channel(OBSERVATIONS);
        let (publish, snapshots) = watch::channel(nothing_yet(&source, settings));
        let (demand, wanted) = watch::channel(Demand::default());
        let engine = engine::run(received, publish, source.clock(), params(settings), source.origin());
        let (reading, begun) = watch::channel(false);
        let feed = Feed::once(source, settings, begun).run(observations, wanted);
        tokio::select! {
            (outcome, snapshot) = async { tokio::join!(feed, engine) } => outcome.map(|()| snapshot),
            never = look(snapshots, demand, reading, sought), if settings.wait_s > 0 => match never {},
        }
    });
    runtime.shutdown_background();
    let snapshot = taken?;
    unanswered(&snapshot).or_else(|| unread(&snapshot)).map_or(Ok(snapshot), Err)
}

/// Wishes for what would be on a screen, as that changes: so the sources know whose logs are wanted. `begun` becomes
/// true when logs are read everywhere, or cannot be.
async fn look(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    demand: watch::Sender<Demand>,
    begun: watch::Sender<bool>,
    rows: impl Fn(&Snapshot) -> Vec<RowRef>,
) -> Infallible {
    while snapshots.changed().await.is_ok() {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let visible: Vec<_> = rows(&snapshot).iter().filter_map(|row| row.id(&snapshot)).collect();
        let is_waiting = |feed: &Option<LogFeed>| {
            feed.as_ref().is_none_or(|feed| matches!(feed.state, FeedState::Starting | FeedState::Off))
        };
        if !visible.is_empty() && !snapshot.scopes.iter().any(|scope| is_waiting(&scope.live.feed)) {
            begun.send_replace(true);
        }
        demand.send_if_modified(|demand| {
            let news = demand.visible != visible;
            demand.visible = visible;
            news
        });
    }
    std::future::pending().await
}

/// The error when nothing in the log file was understood.
fn unread(snapshot: &Snapshot) -> Option<Error> {
    let feed = snapshot.scopes.iter().find_map(|scope| scope.live.feed.as_ref())?;
    (feed.state == FeedState::Unread).then(|| {
        let forms = "known forms: platform lines; the output of aws logs tail, aws logs filter-log-events, sam logs and \
            serverless logs; exports of Logs Insights in JSON and CSV; events of subscriptions, Kinesis and Firehose";
        Error::unread("the log file was not understood", &feed.reason, forms)
    })
}

/// The error when AWS could not be reached or denied everything. Who the caller is needs no permission, so an
/// answer to that alone is nothing.
fn unanswered(snapshot: &Snapshot) -> Option<Error> {
    let asked = || {
        let health = snapshot.scopes.iter().flat_map(|scope| &scope.health);
        health.filter(|health| health.operation != Operation::GetCallerIdentity)
    };
    let worst = asked().max_by_key(|health| health.state)?;
    if asked().any(|health| health.state == HealthState::Ok) {
        return None;
    }
    let Health { operation, state, detail, .. } = worst;
    let hint = match state {
        HealthState::Expired => "log in again (aws sso login, aws login) or check the keys, then retry",
        HealthState::Denied => "grant what `lamtop iam-policy` prints",
        HealthState::Throttled => "try again in a minute; something else uses up the account's API rate",
        HealthState::Unsupported => "check --endpoint-url: what answers there does not know these operations",
        HealthState::Unreachable | HealthState::Ok => "check the network, the Region and --endpoint-url",
    };
    let cause = format!("{operation}: {}", detail.as_deref().unwrap_or(state.word()));
    Some(Error::aws("AWS gave no answer that can be used", cause, hint))
}
