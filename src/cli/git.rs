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

/// A remote as an address, without the user's name or password: `git@host:path` becomes
/// `ssh://host/path`.
fn address(remote: &str) -> Option<String> {
    let is_scp_like = !remote.contains("://") && remote.contains(':');
    let text = if is_scp_like {
        let (host, path) = remote.split_once(':')?;
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("ssh://{host}/{}", path.trim_start_matches('/'))
    } else {
        remote.to_owned()
    };
    let mut url = Url::parse(&text).ok()?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url.into())
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
        ] {
            assert_eq!(address(remote).as_deref(), Some(expected));
        }
    }
}
