//! Who is signed in, and whether that is somebody in the right tenant with a role.

use std::sync::Arc;

use vaudit_azure::{CredentialKind, Session, SignInError, read, sign_in};
use vaudit_model::blob::Shelf;
use vaudit_model::document::ErrorBody;
use vaudit_model::snapshot::{Header, Identity};
use vaudit_model::{Audience, Command, Deployment, Estate, Fact, Request, RequestKind, Snapshot};
use vaudit_reports::diagnosis::{Finding, State};

use super::Round;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::spool::Spool;

/// What Azure says of a token for another tenant than the subscription's.
const FOREIGN_TENANT: &str = "InvalidAuthenticationTokenTenant";

/// What stands in a command for what only the reader knows.
const OBJECT_ID: &str = "OBJECT-ID";

impl Round {
    /// Signs in. None when nobody could be.
    pub(super) async fn signed_in(
        &mut self,
        connection: &Connection,
        deployments: &[Deployment],
    ) -> Result<Option<Session>, Failure> {
        let transport = connection.probe()?;
        let audiences = [Audience::ResourceManager, Audience::Graph, Audience::Storage];
        let signed_in =
            sign_in(&transport, &connection.sign_in, connection.credential, &audiences).await;
        let tokens = match signed_in {
            Ok(tokens) => Arc::new(tokens),
            Err(error) => {
                let mut finding = refused(&error, connection.credential);
                if let Some(tenant) = other_tenant(connection, deployments) {
                    finding = finding.fix(tenant);
                }
                self.fatal(finding);
                return Ok(None);
            }
        };
        let said = shown(tokens.identity());
        self.findings.push(Finding::new("sign-in", State::Works, said));
        // Who brings tokens along brings whatever they are.
        let is_own = !connection.sign_in.tokens.is_empty()
            && connection.credential.is_none_or(|own| own == CredentialKind::Token);
        let held = if is_own { "is set, and used as it is" } else { "was issued" };
        for (audience, what) in
            [(Audience::Graph, "Graph token"), (Audience::Storage, "Blob token")]
        {
            let finding = match tokens.bearer(audience).await {
                Ok(_) => Finding::new(what, State::Works, held),
                Err(error) => Finding::new(what, State::Broken, error.to_string())
                    .fix("without it, the rules that need it are indeterminate"),
            };
            self.findings.push(finding);
        }
        let shelf = Arc::new(Shelf::backed_by(Spool::default()));
        Ok(Some(Session { transport: connection.door(Arc::new(|_| {}))?, tokens, shelf }))
    }

    /// Looks at tenant, subscription and resource group. Gives the deployments that can be read.
    pub(super) async fn deployments(
        &mut self,
        session: &Session,
        mut deployments: Vec<Deployment>,
    ) -> Vec<Deployment> {
        let requests: Vec<Request> = deployments
            .iter()
            .flat_map(|own| {
                [
                    Request::arm(RequestKind::Subscription, &own.subscription_id()),
                    Request::arm(RequestKind::ResourceGroup, &own.resource_group_id()),
                ]
            })
            .collect();
        let identity = session.tokens.identity();
        let mut snapshot = Snapshot::empty(Header {
            identity: identity.clone(),
            ..Header::beginning(env!("CARGO_PKG_VERSION"), jiff::Timestamp::now())
        });
        for document in read(session, &requests).await {
            snapshot.insert(document);
        }
        // As for the audit itself: one answer that is no refused token is enough to go on.
        let mut statuses = snapshot.documents().map(|document| document.status);
        self.is_unusable |= statuses.all(|status| matches!(status, None | Some(401)));
        deployments.retain(|deployment| self.deployment(&snapshot, deployment, identity));
        deployments
    }

    fn deployment(
        &mut self,
        snapshot: &Snapshot,
        deployment: &Deployment,
        identity: &Identity,
    ) -> bool {
        let estate = Estate::new(snapshot, deployment);
        let name = &deployment.name;
        let subscription = estate.subscription();
        let of_azure = subscription.value().and_then(|own| own.tenant.value());
        let is_foreign = snapshot
            .error_code(&Request::arm(RequestKind::Subscription, &deployment.subscription_id()))
            == FOREIGN_TENANT;
        if !is_foreign {
            self.findings.push(tenant(deployment, of_azure, identity));
        }
        let assign = |scope: &str| {
            Command::new("az role assignment create --role Reader")
                .arg("--assignee-object-id", identity.object_id.as_deref().unwrap_or(OBJECT_ID))
                .arg("--scope", scope)
                .to_string()
        };
        let scope = deployment.subscription_id();
        let request = Request::arm(RequestKind::Subscription, &scope);
        let is_seen = match &subscription {
            Fact::Known(own, _) => {
                let state = own.state.value().map_or("unknown", String::as_str);
                let said = format!("{name}: {} is {state}", deployment.subscription);
                let is_fine = ["Enabled", "Warned", "PastDue"]
                    .iter()
                    .any(|own| own.eq_ignore_ascii_case(state));
                let finding = match is_fine {
                    true => Finding::new("subscription", State::Works, said),
                    false => Finding::new("subscription", State::Broken, said)
                        .fix("an owner of the subscription has to enable it again"),
                };
                self.findings.push(finding);
                true
            }
            Fact::Absent(_) | Fact::Unread(_) => {
                let document = snapshot.document(&request);
                let status = document.and_then(|own| own.status);
                let code = document.map(|own| ErrorBody::of(&own.body).code).unwrap_or_default();
                self.findings.push(unseen(
                    deployment,
                    &subscription,
                    status,
                    &code,
                    &assign(scope.as_str()),
                ));
                false
            }
        };
        let finding = match estate.resource_group() {
            Fact::Known(..) => {
                let said = format!("{name}: {} can be read", deployment.resource_group);
                Finding::new("resource group", State::Works, said)
            }
            Fact::Absent(_) => {
                let said = format!(
                    "{name}: there is no {} in the subscription",
                    deployment.resource_group
                );
                Finding::new("resource group", State::Broken, said)
                    .fix("correct `resource_group` in the manifest; `vaudit init` finds it")
            }
            Fact::Unread(_) if !is_seen => return false,
            Fact::Unread(gap) => {
                let said = format!("{name}: {}", gap.message);
                Finding::new("resource group", State::Broken, said)
                    .fix("give the auditor a role that reads it:")
                    .run(assign(deployment.resource_group_id().as_str()))
            }
        };
        let is_there = finding.state == State::Works;
        self.findings.push(finding);
        is_there
    }
}

/// Why nobody is signed in.
fn refused(error: &SignInError, only: Option<CredentialKind>) -> Finding {
    let mut ended = error.attempts.iter().filter(|own| own.configured || only.is_some());
    if let Some(attempt) = ended.next() {
        let said = format!("`{}` gave no token: {}", attempt.credential, attempt.why);
        let fix = "mend that, or sign in another way with --credential NAME";
        return Finding::new("sign-in", State::Broken, said).fix(fix);
    }
    let tried = error.attempts.iter().map(|own| format!("{}: {}", own.credential, own.why));
    let finding = Finding::new("sign-in", State::Broken, "nobody is signed in to Azure");
    tried
        .fold(finding.fix("one of these has to give a token:"), |finding, tried| finding.fix(tried))
        .fix("the shortest way in a shell:")
        .run("az login")
}

/// What the manifest says about the tenant, where the environment says something else.
fn other_tenant(connection: &Connection, deployments: &[Deployment]) -> Option<String> {
    let own = connection.sign_in.tenant_id.as_deref()?;
    let wanted = deployments.iter().filter_map(|deployment| deployment.tenant.as_deref());
    let other = wanted.into_iter().find(|wanted| !wanted.eq_ignore_ascii_case(own))?;
    Some(format!("AZURE_TENANT_ID is {own}, and the manifest says {other}"))
}

fn shown(identity: &Identity) -> String {
    let known = [
        ("object id", &identity.object_id),
        ("client id", &identity.client_id),
        ("tenant", &identity.tenant),
    ];
    let known: Vec<String> =
        known.iter().filter_map(|(what, id)| Some(format!("{what} {}", id.as_ref()?))).collect();
    match known.is_empty() {
        true => "a token that does not say whose it is".to_owned(),
        false => known.join(", "),
    }
}

/// Compares the tenant of the token, of the manifest and of the subscription.
fn tenant(deployment: &Deployment, of_azure: Option<&String>, identity: &Identity) -> Finding {
    let name = &deployment.name;
    let wanted =
        [("the manifest says", deployment.tenant.as_ref()), ("the subscription is in", of_azure)];
    let own = identity.tenant.as_deref();
    let other = wanted
        .iter()
        .filter_map(|(who, tenant)| Some((who, (*tenant)?)))
        .find(|(_, tenant)| own.is_none_or(|own| !own.eq_ignore_ascii_case(tenant)));
    match (own, other) {
        (None, _) => {
            Finding::new("tenant", State::Untried, "the token does not say which it is for")
        }
        (Some(own), None) if wanted.iter().all(|(_, tenant)| tenant.is_none()) => {
            let said =
                format!("{name}: signed in to {own}; nothing says whether that is the right one");
            Finding::new("tenant", State::Untried, said)
        }
        (Some(own), None) => Finding::new("tenant", State::Works, format!("{name}: {own}")),
        (Some(own), Some((who, tenant))) => {
            let said = format!("{name}: signed in to {own}, but {who} {tenant}");
            Finding::new("tenant", State::Broken, said)
                .fix("sign in to that tenant: set AZURE_TENANT_ID, or")
                .run(Command::new("az login").arg("--tenant", tenant).to_string())
        }
    }
}

/// Why a subscription cannot be seen.
fn unseen<T>(
    deployment: &Deployment,
    fact: &Fact<T>,
    status: Option<u16>,
    code: &str,
    assign: &str,
) -> Finding {
    let (name, id) = (&deployment.name, &deployment.subscription);
    let what = "subscription";
    match (status, code) {
        (Some(401), FOREIGN_TENANT) => {
            let said = format!(
                "{name}: subscription {id} belongs to another tenant than the one signed in to"
            );
            Finding::new("tenant", State::Broken, said)
                .fix("sign in to that tenant: set AZURE_TENANT_ID, or use `az login --tenant TENANT`; whoever may see the subscription finds it with")
                .run(Command::new("az account show --query tenantId").arg("--subscription", id).to_string())
        }
        // Azure says of what nobody may see that it does not exist.
        (Some(403 | 404), _) => {
            let said =
                format!("{name}: {id} cannot be seen: no role on it, or no such subscription");
            Finding::new(what, State::Broken, said)
                .fix("give the auditor the role Reader:")
                .run(assign)
        }
        _ => {
            let why = fact.gap().map_or("it was not answered", |gap| gap.message.as_str());
            Finding::new(what, State::Broken, format!("{name}: {id}: {why}"))
        }
    }
}
