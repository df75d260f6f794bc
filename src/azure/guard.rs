//! What may leave: reads only, tokens only to the hosts of their audience.
//!
//! Every request passes [`Guard::admit`], whoever built it: the SDK crates, our own code, or a next
//! link that came from outside.

use url::{Host, Url};
use vaudit_model::{Audience, Cloud};

/// What a request is for. It decides where it may go and whether it may carry a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Reading facts, with the token of the audience.
    Read(Audience),
    /// Getting a token from the sign-in authority.
    SignIn,
    /// Getting, as a job of Azure Pipelines, the token that the sign-in authority takes for its
    /// service connection.
    PipelinesToken,
    /// Getting a token from the machine's own identity endpoint.
    ManagedIdentity,
}

impl Purpose {
    /// Who is asked, for messages.
    pub(crate) fn asked(self) -> &'static str {
        match self {
            Self::Read(Audience::ResourceManager) => "Azure Resource Manager",
            Self::Read(Audience::Graph) => "Microsoft Graph",
            Self::Read(Audience::Storage) => "the Blob service",
            Self::SignIn => "the sign-in authority",
            Self::PipelinesToken => "Azure Pipelines",
            Self::ManagedIdentity => "this machine's identity endpoint",
        }
    }
}

/// The HTTP methods vaudit knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST, for the few reads that are spelled so.
    Post,
}

impl Method {
    /// Reads a method's name; anything that could write has none.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "GET" => Some(Self::Get),
            "HEAD" => Some(Self::Head),
            "POST" => Some(Self::Post),
            _ => None,
        }
    }

    /// The method's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

/// Why a request was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The method or path could change something.
    #[error("{method} {path} is not a read, so it is never sent")]
    NotARead {
        /// The method.
        method: String,
        /// The path.
        path: String,
    },
    /// The host is not one of the audience.
    #[error("{host} is not a host of {audience}, so no token is sent there")]
    ForeignHost {
        /// The host.
        host: String,
        /// The service the token is for.
        audience: &'static str,
    },
    /// The connection would not be encrypted.
    #[error("{host} would be asked over plain http, which is allowed towards this machine only")]
    Plain {
        /// The host.
        host: String,
    },
    /// The URL carries a user name or password.
    #[error("the address carries a user name")]
    UserInfo,
}

/// The endpoints of the cloud, and what may be sent to them.
#[derive(Clone, Debug)]
pub struct Guard {
    cloud: Cloud,
    resource_manager: Url,
    graph: Url,
    authority: Url,
}

/// An endpoint of the cloud is not a URL.
#[derive(Debug, thiserror::Error)]
#[error("the endpoint {endpoint} is not a URL")]
pub struct InvalidEndpoint {
    endpoint: String,
    #[source]
    source: url::ParseError,
}

impl Guard {
    /// The guard of a cloud.
    ///
    /// # Errors
    ///
    /// When an endpoint is not a URL.
    pub fn new(cloud: Cloud) -> Result<Self, InvalidEndpoint> {
        let parse = |endpoint: &str| {
            Url::parse(endpoint)
                .map_err(|source| InvalidEndpoint { endpoint: endpoint.to_owned(), source })
        };
        let resource_manager = parse(&cloud.resource_manager)?;
        let graph = parse(&cloud.graph)?;
        let authority = parse(&cloud.authority)?;
        Ok(Self { cloud, resource_manager, graph, authority })
    }

    /// Azure Resource Manager's endpoint.
    pub fn resource_manager(&self) -> &Url {
        &self.resource_manager
    }

    /// Microsoft Graph's endpoint.
    pub fn graph(&self) -> &Url {
        &self.graph
    }

    /// The sign-in authority.
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// Whether a request may be sent.
    ///
    /// # Errors
    ///
    /// Why it may not.
    pub fn admit(&self, purpose: Purpose, method: Method, url: &Url) -> Result<(), Refusal> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        if !self.is_read(purpose, method, url) {
            return Err(Refusal::NotARead {
                method: method.name().to_owned(),
                path: url.path().to_owned(),
            });
        }
        if !self.is_own_host(purpose, url) {
            return Err(Refusal::ForeignHost { host: shown_host(url), audience: purpose.asked() });
        }
        let plain_is_local = is_loopback(url) || purpose == Purpose::ManagedIdentity;
        if url.scheme() != "https" && !plain_is_local {
            return Err(Refusal::Plain { host: shown_host(url) });
        }
        Ok(())
    }

    fn is_read(&self, purpose: Purpose, method: Method, url: &Url) -> bool {
        let path = url.path().trim_end_matches('/').to_ascii_lowercase();
        match (purpose, method) {
            (Purpose::SignIn, Method::Post) => is_token_path(url),
            (Purpose::PipelinesToken, Method::Post) => {
                path.contains("/_apis/distributedtask/hubs/") && path.ends_with("/oidctoken")
            }
            (Purpose::PipelinesToken, Method::Get | Method::Head) => false,
            (Purpose::Read(Audience::ResourceManager), Method::Post) => {
                path == "/providers/microsoft.resourcegraph/resources"
            }
            (Purpose::Read(Audience::Graph), Method::Post) => path == "/v1.0/$batch",
            (Purpose::Read(Audience::Storage) | Purpose::ManagedIdentity, Method::Post) => false,
            (_, Method::Get | Method::Head) => true,
        }
    }

    fn is_own_host(&self, purpose: Purpose, url: &Url) -> bool {
        match purpose {
            Purpose::Read(Audience::ResourceManager) => {
                url.origin() == self.resource_manager.origin()
            }
            Purpose::Read(Audience::Graph) => url.origin() == self.graph.origin(),
            Purpose::Read(Audience::Storage) => self.cloud.owns_blob_endpoint(url.as_str()),
            Purpose::SignIn => url.origin() == self.authority.origin(),
            Purpose::PipelinesToken => is_loopback(url) || is_azure_devops(url),
            Purpose::ManagedIdentity => is_loopback(url) || is_link_local(url),
        }
    }
}

/// Whether a URL has the path of the sign-in authority's token endpoint.
pub(crate) fn is_token_path(url: &Url) -> bool {
    url.path().trim_end_matches('/').to_ascii_lowercase().ends_with("/oauth2/v2.0/token")
}

/// Whether a URL leads to Azure DevOps, by its present names or by those of older organizations.
fn is_azure_devops(url: &Url) -> bool {
    let Some(Host::Domain(name)) = url.host() else { return false };
    let is_own = |domain: &str| {
        name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    url.port_or_known_default() == Some(443)
        && (is_own("dev.azure.com") || is_own("visualstudio.com"))
}

/// Whether a URL leads to this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_localhost(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a name means this machine: `localhost` and everything below it (RFC 6761).
pub(crate) fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether a URL leads to an address of this machine's link, such as the metadata service's.
pub(crate) fn is_link_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_link_local(),
        Some(Host::Ipv6(address)) => address.is_unicast_link_local(),
        Some(Host::Domain(_)) | None => false,
    }
}

/// The host and port of a URL, for messages.
pub(crate) fn shown_host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(purpose: Purpose, method: Method, url: &str) -> Result<(), Refusal> {
        Guard::new(Cloud::public()).unwrap().admit(purpose, method, &Url::parse(url).unwrap())
    }

    const ARM: Purpose = Purpose::Read(Audience::ResourceManager);
    const GRAPH: Purpose = Purpose::Read(Audience::Graph);
    const STORAGE: Purpose = Purpose::Read(Audience::Storage);

    #[test]
    fn reads_of_the_contract_are_admitted() {
        for (purpose, method, url) in [
            (ARM, Method::Get, "https://management.azure.com/subscriptions/s?api-version=1"),
            (ARM, Method::Get, "https://MANAGEMENT.azure.com:443/subscriptions/s"),
            (
                ARM,
                Method::Post,
                "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=1",
            ),
            (GRAPH, Method::Post, "https://graph.microsoft.com/v1.0/$batch"),
            (STORAGE, Method::Get, "https://st.blob.core.windows.net/c?comp=list"),
            (
                Purpose::SignIn,
                Method::Post,
                "https://login.microsoftonline.com/t/oauth2/v2.0/token",
            ),
            (
                Purpose::PipelinesToken,
                Method::Post,
                "https://dev.azure.com/org/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken?api-version=7.1",
            ),
            (
                Purpose::PipelinesToken,
                Method::Post,
                "https://org.visualstudio.com/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken",
            ),
            (
                Purpose::ManagedIdentity,
                Method::Get,
                "http://169.254.169.254/metadata/identity/oauth2/token",
            ),
        ] {
            assert_eq!(admit(purpose, method, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn what_could_write_is_refused() {
        for (purpose, url) in [
            (
                ARM,
                "https://management.azure.com/subscriptions/s/providers/Microsoft.Storage/storageAccounts/a/listKeys",
            ),
            (GRAPH, "https://graph.microsoft.com/v1.0/applications"),
            (STORAGE, "https://st.blob.core.windows.net/c?comp=batch"),
            (Purpose::ManagedIdentity, "http://169.254.169.254/metadata/identity/oauth2/token"),
            (Purpose::PipelinesToken, "https://dev.azure.com/org/p/_apis/build/builds"),
            (Purpose::PipelinesToken, "https://dev.azure.com/org/oidctoken"),
        ] {
            assert!(
                matches!(admit(purpose, Method::Post, url), Err(Refusal::NotARead { .. })),
                "{url}"
            );
        }
        for name in ["PUT", "PATCH", "DELETE", "get", ""] {
            assert_eq!(Method::named(name), None);
        }
    }

    #[test]
    fn tokens_stay_with_the_hosts_of_their_audience() {
        for (purpose, url) in [
            (ARM, "https://graph.microsoft.com/v1.0/me"),
            (ARM, "https://management.azure.com.example.com/subscriptions"),
            (ARM, "https://management.azure.com:8443/subscriptions"),
            (GRAPH, "https://management.azure.com/subscriptions"),
            (STORAGE, "https://example.com/c"),
            (STORAGE, "https://example.com\\.blob.core.windows.net/c"),
            (Purpose::SignIn, "https://management.azure.com/"),
            (Purpose::ManagedIdentity, "http://10.0.0.1/metadata"),
        ] {
            let refused = admit(purpose, Method::Get, url);
            assert!(matches!(refused, Err(Refusal::ForeignHost { .. })), "{url}: {refused:?}");
        }
        assert_eq!(
            admit(ARM, Method::Get, "https://user@management.azure.com/subscriptions"),
            Err(Refusal::UserInfo)
        );
    }

    #[test]
    fn the_token_of_a_job_goes_to_azure_devops_only() {
        let path = "org/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken";
        let admit =
            |method, host: &str| admit(Purpose::PipelinesToken, method, &format!("{host}/{path}"));
        for host in [
            "https://dev.azure.com.example.com",
            "https://notdev.azure.com",
            "https://evilvisualstudio.com",
            "https://dev.azure.com:8443",
            "https://login.microsoftonline.com",
            "https://169.254.169.254",
        ] {
            let refused = admit(Method::Post, host);
            assert!(matches!(refused, Err(Refusal::ForeignHost { .. })), "{host}: {refused:?}");
        }
        let refused = admit(Method::Get, "https://dev.azure.com");
        assert!(matches!(refused, Err(Refusal::NotARead { .. })), "{refused:?}");
        let refused = admit(Method::Post, "http://dev.azure.com:443");
        assert!(matches!(refused, Err(Refusal::Plain { .. })), "{refused:?}");
        assert_eq!(admit(Method::Post, "http://127.0.0.1:9"), Ok(()));
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let guard = |endpoint: &str| {
            Guard::new(Cloud { resource_manager: endpoint.into(), ..Cloud::public() }).unwrap()
        };
        for endpoint in [
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "http://arm.localhost:9/",
            "http://[::1]:9/",
        ] {
            let url = Url::parse(endpoint).unwrap();
            assert_eq!(guard(endpoint).admit(ARM, Method::Get, &url), Ok(()), "{endpoint}");
        }
        let url = Url::parse("http://management.example.com/").unwrap();
        let refused = guard(url.as_str()).admit(ARM, Method::Get, &url);
        assert_eq!(refused, Err(Refusal::Plain { host: "management.example.com".into() }));
    }
}
