//! Do persistent volumes live on the cluster?

use vaudit_model::estate::Disk;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier,
};

use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// AKS004.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AKS004",
        name: "no-persistent-volumes",
        title: "No persistent volumes live on the cluster",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["BR-1"]),
            control(NIST_800_53, &["CP-9"]),
            control(ISO_27001, &["8.13"]),
            control(SOC2, &["A1.2"]),
        ],
        reference: "S35: as there is no persistent data on the cluster, no backup of it is necessary",
        setting: "kubernetes.allowed_volume_namespaces",
    },
    needs: &[Need::Disks],
    subject: |estate| estate.cluster_subject(),
    page: include_str!("persistent_volumes.md"),
    evaluate,
};

/// What the list of disks does not show.
const LIMIT: &str = "Volumes on Azure Files, volumes made by hand and disks of other resource groups are not seen here.";

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (cluster, _) = estate.cluster().required("PLC003")?;
    let disks = estate.disks();
    let (list, source) = disks.required("PLC003")?;
    let subject = cluster.id.as_str();
    let allowed = &estate.deployment.kubernetes.allowed_volume_namespaces;
    let is_allowed =
        |disk: &&Disk| disk.namespace.value().is_some_and(|namespace| allowed.contains(namespace));
    let mut volumes: Vec<&Disk> = list.items.iter().filter(|disk| disk.is_volume()).collect();
    volumes.sort_by(|a, b| a.id.cmp(&b.id));
    let (accepted, volumes): (Vec<&Disk>, Vec<&Disk>) = volumes.into_iter().partition(is_allowed);
    if volumes.is_empty() {
        list.all_read()?;
        let known = match accepted.len() {
            0 => String::new(),
            1 => ", but for one in a namespace the manifest allows".to_owned(),
            count => format!(", but for {count} in namespaces the manifest allows"),
        };
        let message = format!("No disk of the cluster is a persistent volume{known}. {LIMIT}");
        let observed =
            format!("{} disks, {} of them allowed volumes", list.items.len(), accepted.len());
        let evidence = Evidence::at(source).observed(observed);
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let claims: Vec<String> = volumes.iter().map(|disk| claim(disk)).collect();
    let hold = match claims.len() {
        1 => "A disk of the cluster is a persistent volume".to_owned(),
        count => format!("{count} disks of the cluster are persistent volumes"),
    };
    let message =
        format!("{hold}, which the design does not back up: {}. {LIMIT}", claims.join("; "));
    let evidence = volumes.iter().zip(&claims).map(|(disk, claim)| {
        Evidence::at(&disk.tags).observed(claim).expected("no tag of a volume driver")
    });
    let advice = "Move the state into the database or the storage account, or back the cluster up. Where an add-on owns the volume and may lose it, name its namespace in `kubernetes.allowed_volume_namespaces`.";
    let backup = Command::new("az dataprotection backup-instance initialize")
        .flag("--datasource-type AzureKubernetesService --policy-id <policy> --datasource-location")
        .value(&cluster.location.value().map_or_else(|| "<region>".to_owned(), ToString::to_string))
        .arg("--datasource-id", subject);
    Ok(vec![Judgement::fail(subject, message).with_all(evidence).fix(advice, vec![backup])])
}

/// The claim a disk was made for, else the volume, else the disk itself.
fn claim(disk: &Disk) -> String {
    match (disk.claim.value(), disk.namespace.value(), disk.volume.value()) {
        (Some(claim), Some(namespace), _) => format!("claim {claim} in namespace {namespace}"),
        (Some(claim), None, _) => format!("claim {claim}"),
        (None, _, Some(volume)) => format!("volume {volume}"),
        (None, _, None) => format!("disk {}", disk.id.name()),
    }
}
