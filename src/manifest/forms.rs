//! The forms a text of the manifest may have.
//!
//! A form's pattern is what both the reader and the JSON Schema go by; what a pattern cannot say is
//! said by its `examine`.

use std::net::IpAddr;
use std::sync::OnceLock;

use regex_lite::Regex;

use crate::endpoints;

/// The form of a text.
pub(crate) struct Form {
    /// What it is, in words that follow "must be".
    pub(crate) wants: &'static str,
    /// How to get it right.
    pub(crate) help: &'static str,
    /// The pattern of the whole text, without anchors, in the syntax that regex-lite and ECMAScript
    /// share.
    pub(crate) pattern: &'static str,
    /// How many characters it may have.
    pub(crate) longest: usize,
    /// Takes a text that fits the pattern and gives it in its normal spelling, or says why not.
    examine: fn(&str) -> Result<String, String>,
    compiled: OnceLock<Option<Regex>>,
}

impl Form {
    const fn new(wants: &'static str, pattern: &'static str, help: &'static str) -> Self {
        Self { wants, help, pattern, longest: 256, examine: as_written, compiled: OnceLock::new() }
    }

    const fn longest(mut self, longest: usize) -> Self {
        self.longest = longest;
        self
    }

    const fn examined_by(mut self, examine: fn(&str) -> Result<String, String>) -> Self {
        self.examine = examine;
        self
    }

    /// The text in its normal spelling.
    ///
    /// # Errors
    ///
    /// How to get it right, when the text has another form.
    pub(crate) fn read(&self, text: &str) -> Result<String, String> {
        let anchored = || Regex::new(&format!("^(?:{})$", self.pattern)).ok();
        let compiled = self.compiled.get_or_init(anchored);
        if !compiled.as_ref().is_some_and(|regex| regex.is_match(text)) {
            return Err(self.help.to_owned());
        }
        if text.chars().nth(self.longest).is_some() {
            return Err(format!("write at most {} characters", self.longest));
        }
        (self.examine)(text)
    }
}

pub(crate) static LABEL: Form = Form::new(
    "a name",
    r"[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?",
    "write one line without blanks around it",
);

pub(crate) static LINE: Form = Form::new(
    "one line of text",
    r"[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*",
    "write one line",
)
.longest(2000);

pub(crate) static PROSE: Form = Form::new(
    "a text",
    r"\s*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*",
    "write a sentence without control characters",
)
.longest(4000);

pub(crate) static GLOB: Form = Form::new(
    "a rule's id or name, or a glob",
    r"[^\s\x00-\x1f\x7f-\x9f]+",
    "such as `DNS005`, `dns-*` or `PG*`, without blanks",
);

pub(crate) static GUID: Form = Form::new(
    "a GUID",
    "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "write it in the form `00000000-0000-0000-0000-00000000000a`, as `az` prints it",
)
.examined_by(lower_case);

// Azure admits letters and digits of any script, so the pattern names what is not admitted.
pub(crate) static RESOURCE_GROUP: Form = Form::new(
    "the name of a resource group",
    r"[^\s\x00-\x27*+,/:-@\[-^`{-\x9f]*[^\s\x00-\x27*+,./:-@\[-^`{-\x9f]",
    "write up to 90 letters, digits, `-`, `_`, `.`, `(` and `)`, with no `.` at the end",
)
.longest(90);

pub(crate) static SERVER: Form = Form::new(
    "the name of a server",
    "[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]",
    "write 3 to 63 letters, digits and `-`, without a domain",
)
.longest(63);

pub(crate) static CLUSTER: Form = Form::new(
    "the name of a cluster",
    "[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?",
    "write up to 63 letters, digits, `-` and `_`",
)
.longest(63);

pub(crate) static ACCOUNT: Form = Form::new(
    "the name of a storage account",
    "[a-z0-9]{3,24}",
    "write 3 to 24 lower-case letters and digits, without a domain",
)
.longest(24);

pub(crate) static CONTAINER: Form = Form::new(
    "the name of a container",
    r"\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62}",
    "write 3 to 63 lower-case letters, digits and single `-`",
)
.longest(63);

pub(crate) static DATABASE: Form = Form::new(
    "the name of a database",
    r"[^\s\x00-\x1f\x7f-\x9f/\\?#%]+",
    "write up to 63 characters, in the case PostgreSQL shows",
)
.longest(63);

pub(crate) static NAMESPACE: Form = Form::new(
    "a Kubernetes namespace",
    "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
    "write up to 63 lower-case letters, digits and `-`",
)
.longest(63);

pub(crate) static HOST: Form = Form::new(
    "a host name",
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\.?",
    "write it without scheme, port and path, such as `pg-vectice.postgres.database.azure.com`",
)
.longest(254);

pub(crate) static MAJOR_VERSION: Form = Form::new(
    "a major version",
    "[1-9][0-9]?",
    "write the number before the first dot, such as `13`",
);

pub(crate) static IP_RULE: Form = Form::new(
    "an IP address or a range in CIDR notation",
    "[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?",
    "such as `203.0.113.7` or `203.0.113.0/24`",
)
.examined_by(ip_rule);

pub(crate) static FOLDER_REGEX: Form = Form::new(
    "a regular expression with a group `timestamp`",
    r"[^\x00-\x1f\x7f-\x9f]+",
    r"such as `^nightly-(?<timestamp>\d{8})$`",
)
.longest(1000)
.examined_by(folder_regex);

pub(crate) static ENDPOINT: Form = Form::new(
    "an https URL",
    r"[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00-\x1f\x7f-\x9f?#@\\]+",
    "such as `https://management.azure.com`, without user name, query and fragment; \
     `http` only towards loopback",
)
.longest(2000)
.examined_by(endpoints::examine_url);

pub(crate) static STORAGE_SUFFIX: Form = Form::new(
    "a domain or the address of a test service",
    r"\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?",
    "such as `core.windows.net` or `127.0.0.1:10000`, without scheme and path",
)
.longest(254)
.examined_by(endpoints::examine_storage_suffix);

fn as_written(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// GUIDs are equal in any case, and Azure answers in lower case.
fn lower_case(text: &str) -> Result<String, String> {
    Ok(text.to_ascii_lowercase())
}

fn ip_rule(text: &str) -> Result<String, String> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| IP_RULE.help.to_owned())?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    if let Some(prefix) = prefix
        && prefix.parse::<u32>().is_ok_and(|bits| bits > longest)
    {
        return Err(format!("write a prefix length from 0 to {longest}"));
    }
    Ok(text.to_owned())
}

fn folder_regex(text: &str) -> Result<String, String> {
    let regex = Regex::new(text).map_err(|error| format!("it does not compile: {error}"))?;
    if !regex.capture_names().flatten().any(|name| name == "timestamp") {
        return Err(format!(
            "put what holds the time into `(?<timestamp>…)`, {}",
            FOLDER_REGEX.help
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: &Form, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(form.read(text).is_ok(), "{text:?} should be {}", form.wants);
        }
        for text in bad {
            assert!(form.read(text).is_err(), "{text:?} should not be {}", form.wants);
        }
    }

    #[test]
    fn names_have_the_characters_azure_admits() {
        let long = "a".repeat(91);
        check(
            &RESOURCE_GROUP,
            &["rg", "rg-vectice_(1).x", "Größe", &long[..90], "("],
            &["", "rg.", "rg vectice", "a/b", "a%b", "a?b", "a\u{1b}b", "a'b", "a\\b", &long],
        );
        check(&SERVER, &["pg-vectice", "PG1"], &["pg", "-pg-", "pg.x", "pg_x", &long[..64]]);
        check(&CLUSTER, &["a", "aks_vectice-1"], &["", "-a", "a_", "a.b"]);
        check(&ACCOUNT, &["stv", "st0123456789"], &["st", "StVectice", "st-v", &long[..25]]);
        check(
            &CONTAINER,
            &["vectice", "a-b-c", "123", "$root", &long[..63]],
            &["ab", "a--b", "-ab", "ab-", "Vectice", "a_b", "$other", &long[..64]],
        );
        check(&DATABASE, &["vectice", "Vectice_2"], &["", "a/b", "a b"]);
        check(&NAMESPACE, &["vectice", "a", "a-1"], &["", "A", "-a", "a.b"]);
        check(&HOST, &["pg.example.com", "10.0.0.4", "a"], &["", "a..b", "a/b", "a:5432", "-a"]);
        check(&LABEL, &["production", "a b", "生产"], &["", " a", "a\n", "a\u{9b}b"]);
        check(&PROSE, &["one\ntwo", " x"], &["", " \n", "a\u{1b}b"]);
        check(&GLOB, &["DNS005", "PG*", "[!a]?"], &["", "a b", "a\t"]);
    }

    #[test]
    fn numbers_and_addresses_are_read() {
        check(&GUID, &["00000000-0000-0000-0000-00000000000a"], &["", "0000", "{0}", "g"]);
        assert_eq!(
            GUID.read("ABCDEF00-0000-0000-0000-00000000000A"),
            Ok("abcdef00-0000-0000-0000-00000000000a".to_owned())
        );
        check(&MAJOR_VERSION, &["9", "13", "18"], &["", "0", "13.2", "v13", "130"]);
        check(
            &IP_RULE,
            &["203.0.113.7", "203.0.113.0/24", "2001:db8::/32"],
            &["", "203.0.113", "203.0.113.0/33", "2001:db8::/129", "203.0.113.0/999", "any"],
        );
        check(
            &FOLDER_REGEX,
            &[r"^n(?<timestamp>\d{8})$", r"(?P<timestamp>.+)"],
            &["", "(", r"^(?<time>\d+)$", r"^\d+$"],
        );
    }
}
