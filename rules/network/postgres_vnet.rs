//! Which virtual network does the PostgreSQL server live in, and does it still exist?

use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Source, Tier,
};

use crate::audited;

/// NET002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET002",
        name: "postgres-vnet-determined",
        title: "The PostgreSQL VNet is determined",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S06: a dedicated VNet for the PostgreSQL instance",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer, Need::VirtualNetworks, Need::PrivateEndpoints],
    subject: |estate| estate.server_subject(),
    page: include_str!("postgres_vnet.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let subnet = estate.postgres_subnet_id();
    let (subnet, source) = subnet.required("PG004")?;
    let subject = server.id.as_str();
    let gone = |what: &str, absent: &Source| {
        let message = format!(
            "The server names the subnet {}, but {what} does not exist any more.",
            subnet.name()
        );
        let advice = "Nothing reaches this server. Create a server in an existing network and restore into it; a deleted delegated subnet cannot be put back under a server.";
        let evidence = [
            Evidence::at(source).observed(subnet.as_str()),
            Evidence::at(absent).observed("absent").expected(what),
        ];
        Judgement::fail(subject, message).with_all(evidence).fix(advice, Vec::new())
    };
    match estate.postgres_vnet() {
        Fact::Known(..) => {}
        Fact::Absent(absent) => return Ok(vec![gone("its virtual network", absent)]),
        Fact::Unread(gap) => return Err(gap.clone().into()),
    }
    match estate.postgres_subnet() {
        Fact::Known(..) => {
            let vnet = estate.postgres_vnet_subject();
            let message = "The server lives in a subnet of a virtual network that exists.";
            let evidence = Evidence::at(source).observed(vnet);
            Ok(vec![Judgement::pass(subject, message).with(evidence)])
        }
        Fact::Absent(absent) => Ok(vec![gone("that subnet", &absent)]),
        Fact::Unread(gap) => Err(gap.into()),
    }
}
