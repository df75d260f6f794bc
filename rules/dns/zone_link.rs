//! What the rules about the links of the server's zone have in common.

use vaudit_model::{ArmId, Command, Estate, Evaluation, Evidence, Fact, Judgement};

/// A link that the server's zone must have.
pub(super) struct Wanted<'a> {
    pub(super) zone: &'a ArmId,
    pub(super) vnet: &'a ArmId,
    /// What its absence means.
    pub(super) without: String,
    /// What stands beside the links of the zone as evidence of that.
    pub(super) beside: Option<Evidence>,
    pub(super) advice: &'static str,
    /// What makes the link: its name, and whether it registers the machines of the network.
    pub(super) flags: [&'static str; 2],
}

/// Judges whether the link is there.
pub(super) fn judge(estate: &Estate<'_>, wanted: Wanted<'_>) -> Evaluation {
    let Wanted { zone, vnet, .. } = wanted;
    let links = estate.zone_links();
    let (links, links_source) = links.required("PG008")?;
    let (link, source) = match estate.zone_link_to(vnet) {
        Fact::Known(link, source) => (link, source),
        Fact::Unread(gap) => return Err(gap.into()),
        Fact::Absent(_) => {
            let linked = links.items.iter().filter_map(|link| link.virtual_network.value());
            let mut linked: Vec<&str> = linked.map(ArmId::as_str).collect();
            linked.sort_unstable();
            let observed = if linked.is_empty() { "no link".to_owned() } else { linked.join(", ") };
            let evidence = Evidence::at(links_source).observed(observed).expected(vnet.as_str());
            let [name, registration] = wanted.flags;
            let command = Command::new("az network private-dns link vnet create")
                .arg("--resource-group", zone.resource_group().unwrap_or_default())
                .arg("--zone-name", zone.name())
                .flag(name)
                .arg("--virtual-network", vnet.as_str())
                .flag(registration);
            let failed = Judgement::fail(zone.as_str(), wanted.without)
                .with_all([evidence].into_iter().chain(wanted.beside));
            return Ok(vec![failed.fix(wanted.advice, vec![command])]);
        }
    };
    let message =
        format!("The zone {} is linked to {} by {}.", zone.name(), vnet.name(), link.id.name());
    let evidence = Evidence::at(&source).observed(vnet.as_str()).expected(vnet.as_str());
    Ok(vec![Judgement::pass(zone.as_str(), message).with(evidence)])
}
