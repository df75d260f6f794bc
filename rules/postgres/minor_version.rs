//! Is the server's minor version known, and of its major?

use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Tier,
};

use crate::audited;
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// PG002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG002",
        name: "postgres-minor-version",
        title: "Minor version is known and belongs to the major (\"13.X\")",
        severity: Severity::Low,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["PV-6"]),
            control(NIST_800_53, &["SI-2"]),
            control(ISO_27001, &["8.8"]),
        ],
        reference: "S01: PostgreSQL 13.X",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("minor_version.md"),
    evaluate,
};

/// The last minor releases of majors that get no more of them.
const LAST_MINORS: &[(&str, u32)] = &[("11", 22), ("12", 22), ("13", 23)];

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let (told, source) = server.minor_version.required("PLC002")?;
    let subject = server.id.as_str();
    let (prefix, minor) = match told.split_once('.') {
        Some((prefix, minor)) => (Some(prefix), minor),
        None => (None, told.as_str()),
    };
    let Ok(number) = minor.parse::<u32>() else {
        let message = format!("the minor version {told} is not a number");
        return Err(Gap::because(Reason::Unrecognised, message).at(subject).into());
    };
    let major = server.version.value().map(|version| version.split('.').next().unwrap_or_default());
    if let Some(prefix) = prefix {
        let (version, version_source) = server.version.required("PLC002")?;
        if major != Some(prefix) {
            let message = format!(
                "The server says it runs PostgreSQL {version}, and {told}: the minor version is of another major."
            );
            let advice = "The two fields contradict each other, as in the middle of an upgrade. Ask the server itself (`SELECT version()`), and open a support request if it stays so.";
            let evidence = [
                Evidence::at(source)
                    .observed(told)
                    .expected(format!("a minor version of {version}")),
                Evidence::at(version_source).observed(version),
            ];
            return Ok(vec![
                Judgement::fail(subject, message).with_all(evidence).fix(advice, Vec::new()),
            ]);
        }
    }
    let last = LAST_MINORS.iter().find(|(own, _)| Some(*own) == major);
    let note = match last {
        Some((own, last)) if number < *last => {
            format!(
                " The last release of this major is {own}.{last}; Azure installs minors in the maintenance window."
            )
        }
        _ => String::new(),
    };
    let message = match major {
        Some(major) => format!("The server runs PostgreSQL {major}.{number}.{note}"),
        None => format!("The server's minor version is {number}."),
    };
    let evidence = Evidence::at(source).observed(told).expected("a number");
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}
