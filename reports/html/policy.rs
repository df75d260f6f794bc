//! The content security policy of the page.

use sha2::{Digest as _, Sha256};
use vaudit_model::base64;

/// The policy that lets a browser take the styles and the script of the page and nothing else: no
/// request, no other script or style wherever it may stand, no form that leads away.
pub(crate) fn policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        base64::encode(&Sha256::digest(style.as_bytes())),
        base64::encode(&Sha256::digest(script.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_digests_of_the_texts() {
        // echo -n 'a' | openssl dgst -sha256 -binary | base64
        let style = "'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='";
        let script = "'sha256-PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0='";
        let policy = policy("a", "b");
        assert!(policy.contains(&format!("style-src {style}; script-src {script};")), "{policy}");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
    }
}
