//! The environment variables that sign-in and endpoints depend on. Nothing else reads them.

use std::env;
use std::path::PathBuf;

use url::Url;
use vaudit_azure::{Proxy, SignInEnvironment, is_loopback};
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
        federated_token_file: variable("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
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

/// Puts the authority of `AZURE_AUTHORITY_HOST` in place of the cloud's own.
///
/// # Errors
///
/// When it is not an address.
pub(crate) fn override_authority(cloud: &mut Cloud) -> Result<(), Failure> {
    let Some(host) = variable("AZURE_AUTHORITY_HOST") else { return Ok(()) };
    let address = if host.contains("://") { host.clone() } else { format!("https://{host}") };
    let url = match Url::parse(&address) {
        Ok(url) if url.has_host() && matches!(url.scheme(), "https" | "http") => url,
        _ => return Err(Failure::new(format!("AZURE_AUTHORITY_HOST is not an address: {host}"))),
    };
    if url.scheme() == "http" && !is_loopback(&url) {
        let message =
            format!("AZURE_AUTHORITY_HOST is {host}, and plain http is for this machine only");
        return Err(Failure::new(message).help("write https://"));
    }
    cloud.authority = address.trim_end_matches('/').to_owned();
    Ok(())
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
