//! Tokens for the three audiences, fetched at once and renewed before they end.

use std::sync::Arc;

use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use vaudit_model::Audience;
use vaudit_model::snapshot::Identity;

use super::{CLI_TIMEOUT, TokenSource};
use crate::guard::Guard;

/// A token is renewed when it ends within this time.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// The audience of storage tokens, the same in every cloud (`catalogue.md` §E).
const STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// The tokens of a run. Printing it shows no token.
pub struct Tokens {
    source: Arc<TokenSource>,
    slots: [Slot; 3],
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(***)")
    }
}

struct Slot {
    audience: Audience,
    scope: String,
    state: Mutex<State>,
}

enum State {
    /// Nobody asked for it.
    Idle,
    /// It is on its way.
    Fetching(JoinHandle<Fetched>),
    /// It is here.
    Ready(AccessToken),
    /// It was refused, once and for this run.
    Refused(TokenRefused),
}

type Fetched = Result<AccessToken, TokenRefused>;

/// Why there is no token for an audience.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no token: {}", details.first().map_or("no reason was given", String::as_str))]
pub struct TokenRefused {
    /// What was said, outermost first.
    pub details: Vec<String>,
}

impl Tokens {
    /// Starts fetching the tokens of all audiences at once.
    pub(crate) fn start(source: TokenSource, guard: &Guard, audiences: &[Audience]) -> Self {
        let source = Arc::new(source);
        let slot = |audience, scope: String| {
            let wanted = audience == Audience::ResourceManager || audiences.contains(&audience);
            let state = if wanted {
                State::Fetching(tokio::spawn(fetch(Arc::clone(&source), audience, scope.clone())))
            } else {
                State::Idle
            };
            Slot { audience, scope, state: Mutex::new(state) }
        };
        let default = |url: &url::Url| format!("{}/.default", url.as_str().trim_end_matches('/'));
        let slots = [
            slot(Audience::ResourceManager, default(guard.resource_manager())),
            slot(Audience::Graph, default(guard.graph())),
            slot(Audience::Storage, STORAGE_SCOPE.to_owned()),
        ];
        Self { source, slots }
    }

    /// The bearer token of an audience.
    ///
    /// # Errors
    ///
    /// When it was refused; it is then not asked for again in this run.
    pub async fn bearer(&self, audience: Audience) -> Result<Secret, TokenRefused> {
        let slot = match audience {
            Audience::ResourceManager => &self.slots[0],
            Audience::Graph => &self.slots[1],
            Audience::Storage => &self.slots[2],
        };
        let mut state = slot.state.lock().await;
        let fetched = match &mut *state {
            State::Ready(token) if !ends_soon(token) => return Ok(token.token.clone()),
            State::Refused(refused) => return Err(refused.clone()),
            State::Fetching(task) => task.await.unwrap_or_else(|error| {
                Err(TokenRefused { details: vec![format!("signing in stopped: {error}")] })
            }),
            State::Idle | State::Ready(_) => {
                fetch(Arc::clone(&self.source), slot.audience, slot.scope.clone()).await
            }
        };
        match fetched {
            Ok(token) => {
                let secret = token.token.clone();
                *state = State::Ready(token);
                Ok(secret)
            }
            Err(refused) => {
                *state = State::Refused(refused.clone());
                Err(refused)
            }
        }
    }

    /// Who signed in, as the token for Azure Resource Manager names it.
    pub async fn identity(&self) -> Identity {
        match self.bearer(Audience::ResourceManager).await {
            Ok(token) => Claims::of(token.secret()).identity(),
            Err(_) => Identity::default(),
        }
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        for slot in &mut self.slots {
            if let State::Fetching(task) = slot.state.get_mut() {
                task.abort();
            }
        }
    }
}

fn ends_soon(token: &AccessToken) -> bool {
    let now = Timestamp::now().checked_add(RENEW_BEFORE).unwrap_or(Timestamp::MAX);
    token.expires_on.unix_timestamp() < now.as_second()
}

async fn fetch(source: Arc<TokenSource>, audience: Audience, scope: String) -> Fetched {
    match &*source {
        TokenSource::Ready(tokens) => match tokens.get(&audience) {
            Some(token) => Ok(AccessToken::new(token.clone(), far_future())),
            None => {
                let variable = match audience {
                    Audience::ResourceManager => "VAUDIT_ARM_TOKEN",
                    Audience::Graph => "VAUDIT_GRAPH_TOKEN",
                    Audience::Storage => "VAUDIT_STORAGE_TOKEN",
                };
                Err(TokenRefused { details: vec![format!("{variable} is not set")] })
            }
        },
        TokenSource::Credential(credential) => ask(credential.as_ref(), &scope).await,
    }
}

async fn ask(credential: &dyn TokenCredential, scope: &str) -> Fetched {
    match tokio::time::timeout(CLI_TIMEOUT, credential.get_token(&[scope], None)).await {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(error)) => Err(TokenRefused { details: chain(&error) }),
        Err(_) => {
            let seconds = CLI_TIMEOUT.as_secs();
            Err(TokenRefused { details: vec![format!("no token came within {seconds} s")] })
        }
    }
}

fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !text.is_empty() && texts.last() != Some(&text) {
            texts.push(text);
        }
        cause = inner.source();
    }
    texts
}

/// A ready-made token is used as it is; when it has ended, Azure says so.
fn far_future() -> azure_core::time::OffsetDateTime {
    azure_core::time::OffsetDateTime::now_utc() + azure_core::time::Duration::days(365)
}

/// What a token says about who holds it. Read for the report only, and never trusted: it is not
/// vaudit that checks signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// `oid`.
    pub object_id: Option<String>,
    /// `appid`, or `azp` in version 2 tokens.
    pub client_id: Option<String>,
    /// `tid`.
    pub tenant: Option<String>,
}

impl Claims {
    /// Reads the claims of a token; none of them when it is not a JWT.
    pub(crate) fn of(token: &str) -> Self {
        let payload = token.split('.').nth(1).unwrap_or_default().trim_end_matches('=');
        let claims = URL_SAFE_NO_PAD
            .decode(payload)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            .unwrap_or_default();
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            object_id: text("oid"),
            client_id: text("appid").or_else(|| text("azp")),
            tenant: text("tid"),
        }
    }

    fn identity(self) -> Identity {
        Identity { object_id: self.object_id, client_id: self.client_id, tenant: self.tenant }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_without_trusting_them() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"oid":"o","azp":"a","tid":"t","exp":1}"#);
        let claims = Claims::of(&format!("e30.{payload}.sig"));
        assert_eq!(claims.object_id.as_deref(), Some("o"));
        assert_eq!(claims.client_id.as_deref(), Some("a"));
        assert_eq!(Claims::of("not-a-token"), Claims::default());
        assert_eq!(Claims::of("a.b.c"), Claims::default());
    }
}
