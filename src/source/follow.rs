//! Follows the logs of the functions on screen, in the way that the user chose or that works.

mod delivery;
mod describe;
mod event;
mod feed;
mod handles;
mod jobs;
mod kinesis;
mod poll;
mod polls;
mod screen;
mod sessions;
mod tail;
mod targets;
mod watching;

use chrono::TimeDelta;
use tokio::sync::watch;

use super::directory::Directory;
use super::outlet::Outlet;
use lambda_model::api::Account;
use lambda_model::demand::Demand;
use lambda_model::log::{FeedState, LogFeed};
use lambda_model::observation::Payload;

/// How to read log events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// With Live Tail, and with polling where Live Tail is denied, unsupported or over quota.
    Auto,
    /// Only with Live Tail.
    Tail,
    /// Only with `FilterLogEvents`.
    Poll,
    /// From this Kinesis stream, to which a subscription filter delivers.
    Kinesis(String),
    /// Not at all.
    Off,
}

/// How to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How to read log events.
    pub choice: Choice,
    /// The most Live Tail sessions that may be open at a time.
    pub sessions: usize,
    /// Following stops when no key was pressed for this long; `None` is never (commands without a screen).
    pub idle: Option<TimeDelta>,
    /// Which share of the shards of a Kinesis stream to read.
    pub share: Share,
}

/// One of several equal parts of a stream's shards: `--shards 2/3` is the second of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// From 1 to `of`.
    pub part: u32,
    /// How many lamtop processes read the stream together.
    pub of: u32,
}

impl Share {
    /// Every shard.
    pub const ALL: Self = Self { part: 1, of: 1 };
}

/// Follows the logs of the functions that `demand` names until the engine stops.
///
/// Failures do not end it: they are reported as health and in the [`LogFeed`].
pub async fn follow(
    account: Account,
    outlet: Outlet,
    plan: Plan,
    directory: watch::Receiver<Directory>,
    demand: watch::Receiver<Demand>,
) {
    match &plan.choice {
        Choice::Off => {
            let reason = "switched off by --logs off".to_string();
            let feed = LogFeed { state: FeedState::Off, reason, groups: 0, left: 0, sessions: 0, behind_ms: None };
            if outlet.publish(Payload::LogFeed(feed)).await.is_some() {
                describe::describe_focus(account, outlet, directory, demand).await;
            }
        }
        Choice::Kinesis(stream) => {
            let groups = describe::describe_focus(account.clone(), outlet.clone(), directory, demand);
            tokio::join!(groups, kinesis::read(account, outlet, stream, plan.share));
        }
        Choice::Auto | Choice::Tail | Choice::Poll => {
            watching::watch(account, outlet, plan, directory, demand).await;
        }
    }
}
