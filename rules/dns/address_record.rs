//! Does the zone hold an address that leads into the server's subnet?

use std::net::Ipv4Addr;

use vaudit_model::estate::{AddressRecord, Subnet};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Tier,
};

/// DNS007.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "DNS007",
        name: "server-address-record",
        title: "The zone holds an address record for the server",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S10: for the pods to communicate with the SQL instance",
        setting: "",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::PrivateEndpoints,
        Need::VirtualNetworks,
        Need::VirtualNetworkLinks,
        Need::RecordSets,
    ],
    subject: |estate| estate.zone_subject(),
    page: include_str!("address_record.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = estate.server().required("PLC002")?;
    let zone = estate.zone_id();
    let (zone, _) = zone.required("PG008")?;
    let records = estate.address_records();
    let (records, source) = records.required("PG008")?;
    estate.postgres_subnet_id().required("PG004")?;
    let subnet = estate.server_subnet();
    let (subnet, _) = subnet.required("NET002")?;
    let mut missing = records.missing.clone();
    let mut seen = Vec::new();
    for record in &records.items {
        match leads_into(record, subnet, &mut seen) {
            Ok(Some(address)) => {
                let name = record.id.name();
                let message =
                    format!("The record {name} leads to {address} in {}.", subnet.id.name());
                let evidence = Evidence::at(source)
                    .observed(format!("{name}: {address}"))
                    .expected(expected(subnet));
                return Ok(vec![Judgement::pass(zone.as_str(), message).with(evidence)]);
            }
            Ok(None) => {}
            Err(gap) => {
                missing.get_or_insert(gap);
            }
        }
    }
    if let Some(gap) = missing {
        return Err(gap.into());
    }
    let (state, state_source) = server.state.required("PLC002")?;
    if !state.eq_ignore_ascii_case("Ready") {
        let message = format!(
            "the zone holds no address record for the server, which is {state}: it writes one once it is Ready"
        );
        return Err(Gap::because(Reason::ServerState, message).at(server.id.as_str()).into());
    }
    seen.sort_unstable();
    let observed = if seen.is_empty() { "no address".to_owned() } else { seen.join(", ") };
    let message = format!(
        "The zone {} holds no address in {} that the server wrote, though the server is Ready: its name leads nowhere.",
        zone.name(),
        subnet.id.name()
    );
    let suffix = &estate.deployment.cloud.postgres_suffix;
    let commands = vec![
        Command::new("nslookup").value(&format!("{}.{suffix}", server.id.name())),
        Command::new("az network private-dns record-set a add-record")
            .arg("--resource-group", zone.resource_group().unwrap_or_default())
            .arg("--zone-name", zone.name())
            .flag("--record-set-name <first-label-of-the-alias> --ipv4-address <address>"),
    ];
    let advice = "The server writes its record when it is made and after a failover; a lock on the zone or a delete by hand is the usual reason that it is missing. Look up the alias of the server's public name, and add the record for it.";
    let evidence = [
        Evidence::at(source).observed(observed).expected(expected(subnet)),
        Evidence::at(state_source).observed(state),
    ];
    let failed = Judgement::fail(zone.as_str(), message).with_all(evidence);
    Ok(vec![failed.fix(advice, commands)])
}

/// The first address of a record that lies in the subnet, unless a machine registered it. What was
/// looked at is noted.
fn leads_into(
    record: &AddressRecord,
    subnet: &Subnet,
    seen: &mut Vec<String>,
) -> Result<Option<Ipv4Addr>, Gap> {
    let list = match &record.addresses {
        Fact::Known(list, _) => list,
        Fact::Absent(_) => return Ok(None),
        Fact::Unread(gap) => return Err(gap.clone()),
    };
    let mut inside = None;
    for address in &list.items {
        seen.push(format!("{}: {address}", record.id.name()));
        if subnet.holds(*address)? {
            inside = Some(inside.map_or(*address, |own: Ipv4Addr| own.min(*address)));
        }
    }
    match (inside, &record.auto_registered, &list.missing) {
        (_, Fact::Known(true, _), _) => Ok(None),
        (Some(_), Fact::Unread(gap), _) | (None, _, Some(gap)) => Err(gap.clone()),
        (inside, ..) => Ok(inside),
    }
}

fn expected(subnet: &Subnet) -> String {
    let prefixes = subnet.prefixes.value().map_or(&[][..], Vec::as_slice);
    let prefixes: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
    format!("an address in {}", prefixes.join(", "))
}
