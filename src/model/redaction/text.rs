//! Texts: which parts of them name somebody, by their shape.

use std::net::IpAddr;

use super::Hides;
use super::blobs::FolderForms;
use super::pseudonym::Key;
use super::vocabulary::{
    AZURE_DOMAINS, GRAPH_WORDS, KEPT_LABELS, KEPT_PARAMETERS, PUBLIC_IDS, PUBLIC_NAMES, holds,
};
use crate::arm_id::is_plain_segment;
use crate::cloud::Cloud;

/// How long a GUID is, and without its dashes.
const GUID: usize = 36;
const COMPACT_GUID: usize = 32;

/// Replaces what names somebody in a text.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) key: Key,
    pub(super) hides: Hides,
    /// Where the names of folders hold dates.
    pub(super) folders: FolderForms,
    /// Hosts of the manifest's cloud, in lower case: they stay.
    hosts: Vec<String>,
    /// Domains of the manifest's cloud, in lower case: what stands before them goes.
    domains: Vec<String>,
    /// The addresses at which the manifest's cloud serves blobs, the account first in the path.
    blob_addresses: Vec<String>,
}

impl Texts {
    pub(super) fn new(key: Key, hides: Hides, cloud: &Cloud, folders: FolderForms) -> Self {
        let host = |url: &String| authority(url).0.to_ascii_lowercase();
        let mut hosts: Vec<String> =
            [&cloud.resource_manager, &cloud.graph, &cloud.authority].map(host).to_vec();
        let public = [Cloud::public(), Cloud::usgov(), Cloud::china()];
        hosts.extend(
            public
                .iter()
                .flat_map(|own| [&own.resource_manager, &own.graph, &own.authority].map(host)),
        );
        let storage = cloud.storage_suffix.to_ascii_lowercase();
        let blob_addresses = if storage.contains(':') { vec![storage.clone()] } else { Vec::new() };
        let mut domains = vec![cloud.postgres_suffix.to_ascii_lowercase()];
        domains.extend(Some(storage).filter(|_| blob_addresses.is_empty()));
        Self { key, hides, folders, hosts, domains, blob_addresses }
    }

    /// Whether names are hidden.
    pub(super) fn hides_names(&self) -> bool {
        self.hides != Hides::Ids
    }

    /// Whether GUIDs are hidden.
    pub(super) fn hides_ids(&self) -> bool {
        self.hides != Hides::Names
    }

    /// Replaces every GUID in a text, and nothing else.
    pub(super) fn ids(&self, text: &str) -> String {
        if !self.hides_ids() {
            return text.to_owned();
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let before = replaced.chars().next_back();
            let length = match guid_at(rest, before) {
                Some(guid) => {
                    replaced.push_str(&self.guid(guid));
                    guid.len()
                }
                None => {
                    replaced.push(first);
                    first.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        replaced
    }

    /// The pseudonym of a GUID; the public ones stay.
    fn guid(&self, guid: &str) -> String {
        let digits: String = guid.chars().filter(|c| *c != '-').collect();
        let is_nil = digits.bytes().all(|digit| digit == b'0');
        if !self.hides_ids() || is_nil || is_public_id(guid) {
            return guid.to_owned();
        }
        self.key.guid(guid)
    }

    /// One name: of a resource, a container, a database, a label of a host.
    pub(super) fn segment(&self, name: &str) -> String {
        if !self.hides_names() {
            return self.ids(name);
        }
        match name {
            "" => String::new(),
            guid if is_guid(guid) => self.guid(guid),
            public if holds(PUBLIC_NAMES, public) => public.to_owned(),
            host if is_host(host) => self.host(host),
            name => self.key.name(name),
        }
    }

    /// A text in which nothing but its equality counts.
    pub(super) fn opaque(&self, text: &str) -> String {
        if text.is_empty() { String::new() } else { self.key.opaque(text) }
    }

    /// A text for people: a description, a reason.
    pub(super) fn prose(&self, text: &str) -> String {
        if self.hides_names() { self.opaque(text) } else { self.ids(text) }
    }

    /// A text of which nothing is known but what it looks like.
    pub(super) fn unknown(&self, text: &str) -> String {
        if !self.hides_names() {
            return self.ids(text);
        }
        if is_value(text) {
            text.to_owned()
        } else if is_arm(text) {
            self.arm(text)
        } else if text.contains("://") {
            self.url(text)
        } else if text.chars().any(char::is_whitespace) {
            self.opaque(text)
        } else {
            self.segment(text)
        }
    }

    /// A host name: of one in Azure's domains the labels before them go, of any other one all.
    pub(super) fn host(&self, host: &str) -> String {
        if !self.hides_names() {
            return self.ids(host);
        }
        let (stem, dot) = host.strip_suffix('.').map_or((host, ""), |stem| (stem, "."));
        let lower = stem.to_ascii_lowercase();
        if stem.parse::<IpAddr>().is_ok() || lower == "localhost" || self.hosts.contains(&lower) {
            return host.to_owned();
        }
        let domains = self.domains.iter().map(String::as_str).chain(AZURE_DOMAINS.iter().copied());
        let known = domains.filter(|domain| {
            lower.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        let kept = known.map(str::len).max().unwrap_or(0);
        let (labels, domain) = stem.split_at(stem.len() - kept);
        let labels = labels.split('.').map(|label| match label {
            "" => String::new(),
            guid if is_guid(guid) => self.guid(guid),
            known if kept > 0 && is_kept_label(known) => known.to_owned(),
            public if holds(PUBLIC_NAMES, public) => public.to_owned(),
            label => self.key.name(label),
        });
        labels.collect::<Vec<_>>().join(".") + domain + dot
    }

    /// An ARM id or scope: namespaces, types and keywords stay.
    pub(super) fn arm(&self, id: &str) -> String {
        if !self.hides_names() {
            return self.ids(id);
        }
        self.arm_segments(id.trim().split('/')).join("/")
    }

    fn arm_segments<'s>(&self, segments: impl Iterator<Item = &'s str>) -> Vec<String> {
        // What comes next: a keyword or type, the name after it, or the namespace of a provider.
        enum Next {
            Type,
            Name,
            Namespace,
        }
        let mut next = Next::Type;
        let redacted = segments.map(|segment| {
            if segment.is_empty() {
                return String::new();
            }
            let is_provider = segment.eq_ignore_ascii_case("providers");
            match next {
                Next::Type => {
                    next = if is_provider { Next::Namespace } else { Next::Name };
                    self.word(segment)
                }
                Next::Namespace => {
                    next = Next::Type;
                    self.word(segment)
                }
                Next::Name => {
                    next = Next::Type;
                    self.arm_name(segment)
                }
            }
        });
        redacted.collect()
    }

    /// A type or namespace, which nobody but Azure names; what does not look like one is a name.
    fn word(&self, segment: &str) -> String {
        let is_word = segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        if is_word { segment.to_owned() } else { self.arm_name(segment) }
    }

    /// The name in an ARM id. What cannot stand in one stays so: it makes the id unusable.
    fn arm_name(&self, segment: &str) -> String {
        match segment {
            "." | ".." => segment.to_owned(),
            plain if is_plain_segment(plain) => self.segment(plain),
            hostile => self.key.name(hostile) + "%",
        }
    }

    /// A path of Microsoft Graph, below the version.
    pub(super) fn graph(&self, path: &str) -> String {
        if !self.hides_names() {
            return self.ids(path);
        }
        let segments = path.split('/').map(|segment| match segment.split_once("='") {
            Some((before, after)) => match after.split_once('\'') {
                Some((value, end)) => {
                    format!("{}='{}'{end}", self.graph_word(before), self.segment(value))
                }
                None => self.segment(segment),
            },
            None => self.graph_word(segment),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    fn graph_word(&self, segment: &str) -> String {
        let stem = segment.split('(').next().unwrap_or_default();
        let is_word = stem.is_empty() || holds(GRAPH_WORDS, stem.trim_start_matches(['$', '#']));
        let inside = segment.get(stem.len() + 1..).unwrap_or_default();
        let is_plain = inside.chars().all(|c| c.is_ascii_alphabetic() || c == ')');
        if is_word && is_plain { segment.to_owned() } else { self.segment(segment) }
    }

    /// A URL: of a resource, of Graph, of a container and what lies in it, or any other.
    pub(super) fn url(&self, url: &str) -> String {
        if !self.hides_names() {
            let (path, query) = url.split_once('?').map_or((url, None), |(a, b)| (a, Some(b)));
            let query = query.map(|query| format!("?{}", self.query(query)));
            return self.ids(path) + &query.unwrap_or_default();
        }
        let Some((scheme, _)) = url.split_once("://") else { return self.segment(url) };
        let (own, rest) = authority(url);
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(a, b)| (a, Some(b)));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
        let scheme = if holds(&["api", "http", "https"], scheme) {
            scheme.to_owned()
        } else {
            self.segment(scheme)
        };
        let mut redacted = format!("{scheme}://{}{}", self.authority(own), self.path(own, path));
        if let Some(query) = query {
            redacted.push('?');
            redacted.push_str(&self.query(query));
        }
        if let Some(fragment) = fragment {
            redacted.push('#');
            redacted.push_str(&self.graph(fragment));
        }
        redacted
    }

    fn authority(&self, authority: &str) -> String {
        let (user, own) =
            authority.rsplit_once('@').map_or((None, authority), |(a, b)| (Some(a), b));
        let (host, port) = match own.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => {
                (host, Some(port))
            }
            _ => (own, None),
        };
        let user = user.map(|user| format!("{}@", self.opaque(user))).unwrap_or_default();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let host = if is_address { host.to_owned() } else { self.host(host) };
        user + &host + &port
    }

    fn path(&self, authority: &str, path: &str) -> String {
        let decoded: Vec<String> = path.split('/').map(decoded).collect();
        let first = decoded.get(1).map_or("", String::as_str);
        let is_version = |text: &str| {
            let number = text.strip_prefix(['v', 'V']).unwrap_or_default();
            !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit() || c == b'.')
                || text == "beta"
        };
        let redacted: Vec<String> = if holds(&["providers", "subscriptions"], first) {
            self.arm_segments(decoded.iter().map(String::as_str))
        } else if is_version(first) {
            let graph = decoded.iter().skip(2).map(|segment| self.graph(segment));
            [String::new(), first.to_owned()].into_iter().chain(graph).collect()
        } else {
            // Before the blobs of a container stand its own name and, where the host is an
            // address, that of the account.
            let names = match authority.to_ascii_lowercase() {
                own if self.blob_addresses.contains(&own) => Some(3),
                own if own.contains(".blob.") || self.is_in_own_domain(&own) => Some(2),
                _ => None,
            };
            let each = decoded.iter().enumerate().map(|(index, segment)| match names {
                Some(names) if index >= names => self.blob_segment(segment),
                _ if is_version(segment) => segment.clone(),
                _ => self.segment(segment),
            });
            each.collect()
        };
        let raw = path.split('/').zip(decoded.iter().zip(redacted));
        let encoded = raw.map(|(raw, (decoded, redacted))| match *decoded == redacted {
            true => raw.to_owned(),
            false => encoded(&redacted),
        });
        encoded.collect::<Vec<_>>().join("/")
    }

    fn is_in_own_domain(&self, host: &str) -> bool {
        let is_below = |rest: &str| rest.ends_with('.');
        self.domains.iter().any(|own| host.strip_suffix(own.as_str()).is_some_and(is_below))
    }

    fn query(&self, query: &str) -> String {
        let parameters = query.split('&').map(|parameter| {
            let Some((name, raw)) = parameter.split_once('=') else {
                return self.opaque(parameter);
            };
            let value = decoded(raw);
            let redacted = match decoded(name).to_ascii_lowercase().as_str() {
                known if holds(KEPT_PARAMETERS, known) && is_word(&value) => self.ids(&value),
                "$filter" => self.filter(&value),
                "prefix" => self.blob_path(&value),
                // Whatever goes on in another page, is encoded or is not known.
                _ => self.opaque(&value),
            };
            let redacted = if redacted == value { raw.to_owned() } else { encoded(&redacted) };
            let name = if is_word(name) { name.to_owned() } else { self.opaque(name) };
            format!("{name}={redacted}")
        });
        parameters.collect::<Vec<_>>().join("&")
    }

    /// An OData filter: what stands in quotes may name somebody.
    fn filter(&self, filter: &str) -> String {
        if !self.hides_names() {
            return self.ids(filter);
        }
        let parts = filter.split('\'').enumerate().map(|(index, part)| match index % 2 {
            0 if is_word(part) || part.is_empty() => part.to_owned(),
            0 => part.chars().filter(|c| c.is_ascii_alphanumeric() || " ()".contains(*c)).collect(),
            _ if part.starts_with("Microsoft.") && is_word(part) => part.to_owned(),
            _ => self.segment(part),
        });
        parts.collect::<Vec<_>>().join("'")
    }
}

/// The authority of a URL, and what follows it.
fn authority(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.split_at(end)
}

/// Whether a text is an ARM id or the beginning of one.
pub(super) fn is_arm(text: &str) -> bool {
    let text = text.trim();
    let first = text.trim_start_matches('/').split('/').next().unwrap_or_default();
    text.contains('/') && holds(&["providers", "subscriptions"], first)
}

/// Whether a text is a GUID and nothing else.
pub(super) fn is_guid(text: &str) -> bool {
    guid_at(text, None).is_some_and(|guid| guid.len() == text.len())
}

/// The GUID a text begins with; one without dashes only where nothing else is written together with it.
fn guid_at(text: &str, before: Option<char>) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let dashed = bytes.get(..GUID).filter(|own| {
        let mut own = own.iter().enumerate();
        own.all(|(at, byte)| if is_dash(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
    });
    if dashed.is_some() {
        return text.get(..GUID);
    }
    let longest = bytes.iter().take(COMPACT_GUID + 1);
    let digits = longest.take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let is_alone = !before.is_some_and(|c| c.is_ascii_alphanumeric()) && digits == COMPACT_GUID;
    let is_hex = || bytes[..digits].iter().all(u8::is_ascii_hexdigit);
    (is_alone && is_hex()).then(|| &text[..COMPACT_GUID])
}

/// Whether rules know a GUID from Microsoft's documentation.
fn is_public_id(guid: &str) -> bool {
    PUBLIC_IDS.iter().any(|known| known.eq_ignore_ascii_case(guid))
}

fn is_kept_label(label: &str) -> bool {
    let zone = label.strip_prefix(['z', 'Z']).unwrap_or_default();
    let is_zone = !zone.is_empty() && zone.bytes().all(|digit| digit.is_ascii_digit());
    is_zone || holds(KEPT_LABELS, label)
}

/// Whether a text consists of several labels, as the name of a host does.
fn is_host(text: &str) -> bool {
    let stem = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c))
    };
    stem.contains('.') && stem.split('.').all(is_label)
}

/// Whether a text can be one of Azure's words.
pub(super) fn is_word(text: &str) -> bool {
    let is_of_words = |c: char| c.is_ascii_alphanumeric() || " ._:;/*#$%+-,=()".contains(c);
    !text.is_empty() && text.len() <= 200 && text.chars().all(is_of_words)
}

/// Whether the shape of a text says that it is a value, which names nobody.
pub(super) fn is_value(text: &str) -> bool {
    let text = text.trim();
    let is_number = || text.len() <= 9 && text.bytes().all(|digit| digit.is_ascii_digit());
    text.is_empty()
        || matches!(text, "*" | "/" | "true" | "false" | "True" | "False")
        || is_number()
        || is_range(text)
        || is_moment(text)
}

fn is_range(text: &str) -> bool {
    let (address, prefix) = text.split_once('/').map_or((text, ""), |(a, prefix)| (a, prefix));
    address.parse::<IpAddr>().is_ok() && prefix.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_moment(text: &str) -> bool {
    let is_duration = || {
        let rest = text.strip_prefix('P').unwrap_or_default();
        !rest.is_empty()
            && rest.chars().all(|c| c.is_ascii_digit() || "DHMSTWY.".contains(c))
            && rest.contains(|c: char| c.is_ascii_digit())
    };
    text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
        || text.parse::<jiff::civil::Date>().is_ok()
        || crate::instant::parse_http_date(text).is_some()
        || is_duration()
}

/// What a part of a URL stands for.
fn decoded(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| raw.get(at + 1..at + 3).and_then(|own| u8::from_str_radix(own, 16).ok()));
        match escaped.flatten() {
            Some(own) => {
                plain.push(own);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| raw.to_owned())
}

/// A text as part of a URL.
fn encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/=,()'".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}
