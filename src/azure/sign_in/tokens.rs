//! Tokens for the three audiences, fetched at once and renewed before they end.

use std::sync::Arc;
use std::time::Duration;

use azure_core::base64;
use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vaudit_model::Audience;
use vaudit_model::least_privilege::ApplicationRoles;
use vaudit_model::snapshot::Identity;

use super::{TOKEN_TIMEOUT, TokenSource};
use crate::guard::Guard;

/// A token is renewed so long before it ends, or when half of its life is over if that is later.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// A token is used so long even if it says that it has ended: asking for another with each request
/// would give no better one.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);

/// When a renewal was refused, it is not asked for again before this time.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The audience of storage tokens, the same in every cloud (`catalogue.md` §E).
const STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// The tokens of a run. Printing it shows no token.
pub struct Tokens {
    source: Arc<TokenSource>,
    slots: [Slot; 3],
    identity: Identity,
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
    /// The first one is on its way.
    Fetching(JoinHandle<Fetched>),
    /// It is here.
    Held(Held),
    /// There never was one: it was refused, once and for this run.
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

impl TokenRefused {
    fn because(why: impl Into<String>) -> Self {
        Self { details: vec![why.into()] }
    }
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
        Self { source, slots, identity: Identity::default() }
    }

    /// Waits for the first token for Azure Resource Manager, and keeps who signed in with it.
    ///
    /// # Errors
    ///
    /// When it was refused.
    pub(crate) async fn signed_in(mut self) -> Result<Self, TokenRefused> {
        let token = self.bearer(Audience::ResourceManager).await?;
        self.identity = Claims::of(token.secret()).identity();
        Ok(self)
    }

    /// The bearer token of an audience.
    ///
    /// # Errors
    ///
    /// When there never was one, and then it is not asked for again in this run; or when the last one
    /// has ended and could not be renewed.
    pub async fn bearer(&self, audience: Audience) -> Result<Secret, TokenRefused> {
        let slot = match audience {
            Audience::ResourceManager => &self.slots[0],
            Audience::Graph => &self.slots[1],
            Audience::Storage => &self.slots[2],
        };
        let ask =
            || tokio::spawn(fetch(Arc::clone(&self.source), slot.audience, slot.scope.clone()));
        let mut state = slot.state.lock().await;
        loop {
            match &mut *state {
                State::Idle => *state = State::Fetching(ask()),
                State::Fetching(task) => {
                    *state = match outcome(task).await {
                        Ok(token) => State::Held(Held::new(&token)),
                        Err(refused) => State::Refused(refused),
                    };
                }
                State::Held(held) => return held.bearer(ask).await,
                State::Refused(refused) => return Err(refused.clone()),
            }
        }
    }

    /// The application permissions that the Graph token names. Nobody checks its signature here: good
    /// for advice, never for a verdict.
    pub async fn application_roles(&self) -> ApplicationRoles {
        let token = match self.bearer(Audience::Graph).await {
            Ok(token) => token,
            Err(refused) => {
                let (why, _) = super::explain(&refused.details);
                return ApplicationRoles::Untold(format!("there is no token for Graph: {why}"));
            }
        };
        application_roles(token.secret())
    }

    /// Who signed in, as the first token for Azure Resource Manager names it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        for slot in &mut self.slots {
            match slot.state.get_mut() {
                State::Fetching(task) | State::Held(Held { renewal: Some(task), .. }) => {
                    task.abort();
                }
                State::Held(_) | State::Idle | State::Refused(_) => {}
            }
        }
    }
}

/// A token and its renewal.
struct Held {
    token: Secret,
    renew_at: Instant,
    ends_at: Instant,
    renewal: Option<JoinHandle<Fetched>>,
    refused: Option<TokenRefused>,
}

impl Held {
    fn new(token: &AccessToken) -> Self {
        let left = token.expires_on - azure_core::time::OffsetDateTime::now_utc();
        let life = Duration::try_from(left).unwrap_or_default().max(SHORTEST_LIFE);
        let now = Instant::now();
        Self {
            token: token.token.clone(),
            renew_at: now + (life - RENEW_BEFORE.min(life / 2)),
            ends_at: now + life,
            renewal: None,
            refused: None,
        }
    }

    /// The token, or the one that `ask` fetched in its place. It is renewed in the background:
    /// nobody waits for that before the token has ended.
    async fn bearer(
        &mut self,
        ask: impl Fn() -> JoinHandle<Fetched>,
    ) -> Result<Secret, TokenRefused> {
        let now = Instant::now();
        if self.renewal.is_none() && now >= self.renew_at {
            self.renewal = Some(ask());
        }
        if let Some(renewal) = &mut self.renewal
            && (renewal.is_finished() || now >= self.ends_at)
        {
            match outcome(renewal).await {
                Ok(token) => *self = Self::new(&token),
                Err(refused) => {
                    self.renewal = None;
                    self.refused = Some(refused);
                    self.renew_at = Instant::now() + ASK_AGAIN_AFTER;
                }
            }
        }
        match &self.refused {
            Some(refused) if Instant::now() >= self.ends_at => Err(refused.clone()),
            _ => Ok(self.token.clone()),
        }
    }
}

async fn outcome(task: &mut JoinHandle<Fetched>) -> Fetched {
    task.await
        .unwrap_or_else(|error| Err(TokenRefused::because(format!("signing in stopped: {error}"))))
}

/// A token that can be sent.
async fn fetch(source: Arc<TokenSource>, audience: Audience, scope: String) -> Fetched {
    let (token, origin) = match &*source {
        TokenSource::Ready(tokens) => {
            let variable = match audience {
                Audience::ResourceManager => "VAUDIT_ARM_TOKEN",
                Audience::Graph => "VAUDIT_GRAPH_TOKEN",
                Audience::Storage => "VAUDIT_STORAGE_TOKEN",
            };
            let Some(token) = tokens.get(&audience) else {
                return Err(TokenRefused::because(format!("{variable} is not set")));
            };
            (AccessToken::new(token.clone(), far_future()), variable)
        }
        TokenSource::Credentials(credentials) => {
            let Some(credential) = credentials.get(&audience) else {
                return Err(TokenRefused::because("there is no credential for this service"));
            };
            (ask(credential.as_ref(), &scope).await?, "the token that was handed out")
        }
    };
    let text = token.token.secret();
    if text.is_empty() {
        return Err(TokenRefused::because(format!("{origin} is empty")));
    }
    // It would be sent in a header, and what no header can hold must not go out as no token.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = format!("{origin} holds characters that no token has, such as a line break");
        return Err(TokenRefused::because(why));
    }
    Ok(token)
}

async fn ask(credential: &dyn TokenCredential, scope: &str) -> Fetched {
    match tokio::time::timeout(TOKEN_TIMEOUT, credential.get_token(&[scope], None)).await {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(error)) => Err(TokenRefused { details: chain(&error) }),
        Err(_) => {
            let seconds = TOKEN_TIMEOUT.as_secs();
            Err(TokenRefused::because(format!("no token came within {seconds} s")))
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

/// The claims of a token that is a JWT.
fn payload(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?.trim_end_matches('=');
    serde_json::from_slice(&base64::decode_url_safe(payload).ok()?).ok()
}

/// `roles`, of a token that was given to an application: those given to a person have `scp`, and what
/// they allow depends on what that person may do.
fn application_roles(token: &str) -> ApplicationRoles {
    let untold = |why: &str| ApplicationRoles::Untold(why.to_owned());
    let Some(claims) = payload(token) else {
        return untold("the token for Graph does not say what it allows");
    };
    if claims.get("scp").is_some() {
        return untold(
            "a person is signed in, and what Graph allows depends on the person's roles",
        );
    }
    let roles = claims.get("roles").and_then(Value::as_array).into_iter().flatten();
    ApplicationRoles::Named(roles.filter_map(Value::as_str).map(str::to_owned).collect())
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
        let claims = payload(token).unwrap_or_default();
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
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azure_core::credentials::TokenRequestOptions;
    use azure_core::error::{Error, ErrorKind};
    use azure_core::time::OffsetDateTime;
    use vaudit_model::Cloud;

    use super::*;

    /// Hands out tokens with the given lives in seconds, `token-1` first; refuses where there is none.
    #[derive(Debug)]
    struct Issuer {
        lives: std::sync::Mutex<VecDeque<Option<u64>>>,
        delay: Duration,
        asked: AtomicUsize,
    }

    #[async_trait::async_trait]
    impl TokenCredential for Issuer {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            if number > 1 {
                tokio::time::sleep(self.delay).await;
            }
            let life = self.lives.lock().unwrap().pop_front().flatten();
            let life = life.ok_or_else(|| Error::with_message(ErrorKind::Other, "no more"))?;
            let ends = OffsetDateTime::now_utc() + Duration::from_secs(life);
            Ok(AccessToken::new(format!("token-{number}"), ends))
        }
    }

    /// The first token comes at once, the others after a delay.
    fn tokens(lives: &[Option<u64>], delay: u64) -> (Tokens, Arc<Issuer>) {
        let issuer = Arc::new(Issuer {
            lives: std::sync::Mutex::new(lives.iter().copied().collect()),
            delay: Duration::from_secs(delay),
            asked: AtomicUsize::new(0),
        });
        let credential = Arc::clone(&issuer) as Arc<dyn TokenCredential>;
        let source = TokenSource::Credentials([(Audience::ResourceManager, credential)].into());
        (Tokens::start(source, &Guard::new(Cloud::public()).unwrap(), &[]), issuer)
    }

    async fn bearer(tokens: &Tokens) -> Result<String, String> {
        let token = tokens.bearer(Audience::ResourceManager).await;
        // What is renewed in the background gets its turn.
        tokio::task::yield_now().await;
        token.map(|token| token.secret().to_owned()).map_err(|refused| refused.details.join(" "))
    }

    async fn after(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_token_is_not_fetched_with_every_request() {
        for life in [0, 4, 60, 299, 3600] {
            let (tokens, issuer) = tokens(&[Some(life), Some(life)], 0);
            for _ in 0..50 {
                assert_eq!(bearer(&tokens).await.unwrap(), "token-1", "{life}");
            }
            assert_eq!(issuer.asked.load(Ordering::SeqCst), 1, "{life}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_in_time_and_nobody_waits_for_it() {
        for (life, renewed_after) in [(3600, 3300), (240, 120)] {
            let (tokens, issuer) = tokens(&[Some(life), Some(life)], 20);
            assert_eq!(bearer(&tokens).await.unwrap(), "token-1");
            after(renewed_after - 5).await;
            bearer(&tokens).await.unwrap();
            assert_eq!(issuer.asked.load(Ordering::SeqCst), 1, "{life}: too early");
            after(10).await;
            let before = Instant::now();
            assert_eq!(bearer(&tokens).await.unwrap(), "token-1");
            assert_eq!(bearer(&tokens).await.unwrap(), "token-1");
            assert_eq!(before.elapsed(), Duration::ZERO, "{life}: the renewal takes 20 s");
            after(21).await;
            assert_eq!(bearer(&tokens).await.unwrap(), "token-2");
            assert_eq!(issuer.asked.load(Ordering::SeqCst), 2, "{life}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_used_to_its_end_when_its_renewal_is_refused() {
        let (tokens, issuer) = tokens(&[Some(240), None, None, None, None, None, Some(240)], 0);
        assert_eq!(bearer(&tokens).await.unwrap(), "token-1");
        after(230).await;
        for _ in 0..50 {
            assert_eq!(bearer(&tokens).await.unwrap(), "token-1");
        }
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 2, "a refusal is remembered for a while");
        after(15).await;
        for _ in 0..50 {
            assert_eq!(bearer(&tokens).await.unwrap_err(), "no more");
        }
        assert_eq!(issuer.asked.load(Ordering::SeqCst), 2);
        for _ in 0..4 {
            after(31).await;
            assert_eq!(bearer(&tokens).await.unwrap_err(), "no more");
        }
        after(31).await;
        assert_eq!(bearer(&tokens).await.unwrap(), "token-7");
    }

    /// Never answers, like a program that waits for somebody.
    #[derive(Debug)]
    struct Silence;

    #[async_trait::async_trait]
    impl TokenCredential for Silence {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_without_an_end() {
        let credential = Arc::new(Silence) as Arc<dyn TokenCredential>;
        let source = TokenSource::Credentials([(Audience::ResourceManager, credential)].into());
        let tokens = Tokens::start(source, &Guard::new(Cloud::public()).unwrap(), &[]);
        let refused = tokens.signed_in().await.unwrap_err();
        assert_eq!(refused.details, ["no token came within 60 s"]);
    }

    #[tokio::test]
    async fn what_no_header_can_hold_is_no_token() {
        for (token, said) in [
            ("tok\r\nX: 1", "VAUDIT_ARM_TOKEN holds characters that no token has"),
            ("tok\n", "such as a line break"),
            ("tök", "no token has"),
            ("", "VAUDIT_ARM_TOKEN is empty"),
        ] {
            let ready = [(Audience::ResourceManager, Secret::new(token))].into_iter().collect();
            let guard = Guard::new(Cloud::public()).unwrap();
            let tokens = Tokens::start(TokenSource::Ready(ready), &guard, &[]);
            let refused = tokens.signed_in().await.unwrap_err();
            assert!(refused.details[0].contains(said), "{token:?}: {refused}");
        }
    }

    #[test]
    fn only_the_token_of_an_application_names_its_roles() {
        let token = |claims: &str| format!("e30.{}.sig", base64::encode_url_safe(claims));
        let named = |roles: &[&str]| {
            ApplicationRoles::Named(roles.iter().map(|&role| role.to_owned()).collect())
        };
        assert_eq!(
            application_roles(&token(r#"{"roles":["A.Read.All",1]}"#)),
            named(&["A.Read.All"])
        );
        assert_eq!(application_roles(&token(r#"{"oid":"o"}"#)), named(&[]));
        for untold in [token(r#"{"scp":"A.Read.All","roles":["A.Read.All"]}"#), "opaque".to_owned()]
        {
            assert!(matches!(application_roles(&untold), ApplicationRoles::Untold(_)), "{untold}");
        }
    }

    #[test]
    fn claims_are_read_without_trusting_them() {
        let payload = base64::encode_url_safe(r#"{"oid":"o","azp":"a","tid":"t","exp":1}"#);
        let claims = Claims::of(&format!("e30.{payload}.sig"));
        assert_eq!(claims.object_id.as_deref(), Some("o"));
        assert_eq!(claims.client_id.as_deref(), Some("a"));
        assert_eq!(Claims::of("not-a-token"), Claims::default());
        assert_eq!(Claims::of("a.b.c"), Claims::default());
    }
}
