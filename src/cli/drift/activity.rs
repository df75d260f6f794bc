//! Who changed what has drifted, and when: what the Activity Log has of each resource.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vaudit_azure::ask_each;
use vaudit_model::drift::{ActivitySearch, Difference, Drift, Event};
use vaudit_model::fact::{Fact, Gap, List, Reason};
use vaudit_model::reader::Node;
use vaudit_model::snapshot::Header;
use vaudit_model::{ArmId, Request, Snapshot};

use crate::arguments::Target;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::sources::LiveAudit;

/// How far back Azure keeps the log, less a day for clocks that differ.
const REACH: SignedDuration = SignedDuration::from_hours(89 * 24);
/// How many resources are asked about at most: the log allows few requests an hour.
const RESOURCES: usize = 50;
/// How many entries a difference shows.
const ENTRIES: usize = 3;

/// Looks for each difference's resource, and for those around it, in the Activity Log. What cannot be
/// read of it is a gap of the search, not of the comparison.
pub(super) async fn tell(drift: &mut Drift, live: &LiveAudit, target: &Target) {
    let until = Timestamp::now();
    let baseline = drift.baseline.header.finished_at;
    let since = baseline.max(until - REACH);
    let mut asked: BTreeMap<ArmId, Request> = BTreeMap::new();
    let mut unasked = 0_usize;
    for difference in drift.differences() {
        for id in around(difference) {
            if asked.len() < RESOURCES {
                let request = Request::activity(&id, since, until);
                asked.entry(id).or_insert(request);
            } else if !asked.contains_key(&id) {
                unasked += 1;
            }
        }
    }
    let requests: Vec<Request> = asked.values().cloned().collect();
    let mut lost = Vec::new();
    if unasked > 0 {
        let message = format!(
            "the Activity Log was asked about {RESOURCES} resources only, and {unasked} more have changed"
        );
        lost.push(Gap::because(Reason::NotCollected, message));
    }
    match read(live, &requests, target).await {
        Ok(snapshot) => {
            let mut events: BTreeMap<ArmId, Vec<Event>> = BTreeMap::new();
            for (id, request) in asked {
                events.insert(id, told(&snapshot, &request, &mut lost));
            }
            for difference in drift.deployments.iter_mut().flat_map(|own| &mut own.differences) {
                let own = around(difference).into_iter().filter_map(|id| events.get(&id));
                let mut own: Vec<Event> = own.flatten().cloned().collect();
                own.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.operation.cmp(&b.operation)));
                own.dedup();
                own.truncate(ENTRIES);
                difference.activity = own;
            }
        }
        Err(failure) => {
            let message =
                format!("the Activity Log could not be read: {}", failure.messages.join("; "));
            lost.push(Gap::because(Reason::Transport, message));
        }
    }
    drift.activity = ActivitySearch::From { since, is_cut: since > baseline, lost };
}

/// The resource of a difference and those around it, up to the top-level one: a subnet may be changed
/// through its network. What lies in the directory is in another log.
fn around(difference: &Difference) -> Vec<ArmId> {
    let mut ids = Vec::new();
    if difference.lost.is_some() {
        return ids;
    }
    let mut next = ArmId::parse(&difference.resource).ok();
    while let Some(id) = next.filter(|id| id.resource_type().is_some()) {
        next = id.parent();
        ids.push(id);
    }
    ids
}

async fn read(
    live: &LiveAudit,
    requests: &[Request],
    target: &Target,
) -> Result<Snapshot, Failure> {
    let header = Header::beginning(env!("CARGO_PKG_VERSION"), Timestamp::now());
    if requests.is_empty() {
        return Ok(Snapshot::empty(header));
    }
    let asking = async {
        let session = Connection::of(live).session(&[], Arc::new(|_| {})).await?;
        let snapshot = ask_each(&session, requests, header).await;
        snapshot.map_err(|error| Failure::new(error.to_string()))
    };
    let Some(seconds) = target.max_duration else { return asking.await };
    let ended = tokio::time::timeout(Duration::from_secs(seconds), asking).await;
    ended.unwrap_or_else(|_| Err(Failure::new("the time limit ended first")))
}

/// The changes among a resource's events; how each ended, not that it began.
fn told(snapshot: &Snapshot, request: &Request, lost: &mut Vec<Gap>) -> Vec<Event> {
    let list = match snapshot.list(request) {
        Fact::Known(list, _) => list,
        Fact::Absent(_) => List::complete(Vec::new()),
        Fact::Unread(gap) => List { items: Vec::new(), missing: Some(gap) },
    };
    if let Some(gap) = list.missing {
        // One missing permission is one thing to do, whatever the resource.
        let gap = match gap.reason {
            Reason::Forbidden => Gap { scope: subscription(request), ..gap },
            _ => gap,
        };
        if !lost.contains(&gap) {
            lost.push(gap);
        }
    }
    list.items.iter().filter_map(event).collect()
}

fn subscription(request: &Request) -> Option<String> {
    let id = ArmId::parse(&request.target).ok()?;
    Some(ArmId::subscription_scope(id.subscription()?).to_string())
}

fn event(node: &Node<'_>) -> Option<Event> {
    let text = |node: Node<'_>| node.text().value().cloned();
    let status = text(node.at("status").at("value"));
    let is_under_way = status.as_deref().is_some_and(|status| {
        ["Started", "Accepted"].iter().any(|own| status.eq_ignore_ascii_case(own))
    });
    let operation = text(node.at("operationName").at("value"))?;
    let is_change = ["/write", "/delete", "/action"]
        .iter()
        .any(|verb| operation.to_ascii_lowercase().ends_with(verb));
    (is_change && !is_under_way).then_some(())?;
    let at = *node.at("eventTimestamp").instant().value()?;
    Some(Event { at, caller: text(node.at("caller")), operation, status })
}
