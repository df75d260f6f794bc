//! Is the server's subnet delegated to PostgreSQL only, and large enough?

use vaudit_model::estate::{PostgresServer, Subnet};
use vaudit_model::{
    ArmId, Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use crate::audited;
use crate::controls::{MCSB, control};

/// PG007.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG007",
        name: "delegated-subnet",
        title: "The delegated subnet is delegated to PostgreSQL only, and large enough",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[control(MCSB, &["NS-1"])],
        reference: "S06: a dedicated VNet for the PostgreSQL instance",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer, Need::VirtualNetworks],
    subject: |estate| {
        let subnet = estate.server().value().and_then(|server| delegated(server).value().cloned());
        subnet.map_or_else(|| estate.server_subject(), |id| id.to_string())
    },
    page: include_str!("delegated_subnet.md"),
    evaluate,
};

/// The service a server's subnet has to be delegated to.
const SERVICE: &str = "Microsoft.DBforPostgreSQL/flexibleServers";

/// The longest prefix a server's subnet may have: of its 16 addresses Azure keeps five.
const LONGEST_PREFIX: u8 = 28;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let id = delegated(server);
    let (id, _) = id.required("PG004")?;
    let (vnet, _) = estate.postgres_vnet().required("NET002")?;
    let (listed, _) = vnet.subnets.required("NET002")?;
    let Some(subnet) = listed.items.iter().find(|subnet| subnet.id == *id) else {
        listed.all_read()?;
        // Only a read of the subnet itself tells whether it is gone.
        estate.postgres_subnet().required("NET002")?;
        let message = format!("the network of the subnet {} does not list it", id.name());
        return Err(Gap::because(Reason::Unrecognised, message).at(id.as_str()).into());
    };
    let (services, size) = (delegation(subnet), size(subnet));
    let faults: Vec<&Finding> =
        [&services, &size].into_iter().flatten().filter(|finding| finding.is_fault).collect();
    if !faults.is_empty() {
        let message: Vec<&str> = faults.iter().map(|fault| fault.sentence.as_str()).collect();
        let evidence = faults.iter().map(|fault| fault.evidence.clone());
        let advice = "Delegate the subnet to PostgreSQL flexible servers and to nothing else. A delegation in use cannot be changed, and a subnet in use hardly enlarged: then create a new subnet and a server in it, and restore into that.";
        return Ok(vec![
            Judgement::fail(id.as_str(), message.join(" "))
                .with_all(evidence)
                .fix(advice, vec![delegate(id)]),
        ]);
    }
    let (services, size) = (services?, size?);
    let message = format!("{} {}", services.sentence, size.sentence);
    let evidence = [services.evidence, size.evidence];
    Ok(vec![Judgement::pass(id.as_str(), message).with_all(evidence)])
}

fn delegated(server: &PostgresServer) -> Fact<ArmId> {
    server.access.as_ref().and_then(|access, _| access.delegated_subnet.clone())
}

/// What one of the two questions found.
struct Finding {
    is_fault: bool,
    sentence: String,
    evidence: Evidence,
}

fn delegation(subnet: &Subnet) -> Result<Finding, Stop> {
    let (list, source) = subnet.delegations.required("NET002")?;
    let mut services: Vec<&str> =
        list.items.iter().filter_map(|item| item.value().map(String::as_str)).collect();
    services.sort_unstable();
    let observed = if services.is_empty() { "none".to_owned() } else { services.join(", ") };
    let name = subnet.id.name();
    let evidence = Evidence::at(source).observed(&observed).expected(SERVICE);
    let fault =
        |sentence: String| Ok(Finding { is_fault: true, sentence, evidence: evidence.clone() });
    if services.iter().any(|service| !service.eq_ignore_ascii_case(SERVICE)) {
        return fault(format!(
            "The subnet {name} is delegated to {observed}, where it should be {SERVICE} alone."
        ));
    }
    if let Some(gap) = list.items.iter().find_map(Fact::gap).or(list.missing.as_ref()) {
        return Err(gap.clone().into());
    }
    if services.is_empty() {
        return fault(format!("The subnet {name} is not delegated to {SERVICE}."));
    }
    let sentence = format!("The subnet {name} is delegated to PostgreSQL flexible servers.");
    Ok(Finding { is_fault: false, sentence, evidence })
}

fn size(subnet: &Subnet) -> Result<Finding, Stop> {
    let (list, source) = subnet.prefixes.required("NET002")?;
    // Servers get addresses of the fourth version only.
    let own = list.iter().filter(|prefix| prefix.is_ipv4());
    let Some(largest) = own.min_by_key(|prefix| prefix.length()) else {
        let message = format!("the subnet {} shows no IPv4 prefix", subnet.id.name());
        return Err(Gap::because(Reason::MissingField, message).at(subnet.id.as_str()).into());
    };
    let evidence = Evidence::at(source)
        .observed(largest.to_string())
        .expected(format!("/{LONGEST_PREFIX} or larger"));
    if largest.length() <= LONGEST_PREFIX {
        let sentence = format!("Its prefix {largest} is large enough.");
        return Ok(Finding { is_fault: false, sentence, evidence });
    }
    let sentence = format!(
        "The subnet {} has the prefix {largest}; a server needs at least a /{LONGEST_PREFIX}.",
        subnet.id.name()
    );
    Ok(Finding { is_fault: true, sentence, evidence })
}

fn delegate(subnet: &ArmId) -> Command {
    Command::new("az network vnet subnet update")
        .arg("--ids", subnet.as_str())
        .arg("--delegations", SERVICE)
}
