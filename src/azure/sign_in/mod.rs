//! Signing in: which credential, in what order, and what to say when none works.

mod credential_door;
mod explain;
mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, RetryOptions};
use azure_identity::{
    AzureCliCredential, AzureDeveloperCliCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use vaudit_model::Audience;

pub(crate) use self::explain::explain;
pub use self::tokens::Tokens;
use crate::guard::Purpose;
use crate::transport::Transport;

/// How long the Azure CLI may take to hand out a token.
const CLI_TIMEOUT: Duration = Duration::from_secs(60);

/// The credentials vaudit knows, by the names of `--credential`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialKind {
    /// Ready-made tokens, one for each audience.
    Token,
    /// A client secret from the environment.
    Environment,
    /// A federated token of a Kubernetes service account.
    WorkloadIdentity,
    /// The identity of the machine vaudit runs on.
    ManagedIdentity,
    /// Whoever is signed in to the Azure CLI.
    AzureCli,
    /// Whoever is signed in to the Azure Developer CLI.
    AzureDeveloperCli,
}

impl CredentialKind {
    /// All credentials, in the order in which they are tried.
    pub const IN_ORDER: [Self; 6] = [
        Self::Token,
        Self::Environment,
        Self::WorkloadIdentity,
        Self::ManagedIdentity,
        Self::AzureCli,
        Self::AzureDeveloperCli,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Environment => "environment",
            Self::WorkloadIdentity => "workload-identity",
            Self::ManagedIdentity => "managed-identity",
            Self::AzureCli => "azure-cli",
            Self::AzureDeveloperCli => "azure-developer-cli",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the environment offers for signing in. The tenant never comes from a manifest.
#[derive(Clone, Default)]
pub struct SignInEnvironment {
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `AZURE_CLIENT_SECRET`.
    pub client_secret: Option<String>,
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    pub federated_token_file: Option<PathBuf>,
    /// `VAUDIT_ARM_TOKEN`, `VAUDIT_GRAPH_TOKEN`, `VAUDIT_STORAGE_TOKEN`.
    pub tokens: BTreeMap<Audience, String>,
}

impl fmt::Debug for SignInEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInEnvironment")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "***"))
            .field("federated_token_file", &self.federated_token_file)
            .field("tokens", &self.tokens.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// Why nobody could be signed in: everything that was tried.
#[derive(Debug, thiserror::Error)]
#[error("no credential gave a token for Azure Resource Manager")]
pub struct SignInError {
    /// Each credential that was tried, in order.
    pub attempts: Vec<Attempt>,
}

/// One credential that gave no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which.
    pub credential: CredentialKind,
    /// Whether it was set up at all: a credential that is set up and fails ends the search, so that
    /// an audit never runs as somebody else than meant.
    pub configured: bool,
    /// Why it gave no token, in one plain sentence fragment.
    pub why: String,
    /// What the service or library said, for `-v`.
    pub details: Vec<String>,
}

/// Signs in with one credential, or with the first that works.
///
/// The tokens of all audiences are asked for at once; only the one for Azure Resource Manager is
/// waited for.
///
/// # Errors
///
/// When no credential gives a token for Azure Resource Manager.
pub async fn sign_in(
    transport: &Arc<Transport>,
    environment: &SignInEnvironment,
    only: Option<CredentialKind>,
    audiences: &[Audience],
) -> Result<Tokens, SignInError> {
    let candidates = match only {
        Some(kind) => vec![kind],
        None => CredentialKind::IN_ORDER.to_vec(),
    };
    let mut attempts = Vec::new();
    for kind in candidates {
        let attempt = |configured, why: String, details| Attempt {
            credential: kind,
            configured,
            why,
            details,
        };
        let source = match build(kind, environment, transport) {
            Ok(source) => source,
            Err(Unavailable { configured, why }) => {
                attempts.push(attempt(configured, why, Vec::new()));
                if configured {
                    break;
                }
                continue;
            }
        };
        let tokens = Tokens::start(source, transport.guard(), audiences);
        match tokens.signed_in().await {
            Ok(tokens) => return Ok(tokens),
            Err(failure) => {
                let configured = is_deliberate(kind);
                let (why, details) = explain(&failure.details);
                attempts.push(attempt(configured, why, details));
                if configured {
                    break;
                }
            }
        }
    }
    Err(SignInError { attempts })
}

/// Whether a credential that could be built was set up on purpose, rather than merely found.
fn is_deliberate(kind: CredentialKind) -> bool {
    matches!(
        kind,
        CredentialKind::Token | CredentialKind::Environment | CredentialKind::WorkloadIdentity
    )
}

/// Where tokens come from.
pub(crate) enum TokenSource {
    /// From `azure_identity`: a credential for each audience, because one lets a second fetch wait
    /// until the first has its token.
    Credentials(BTreeMap<Audience, Arc<dyn TokenCredential>>),
    /// From variables.
    Ready(BTreeMap<Audience, Secret>),
}

struct Unavailable {
    configured: bool,
    why: String,
}

impl Unavailable {
    fn not_set_up(why: impl Into<String>) -> Self {
        Self { configured: false, why: why.into() }
    }

    fn half_set_up(why: impl Into<String>) -> Self {
        Self { configured: true, why: why.into() }
    }
}

fn build(
    kind: CredentialKind,
    environment: &SignInEnvironment,
    transport: &Arc<Transport>,
) -> Result<TokenSource, Unavailable> {
    if kind == CredentialKind::Token {
        return ready_tokens(environment);
    }
    let audiences = [Audience::ResourceManager, Audience::Graph, Audience::Storage];
    let credentials = audiences
        .into_iter()
        .map(|audience| Ok((audience, credential(kind, environment, transport)?)))
        .collect::<Result<_, Unavailable>>()?;
    Ok(TokenSource::Credentials(credentials))
}

fn credential(
    kind: CredentialKind,
    environment: &SignInEnvironment,
    transport: &Arc<Transport>,
) -> Result<Arc<dyn TokenCredential>, Unavailable> {
    let refused = |error: azure_core::Error| Unavailable::half_set_up(error.to_string());
    Ok(match kind {
        CredentialKind::Token => {
            return Err(Unavailable::half_set_up("ready-made tokens are no credential"));
        }
        CredentialKind::Environment => client_secret(environment, transport)?,
        CredentialKind::WorkloadIdentity => workload_identity(environment, transport)?,
        CredentialKind::ManagedIdentity => {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: environment.client_id.clone().map(UserAssignedId::ClientId),
                client_options: client_options(transport, Purpose::ManagedIdentity),
            };
            ManagedIdentityCredential::new(Some(options)).map_err(refused)?
        }
        CredentialKind::AzureCli => AzureCliCredential::new(None).map_err(refused)?,
        CredentialKind::AzureDeveloperCli => {
            AzureDeveloperCliCredential::new(None).map_err(refused)?
        }
    })
}

fn ready_tokens(environment: &SignInEnvironment) -> Result<TokenSource, Unavailable> {
    if !environment.tokens.contains_key(&Audience::ResourceManager) {
        return Err(Unavailable::not_set_up("VAUDIT_ARM_TOKEN is not set"));
    }
    let tokens = environment.tokens.iter();
    Ok(TokenSource::Ready(tokens.map(|(at, token)| (*at, Secret::new(token.clone()))).collect()))
}

fn client_secret(
    environment: &SignInEnvironment,
    transport: &Arc<Transport>,
) -> Result<Arc<dyn TokenCredential>, Unavailable> {
    let Some(secret) = &environment.client_secret else {
        return Err(Unavailable::not_set_up("AZURE_CLIENT_SECRET is not set"));
    };
    let (Some(tenant), Some(client)) = (&environment.tenant_id, &environment.client_id) else {
        let missing = [
            ("AZURE_TENANT_ID", environment.tenant_id.is_none()),
            ("AZURE_CLIENT_ID", environment.client_id.is_none()),
        ];
        let names: Vec<&str> =
            missing.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
        let why = format!("AZURE_CLIENT_SECRET is set, but {} is not", names.join(" and "));
        return Err(Unavailable::half_set_up(why));
    };
    let options = ClientSecretCredentialOptions {
        client_options: client_options(transport, Purpose::SignIn),
    };
    let secret = Secret::new(secret.clone());
    let credential = ClientSecretCredential::new(tenant, client.clone(), secret, Some(options))
        .map_err(|error| Unavailable::half_set_up(error.to_string()))?;
    Ok(credential)
}

fn workload_identity(
    environment: &SignInEnvironment,
    transport: &Arc<Transport>,
) -> Result<Arc<dyn TokenCredential>, Unavailable> {
    let Some(file) = &environment.federated_token_file else {
        return Err(Unavailable::not_set_up("AZURE_FEDERATED_TOKEN_FILE is not set"));
    };
    let options = WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions {
            client_options: client_options(transport, Purpose::SignIn),
        },
        client_id: environment.client_id.clone(),
        tenant_id: environment.tenant_id.clone(),
        token_file_path: Some(file.clone()),
    };
    let credential = WorkloadIdentityCredential::new(Some(options))
        .map_err(|error| Unavailable::half_set_up(error.to_string()))?;
    Ok(credential)
}

/// Options that send a credential's requests through the one door, with its retries only.
fn client_options(transport: &Arc<Transport>, purpose: Purpose) -> ClientOptions {
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = credential_door::presented_authority(transport.guard().authority());
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(credential_door::transport(Arc::clone(transport), purpose)),
        cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
        ..ClientOptions::default()
    }
}
