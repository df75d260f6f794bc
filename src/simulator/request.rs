//! What a client asked: by which host, of which service, with what path and query.

use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap};
use hyper::http::request::Parts;
use url::form_urlencoded;

use crate::clouds::{self, Cloud};
use crate::percent;

/// Where jobs of Azure Pipelines get their tokens, whatever the cloud.
const PIPELINES_HOST: &str = "dev.azure.com";

/// One of the services that are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Entra's token endpoint and discovery documents.
    SignIn,
    /// The managed identity endpoints.
    Metadata,
    /// Azure Pipelines.
    Pipelines,
    /// Azure Resource Manager.
    Arm,
    /// Microsoft Graph.
    Graph,
    /// The Blob service.
    Blob,
}

/// The name the client came by; absolute URLs in answers use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// All services on one loopback port, told apart by path.
    Loopback {
        /// `http://127.0.0.1:1234`.
        base: String,
    },
    /// The real names of a cloud.
    Azure(&'static Cloud),
}

/// How a connection came in.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The port that is served.
    pub(crate) port: u16,
    /// Whether the connection is encrypted.
    pub(crate) tls: bool,
    /// The name in the TLS greeting.
    pub(crate) sni: Option<String>,
}

/// A request that was understood.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The method, in upper case.
    pub(crate) method: String,
    /// How the client came here.
    pub(crate) origin: Origin,
    /// Whom it asked.
    pub(crate) service: Service,
    /// Decoded path segments; for blobs the account is the first in either mode.
    pub(crate) segments: Vec<String>,
    /// The path as it was sent.
    pub(crate) path: String,
    /// Decoded query parameters.
    pub(crate) query: Vec<(String, String)>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

/// Why a request is turned away before any service sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misdirected {
    /// No host, or not text.
    #[error("the request names no host")]
    NoHost,
    /// A host that is not served here.
    #[error("this host is not served here")]
    WrongHost,
    /// A path or query that is not UTF-8.
    #[error("the path is not UTF-8")]
    Encoding,
}

impl Asked {
    /// Finds out whom a request is for.
    pub(crate) fn new(parts: Parts, body: Bytes, entry: &Entry) -> Result<Self, Misdirected> {
        let host = host(&parts).ok_or(Misdirected::NoHost)?.to_ascii_lowercase();
        let path = parts.uri.path().to_owned();
        let mut segments = Vec::new();
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            segments.push(percent::decode(segment).ok_or(Misdirected::Encoding)?);
        }
        let (origin, service) = if is_loopback(&host, entry.port) {
            let scheme = if entry.tls { "https" } else { "http" };
            let service = service_by_path(&segments);
            (Origin::Loopback { base: format!("{scheme}://{host}") }, service)
        } else {
            let host = host.strip_suffix(":443").unwrap_or(&host);
            // The names of others are served under TLS only, and only to who asked for them.
            if !entry.tls || entry.sni.as_deref().is_some_and(|sni| sni != host) {
                return Err(Misdirected::WrongHost);
            }
            let (cloud, service, account) = named(host).ok_or(Misdirected::WrongHost)?;
            segments.splice(0..0, account.map(str::to_owned));
            (Origin::Azure(cloud), service)
        };
        let told = |text: &str| match &origin {
            Origin::Azure(cloud) => cloud.as_told(text),
            Origin::Loopback { .. } => text.to_owned(),
        };
        let segments = segments.iter().map(|segment| told(segment)).collect();
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), told(&value)))
            .collect();
        let body = std::str::from_utf8(&body).map(|text| Bytes::from(told(text))).unwrap_or(body);
        Ok(Self {
            method: parts.method.as_str().to_ascii_uppercase(),
            origin,
            service,
            segments,
            path,
            query,
            headers: parts.headers,
            body,
        })
    }

    /// A query parameter, whatever the casing of its name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let own = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.as_str())
    }

    /// A header, when it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What fault patterns are matched with: `METHOD /path?query`, decoded.
    pub(crate) fn line(&self) -> String {
        let query: Vec<String> =
            self.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{} /{}{mark}{}", self.method, self.segments.join("/"), query.join("&"))
    }

    /// The path and query, the given parameters in place of those of the same name.
    pub(crate) fn path_with(&self, replaced: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let is_kept =
            |name: &str| !replaced.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        query.extend_pairs(self.query.iter().filter(|(name, _)| is_kept(name)));
        query.extend_pairs(replaced);
        format!("{}?{}", self.path, query.finish())
    }
}

impl Origin {
    /// Where ARM is.
    pub(crate) fn arm(&self) -> String {
        self.base_or(|cloud| cloud.arm)
    }

    /// Where Graph is.
    pub(crate) fn graph(&self) -> String {
        self.base_or(|cloud| cloud.graph)
    }

    /// Where one signs in.
    pub(crate) fn login(&self) -> String {
        self.base_or(|cloud| cloud.login)
    }

    /// Where an account's blobs are, without a trailing slash.
    pub(crate) fn blob(&self, account: &str) -> String {
        match self {
            Self::Loopback { base } => format!("{base}/{account}"),
            Self::Azure(cloud) => format!("https://{account}{}", cloud.blob_suffix),
        }
    }

    fn base_or(&self, host: fn(&Cloud) -> &str) -> String {
        match self {
            Self::Loopback { base } => base.clone(),
            Self::Azure(cloud) => format!("https://{}", host(cloud)),
        }
    }
}

/// The authority of an absolute URL or an HTTP/2 request, else the `Host` header.
fn host(parts: &Parts) -> Option<&str> {
    match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => parts.headers.get(HOST)?.to_str().ok(),
    }
}

fn is_loopback(host: &str, port: u16) -> bool {
    let name = host.strip_suffix(&format!(":{port}"));
    matches!(name, Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// The cloud, service and, for blobs, account of a host name.
fn named(host: &str) -> Option<(&'static Cloud, Service, Option<&str>)> {
    if host == PIPELINES_HOST {
        return Some((&clouds::PUBLIC, Service::Pipelines, None));
    }
    clouds::ALL.into_iter().find_map(|cloud| {
        let services = [
            (cloud.login, Service::SignIn),
            (cloud.arm, Service::Arm),
            (cloud.graph, Service::Graph),
        ];
        let service = services.into_iter().find(|(name, _)| *name == host);
        let account = || Some((cloud, Service::Blob, Some(host.strip_suffix(cloud.blob_suffix)?)));
        service.map(|(_, service)| (cloud, service, None)).or_else(account)
    })
}

/// On loopback the path tells the services apart; what is none of theirs is a blob account.
fn service_by_path(segments: &[String]) -> Service {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let is = |index: usize, text: &str| {
        segments.get(index).is_some_and(|own| own.eq_ignore_ascii_case(text))
    };
    if is(0, "subscriptions") || is(0, "providers") || is(0, "tenants") {
        Service::Arm
    } else if is(0, "v1.0") || is(0, "beta") {
        Service::Graph
    } else if is(0, "metadata") && is(1, "identity") || is(0, "msi") && is(1, "token") {
        Service::Metadata
    } else if is(2, "_apis") {
        Service::Pipelines
    } else if is(1, "oauth2")
        || is(1, "discovery")
        || (is(2, ".well-known") && is(3, "openid-configuration"))
    {
        Service::SignIn
    } else {
        Service::Blob
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(uri: &str, host: &str, entry: &Entry) -> Result<Asked, Misdirected> {
        let request = hyper::Request::get(uri).header("host", host).body(()).unwrap();
        Asked::new(request.into_parts().0, Bytes::new(), entry)
    }

    fn plain() -> Entry {
        Entry { port: 80, tls: false, sni: None }
    }

    #[test]
    fn only_own_names_are_served() {
        for host in ["127.0.0.1:80", "localhost:80", "[::1]:80", "LOCALHOST:80"] {
            assert!(asked("/x/y", host, &plain()).is_ok(), "{host}");
        }
        for host in
            ["127.0.0.1", "127.0.0.1:81", "example.com", "management.azure.com", "1.1.1.1:80"]
        {
            assert_eq!(
                asked("/x/y", host, &plain()).unwrap_err(),
                Misdirected::WrongHost,
                "{host}"
            );
        }
        let tls = Entry { port: 80, tls: true, sni: Some("management.azure.com".into()) };
        assert_eq!(asked("/x", "management.azure.com", &tls).unwrap().service, Service::Arm);
        assert_eq!(asked("/x", "graph.microsoft.com", &tls).unwrap_err(), Misdirected::WrongHost);
        assert_eq!(asked("/x", "example.com", &tls).unwrap_err(), Misdirected::WrongHost);
    }

    #[test]
    fn services_are_told_apart_by_path_or_by_name() {
        for (path, service) in [
            ("//subscriptions/s", Service::Arm),
            ("/providers/Microsoft.Management", Service::Arm),
            ("/v1.0/groups", Service::Graph),
            ("/t/oauth2/v2.0/token", Service::SignIn),
            ("/t/v2.0/.well-known/openid-configuration", Service::SignIn),
            ("/common/discovery/instance", Service::SignIn),
            ("/metadata/identity/oauth2/token", Service::Metadata),
            ("/msi/token", Service::Metadata),
            ("/org/project/_apis/distributedtask/hubs/build", Service::Pipelines),
            ("/account/container", Service::Blob),
        ] {
            assert_eq!(asked(path, "127.0.0.1:80", &plain()).unwrap().service, service, "{path}");
        }
        let sni = Some("acc.blob.core.windows.net".into());
        let blob = asked(
            "/c?a=b%20c",
            "acc.blob.core.windows.net:443",
            &Entry { port: 80, tls: true, sni },
        );
        let blob = blob.unwrap();
        assert_eq!((blob.service, blob.segments.len()), (Service::Blob, 2));
        assert_eq!(blob.line(), "GET /acc/c?a=b c");
        assert_eq!(blob.path_with(&[("d", "e/f")]), "/c?a=b+c&d=e%2Ff");
        assert_eq!(blob.origin.blob("acc"), "https://acc.blob.core.windows.net");
    }

    #[test]
    fn other_clouds_are_told_the_same_story_in_their_names() {
        let host = "management.usgovcloudapi.net";
        let entry = Entry { port: 80, tls: true, sni: Some(host.into()) };
        let zone = "x.private.postgres.database.usgovcloudapi.net";
        let asked = asked(&format!("/subscriptions/{zone}?zone={zone}"), host, &entry).unwrap();
        assert_eq!(asked.segments[1], "x.private.postgres.database.azure.com");
        assert_eq!(asked.parameter("zone"), Some("x.private.postgres.database.azure.com"));
        assert_eq!(asked.origin.arm(), "https://management.usgovcloudapi.net");
        assert_eq!(asked.origin.graph(), "https://graph.microsoft.us");
        assert_eq!(asked.origin.blob("a"), "https://a.blob.core.usgovcloudapi.net");
        let Origin::Azure(cloud) = asked.origin else { panic!("this is a cloud") };
        let told = "https://a.blob.core.windows.net/ privatelink.postgres.database.azure.com";
        let served = "https://a.blob.core.usgovcloudapi.net/ privatelink.postgres.database.usgovcloudapi.net";
        assert_eq!(cloud.as_served(told), served);
        assert_eq!(cloud.as_told(served), told);
    }
}
