//! Is the server in a state in which Azure makes backups?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Tier,
};

use super::backed_up_server;

/// BKP006.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP006",
        name: "server-makes-backups",
        title: "The server is in a state that makes backups",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S37: the default strategy is a daily backup of the whole instance",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("server_state.md"),
    evaluate,
};

/// States on the way to another one.
const TRANSIENT: [&str; 5] = ["Starting", "Restarting", "Provisioning", "Stopping", "Dropping"];

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = backed_up_server(estate)?;
    let (state, source) = server.state.required("PLC002")?;
    let is = |word: &&str| state.eq_ignore_ascii_case(word);
    let evidence = Evidence::at(source).observed(state).expected("Ready");
    let subject = server.id.as_str();
    if ["Ready", "Updating"].iter().any(&is) {
        let message = format!("The server's state is {state}: backups are made.");
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    if TRANSIENT.iter().any(&is) {
        let message = format!("the server's state is {state}, which does not last");
        return Err(Gap::because(Reason::InProgress, message).at(subject).into());
    }
    let group = server.id.resource_group().unwrap_or_default();
    let (advice, command) = if is(&"Stopped") {
        (
            "Start the server. Azure starts it by itself after seven days; until then nothing is backed up.",
            "az postgres flexible-server start",
        )
    } else if is(&"Inaccessible") {
        (
            "Give the server back the key it is encrypted with: the key vault, the key and the server's identity have to be there. Then restart it.",
            "az postgres flexible-server restart",
        )
    } else if is(&"Disabled") {
        (
            "Find out why the server is disabled: a disabled subscription or a policy is the usual reason.",
            "az postgres flexible-server show",
        )
    } else {
        let message = format!("the server's state {state} is not one vaudit knows");
        return Err(Gap::because(Reason::Unrecognised, message).at(subject).into());
    };
    let command =
        Command::new(command).arg("--resource-group", group).arg("--name", server.id.name());
    let message = format!("The server's state is {state}: no backups are made.");
    Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
}
