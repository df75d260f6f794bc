//! Is the server ready?

use vaudit_model::estate::PostgresServer;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Tier,
};

use crate::audited;

/// PG012.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG012",
        name: "server-ready",
        title: "Server is Ready",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S11: create the SQL instance",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("server_ready.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let (state, source) = server.state.required("PLC002")?;
    let (subject, name) = (server.id.as_str(), server.id.name());
    let evidence = Evidence::at(source).observed(state).expected("Ready");
    let (why, advice, commands) = match state.to_ascii_lowercase().as_str() {
        "ready" => {
            let message = format!("The server {name} is Ready.");
            return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
        }
        "stopped" | "stopping" => (
            "nothing connects to it, and no backup is taken",
            "Start the server. Azure starts a stopped server by itself after seven days, but takes no backups until then.",
            vec![on(server, Command::new("az postgres flexible-server start"))],
        ),
        "inaccessible" => (
            "it cannot reach the key its data is encrypted with",
            "Give the server's identity access to its key again, or enable the key; the server follows by itself. Do not delete the key: without it the data is lost.",
            vec![on(
                server,
                Command::new("az postgres flexible-server show").flag("--query dataEncryption"),
            )],
        ),
        "disabled" => (
            "Azure has switched it off",
            "Find the reason in the activity log and the subscription's state; a support request may be needed.",
            Vec::new(),
        ),
        "dropping" => (
            "it is being deleted",
            "Restore it from a backup at once: the backups of a deleted server are kept for a few days only.",
            vec![
                Command::new("az postgres flexible-server restore")
                    .arg("--resource-group", server.id.resource_group().unwrap_or_default())
                    .flag("--name <new-server>")
                    .arg("--source-server", subject),
            ],
        ),
        "updating" | "starting" | "restarting" | "provisioning" => {
            let message = format!("the server {name} is being changed ({state})");
            return Err(Gap::because(Reason::InProgress, message).at(subject).into());
        }
        _ => {
            let message = format!("the state {state} of the server {name} is not one vaudit knows");
            return Err(Gap::because(Reason::Unrecognised, message).at(subject).into());
        }
    };
    let message = format!("The server {name} is {state}: {why}.");
    Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, commands)])
}

fn on(server: &PostgresServer, command: Command) -> Command {
    command
        .arg("--resource-group", server.id.resource_group().unwrap_or_default())
        .arg("--name", server.id.name())
}
