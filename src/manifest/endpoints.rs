//! The endpoints of a custom cloud: their normal spelling, and whether they are this machine.
//!
//! Credentials are sent there, so a URL is read by the parser the HTTP client uses, and anything two
//! parsers could read differently is refused.

use std::net::IpAddr;

use url::{Host, Url};
use vaudit_model::Cloud;

/// Reads the URL of an endpoint; the result has no trailing slash.
pub(crate) fn examine_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave the user name and the password out".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("leave the query and the fragment out".to_owned());
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err("write `https://`; `http://` is only for loopback addresses".to_owned()),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Reads the suffix of blob endpoints. Azure's own tools write `core.windows.net` for what blob
/// endpoints know as `blob.core.windows.net`; the address of a test service stays as it is.
pub(crate) fn examine_storage_suffix(text: &str) -> Result<String, String> {
    let text = text.to_ascii_lowercase();
    let url = Url::parse(&format!("https://{text}/"))
        .map_err(|error| format!("it is not a host with or without port: {error}"))?;
    match url.host() {
        // `127.1` is an address to URL parsers, but not to everybody.
        Some(Host::Ipv4(address)) if host_of(&text).parse() != Ok(address) => {
            Err(format!("write the address in full: `{address}`"))
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => Ok(text),
        _ if host_of(&text) == "localhost" || text.starts_with("blob.") => Ok(text),
        _ => Ok(format!("blob.{text}")),
    }
}

/// Whether every endpoint of a cloud is on this machine.
pub(crate) fn all_are_loopback(cloud: &Cloud) -> bool {
    let storage = format!("https://{}/", cloud.storage_suffix);
    [&cloud.resource_manager, &cloud.graph, &cloud.authority, &storage]
        .into_iter()
        .all(|endpoint| Url::parse(endpoint).is_ok_and(|url| is_loopback(&url)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn host_of(suffix: &str) -> &str {
    suffix.split_once(':').map_or(suffix, |(host, _)| host)
}
