//! SQS: the depth of a queue and its redrive target. Messages are never received.

use async_trait::async_trait;
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
use aws_sdk_sqs::types::QueueAttributeName;

use super::failure::lacks;
use super::session::Session;
use lambda_model::Arn;
use lambda_model::api::Queues;
use lambda_model::failure::ApiError;
use lambda_model::queue::QueueAttributes;

#[async_trait]
impl Queues for Session {
    async fn url(&self, queue: &Arn) -> Result<String, ApiError> {
        let answer = self
            .call(|clients| {
                let owner = queue.account().map(String::from);
                clients.sqs.get_queue_url().queue_name(queue.name()).set_queue_owner_aws_account_id(owner).send()
            })
            .await?;
        answer.queue_url.ok_or_else(|| lacks("QueueUrl"))
    }

    async fn attributes(&self, url: &str) -> Result<QueueAttributes, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .sqs
                    .get_queue_attributes()
                    .queue_url(url)
                    .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
                    .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
                    .attribute_names(QueueAttributeName::RedrivePolicy)
                    .send()
            })
            .await?;
        queue_attributes(&answer)
    }
}

/// Every attribute is a string; the redrive policy is JSON in a string.
fn queue_attributes(answer: &GetQueueAttributesOutput) -> Result<QueueAttributes, ApiError> {
    let attribute = |name: &QueueAttributeName| answer.attributes()?.get(name).map(String::as_str);
    let count = |name: QueueAttributeName| {
        attribute(&name).and_then(|text| text.parse().ok()).ok_or_else(|| lacks(name.as_str()))
    };
    Ok(QueueAttributes {
        depth: count(QueueAttributeName::ApproximateNumberOfMessages)?,
        in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?,
        redrive_target: attribute(&QueueAttributeName::RedrivePolicy).and_then(redrive_target),
    })
}

/// `deadLetterTargetArn` of a redrive policy. `maxReceiveCount` beside it is a number or a string.
fn redrive_target(policy: &str) -> Option<Arn> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    policy.get("deadLetterTargetArn")?.as_str().map(Arn::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DLQ: &str = "arn:aws:sqs:eu-west-1:123456789012:orders-dlq";

    fn answer(depth: &str, in_flight: &str, redrive: Option<&str>) -> GetQueueAttributesOutput {
        let answer = GetQueueAttributesOutput::builder()
            .attributes(QueueAttributeName::ApproximateNumberOfMessages, depth)
            .attributes(QueueAttributeName::ApproximateNumberOfMessagesNotVisible, in_flight);
        match redrive {
            Some(policy) => answer.attributes(QueueAttributeName::RedrivePolicy, policy).build(),
            None => answer.build(),
        }
    }

    #[test]
    fn counts_are_read_from_text() {
        let read = queue_attributes(&answer("12", "3", None));
        assert_eq!(read, Ok(QueueAttributes { depth: 12, in_flight: 3, redrive_target: None }));
    }

    #[test]
    fn a_missing_count_is_not_zero() {
        let none = queue_attributes(&GetQueueAttributesOutput::builder().build());
        assert_eq!(none, Err(lacks("ApproximateNumberOfMessages")));
        assert_eq!(queue_attributes(&answer("many", "3", None)), Err(lacks("ApproximateNumberOfMessages")));
        assert_eq!(queue_attributes(&answer("12", "", None)), Err(lacks("ApproximateNumberOfMessagesNotVisible")));
    }

    #[test]
    fn redrive_policies_are_read() {
        let cases = [
            (format!(r#"{{"deadLetterTargetArn":"{DLQ}","maxReceiveCount":3}}"#), Some(DLQ)),
            (format!(r#"{{"maxReceiveCount":"3","deadLetterTargetArn":"{DLQ}"}}"#), Some(DLQ)),
            (r#"{"maxReceiveCount":3}"#.into(), None),
            (r#"{"deadLetterTargetArn":7}"#.into(), None),
            ("[]".into(), None),
            ("not json".into(), None),
            (String::new(), None),
        ];
        for (policy, target) in cases {
            let read = queue_attributes(&answer("1", "0", Some(&policy))).unwrap();
            assert_eq!(read.redrive_target, target.map(Arn::new), "{policy}");
        }
    }
}
