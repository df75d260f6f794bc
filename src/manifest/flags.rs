//! A manifest from the command line's flags.

/// The flags that stand for a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--subscription`.
    pub subscription: String,
    /// `--resource-group`.
    pub resource_group: String,
    /// `--client-id`.
    pub client_id: Option<String>,
    /// `--tenant`.
    pub tenant: Option<String>,
    /// `--container`.
    pub container: Option<String>,
    /// `--backup-account`.
    pub backup_account: Option<String>,
    /// `--backup-container`.
    pub backup_container: Option<String>,
}

/// A flag, the key inside a deployment it stands for, and its value.
type Flag = (&'static str, &'static str, fn(&Flags) -> Option<&str>);

/// The flags in the order of the text. The name comes from the resource group.
static FLAGS: [Flag; 8] = [
    ("--resource-group", "name", |flags| Some(&flags.resource_group)),
    ("--tenant", "tenant", |flags| flags.tenant.as_deref()),
    ("--subscription", "subscription", |flags| Some(&flags.subscription)),
    ("--resource-group", "resource_group", |flags| Some(&flags.resource_group)),
    ("--client-id", "service_principal.client_id", |flags| flags.client_id.as_deref()),
    ("--container", "storage.container", |flags| flags.container.as_deref()),
    ("--backup-account", "backup.account", |flags| flags.backup_account.as_deref()),
    ("--backup-container", "backup.container", |flags| flags.backup_container.as_deref()),
];

/// The manifest that says what the flags say, to be parsed like any other.
pub fn from_flags(flags: &Flags) -> String {
    let mut text = String::from("[[deployment]]\n");
    for (_, key, value) in &FLAGS {
        if let Some(value) = value(flags) {
            text.push_str(&format!("{key} = {}\n", basic_string(value)));
        }
    }
    text
}

/// The flag that stands for a key, given inside a deployment (`backup.account`) or in full
/// (`deployment.backup.account`).
pub fn flag_for_key(key: &str) -> Option<&'static str> {
    let key = key.strip_prefix("deployment.").unwrap_or(key);
    FLAGS.iter().find(|(_, own, _)| *own == key).map(|(flag, _, _)| *flag)
}

/// A TOML string of one line.
pub(crate) fn basic_string(value: &str) -> String {
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(basic_string("rg-vectice"), r#""rg-vectice""#);
        assert_eq!(basic_string("a\"\\\n\u{7f}ä"), "\"a\\\"\\\\\\U0000000A\\U0000007Fä\"");
    }
}
