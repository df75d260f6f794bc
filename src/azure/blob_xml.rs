//! A small tolerant reader for the Blob service's XML: listings and errors.

use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;
use vaudit_model::blob::{BlobEntry, BlobPage};
use vaudit_model::instant::parse_http_date;

/// How deep elements are followed. The deepest of the service are four below the root.
const DEEPEST: usize = 16;

/// Reads a page of a container listing; none when the text is not one.
///
/// What is not understood inside an entry is left out of that entry only. An entry whose name cannot
/// be read is counted: it is there, and nobody can say what it is.
pub(crate) fn read_listing(xml: &[u8]) -> Option<BlobPage> {
    const ROOT: &str = "EnumerationResults";
    let mut page = BlobPage::default();
    let mut blobs = Vec::new();
    let mut is_listing = false;
    let mut entry = BlobEntry::default();
    let mut prefix = String::new();
    walk(xml, |path, text| match (path, text) {
        // An error of a proxy may have the root too; a listing without entries says so.
        ([ROOT, "Blobs"], Text::Start) => is_listing = true,
        ([ROOT, "Blobs", "Blob"], Text::Start) => entry = BlobEntry::default(),
        ([ROOT, "Blobs", "Blob"], Text::End) => match std::mem::take(&mut entry) {
            nameless if nameless.name.is_empty() => page.unreadable += 1,
            entry => blobs.push(entry),
        },
        ([ROOT, "Blobs", "Blob", field @ ..], Text::Content(value)) => {
            read_field(&mut entry, field, value);
        }
        ([ROOT, "Blobs", "BlobPrefix"], Text::Start) => prefix.clear(),
        ([ROOT, "Blobs", "BlobPrefix", "Name"], Text::Content(name)) => prefix = name,
        ([ROOT, "Blobs", "BlobPrefix"], Text::End) => match std::mem::take(&mut prefix) {
            nameless if nameless.is_empty() => page.unreadable += 1,
            prefix => page.prefixes.push(prefix),
        },
        ([ROOT, "NextMarker"], Text::Content(marker)) if !marker.trim().is_empty() => {
            page.next_marker = Some(marker);
        }
        _ => {}
    })?;
    page.blobs = blobs.into();
    is_listing.then_some(page)
}

fn read_field(entry: &mut BlobEntry, field: &[&str], value: String) {
    let date = |text: &str| -> Option<Timestamp> { parse_http_date(text) };
    match field {
        ["Name"] => entry.name = value,
        ["Properties", "Content-Length"] => entry.length = value.trim().parse().ok(),
        ["Properties", "Content-MD5"] if !value.trim().is_empty() => entry.md5 = Some(value),
        ["Properties", "Creation-Time"] => entry.created = date(&value),
        ["Properties", "Last-Modified"] => entry.modified = date(&value),
        ["Properties", "CopyStatus"] if !value.trim().is_empty() => entry.copy_status = Some(value),
        ["Properties", "ResourceType"] => {
            entry.directory |= value.eq_ignore_ascii_case("directory");
        }
        ["Metadata", "hdi_isfolder"] => entry.directory |= value.eq_ignore_ascii_case("true"),
        _ => {}
    }
}

/// Reads the code of an error body.
pub(crate) fn read_error(xml: &[u8]) -> Option<String> {
    let mut code = String::new();
    walk(xml, |path, text| {
        if let (["Error", "Code"], Text::Content(value)) = (path, text) {
            code = value;
        }
    })?;
    (!code.trim().is_empty()).then_some(code)
}

enum Text {
    Start,
    /// The text of an element that holds nothing else, white space too: a blob may be called so.
    Content(String),
    End,
}

/// Walks an XML text and shows each element's path with its start, its text and its end; none when
/// the text is not well-formed, or deeper than anything the service sends.
fn walk(xml: &[u8], mut visit: impl FnMut(&[&str], Text)) -> Option<()> {
    let xml = std::str::from_utf8(xml).ok()?;
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut encoded = false;
    // Whether the element that ends holds nothing but text.
    let mut is_leaf = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if path.len() == DEEPEST {
                    return None;
                }
                path.push(start.local_name().as_ref().to_owned());
                encoded = is_percent_encoded(&start);
                is_leaf = true;
                text.clear();
                tell(&path, Text::Start, &mut visit);
            }
            Event::Empty(start) => {
                if path.len() == DEEPEST {
                    return None;
                }
                path.push(start.local_name().as_ref().to_owned());
                is_leaf = false;
                tell(&path, Text::Start, &mut visit);
                tell(&path, Text::End, &mut visit);
                path.pop();
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
                let value = std::mem::take(&mut text);
                let value = if encoded { percent_decoded(&value) } else { Some(value) };
                if let Some(value) = value.filter(|value| is_leaf && !value.is_empty()) {
                    tell(&path, Text::Content(value), &mut visit);
                }
                encoded = false;
                is_leaf = false;
                tell(&path, Text::End, &mut visit);
                path.pop();
            }
            Event::Eof => return path.is_empty().then_some(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// Shows the path as it is matched, without a list of its own for each tag.
fn tell(path: &[String], text: Text, visit: &mut impl FnMut(&[&str], Text)) {
    let mut names = [""; DEEPEST];
    for (name, element) in names.iter_mut().zip(path) {
        *name = element;
    }
    visit(&names[..path.len()], text);
}

/// Names that XML cannot hold come percent-encoded, and say so.
fn is_percent_encoded(start: &quick_xml::events::BytesStart<'_>) -> bool {
    // The check for repeated names compares each with all before it.
    start
        .attributes()
        .with_checks(false)
        .flatten()
        .any(|attribute| attribute.key.as_ref() == "Encoded" && attribute.value.as_ref() == "true")
}

/// The text without its encoding; none when it is not that of a text.
fn percent_decoded(text: &str) -> Option<String> {
    let pairs = format!("n={}", text.replace('+', "%2B").replace('&', "%26"));
    let (_, value) = url::form_urlencoded::parse(pairs.as_bytes()).next()?;
    // The decoder puts this character where it finds no text; two names must not become one.
    let is_written = text.contains('\u{fffd}') || text.to_ascii_uppercase().contains("%EF%BF%BD");
    let is_lossy = value.contains('\u{fffd}') && !is_written;
    (!is_lossy).then(|| value.into_owned())
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
        let blobs = page.blobs.read().unwrap();
        let [first, odd] = blobs.as_ref() else { panic!("{page:?}") };
        assert_eq!(first.name, "p/a & b <1>");
        assert_eq!((first.length, first.md5.as_deref()), (Some(42), Some("abc==")));
        assert_eq!(first.created.unwrap().to_string(), "2026-11-22T02:00:00Z");
        assert_eq!(odd.name, "p/odd\u{fffe}");
        assert_eq!((odd.length, odd.modified, odd.directory), (None, None, true));
    }

    #[test]
    fn what_is_no_listing_is_not_an_empty_one() {
        for text in [
            "",
            "{}",
            "<html><body>hello</body></html>",
            "<EnumerationResults><Blobs>",
            "<EnumerationResults/>",
            "<EnumerationResults><Prefix/></EnumerationResults>",
            "<EnumerationResults><Prefix/><NextMarker/></EnumerationResults>",
            "<Blobs></Blobs>",
        ] {
            assert_eq!(read_listing(text.as_bytes()), None, "{text}");
        }
        for text in [
            "<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>",
            "<EnumerationResults><Blobs></Blobs><NextMarker></NextMarker></EnumerationResults>",
        ] {
            assert_eq!(read_listing(text.as_bytes()), Some(BlobPage::default()), "{text}");
        }
    }

    #[test]
    fn an_entry_without_a_readable_name_is_counted() {
        let listing = |entries: &str| {
            let xml = format!("<EnumerationResults><Blobs>{entries}</Blobs></EnumerationResults>");
            read_listing(xml.as_bytes()).unwrap()
        };
        for nameless in [
            "<Blob/>",
            "<Blob><Properties/></Blob>",
            "<Blob><Name/></Blob>",
            "<Blob><Name></Name></Blob>",
            "<Blob><Name>a<b>c</b>d</Name></Blob>",
            "<Blob><Name Encoded=\"true\">a%FF</Name></Blob>",
            "<BlobPrefix/>",
            "<BlobPrefix><Name></Name></BlobPrefix>",
        ] {
            let page = listing(&format!("<Blob><Name>x</Name></Blob>{nameless}"));
            assert_eq!((page.blobs.len(), page.unreadable), (1, 1), "{nameless}");
            assert!(page.prefixes.is_empty(), "{nameless}");
        }
        let page = listing(
            "<Blob><Name> </Name></Blob><Blob><Name Encoded=\"true\">a&amp;b%EF%BF%BD</Name></Blob>",
        );
        let blobs = page.blobs.read().unwrap();
        let names: Vec<&str> = blobs.iter().map(|blob| blob.name.as_str()).collect();
        assert_eq!((names, page.unreadable), (vec![" ", "a&b\u{fffd}"], 0));
    }

    #[test]
    fn hostile_texts_cost_no_more_than_their_length() {
        let deep = |depth| {
            let (open, close) = ("<a>".repeat(depth), "</a>".repeat(depth));
            format!("<EnumerationResults><Blobs/>{open}{close}</EnumerationResults>")
        };
        assert!(read_listing(deep(DEEPEST - 1).as_bytes()).is_some());
        assert_eq!(read_listing(deep(DEEPEST).as_bytes()), None);
        let began = std::time::Instant::now();
        assert_eq!(read_listing(deep(200_000).as_bytes()), None);
        let attributes: String = (0..200_000).map(|n| format!(" a{n}='b'")).collect();
        let wide = format!("<EnumerationResults{attributes}><Blobs/></EnumerationResults>");
        assert!(read_listing(wide.as_bytes()).is_some());
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    }

    #[test]
    fn errors_have_a_code() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>AuthorizationFailure</Code><Message>This request is not authorized\nRequestId:x</Message></Error>";
        assert_eq!(read_error(xml.as_bytes()).as_deref(), Some("AuthorizationFailure"));
        assert_eq!(read_error(b"<Error></Error>"), None);
    }
}
