//! What a refused sign-in means, in one plain sentence.

/// Entra's error codes that people meet, and what to do about them.
const KNOWN_CODES: &[(&str, &str)] = &[
    (
        "AADSTS7000215",
        "the client secret is wrong: AZURE_CLIENT_SECRET must be the secret's value, not its id",
    ),
    (
        "AADSTS7000222",
        "the client secret has expired: create a new one for the auditor's app registration",
    ),
    (
        "AADSTS700016",
        "the application was not found in this tenant: check AZURE_CLIENT_ID and AZURE_TENANT_ID",
    ),
    ("AADSTS90002", "the tenant was not found: check AZURE_TENANT_ID"),
    ("AADSTS900023", "the tenant is neither an id nor a domain: check AZURE_TENANT_ID"),
    (
        "AADSTS700213",
        "no federated credential of the application matches the token's issuer and subject",
    ),
    (
        "AADSTS70021",
        "no federated credential of the application matches the token's issuer and subject",
    ),
    ("AADSTS700024", "the federated token is not valid at this time: check the clock"),
    (
        "AADSTS500011",
        "the service is not known in this tenant: check AZURE_TENANT_ID and the cloud",
    ),
    ("AADSTS7000112", "the auditor's application is disabled in this tenant"),
    ("AADSTS53003", "a conditional-access policy blocks this sign-in"),
];

/// The plain sentence for what was said, and the rest for `-v`.
pub(crate) fn explain(details: &[String]) -> (String, Vec<String>) {
    let said = details.join("\n");
    // Longer codes first: AADSTS70021 is the beginning of AADSTS700213.
    let known = KNOWN_CODES
        .iter()
        .filter(|(code, _)| said.contains(code))
        .max_by_key(|(code, _)| code.len());
    if let Some((code, meaning)) = known {
        return (format!("{meaning} ({code})"), details.to_vec());
    }
    (shortest(details), details.to_vec())
}

/// The most telling line: what the service said first, without the SDK's words around it.
fn shortest(details: &[String]) -> String {
    let outer = details.first().map_or("", String::as_str);
    let without_prefix =
        outer.split_once("authentication failed. ").map_or(outer, |(_, rest)| rest);
    let line = without_prefix
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no reason was given");
    line.trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_sentences() {
        let details =
            |text: &str| vec![format!("ClientSecretCredential authentication failed. {text}")];
        let (why, kept) =
            explain(&details("AADSTS7000222: The provided client secret keys are expired."));
        assert!(why.starts_with("the client secret has expired"), "{why}");
        assert_eq!(kept.len(), 1);
        let (why, _) = explain(&details("AADSTS700213: No matching federated identity record"));
        assert!(why.contains("AADSTS700213"), "{why}");
        let (why, _) = explain(&details("az not found on PATH\nTo troubleshoot, visit …"));
        assert_eq!(why, "az not found on PATH");
        assert_eq!(explain(&[]).0, "no reason was given");
    }
}
