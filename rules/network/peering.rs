//! What NET004 to NET010 have in common: the two networks, and the peering of one to the other.

use vaudit_model::estate::{Peering, VirtualNetwork};
use vaudit_model::{ArmId, Command, Estate, Evaluation, Evidence, Fact, Judgement, Stop};

use crate::audited;

/// From which network a peering is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// From the AKS network.
    Aks,
    /// From the PostgreSQL network.
    Postgres,
}

/// The ids of the two networks. One network for both makes peerings moot.
pub(super) fn networks(estate: &Estate<'_>) -> Result<(ArmId, ArmId), Stop> {
    estate.cluster().required("PLC003")?;
    audited::server(estate)?;
    let subnet = estate.postgres_subnet_id();
    let (subnet, _) = subnet.required("PG004")?;
    let postgres = match (estate.postgres_vnet(), subnet.parent()) {
        (Fact::Absent(source), _) => return Err(Stop::absent("NET002", source)),
        (_, Some(id)) => id,
        (_, None) => return Err(Stop::not_applicable("absent: see NET002")),
    };
    let aks = estate.aks_vnet_id();
    let (aks, _) = aks.required("PLC003")?;
    if *aks == postgres {
        let reason = "cluster and server share one virtual network: see NET003";
        return Err(Stop::not_applicable(reason));
    }
    Ok((aks.clone(), postgres))
}

/// One half of the peering.
pub(super) struct Half<'a> {
    /// The network it belongs to.
    pub(super) own: ArmId,
    /// The network it leads to.
    pub(super) other: ArmId,
    /// The half itself.
    pub(super) peering: Fact<&'a Peering>,
    /// The rule that reports its absence.
    pub(super) owner: &'static str,
}

impl Half<'_> {
    /// The half's id, else that of its network.
    pub(super) fn subject(&self) -> &str {
        self.peering.value().map_or(self.own.as_str(), |peering| peering.id.as_str())
    }
}

/// Both halves, from the AKS network and back. What they let through is moot where one is missing.
pub(super) fn both_halves<'a>(estate: &'a Estate<'_>) -> Result<[Half<'a>; 2], Stop> {
    let (aks, postgres) = networks(estate)?;
    let half = |vnet: &'a Fact<VirtualNetwork>, own: &ArmId, other: &ArmId, owner| Half {
        own: own.clone(),
        other: other.clone(),
        peering: vnet.as_ref().and_then(|vnet, _| vnet.peering_to(other)),
        owner,
    };
    let halves = [
        half(estate.aks_vnet(), &aks, &postgres, "NET004"),
        half(estate.postgres_vnet(), &postgres, &aks, "NET005"),
    ];
    for half in &halves {
        if let Fact::Absent(source) = &half.peering {
            return Err(Stop::absent(half.owner, source));
        }
    }
    Ok(halves)
}

/// Whether the peering from one network to the other exists.
pub(super) fn exists(estate: &Estate<'_>, side: Side) -> Evaluation {
    let (aks, postgres) = networks(estate)?;
    let (own_id, own, other_id) = match side {
        Side::Aks => (&aks, estate.aks_vnet(), &postgres),
        Side::Postgres => (&postgres, estate.postgres_vnet(), &aks),
    };
    let vnet = match own {
        Fact::Known(vnet, _) => vnet,
        // A network that is gone has no peering; only the AKS network gets here.
        Fact::Absent(source) => {
            let evidence = Evidence::at(source).observed("absent").expected(own_id.as_str());
            let message = format!(
                "The virtual network {} does not exist, so it has no peering.",
                own_id.name()
            );
            return Ok(vec![Judgement::fail(own_id.as_str(), message).with(evidence)]);
        }
        Fact::Unread(gap) => return Err(gap.clone().into()),
    };
    match vnet.peering_to(other_id) {
        Fact::Known(peering, source) => {
            let message =
                format!("{} peers {} with {}.", peering.id.name(), own_id.name(), other_id.name());
            let evidence =
                Evidence::at(&source).observed(other_id.as_str()).expected(other_id.as_str());
            Ok(vec![Judgement::pass(own_id.as_str(), message).with(evidence)])
        }
        Fact::Absent(source) => {
            let mut message = format!("{} has no peering to {}.", own_id.name(), other_id.name());
            if let Some(hub) = common_hub(estate, &aks, &postgres) {
                message.push_str(&format!(" Both are peered with {}, but peering is not transitive: that is not the reference design.", hub.name()));
            }
            let evidence =
                Evidence::at(&source).observed(remote_names(vnet)).expected(other_id.as_str());
            let advice = "Create the peering on both sides; delete halves that are Initiated or Disconnected first.";
            Ok(vec![
                Judgement::fail(own_id.as_str(), message)
                    .with(evidence)
                    .fix(advice, vec![create(own_id, other_id), create(other_id, own_id)]),
            ])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}

/// The networks this one is peered with.
fn remotes(vnet: &VirtualNetwork) -> Vec<&ArmId> {
    let mut remotes: Vec<&ArmId> = vnet
        .peerings
        .value()
        .map(|list| list.items.iter().filter_map(|peering| peering.remote.value()).collect())
        .unwrap_or_default();
    remotes.sort();
    remotes
}

fn remote_names(vnet: &VirtualNetwork) -> String {
    let names: Vec<&str> = remotes(vnet).into_iter().map(ArmId::as_str).collect();
    if names.is_empty() { "no peering".to_owned() } else { names.join(", ") }
}

/// A third network both are peered with.
fn common_hub(estate: &Estate<'_>, aks: &ArmId, postgres: &ArmId) -> Option<ArmId> {
    let (own, other) = (estate.aks_vnet().value()?, estate.postgres_vnet().value()?);
    let others = remotes(other);
    let hub = remotes(own)
        .into_iter()
        .find(|remote| *remote != aks && *remote != postgres && others.contains(remote));
    hub.cloned()
}

/// The command that makes one half of a peering.
pub(super) fn create(from: &ArmId, to: &ArmId) -> Command {
    Command::new("az network vnet peering create")
        .arg("--resource-group", from.resource_group().unwrap_or_default())
        .arg("--vnet-name", from.name())
        .arg("--name", &format!("{}-to-{}", from.name(), to.name()))
        .arg("--remote-vnet", to.as_str())
        .flag("--allow-vnet-access")
}
