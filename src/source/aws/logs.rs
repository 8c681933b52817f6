//! CloudWatch Logs: which log groups exist, and of which class.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::LogGroup as SdkLogGroup;

use super::page::page;
use super::session::Session;
use crate::model::failure::ApiError;
use crate::model::function::LogGroup;
use crate::source::api::{Logs, Page, Token};

#[async_trait]
impl Logs for Session {
    async fn log_groups(&self, prefix: &str, token: Token) -> Result<Page<LogGroup>, ApiError> {
        let answer = self
            .call(|clients| {
                clients.logs.describe_log_groups().log_group_name_prefix(prefix).set_next_token(token.clone()).send()
            })
            .await?;
        page("logGroups", answer.log_groups, answer.next_token, log_group)
    }
}

fn log_group(group: SdkLogGroup) -> Option<LogGroup> {
    Some(LogGroup { name: group.log_group_name?, class: group.log_group_class.map(|class| class.as_str().to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatchlogs::types::LogGroupClass;

    #[test]
    fn groups_keep_their_class() {
        let group = SdkLogGroup::builder().log_group_name("/aws/lambda/checkout");
        let named =
            |class: Option<&str>| LogGroup { name: "/aws/lambda/checkout".into(), class: class.map(String::from) };
        assert_eq!(log_group(group.clone().build()), Some(named(None)));
        let rare = group.clone().log_group_class(LogGroupClass::InfrequentAccess).build();
        assert_eq!(log_group(rare), Some(named(Some("INFREQUENT_ACCESS"))));
        let new = group.log_group_class(LogGroupClass::from("CLASS_OF_2030")).build();
        assert_eq!(log_group(new), Some(named(Some("CLASS_OF_2030"))), "a class the SDK does not know");
        assert_eq!(log_group(SdkLogGroup::builder().build()), None);
    }
}
