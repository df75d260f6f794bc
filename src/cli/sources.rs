//! Where the manifest and the facts come from: a file, flags, the demo, or a snapshot.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use vaudit_azure::{CredentialKind, Proxy, SignInEnvironment};
use vaudit_manifest::{Context, Flags, Manifest, from_flags, parse};
use vaudit_model::blob_listing::Contents;
use vaudit_model::deployment::Locations;
use vaudit_model::snapshot::ManifestCopy;
use vaudit_model::{Cloud, Deployment, Snapshot};
use vaudit_simulator::{DEMO_AUDITOR, Options, Scenario, Simulator, demo_manifest};

use crate::arguments::{DEFAULT_MANIFEST, Target};
use crate::environment;
use crate::failure::Failure;
use crate::problems;
use crate::snapshot::{HOW_TO_WRITE, read as read_snapshot};

/// What the demo's embedded manifest is called in reports.
const DEMO_MANIFEST: &str = "vaudit-demo.toml";

/// What is audited.
#[derive(Debug)]
pub(crate) struct Audit {
    /// The validated manifest.
    pub(crate) manifest: Manifest,
    /// Its text, for the snapshot.
    pub(crate) copy: ManifestCopy,
}

/// An audit of live facts: the manifest, and whom to sign in as.
pub(crate) struct LiveAudit {
    /// What is audited.
    pub(crate) audit: Audit,
    /// What there is to sign in with.
    pub(crate) sign_in: SignInEnvironment,
    /// The proxy behind which Azure lies.
    pub(crate) proxy: Proxy,
    /// The only credential to use, if one was named.
    pub(crate) credential: Option<CredentialKind>,
    /// The simulator of a demo; it stops when this is dropped.
    pub(crate) simulator: Option<Simulator>,
    /// What is worth saying before the run.
    pub(crate) warnings: Vec<String>,
}

impl Audit {
    /// The deployments of these names, in the order of the manifest; all when none is named.
    ///
    /// # Errors
    ///
    /// When a name is not in the manifest.
    pub(crate) fn deployments(&self, wanted: &[String]) -> Result<Vec<Deployment>, Failure> {
        let all = &self.manifest.deployments;
        if let Some(missing) = wanted.iter().find(|name| !all.iter().any(|own| own.name == **name))
        {
            let names: Vec<&str> = all.iter().map(|own| own.name.as_str()).collect();
            return Err(Failure::new(format!(
                "there is no deployment `{missing}` in the manifest"
            ))
            .help(format!("it has: {}", names.join(", "))));
        }
        let chosen = all.iter().filter(|own| wanted.is_empty() || wanted.contains(&own.name));
        Ok(chosen.cloned().collect())
    }
}

/// The file a manifest was read from; none for flags and for the demo, also when a snapshot of them
/// is judged again.
pub(crate) fn file_of(copy: &ManifestCopy) -> Option<&Path> {
    let path = Path::new(copy.path.as_deref()?);
    // Somebody may have a file of this name all the same.
    let is_embedded = copy.text.starts_with(demo_manifest().trim_end()) || !path.exists();
    let is_demo = path == Path::new(DEMO_MANIFEST) && is_embedded;
    (!is_demo).then_some(path)
}

/// Whether a manifest is the one embedded in the demo, whose simulator is no Azure.
pub(crate) fn is_of_demo(copy: &ManifestCopy) -> bool {
    copy.path.as_deref() == Some(DEMO_MANIFEST) && copy.text.starts_with(demo_manifest().trim_end())
}

/// The present day in UTC.
pub(crate) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Reads the manifest of a live audit or a demo.
///
/// # Errors
///
/// When there is no manifest, or it has mistakes, or the environment has.
pub(crate) async fn live(target: &Target) -> Result<LiveAudit, Failure> {
    if let Some(scenario) = &target.demo {
        return demo(scenario).await;
    }
    let (mut audit, warnings) = match flags(target) {
        Some(flags) => (audit_of_flags(&flags)?, ignored_manifest()),
        None => (audit_of_file(target.config.as_deref())?, Vec::new()),
    };
    consent(&audit.manifest)?;
    let mut cloud = audit.manifest.cloud.clone();
    environment::override_authority(&mut cloud)?;
    use_cloud(&mut audit.manifest, cloud);
    Ok(LiveAudit {
        audit,
        sign_in: environment::sign_in(),
        proxy: environment::proxy()?,
        credential: target.credential.as_deref().and_then(credential),
        simulator: None,
        warnings,
    })
}

/// The manifest that [`live`] would read, where there is one: nothing is started or signed in to.
///
/// # Errors
///
/// When a manifest that is there has mistakes.
pub(crate) fn described(target: &Target) -> Result<Option<Audit>, Failure> {
    if target.demo.is_some() {
        return audit_of_text(Path::new(DEMO_MANIFEST), demo_manifest().to_owned()).map(Some);
    }
    if let Some(flags) = flags(target) {
        return audit_of_flags(&flags).map(Some);
    }
    let is_none = target.config.is_none() && !Path::new(DEFAULT_MANIFEST).exists();
    if is_none { Ok(None) } else { audit_of_file(target.config.as_deref()).map(Some) }
}

/// The audit of a snapshot: with the manifest in it, or with another one.
///
/// # Errors
///
/// When the file is no snapshot, or the manifest has mistakes.
pub(crate) fn offline(file: &Path, config: Option<&Path>) -> Result<(Snapshot, Audit), Failure> {
    let mut snapshot = read_snapshot(file, "snapshot", HOW_TO_WRITE)?.snapshot;
    if snapshot.header.contents != Contents::Audit {
        let name = file.display();
        let message = format!("{name} is a blob listing, which no audit can be judged from alone");
        let with = "audit with it: `vaudit check --blob-listing FILE`";
        return Err(Failure::new(message).help(with).help(HOW_TO_WRITE));
    }
    if let Some(config) = config {
        let audit = audit_of_file(Some(config))?;
        snapshot.header.manifest = audit.copy.clone();
        return Ok((snapshot, audit));
    }
    of_snapshot(snapshot)
}

/// The audit of a snapshot with the manifest in it.
///
/// # Errors
///
/// When the manifest has mistakes.
pub(crate) fn of_snapshot(snapshot: Snapshot) -> Result<(Snapshot, Audit), Failure> {
    let copy = snapshot.header.manifest.clone();
    // Waivers and dates are judged as on the day of the snapshot, so that its report never changes.
    let today = snapshot.header.finished_at.to_zoned(TimeZone::UTC).date();
    let mut manifest = parse(&copy.text, &Context { today }).map_err(|found| {
        problems::in_file(
            Path::new(copy.path.as_deref().unwrap_or("(embedded manifest)")),
            &copy.text,
            &found,
        )
    })?;
    if copy.path.is_none() {
        forget_places(&mut manifest.deployments);
    }
    Ok((snapshot, Audit { manifest, copy }))
}

/// A blob listing that another run made.
///
/// # Errors
///
/// When the file is none.
pub(crate) fn blob_listing(file: &Path) -> Result<Snapshot, Failure> {
    let name = file.display();
    let how =
        "write one with `vaudit list-blobs --output FILE`, where the storage firewall admits you";
    let listing = read_snapshot(file, "blob listing", how)?.snapshot;
    if listing.header.contents != Contents::BlobListing {
        let message = format!("{name} is the snapshot of an audit, not a blob listing");
        let judge = "judge it with `vaudit check --snapshot FILE`";
        return Err(Failure::new(message).help(how).help(judge));
    }
    Ok(listing)
}

async fn demo(name: &str) -> Result<LiveAudit, Failure> {
    let scenario = scenario(name)?;
    let simulator = Simulator::start(scenario, Options::default())
        .await
        .map_err(|error| Failure::new(format!("the demo cannot start: {error}")).because(&error))?;
    let url = simulator.url();
    // The manifest in the snapshot has to name the endpoints, or the snapshot could not be judged
    // again: the estate's blob addresses belong to this cloud only.
    let text = format!(
        "{}\n[cloud]\nname = \"custom\"\nresource_manager = \"{url}\"\ngraph = \"{url}\"\nauthority = \"{url}\"\nstorage_suffix = \"{}\"\n",
        demo_manifest().trim_end(),
        simulator.address(),
    );
    let path = PathBuf::from(DEMO_MANIFEST);
    let audit = audit_of_text(&path, text)?;
    let sign_in = SignInEnvironment {
        tenant_id: Some(DEMO_AUDITOR.tenant.to_owned()),
        client_id: Some(DEMO_AUDITOR.client_id.to_owned()),
        client_secret: Some(DEMO_AUDITOR.client_secret.to_owned()),
        ..SignInEnvironment::default()
    };
    Ok(LiveAudit {
        audit,
        sign_in,
        proxy: Proxy::default(),
        credential: Some(CredentialKind::Environment),
        simulator: Some(simulator),
        warnings: Vec::new(),
    })
}

/// A scenario: a file of that name, else an embedded one.
///
/// # Errors
///
/// When there is none, or it has mistakes.
pub(crate) fn scenario(name: &str) -> Result<Scenario, Failure> {
    let path = Path::new(name);
    let read = if path.is_file() { Scenario::parse(&read(path)?) } else { Scenario::named(name) };
    read.map_err(|error| {
        Failure::new(format!("{name}: {error}"))
            .help("the embedded scenarios are `compliant` and `drifted`")
    })
}

fn flags(target: &Target) -> Option<Flags> {
    Some(Flags {
        subscription: target.subscription.clone()?,
        resource_group: target.resource_group.clone()?,
        client_id: target.client_id.clone(),
        tenant: target.tenant.clone(),
        container: target.container.clone(),
        backup_account: target.backup_account.clone(),
        backup_container: target.backup_container.clone(),
    })
}

fn audit_of_flags(flags: &Flags) -> Result<Audit, Failure> {
    let text = from_flags(flags);
    let mut manifest =
        parse(&text, &Context { today: today() }).map_err(|found| problems::in_flags(&found))?;
    forget_places(&mut manifest.deployments);
    Ok(Audit { manifest, copy: ManifestCopy { path: None, text } })
}

/// A manifest that was made from flags has no lines anybody could look at.
fn forget_places(deployments: &mut [Deployment]) {
    for deployment in deployments {
        deployment.locations = Locations::default();
    }
}

fn ignored_manifest() -> Vec<String> {
    if Path::new(DEFAULT_MANIFEST).exists() {
        vec![format!("{DEFAULT_MANIFEST} is ignored, because the resource group is given by flags")]
    } else {
        Vec::new()
    }
}

fn audit_of_file(config: Option<&Path>) -> Result<Audit, Failure> {
    let path = config.unwrap_or(Path::new(DEFAULT_MANIFEST));
    if config.is_none() && !path.exists() {
        return Err(Failure::new(format!("there is no {DEFAULT_MANIFEST} here"))
            .help("name one with --config FILE")
            .help("or audit one resource group without a manifest: vaudit check --subscription ID --resource-group NAME")
            .help("or look at an example, without any account: vaudit check --demo"));
    }
    audit_of_text(path, read(path)?)
}

fn audit_of_text(path: &Path, text: String) -> Result<Audit, Failure> {
    let manifest = parse(&text, &Context { today: today() })
        .map_err(|found| problems::in_file(path, &text, &found))?;
    let path = Some(path.display().to_string());
    Ok(Audit { manifest, copy: ManifestCopy { path, text } })
}

fn read(path: &Path) -> Result<String, Failure> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(path, &format_args!("it is not UTF-8 text (byte {at})"))
    })
}

fn unreadable(path: &Path, why: &dyn Display) -> Failure {
    Failure::new(format!("{} cannot be read: {why}", path.display()))
}

/// A manifest under review must not be able to send credentials elsewhere.
fn consent(manifest: &Manifest) -> Result<(), Failure> {
    if !manifest.custom_cloud_needs_consent || environment::allows_custom_cloud() {
        return Ok(());
    }
    let message = "the manifest names a custom cloud beyond this machine, and nobody has agreed to send credentials there";
    let help = format!("if these endpoints are meant, set {}=1", environment::CUSTOM_CLOUD_CONSENT);
    Err(Failure::new(message).help(help))
}

fn use_cloud(manifest: &mut Manifest, cloud: Cloud) {
    let shared = Arc::new(cloud.clone());
    for deployment in &mut manifest.deployments {
        deployment.cloud = Arc::clone(&shared);
    }
    manifest.cloud = cloud;
}

/// The credential of a name.
pub(crate) fn credential(name: &str) -> Option<CredentialKind> {
    CredentialKind::IN_ORDER.into_iter().find(|kind| kind.name() == name)
}
