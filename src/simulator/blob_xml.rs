//! The XML of the Blob service, element by element as Azure writes it.

use crate::answer::Answer;
use crate::blob_store::Blob;
use crate::clock::{http_date, seven_digits};
use crate::percent;

/// XML under construction.
#[derive(Debug, Default)]
pub(crate) struct Xml {
    text: String,
}

impl Xml {
    /// A document; the service starts each with a byte order mark.
    pub(crate) fn document() -> Self {
        Self { text: "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned() }
    }

    /// `<name>text</name>`, or `<name />` when there is no text.
    pub(crate) fn element(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            self.text.push_str(&format!("<{name} />"));
        } else {
            self.text.push_str(&format!("<{name}>{}</{name}>", escape(text)));
        }
    }

    /// An element with others in it.
    pub(crate) fn group(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.group_with(name, &[], fill);
    }

    /// An element with attributes and others in it.
    pub(crate) fn group_with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        fill: impl FnOnce(&mut Self),
    ) {
        self.text.push_str(&format!("<{name}"));
        for (key, value) in attributes {
            self.text.push_str(&format!(" {key}=\"{}\"", escape(value)));
        }
        self.text.push('>');
        fill(self);
        self.text.push_str(&format!("</{name}>"));
    }

    /// The name of a blob or prefix; what XML cannot carry is sent percent-encoded and marked.
    pub(crate) fn name(&mut self, name: &str) {
        if name.chars().all(is_xml) {
            self.element("Name", name);
        } else {
            let encoded = percent::encode(name);
            self.text.push_str(&format!("<Name Encoded=\"true\">{encoded}</Name>"));
        }
    }

    /// The finished text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            c if is_xml(c) => escaped.push(c),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

/// Characters that XML 1.0 can carry.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// What a listing shows beside names and properties.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Include {
    /// The state of server-side copies.
    pub(crate) copy: bool,
    /// User metadata.
    pub(crate) metadata: bool,
    /// Whether the account tells directories and files apart.
    pub(crate) resource_type: bool,
}

/// One blob of a listing.
pub(crate) fn blob(xml: &mut Xml, name: &str, blob: &Blob, include: Include) {
    xml.group("Blob", |xml| {
        xml.name(name);
        xml.group("Properties", |xml| properties(xml, name, blob, include));
        if include.metadata {
            let is_directory =
                blob.file.directory && !blob.file.metadata.contains_key("hdi_isfolder");
            xml.group("Metadata", |xml| {
                if is_directory {
                    xml.element("hdi_isfolder", "true");
                }
                for (key, value) in &blob.file.metadata {
                    xml.element(key, value);
                }
            });
        }
        xml.element("OrMetadata", "");
    });
}

fn properties(xml: &mut Xml, name: &str, blob: &Blob, include: Include) {
    let mut element = |name: &str, text: &str| {
        if !blob.file.omit.iter().any(|omitted| omitted == name) {
            xml.element(name, text);
        }
    };
    element("Creation-Time", &http_date(blob.created));
    element("Last-Modified", &http_date(blob.modified));
    element("Etag", &blob.etag(name));
    if include.resource_type {
        element("ResourceType", if blob.file.directory { "directory" } else { "file" });
    }
    element("Content-Length", &blob.size.to_string());
    let media_type = blob.file.content_type.as_deref().unwrap_or("application/octet-stream");
    element("Content-Type", media_type);
    element("Content-Encoding", "");
    element("Content-Language", "");
    element("Content-CRC64", "");
    element("Content-MD5", blob.md5.as_deref().unwrap_or_default());
    element("Cache-Control", "");
    element("Content-Disposition", "");
    element("BlobType", "BlockBlob");
    element("AccessTier", blob.file.tier.as_deref().unwrap_or("Hot"));
    if blob.file.tier.is_none() {
        element("AccessTierInferred", "true");
    }
    element("LeaseStatus", "unlocked");
    element("LeaseState", "available");
    if let Some(copy) = blob.file.copy.as_ref().filter(|_| include.copy) {
        element("CopyId", copy.id.as_deref().unwrap_or("00000000-0000-0000-0000-000000000000"));
        if let Some(source) = &copy.source {
            element("CopySource", source);
        }
        element("CopyStatus", &copy.status);
        let copied = if copy.status == "success" { blob.size } else { 0 };
        element("CopyProgress", &format!("{copied}/{}", blob.size));
        if let Some(completed) = copy.completed.as_ref().and_then(|time| time.parse().ok()) {
            element("CopyCompletionTime", &http_date(completed));
        }
        if let Some(description) = &copy.description {
            element("CopyStatusDescription", description);
        }
    }
    element("ServerEncrypted", "true");
}

/// An error in the service's shape.
pub(crate) fn error(
    status: u16,
    code: &str,
    message: &str,
    id: &str,
    now: jiff::Timestamp,
) -> Answer {
    error_with(status, code, message, id, now, &[])
}

/// An error with further elements.
pub(crate) fn error_with(
    status: u16,
    code: &str,
    message: &str,
    id: &str,
    now: jiff::Timestamp,
    details: &[(&str, &str)],
) -> Answer {
    let mut xml = Xml::document();
    xml.group("Error", |xml| {
        xml.element("Code", code);
        let time = seven_digits(now);
        xml.element("Message", &format!("{message}\nRequestId:{id}\nTime:{time}"));
        for (name, text) in details {
            xml.element(name, text);
        }
    });
    Answer::text(status, "application/xml", xml.finish()).with("x-ms-error-code", code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let mut xml = Xml::default();
        xml.group_with("a", &[("b", "\"<\"")], |xml| {
            xml.element("c", "x & <y>\r\u{1}");
            xml.element("d", "");
        });
        let expected = "<a b=\"&quot;&lt;&quot;\"><c>x &amp; &lt;y&gt;&#xD;\u{fffd}</c><d /></a>";
        assert_eq!(xml.finish(), expected);
    }

    #[test]
    fn names_xml_cannot_carry_are_encoded() {
        let mut xml = Xml::default();
        xml.name("a/\u{ffff}b");
        assert_eq!(xml.finish(), "<Name Encoded=\"true\">a%2F%EF%BF%BFb</Name>");
    }
}
