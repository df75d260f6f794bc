//! Each credential made from what the environment offers, or why it cannot be.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, RetryOptions};
use azure_identity::{
    AzurePipelinesCredential, AzurePipelinesCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use url::Url;
use vaudit_model::Audience;

use super::certificate::{Certificate, SignedAssertion};
use super::{CredentialKind, SignInEnvironment, command_line, credential_door};
use crate::guard::{Method, Purpose};
use crate::transport::Transport;

/// Where tokens come from.
pub(crate) enum TokenSource {
    /// From `azure_identity`: a credential for each audience, because one lets a second fetch wait
    /// until the first has its token.
    Credentials(BTreeMap<Audience, Arc<dyn TokenCredential>>),
    /// From variables.
    Ready(BTreeMap<Audience, Secret>),
}

/// Why a credential cannot be made.
pub(super) struct Unavailable {
    /// Whether somebody began to set it up.
    pub(super) configured: bool,
    /// What is missing or wrong.
    pub(super) why: String,
}

impl Unavailable {
    fn not_set_up(why: impl Into<String>) -> Self {
        Self { configured: false, why: why.into() }
    }

    fn half_set_up(why: impl Into<String>) -> Self {
        Self { configured: true, why: why.into() }
    }

    /// What the library does not take, which it says in long words where it is the tenant.
    fn unusable(error: azure_core::Error) -> Self {
        let why = error.to_string();
        if why.starts_with("invalid tenant ID") {
            return Self::half_set_up(
                "the tenant is neither an id nor a domain: check AZURE_TENANT_ID",
            );
        }
        Self::half_set_up(why)
    }
}

type Made = Result<Arc<dyn TokenCredential>, Unavailable>;

/// The source of tokens that a kind of credential is.
pub(super) fn source(
    kind: CredentialKind,
    environment: &SignInEnvironment,
    transport: &Arc<Transport>,
) -> Result<TokenSource, Unavailable> {
    let make: &dyn Fn() -> Made = match kind {
        CredentialKind::Token => return ready_tokens(environment),
        CredentialKind::Environment => &|| of_environment(environment, transport),
        CredentialKind::WorkloadIdentity => &|| workload_identity(environment, transport),
        CredentialKind::AzurePipelines => &|| azure_pipelines(environment, transport),
        CredentialKind::ManagedIdentity => &|| managed_identity(environment, transport),
        CredentialKind::AzureCli => &|| {
            command_line::azure_cli(environment.tenant_id.clone()).map_err(Unavailable::unusable)
        },
        CredentialKind::AzureDeveloperCli => &|| {
            command_line::azure_developer_cli(environment.tenant_id.clone())
                .map_err(Unavailable::unusable)
        },
    };
    let audiences = [Audience::ResourceManager, Audience::Graph, Audience::Storage];
    let credentials = audiences.into_iter().map(|audience| Ok((audience, make()?)));
    Ok(TokenSource::Credentials(credentials.collect::<Result<_, Unavailable>>()?))
}

fn ready_tokens(environment: &SignInEnvironment) -> Result<TokenSource, Unavailable> {
    let tokens = &environment.tokens;
    if tokens.contains_key(&Audience::ResourceManager) {
        let secrets = tokens.iter().map(|(at, token)| (*at, Secret::new(token.clone())));
        return Ok(TokenSource::Ready(secrets.collect()));
    }
    if tokens.is_empty() {
        return Err(Unavailable::not_set_up("VAUDIT_ARM_TOKEN is not set"));
    }
    // Without it somebody else would be signed in than whose tokens these are.
    Err(Unavailable::half_set_up("VAUDIT_ARM_TOKEN is not set, and without it no audit can run"))
}

/// The secret first, then the certificate, as `EnvironmentCredential` of Azure's libraries has it.
fn of_environment(environment: &SignInEnvironment, transport: &Arc<Transport>) -> Made {
    let tenant = ("AZURE_TENANT_ID", &environment.tenant_id);
    let client = ("AZURE_CLIENT_ID", &environment.client_id);
    if let Some(secret) = &environment.client_secret {
        let [tenant, client] = all_of("AZURE_CLIENT_SECRET", [tenant, client])?;
        let options =
            ClientSecretCredentialOptions { client_options: options(transport, Purpose::SignIn) };
        let secret = Secret::new(secret.clone());
        return Ok(ClientSecretCredential::new(&tenant, client, secret, Some(options))
            .map_err(Unavailable::unusable)?);
    }
    let Some(path) = &environment.client_certificate_path else {
        let why = "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set";
        return Err(Unavailable::not_set_up(why));
    };
    let [tenant, client_id] = all_of("AZURE_CLIENT_CERTIFICATE_PATH", [tenant, client])?;
    let certificate =
        Certificate::read(path, environment.send_certificate_chain).map_err(|error| {
            let path = path.display();
            Unavailable::half_set_up(format!("AZURE_CLIENT_CERTIFICATE_PATH: {path} {error}"))
        })?;
    let authority = transport.guard().authority().as_str().trim_end_matches('/');
    let endpoint = format!("{authority}/{tenant}/oauth2/v2.0/token");
    let assertion = SignedAssertion { certificate, client_id: client_id.clone(), endpoint };
    let options = assertion_options(transport, Purpose::SignIn);
    Ok(ClientAssertionCredential::new(tenant, client_id, assertion, Some(options))
        .map_err(Unavailable::unusable)?)
}

fn workload_identity(environment: &SignInEnvironment, transport: &Arc<Transport>) -> Made {
    let file = "AZURE_FEDERATED_TOKEN_FILE";
    let Some(path) = &environment.federated_token_file else {
        return Err(Unavailable::not_set_up(format!("{file} is not set")));
    };
    let [tenant, client] = all_of(
        file,
        [("AZURE_TENANT_ID", &environment.tenant_id), ("AZURE_CLIENT_ID", &environment.client_id)],
    )?;
    // The library would say which file, and not which variable names it.
    std::fs::File::open(path).map_err(|error| {
        Unavailable::half_set_up(format!("{file}: {} cannot be read: {error}", path.display()))
    })?;
    let options = WorkloadIdentityCredentialOptions {
        credential_options: assertion_options(transport, Purpose::SignIn),
        client_id: Some(client),
        tenant_id: Some(tenant),
        token_file_path: Some(path.clone()),
    };
    Ok(WorkloadIdentityCredential::new(Some(options)).map_err(Unavailable::unusable)?)
}

fn azure_pipelines(environment: &SignInEnvironment, transport: &Arc<Transport>) -> Made {
    let job = &environment.pipelines;
    let connection = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
    let Some(connection_id) = &job.service_connection_id else {
        return Err(Unavailable::not_set_up(format!("{connection} is not set")));
    };
    if job.access_token.is_none() {
        let why = format!(
            "{connection} is set, but SYSTEM_ACCESSTOKEN is not: map it in the step's `env` from \
             $(System.AccessToken), or use `--credential azure-cli` where the task signs that in"
        );
        return Err(Unavailable::half_set_up(why));
    }
    let or = |own: &Option<String>, usual: &Option<String>| own.clone().or_else(|| usual.clone());
    let [address, token, tenant, client] = all_of(
        connection,
        [
            ("SYSTEM_OIDCREQUESTURI", &job.oidc_request_uri),
            ("SYSTEM_ACCESSTOKEN", &job.access_token),
            ("AZURESUBSCRIPTION_TENANT_ID", &or(&job.tenant_id, &environment.tenant_id)),
            ("AZURESUBSCRIPTION_CLIENT_ID", &or(&job.client_id, &environment.client_id)),
        ],
    )?;
    // What a pipeline leaves where it knows no such variable.
    if token.starts_with("$(") {
        return Err(Unavailable::half_set_up(
            "SYSTEM_ACCESSTOKEN holds a reference instead of a token: it is `$(System.AccessToken)`",
        ));
    }
    let refused = |why: &dyn Display| format!("SYSTEM_OIDCREQUESTURI cannot be used: {why}");
    let address =
        Url::parse(&address).map_err(|error| Unavailable::half_set_up(refused(&error)))?;
    let admitted = transport.guard().admit(Purpose::PipelinesToken, Method::Post, &address);
    admitted.map_err(|error| Unavailable::half_set_up(refused(&error)))?;
    let options = AzurePipelinesCredentialOptions {
        credential_options: assertion_options(transport, Purpose::PipelinesToken),
    };
    let credential =
        AzurePipelinesCredential::new(tenant, client, connection_id, token, Some(options));
    Ok(credential.map_err(Unavailable::unusable)?)
}

/// The identity of the machine. What the library does not support, such as Cloud Shell's or Arc's,
/// was not set up by anybody for vaudit, so the search goes on.
fn managed_identity(environment: &SignInEnvironment, transport: &Arc<Transport>) -> Made {
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: environment.client_id.clone().map(UserAssignedId::ClientId),
        client_options: options(transport, Purpose::ManagedIdentity),
    };
    Ok(ManagedIdentityCredential::new(Some(options))
        .map_err(|error| Unavailable::not_set_up(error.to_string()))?)
}

/// The values of variables that have to be there because another one is.
fn all_of<const N: usize>(
    given: &str,
    variables: [(&str, &Option<String>); N],
) -> Result<[String; N], Unavailable> {
    let missing: Vec<&str> =
        variables.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(variables.map(|(_, value)| value.clone().unwrap_or_default()));
    }
    let verb = if missing.len() == 1 { "is" } else { "are" };
    let missing = missing.join(" and ");
    Err(Unavailable::half_set_up(format!("{given} is set, but {missing} {verb} not")))
}

fn assertion_options(
    transport: &Arc<Transport>,
    purpose: Purpose,
) -> ClientAssertionCredentialOptions {
    ClientAssertionCredentialOptions { client_options: options(transport, purpose) }
}

/// Options that send a credential's requests through the one door, with its retries only.
fn options(transport: &Arc<Transport>, purpose: Purpose) -> ClientOptions {
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = credential_door::presented_authority(transport.guard().authority());
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(credential_door::transport(Arc::clone(transport), purpose)),
        cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
        ..ClientOptions::default()
    }
}
