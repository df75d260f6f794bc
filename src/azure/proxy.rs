//! The proxy behind which Azure lies: read before anything is sent, so that a mistake in its address
//! never makes a connection go out directly.

use reqwest::NoProxy;
use url::Url;

use crate::guard::is_loopback;
use crate::transport::CONNECT_TIMEOUT;

/// The schemes of proxies that others support.
const OTHER_SCHEMES: &[&str] = &["socks", "socks4", "socks4a", "socks5", "socks5h"];

/// The way out of this network; by default there is no proxy. Printing it shows no password.
#[derive(Clone, Default)]
pub struct Proxy {
    address: Option<Url>,
    exempt: Option<String>,
}

/// Why a text is not the address of a proxy. It never quotes the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    /// It cannot be read.
    #[error("is not the address of a proxy")]
    NotAnAddress,
    /// The proxy speaks another protocol.
    #[error("names a {0} proxy, and only http and https proxies are supported")]
    Scheme(String),
}

impl Proxy {
    /// The proxy at an address such as `http://user:password@proxy.example.com:3128`; without a
    /// scheme it is http.
    ///
    /// # Errors
    ///
    /// When it is not such an address.
    pub fn at(address: &str) -> Result<Self, InvalidProxy> {
        let address = address.trim();
        let address = match address.split_once("://") {
            Some((scheme, _)) => {
                let scheme = scheme.to_ascii_lowercase();
                if OTHER_SCHEMES.contains(&scheme.as_str()) {
                    return Err(InvalidProxy::Scheme(scheme));
                }
                address.to_owned()
            }
            None => format!("http://{address}"),
        };
        // What a URL's reader passes over in silence would be a mistake here.
        if !address.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidProxy::NotAnAddress);
        }
        let url = Url::parse(&address).map_err(|_| InvalidProxy::NotAnAddress)?;
        // A password with an unescaped `/`, `?` or `#` leaves a host that is none.
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_bare {
            return Err(InvalidProxy::NotAnAddress);
        }
        Ok(Self { address: Some(url), exempt: None })
    }

    /// Exempts the hosts of a list as in `NO_PROXY`.
    #[must_use]
    pub fn except(self, hosts: String) -> Self {
        Self { exempt: Some(hosts), ..self }
    }

    /// The host and port of the proxy; none when connections go out directly.
    pub fn host(&self) -> Option<String> {
        let address = self.address.as_ref()?;
        let port = address.port_or_known_default()?;
        Some(format!("{}:{port}", address.host_str()?))
    }

    /// Whether an address is reached through it: there is one, and neither `NO_PROXY` nor loopback
    /// exempts the host.
    pub fn is_for(&self, url: &Url) -> bool {
        if self.address.is_none() || is_loopback(url) {
            return false;
        }
        let Some(host) = url.host_str() else { return false };
        let host = host.to_ascii_lowercase();
        let mut exempt = self.exempt.as_deref().unwrap_or_default().split(',').map(str::trim);
        !exempt.any(|own| {
            let own = own.to_ascii_lowercase();
            let domain = own.trim_start_matches('.');
            let is_below = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
            own == "*" || (!domain.is_empty() && (host == domain || is_below))
        })
    }

    /// The hosts that are reached without it, as `NO_PROXY` lists them.
    pub fn exempt(&self) -> Option<&str> {
        self.exempt.as_deref()
    }

    /// Whether it accepts connections.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub async fn connects(&self) -> std::io::Result<()> {
        let Some(host) = self.host() else { return Ok(()) };
        let connecting = tokio::net::TcpStream::connect(&host);
        tokio::time::timeout(CONNECT_TIMEOUT, connecting).await??;
        Ok(())
    }

    /// The proxy for an HTTP client; none when connections go out directly.
    ///
    /// # Errors
    ///
    /// When the client does not take the address.
    pub(crate) fn for_client(&self) -> reqwest::Result<Option<reqwest::Proxy>> {
        let Some(address) = &self.address else { return Ok(None) };
        let exempt = self.exempt.as_deref().and_then(NoProxy::from_string);
        Ok(Some(reqwest::Proxy::https(address.as_str())?.no_proxy(exempt)))
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = self.address.as_ref().map(crate::guard::shown_host);
        f.debug_struct("Proxy").field("host", &host).field("exempt", &self.exempt).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_proxies_are_read() {
        for (address, read) in [
            ("http://proxy.example.com:3128", "http://proxy.example.com:3128/"),
            ("https://proxy.example.com/", "https://proxy.example.com/"),
            (" HTTP://127.0.0.1:3128\n", "http://127.0.0.1:3128/"),
            ("proxy:3128", "http://proxy:3128/"),
            ("user:x@proxy:3128", "http://user:x@proxy:3128/"),
            ("http://us!er:p%40ss@[::1]:3128", "http://us!er:p%40ss@[::1]:3128/"),
        ] {
            let proxy = Proxy::at(address).unwrap();
            assert_eq!(proxy.address.as_ref().unwrap().as_str(), read);
            assert!(proxy.for_client().unwrap().is_some());
            assert!(!proxy.host().unwrap().contains('@'), "{proxy:?}");
            assert!(!format!("{proxy:?}").contains("user"), "{proxy:?}");
        }
    }

    #[test]
    fn exempt_hosts_are_reached_directly() {
        let proxy = Proxy::at("http://proxy:3128").unwrap();
        let proxy = proxy.except("Azure.com, .microsoft.com,internal".to_owned());
        for (url, is_for) in [
            ("https://management.azure.com/", false),
            ("https://azure.com/", false),
            ("https://graph.microsoft.com/", false),
            ("https://notazure.com/", true),
            ("https://login.microsoftonline.com/", true),
            ("http://127.0.0.1:80/", false),
        ] {
            assert_eq!(proxy.is_for(&Url::parse(url).unwrap()), is_for, "{url}");
        }
        let url = Url::parse("https://login.microsoftonline.com/").unwrap();
        assert!(!proxy.except("*".to_owned()).is_for(&url));
        assert!(!Proxy::default().is_for(&url));
    }

    #[test]
    fn a_mistake_is_no_direct_connection_and_shows_no_password() {
        for address in [
            "http://user:secret@[bad",
            "http://user:secret/@proxy:3128",
            "http://user:secret#@proxy:3128",
            "http://secret:x@proxy:port",
            "http://proxy:3128/path",
            "http://a proxy:3128",
            "ftp://secret:x@proxy",
            "secret:x://proxy",
            "://",
            "http://",
        ] {
            assert_eq!(Proxy::at(address).unwrap_err(), InvalidProxy::NotAnAddress, "{address}");
        }
        let refused = Proxy::at("SOCKS5h://user:secret@proxy:1080").unwrap_err();
        assert_eq!(refused, InvalidProxy::Scheme("socks5h".to_owned()));
        assert!(!InvalidProxy::NotAnAddress.to_string().contains("secret"));
    }
}
