//! Does the server reference a private DNS zone, and does it exist?

use vaudit_model::deployment::PrivateMode;
use vaudit_model::estate::PostgresServer;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

use crate::audited;
use crate::controls::{ISO_27001, MCSB, NIST_800_53, control};

/// PG008.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG008",
        name: "private-dns-zone",
        title: "The server references a private DNS zone, and it exists",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["NS-10"]),
            control(NIST_800_53, &["SC-20"]),
            control(ISO_27001, &["8.20"]),
        ],
        reference: "S07, S32: it will also create a dedicated private DNS zone",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer, Need::ServerZone],
    subject: |estate| estate.server_subject(),
    page: include_str!("private_dns_zone.md"),
    evaluate,
};

const ADVICE: &str = "Link a private DNS zone whose name ends in the cloud's PostgreSQL suffix to the server's network and to the cluster's, then let the server reference it. Azure refuses the change while high availability is on.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let (access, _) = server.access.required("PLC002")?;
    if let Fact::Absent(source) = &access.delegated_subnet {
        return Err(match estate.deployment.postgres.private_mode {
            PrivateMode::Vnet => Stop::absent("PG004", source),
            PrivateMode::PrivateEndpoint | PrivateMode::Either => Stop::not_applicable(
                "the server lies in no virtual network, so it references no zone",
            ),
        });
    }
    access.delegated_subnet.read()?;
    let subject = server.id.as_str();
    let (zone, source) = match &access.private_dns_zone {
        Fact::Known(zone, source) => (zone, source),
        Fact::Absent(source) => {
            let message = "The server lies in a virtual network and references no private DNS zone: nobody there can resolve its name.";
            let evidence = Evidence::at(source).observed("none").expected("a private DNS zone");
            return Ok(vec![
                Judgement::fail(subject, message)
                    .with(evidence)
                    .fix(ADVICE, vec![reference(server, None)]),
            ]);
        }
        Fact::Unread(gap) => return Err(gap.clone().into()),
    };
    let named = Evidence::at(source).observed(zone.as_str());
    match estate.server_zone() {
        Fact::Known(_, source) => {
            let message = format!("The server references the zone {}, which exists.", zone.name());
            let there = Evidence::at(&source).observed("exists");
            Ok(vec![Judgement::pass(subject, message).with_all([named, there])])
        }
        Fact::Absent(source) => {
            let message = format!(
                "The server references the zone {}, which does not exist any more: its name cannot be resolved.",
                zone.name()
            );
            let gone = Evidence::at(&source).observed("absent").expected("a private DNS zone");
            Ok(vec![
                Judgement::fail(subject, message)
                    .with_all([named, gone])
                    .fix(ADVICE, vec![reference(server, Some(zone.as_str()))]),
            ])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}

/// Lets the server reference a zone: the one it names once that is made again, else another.
fn reference(server: &PostgresServer, zone: Option<&str>) -> Command {
    let command = Command::new("az postgres flexible-server update")
        .arg("--resource-group", server.id.resource_group().unwrap_or_default())
        .arg("--name", server.id.name());
    match zone {
        Some(zone) => command.arg("--private-dns-zone", zone),
        None => command.flag("--private-dns-zone <zone-id>"),
    }
}
