//! Signing in: which credential, in what order, and what to say when none works.

mod certificate;
mod command_line;
mod credential_door;
mod credentials;
mod environment;
mod explain;
mod tokens;
mod validity;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use vaudit_model::Audience;

use self::credentials::{TokenSource, Unavailable};
pub use self::environment::{PipelinesEnvironment, SignInEnvironment};
pub(crate) use self::explain::explain;
pub use self::tokens::Tokens;
use crate::transport::Transport;

/// How long a credential, such as the Azure CLI, may take to hand out a token.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(60);

/// The credentials vaudit knows, by the names of `--credential`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialKind {
    /// Ready-made tokens, one for each audience.
    Token,
    /// A client secret or certificate from the environment.
    Environment,
    /// A federated token of a Kubernetes service account.
    WorkloadIdentity,
    /// The service connection of a job in Azure Pipelines.
    AzurePipelines,
    /// The identity of the machine vaudit runs on.
    ManagedIdentity,
    /// Whoever is signed in to the Azure CLI.
    AzureCli,
    /// Whoever is signed in to the Azure Developer CLI.
    AzureDeveloperCli,
}

impl CredentialKind {
    /// All credentials, in the order in which they are tried.
    pub const IN_ORDER: [Self; 7] = [
        Self::Token,
        Self::Environment,
        Self::WorkloadIdentity,
        Self::AzurePipelines,
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
            Self::AzurePipelines => "azure-pipelines",
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
        let source = match credentials::source(kind, environment, transport) {
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
        CredentialKind::Token
            | CredentialKind::Environment
            | CredentialKind::WorkloadIdentity
            | CredentialKind::AzurePipelines
    )
}
