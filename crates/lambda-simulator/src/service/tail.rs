//! A Live Tail session of the simulated Region: an update a second by the Region's clock, and an end after three hours.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::Service;
use lambda_model::api::{Tail, TailEnd, TailFilter};
use lambda_model::log::TailUpdate;

/// An update is due every second (docs/aws.md#live-tail).
const SECOND: TimeDelta = TimeDelta::seconds(1);
/// The updates that are kept for a slow reader; beyond that the oldest are dropped (docs/aws.md#live-tail).
const KEPT: i32 = 10;
/// The time after which the session ends (docs/aws.md#live-tail).
const LONGEST: TimeDelta = TimeDelta::hours(3);

/// An open session.
pub(super) struct LiveTail {
    service: Service,
    groups: Vec<String>,
    filter: TailFilter,
    ends: DateTime<Utc>,
    /// The second that the next update is about begins here.
    second: DateTime<Utc>,
}

impl LiveTail {
    /// Opened now, of log groups that exist.
    pub(super) fn new(service: Service, groups: Vec<String>, filter: TailFilter) -> Self {
        let now = service.clock().now();
        Self { service, groups, filter, ends: now + LONGEST, second: now }
    }
}

#[async_trait]
impl Tail for LiveTail {
    async fn next(&mut self) -> Result<TailUpdate, TailEnd> {
        let clock = self.service.clock();
        self.second = self.second.max(clock.now() - SECOND * KEPT);
        clock.sleep_until(self.second + SECOND).await;
        if self.second + SECOND > self.ends {
            return Err(TailEnd::TimedOut);
        }
        let update = self.service.tail_update(&self.groups, self.filter, self.second).map_err(TailEnd::Failed)?;
        self.second += SECOND;
        Ok(update)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::history::tests::calm;
    use lambda_model::Arn;
    use lambda_model::api::{Account, LogQuery, TailEnd, TailFilter};
    use lambda_model::failure::ApiError;
    use lambda_model::time::Clock;

    fn arn(group: &str) -> Arn {
        Arn::new(format!("arn:aws:logs:eu-west-1:123456789012:log-group:{group}"))
    }

    /// The simulated account with these faults, a minute after its origin.
    fn account(faults: &str, speed: f64) -> (Account, Clock) {
        let scenario = calm(faults);
        let clock = Clock::simulated(scenario.origin() + chrono::TimeDelta::minutes(1), speed);
        (crate::account(&scenario, 1, clock.clone()), clock)
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_of_one_to_ten_groups_that_exist() {
        let (account, _) = account("", 1.0);
        let known = arn("/aws/lambda/checkout");
        // the groups, what is wrong
        let cases = [
            (vec![known.clone()], ""),
            (vec![known.clone(), arn("/data/orders")], ""),
            (vec![known.clone(), arn("/aws/lambda/nobody")], "not found"),
            (vec![], "not supported"),
            (vec![known; 11], "not supported"),
        ];
        for (groups, wrong) in cases {
            let words = account
                .logs
                .tail(&groups, TailFilter::Everything)
                .await
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert_eq!(words.is_empty(), wrong.is_empty(), "{groups:?}: {words}");
            assert!(words.starts_with(wrong), "{groups:?}: {words}");
        }
        let query = |group: &str| LogQuery {
            group: group.into(),
            from: chrono::DateTime::UNIX_EPOCH,
            until: chrono::DateTime::UNIX_EPOCH,
        };
        let unknown = account.logs.events(&query("/aws/lambda/nobody"), None).await;
        assert!(matches!(unknown, Err(ApiError::NotFound(_))), "{unknown:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn updates_come_every_second_and_late_ones_are_dropped() {
        let (account, clock) = account("", 1.0);
        let mut tail = account.logs.tail(&[arn("/aws/lambda/checkout")], TailFilter::Everything).await.unwrap();
        let began = clock.now();
        for second in 1..=5 {
            tail.next().await.unwrap();
            assert_eq!((clock.now() - began).num_seconds(), second);
        }
        clock.sleep(Duration::from_mins(1)).await;
        for _ in 0..10 {
            tail.next().await.unwrap();
            assert_eq!((clock.now() - began).num_seconds(), 65, "what was kept is there at once");
        }
        tail.next().await.unwrap();
        assert_eq!((clock.now() - began).num_seconds(), 66);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_after_three_hours_and_when_the_network_is_down() {
        let (account, clock) = account("[[api_fault]]\nfrom_min = 2\nuntil_min = 3\nanswer = \"unreachable\"", 60.0);
        let groups = [arn("/aws/lambda/checkout")];
        let mut tail = account.logs.tail(&groups, TailFilter::Everything).await.unwrap();
        let began = clock.now();
        let end = loop {
            if let Err(end) = tail.next().await {
                break end;
            }
        };
        assert!(matches!(end, TailEnd::Failed(ApiError::Unreachable(_))), "{end:?}");
        assert_eq!((clock.now() - began).num_seconds(), 60);
        assert!(matches!(account.logs.tail(&groups, TailFilter::Everything).await, Err(ApiError::Unreachable(_))));
        clock.sleep(Duration::from_mins(1)).await;
        let mut tail = account.logs.tail(&groups, TailFilter::Everything).await.unwrap();
        clock.sleep(Duration::from_hours(3)).await;
        let mut updates = 0;
        while tail.next().await.is_ok() {
            updates += 1;
        }
        assert_eq!((updates, tail.next().await), (10, Err(TailEnd::TimedOut)));
    }
}
