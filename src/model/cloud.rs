//! The Azure clouds and their endpoints (`catalogue.md` §E).

/// The endpoints of one Azure cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// `public`, `usgov`, `china` or `custom`.
    pub name: String,
    /// Azure Resource Manager, such as `https://management.azure.com`.
    pub resource_manager: String,
    /// Microsoft Graph, such as `https://graph.microsoft.com`.
    pub graph: String,
    /// The sign-in authority, such as `https://login.microsoftonline.com`.
    pub authority: String,
    /// The suffix of blob endpoints, such as `blob.core.windows.net`.
    pub storage_suffix: String,
    /// The suffix of PostgreSQL servers, such as `postgres.database.azure.com`.
    pub postgres_suffix: String,
}

impl Cloud {
    /// Azure's public cloud, GCC included.
    pub fn public() -> Self {
        Self {
            name: "public".into(),
            resource_manager: "https://management.azure.com".into(),
            graph: "https://graph.microsoft.com".into(),
            authority: "https://login.microsoftonline.com".into(),
            storage_suffix: "blob.core.windows.net".into(),
            postgres_suffix: "postgres.database.azure.com".into(),
        }
    }

    /// Azure US Government.
    pub fn usgov() -> Self {
        Self {
            name: "usgov".into(),
            resource_manager: "https://management.usgovcloudapi.net".into(),
            graph: "https://graph.microsoft.us".into(),
            authority: "https://login.microsoftonline.us".into(),
            storage_suffix: "blob.core.usgovcloudapi.net".into(),
            postgres_suffix: "postgres.database.usgovcloudapi.net".into(),
        }
    }

    /// Azure in China, operated by 21Vianet.
    pub fn china() -> Self {
        Self {
            name: "china".into(),
            resource_manager: "https://management.chinacloudapi.cn".into(),
            graph: "https://microsoftgraph.chinacloudapi.cn".into(),
            authority: "https://login.chinacloudapi.cn".into(),
            storage_suffix: "blob.core.chinacloudapi.cn".into(),
            postgres_suffix: "postgres.database.chinacloudapi.cn".into(),
        }
    }
}

impl Cloud {
    /// The blob endpoint of an account by suffix arithmetic, for answers that do not name it. An
    /// address of a test service (`127.0.0.1:10000`) takes the account as first path segment.
    pub fn blob_endpoint(&self, account: &str) -> String {
        let scheme = if self.resource_manager.starts_with("http://") { "http" } else { "https" };
        let suffix = &self.storage_suffix;
        if is_address(suffix) {
            format!("{scheme}://{suffix}/{account}")
        } else {
            format!("{scheme}://{account}.{suffix}")
        }
    }

    /// Whether a blob endpoint that an answer names lies in this cloud, so that a storage token may
    /// be sent there. Accounts with `dnsEndpointType: AzureDnsZone` have a suffix of their own.
    pub fn owns_blob_endpoint(&self, url: &str) -> bool {
        let Some((scheme, rest)) = url.split_once("://") else {
            return false;
        };
        if scheme != "https" && !self.resource_manager.starts_with("http://") {
            return false;
        }
        let authority = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        // Anything but a plain host and port (`user@`, `\`) is read differently by URL parsers.
        if !authority.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c)) {
            return false;
        }
        let zoned = (self.name == "public").then_some("blob.storage.azure.net");
        [Some(self.storage_suffix.as_str()), zoned].into_iter().flatten().any(|suffix| {
            let suffix = suffix.to_ascii_lowercase();
            if is_address(&suffix) {
                return authority == suffix;
            }
            authority
                .strip_suffix(&suffix)
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        })
    }
}

/// Whether a suffix is an address with a port rather than a domain that account names go before.
fn is_address(suffix: &str) -> bool {
    let host = suffix.rsplit_once(':').map_or(suffix, |(host, _)| host);
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_tokens_stay_in_the_cloud() {
        let public = Cloud::public();
        for url in [
            "https://stvectice.blob.core.windows.net/",
            "https://stvectice.z12.blob.storage.azure.net/",
            "https://STVECTICE.BLOB.CORE.WINDOWS.NET",
        ] {
            assert!(public.owns_blob_endpoint(url), "{url}");
        }
        for url in [
            "https://stvectice.blob.core.windows.net.example.com/",
            "https://evilblob.core.windows.net/",
            "http://stvectice.blob.core.windows.net/",
            "https://stvectice.blob.core.chinacloudapi.cn/",
            "https://user@example.com/.blob.core.windows.net",
            "stvectice.blob.core.windows.net",
            "https://example.com\\@x.blob.core.windows.net",
        ] {
            assert!(!public.owns_blob_endpoint(url), "{url}");
        }
    }

    #[test]
    fn addresses_take_the_account_in_the_path() {
        let custom = Cloud {
            resource_manager: "http://127.0.0.1:9999".into(),
            storage_suffix: "127.0.0.1:9999".into(),
            ..Cloud::public()
        };
        assert_eq!(custom.blob_endpoint("st"), "http://127.0.0.1:9999/st");
        assert!(custom.owns_blob_endpoint("http://127.0.0.1:9999/st/"));
        assert!(!custom.owns_blob_endpoint("http://127.0.0.1:9998/st/"));
        assert_eq!(Cloud::public().blob_endpoint("st"), "https://st.blob.core.windows.net");
    }
}
