//! A `vaudit.toml` with every key, made from the key table: the documentation of the defaults.

use crate::keys::cloud::CUSTOM_KEYS;
use crate::keys::{
    Absent, CLOUD, DEFAULTS, DEPLOYMENT, Key, Kind, Top, WAIVER, cloud, deployment, waiver,
};

/// A `vaudit.toml` that shows every key with what it is for. Required keys and defaults are in
/// force; what is only an example is commented out.
pub fn commented_defaults() -> String {
    let mut text = heading(&DEFAULTS, "# ");
    text.push('\n');
    text.push_str(&heading(&DEPLOYMENT, ""));
    text.extend(deployment::KEYS.iter().map(|key| line(key, comment_unless_in_force(key))));
    for table in &deployment::TABLES {
        text.push_str(&format!("\n# {}\n{}\n", table.about, DEPLOYMENT.heading_of(table.name)));
        text.extend(table.keys.iter().map(|key| line(key, comment_unless_in_force(key))));
    }
    text.push('\n');
    text.push_str(&heading(&WAIVER, "# "));
    text.extend(waiver::KEYS.iter().map(|key| line(key, "# ")));
    text.push('\n');
    text.push_str(&heading(&CLOUD, ""));
    text.extend(cloud::KEYS.iter().map(|key| line(key, comment_unless_in_force(key))));
    text.extend(CUSTOM_KEYS.iter().map(|key| line(key, "# ")));
    text
}

/// The heading of a table at the top, with what it is.
pub(crate) fn heading(top: &Top, comment: &str) -> String {
    format!("# {}\n{comment}{}\n", top.about, top.heading())
}

fn comment_unless_in_force<T>(key: &Key<T>) -> &'static str {
    if matches!(key.absent, Absent::Unknown(_)) { "# " } else { "" }
}

/// A key with its default or an example.
pub(crate) fn line<T>(key: &Key<T>, comment: &str) -> String {
    let (Absent::Mistake(value) | Absent::Unknown(value) | Absent::Means(value)) = key.absent;
    line_with(key, value, comment)
}

/// A key with a value, in TOML.
pub(crate) fn line_with<T>(key: &Key<T>, value: &str, comment: &str) -> String {
    let choice = match &key.kind {
        Kind::Word(_) | Kind::Number(..) => format!("; {}", key.kind.wants()),
        _ => String::new(),
    };
    format!("{comment}{} = {value}  # {}{choice}\n", key.name, key.about)
}
