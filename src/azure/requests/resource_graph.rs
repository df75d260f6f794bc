//! Resource Graph (A01): the role assignments of principals in every subscription the auditor can
//! see. The only POST to Resource Manager, and a query all the same.

use azure_mgmt_resourcegraph::package_preview_2021_06;
use azure_mgmt_resourcegraph::package_preview_2021_06::models::{
    QueryRequest, QueryRequestOptions, query_request_options,
};
use vaudit_model::Request;

use super::{Sdk, client, send};

/// `skip_token` is that of the page before.
pub(super) async fn send(sdk: &Sdk, request: &Request, skip_token: Option<&str>) -> Option<()> {
    let client = client!(package_preview_2021_06, sdk);
    let mut query = QueryRequest::new(query(request.filter.as_deref()?));
    query.options = Some(QueryRequestOptions {
        skip_token: skip_token.map(str::to_owned),
        result_format: Some(query_request_options::ResultFormat::ObjectArray),
        // Left out, assignments at management groups would be left out too.
        authorization_scope_filter: Some(
            query_request_options::AuthorizationScopeFilter::AtScopeAboveAndBelow,
        ),
        ..QueryRequestOptions::default()
    });
    send!(client.resources(query))
}

/// The query for a list of object ids, separated by commas. Whatever is no part of a GUID is left
/// out of it.
fn query(principals: &str) -> String {
    let ids: Vec<String> = principals
        .split(',')
        .map(|id| id.chars().filter(|c| c.is_ascii_hexdigit() || *c == '-').collect::<String>())
        .map(|id| format!("'{}'", id.to_ascii_lowercase()))
        .collect();
    format!(
        "authorizationresources | where type =~ 'microsoft.authorization/roleassignments' | where tolower(tostring(properties.principalId)) in ({}) | project id, scope=properties.scope, role=properties.roleDefinitionId, principal=properties.principalId | order by id asc",
        ids.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_ids_gets_into_the_query() {
        let query = query("AAAA-0001,x') | project secret //");
        assert!(query.contains("in ('aaaa-0001','ecece')"), "{query}");
    }
}
