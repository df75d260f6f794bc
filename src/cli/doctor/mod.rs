//! `vaudit doctor`: everything an audit depends on, one after the other, with what to do about it.

mod identity;
mod network;
mod sight;

use std::path::Path;
use std::time::Duration;

use vaudit_engine::{ExitCode, Profile, select};
use vaudit_model::Rule;
use vaudit_reports::diagnosis::{self, Finding, State};

use crate::arguments::{DEFAULT_MANIFEST, Doctor, Talk};
use crate::connection::Connection;
use crate::conversation::Conversation;
use crate::environment;
use crate::failure::Failure;
use crate::outputs::to_stdout;
use crate::progress::Line;
use crate::sources::{self, LiveAudit};
use crate::terminal::Screen;

/// Looks at everything and prints what it found.
///
/// Ends with 0 when all of it works, 2 when an audit could not be run, and 3 when one could be but
/// something would be in doubt, as the audit itself would.
///
/// # Errors
///
/// When the selection is none, or stdout cannot be written.
pub(crate) async fn doctor(arguments: &Doctor, talk: &Talk) -> Result<ExitCode, Failure> {
    let profile = arguments.profile.as_deref().and_then(Profile::named).unwrap_or_default();
    let selection = &arguments.selection;
    let rules = select(vaudit_rules::CATALOGUE, profile, &selection.rules, &selection.skip)
        .map_err(|error| Failure::new(error.to_string()))?;
    let line = Line::new(!arguments.target.no_progress && !talk.quiet);
    let mut round = Round { findings: Vec::new(), is_unusable: false, line: line.clone() };
    let limit = arguments.target.max_duration.map_or(Duration::MAX, Duration::from_secs);
    let ended = tokio::time::timeout(limit, round.all(arguments, &rules, talk)).await;
    line.finish();
    match ended {
        Ok(ended) => ended?,
        Err(_) => round.fatal(
            Finding::new("time", State::Broken, "the time limit ended the round before its end")
                .fix("give --max-duration more seconds, or see above which host is slow"),
        ),
    }
    let options = Screen::of_stdout(talk.color).table(talk);
    to_stdout(&diagnosis::render(&round.findings, &options))?;
    Ok(round.exit_code())
}

/// What was found so far.
struct Round {
    findings: Vec<Finding>,
    /// Whether an audit could not be run at all.
    is_unusable: bool,
    line: Line,
}

impl Round {
    async fn all(
        &mut self,
        arguments: &Doctor,
        rules: &[&'static Rule],
        talk: &Talk,
    ) -> Result<(), Failure> {
        // A proxy that cannot be read stops everything: nothing may go out directly instead.
        if let Err(failure) = environment::proxy() {
            self.fatal(advised(Finding::new("proxy", State::Broken, said_of(&failure)), &failure));
            return Ok(());
        }
        let Some((connection, live)) = self.manifest(arguments, talk).await? else {
            return Ok(());
        };
        let deployments = match &live {
            Some(live) => live.audit.deployments(&arguments.selection.deployments)?,
            None => Vec::new(),
        };
        self.line.say("looking at the network");
        let is_open = self.network(&connection, &deployments).await?;
        if !is_open {
            self.findings.push(untried("sign-in"));
            return Ok(());
        }
        self.line.say("signing in");
        let Some(session) = self.signed_in(&connection, &deployments).await? else {
            return Ok(());
        };
        let Some(live) = live else {
            self.findings.push(Finding::new(
                "deployments",
                State::Untried,
                "not looked at, because there is no manifest",
            ));
            return Ok(());
        };
        self.line.say("looking at the deployments");
        let seen = self.deployments(&session, deployments).await;
        if !seen.is_empty() {
            self.sight(&session, &live, &seen, rules).await;
        }
        Ok(())
    }

    /// What is to be audited; without a manifest, the way to Azure can be looked at all the same.
    async fn manifest(
        &mut self,
        arguments: &Doctor,
        talk: &Talk,
    ) -> Result<Option<(Connection, Option<LiveAudit>)>, Failure> {
        let target = &arguments.target;
        let is_named =
            target.config.is_some() || target.demo.is_some() || target.subscription.is_some();
        if !is_named && !Path::new(DEFAULT_MANIFEST).exists() {
            let said =
                format!("there is no {DEFAULT_MANIFEST} here; only the way to Azure is looked at");
            let finding = Finding::new("manifest", State::Untried, said);
            self.findings.push(finding.fix("`vaudit init` writes one"));
            return match Connection::to("public", target.credential.as_deref()) {
                Ok(connection) => Ok(Some((connection, None))),
                Err(failure) => {
                    self.fatal(advised(
                        Finding::new("environment", State::Broken, said_of(&failure)),
                        &failure,
                    ));
                    Ok(None)
                }
            };
        }
        match sources::live(target).await {
            Ok(live) => {
                live.warnings.iter().for_each(|warning| Conversation::new(talk).warn(warning));
                let names: Vec<&str> = live
                    .audit
                    .manifest
                    .deployments
                    .iter()
                    .map(|deployment| deployment.name.as_str())
                    .collect();
                let file = live.audit.copy.path.as_deref().unwrap_or("the command line");
                let cloud = &live.audit.manifest.cloud.name;
                let said = format!("{file} names {} in the {cloud} cloud", names.join(", "));
                self.findings.push(Finding::new("manifest", State::Works, said));
                Ok(Some((Connection::of(&live), Some(live))))
            }
            Err(failure) => {
                // An excerpt with the mistakes in it has to be seen whole.
                if failure.rendered.is_some() {
                    Conversation::new(talk).fail(&failure);
                }
                self.fatal(advised(
                    Finding::new("manifest", State::Broken, said_of(&failure)),
                    &failure,
                ));
                Ok(None)
            }
        }
    }

    /// Something without which no audit can be run.
    fn fatal(&mut self, finding: Finding) {
        self.is_unusable = true;
        self.findings.push(finding);
    }

    fn exit_code(&self) -> ExitCode {
        let is_whole = |own: &Finding| matches!(own.state, State::Works | State::Untried);
        match (self.is_unusable, self.findings.iter().all(is_whole)) {
            (true, _) => ExitCode::Unusable,
            (false, false) => ExitCode::Indeterminate,
            (false, true) => ExitCode::Clean,
        }
    }
}

fn untried(what: &'static str) -> Finding {
    Finding::new(what, State::Untried, "not tried, because of what is broken above")
}

/// What a failure says.
fn said_of(failure: &Failure) -> String {
    failure.messages.join("; ")
}

/// The advice of a failure.
fn advised(finding: Finding, failure: &Failure) -> Finding {
    failure.help.iter().fold(finding, |finding, help| finding.fix(help.clone()))
}
