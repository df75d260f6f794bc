//! A live run: signs in, reads, and hands over the snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use vaudit_azure::{
    CollectError, CredentialKind, Session, SignInError, ask_each, collect, sign_in,
};
use vaudit_engine::ExitCode;
use vaudit_model::blob::Shelf;
use vaudit_model::blob_listing::{BlobListing, Contents};
use vaudit_model::least_privilege::ApplicationRoles;
use vaudit_model::snapshot::{Header, Selection, Stopped};
use vaudit_model::{Audience, Deployment, Need, Request, RequestKind, Snapshot};

use crate::arguments::{Talk, Target};
use crate::connection::Connection;
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::progress::Line;
use crate::sources::LiveAudit;
use crate::spool::Spool;
use crate::stop;

/// What a run reads.
pub(crate) struct Asked<'a> {
    /// What is needed of each deployment.
    pub(crate) needs: &'a [Need],
    /// What the header says was asked for.
    pub(crate) selection: Selection,
    /// What the snapshot is to hold.
    pub(crate) contents: Contents,
    /// The blob listing that another run made, in the place of blob requests.
    pub(crate) listing: Option<Snapshot>,
}

/// Reads everything that is needed, shows how far that is, and stops when it is told to.
///
/// # Errors
///
/// When nobody could be signed in, also because time ran out, or Azure Resource Manager answered
/// nothing.
pub(crate) async fn watched(
    live: &LiveAudit,
    deployments: &[Deployment],
    asked: Asked<'_>,
    target: &Target,
    talk: &Talk,
) -> Result<Snapshot, Failure> {
    let line = Line::new(!target.no_progress && !talk.quiet);
    let stop = stop::watch(target.max_duration.map(Duration::from_secs));
    let result = run(live, deployments, asked, stop, &line).await;
    line.finish();
    if let Ok(Snapshot { header, .. }) = &result {
        let waves = line.waves();
        Conversation::new(talk).detail(&format!(
            "read {} requests in {waves} waves, {} sent again",
            header.requests, header.retries
        ));
    }
    result
}

/// Reads everything that is needed, on a line that somebody else shows.
///
/// # Errors
///
/// The same.
pub(crate) async fn quietly(
    live: &LiveAudit,
    deployments: &[Deployment],
    asked: Asked<'_>,
    line: &Line,
) -> Result<Snapshot, Failure> {
    run(live, deployments, asked, stop::watch(None), line).await
}

async fn run(
    live: &LiveAudit,
    deployments: &[Deployment],
    Asked { needs, selection, contents, listing }: Asked<'_>,
    mut stop: watch::Receiver<Option<Stopped>>,
    line: &Line,
) -> Result<Snapshot, Failure> {
    let header = Header {
        contents,
        selection,
        blob_listing: listing.as_ref().map(BlobListing::of),
        manifest: live.audit.copy.clone(),
        ..Header::beginning(env!("CARGO_PKG_VERSION"), Timestamp::now())
    };
    let connection = Connection::of(live);
    let transport = connection.door(line.watcher())?;
    line.say("signing in");
    let mut audiences = audiences(needs);
    audiences.retain(|audience| listing.is_none() || *audience != Audience::Storage);
    let signing_in = sign_in(&transport, &connection.sign_in, connection.credential, &audiences);
    let tokens = tokio::select! {
        tokens = signing_in => tokens.map_err(|error| refused(&error, live.credential))?,
        stopped = stopped(&mut stop) => {
            if stopped == Stopped::OutOfTime {
                return Err(Failure::new("the time limit ended the run before anybody was signed in")
                    .help("check the network and HTTPS_PROXY, or give --max-duration more seconds"));
            }
            let finished_at = Timestamp::now();
            return Ok(Snapshot::empty(Header { stopped: Some(stopped), finished_at, ..header }));
        }
    };
    let shelf = Arc::new(Shelf::backed_by(Spool::default()));
    let session = Session { transport, tokens: Arc::new(tokens), shelf };
    let observer = |progress| line.note(progress);
    let mut snapshot = collect(&session, deployments, needs, header, listing, stop, &observer)
        .await
        .map_err(|error| no_footing(&error))?;
    snapshot.header.identity = session.tokens.identity().clone();
    Ok(snapshot)
}

/// Signs in and asks for the caller's own permissions: those of Resource Manager by these requests,
/// those of Graph, where they matter, by the token.
///
/// # Errors
///
/// When nobody could be signed in, time ran out, or Azure Resource Manager answered nothing.
pub(crate) async fn own_permissions(
    live: &LiveAudit,
    requests: &[Request],
    with_graph: bool,
    target: &Target,
) -> Result<(Snapshot, ApplicationRoles), Failure> {
    let line = Line::new(false);
    let asking = async {
        let header = Header {
            manifest: live.audit.copy.clone(),
            ..Header::beginning(env!("CARGO_PKG_VERSION"), Timestamp::now())
        };
        let audiences: &[Audience] = if with_graph { &[Audience::Graph] } else { &[] };
        let session = Connection::of(live).session(audiences, line.watcher()).await?;
        let snapshot = ask_each(&session, requests, header);
        let mut snapshot = snapshot.await.map_err(|error| no_footing(&error))?;
        snapshot.header.identity = session.tokens.identity().clone();
        let graph = match with_graph {
            true => session.tokens.application_roles().await,
            false => ApplicationRoles::Named(BTreeSet::new()),
        };
        Ok((snapshot, graph))
    };
    let Some(seconds) = target.max_duration else { return asking.await };
    tokio::time::timeout(Duration::from_secs(seconds), asking).await.unwrap_or_else(|_| {
        Err(Failure::new("the time limit ended before the permissions were read"))
    })
}

/// How a run ends that only reads: by whether it was stopped, and whether anything was lost.
pub(crate) fn exit_code(stopped: Option<Stopped>, is_lossy: bool) -> ExitCode {
    match stopped {
        Some(Stopped::Interrupted) => ExitCode::Interrupted,
        Some(Stopped::Terminated) => ExitCode::Terminated,
        Some(Stopped::OutOfTime) => ExitCode::Indeterminate,
        None if is_lossy => ExitCode::Indeterminate,
        None => ExitCode::Clean,
    }
}

/// The services that are asked.
fn audiences(needs: &[Need]) -> Vec<Audience> {
    let kinds =
        RequestKind::ALL.into_iter().filter(|kind| needs.iter().any(|need| kind.serves(*need)));
    let mut audiences: Vec<Audience> = kinds.map(RequestKind::audience).collect();
    audiences.sort_unstable();
    audiences.dedup();
    audiences
}

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

/// What was tried to sign in, and why each credential gave no token.
pub(crate) fn refused(error: &SignInError, only: Option<CredentialKind>) -> Failure {
    let mut ended = error.attempts.iter().filter(|attempt| attempt.configured || only.is_some());
    let mut failure = match ended.next() {
        Some(attempt) => {
            let name = attempt.credential;
            let failure = Failure::new(format!("signing in with `{name}` failed: {}", attempt.why));
            if only.is_some() {
                failure
            } else {
                failure.help(format!(
                    "`{name}` was chosen because the environment sets it up; `--credential` takes another"
                ))
            }
        }
        None => {
            let tried = error.attempts.iter();
            let tried: Vec<String> =
                tried.map(|attempt| format!("{}: {}", attempt.credential, attempt.why)).collect();
            Failure::new("nobody is signed in to Azure")
                .help(format!("tried in this order:\n{}", tried.join("\n")))
                .help("sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET")
        }
    };
    failure.causes = error.attempts.iter().flat_map(|attempt| attempt.details.clone()).collect();
    failure
}

fn no_footing(error: &CollectError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        CollectError::TokenRefused { .. } => {
            failure.help("sign in again; a token ends after about an hour, and must be for Azure Resource Manager in the subscription's tenant, which AZURE_TENANT_ID names")
        }
        CollectError::NoAnswer { .. } => failure
            .help("check the network and HTTPS_PROXY; behind a proxy with a private CA, set SSL_CERT_FILE"),
    }
}
