//! What the auditor can see of the deployments: by reading everything that the rules need, apart from
//! listings of blobs, which may be long.

use std::collections::BTreeMap;

use vaudit_azure::{Session, read};
use vaudit_engine::{FailOn, Inputs, assess, needs};
use vaudit_model::assessment::{GapUse, Source};
use vaudit_model::blob_listing::Contents;
use vaudit_model::snapshot::Selection;
use vaudit_model::{
    Audience, Deployment, Estate, Fact, Need, Reason, Request, RequestKind, Rule, Snapshot,
};
use vaudit_reports::diagnosis::{Finding, State};

use super::Round;
use crate::collecting::{self, Asked};
use crate::sources::LiveAudit;

/// What would list all blobs of a container. Whether they may be listed, the folders show.
const LONG: [Need; 2] = [Need::SourceBlobs, Need::FolderBlobs];

/// Gaps that say something about the manifest or the deployment, not about what the auditor may do.
const OF_THE_MANIFEST: [Reason; 2] = [Reason::NotConfigured, Reason::Ambiguous];
const OF_THE_DEPLOYMENT: [Reason; 4] =
    [Reason::InProgress, Reason::MissingField, Reason::ServerState, Reason::Unrecognised];

impl Round {
    /// Reads what the rules need, and says what could not be read.
    pub(super) async fn sight(
        &mut self,
        session: &Session,
        live: &LiveAudit,
        deployments: &[Deployment],
        rules: &[&'static Rule],
    ) {
        let mut wanted = needs(rules);
        let lists_blobs = wanted.iter().any(|need| LONG.contains(need));
        wanted.retain(|need| !LONG.contains(need));
        let asked = Asked {
            needs: &wanted,
            selection: Selection::default(),
            contents: Contents::Audit,
            listing: None,
        };
        let snapshot = collecting::quietly(live, deployments, asked, &self.line).await;
        let mut snapshot = match snapshot {
            Ok(snapshot) => snapshot,
            Err(failure) => {
                let said = failure.messages.join("; ");
                self.findings.push(Finding::new("permissions", State::Broken, said));
                return;
            }
        };
        if lists_blobs {
            list_folders(session, &mut snapshot, deployments).await;
        }
        let inputs = Inputs {
            snapshot: &snapshot,
            deployments,
            described: &live.audit.manifest.deployments,
            rules,
            catalogue: vaudit_rules::CATALOGUE,
            waivers: &[],
            profile: "",
            source: Source::Live,
            fail_on: FailOn::Never,
        };
        let assessment = assess(inputs);
        let mut lost: BTreeMap<(Option<String>, Reason, String), Vec<GapUse>> = BTreeMap::new();
        for gap in assessment.deployments.into_iter().flat_map(|own| own.gaps) {
            // What was left out on purpose.
            if gap.reason != Reason::NotCollected {
                let key = (gap.action.clone(), gap.reason, message_of(&gap));
                lost.entry(key).or_default().push(gap);
            }
        }
        if lost.is_empty() {
            let said = format!("everything was answered that {} rules ask for", rules.len());
            self.findings.push(Finding::new("permissions", State::Works, said));
        }
        self.findings.extend(lost.into_values().map(|gaps| finding(&gaps)));
    }
}

/// Looks at the first level of both containers, so that it shows whether they may be listed.
async fn list_folders(session: &Session, snapshot: &mut Snapshot, deployments: &[Deployment]) {
    let mut requests = Vec::new();
    for deployment in deployments {
        let estate = Estate::new(snapshot, deployment);
        if let Fact::Known(url, _) = estate.source_container_url() {
            requests.push(Request::blobs(RequestKind::BackupFolders, &url, None));
        }
    }
    requests.retain(|request| snapshot.document(request).is_none());
    for document in read(session, &requests).await {
        snapshot.insert(document);
    }
}

/// Without an action, the message tells gaps apart.
fn message_of(gap: &GapUse) -> String {
    if gap.action.is_some() { String::new() } else { gap.message.clone() }
}

/// What was lost for one reason, in one or several places.
fn finding(gaps: &[GapUse]) -> Finding {
    let Some(gap) = gaps.first() else {
        return Finding::new("permissions", State::Works, String::new());
    };
    let mut scopes: Vec<&str> = gaps.iter().filter_map(|own| own.scope.as_deref()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let mut rules: Vec<&str> = gaps.iter().flat_map(|own| &own.rules).map(String::as_str).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut said = gap.message.clone();
    if !scopes.is_empty() {
        said.push_str(&format!(", at {}", scopes.join(" and ")));
    }
    if !rules.is_empty() {
        said.push_str(&format!("; indeterminate without it: {}", rules.join(", ")));
    }
    let state = if rules.is_empty() && gap.reason != Reason::Network {
        State::Doubtful
    } else {
        State::Broken
    };
    if OF_THE_MANIFEST.contains(&gap.reason) {
        return Finding::new("manifest", State::Doubtful, said).fix(
            "write it down in the manifest; `vaudit init --config FILE` shows what it could be",
        );
    }
    if OF_THE_DEPLOYMENT.contains(&gap.reason) {
        return Finding::new("deployments", State::Doubtful, said);
    }
    let finding = Finding::new("permissions", state, said);
    match (gap.reason, gap.action.as_deref()) {
        (Reason::Network, _) => finding.fix(
            "leave the firewall closed: run the job inside an admitted network, or let one there run `vaudit list-blobs` (docs/nightly.md)",
        ),
        (Reason::Forbidden, Some(action)) if is_graph(action) => finding
            .fix(format!("let an administrator consent to {action} for the auditor's application:"))
            .run("vaudit permissions"),
        (Reason::Forbidden, Some(action)) => finding
            .fix(format!("give the auditor a role with {action}; this prints one that has what is needed and no more:"))
            .run("vaudit permissions"),
        _ => finding,
    }
}

/// Whether a permission is one of Graph's: ARM's actions have a path.
fn is_graph(action: &str) -> bool {
    RequestKind::ALL
        .iter()
        .any(|kind| kind.audience() == Audience::Graph && kind.permission() == action)
}
