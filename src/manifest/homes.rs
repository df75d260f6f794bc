//! Where a key belongs that stands in a table which does not know it.

use crate::keys::{CLOUD, DEFAULTS, DEPLOYMENT, WAIVER, cloud, deployment, names, waiver};

/// Where a key of this name belongs, as a help text; none when no table knows it.
pub(crate) fn of(name: &str, table: &str) -> Option<String> {
    let in_defaults = table.split('.').next() == Some(DEFAULTS.name);
    let top = if in_defaults && name != deployment::NAME { &DEFAULTS } else { &DEPLOYMENT };
    if deployment::TABLES.iter().any(|table| table.name == name) {
        return Some(format!("write it as a table of its own, `{}`", top.heading_of(name)));
    }
    let mut homes = Vec::new();
    if names(&deployment::KEYS).any(|key| key == name) {
        homes.push(top.heading());
    }
    for table in &deployment::TABLES {
        if names(table.keys).any(|key| key == name) {
            homes.push(top.heading_of(table.name));
        }
    }
    // Inside a deployment, a key of another table of the deployment is the likelier slip.
    let in_deployment = in_defaults || table.split('.').next() == Some(DEPLOYMENT.name);
    if homes.is_empty() || !in_deployment {
        if names(&waiver::KEYS).any(|key| key == name) {
            homes.push(WAIVER.heading());
        }
        if names(&cloud::KEYS).chain(names(&cloud::CUSTOM_KEYS)).any(|key| key == name) {
            homes.push(CLOUD.heading());
        }
    }
    if homes.is_empty() {
        return None;
    }
    let homes: Vec<_> = homes.iter().map(|home| format!("`{home}`")).collect();
    Some(format!("`{name}` belongs in {}", homes.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn the_table_that_knows_a_key_is_named() {
        for (name, table, help) in [
            ("server", "deployment.storage", "`server` belongs in `[deployment.postgres]`"),
            ("server", "defaults.storage", "`server` belongs in `[defaults.postgres]`"),
            ("tenant", "deployment.backup", "`tenant` belongs in `[[deployment]]`"),
            ("name", "defaults", "`name` belongs in `[[deployment]]`"),
            ("name", "waiver", "`name` belongs in `[[deployment]]` or `[cloud]`"),
            ("graph", "deployment", "`graph` belongs in `[cloud]`"),
            ("reason", "cloud", "`reason` belongs in `[[waiver]]`"),
            (
                "container",
                "deployment.postgres",
                "`container` belongs in `[deployment.storage]` or `[deployment.backup]`",
            ),
            ("dns", "", "write it as a table of its own, `[deployment.dns]`"),
        ] {
            assert_eq!(of(name, table).as_deref(), Some(help));
        }
        assert_eq!(of("colour", "deployment"), None);
    }
}
