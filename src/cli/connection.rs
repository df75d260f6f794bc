//! The way to Azure of a command: which cloud, behind which proxy, signed in as whom.

use std::sync::Arc;
use std::time::Duration;

use vaudit_azure::{
    CredentialKind, Guard, Proxy, Session, SignInEnvironment, Transport, Watcher, sign_in,
};
use vaudit_model::blob::Shelf;
use vaudit_model::{Audience, Cloud};

use crate::collecting::refused;
use crate::environment;
use crate::failure::Failure;
use crate::sources::{self, LiveAudit};
use crate::spool::Spool;

/// How much waiting a run spends on retries in all.
const RETRY_BUDGET: Duration = Duration::from_secs(60);

/// What it takes to reach Azure.
pub(crate) struct Connection {
    /// Its endpoints, with the authority the environment names.
    pub(crate) cloud: Cloud,
    /// What there is to sign in with.
    pub(crate) sign_in: SignInEnvironment,
    /// The proxy behind which Azure lies.
    pub(crate) proxy: Proxy,
    /// The only credential to use, if one was named.
    pub(crate) credential: Option<CredentialKind>,
}

impl Connection {
    /// To one of Azure's own clouds, without a manifest.
    ///
    /// # Errors
    ///
    /// When the environment names an authority or a proxy that is none.
    pub(crate) fn to(cloud: &str, credential: Option<&str>) -> Result<Self, Failure> {
        let mut cloud = match cloud {
            "usgov" => Cloud::usgov(),
            "china" => Cloud::china(),
            _ => Cloud::public(),
        };
        environment::override_authority(&mut cloud)?;
        Ok(Self {
            cloud,
            sign_in: environment::sign_in(),
            proxy: environment::proxy()?,
            credential: credential.and_then(sources::credential),
        })
    }

    /// That of an audit.
    pub(crate) fn of(live: &LiveAudit) -> Self {
        Self {
            cloud: live.audit.manifest.cloud.clone(),
            sign_in: live.sign_in.clone(),
            proxy: live.proxy.clone(),
            credential: live.credential,
        }
    }

    /// The door through which everything goes.
    ///
    /// # Errors
    ///
    /// When an endpoint of the cloud is no address.
    pub(crate) fn door(&self, watcher: Watcher) -> Result<Arc<Transport>, Failure> {
        self.door_within(RETRY_BUDGET, watcher)
    }

    /// A door that sends nothing twice: who wants to know whether something works wants to know it
    /// soon.
    ///
    /// # Errors
    ///
    /// The same.
    pub(crate) fn probe(&self) -> Result<Arc<Transport>, Failure> {
        self.door_within(Duration::ZERO, Arc::new(|_| {}))
    }

    fn door_within(
        &self,
        retry_budget: Duration,
        watcher: Watcher,
    ) -> Result<Arc<Transport>, Failure> {
        let guard = Guard::new(self.cloud.clone())
            .map_err(|error| Failure::new(error.to_string()).because(&error))?;
        Ok(Arc::new(Transport::new(guard, self.proxy.clone(), retry_budget, watcher)))
    }

    /// Signs in.
    ///
    /// # Errors
    ///
    /// When there is no token for Azure Resource Manager.
    pub(crate) async fn session(
        &self,
        audiences: &[Audience],
        watcher: Watcher,
    ) -> Result<Session, Failure> {
        let transport = self.door(watcher)?;
        let tokens = sign_in(&transport, &self.sign_in, self.credential, audiences).await;
        let tokens = Arc::new(tokens.map_err(|error| refused(&error, self.credential))?);
        Ok(Session { transport, tokens, shelf: Arc::new(Shelf::backed_by(Spool::default())) })
    }
}
