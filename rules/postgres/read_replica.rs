//! Is the audited server the primary, not a read replica?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Tier,
};

use crate::audited;

/// PG013.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG013",
        name: "not-a-read-replica",
        title: "The audited server is not a read replica",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S11: create the SQL instance",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("read_replica.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let (subject, name) = (server.id.as_str(), server.id.name());
    let (role, source) = match &server.replication_role {
        Fact::Known(role, source) => (role, source),
        Fact::Absent(source) => {
            if server.source_server.read()?.is_some() {
                let message = format!(
                    "the server {name} was made from another one and does not say whether it still replicates it"
                );
                return Err(Gap::because(Reason::MissingField, message).at(subject).into());
            }
            let message = format!("The server {name} replicates no other server.");
            let evidence = Evidence::at(source).observed("no role, no source server");
            return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
        }
        Fact::Unread(gap) => return Err(gap.clone().into()),
    };
    let evidence = Evidence::at(source).observed(role).expected("Primary or None");
    if server.is_replica() {
        let message = format!(
            "The server {name} is a read replica ({role}): it takes no writes and has no backups of its own."
        );
        let promote = Command::new("az postgres flexible-server replica promote")
            .arg("--resource-group", server.id.resource_group().unwrap_or_default())
            .arg("--name", name)
            .flag("--promote-mode standalone --promote-option planned");
        let advice = "Name the primary in `postgres.server`. If the application was moved to this server on purpose, promote it.";
        return Ok(vec![
            Judgement::fail(subject, message).with(evidence).fix(advice, vec![promote]),
        ]);
    }
    if ["Primary", "None"].iter().any(|own| role.eq_ignore_ascii_case(own)) {
        let message = format!("The server {name} is no read replica.");
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let message = format!("the replication role {role} of {name} is not one vaudit knows");
    Err(Gap::because(Reason::Unrecognised, message).at(subject).into())
}
