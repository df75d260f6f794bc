//! The Activity Log, raw: no crate of the family has it.

use url::Url;
use vaudit_model::{ArmId, Request};

use super::raw_url;

const API_VERSION: &str = "2015-04-01";

/// What is asked of an event. Without this the claims of whoever acted would come too, with names and
/// addresses nobody needs here.
const FIELDS: &str = "caller,eventTimestamp,operationName,resourceId,status";

/// The events about one resource between the two instants of the request's filter.
pub(super) fn url(endpoint: &Url, request: &Request, resource: &ArmId) -> Option<Url> {
    let (since, until) = request.filter.as_deref()?.split_once('/')?;
    let subscription = resource.subscription()?;
    let path = format!(
        "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    );
    let mut url = raw_url(endpoint, &path, API_VERSION);
    // A quote inside a text is written twice.
    let resource = resource.as_str().replace('\'', "''");
    let filter = format!(
        "eventTimestamp ge '{since}' and eventTimestamp le '{until}' and resourceUri eq '{resource}'"
    );
    url.query_pairs_mut().append_pair("$filter", &filter).append_pair("$select", FIELDS);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn events_are_asked_for_by_resource_and_time() {
        let id = ArmId::parse("/subscriptions/s1/resourceGroups/rg/providers/A.B/c/it's").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let request =
            Request::activity(&id, at("2026-11-01T02:00:00Z"), at("2026-11-22T09:00:00Z"));
        let endpoint = Url::parse("https://management.azure.com").unwrap();
        let url = url(&endpoint, &request, &id).unwrap();
        let filter = url.query_pairs().find(|(name, _)| name == "$filter").unwrap().1.into_owned();
        assert_eq!(
            filter,
            "eventTimestamp ge '2026-11-01T02:00:00Z' and eventTimestamp le '2026-11-22T09:00:00Z' and resourceUri eq '/subscriptions/s1/resourceGroups/rg/providers/A.B/c/it''s'"
        );
        assert!(
            url.as_str().starts_with("https://management.azure.com/subscriptions/s1/providers/")
        );
    }
}
