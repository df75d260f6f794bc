//! Microsoft Graph (G01–G06, G10), raw: there is no Graph crate in this family.

use url::Url;
use vaudit_model::Request;

/// The version segment of Graph addresses.
pub(crate) const VERSION: &str = "v1.0";

pub(super) fn url(endpoint: &Url, request: &Request) -> Url {
    let mut url = endpoint.clone();
    let base = url.path().trim_end_matches('/').to_owned();
    // No `$select` of credentials: that variant is limited to 150 requests a minute and tenant.
    url.set_path(&format!("{base}/{VERSION}/{}", request.target));
    if let Some(principal) = &request.filter {
        let filter = format!("principalId eq '{}'", principal.replace('\'', "''"));
        url.query_pairs_mut().append_pair("$filter", &filter);
    }
    url
}
