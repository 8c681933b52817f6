//! Carries tasks out: paces the calls, follows pages, and says what came of each.

mod deployments;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::pace::Pace;
use super::plan;
use super::task::{Detail, Task};
use lambda_model::api::{Account, Page, Token};
use lambda_model::deployment::Shifting;
use lambda_model::failure::ApiError;
use lambda_model::metric::{Metric, Subject};
use lambda_model::observation::Payload;
use lambda_model::operation::Operation;
use lambda_model::time::Clock;
use lambda_model::{Arn, FunctionName};

/// What the calls of a task tell the poller.
#[derive(Debug)]
pub(super) enum Event {
    /// A call was made and ended so; it billed this many metrics.
    Called {
        /// The operation.
        operation: Operation,
        /// How it ended.
        outcome: Result<(), ApiError>,
        /// Metrics requested, as AWS bills them.
        metrics: u64,
    },
    /// A fact.
    Observed(Payload),
    /// Dimension sets under which a metric is being published.
    Active(Metric, Vec<Subject>),
}

/// Why a call gave nothing; the poller has been told the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missed {
    /// The thing does not exist.
    NotFound,
    /// The call failed, or there is no time left for it.
    NoAnswer,
}

/// Makes the calls of one account.
pub(super) struct Calls {
    account: Account,
    pace: Pace,
    clock: Clock,
    events: mpsc::Sender<Event>,
    urls: Mutex<BTreeMap<Arn, String>>,
    /// How deployment configurations in use shift traffic; they never change.
    shifting: Mutex<BTreeMap<String, Option<Shifting>>>,
}

/// No listing is longer.
const MOST_PAGES: usize = 10_000;

impl Calls {
    /// Calls to `account`; control-plane calls keep to `pace`.
    pub(super) fn new(account: Account, pace: Pace, clock: Clock, events: mpsc::Sender<Event>) -> Arc<Self> {
        Arc::new(Self { account, pace, clock, events, urls: Mutex::default(), shifting: Mutex::default() })
    }

    /// Does `task`; `true` when AWS had an answer to all of it, be it that the thing does not exist.
    pub(super) async fn run(&self, task: &Task) -> bool {
        let done = match task {
            Task::Account => self.account_id().await,
            Task::Limits => self.limits().await,
            Task::Functions => self.functions().await,
            Task::EventSources => self.event_sources().await,
            Task::Deployments { configs } => self.deployments(*configs).await,
            Task::Detail(detail, name) => self.detail(*detail, name).await,
            Task::Active(metric) => self.active(*metric).await,
            Task::Points(query) => self.points(query).await,
            Task::Queue(arn) => self.queue(arn).await,
        };
        done != Err(Missed::NoAnswer)
    }

    async fn account_id(&self) -> Result<(), Missed> {
        // STS has quotas of its own: no turn is taken from the control plane's.
        let account = self.call(Operation::GetCallerIdentity, 0, self.account.identity.account()).await?;
        self.observed(Payload::Account(account)).await
    }

    async fn limits(&self) -> Result<(), Missed> {
        let limits = self.paced(Operation::GetAccountSettings, self.account.functions.account_limits()).await?;
        self.observed(Payload::Limits(limits)).await
    }

    async fn functions(&self) -> Result<(), Missed> {
        let begun = self.clock.now();
        let mut pages = Pages::default();
        while let Some(token) = pages.next() {
            let page = self.paced(Operation::ListFunctions, self.account.functions.functions(token)).await?;
            let functions = pages.take(page);
            self.observed(Payload::Functions(functions)).await?;
        }
        self.observed(Payload::FunctionsComplete(begun)).await
    }

    async fn event_sources(&self) -> Result<(), Missed> {
        let list = |token| self.account.functions.event_sources(token);
        let sources = self.all(Operation::ListEventSourceMappings, list).await?;
        self.observed(Payload::EventSources(sources)).await
    }

    async fn detail(&self, detail: Detail, name: &FunctionName) -> Result<(), Missed> {
        let functions = &self.account.functions;
        let name = name.clone();
        let operation = detail.operation();
        let payload = match detail {
            Detail::Reserved => {
                let reserved = self.paced(operation, functions.reserved(&name)).await?;
                Payload::Reserved(name, reserved)
            }
            Detail::Aliases => {
                let aliases = self.all(operation, |token| functions.aliases(&name, token)).await?;
                Payload::Aliases(name, aliases)
            }
            Detail::Provisioned => {
                let configs = self.all(operation, |token| functions.provisioned(&name, token)).await?;
                Payload::Provisioned(name, configs)
            }
            Detail::InvokeConfigs => {
                let configs = self.all(operation, |token| functions.invoke_configs(&name, token)).await?;
                Payload::InvokeConfigs(name, configs)
            }
        };
        self.observed(payload).await
    }

    async fn active(&self, metric: Metric) -> Result<(), Missed> {
        let mut pages = Pages::default();
        while let Some(token) = pages.next() {
            let page = self.call(Operation::ListMetrics, 0, self.account.metrics.active(metric, token)).await?;
            self.send(Event::Active(metric, pages.take(page))).await?;
        }
        Ok(())
    }

    async fn points(&self, query: &lambda_model::api::MetricQuery) -> Result<(), Missed> {
        // Every page is billed for every metric of the request.
        let billed = plan::billed(query);
        let mut pages = Pages::default();
        while let Some(token) = pages.next() {
            let page = self.call(Operation::GetMetricData, billed, self.account.metrics.points(query, token)).await?;
            let points = pages.take(page);
            self.observed(Payload::Points(points)).await?;
        }
        Ok(())
    }

    async fn queue(&self, arn: &Arn) -> Result<(), Missed> {
        let attributes = match self.queue_attributes(arn).await {
            Ok(attributes) => Some(attributes),
            Err(Missed::NotFound) => None,
            Err(Missed::NoAnswer) => return Err(Missed::NoAnswer),
        };
        self.observed(Payload::Queue(arn.clone(), attributes)).await
    }

    async fn queue_attributes(&self, arn: &Arn) -> Result<lambda_model::queue::QueueAttributes, Missed> {
        let queues = &self.account.queues;
        let known = self.urls.lock().unwrap_or_else(PoisonError::into_inner).get(arn).cloned();
        let url = match known {
            Some(url) => url,
            None => self.call(Operation::GetQueueUrl, 0, queues.url(arn)).await?,
        };
        let attributes = self.call(Operation::GetQueueAttributes, 0, queues.attributes(&url)).await;
        let mut urls = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        if attributes == Err(Missed::NotFound) {
            // Deleted, or deleted and made anew.
            urls.remove(arn);
        } else {
            urls.insert(arn.clone(), url);
        }
        attributes
    }

    /// Every page of a per-function or per-Region listing on the control plane.
    async fn all<T, F>(&self, operation: Operation, list: impl Fn(Token) -> F) -> Result<Vec<T>, Missed>
    where
        F: Future<Output = Result<Page<T>, ApiError>>,
    {
        let mut items = Vec::new();
        let mut pages = Pages::default();
        while let Some(token) = pages.next() {
            let page = self.paced(operation, list(token)).await?;
            items.extend(pages.take(page));
        }
        Ok(items)
    }

    /// A control-plane call, when its turn has come.
    async fn paced<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, Missed> {
        if self.pace.turn().await { self.call(operation, 0, call).await } else { Err(Missed::NoAnswer) }
    }

    async fn call<T>(
        &self,
        operation: Operation,
        metrics: u64,
        call: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, Missed> {
        let (outcome, answer) = match call.await {
            Ok(answer) => (Ok(()), Ok(answer)),
            Err(error @ ApiError::NotFound(_)) => (Err(error), Err(Missed::NotFound)),
            Err(error) => (Err(error), Err(Missed::NoAnswer)),
        };
        self.send(Event::Called { operation, outcome, metrics }).await?;
        answer
    }

    async fn observed(&self, payload: Payload) -> Result<(), Missed> {
        self.send(Event::Observed(payload)).await
    }

    async fn send(&self, event: Event) -> Result<(), Missed> {
        // The poller is gone when the program ends.
        self.events.send(event).await.map_err(|_| Missed::NoAnswer)
    }
}

/// Follows the tokens of a listing, and notices when they run in a circle.
#[derive(Debug, Default)]
pub(super) struct Pages {
    token: Token,
    seen: BTreeSet<String>,
    ended: bool,
}

impl Pages {
    /// The token of the page to ask for next; `None` after the last.
    pub(super) fn next(&self) -> Option<Token> {
        (!self.ended).then(|| self.token.clone())
    }

    /// The items of the page that was asked for.
    pub(super) fn take<T>(&mut self, page: Page<T>) -> Vec<T> {
        let new = page.next.as_ref().is_some_and(|token| self.seen.insert(token.clone()));
        self.ended = !new || self.seen.len() >= MOST_PAGES;
        self.token = page.next;
        page.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a listing is asked for whose pages name these tokens, in turn.
    fn followed(tokens: &[Option<&str>]) -> Vec<Option<String>> {
        let mut pages = Pages::default();
        let mut asked = Vec::new();
        for token in tokens.iter().cycle() {
            let Some(next) = pages.next() else { break };
            asked.push(next);
            let items = pages.take(Page { items: vec![asked.len()], next: token.map(str::to_string) });
            assert_eq!(items, [asked.len()], "no page is lost, the last included");
        }
        asked
    }

    #[test]
    fn a_listing_ends_without_a_token_or_with_one_seen_before() {
        let some = |token: &str| Some(token.to_string());
        assert_eq!(followed(&[None]), [None]);
        assert_eq!(followed(&[Some("a"), Some("b"), None]), [None, some("a"), some("b")]);
        assert_eq!(followed(&[Some("a")]), [None, some("a")], "it repeats itself");
        assert_eq!(followed(&[Some("a"), Some("b")]), [None, some("a"), some("b")], "it runs in a circle");
    }

    #[test]
    fn a_listing_that_never_ends_is_ended() {
        let mut pages = Pages::default();
        let mut count = 0;
        while pages.next().is_some() {
            count += 1;
            pages.take(Page { items: vec![()], next: Some(count.to_string()) });
        }
        assert_eq!(count, MOST_PAGES);
    }
}
