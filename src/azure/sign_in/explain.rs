//! What a refused sign-in means, in one plain sentence.

use serde_json::Value;
use vaudit_model::Body;
use vaudit_model::document::ErrorBody;

use crate::transport::Incoming;

/// How much is kept of what a service says about a refusal, in characters.
const KEPT_WORDS: usize = 400;

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

/// Why an answer is no token: a sentence fragment, and all of a description. None when it is one.
///
/// Nothing else of the answer is shown: a page may repeat what was sent, and that was a secret.
///
/// `azure_identity` reads no description with escapes in it, which Entra's have at each line's end,
/// and would tell of its parser instead.
pub(super) fn refusal(who: &str, answer: &Incoming) -> Option<(String, String)> {
    let status = answer.status;
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let plain = |what: &str| Some((format!("{who} answered {status}{what}"), String::new()));
    if (300..400).contains(&status) {
        return plain(" with a redirect");
    }
    let is_success = (200..300).contains(&status);
    let Ok(body @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
        let is_bare = text.is_empty() && !is_success;
        return plain(if is_bare { "" } else { " with a page that is not JSON" });
    };
    if is_success {
        let has_token = body.get("access_token").is_some_and(Value::is_string);
        return if has_token { None } else { plain(" without a token") };
    }
    let code = body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
    let description = ErrorBody::of(&Body::Json(body)).message;
    match first_line(&description) {
        Some(line) => Some((line, description)),
        None if code.is_empty() => plain(""),
        None => plain(&format!(" ({code})")),
    }
}

/// The first line that says something.
fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(KEPT_WORDS).collect())
}

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
    let line = first_line(without_prefix);
    let line = line.as_deref().unwrap_or("no reason was given");
    line.trim_end_matches('.').to_owned()
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

    #[test]
    fn what_is_no_token_is_said_in_a_sentence() {
        let described = r#"{"error": "invalid_client", "error_description":
            "AADSTS7000218: The request body must contain 'client_secret'.\r\nTrace ID: 1\r\n"}"#;
        for (status, body, said) in [
            (401, described, Some("AADSTS7000218: The request body must contain 'client_secret'.")),
            (400, r#"{"error": "invalid_scope"}"#, Some("it answered 400 (invalid_scope)")),
            (400, r#"{"error": {"message": "Identity not found"}}"#, Some("Identity not found")),
            (503, "{}", Some("it answered 503")),
            (503, "", Some("it answered 503")),
            (403, "<html>no</html>", Some("it answered 403 with a page that is not JSON")),
            (200, "<html>hi</html>", Some("it answered 200 with a page that is not JSON")),
            (200, "", Some("it answered 200 with a page that is not JSON")),
            (200, r#"{"token_type": "Bearer"}"#, Some("it answered 200 without a token")),
            (307, r#"{"access_token": "t"}"#, Some("it answered 307 with a redirect")),
            (200, r#"{"access_token": "t"}"#, None),
        ] {
            let answer = Incoming {
                status,
                headers: Default::default(),
                body: body.to_owned().into(),
                received_at: jiff::Timestamp::UNIX_EPOCH,
                round_trip: std::time::Duration::ZERO,
            };
            let why = refusal("it", &answer).map(|(why, _)| why);
            assert_eq!(why.as_deref(), said, "{status} {body}");
        }
    }
}
