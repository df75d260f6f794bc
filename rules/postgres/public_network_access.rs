//! Is public network access to the server off?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use crate::audited;
use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// PG005.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG005",
        name: "postgres-public-network-access",
        title: "Public network access is disabled",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["NS-2"]),
            control(NIST_800_53, &["SC-7"]),
            control(ISO_27001, &["8.20"]),
            control(SOC2, &["CC6.6"]),
        ],
        reference: "S05: use private access for the networking part",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("public_network_access.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let (access, _) = server.access.required("PLC002")?;
    let subject = server.id.as_str();
    let (public, source) = match &access.public_network_access {
        Fact::Known(public, source) => (public, source),
        Fact::Absent(_) if access.delegated_subnet.value().is_some() => {
            // Azure documents the property for servers outside virtual networks only.
            return Err(Stop::not_applicable(
                "the server lies in a virtual network, where this property does not exist",
            ));
        }
        Fact::Absent(source) => {
            let message = "the server does not say whether its public network access is off";
            return Err(Gap::because(Reason::MissingField, message).at(&source.resource).into());
        }
        Fact::Unread(gap) => return Err(gap.clone().into()),
    };
    let evidence = Evidence::at(source).observed(public).expected("Disabled");
    let judgement = match public.to_ascii_lowercase().as_str() {
        "disabled" => Judgement::pass(subject, "Public network access is disabled."),
        "enabled" => {
            let command = Command::new("az postgres flexible-server update")
                .arg("--resource-group", server.id.resource_group().unwrap_or_default())
                .arg("--name", server.id.name())
                .flag("--public-access Disabled");
            Judgement::fail(subject, "Public network access is enabled: the server answers on a public address.")
                .fix("Turn public network access off, once the application reaches the server privately.", vec![command])
        }
        _ => {
            let message = format!("`publicNetworkAccess` is {public}, which vaudit does not know");
            return Err(Gap::because(Reason::Unrecognised, message).at(subject).into());
        }
    };
    Ok(vec![judgement.with(evidence)])
}
