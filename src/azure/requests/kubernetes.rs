//! AKS clusters (R05), raw: the family's AKS crate stops before `azure_core` 0.21.

use url::Url;
use vaudit_model::{ArmId, RequestKind};

const API_VERSION: &str = "2024-09-01";

pub(super) fn url(endpoint: &Url, kind: RequestKind, id: &ArmId) -> Url {
    let mut url = endpoint.clone();
    let path = match kind {
        RequestKind::ManagedClusters => {
            format!("{id}/providers/Microsoft.ContainerService/managedClusters")
        }
        _ => id.to_string(),
    };
    url.set_path(&path);
    url.query_pairs_mut().append_pair("api-version", API_VERSION);
    url
}
