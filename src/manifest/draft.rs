//! The `vaudit.toml` that `vaudit init` writes: what was found is in force, everything else is shown
//! with its default and commented out.

use std::collections::BTreeMap;

use vaudit_model::shell::inert;

use crate::documentation::{heading, line, line_with};
use crate::flags::basic_string;
use crate::keys::{CLOUD, DEPLOYMENT, Key, Table, WAIVER, cloud, deployment, waiver};

/// What is known about the one deployment of a new manifest. Texts may come from Azure: they are
/// made harmless here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Where editors find the JSON Schema, for the directive in the first line.
    pub schema: String,
    /// What is said at the top, a line each.
    pub heading: Vec<String>,
    /// The cloud, where it is not the public one.
    pub cloud: Option<String>,
    /// What was found, by the key's path inside a deployment, such as `backup.account`.
    pub entries: BTreeMap<&'static str, Entry>,
}

/// What was found for a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// What is in force.
    pub value: Option<String>,
    /// What else it could be; shown commented out.
    pub others: Vec<String>,
    /// How it was found, or why it was not.
    pub remark: Option<String>,
}

impl Draft {
    /// The text of the manifest.
    pub fn text(&self) -> String {
        let mut text = format!("#:schema {}\n", inert(&self.schema));
        for line in &self.heading {
            text.push_str(&comment(line));
        }
        text.push('\n');
        text.push_str(&heading(&DEPLOYMENT, ""));
        for key in &deployment::KEYS {
            self.key(&mut text, key, "");
        }
        for table in &deployment::TABLES {
            self.table(&mut text, table);
        }
        text.push('\n');
        text.push_str(&heading(&WAIVER, "# "));
        text.extend(waiver::KEYS.iter().map(|key| line(key, "# ")));
        if let Some(cloud) = &self.cloud {
            text.push('\n');
            text.push_str(&heading(&CLOUD, ""));
            let cloud = basic_string(cloud);
            text.extend(cloud::KEYS.iter().map(|key| line_with(key, &cloud, "")));
        }
        text
    }

    fn table<T>(&self, text: &mut String, table: &Table<T>) {
        text.push_str(&format!("\n# {}\n{}\n", table.about, DEPLOYMENT.heading_of(table.name)));
        for key in table.keys {
            self.key(text, key, table.name);
        }
    }

    fn key<T>(&self, text: &mut String, key: &Key<T>, table: &str) {
        let path =
            if table.is_empty() { key.name.to_owned() } else { format!("{table}.{}", key.name) };
        let Some(entry) = self.entries.get(path.as_str()) else {
            text.push_str(&line(key, "# "));
            return;
        };
        if let Some(remark) = &entry.remark {
            text.push_str(&comment(remark));
        }
        match &entry.value {
            Some(value) => text.push_str(&line_with(key, &basic_string(value), "")),
            None if entry.others.is_empty() => text.push_str(&line(key, "# ")),
            None => {}
        }
        for other in &entry.others {
            text.push_str(&format!("# {} = {}\n", key.name, basic_string(&inert(other))));
        }
    }
}

fn comment(text: &str) -> String {
    match inert(text) {
        text if text.is_empty() => "#\n".to_owned(),
        text => format!("# {text}\n"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{Context, parse};

    fn draft(entries: &[(&'static str, &str)]) -> Draft {
        let entry = |value: &str| Entry { value: Some(value.to_owned()), ..Entry::default() };
        let entries = entries.iter().map(|(key, value)| (*key, entry(value))).collect();
        Draft { entries, schema: "./vaudit.schema.json".to_owned(), ..Draft::default() }
    }

    const NAMED: [(&str, &str); 3] = [
        ("name", "production"),
        ("subscription", "00000000-0000-0000-0000-00000000000a"),
        ("resource_group", "rg-vectice"),
    ];

    #[test]
    fn a_draft_is_a_manifest_that_says_what_was_found_and_nothing_else() {
        let found = [("postgres.server", "pg-vectice"), ("backup.container", "copies")];
        let mut draft = draft(&[&NAMED[..], &found].concat());
        draft.cloud = Some("usgov".to_owned());
        let text = draft.text();
        let read = parse(&text, &Context { today: date(2026, 11, 22) }).unwrap();
        let mut expected = vaudit_model::Deployment::new("production", NAMED[1].1, "rg-vectice");
        expected.postgres.server =
            Some(vaudit_model::deployment::Selector::Name("pg-vectice".to_owned()));
        expected.backup.container = Some("copies".to_owned());
        expected.locations = read.deployments[0].locations.clone();
        expected.cloud = read.deployments[0].cloud.clone();
        assert_eq!(read.deployments, [expected]);
        assert_eq!(read.cloud.name, "usgov");
        assert!(read.waivers.is_empty());
        assert!(text.starts_with("#:schema ./vaudit.schema.json\n"), "{text}");
    }

    #[test]
    fn what_else_it_could_be_is_commented_out_and_cannot_get_out_of_its_comment() {
        let mut draft = draft(&NAMED);
        let hostile = "x\"\nname = \"evil\"\r[cloud]\u{85}\u{2028}\u{1b}[2J";
        let entry = Entry {
            value: None,
            others: vec!["stone".to_owned(), hostile.to_owned()],
            remark: Some(hostile.to_owned()),
        };
        draft.entries.insert("storage.account", entry);
        draft.heading.push(hostile.to_owned());
        let text = draft.text();
        let read = parse(&text, &Context { today: date(2026, 11, 22) }).unwrap();
        assert_eq!(read.deployments[0].storage.account, None);
        assert_eq!(read.deployments[0].name, "production");
        assert!(text.contains("# account = \"stone\"\n"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{85}'), "{text}");
    }
}
