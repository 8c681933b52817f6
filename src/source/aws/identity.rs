//! AWS STS: the account ID.

use async_trait::async_trait;

use super::failure::lacks;
use super::session::Session;
use lambda_model::api::Identity;
use lambda_model::failure::ApiError;

#[async_trait]
impl Identity for Session {
    async fn account(&self) -> Result<String, ApiError> {
        let answer = self.call(|clients| clients.sts.get_caller_identity().send()).await?;
        answer.account.ok_or_else(|| lacks("Account"))
    }
}
