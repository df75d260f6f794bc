//! The environment variables that sign-in and endpoints depend on. Nothing else reads them.

use std::env;
use std::path::PathBuf;

use url::Url;
use vaudit_azure::{PipelinesEnvironment, Proxy, SignInEnvironment, is_loopback};
use vaudit_model::{Audience, Cloud};

use crate::failure::Failure;

/// The consent without which a manifest cannot send credentials to endpoints of its own choice.
pub(crate) const CUSTOM_CLOUD_CONSENT: &str = "VAUDIT_ALLOW_CUSTOM_CLOUD";

/// What the environment offers for signing in.
pub(crate) fn sign_in() -> SignInEnvironment {
    let tokens = [
        (Audience::ResourceManager, "VAUDIT_ARM_TOKEN"),
        (Audience::Graph, "VAUDIT_GRAPH_TOKEN"),
        (Audience::Storage, "VAUDIT_STORAGE_TOKEN"),
    ];
    SignInEnvironment {
        tenant_id: variable("AZURE_TENANT_ID"),
        client_id: variable("AZURE_CLIENT_ID"),
        client_secret: variable("AZURE_CLIENT_SECRET"),
        client_certificate_path: variable("AZURE_CLIENT_CERTIFICATE_PATH").map(PathBuf::from),
        send_certificate_chain: variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
            .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true")),
        federated_token_file: variable("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
        pipelines: PipelinesEnvironment {
            oidc_request_uri: variable("SYSTEM_OIDCREQUESTURI"),
            access_token: variable("SYSTEM_ACCESSTOKEN"),
            service_connection_id: variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
            tenant_id: variable("AZURESUBSCRIPTION_TENANT_ID"),
            client_id: variable("AZURESUBSCRIPTION_CLIENT_ID"),
        },
        tokens: tokens
            .into_iter()
            // A token from a file brings the file's last line break.
            .filter_map(|(audience, name)| Some((audience, variable(name)?.trim().to_owned())))
            .collect(),
    }
}

/// Whether the environment agrees to a custom cloud beyond this machine.
pub(crate) fn allows_custom_cloud() -> bool {
    variable(CUSTOM_CLOUD_CONSENT).is_some_and(|value| value == "1")
}

/// Puts the authority of `AZURE_AUTHORITY_HOST` in place of the cloud's own, which the manifest
/// chooses: where secrets are sent, the environment has the last word.
///
/// # Errors
///
/// When it is not an address.
pub(crate) fn override_authority(cloud: &mut Cloud) -> Result<(), Failure> {
    if let Some(host) = variable("AZURE_AUTHORITY_HOST") {
        cloud.authority = authority(host.trim())?;
    }
    Ok(())
}

/// The authority that is written with or without `https://`, without a slash at its end.
fn authority(host: &str) -> Result<String, Failure> {
    let address = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let url = Url::parse(&address).ok().filter(|url| {
        // What a URL may have beyond a host would be dropped on the way to the token endpoint.
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anybody = url.username().is_empty() && url.password().is_none();
        url.has_host() && matches!(url.scheme(), "https" | "http") && is_bare && is_anybody
    });
    // It is not quoted: a mistake may have put a password into it.
    let Some(url) = url else {
        let help = "write it as `https://login.microsoftonline.com`";
        return Err(
            Failure::new("AZURE_AUTHORITY_HOST is not the address of a host alone").help(help)
        );
    };
    if url.scheme() == "http" && !is_loopback(&url) {
        let message =
            format!("AZURE_AUTHORITY_HOST is {host}, and plain http is for this machine only");
        return Err(Failure::new(message).help("write https://"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The proxy towards Azure: `HTTPS_PROXY`, else `ALL_PROXY`, in upper or lower case, and the hosts of
/// `NO_PROXY` excepted. `HTTP_PROXY` has no say: plain http never leaves this machine and its link.
///
/// # Errors
///
/// When the variable that counts holds no address of a proxy: what it says is not passed over, or
/// the audit would go out directly.
pub(crate) fn proxy() -> Result<Proxy, Failure> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let Some(name) = names.into_iter().find(is_set) else { return Ok(Proxy::default()) };
    // What is no text at all is no address either.
    let proxy = Proxy::at(&env::var(name).unwrap_or_default()).map_err(|error| {
        Failure::new(format!("{name} {error}"))
            .help("write http://HOST:PORT, and % escapes in a user name or password before it")
    })?;
    let exempt = variable("NO_PROXY").or_else(|| variable("no_proxy"));
    Ok(match exempt {
        Some(hosts) => proxy.except(hosts),
        None => proxy,
    })
}

/// The variables that say which certificates are trusted, as far as they are set.
pub(crate) fn certificate_sources() -> Vec<String> {
    let names = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
    let set = names.iter().filter_map(|name| Some(format!("{name} ({})", variable(name)?)));
    set.collect()
}

/// Whether this runs where nobody watches.
pub(crate) fn is_ci() -> bool {
    variable("CI").is_some_and(|value| value != "false" && value != "0")
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_host() {
        for (written, read) in [
            ("https://login.microsoftonline.us/", "https://login.microsoftonline.us"),
            ("https://LOGIN.microsoftonline.us", "https://login.microsoftonline.us"),
            ("login.microsoftonline.us", "https://login.microsoftonline.us"),
            ("login.microsoftonline.us/", "https://login.microsoftonline.us"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(authority(written).unwrap(), read, "{written}");
        }
        for written in [
            "https://",
            "ftp://login.microsoftonline.us",
            "https://user:secret@login.microsoftonline.us",
            "https://login.microsoftonline.us/tenant",
            "https://login.microsoftonline.us?x=secret",
            "not a host",
            "http://login.microsoftonline.us",
        ] {
            let refused = authority(written).unwrap_err();
            assert!(!refused.render(true).contains("secret"), "{written}");
        }
    }
}
