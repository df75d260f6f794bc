//! Where SARIF results point: the manifest below the source root, and the resource in Azure.

use std::fmt::Write;

use serde_sarif::sarif::{ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region};
use vaudit_model::assessment::RuleResult;
use vaudit_model::deployment::Deployment;
use vaudit_model::shell::inert;

use crate::wording;

/// The symbol code-scanning services resolve to the root of the repository.
pub(crate) const SOURCE_ROOT: &str = "%SRCROOT%";
/// What a result points at when there is no file: the name a manifest has by default.
const NO_FILE: &str = "vaudit.toml";

/// The one location of a result: the key whose expectation is violated, else the deployment's table,
/// else the first line; and the resource.
pub(crate) fn of(result: &RuleResult, deployment: &Deployment, manifest: Option<&str>) -> Location {
    let place = manifest.and_then(|_| place(Some(result), deployment));
    location(&result.judgement.subject, deployment, manifest, place)
}

/// The location of a subject that no key of the manifest is named for: the deployment's table, else the
/// first line; and the resource.
pub(crate) fn of_subject(
    subject: &str,
    deployment: &Deployment,
    manifest: Option<&str>,
) -> Location {
    let place = manifest.and_then(|_| place(None, deployment));
    location(subject, deployment, manifest, place)
}

fn location(
    subject: &str,
    deployment: &Deployment,
    manifest: Option<&str>,
    place: Option<(u32, u32)>,
) -> Location {
    let (line, column) = place.unwrap_or((1, 1));
    let region = Region::builder().start_line(i64::from(line)).start_column(i64::from(column));
    let artifact = ArtifactLocation::builder()
        .uri(relative(manifest.unwrap_or(NO_FILE)))
        .uri_base_id(SOURCE_ROOT)
        .build();
    let physical =
        PhysicalLocation::builder().artifact_location(artifact).region(region.build()).build();
    let logical = LogicalLocation::builder()
        .fully_qualified_name(inert(subject))
        .name(inert(&wording::short_name(subject, deployment)))
        .kind("resource")
        .build();
    Location::builder().physical_location(physical).logical_locations(vec![logical]).build()
}

/// Line and column of the key whose expectation is violated, else of the deployment's table.
pub(crate) fn place(result: Option<&RuleResult>, deployment: &Deployment) -> Option<(u32, u32)> {
    let own = result.and_then(|result| result.location.as_ref());
    let place = own.or_else(|| deployment.locations.nearest(""))?;
    Some((place.line.max(1), place.column.max(1)))
}

/// A path as it is below the root of the source tree.
pub(crate) fn below_the_root(path: &str) -> &str {
    let mut path = path.trim_start_matches('/');
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    path
}

/// A relative path as a URI reference.
fn relative(path: &str) -> String {
    let path = below_the_root(path);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// The URI of a repository without credentials, query and fragment; none when it is not an absolute
/// URI, or something of its credentials may be left.
pub(crate) fn repository(uri: &str) -> Option<String> {
    let uri = uri.split(['?', '#']).next()?;
    let (scheme, rest) = uri.split_once("://")?;
    let plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    if scheme.is_empty() || rest.is_empty() || !uri.chars().all(plain) {
        return None;
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    (!path.contains('@')).then(|| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, uri) in [
            ("vaudit.toml", "vaudit.toml"),
            ("./infra/vaudit.toml", "infra/vaudit.toml"),
            ("a b/100%/é:?#.toml", "a%20b/100%25/%C3%A9%3A%3F%23.toml"),
        ] {
            assert_eq!(relative(path), uri);
        }
    }

    #[test]
    fn credentials_stay_out_of_the_report() {
        for (uri, shown) in [
            ("https://github.com/o/r", Some("https://github.com/o/r")),
            ("https://user:token@github.com/o/r", Some("https://github.com/o/r")),
            ("ssh://git@host", Some("ssh://host/")),
            ("https://host/o/r.git?access_token=S3CRET", Some("https://host/o/r.git")),
            ("https://host/o/r.git#S3CRET", Some("https://host/o/r.git")),
            ("ssh://oauth2/S3CRET@host/g/r.git", None),
            ("git@github.com:o/r.git", None),
            ("https://host/a b", None),
        ] {
            assert_eq!(repository(uri).as_deref(), shown);
        }
    }
}
