//! Does the application's database exist?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Tier,
};

/// PG010.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG010",
        name: "vectice-database",
        title: "Database `vectice` exists",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S12: create the two databases (vectice and keycloak)",
        setting: "postgres.vectice_database",
    },
    needs: &[Need::PostgresDatabases],
    subject: |estate| estate.server_subject(),
    page: include_str!("vectice_database.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = estate.server().required("PLC002")?;
    let wanted = &estate.deployment.postgres.vectice_database;
    let databases = estate.databases();
    let (list, source) = databases.required("PLC002")?;
    let subject = server.id.child("databases", wanted).to_string();
    match list.find(source, |database| database.name == *wanted) {
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
