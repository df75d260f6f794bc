//! The tenant's root management group (R17), raw: no crate of the family has management groups.

use url::Url;
use vaudit_model::ArmId;

use super::raw_url;

const API_VERSION: &str = "2020-05-01";

pub(super) fn url(endpoint: &Url, group: &ArmId) -> Url {
    raw_url(endpoint, group.as_str(), API_VERSION)
}
