//! The app registration behind the service principal, and its credentials (G02, G03).

use jiff::Timestamp;

use super::super::{Estate, typed};
use super::{credentials, graph_id};
use crate::fact::{Fact, Gap, List, Source};
use crate::need::RequestKind;
use crate::reader::Node;

/// An app registration (G02).
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// `passwordCredentials`: its secrets, without their values, which Graph never shows.
    pub secrets: Fact<List<Credential>>,
    /// `keyCredentials`: its certificates.
    pub certificates: Fact<List<Credential>>,
    /// How many permissions `requiredResourceAccess` asks for. They are wishes, no grants.
    pub requested_permissions: Fact<usize>,
    /// The whole object, for evidence.
    pub source: Source,
}

/// A secret or a certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Credential {
    /// `displayName`, else `keyId`.
    pub name: String,
    /// `startDateTime`.
    pub starts: Fact<Timestamp>,
    /// `endDateTime`.
    pub ends: Fact<Timestamp>,
    /// `usage` of a certificate: `Verify` where it signs in, `Encrypt` or `Sign` where it does not.
    pub usage: Fact<String>,
    /// Where it stands, for evidence.
    pub source: Source,
}

/// Whether a credential can be signed in with.
#[derive(Clone, Debug, PartialEq)]
pub enum Validity {
    /// From its start on, until its end.
    Valid,
    /// It has not begun.
    NotYet(Timestamp),
    /// It is over.
    Over(Timestamp),
    /// Its dates do not tell.
    Unread(Gap),
}

impl Credential {
    /// Reads a credential. Nothing in it is needed to know that it is there.
    pub(super) fn read(node: &Node<'_>) -> Self {
        let text = |field: &str| node.at(field).text().value().cloned();
        Self {
            name: text("displayName").or_else(|| text("keyId")).unwrap_or_else(|| "unnamed".into()),
            starts: node.at("startDateTime").instant(),
            ends: node.at("endDateTime").instant(),
            usage: node.at("usage").text(),
            source: node.source(),
        }
    }

    /// Whether it is valid at a moment: its start is part of its life, its end is not. One date
    /// that rules it out is enough.
    pub fn validity(&self, now: Timestamp) -> Validity {
        match (self.starts.value(), self.ends.value()) {
            (_, Some(ends)) if *ends <= now => Validity::Over(*ends),
            (Some(starts), _) if *starts > now => Validity::NotYet(*starts),
            (Some(_), Some(_)) => Validity::Valid,
            _ => Validity::Unread(self.undated()),
        }
    }

    fn undated(&self) -> Gap {
        let gap = self.starts.gap().or(self.ends.gap()).cloned();
        gap.unwrap_or_else(|| {
            let message = format!("the credential {} has no dates", self.name);
            Gap::because(crate::fact::Reason::MissingField, message)
        })
    }
}

/// A federated credential (G03): tokens of another issuer that are taken for a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct FederatedCredential {
    /// `id`.
    pub id: String,
    /// `name`.
    pub name: Fact<String>,
    /// `issuer`: the URL of who issues the tokens.
    pub issuer: Fact<String>,
    /// `subject`: whom they are issued for.
    pub subject: Fact<String>,
    /// The whole object, for evidence.
    pub source: Source,
}

impl Estate<'_> {
    /// The app registration of the service principal.
    pub fn application(&self) -> Fact<Application> {
        self.application_request(RequestKind::Application, "").and_then(|request, _| {
            self.snapshot.resource(&request).map(|node| {
                let resource = match node.at("id").text() {
                    Fact::Known(id, _) => format!("graph:applications/{}", id.to_ascii_lowercase()),
                    Fact::Absent(_) | Fact::Unread(_) => format!("graph:{}", request.target),
                };
                let node = node.called(&resource);
                Application {
                    secrets: credentials(&node.at("passwordCredentials")),
                    certificates: credentials(&node.at("keyCredentials")),
                    requested_permissions: node.at("requiredResourceAccess").items().map(count),
                    source: node.source(),
                }
            })
        })
    }

    /// The federated credentials of the app registration.
    pub fn federated_credentials(&self) -> Fact<List<FederatedCredential>> {
        let request = self.application_request(
            RequestKind::FederatedCredentials,
            "/federatedIdentityCredentials",
        );
        request.and_then(|request, _| {
            self.snapshot.list_of_existing(&request).map(|list| {
                typed(list, |node| {
                    let id = graph_id(node, "a federated credential")?;
                    let resource = format!("graph:{}/{id}", request.target);
                    let node = node.clone().called(&resource);
                    Ok(FederatedCredential {
                        id,
                        name: node.at("name").text(),
                        issuer: node.at("issuer").text(),
                        subject: node.at("subject").text(),
                        source: node.source(),
                    })
                })
            })
        })
    }
}

/// How many permissions the resources of a registration's wishes add up to.
fn count(resources: List<Node<'_>>) -> usize {
    let of_resource = |node: &Node<'_>| {
        node.at("resourceAccess").items_or_none().value().map_or(0, |list| list.items.len())
    };
    resources.items.iter().map(of_resource).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn validity(body: &Value) -> Validity {
        let node = Node::root(body, "graph:applications/a", Arc::default());
        Credential::read(&node).validity("2026-11-22T09:00:00Z".parse().unwrap())
    }

    #[test]
    fn the_start_is_part_of_a_secrets_life_and_the_end_is_not() {
        let dated =
            |start: &str, end: &str| validity(&json!({"startDateTime": start, "endDateTime": end}));
        assert_eq!(dated("2026-11-22T09:00:00Z", "2026-11-22T09:00:01Z"), Validity::Valid);
        assert!(matches!(dated("2026-01-01T00:00:00Z", "2026-11-22T09:00:00Z"), Validity::Over(_)));
        assert!(matches!(
            dated("2026-11-22T09:00:01Z", "2027-01-01T00:00:00Z"),
            Validity::NotYet(_)
        ));
    }

    #[test]
    fn an_odd_date_is_unread_unless_the_other_one_decides() {
        let odd =
            |start: &str, end: &str| validity(&json!({"startDateTime": start, "endDateTime": end}));
        assert!(matches!(odd("2026-01-01", "2027-01-01T00:00:00Z"), Validity::Unread(_)));
        assert!(matches!(odd("2026-01-01", "2026-11-01T00:00:00Z"), Validity::Over(_)));
        assert!(matches!(odd("2027-01-01T00:00:00Z", "never"), Validity::NotYet(_)));
        assert!(matches!(validity(&json!({})), Validity::Unread(_)));
    }
}
