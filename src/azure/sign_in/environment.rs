//! What the environment offers for signing in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use vaudit_model::Audience;

/// What the environment offers for signing in. The tenant never comes from a manifest. Printing it
/// shows no secret.
#[derive(Clone, Default)]
pub struct SignInEnvironment {
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `AZURE_CLIENT_SECRET`.
    pub client_secret: Option<String>,
    /// `AZURE_CLIENT_CERTIFICATE_PATH`.
    pub client_certificate_path: Option<PathBuf>,
    /// `AZURE_CLIENT_SEND_CERTIFICATE_CHAIN`: whether an assertion carries its certificates.
    pub send_certificate_chain: bool,
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    pub federated_token_file: Option<PathBuf>,
    /// What a job of Azure Pipelines has.
    pub pipelines: PipelinesEnvironment,
    /// `VAUDIT_ARM_TOKEN`, `VAUDIT_GRAPH_TOKEN`, `VAUDIT_STORAGE_TOKEN`.
    pub tokens: BTreeMap<Audience, String>,
}

/// What a job of Azure Pipelines has, and its tasks with a service connection add to it.
#[derive(Clone, Default)]
pub struct PipelinesEnvironment {
    /// `SYSTEM_OIDCREQUESTURI`, which every job has.
    pub oidc_request_uri: Option<String>,
    /// `SYSTEM_ACCESSTOKEN`, which a step has to map.
    pub access_token: Option<String>,
    /// `AZURESUBSCRIPTION_SERVICE_CONNECTION_ID`.
    pub service_connection_id: Option<String>,
    /// `AZURESUBSCRIPTION_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURESUBSCRIPTION_CLIENT_ID`.
    pub client_id: Option<String>,
}

impl fmt::Debug for SignInEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInEnvironment")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "***"))
            .field("client_certificate_path", &self.client_certificate_path)
            .field("send_certificate_chain", &self.send_certificate_chain)
            .field("federated_token_file", &self.federated_token_file)
            .field("pipelines", &self.pipelines)
            .field("tokens", &self.tokens.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl fmt::Debug for PipelinesEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelinesEnvironment")
            .field("oidc_request_uri", &self.oidc_request_uri)
            .field("access_token", &self.access_token.as_ref().map(|_| "***"))
            .field("service_connection_id", &self.service_connection_id)
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_it_shows_no_secret() {
        let secret = || Some("simulated-and-not-a-secret".to_owned());
        let environment = SignInEnvironment {
            client_secret: secret(),
            pipelines: PipelinesEnvironment { access_token: secret(), ..Default::default() },
            tokens: [(Audience::Graph, "simulated-and-not-a-secret".to_owned())].into(),
            ..SignInEnvironment::default()
        };
        let shown = format!("{environment:?}");
        assert!(shown.contains("***") && !shown.contains("simulated"), "{shown}");
    }
}
