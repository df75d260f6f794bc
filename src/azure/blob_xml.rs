//! A small tolerant reader for the Blob service's XML: listings and errors.

use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;
use vaudit_model::blob::{BlobEntry, BlobPage};
use vaudit_model::instant::parse_http_date;

/// Reads a page of a container listing; none when the text is not one.
///
/// What is not understood inside an entry is left out of that entry only.
pub(crate) fn read_listing(xml: &[u8]) -> Option<BlobPage> {
    let mut page = BlobPage::default();
    let mut is_listing = false;
    let mut entry: Option<BlobEntry> = None;
    walk(xml, |path, text| {
        is_listing |= path.first().is_some_and(|root| root == "EnumerationResults");
        let inside: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
        match (inside.as_slice(), text) {
            (["Blobs", "Blob"], Text::Start) => entry = Some(BlobEntry::default()),
            (["Blobs", "Blob"], Text::End) => page.blobs.extend(entry.take()),
            (["Blobs", "BlobPrefix", "Name"], Text::Content(name)) => page.prefixes.push(name),
            (["NextMarker"], Text::Content(marker)) => page.next_marker = Some(marker),
            (["Blobs", "Blob", field @ ..], Text::Content(value)) => {
                if let Some(entry) = &mut entry {
                    read_field(entry, field, value);
                }
            }
            _ => {}
        }
    })?;
    page.blobs.retain(|blob| !blob.name.is_empty());
    is_listing.then_some(page)
}

fn read_field(entry: &mut BlobEntry, field: &[&str], value: String) {
    let date = |text: &str| -> Option<Timestamp> { parse_http_date(text) };
    match field {
        ["Name"] => entry.name = value,
        ["Properties", "Content-Length"] => entry.length = value.trim().parse().ok(),
        ["Properties", "Content-MD5"] => entry.md5 = Some(value),
        ["Properties", "Creation-Time"] => entry.created = date(&value),
        ["Properties", "Last-Modified"] => entry.modified = date(&value),
        ["Properties", "CopyStatus"] => entry.copy_status = Some(value),
        ["Properties", "ResourceType"] => {
            entry.directory |= value.eq_ignore_ascii_case("directory");
        }
        ["Metadata", "hdi_isfolder"] => entry.directory |= value.eq_ignore_ascii_case("true"),
        _ => {}
    }
}

/// Reads the code and message of an error body.
pub(crate) fn read_error(xml: &[u8]) -> Option<(String, String)> {
    let (mut code, mut message) = (String::new(), String::new());
    walk(xml, |path, text| {
        if let ([root, field], Text::Content(value)) = (path, text)
            && root == "Error"
        {
            match field.as_str() {
                "Code" => code = value,
                "Message" => message = value,
                _ => {}
            }
        }
    })?;
    (!code.is_empty()).then_some((code, message))
}

enum Text {
    Start,
    Content(String),
    End,
}

/// Walks an XML text and shows each element's path with its start, its text and its end; none when
/// the text is not well-formed.
fn walk(xml: &[u8], mut visit: impl FnMut(&[String], Text)) -> Option<()> {
    let xml = std::str::from_utf8(xml).ok()?;
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut encoded = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                encoded = is_percent_encoded(&start);
                text.clear();
                visit(&path, Text::Start);
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(reference) => {
                let known = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => resolve_entity(&reference)?.to_owned(),
                };
                text.push_str(&known);
            }
            Event::End(_) => {
                if !text.trim().is_empty() {
                    let value = std::mem::take(&mut text);
                    let value = if encoded { percent_decoded(&value) } else { value };
                    visit(&path, Text::Content(value));
                }
                encoded = false;
                text.clear();
                visit(&path, Text::End);
                path.pop();
            }
            Event::Eof => return path.is_empty().then_some(()),
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// Names that XML cannot hold come percent-encoded, and say so.
fn is_percent_encoded(start: &quick_xml::events::BytesStart<'_>) -> bool {
    start
        .attributes()
        .flatten()
        .any(|attribute| attribute.key.as_ref() == "Encoded" && attribute.value.as_ref() == "true")
}

fn percent_decoded(text: &str) -> String {
    let pairs = format!("n={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pairs.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn resolve_entity(name: &str) -> Option<&'static str> {
    match name {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        "apos" => Some("'"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"https://st.blob.core.windows.net/\" ContainerName=\"c\"><Prefix>p/</Prefix><Blobs>\
<Blob><Name>p/a &amp; b &lt;1&gt;</Name><Properties><Creation-Time>Sun, 22 Nov 2026 02:00:00 GMT</Creation-Time><Last-Modified>Sun, 22 Nov 2026 02:00:01 GMT</Last-Modified><Content-Length>42</Content-Length><Content-MD5>abc==</Content-MD5><CopyStatus>success</CopyStatus></Properties><OrMetadata /></Blob>\
<Blob><Name Encoded=\"true\">p/odd%EF%BF%BE</Name><Properties><Content-Length>many</Content-Length><Last-Modified>soon</Last-Modified></Properties><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>\
<BlobPrefix><Name>p/2026/</Name></BlobPrefix></Blobs><NextMarker>2!88!x</NextMarker></EnumerationResults>";

    #[test]
    fn listings_are_projected() {
        let page = read_listing(LISTING.as_bytes()).unwrap();
        assert_eq!(page.prefixes, ["p/2026/"]);
        assert_eq!(page.next_marker.as_deref(), Some("2!88!x"));
        let [first, odd] = page.blobs.as_slice() else { panic!("{page:?}") };
        assert_eq!(first.name, "p/a & b <1>");
        assert_eq!((first.length, first.md5.as_deref()), (Some(42), Some("abc==")));
        assert_eq!(first.created.unwrap().to_string(), "2026-11-22T02:00:00Z");
        assert_eq!(odd.name, "p/odd\u{fffe}");
        assert_eq!((odd.length, odd.modified, odd.directory), (None, None, true));
    }

    #[test]
    fn what_is_no_listing_is_not_an_empty_one() {
        for text in ["", "<html><body>hello</body></html>", "<EnumerationResults><Blobs>", "{}"] {
            assert_eq!(read_listing(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn errors_have_a_code() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>AuthorizationFailure</Code><Message>This request is not authorized\nRequestId:x</Message></Error>";
        let (code, message) = read_error(xml.as_bytes()).unwrap();
        assert_eq!(code, "AuthorizationFailure");
        assert!(message.starts_with("This request"));
        assert_eq!(read_error(b"<Error></Error>"), None);
    }
}
