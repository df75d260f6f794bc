//! AKS clusters (R05), raw: the family's AKS crate stops before `azure_core` 0.21.

use url::Url;
use vaudit_model::{ArmId, RequestKind};

use super::raw_url;

/// The oldest stable version that a recorded answer shows to tell `nodeProvisioningProfile`; what the
/// catalogue names, 2024-09-01, leaves it out, so AKS010 could not see what it asks about.
const API_VERSION: &str = "2025-08-01";

pub(super) fn url(endpoint: &Url, kind: RequestKind, id: &ArmId) -> Url {
    let path = match kind {
        RequestKind::ManagedClusters => {
            format!("{id}/providers/Microsoft.ContainerService/managedClusters")
        }
        _ => id.to_string(),
    };
    raw_url(endpoint, &path, API_VERSION)
}
