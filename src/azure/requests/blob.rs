//! Blob listings (B01–B03), raw: one odd entry must not lose a page of 5,000.

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;
use vaudit_model::{Reason, Request, RequestKind};

use super::NotSent;

/// The version of the Blob service's interface.
pub(crate) const VERSION: &str = "2023-11-03";

pub(super) fn url(request: &Request) -> Result<Url, NotSent> {
    let mut url = Url::parse(&request.target).map_err(|error| {
        let message = format!("{} is not an address: {error}", request.target);
        NotSent::because(Reason::Unrecognised, message)
    })?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("restype", "container").append_pair("comp", "list");
        if request.kind == RequestKind::BackupFolders {
            query.append_pair("delimiter", "/");
        }
        if let Some(prefix) = &request.filter {
            query.append_pair("prefix", prefix);
        }
        // Metadata tells the markers that stand for directories from blobs.
        match request.kind {
            RequestKind::FolderBlobs => query.append_pair("include", "copy,metadata"),
            RequestKind::SourceBlobs => query.append_pair("include", "metadata"),
            _ => &mut query,
        };
    }
    Ok(url)
}

/// The address of the page after a marker.
pub(super) fn next_url(asked: &Url, marker: &str) -> Url {
    let mut url = asked.clone();
    let kept: Vec<(String, String)> = asked
        .query_pairs()
        .filter(|(name, _)| name != "marker")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair("marker", marker);
    url
}

pub(super) fn add_headers(headers: &mut HeaderMap) {
    headers.insert(HeaderName::from_static("x-ms-version"), HeaderValue::from_static(VERSION));
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(HeaderName::from_static("x-ms-date"), date);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_asked_as_the_service_wants_them() {
        let request =
            |kind, prefix| Request::blobs(kind, "https://st.blob.core.windows.net/bkp", prefix);
        let text = |request: &Request| url(request).unwrap().to_string();
        assert_eq!(
            text(&request(RequestKind::BackupFolders, None)),
            "https://st.blob.core.windows.net/bkp?restype=container&comp=list&delimiter=%2F"
        );
        let folder = request(RequestKind::FolderBlobs, Some("2026 & more/"));
        assert_eq!(
            text(&folder),
            "https://st.blob.core.windows.net/bkp?restype=container&comp=list&prefix=2026+%26+more%2F&include=copy%2Cmetadata"
        );
        let second = next_url(&url(&folder).unwrap(), "m1");
        let third = next_url(&second, "m2");
        assert!(
            third.as_str().ends_with("&marker=m2") && !third.as_str().contains("m1"),
            "{third}"
        );
    }
}
