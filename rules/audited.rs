//! The audited server, as rules ask for it.

use vaudit_model::estate::PostgresServer;
use vaudit_model::{Estate, Fact, Source, Stop};

/// The audited server. Its absence is reported by PLC002, and by PG009 where a database of another
/// kind stands in its place (`catalogue.md` §0.1 item 7).
pub(crate) fn server<'e>(estate: &'e Estate<'_>) -> Result<(&'e PostgresServer, &'e Source), Stop> {
    let owner = match estate.postgres_of_another_kind() {
        Fact::Known(..) => "PG009",
        Fact::Absent(_) | Fact::Unread(_) => "PLC002",
    };
    estate.server().required(owner)
}
