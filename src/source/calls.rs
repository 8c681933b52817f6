//! Runs tasks: paces the calls, follows pages, and reports the outcome of each call.

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

/// What a running task reports to the poller.
#[derive(Debug)]
pub enum Event {
    /// A call has ended.
    Called {
        /// The operation.
        operation: Operation,
        /// Whether it succeeded, or its error.
        outcome: Result<(), ApiError>,
        /// Metrics requested, as AWS bills them.
        metrics: u64,
    },
    /// Something was read.
    Observed(Payload),
    /// Dimension sets for which a metric was published lately.
    Active(Metric, Vec<Subject>),
}

/// Why a call returned no value. The error itself is reported to the poller in [`Event::Called`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missed {
    /// The resource does not exist.
    NotFound,
    /// The call failed, or the deadline has passed.
    NoAnswer,
}

/// Makes the calls of one account.
pub(super) struct Calls {
    account: Account,
    pace: Pace,
    clock: Clock,
    events: mpsc::Sender<Event>,
    urls: Mutex<BTreeMap<Arn, String>>,
    /// How the deployment configurations in use shift traffic. A configuration cannot be changed.
    shifting: Mutex<BTreeMap<String, Option<Shifting>>>,
}

/// A listing is cut after this many pages.
const MOST_PAGES: usize = 10_000;

impl Calls {
    /// Makes calls to `account`. Control-plane calls are paced by `pace`.
    pub(super) fn new(account: Account, pace: Pace, clock: Clock, events: mpsc::Sender<Event>) -> Arc<Self> {
        Arc::new(Self { account, pace, clock, events, urls: Mutex::default(), shifting: Mutex::default() })
    }

    /// Runs `task`. Returns whether AWS answered every call; that a resource does not exist is an answer.
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
        // STS has its own quotas, so this call is not paced.
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
            // The queue was deleted, and may have been created again.
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

    /// Makes a control-plane call when the pace allows it.
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
        // This fails only when the program ends and the poller has been dropped.
        self.events.send(event).await.map_err(|_| Missed::NoAnswer)
    }
}

/// Follows the tokens of a listing. It ends when a token comes a second time.
#[derive(Debug, Default)]
pub(super) struct Pages {
    token: Token,
    seen: BTreeSet<String>,
    ended: bool,
}

impl Pages {
    /// The token of the page to request next; `None` after the last page.
    pub(super) fn next(&self) -> Option<Token> {
        (!self.ended).then(|| self.token.clone())
    }

    /// Takes in the requested page and returns its items.
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

    /// The tokens that are requested of a listing whose pages return these tokens in turn.
    fn followed(tokens: &[Option<&str>]) -> Vec<Option<String>> {
        let mut pages = Pages::default();
        let mut requested = Vec::new();
        for token in tokens.iter().cycle() {
            let Some(next) = pages.next() else { break };
            requested.push(next);
            let items = pages.take(Page { items: vec![requested.len()], next: token.map(str::to_string) });
            assert_eq!(items, [requested.len()], "No page is lost, not even the last");
        }
        requested
    }

    #[test]
    fn a_listing_ends_without_a_token_or_with_one_seen_before() {
        let some = |token: &str| Some(token.to_string());
        assert_eq!(followed(&[None]), [None]);
        assert_eq!(followed(&[Some("a"), Some("b"), None]), [None, some("a"), some("b")]);
        assert_eq!(followed(&[Some("a")]), [None, some("a")], "The same token again");
        assert_eq!(followed(&[Some("a"), Some("b")]), [None, some("a"), some("b")], "An earlier token again");
    }

    #[test]
    fn an_endless_listing_is_cut() {
        let mut pages = Pages::default();
        let mut count = 0;
        while pages.next().is_some() {
            count += 1;
            pages.take(Page { items: vec![()], next: Some(count.to_string()) });
        }
        assert_eq!(count, MOST_PAGES);
    }
}
