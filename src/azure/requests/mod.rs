//! Requests: one file a family. Each turns a logical request into an HTTP request, with the SDK
//! crate that has the operation, raw where none has it.

mod activity_log;
mod authorization;
mod blob;
mod compute;
mod graph;
mod kubernetes;
mod management;
mod network;
mod postgresql;
mod private_dns;
mod resource_graph;
mod resources;
mod storage;

use std::sync::Arc;

use azure_core::credentials::Secret;
use azure_core_021::{RetryOptions, TransportOptions};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use url::Url;
use vaudit_model::blob::Shelf;
use vaudit_model::{ArmId, Audience, Reason, Request, RequestKind};

use crate::guard::Purpose;
use crate::sdk::{Exchange, SdkCredential, SdkTransport};
use crate::sign_in::{Tokens, explain};
use crate::transport::{Outgoing, Transport};

/// The way to Azure for one run: the door, the tokens, and where long listings are put.
#[derive(Clone, Debug)]
pub struct Session {
    /// The one door.
    pub transport: Arc<Transport>,
    /// The tokens.
    pub tokens: Arc<Tokens>,
    /// Where the entries of blob listings are put.
    pub shelf: Arc<Shelf>,
}

/// Why a request was not even sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotSent {
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

impl NotSent {
    fn because(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

impl Session {
    /// Asks for the first page of an answer.
    pub(crate) async fn first_page(&self, request: &Request) -> Result<Exchange, NotSent> {
        match request.kind.audience() {
            Audience::ResourceManager => self.arm_page(request, None).await,
            Audience::Graph => {
                let url = graph::url(self.transport.guard().graph(), request);
                self.read(Audience::Graph, url).await
            }
            Audience::Storage => {
                let url = blob::url(request)?;
                self.read(Audience::Storage, url).await
            }
        }
    }

    /// Asks for a later page: the link as Azure gave it (ARM, Graph), or the marker (Blob).
    pub(crate) async fn next_page(
        &self,
        request: &Request,
        asked: &Url,
        link: &str,
    ) -> Result<Exchange, NotSent> {
        if request.kind == RequestKind::TenantRoleAssignments {
            return self.arm_page(request, Some(link)).await;
        }
        let audience = request.kind.audience();
        let url = match audience {
            Audience::Storage => blob::next_url(asked, link),
            Audience::ResourceManager | Audience::Graph => asked.join(link).map_err(|error| {
                let message = format!("the next link is not an address: {error}");
                NotSent::because(Reason::UntrustedNextLink, message)
            })?,
        };
        self.read(audience, url).await
    }

    /// The first page of an answer of Resource Manager, or of Resource Graph the page after a
    /// token.
    async fn arm_page(
        &self,
        request: &Request,
        skip_token: Option<&str>,
    ) -> Result<Exchange, NotSent> {
        use RequestKind as Kind;
        let id = ArmId::parse(&request.target).map_err(|error| {
            NotSent::because(Reason::Unrecognised, format!("{}: {error}", request.target))
        })?;
        let token = self.bearer(Audience::ResourceManager).await?;
        let endpoint = self.transport.guard().resource_manager();
        let raw = match request.kind {
            Kind::ManagedClusters | Kind::ManagedCluster => {
                Some(kubernetes::url(endpoint, request.kind, &id))
            }
            Kind::Disks => Some(compute::url(endpoint, &id)),
            Kind::ManagementGroup => Some(management::url(endpoint, &id)),
            Kind::Permissions => authorization::permissions_url(endpoint, &id),
            Kind::ActivityLog => activity_log::url(endpoint, request, &id),
            _ => None,
        };
        if let Some(url) = raw {
            return self.send(Audience::ResourceManager, url, &token).await;
        }
        let sdk = Sdk {
            endpoint: self.transport.guard().resource_manager().clone(),
            credential: Arc::new(SdkCredential { token }),
            transport: SdkTransport::new(Arc::clone(&self.transport)),
        };
        let built = match request.kind {
            Kind::Subscriptions => resources::send_subscriptions(&sdk).await,
            Kind::SubscriptionResources => resources::send_of_type(&sdk, request, &id).await,
            Kind::Subscription | Kind::ResourceGroup | Kind::Resources => {
                resources::send(&sdk, request.kind, &id).await
            }
            Kind::PostgresServers
            | Kind::SubscriptionServers
            | Kind::PostgresServer
            | Kind::PostgresDatabases
            | Kind::PostgresBackups => postgresql::send(&sdk, request.kind, &id).await,
            Kind::StorageAccounts | Kind::StorageAccount | Kind::BlobContainers => {
                storage::send(&sdk, request.kind, &id).await
            }
            Kind::VirtualNetworks
            | Kind::VirtualNetwork
            | Kind::Subnet
            | Kind::PrivateEndpoints
            | Kind::PrivateEndpoint
            | Kind::NetworkSecurityGroups
            | Kind::NetworkSecurityGroup
            | Kind::RouteTables
            | Kind::RouteTable => network::send(&sdk, request.kind, &id).await,
            Kind::PrivateDnsZones
            | Kind::PrivateDnsZone
            | Kind::VirtualNetworkLinks
            | Kind::RecordSets => private_dns::send(&sdk, request.kind, &id).await,
            Kind::RoleAssignments
            | Kind::RoleEligibilities
            | Kind::RoleAssignmentSchedules
            | Kind::DenyAssignmentsAbove
            | Kind::DenyAssignmentsBelow
            | Kind::RoleAssignmentsAround
            | Kind::Permissions => authorization::send(&sdk, request, &id).await,
            Kind::TenantRoleAssignments => resource_graph::send(&sdk, request, skip_token).await,
            Kind::ManagedClusters
            | Kind::ManagedCluster
            | Kind::Disks
            | Kind::ManagementGroup
            | Kind::ActivityLog
            | Kind::ServicePrincipal
            | Kind::Application
            | Kind::FederatedCredentials
            | Kind::AppRoleAssignments
            | Kind::DelegatedGrants
            | Kind::Memberships
            | Kind::DirectoryRoleAssignments
            | Kind::BackupFolders
            | Kind::FolderBlobs
            | Kind::SourceBlobs => None,
        };
        built.and_then(|()| sdk.transport.take()).ok_or_else(|| {
            let message = format!("no request can be built for {}", request.target);
            NotSent::because(Reason::Unrecognised, message)
        })
    }

    /// Reads an address with the token of an audience.
    pub(crate) async fn read(&self, audience: Audience, url: Url) -> Result<Exchange, NotSent> {
        let token = self.bearer(audience).await?;
        self.send(audience, url, &token).await
    }

    async fn send(
        &self,
        audience: Audience,
        url: Url,
        token: &Secret,
    ) -> Result<Exchange, NotSent> {
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.secret()))
            .map_err(|_| NotSent::because(Reason::SignIn, "the token cannot be sent"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        if audience == Audience::Storage {
            blob::add_headers(&mut headers);
        }
        let outgoing = Outgoing { headers, ..Outgoing::get(Purpose::Read(audience), url) };
        let result = self.transport.send(&outgoing).await;
        Ok(Exchange { outgoing, result })
    }

    async fn bearer(&self, audience: Audience) -> Result<Secret, NotSent> {
        self.tokens.bearer(audience).await.map_err(|refused| {
            let (why, _) = explain(&refused.details);
            NotSent::because(Reason::SignIn, format!("signing in was refused: {why}"))
        })
    }
}

/// An address below an endpoint, for services that no crate of the family speaks to.
fn raw_url(endpoint: &Url, path: &str, api_version: &str) -> Url {
    let mut url = endpoint.clone();
    url.set_path(path);
    url.query_pairs_mut().append_pair("api-version", api_version);
    url
}

/// What an SDK client is built from.
pub(crate) struct Sdk {
    endpoint: Url,
    credential: Arc<SdkCredential>,
    transport: Arc<SdkTransport>,
}

impl Sdk {
    fn transport(&self) -> TransportOptions {
        TransportOptions::new(Arc::clone(&self.transport) as Arc<_>)
    }
}

/// Builds the client of one of the SDK crates: through the one door, without retries of its own.
macro_rules! client {
    ($package:path, $sdk:expr) => {{
        use $package as package;
        package::Client::builder(std::sync::Arc::clone(&$sdk.credential) as std::sync::Arc<_>)
            .endpoint($sdk.endpoint.clone())
            .retry($crate::requests::no_retries())
            .transport($sdk.transport())
            .build()
            .ok()?
    }};
}
pub(crate) use client;

fn no_retries() -> RetryOptions {
    RetryOptions::none()
}

/// Lets the SDK build and send one request. What it makes of the answer does not matter: the
/// answer is kept by [`SdkTransport`].
macro_rules! send {
    ($request:expr) => {{
        drop($request.send().await);
        Some(())
    }};
}
pub(crate) use send;

/// The same for an operation that pages: the first page only, we follow the links ourselves.
macro_rules! send_first_page {
    ($request:expr) => {{
        drop(futures::StreamExt::next(&mut $request.into_stream()).await);
        Some(())
    }};
}
pub(crate) use send_first_page;

pub(crate) use blob::VERSION as BLOB_VERSION;
pub(crate) use graph::VERSION as GRAPH_VERSION;
