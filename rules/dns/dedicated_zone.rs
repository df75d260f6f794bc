//! Is the private DNS zone used by this server alone?

use vaudit_model::deployment::PrivateMode;
use vaudit_model::estate::PostgresServer;
use vaudit_model::{
    ArmId, Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Reason,
    Rule, Severity, Stop, Tier,
};

/// DNS002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS002",
        name: "zone-dedicated",
        title: "The zone is dedicated to this server",
        severity: Severity::Low,
        tier: Tier::S,
        controls: &[],
        reference: "S07: it will also create a dedicated private DNS zone",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer, Need::SubscriptionServers],
    subject: |estate| estate.zone_subject(),
    page: include_str!("dedicated_zone.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = estate.server().required("PLC002")?;
    let zone = zone_of(estate, server)?;
    let all = estate.subscription_servers();
    let mut missing = all.gap().cloned();
    let mut guests: Vec<&PostgresServer> = Vec::new();
    for list in [estate.servers().value(), all.value()].into_iter().flatten() {
        if missing.is_none() {
            missing.clone_from(&list.missing);
        }
        for other in list.items.iter().filter(|other| other.id != server.id) {
            match shares(server, &zone, other) {
                Ok(true) if !guests.iter().any(|own| own.id == other.id) => guests.push(other),
                Ok(_) => {}
                Err(gap) => {
                    missing.get_or_insert(gap);
                }
            }
        }
    }
    guests.sort_by(|a, b| a.id.cmp(&b.id));
    if !guests.is_empty() {
        let names: Vec<&str> = guests.iter().map(|own| own.id.name()).collect();
        let message = format!(
            "The zone {} is used by {} as well. That works, but it is not the reference design.",
            zone.name(),
            names.join(", ")
        );
        let evidence = guests.iter().map(|own| {
            let expected = "a zone of its own";
            Evidence::at(&own.source).observed(zone.as_str()).expected(expected)
        });
        let commands = guests.iter().map(|own| {
            Command::new("az postgres flexible-server update")
                .arg("--resource-group", own.id.resource_group().unwrap_or_default())
                .arg("--name", own.id.name())
                .flag("--private-dns-zone <zone>")
        });
        let advice =
            "Give the other server a zone of its own, linked to the networks it is used from.";
        return Ok(vec![
            Judgement::fail(zone.as_str(), message)
                .with_all(evidence)
                .fix(advice, commands.collect()),
        ]);
    }
    let gap = missing.or_else(|| all.value().and_then(|list| filtered(estate, list)));
    if let Some(gap) = gap {
        return Err(gap.into());
    }
    let message = format!("No other server of the subscription uses the zone {}.", zone.name());
    let seen = all
        .source()
        .map(|source| Evidence::at(source).observed(server.id.name()).expected(server.id.name()));
    Ok(vec![Judgement::pass(zone.as_str(), message).with_all(seen)])
}

/// The zone the server references. A server reached through a private endpoint references none: all
/// such servers share the one private-link zone by design.
fn zone_of(estate: &Estate<'_>, server: &PostgresServer) -> Result<ArmId, Stop> {
    let (access, _) = server.access.required("PG004")?;
    let has_endpoints = estate.deployment.postgres.private_mode != PrivateMode::Vnet;
    if has_endpoints
        && access.private_dns_zone.is_absent()
        && access.delegated_subnet.read()?.is_none()
    {
        return Err(Stop::not_applicable(
            "servers with private endpoints share one zone by design",
        ));
    }
    access.private_dns_zone.required("PG008").map(|(zone, _)| zone.clone())
}

/// Whether another server, which is neither a replica of this one nor what it replicates, references
/// the zone.
fn shares(server: &PostgresServer, zone: &ArmId, other: &PostgresServer) -> Result<bool, Gap> {
    let theirs = other.access.as_ref().and_then(|access, _| access.private_dns_zone.clone());
    match theirs {
        Fact::Known(theirs, _) if theirs == *zone => {}
        Fact::Known(..) | Fact::Absent(_) => return Ok(false),
        Fact::Unread(gap) => return Err(gap),
    }
    Ok(origin(server)? != origin(other)?)
}

/// The server that a group of replicas goes back to.
fn origin(server: &PostgresServer) -> Result<&ArmId, Gap> {
    if !server.is_replica() {
        return Ok(&server.id);
    }
    server.source_server.value().ok_or_else(|| {
        let message = format!("{} does not say which server it replicates", server.id.name());
        Gap::because(Reason::MissingField, message).at(server.id.as_str())
    })
}

/// A list that lacks a server that is known to be in the subscription shows a part only.
fn filtered(estate: &Estate<'_>, all: &List<PostgresServer>) -> Option<Gap> {
    let scope = estate.deployment.subscription_id();
    let group = estate.servers().value().map_or(&[][..], |list| &list.items);
    let known = group.iter().chain(estate.server().value());
    let hidden = known.map(|own| &own.id).find(|id| !all.items.iter().any(|own| own.id == **id))?;
    let message = format!(
        "the list of the subscription's servers does not show {}, so it shows a part only",
        hidden.name()
    );
    Some(Gap::because(Reason::BeyondReach, message).at(scope.as_str()))
}
