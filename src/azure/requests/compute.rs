//! Disks (R36), raw: no crate of the family serves this version.

use url::Url;
use vaudit_model::ArmId;

use super::raw_url;

const API_VERSION: &str = "2024-03-02";

pub(super) fn url(endpoint: &Url, group: &ArmId) -> Url {
    raw_url(endpoint, &format!("{group}/providers/Microsoft.Compute/disks"), API_VERSION)
}
