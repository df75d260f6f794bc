//! A snapshot around one exchange: its answer, and the little that an estate needs to reach it.

use jiff::Timestamp;
use serde_json::Value;
use vaudit_model::deployment::{PrivateMode, Selector};
use vaudit_model::snapshot::Header;
use vaudit_model::{ArmId, Deployment, Estate, Request, RequestKind, Snapshot};

use crate::exchange::Exchange;

/// A snapshot that holds an exchange, and the deployment it is looked at for.
pub(crate) struct World<'e> {
    /// The deployment.
    pub(crate) deployment: Deployment,
    snapshot: Snapshot,
    exchange: &'e Exchange,
}

impl<'e> World<'e> {
    /// A snapshot that holds nothing yet. The deployment's resource group is none that a recording
    /// has, so that what a selector names by its id is asked for by its id.
    pub(crate) fn around(exchange: &'e Exchange) -> Self {
        let header = Header::beginning("", Timestamp::UNIX_EPOCH);
        let id = exchange.id();
        let subscription = id.subscription().unwrap_or("s");
        let mut deployment = Deployment::new("recorded", subscription, "no group of a recording");
        deployment.postgres.private_mode = PrivateMode::Either;
        deployment.service_principal.client_id = Some("c".into());
        deployment.service_principal.object_id = Some("o".into());
        Self { deployment, snapshot: Snapshot::empty(header), exchange }
    }

    /// Lets the exchange be the answer to a request.
    #[must_use]
    pub(crate) fn answering(mut self, request: &Request) -> Self {
        self.snapshot.insert(self.exchange.document(request));
        self
    }

    /// The same with a success's body changed: an item made a list's, or a child put into its parent.
    #[must_use]
    pub(crate) fn answering_with(mut self, request: &Request, body: &Value) -> Self {
        let body = if self.exchange.succeeded() { body } else { &self.exchange.body };
        self.snapshot.insert(self.exchange.document_with(request, body));
        self
    }

    /// Adds an answer of our own, which the estate needs on its way.
    #[must_use]
    pub(crate) fn beside(mut self, request: &Request, body: &Value) -> Self {
        let mut document = self.exchange.document_with(request, body);
        document.status = Some(200);
        document.body = vaudit_model::Body::json(body.clone());
        self.snapshot.insert(document);
        self
    }

    /// Names the audited server, and says how it is reached.
    #[must_use]
    pub(crate) fn with_server(mut self, id: &ArmId, properties: &Value) -> Self {
        self.deployment.postgres.server = Some(Selector::Id(id.clone()));
        let body = serde_json::json!({"id": id.as_str(), "properties": properties});
        self.beside(&Request::arm(RequestKind::PostgresServer, id), &body)
    }

    /// What the snapshot says.
    pub(crate) fn estate(&self) -> Estate<'_> {
        Estate::new(&self.snapshot, &self.deployment)
    }

    /// The snapshot itself.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The deployment's subscription, where lists are asked for.
    pub(crate) fn subscription(&self) -> ArmId {
        self.deployment.subscription_id()
    }
}
