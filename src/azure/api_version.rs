//! API versions a cloud does not serve: asking once more in an older one it names.

use url::Url;
use vaudit_model::document::{ErrorBody, is_about_the_api_version};
use vaudit_model::{Audience, Body, Request};

use crate::sdk::Exchange;

/// How Azure introduces the versions it serves, in its two wordings.
const INTRODUCTIONS: &[&str] = &["supported api-versions are '", "supported versions are '"];

/// The same question in an older version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Older {
    /// The version that was asked and is not served.
    pub(crate) asked: String,
    /// Where to ask instead.
    pub(crate) url: Url,
}

/// How to ask again, when the answer says that the version is not served and names an older one.
pub(crate) fn older(request: &Request, exchange: &Exchange) -> Option<Older> {
    let answer = exchange.result.as_ref().ok()?;
    if request.kind.audience() != Audience::ResourceManager || answer.status != 400 {
        return None;
    }
    let error = ErrorBody::of(&Body::json(serde_json::from_slice(&answer.body).ok()?));
    if !is_about_the_api_version(&error.code) {
        return None;
    }
    let url = &exchange.outgoing.url;
    let asked = url.query_pairs().find(|(name, _)| name == "api-version")?.1.into_owned();
    let newest = newest_before(&asked, &error.message)?;
    // Only this parameter: what else the query holds stays spelled as it was.
    let parameters = url.query()?.split('&').map(|parameter| match parameter.split_once('=') {
        Some(("api-version", _)) => format!("api-version={newest}"),
        _ => parameter.to_owned(),
    });
    let query = parameters.collect::<Vec<_>>().join("&");
    let mut url = url.clone();
    url.set_query(Some(&query));
    Some(Older { asked, url })
}

/// The newest version before the one that was asked; a preview only where there is nothing else.
fn newest_before<'m>(asked: &str, message: &'m str) -> Option<&'m str> {
    let listed = INTRODUCTIONS.iter().find_map(|introduction| {
        let rest = &message[message.find(introduction)? + introduction.len()..];
        rest.split('\'').next()
    })?;
    let asked_day = date(asked)?;
    listed
        .split(',')
        .map(str::trim)
        .filter(|version| *version != asked && date(version).is_some_and(|day| day <= asked_day))
        .max_by_key(|version| (version.len() == DATE_LENGTH, date(version)))
}

/// The length of `2024-08-01`.
const DATE_LENGTH: usize = 10;

/// The date a version begins with. The list comes from outside, and becomes a part of an address:
/// what is no version is none.
fn date(version: &str) -> Option<&str> {
    let (day, suffix) = version.split_at_checked(DATE_LENGTH)?;
    let is_date = day.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let is_suffix = suffix.is_empty()
        || suffix.len() > 1
            && suffix.starts_with('-')
            && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_date && is_suffix).then_some(day)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use vaudit_model::{ArmId, RequestKind};

    use super::*;
    use crate::guard::Purpose;
    use crate::transport::{Incoming, Outgoing};

    #[test]
    fn the_newest_version_that_is_not_newer_is_taken() {
        let listed = |versions: &str| format!("… The supported api-versions are '{versions}'. …");
        for (versions, newest) in [
            ("2021-06-01, 2022-12-01", Some("2022-12-01")),
            ("2022-12-01,2021-06-01,2025-08-01", Some("2022-12-01")),
            ("2021-06-01, 2023-03-01-preview", Some("2021-06-01")),
            ("2021-06-01-preview, 2023-03-01-preview", Some("2023-03-01-preview")),
            ("2024-08-01-preview", Some("2024-08-01-preview")),
            ("2024-08-01", None),
            ("2025-08-01, 2025-06-01-preview", None),
            ("2021-06-01&x=y, 2021-06-01-, ../.., latest, 20210601, é2021-06-1", None),
            ("", None),
        ] {
            assert_eq!(newest_before("2024-08-01", &listed(versions)), newest, "{versions}");
        }
        let other = "The api-version '2099-01-01' is invalid. The supported versions are '2021-01-01,2020-01-01'.";
        assert_eq!(newest_before("2024-08-01", other), Some("2021-01-01"));
        assert_eq!(newest_before("2024-08-01", "The api-version is invalid."), None);
    }

    #[test]
    fn only_the_version_of_the_address_changes() {
        let request = Request::arm(RequestKind::RoleAssignments, &ArmId::subscription_scope("s"));
        let address =
            "https://management.azure.com/x?api-version=2022-04-01&$filter=a%20eq+%27b%27";
        let exchange = |status: u16, code: &str| {
            let message = "The supported api-versions are '2015-07-01, 2018-01-01'.";
            let body = json!({"error": {"code": code, "message": message}}).to_string();
            let purpose = Purpose::Read(Audience::ResourceManager);
            Exchange {
                outgoing: Outgoing::get(purpose, Url::parse(address).unwrap()),
                result: Ok(Incoming {
                    status,
                    headers: Default::default(),
                    body: body.into(),
                    received_at: Timestamp::UNIX_EPOCH,
                    round_trip: std::time::Duration::ZERO,
                }),
            }
        };
        let found = older(&request, &exchange(400, "NoRegisteredProviderFound")).unwrap();
        assert_eq!(found.asked, "2022-04-01");
        assert_eq!(found.url.as_str(), address.replace("2022-04-01", "2018-01-01"));
        assert!(older(&request, &exchange(400, "InvalidApiVersionParameter")).is_some());
        assert_eq!(older(&request, &exchange(404, "NoRegisteredProviderFound")), None);
        assert_eq!(older(&request, &exchange(400, "ServerIsBusy")), None);
    }
}
