//! Azure Pipelines, as far as a job asks it for the token of its service connection.

use serde_json::json;

use crate::answer::Answer;
use crate::request::Asked;
use crate::sign_in::SignIn;

/// The version of the request that is answered.
const API_VERSION: &str = "7.1";

impl SignIn<'_> {
    /// Answers a request for a job's token. `System.AccessToken` is the first auditor's secret.
    pub(crate) fn pipelines(&self, asked: &Asked) -> Answer {
        let refuse = |status: u16, text: &str| Answer::json(status, &json!({"message": text}));
        let [organization, project, _, _, _, _, _, _, _, _, "oidctoken"] =
            asked.segments.iter().map(String::as_str).collect::<Vec<_>>()[..]
        else {
            return Answer::empty(404);
        };
        if asked.method != "POST" {
            return refuse(405, "The requested resource does not support this http method.");
        }
        let auditor = self.auditors.first();
        let token = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if auditor.is_none_or(|auditor| !auditor.has_secret(token.unwrap_or_default())) {
            return Answer::empty(401);
        }
        if asked.parameter("api-version") != Some(API_VERSION) {
            return refuse(400, "No api-version was supplied for the request.");
        }
        let Some(connection) = asked.parameter("serviceConnectionId").filter(|id| !id.is_empty())
        else {
            return refuse(400, "The service connection is missing.");
        };
        let issuer = format!("https://vstoken.dev.azure.com/{organization}");
        let subject = format!("sc://{organization}/{project}/{connection}");
        let token = self.mint.federated(&issuer, &subject);
        Answer::json(200, &json!({"oidcToken": token}))
    }
}
