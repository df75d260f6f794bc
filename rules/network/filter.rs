//! What NET011 and NET012 have in common: a security group and the traffic it should let through.

use vaudit_model::estate::{Filter, SecurityGroup, Subnet};
use vaudit_model::network_path::{AddressSet, Decision, Direction, Stage, State};
use vaudit_model::{ArmId, Command, Estate, Evidence, Fact, Gap, Judgement, Reason, Stop};

/// What no plain read shows, and what is asked before any security group.
const UNSEEN: &str = "Security admin rules of a Virtual Network Manager come before these rules and are not visible to vaudit.";

/// The two ends of the traffic and the subnet whose group is asked.
pub(super) struct Question<'a> {
    pub(super) subnet: &'a Subnet,
    pub(super) direction: Direction,
    pub(super) sources: &'a AddressSet,
    pub(super) destinations: &'a AddressSet,
    /// What keeps the rest of the traffic from being known.
    pub(super) missing: Option<Gap>,
}

/// The subject of a rule about the server's subnet: its id, else the server.
pub(super) fn server_subnet_subject(estate: &Estate<'_>) -> String {
    match estate.postgres_subnet_id() {
        Fact::Known(id, _) => id.to_string(),
        Fact::Absent(_) | Fact::Unread(_) => estate.server_subject(),
    }
}

/// Judges a subnet's group. What is denied fails whatever else is not known.
pub(super) fn judge(estate: &Estate<'_>, question: Question<'_>) -> Result<Judgement, Stop> {
    let Question { subnet, direction, sources, destinations, missing } = question;
    let subject = subnet.id.as_str();
    let (filter, _) = match estate.filter(subnet, direction, sources, destinations) {
        Fact::Known(filter, source) => (filter, source),
        Fact::Absent(source) => return Err(Stop::absent("NET002", &source)),
        Fact::Unread(gap) => return Err(gap.into()),
    };
    let (group, decisions) = match &filter {
        Filter::None(source) => {
            // Whatever is not known of the traffic: nothing holds it up here.
            let message = format!("{} has no network security group. {UNSEEN}", subnet.id.name());
            let evidence = Evidence::at(source).observed("none");
            return Ok(Judgement::pass(subject, message).with(evidence));
        }
        Filter::Group(group, decisions) => (group, decisions),
    };
    if let State::Broken(why) = filter.state() {
        let mut message = format!("{}: {why}. {UNSEEN}", group.id.name());
        if let Some(earlier) = broken_before(estate, direction) {
            message.push(' ');
            message.push_str(&earlier);
        }
        let (advice, command) = allow(group, direction, sources, destinations, decisions);
        return Ok(Judgement::fail(subject, message)
            .with_all(evidence(group, decisions))
            .fix(advice, vec![command]));
    }
    if let Some(gap) = missing {
        return Err(gap.into());
    }
    if let State::Unknown(why) = filter.state() {
        let message = format!("what {} does is not known: {why}", group.id.name());
        return Err(Gap::because(Reason::Unrecognised, message).at(group.id.as_str()).into());
    }
    let mut allowing: Vec<String> = decisions.iter().flat_map(|(_, own)| rules(own)).collect();
    allowing.sort();
    allowing.dedup();
    let way = match direction {
        Direction::Inbound => "in",
        Direction::Outbound => "out",
    };
    let message = format!(
        "{} lets TCP from {sources} to {destinations} {way} on port {} (`{}`). {UNSEEN}",
        group.id.name(),
        ports(decisions),
        allowing.join("`, `"),
    );
    Ok(Judgement::pass(subject, message).with_all(evidence(group, decisions)))
}

/// The rules a decision rests on.
fn rules(decision: &Decision) -> Vec<String> {
    match decision {
        Decision::Allowed { by } => by.clone(),
        Decision::Denied { parts, .. } => parts.iter().flat_map(|(_, by)| by.clone()).collect(),
        Decision::Undecided(doubt) => doubt.rule.clone().into_iter().collect(),
    }
}

fn evidence(group: &SecurityGroup, decisions: &[(u16, Decision)]) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = decisions
        .iter()
        .flat_map(|(port, decision)| {
            let word = if matches!(decision, Decision::Allowed { .. }) { "Allow" } else { "Deny" };
            rules(decision).into_iter().map(move |name| {
                Evidence::at(group.rule_source(&name))
                    .observed(format!("{word} port {port} (`{name}`)"))
                    .expected(format!("Allow port {port}"))
            })
        })
        .collect();
    evidence.dedup();
    evidence
}

fn ports(decisions: &[(u16, Decision)]) -> String {
    let ports: Vec<String> = decisions.iter().map(|(port, _)| port.to_string()).collect();
    ports.join(", ")
}

/// The hop where the way breaks already before this rule's own: mending this one alone would not
/// help.
fn broken_before(estate: &Estate<'_>, direction: Direction) -> Option<String> {
    let own = match direction {
        Direction::Inbound => Stage::InboundRules,
        Direction::Outbound => Stage::OutboundRules,
    };
    let first = estate.way_to_server().first_broken().filter(|hop| hop.stage < own)?;
    let State::Broken(why) = first.state else { return None };
    let chain: Vec<String> = Stage::ALL
        .into_iter()
        .filter(|stage| *stage <= own)
        .map(|stage| stage.to_string())
        .collect();
    let chain = chain.join(" → ");
    Some(format!("On the way {chain} this is not the first broken hop: {} ({why}).", first.stage))
}

/// The rule that would let the traffic through.
fn allow(
    group: &SecurityGroup,
    direction: Direction,
    sources: &AddressSet,
    destinations: &AddressSet,
    decisions: &[(u16, Decision)],
) -> (&'static str, Command) {
    let (name, way) = match direction {
        Direction::Inbound => ("allow-aks-to-postgres", "Inbound"),
        Direction::Outbound => ("allow-postgres", "Outbound"),
    };
    let each = |mut command: Command, flag: &'static str, values: Vec<String>| {
        let mut values = values.iter();
        if let Some(first) = values.next() {
            command = command.arg(flag, first);
        }
        values.fold(command, |command, value| command.value(value))
    };
    let prefixes = |set: &AddressSet| set.prefixes().iter().map(ToString::to_string).collect();
    let command = Command::new("az network nsg rule create")
        .arg("--resource-group", group.id.resource_group().unwrap_or_default())
        .arg("--nsg-name", ArmId::name(&group.id))
        .arg("--name", name)
        .flag("--priority 100")
        .arg("--direction", way)
        .flag("--access Allow --protocol Tcp");
    let command = each(command, "--source-address-prefixes", prefixes(sources));
    let command = each(command, "--destination-address-prefixes", prefixes(destinations));
    let ports = decisions.iter().map(|(port, _)| port.to_string()).collect();
    let command = each(command, "--destination-port-ranges", ports);
    let advice = "Allow the traffic before the rule that denies it: choose a free priority below that rule's, or take away the denial.";
    (advice, command)
}
