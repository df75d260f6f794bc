//! Collecting: sends what the planner names until it names nothing new.

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch;
use vaudit_model::document::{Body, ErrorBody, NextPage};
use vaudit_model::estate::FolderStates;
use vaudit_model::snapshot::{Header, Stopped};
use vaudit_model::{
    Audience, Deployment, Document, Estate, Need, Reason, Request, RequestKind, Snapshot,
};

use crate::api_version;
use crate::planner;
use crate::record;
use crate::requests::{NotSent, Session};

/// How much of one list is read. Azure has none so long; a server that never ends has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    pages: u32,
    /// Bytes of JSON, or entries of a blob listing.
    amount: usize,
}

impl Extent {
    /// Resources are kept as they came, so their bytes count. A blob listing is projected and, where
    /// it is long, put aside on disk, and ends with ten million blobs: 2,000 pages of the size the
    /// service fills, and more where it does not.
    fn of(audience: Audience) -> Self {
        match audience {
            Audience::ResourceManager | Audience::Graph => {
                Self { pages: 200, amount: 64 * 1024 * 1024 }
            }
            Audience::Storage => Self { pages: 10_000, amount: 10_000_000 },
        }
    }

    /// What a page of so many bytes adds.
    fn amount_of(document: &Document, length: usize) -> usize {
        match &document.body {
            Body::Blobs(page) => page.blobs.len() + page.prefixes.len(),
            Body::Json(_) | Body::Text(_) | Body::Empty => length,
        }
    }

    /// Why nothing is read after so much; none when something may be.
    fn exceeded(self, pages: u32, amount: usize) -> Option<&'static str> {
        if pages >= self.pages {
            return Some("the list does not end: its pages are too many");
        }
        (amount >= self.amount).then_some("the list is larger than any of Azure's")
    }
}

/// What a run reports on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A request was sent.
    Asked {
        /// What is asked.
        kind: RequestKind,
        /// How many requests had to be answered before it could be sent, plus one.
        wave: u32,
    },
    /// All pages of an answer are in.
    Answered {
        /// What was asked.
        kind: RequestKind,
        /// Whether it could be read.
        read: bool,
    },
}

/// Whoever watches the progress.
pub type Observer<'a> = &'a (dyn Fn(Progress) + Sync);

/// Why a run ended before it began: there is nothing to judge.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Azure Resource Manager refused the token with the first answer.
    #[error("Azure Resource Manager refused the token ({status}): {message}")]
    TokenRefused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// Not one request to Azure Resource Manager was answered.
    #[error("not one request to Azure Resource Manager was answered: {why}")]
    NoAnswer {
        /// Why the first one was not.
        why: String,
    },
}

/// Collects everything the deployments need.
///
/// Requests that several deployments share are sent once. Where there is a blob listing, blobs are
/// looked up in it and not asked for. When `stop` is set, what is under way is dropped and the snapshot
/// says so.
///
/// # Errors
///
/// When Azure Resource Manager answered nothing, or nothing but 401, and no signal stopped the run.
pub async fn collect(
    session: &Session,
    deployments: &[Deployment],
    needs: &[Need],
    header: Header,
    listing: Option<Snapshot>,
    mut stop: watch::Receiver<Option<Stopped>>,
    observer: Observer<'_>,
) -> Result<Snapshot, CollectError> {
    let mut run = Run {
        session,
        deployments,
        needs,
        observer,
        stop: stop.clone(),
        snapshot: Snapshot::empty(header),
        listing,
        askers: BTreeMap::new(),
        under_way: FuturesUnordered::new(),
        wave: 0,
        folder_states: vec![FolderStates::default(); deployments.len()],
    };
    run.plan_all();
    let stopped = loop {
        tokio::select! {
            biased;
            stopped = stopped(&mut stop) => break Some(stopped),
            answer = run.under_way.next() => match answer {
                Some(answer) => {
                    let mut answers = vec![answer];
                    // What came in at the same time is looked at together.
                    while let Some(Some(answer)) = run.under_way.next().now_or_never() {
                        answers.push(answer);
                    }
                    run.take(answers);
                }
                // What an answer unlocks was planned when it came. Looking once more at everything
                // costs little here, and a request that was overlooked would be a silent gap.
                None => {
                    let overlooked = run.plan_all();
                    debug_assert!(!overlooked, "an answer unlocked more than the planner says");
                    if !overlooked {
                        break None;
                    }
                }
            },
        }
    };
    let Run { mut snapshot, under_way, askers, .. } = run;
    drop(under_way);
    snapshot.header.stopped = stopped;
    snapshot.header.finished_at = Timestamp::now();
    snapshot.header.requests = session.transport.requests();
    snapshot.header.retries = session.transport.retries();
    match stopped {
        // Whoever stops a run by a signal gets what there is.
        Some(Stopped::Interrupted | Stopped::Terminated) => {}
        Some(Stopped::OutOfTime) | None => check_footing(&snapshot, askers.keys())?,
    }
    Ok(snapshot)
}

/// Asks for all pages of some answers at once, in their order.
pub async fn read(session: &Session, requests: &[Request]) -> Vec<Document> {
    let asked = requests.iter().map(|request| ask(session, request));
    futures::future::join_all(asked).await.into_iter().flatten().collect()
}

/// Asks what is named, and plans nothing further.
///
/// # Errors
///
/// When Azure Resource Manager answered nothing, or nothing but 401.
pub async fn ask_each(
    session: &Session,
    requests: &[Request],
    header: Header,
) -> Result<Snapshot, CollectError> {
    let mut snapshot = Snapshot::empty(header);
    read(session, requests).await.into_iter().for_each(|document| snapshot.insert(document));
    snapshot.header.finished_at = Timestamp::now();
    snapshot.header.requests = session.transport.requests();
    snapshot.header.retries = session.transport.retries();
    check_footing(&snapshot, requests.iter())?;
    Ok(snapshot)
}

/// Waits until the run is stopped; for ever when nobody can stop it.
async fn stopped(stop: &mut watch::Receiver<Option<Stopped>>) -> Stopped {
    loop {
        if let Some(stopped) = *stop.borrow_and_update() {
            return stopped;
        }
        if stop.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// All pages of an answer, with how deep in the chain it stands.
struct Answered {
    request: Request,
    wave: u32,
    documents: Vec<Document>,
}

struct Run<'a> {
    session: &'a Session,
    deployments: &'a [Deployment],
    needs: &'a [Need],
    observer: Observer<'a>,
    stop: watch::Receiver<Option<Stopped>>,
    snapshot: Snapshot,
    /// Where blobs are looked up instead of asked for.
    listing: Option<Snapshot>,
    /// Which deployments asked for what.
    askers: BTreeMap<Request, BTreeSet<usize>>,
    under_way: FuturesUnordered<futures::future::BoxFuture<'a, Answered>>,
    /// The longest chain of requests so far.
    wave: u32,
    /// What was found out about the folders of each deployment.
    folder_states: Vec<FolderStates>,
}

impl Run<'_> {
    /// Sends everything that is known to be needed and nobody has asked for yet. Says whether there
    /// was anything.
    fn plan_all(&mut self) -> bool {
        let wave = self.wave + 1;
        for index in 0..self.deployments.len() {
            self.plan(index, wave, |_| true);
        }
        !self.under_way.is_empty()
    }

    /// Sends what a deployment is known to need, of the needs that are looked at, and nobody has
    /// asked for yet.
    fn plan(&mut self, index: usize, wave: u32, is_looked_at: impl Fn(Need) -> bool) {
        let estate = Estate::new(&self.snapshot, &self.deployments[index])
            .recalling(&self.folder_states[index]);
        let mut requests = Vec::new();
        for need in self.needs.iter().filter(|need| is_looked_at(**need)) {
            // Reading long lists takes time, in which nobody looks at the signals.
            if self.stop.borrow().is_some() {
                return;
            }
            requests.extend(planner::requests(&estate, *need));
        }
        for request in requests {
            let askers = self.askers.entry(request.clone()).or_default();
            let is_new = askers.is_empty();
            askers.insert(index);
            if !is_new {
                continue;
            }
            (self.observer)(Progress::Asked { kind: request.kind, wave });
            self.wave = self.wave.max(wave);
            let session = self.session;
            let listing = self.listing.as_mut();
            let listed = listing
                .filter(|_| request.kind.audience() == Audience::Storage)
                .map(|listing| listing.take(&request));
            self.under_way.push(Box::pin(async move {
                let documents = match listed {
                    Some(documents) => documents,
                    None => ask(session, &request).await,
                };
                Answered { request, wave, documents }
            }));
        }
    }

    fn take(&mut self, answers: Vec<Answered>) {
        let mut unlocked: BTreeMap<(u32, usize), Vec<Need>> = BTreeMap::new();
        for Answered { request, wave, documents } in answers {
            let read = documents.iter().all(|document| document.status == Some(200));
            for document in documents {
                self.snapshot.insert(document);
            }
            (self.observer)(Progress::Answered { kind: request.kind, read });
            for index in self.askers.get(&request).into_iter().flatten() {
                unlocked.entry((wave, *index)).or_default().extend(request.kind.needs());
            }
        }
        for ((wave, index), answered) in unlocked {
            let is_looked_at =
                |need| planner::looks_at(need).iter().any(|need| answered.contains(need));
            self.plan(index, wave + 1, is_looked_at);
        }
    }
}

/// Asks for all pages of an answer. Ends at the first page that cannot be read.
async fn ask(session: &Session, request: &Request) -> Vec<Document> {
    let extent = Extent::of(request.kind.audience());
    let mut amount = 0_usize;
    let mut documents: Vec<Document> = Vec::new();
    let mut links = BTreeSet::new();
    let mut exchange = session.first_page(request).await;
    // API versions can lag in sovereign clouds (`catalogue.md` §E).
    let older = exchange.as_ref().ok().and_then(|exchange| api_version::older(request, exchange));
    let asked_api_version = older.as_ref().map(|older| older.asked.clone());
    if let Some(older) = older {
        exchange = session.read(request.kind.audience(), older.url).await;
    }
    loop {
        let page = documents.len() as u32;
        let asked = match exchange {
            Ok(exchange) => {
                let asked = exchange.outgoing.url.clone();
                let length = exchange.length();
                let document = record::document(request, page, exchange, &session.shelf).await;
                amount = amount.saturating_add(Extent::amount_of(&document, length));
                documents
                    .push(Document { asked_api_version: asked_api_version.clone(), ..document });
                asked
            }
            Err(NotSent { reason, message }) => {
                documents.push(record::not_sent(request, page, &request.target, reason, message));
                return documents;
            }
        };
        let Some(link) = documents.last().and_then(next_link) else { return documents };
        let is_repeated = !links.insert(link.clone());
        let repeats = is_repeated.then_some("the list does not end: its next links repeat");
        if let Some(why) = repeats.or_else(|| extent.exceeded(page + 1, amount)) {
            let (reason, why) = (Reason::Unrecognised, why.to_owned());
            documents.push(record::not_sent(request, page + 1, &link, reason, why));
            return documents;
        }
        exchange = session.next_page(request, &asked, &link).await;
    }
}

/// The link to the next page of a document that was read.
fn next_link(document: &Document) -> Option<String> {
    if document.status != Some(200) {
        return None;
    }
    match document.next_page() {
        NextPage::At(link) => Some(link.to_owned()),
        NextPage::None | NextPage::Unreadable => None,
    }
}

/// Whether there is ground to stand on: at least one answer of Azure Resource Manager that is not a
/// refused token, if any was asked for. A blob listing stands on what the Blob service answers.
fn check_footing<'r>(
    snapshot: &Snapshot,
    mut sent: impl Iterator<Item = &'r Request>,
) -> Result<(), CollectError> {
    let is_arm = |request: &Request| request.kind.audience() == Audience::ResourceManager;
    let is_told = |document: &Document| !is_arm(&document.request) && document.status.is_some();
    if !snapshot.header.contents.is_audit() && snapshot.documents().any(is_told) {
        return Ok(());
    }
    let asked: Vec<&Document> =
        snapshot.documents().filter(|document| is_arm(&document.request)).collect();
    let answered = |document: &&&Document| document.status.is_some();
    let Some(answer) = asked.iter().find(answered) else {
        return match asked.iter().find_map(|document| document.failure.as_ref()) {
            Some(failure) => Err(CollectError::NoAnswer { why: failure.message.clone() }),
            None if sent.any(is_arm) => {
                Err(CollectError::NoAnswer { why: "the time limit ended the run first".to_owned() })
            }
            None => Ok(()),
        };
    };
    if asked.iter().any(|document| document.status.is_some_and(|status| status != 401)) {
        return Ok(());
    }
    let message = why_refused(&ErrorBody::of(&answer.body).code);
    Err(CollectError::TokenRefused { status: 401, message })
}

/// What the code of a refused token means; Azure's own sentence repeats parts of the token.
fn why_refused(code: &str) -> String {
    let meaning = match code {
        "" => return "it did not say why".to_owned(),
        "ExpiredAuthenticationToken" => "it has expired",
        "InvalidAuthenticationTokenTenant" => "it is for another tenant than the subscription's",
        "InvalidAuthenticationTokenAudience" => "it is for another service",
        "InvalidAuthenticationToken" => "it is not a token that was issued for it",
        code => return code.to_owned(),
    };
    format!("{meaning} ({code})")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vaudit_model::{ArmId, Body};

    use super::*;

    fn snapshot(documents: impl IntoIterator<Item = Document>) -> Snapshot {
        let header = json!({
            "vaudit_snapshot": 2, "tool_version": "0", "requests": 0, "retries": 0,
            "started_at": "2026-11-22T09:00:00Z", "finished_at": "2026-11-22T09:00:00Z",
            "selection": {"profile": "all"}, "manifest": {"path": null, "text": ""},
        });
        let mut snapshot = Snapshot::empty(serde_json::from_value(header).unwrap());
        documents.into_iter().for_each(|document| snapshot.insert(document));
        snapshot
    }

    fn unsent(kind: RequestKind) -> Document {
        let request = Request::arm(kind, &ArmId::subscription_scope("s"));
        record::not_sent(&request, 0, "/", Reason::SignIn, "no token".to_owned())
    }

    fn answered(kind: RequestKind, status: u16) -> Document {
        let body = Body::json(json!({"error": {"code": "ExpiredAuthenticationToken"}}));
        Document { status: Some(status), failure: None, body, ..unsent(kind) }
    }

    #[test]
    fn a_token_that_ends_after_the_first_answer_is_a_gap() {
        let footing = |first, second| check_footing(&snapshot([first, second]), [].into_iter());
        let (one, other) = (RequestKind::Subscription, RequestKind::VirtualNetworks);
        assert!(footing(answered(one, 200), unsent(other)).is_ok());
        assert!(footing(answered(one, 403), answered(other, 401)).is_ok());
        let refused = footing(answered(one, 401), unsent(other)).unwrap_err();
        assert!(matches!(refused, CollectError::TokenRefused { .. }), "{refused}");
        let silent = footing(unsent(one), unsent(other)).unwrap_err();
        assert!(matches!(silent, CollectError::NoAnswer { .. }), "{silent}");
    }

    #[test]
    fn lists_end_by_pages_and_by_what_they_hold() {
        let arm = Extent::of(Audience::ResourceManager);
        assert_eq!(Extent::of(Audience::Graph), arm);
        assert_eq!(arm.exceeded(199, 64 * 1024 * 1024 - 1), None);
        assert!(arm.exceeded(200, 0).is_some_and(|why| why.contains("pages")));
        assert!(arm.exceeded(1, 64 * 1024 * 1024).is_some_and(|why| why.contains("larger")));
        let blobs = Extent::of(Audience::Storage);
        assert_eq!(blobs.exceeded(1_999, 1_999 * 5_000), None);
        assert!(blobs.exceeded(2_000, 2_000 * 5_000).is_some());
        assert_eq!(blobs.exceeded(9_999, 9_999 * 500), None);
        assert!(blobs.exceeded(10_000, 0).is_some());
    }
}
