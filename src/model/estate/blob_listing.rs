//! Blob listings that another run made: whether they still tell about the present, and where the
//! containers are for whoever makes one and may read nothing but blobs.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Estate, StorageAccount};
use crate::blob_listing::Contents;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, Origin, Reason, Source};
use crate::instant::{show, show_age};

impl Estate<'_> {
    /// A blob fact, unless it comes from a listing that says nothing about the present any more.
    /// `account` is where Azure Resource Manager told of the account: its clock is the audit's.
    pub(super) fn present<T>(&self, fact: Fact<T>, account: &Source) -> Fact<T> {
        let Some(listed) = fact.source().filter(|_| self.is_from_listing()) else { return fact };
        match self.outdated(listed, account) {
            None => fact,
            Some(gap) => Fact::Unread(gap.at(listed.resource.clone())),
        }
    }

    fn outdated(&self, listed: &Source, account: &Source) -> Option<Gap> {
        let (Some(made), Some(now)) = (listed.origin.now(), account.origin.now()) else {
            let message = "an answer came without the date that tells how old the blob listing is";
            return Some(Gap::because(Reason::MissingField, message));
        };
        let again = "make it again with `vaudit list-blobs`";
        let skew = SignedDuration::from_secs(i64::from(self.deployment.clock_skew_seconds));
        if made.duration_since(now) > skew {
            let message = format!(
                "the blob listing is dated {}, {}: a clock or the file is wrong; {again}",
                show(made),
                show_age(made, now)
            );
            return Some(Gap::because(Reason::Unrecognised, message));
        }
        if made < self.oldest_accepted(now) {
            let message = format!(
                "the blob listing was made {}, {} ago, and folders may have come and gone since; at most {} h are allowed (`backup.blob_max_age_hours`); {again}",
                show(made),
                show_age(made, now),
                self.deployment.backup.blob_max_age_hours
            );
            return Some(Gap::because(Reason::NotCollected, message));
        }
        None
    }

    /// "Now" for ages of what was listed at a time: that time itself, or when the audit took place if
    /// the listing is another run's. A listing makes nothing younger than it is.
    pub(super) fn audited_at(&self, listed_at: Timestamp, account: Option<&Source>) -> Timestamp {
        let now = account.filter(|_| self.is_from_listing()).and_then(|own| own.origin.now());
        now.map_or(listed_at, |now| now.max(listed_at))
    }

    fn is_from_listing(&self) -> bool {
        self.snapshot.header.blob_listing.is_some()
    }

    /// The URL of a container. Whoever makes a blob listing may have no role but that of reading
    /// blobs: where Azure Resource Manager does not show an account that the manifest names, its
    /// address follows from its name.
    pub(super) fn container_url_in(
        &self,
        account: &Fact<StorageAccount>,
        selector: Option<&Selector>,
        container: &str,
    ) -> Fact<String> {
        match (account, selector) {
            (Fact::Unread(gap), Some(selector))
                if self.snapshot.header.contents == Contents::BlobListing
                    && !gap.is_not_collected() =>
            {
                self.derived_url(selector, container).map_or_else(
                    || Fact::Unread(gap.clone()),
                    |url| Fact::Known(url.clone(), derived(url)),
                )
            }
            _ => account.as_ref().and_then(|account, _| self.container_url(account, container)),
        }
    }

    /// The URL of a container by the name of its account, spelled as Azure spells it. A name that no
    /// account can have could lead to another host.
    fn derived_url(&self, selector: &Selector, container: &str) -> Option<String> {
        let name = match selector {
            Selector::Name(name) => name.as_str(),
            Selector::Id(id) => id.name(),
        };
        let cloud = &self.deployment.cloud;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        let endpoint = cloud.blob_endpoint(&name.to_ascii_lowercase());
        (is_name && cloud.owns_blob_endpoint(&endpoint)).then(|| format!("{endpoint}/{container}"))
    }
}

fn derived(url: String) -> Source {
    Source { resource: url, pointer: String::new(), origin: Arc::new(Origin::default()) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Azure, at};
    use super::*;
    use crate::blob_listing::BlobListing;
    use crate::need::Audience;
    use crate::snapshot::Snapshot;

    const FOLDER: &str = "2026-11-22T020000Z/a";

    /// A container with a folder of 02:00 that was listed at 09:00, audited by Azure's clock at a time;
    /// none for answers without a date.
    fn audited<T>(
        now: Option<&str>,
        change: impl Fn(&mut Snapshot),
        look: impl FnOnce(&Estate<'_>) -> T,
    ) -> T {
        Azure::with(&[FOLDER]).look(|estate, _| {
            let mut header = estate.snapshot.header.clone();
            header.blob_listing = Some(BlobListing::of(estate.snapshot));
            let mut snapshot = Snapshot::empty(header);
            for document in estate.snapshot.documents() {
                let mut document = document.clone();
                if document.request.kind.audience() == Audience::ResourceManager {
                    document.headers.clear();
                    let date = now.map(|now| at(now).strftime("%a, %d %b %Y %H:%M:%S GMT"));
                    document.headers.extend(date.map(|date| ("date".to_owned(), date.to_string())));
                }
                snapshot.insert(document);
            }
            change(&mut snapshot);
            look(&Estate::new(&snapshot, estate.deployment))
        })
    }

    fn reason(now: Option<&str>) -> Option<Reason> {
        audited(now, |_| (), |estate| estate.folders().gap().map(|gap| gap.reason))
    }

    #[test]
    fn a_listing_counts_for_the_present_for_as_long_as_a_folder_may_be_old() {
        assert_eq!(reason(Some("2026-11-22T09:00:00Z")), None);
        assert_eq!(reason(Some("2026-11-23T15:00:00Z")), None);
        assert_eq!(reason(Some("2026-11-23T15:00:01Z")), Some(Reason::NotCollected));
        assert_eq!(reason(Some("2026-11-22T08:55:00Z")), None);
        assert_eq!(reason(Some("2026-11-22T08:54:59Z")), Some(Reason::Unrecognised));
        assert_eq!(reason(None), Some(Reason::MissingField));
    }

    #[test]
    fn an_old_listing_proves_no_absence_either() {
        let gone = |snapshot: &mut Snapshot| {
            let documents: Vec<_> = snapshot.documents().cloned().collect();
            for mut document in documents {
                if document.request.kind.audience() == Audience::Storage {
                    let code = serde_json::json!({"error": {"code": "ContainerNotFound"}});
                    document.status = Some(404);
                    document.body = crate::document::Body::json(code);
                    snapshot.insert(document);
                }
            }
        };
        let source = |now| audited(Some(now), gone, |estate| estate.source_blobs().is_absent());
        assert!(source("2026-11-23T15:00:00Z"));
        assert!(!source("2026-11-23T15:00:01Z"));
    }

    #[test]
    fn nothing_looks_younger_than_it_is() {
        let ages = |now| {
            audited(
                Some(now),
                |_| (),
                |estate| {
                    let dated = estate.dated_folders();
                    let dated = dated.value().unwrap();
                    (dated.now, dated.audited_at)
                },
            )
        };
        let listed = at("2026-11-22T09:00:00Z");
        assert_eq!(ages("2026-11-23T08:00:00Z"), (listed, at("2026-11-23T08:00:00Z")));
        assert_eq!(ages("2026-11-22T08:58:00Z"), (listed, listed));
        let live = Azure::with(&[FOLDER]).look(|estate, _| {
            let dated = estate.dated_folders();
            dated.value().map(|dated| (dated.now, dated.audited_at))
        });
        assert_eq!(live, Some((listed, listed)));
    }

    #[test]
    fn an_address_follows_from_a_name_only_for_a_listing() {
        let url = |contents, account: &str| {
            Azure::with(&[]).look(|estate, _| {
                let mut header = estate.snapshot.header.clone();
                header.contents = contents;
                let mut refused = Snapshot::empty(header);
                for document in estate.snapshot.documents() {
                    refused.insert(crate::Document { status: Some(403), ..document.clone() });
                }
                let mut deployment = estate.deployment.clone();
                deployment.backup.account = Some(Selector::Name(account.to_owned()));
                Estate::new(&refused, &deployment).backup_container_url().value().cloned()
            })
        };
        let listing = Contents::BlobListing;
        let own = "https://stbkp.blob.core.windows.net/bkp";
        assert_eq!(url(listing, "stbkp").as_deref(), Some(own));
        assert_eq!(url(listing, "STBKP").as_deref(), Some(own));
        assert_eq!(url(Contents::Audit, "stbkp"), None);
        for hostile in ["", "evil.example/", "evil.example#", "a@evil", "..", "a.b"] {
            assert_eq!(url(listing, hostile), None, "{hostile}");
        }
    }
}
