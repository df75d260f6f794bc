//! Is the server a flexible server?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Judgement, Meta, Need, Rule, Severity, Stop, Tier,
};

/// PG009.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG009",
        name: "flexible-server",
        title: "It is a flexible server",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S02: the menu \"Azure Database for PostgreSQL flexible servers\"",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer, Need::Inventory],
    subject: |estate| estate.server_subject(),
    page: include_str!("flexible_server.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.server_subject();
    let (server, source) = match estate.server() {
        Fact::Known(server, source) => (server, source),
        Fact::Absent(source) => {
            // The group's own absence is PLC001's, and the inventory of no group shows nothing.
            if estate.servers().is_absent() {
                return Err(Stop::absent("PLC001", source));
            }
            let other = estate.postgres_of_another_kind();
            let (other, source) = other.required("PLC002")?;
            let message = format!(
                "{} is {}, not a flexible server.",
                other.name(),
                if other.is_type("Microsoft.DBforPostgreSQL/servers") {
                    "a single server, which Azure has retired"
                } else {
                    "a cluster of Cosmos DB for PostgreSQL"
                }
            );
            let evidence = Evidence::at(source)
                .observed(other.as_str())
                .expected("Microsoft.DBforPostgreSQL/flexibleServers");
            let migrate = Command::new("az postgres flexible-server migration create")
                .arg("--resource-group", &estate.deployment.resource_group)
                .flag("--name <new-server> --migration-name <name> --migration-mode offline --properties <file>");
            let advice = "Create a flexible server and migrate the databases into it; then point the application at it.";
            return Ok(vec![
                Judgement::fail(subject, message).with(evidence).fix(advice, vec![migrate]),
            ]);
        }
        Fact::Unread(gap) => return Err(gap.clone().into()),
    };
    if let Some((size, source)) = server.cluster_size.read()?
        && *size > 0
    {
        let message = format!(
            "{} is an elastic cluster of {size} nodes, which the installation guide does not know.",
            server.id.name()
        );
        let evidence = Evidence::at(source).observed(size.to_string());
        return Ok(vec![Judgement::informational(subject, message).with(evidence)]);
    }
    let message = format!("{} is a flexible server.", server.id.name());
    let evidence = Evidence::at(source).observed(server.id.as_str());
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}
