//! What a refused sign-in means, in one plain sentence.

use serde_json::Value;
use vaudit_model::Body;
use vaudit_model::document::ErrorBody;

use super::command_line;
use crate::guard::Purpose;
use crate::transport::Incoming;

/// How much is kept of what a service says about a refusal, in characters.
const KEPT_WORDS: usize = 400;

/// What services and programs say that people meet, mostly by Entra's error codes, and what to do
/// about it.
const KNOWN: &[(&str, &str)] = &[
    (
        "AADSTS7000215",
        "the client secret is wrong: AZURE_CLIENT_SECRET must be the secret's value, not its id",
    ),
    (
        "AADSTS7000222",
        "the client secret has expired: create a new one for the auditor's app registration",
    ),
    (
        "AADSTS700027",
        "the application does not know the certificate, or it is no longer valid there: upload it \
         to the app registration of AZURE_CLIENT_ID",
    ),
    (
        "AADSTS700016",
        "the application was not found in this tenant: check AZURE_CLIENT_ID and AZURE_TENANT_ID",
    ),
    (
        "AADSTS7000229",
        "the application has no service principal in this tenant: check AZURE_TENANT_ID",
    ),
    ("AADSTS90002", "the tenant was not found: check AZURE_TENANT_ID"),
    ("AADSTS900023", "the tenant is neither an id nor a domain: check AZURE_TENANT_ID"),
    (
        "AADSTS900382",
        "the application belongs to another cloud: check `[cloud] name` and AZURE_AUTHORITY_HOST",
    ),
    ("AADSTS50027", "the token or assertion that was sent is not a JWT"),
    ("AADSTS700211", "no federated credential of the application trusts the token's issuer"),
    (
        "AADSTS700212",
        "no federated credential of the application takes the token's audience, which is mostly \
         api://AzureADTokenExchange",
    ),
    (
        "AADSTS700213",
        "no federated credential of the application matches the token's issuer and subject",
    ),
    (
        "AADSTS70021",
        "no federated credential of the application matches the token's issuer and subject",
    ),
    (
        "AADSTS700024",
        "the token or assertion that was sent is not valid at this time: check the clock",
    ),
    (
        "AADSTS500011",
        "the service is not known in this tenant: check AZURE_TENANT_ID and the cloud",
    ),
    ("AADSTS7000112", "the auditor's application is disabled in this tenant"),
    ("AADSTS53003", "a conditional-access policy blocks this sign-in"),
    ("AADSTS50020", "the user is not in this tenant: check AZURE_TENANT_ID"),
    ("AADSTS50076", "the tenant asks for a second factor: sign in again, interactively"),
    ("AADSTS50079", "the tenant asks for a second factor: sign in again, interactively"),
    ("AADSTS700082", "the sign-in has been unused for too long: sign in again"),
    ("AADSTS70043", "the sign-in is older than a policy allows: sign in again"),
    ("Please run 'az login'", "nobody is signed in to the Azure CLI: run `az login`"),
    (
        "not logged in, run `azd auth login`",
        "nobody is signed in to the Azure Developer CLI: run `azd auth login`",
    ),
    (
        "Identity not found",
        "this machine has no identity, or none with the client id in AZURE_CLIENT_ID",
    ),
];

/// Why an answer is no token: a sentence fragment, and all of a description. None when it is one.
///
/// Nothing else of the answer is shown: a page may repeat what was sent, and that was a secret.
///
/// `azure_identity` reads no description with escapes in it, which Entra's have at each line's end,
/// and would tell of its parser instead.
pub(super) fn refusal(purpose: Purpose, answer: &Incoming) -> Option<(String, String)> {
    let status = answer.status;
    let who = purpose.asked();
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let advice = advice(purpose, status);
    let plain =
        |what: &str| Some((format!("{who} answered {status}{what}{advice}"), String::new()));
    if (300..400).contains(&status) {
        return plain(" with a redirect");
    }
    let is_success = (200..300).contains(&status);
    let Ok(body @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
        let is_bare = text.is_empty() && !is_success;
        return plain(if is_bare { "" } else { " with a page that is not JSON" });
    };
    if is_success {
        let field = match purpose {
            Purpose::PipelinesToken => "oidcToken",
            _ => "access_token",
        };
        let has_token = body.get(field).is_some_and(Value::is_string);
        return if has_token { None } else { plain(" without a token") };
    }
    let code = body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
    let description = ErrorBody::of(&Body::json(body)).message;
    match first_line(&description) {
        Some(line) if advice.is_empty() => Some((line, description)),
        Some(line) => Some((format!("{}{advice}", line.trim_end_matches('.')), description)),
        None if code.is_empty() => plain(""),
        None => plain(&format!(" ({code})")),
    }
}

/// What to look at when Azure Pipelines refuses, whose own words are few.
fn advice(purpose: Purpose, status: u16) -> &'static str {
    match (purpose, status) {
        (Purpose::PipelinesToken, 203 | 302 | 401 | 403) => {
            ": SYSTEM_ACCESSTOKEN must be $(System.AccessToken) of this job"
        }
        (Purpose::PipelinesToken, 400..=499) => {
            ": check AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, and that it is a connection with \
             workload identity federation"
        }
        _ => "",
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
    // A program may say what Entra told it, and then what it says to everybody.
    let known = KNOWN.iter().filter(|(text, _)| says(&said, text));
    if let Some((text, meaning)) = known.min_by_key(|(text, _)| !is_code(text)) {
        let why = if is_code(text) { format!("{meaning} ({text})") } else { (*meaning).to_owned() };
        return (why, details.to_vec());
    }
    (shortest(details), details.to_vec())
}

fn is_code(text: &str) -> bool {
    text.starts_with("AADSTS")
}

/// Whether a text is said; of a code, all of its digits.
fn says(said: &str, text: &str) -> bool {
    said.match_indices(text).any(|(at, _)| {
        let next = said[at + text.len()..].chars().next();
        !is_code(text) || !next.is_some_and(|next| next.is_ascii_digit())
    })
}

/// What the library puts around an error that it does not try again.
const WRAPPER: &str = "non-transport error occurred which will not be retried";

/// The most telling line: what the service or program said first, without the words around it.
fn shortest(details: &[String]) -> String {
    let mut telling = details.iter().filter(|detail| !detail.contains(WRAPPER));
    let outer = telling.next().map_or("", String::as_str);
    // The library's words, a blank or a line break, and the reason.
    let said = outer.split_once("authentication failed.").map_or(outer, |(_, rest)| rest);
    // Programs warn before they say what is wrong.
    let error = said.lines().find_map(|line| line.trim().strip_prefix("ERROR: "));
    let line = first_line(error.unwrap_or(said));
    let line = line.as_deref().unwrap_or("no reason was given");
    let line = line.strip_prefix(command_line::NO_TOKEN).unwrap_or(line);
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
        for code in ["AADSTS700213", "AADSTS700212", "AADSTS70021"] {
            let (why, _) = explain(&details(&format!("{code}: No matching record")));
            assert!(why.ends_with(&format!("({code})")), "{why}");
        }
        assert_eq!(explain(&details("AADSTS7002130: New")).0, "AADSTS7002130: New");
        let (why, _) = explain(&details("AADSTS50020: No. Please run 'az login'."));
        assert!(why.contains("is not in this tenant"), "{why}");
        let (why, _) = explain(&details("az not found on PATH\nTo troubleshoot, visit …"));
        assert_eq!(why, "az not found on PATH");
        for (said, why) in [
            (
                "AzureCliCredential authentication failed. WARNING: 2 updates.\nERROR: No access.\n",
                "No access",
            ),
            ("AzureDeveloperCliCredential authentication failed.\nERROR: no!\n", "no!"),
            (
                "AzureCliCredential authentication failed. invalid data error: `az` printed x",
                "`az` printed x",
            ),
            (
                "AzureCliCredential authentication failed. ERROR: Please run 'az login' to setup account.",
                "nobody is signed in to the Azure CLI: run `az login`",
            ),
        ] {
            assert_eq!(explain(&[said.to_owned()]).0, why);
        }
        assert_eq!(explain(&[]).0, "no reason was given");
        let wrapped = [format!("XCredential authentication failed. {WRAPPER}"), WRAPPER.to_owned()];
        let wrapped = [&wrapped[..], &["Nobody answered.".to_owned()]].concat();
        assert_eq!(explain(&wrapped).0, "Nobody answered");
    }

    #[test]
    fn what_is_no_token_is_said_in_a_sentence() {
        let described = r#"{"error": "invalid_client", "error_description":
            "AADSTS7000218: The request body must contain 'client_secret'.\r\nTrace ID: 1\r\n"}"#;
        for (status, body, said) in [
            (401, described, Some("AADSTS7000218: The request body must contain 'client_secret'.")),
            (
                400,
                r#"{"error": "invalid_scope"}"#,
                Some("the sign-in authority answered 400 (invalid_scope)"),
            ),
            (400, r#"{"error": {"message": "Identity not found"}}"#, Some("Identity not found")),
            (503, "{}", Some("the sign-in authority answered 503")),
            (503, "", Some("the sign-in authority answered 503")),
            (
                403,
                "<html>no</html>",
                Some("the sign-in authority answered 403 with a page that is not JSON"),
            ),
            (
                200,
                "<html>hi</html>",
                Some("the sign-in authority answered 200 with a page that is not JSON"),
            ),
            (200, "", Some("the sign-in authority answered 200 with a page that is not JSON")),
            (
                200,
                r#"{"token_type": "Bearer"}"#,
                Some("the sign-in authority answered 200 without a token"),
            ),
            (
                307,
                r#"{"access_token": "t"}"#,
                Some("the sign-in authority answered 307 with a redirect"),
            ),
            (200, r#"{"access_token": "t"}"#, None),
        ] {
            let answer = answer(status, body);
            let why = refusal(Purpose::SignIn, &answer).map(|(why, _)| why);
            assert_eq!(why.as_deref(), said, "{status} {body}");
        }
    }

    fn answer(status: u16, body: &str) -> Incoming {
        Incoming {
            status,
            headers: Default::default(),
            body: body.to_owned().into(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            round_trip: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn azure_pipelines_has_a_token_of_its_own_and_few_words() {
        let why = |status: u16, body: &str| {
            refusal(Purpose::PipelinesToken, &answer(status, body)).map(|(why, _)| why)
        };
        assert_eq!(why(200, r#"{"oidcToken": "t"}"#), None);
        let refused = why(200, r#"{"access_token": "t"}"#).unwrap();
        assert_eq!(refused, "Azure Pipelines answered 200 without a token");
        for (status, body, variable) in [
            (401, "", "SYSTEM_ACCESSTOKEN"),
            (203, "<html>sign in</html>", "SYSTEM_ACCESSTOKEN"),
            (404, r#"{"message": "No such connection."}"#, "SERVICE_CONNECTION_ID"),
        ] {
            let refused = why(status, body).unwrap();
            assert!(refused.contains(variable), "{status}: {refused}");
        }
    }
}
