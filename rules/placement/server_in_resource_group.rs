//! Is the PostgreSQL server in the deployment's resource group?

use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// PLC002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PLC002",
        name: "server-in-resource-group",
        title: "PostgreSQL server is in the deployment resource group",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["GS-2"]),
            control(NIST_800_53, &["CM-2"]),
            control(ISO_27001, &["8.9"]),
        ],
        reference: "S03, S18: the same resource group as the AKS cluster and the PostgreSQL instance",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("server_in_resource_group.md"),
    evaluate,
};

const ADVICE: &str = "A server that is injected into a virtual network cannot be moved to another resource group: create a new server in the deployment's group, restore a backup or dump into it, and point the application at it. If the manifest names the wrong server or group, correct the manifest.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.server_subject();
    let group = &estate.deployment.resource_group;
    if let Some(elsewhere) =
        estate.outside_resource_group(estate.deployment.postgres.server.as_ref())
    {
        let other = elsewhere.resource_group().unwrap_or("another scope");
        let message =
            format!("The manifest's server {} is in {other}, not in {group}.", elsewhere.name());
        let (list, source) = estate.servers().required("PLC001")?;
        list.all_read()?;
        let evidence = Evidence::at(source)
            .observed(elsewhere.as_str())
            .expected(format!("a server in {group}"));
        return Ok(vec![Judgement::fail(subject, message).with(evidence).fix(ADVICE, Vec::new())]);
    }
    if let Fact::Absent(source) = estate.servers() {
        return Err(Stop::absent("PLC001", source));
    }
    match estate.server() {
        Fact::Known(server, _) => {
            let message = format!("The server {} is in {group}.", server.id.name());
            let evidence = Evidence::at(&server.source).observed(server.id.as_str());
            Ok(vec![Judgement::pass(subject, message).with(evidence)])
        }
        Fact::Absent(source) => {
            let message = match &estate.deployment.postgres.server {
                Some(selector) => {
                    format!(
                        "There is no PostgreSQL flexible server {} in {group}.",
                        selector.name()
                    )
                }
                None => format!("There is no PostgreSQL flexible server in {group}."),
            };
            let evidence = Evidence::at(source)
                .observed("absent from the complete list")
                .expected("a PostgreSQL flexible server");
            Ok(vec![Judgement::fail(subject, message).with(evidence).fix(ADVICE, Vec::new())])
        }
        Fact::Unread(gap) => Err(gap.clone().into()),
    }
}
