//! What the rules about the way from the cluster's subnets to the server have in common.

use vaudit_model::estate::Subnet;
use vaudit_model::network_path::AddressSet;
use vaudit_model::{Estate, Evaluation, Judgement, Stop};

/// Judges each subnet that traffic to the server comes from, against the server's addresses.
pub(super) fn each_aks_subnet(
    estate: &Estate<'_>,
    judge: impl Fn(&Estate<'_>, &Subnet, &AddressSet) -> Result<Judgement, Stop>,
) -> Evaluation {
    estate.cluster().required("PLC003")?;
    estate.server().required("PLC002")?;
    estate.postgres_subnet_id().required("PG004")?;
    let target = estate.server_subnet();
    let (target, _) = target.required("NET002")?;
    let destinations = target.addresses();
    let (destinations, _) = destinations.required("NET002")?;
    let sources = estate.aks_sources();
    let (sources, _) = sources.required("PLC003")?;
    let mut judgements: Vec<Judgement> = sources
        .items
        .iter()
        .map(|subnet| {
            judge(estate, subnet, destinations)
                .unwrap_or_else(|stop| Judgement::stopped(subnet.id.as_str(), stop))
        })
        .collect();
    if let Some(gap) = &sources.missing {
        judgements.push(Judgement::indeterminate(estate.aks_vnet_subject(), gap.clone()));
    }
    Ok(judgements)
}
