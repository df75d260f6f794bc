//! The git work tree around the manifest: what SARIF paths are relative to, and which revision was
//! audited.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

use url::Url;
use vaudit_reports::VersionControl;

/// The root of the work tree a path lies in.
pub(crate) fn work_tree(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// The revision of a work tree, as far as git tells. Without git, or without a remote, there is none.
pub(crate) fn version_control(root: &Path) -> Option<VersionControl> {
    let repository_uri = address(&git(root, &["config", "--get", "remote.origin.url"])?)?;
    let revision_id = git(root, &["rev-parse", "HEAD"])?;
    let branch = git(root, &["symbolic-ref", "--short", "-q", "HEAD"]);
    Some(VersionControl { repository_uri, revision_id, branch })
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// A remote as an address, without what may be secret: the user's name and password, query and
/// fragment. `git@host:path` becomes `ssh://host/path`. None where something may be left of them.
fn address(remote: &str) -> Option<String> {
    let text = if remote.contains("://") {
        remote.to_owned()
    } else {
        // A password may hold the colon that a host ends with, so it goes first.
        let (host, path) =
            remote.rsplit_once('@').map_or(remote, |(_, rest)| rest).split_once(':')?;
        format!("ssh://{host}/{}", path.trim_start_matches('/'))
    };
    let mut url = Url::parse(&text).ok()?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    let text = String::from(url);
    (!text.contains('@') && !text.contains("%40")).then_some(text)
}

/// A path relative to a root, with `/`; none when it lies outside.
pub(crate) fn relative(path: &Path, root: &Path) -> Option<String> {
    let absolute = std::path::absolute(path).ok()?;
    let root = std::path::absolute(root).ok()?;
    // Resolving links first, where both exist: a work tree may be reached through one.
    let absolute = absolute.canonicalize().unwrap_or(absolute);
    let root = root.canonicalize().unwrap_or(root);
    let inside = absolute.strip_prefix(root).ok()?;
    let parts: Vec<String> = inside
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_lose_their_credentials() {
        for (remote, expected) in [
            ("https://user:token@example.com/a/b.git", "https://example.com/a/b.git"),
            ("git@example.com:a/b.git", "ssh://example.com/a/b.git"),
            ("ssh://git@example.com/a/b.git", "ssh://example.com/a/b.git"),
            ("example.com:a/b.git", "ssh://example.com/a/b.git"),
            ("https://example.com/a/b.git?access_token=S3CRET", "https://example.com/a/b.git"),
            ("https://example.com/a/b.git#S3CRET", "https://example.com/a/b.git"),
            ("git@example.com:a/b.git?access_token=S3CRET", "ssh://example.com/a/b.git"),
            ("oauth2:S3CRET@example.com:a/b.git", "ssh://example.com/a/b.git"),
        ] {
            assert_eq!(address(remote).as_deref(), Some(expected), "{remote}");
        }
    }

    #[test]
    fn remotes_that_may_keep_a_secret_are_left_out() {
        for remote in [
            "oauth2:S3CRET@example.com/a/b.git",
            "https://example.com/oauth2:S3CRET@example.com/b.git",
            "https://user:to/S3CRET@example.com/a/b.git",
            "https://example.com/user%40S3CRET/b.git",
            "../b.git",
        ] {
            assert_eq!(address(remote), None, "{remote}");
        }
    }
}
