//! Does the server run the major version the design asks for?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier,
};

use crate::audited;
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// PG001.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG001",
        name: "postgres-major-version",
        title: "PostgreSQL major version is 13",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["PV-1", "PV-2"]),
            control(NIST_800_53, &["CM-2", "CM-6"]),
            control(ISO_27001, &["8.9"]),
        ],
        reference: "S01, S04: choose PostgreSQL 13",
        setting: "postgres.expected_major",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("major_version.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let (version, source) = server.version.required("PLC002")?;
    let expected = &estate.deployment.postgres.expected_major;
    let major = version.split('.').next().unwrap_or_default();
    let evidence = Evidence::at(source).observed(version).expected(expected);
    let subject = server.id.as_str();
    if major == expected {
        let message = format!("The server runs PostgreSQL {version}.");
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let message = format!("The server runs PostgreSQL {version}, the design asks for {expected}.");
    let judgement = Judgement::fail(subject, message).with(evidence);
    let is_older = matches!((major.parse::<u32>(), expected.parse::<u32>()), (Ok(own), Ok(wanted)) if own < wanted);
    let judgement = if is_older {
        let command = Command::new("az postgres flexible-server upgrade")
            .arg("--resource-group", server.id.resource_group().unwrap_or_default())
            .arg("--name", server.id.name())
            .arg("--version", expected);
        judgement.fix(
            "Upgrade the server in place. Azure upgrades to versions it still supports only; where that refuses, agree on a newer major with the vendor and set `postgres.expected_major`.",
            vec![command],
        )
    } else {
        judgement.fix(
            "There is no downgrade, and a retired version cannot be created anew. Get the vendor's approval of this major and set `postgres.expected_major`, or dump and restore into a server of the expected version that still exists.",
            Vec::new(),
        )
    };
    Ok(vec![judgement])
}
