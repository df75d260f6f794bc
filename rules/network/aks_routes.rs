//! Do the route tables of the cluster's subnets leave the traffic to the server on its way?

use vaudit_model::estate::{Detour, Subnet};
use vaudit_model::network_path::{AddressSet, Course, State};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use super::aks_sources::each_aks_subnet;

/// NET013.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "NET013",
        name: "aks-routes-keep-postgres",
        title: "AKS route tables do not divert PostgreSQL traffic",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S10: for the pods to communicate with the SQL instance",
        setting: "network.allow_virtual_appliance",
    },
    needs: &[
        Need::ManagedCluster,
        Need::PostgresServer,
        Need::VirtualNetworks,
        Need::PrivateEndpoints,
        Need::RouteTables,
    ],
    subject: |estate| estate.aks_vnet_subject(),
    page: include_str!("aks_routes.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    each_aks_subnet(estate, judge)
}

fn judge(
    estate: &Estate<'_>,
    subnet: &Subnet,
    destinations: &AddressSet,
) -> Result<Judgement, Stop> {
    let subject = subnet.id.as_str();
    let name = subnet.id.name();
    let detours = match estate.detours_of(subnet, destinations) {
        Fact::Known(detours, _) => detours,
        Fact::Absent(source) => {
            let message = format!("{name} has no route table.");
            let evidence = Evidence::at(&source).observed("none");
            return Ok(Judgement::pass(subject, message).with(evidence));
        }
        Fact::Unread(gap) => return Err(gap.into()),
    };
    let evidence = detours.iter().map(|detour| {
        Evidence::at(&detour.source)
            .observed(detour.next_hop.to_string())
            .expected("no route that beats the peering")
    });
    let evidence: Vec<Evidence> = evidence.collect();
    let states = detours.iter().map(|detour| detour.state.clone());
    match states.reduce(State::and).unwrap_or(State::Open) {
        State::Open if detours.is_empty() => {
            let message =
                format!("No route of {name} is as specific as the peering and for the server.");
            let table = subnet.route_table.required("NET001")?;
            let evidence = Evidence::at(table.1).observed(table.0.as_str());
            Ok(Judgement::pass(subject, message).with(evidence))
        }
        State::Open => {
            let message =
                format!("The routes of {name} keep the traffic to the server on its way.");
            Ok(Judgement::pass(subject, message).with_all(evidence))
        }
        State::Broken(why) => {
            let message = format!("Traffic of {name} does not reach the server: {why}.");
            let commands = detours.iter().filter(|own| own.course == Course::Lost).map(|own| {
                Command::new("az network route-table route delete")
                    .arg("--ids", &own.source.resource)
            });
            let advice = "Take the route away, or make it less specific than the peering's: the longest prefix wins, and of equal ones the user's.";
            Ok(Judgement::fail(subject, message).with_all(evidence).fix(advice, commands.collect()))
        }
        State::Unknown(why) => Err(unknown(&detours, why).at(subject).into()),
    }
}

/// An appliance or gateway may or may not pass traffic on, which is in no answer.
fn unknown(detours: &[Detour], why: String) -> Gap {
    if detours.iter().any(|detour| detour.course == Course::Unknown) {
        return Gap::because(Reason::Unrecognised, why);
    }
    let message = format!(
        "{why}, and whether that passes it on is not visible; set `network.allow_virtual_appliance` when it does"
    );
    Gap::because(Reason::BeyondReach, message)
}
