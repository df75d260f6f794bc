//! Whether a database exists.

use vaudit_model::{ArmId, Command, Estate, Evaluation, Evidence, Fact, Judgement};

use crate::audited;

/// The database of the audited server, whether or not it can be read.
pub(super) fn subject(estate: &Estate<'_>, wanted: &str) -> String {
    let server = estate.server_subject();
    match ArmId::parse(&server) {
        Ok(id) if id.is_type("Microsoft.DBforPostgreSQL/flexibleServers") => {
            id.child("databases", wanted).to_string()
        }
        _ => server,
    }
}

/// Judges whether the complete list of databases holds a name, which is case-sensitive.
pub(super) fn exists(estate: &Estate<'_>, wanted: &str) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let databases = estate.databases();
    let (list, source) = databases.required("PLC002")?;
    let subject = server.id.child("databases", wanted).to_string();
    match list.find(source, |database| database.name == wanted) {
        Fact::Known(database, _) => {
            let evidence = Evidence::at(&database.source).observed(&database.name).expected(wanted);
            Ok(vec![
                Judgement::pass(subject, format!("The database {wanted} exists.")).with(evidence),
            ])
        }
        Fact::Absent(_) => {
            let mut names: Vec<&str> = list.items.iter().map(|item| item.name.as_str()).collect();
            names.sort_unstable();
            let near = list.items.iter().find(|item| item.name.eq_ignore_ascii_case(wanted));
            let message = match near {
                Some(near) => format!(
                    "There is no database {wanted}; {} differs in casing, which PostgreSQL minds.",
                    near.name
                ),
                None => format!("There is no database {wanted} on the server."),
            };
            let command = Command::new("az postgres flexible-server db create")
                .arg("--resource-group", server.id.resource_group().unwrap_or_default())
                .arg("--server-name", server.id.name())
                .arg("--database-name", wanted);
            let advice = "Restore the database from a backup if it was dropped; an empty one only helps a new installation.";
            let evidence = Evidence::at(source).observed(names.join(", ")).expected(wanted);
            Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
        }
        Fact::Unread(gap) => Err(gap.into()),
    }
}
