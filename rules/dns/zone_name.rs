//! Has the server's private DNS zone a name that Azure can resolve the server in?

use vaudit_model::estate::{PostgresServer, PrivateDnsZone};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Tier,
};

use crate::controls::{ISO_27001, MCSB, control};

/// DNS001.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS001",
        name: "zone-name-usable",
        title: "Private DNS zone exists and has a usable name",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[control(MCSB, &["NS-10"]), control(ISO_27001, &["8.20"])],
        reference: "S07: it will also create a dedicated private DNS zone",
        setting: "postgres.private_mode",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworkLinks,
        Need::VirtualNetworks,
        Need::ServerZone,
    ],
    subject: |estate| estate.zone_subject(),
    page: include_str!("zone_name.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = estate.server().required("PLC002")?;
    estate.zone_id().required("PG008")?;
    let zone = estate.server_zone();
    let (zone, _) = zone.required("PG008")?;
    let subject = zone.id.as_str();
    let suffix = &estate.deployment.cloud.postgres_suffix;
    // A zone the server references serves an injected server, one found by its name an endpoint.
    let referenced = server.access.as_ref().and_then(|own, _| own.private_dns_zone.clone());
    let is_referenced = referenced.read()?.is_some();
    let expected = if is_referenced {
        format!("a name that ends with .{suffix}, not that of the server itself")
    } else {
        format!("privatelink.{suffix}")
    };
    let named = Evidence::at(&zone.source).observed(&zone.name).expected(expected);
    if let Some(why) = is_referenced.then(|| unusable(server, zone, suffix)).flatten() {
        let message = format!("The zone {} {why}.", zone.name);
        let group = estate.deployment.resource_group.as_str();
        let name = format!("{}.private.{suffix}", server.id.name());
        let wanted = estate.deployment.resource_group_id();
        let wanted = wanted.resource("Microsoft.Network/privateDnsZones", &name);
        let commands = vec![
            Command::new("az network private-dns zone create")
                .arg("--resource-group", group)
                .arg("--name", &name),
            Command::new("az postgres flexible-server update")
                .arg("--resource-group", server.id.resource_group().unwrap_or_default())
                .arg("--name", server.id.name())
                .arg("--private-dns-zone", wanted.as_str()),
        ];
        let advice = "Create a zone of another name, link it to both networks, and let the server use it. High availability has to be off for the change.";
        return Ok(vec![Judgement::fail(subject, message).with(named).fix(advice, commands)]);
    }
    let (state, source) = zone.provisioning_state.required("PG008")?;
    let made = Evidence::at(source).observed(state).expected("Succeeded");
    let reason = match state.to_ascii_lowercase().as_str() {
        "succeeded" => {
            let message = format!("The zone {} exists, and its name can be used.", zone.name);
            return Ok(vec![Judgement::pass(subject, message).with(named).with(made)]);
        }
        "failed" | "canceled" => {
            let message = format!("The last change of the zone {} was {state}.", zone.name);
            let advice = "See the zone's activity log, and repeat the change.";
            let failed = Judgement::fail(subject, message).with(named).with(made);
            return Ok(vec![failed.fix(advice, Vec::new())]);
        }
        "creating" | "updating" | "deleting" => Reason::InProgress,
        _ => Reason::Unrecognised,
    };
    let message = format!("the state of the zone {} is {state}", zone.name);
    Err(Gap::because(reason, message).at(subject).into())
}

/// What is wrong with the name of a zone for a server in a virtual network.
fn unusable(server: &PostgresServer, zone: &PrivateDnsZone, suffix: &str) -> Option<&'static str> {
    let name = zone.name.to_ascii_lowercase();
    let suffix = format!(".{}", suffix.to_ascii_lowercase());
    let Some(prefix) = name.strip_suffix(&suffix).filter(|prefix| !prefix.is_empty()) else {
        return Some(
            "does not have the ending that Azure asks for, so the server's name is not in it",
        );
    };
    if prefix.eq_ignore_ascii_case(server.id.name()) {
        return Some("is named like the server itself, in which Azure cannot resolve it");
    }
    (prefix == "privatelink").then_some("is one for private endpoints, which this server has not")
}
