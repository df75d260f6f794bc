//! What is made from the code itself: schemas, completions, the manual page.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use serde_json::Value;

use crate::arguments::{Arguments, SchemaOf};
use crate::failure::Failure;

/// A JSON Schema, pretty-printed.
///
/// # Errors
///
/// When it cannot be written as JSON.
pub(crate) fn schema(of: SchemaOf) -> Result<String, Failure> {
    let schema: Value = match of {
        SchemaOf::Report => vaudit_reports::json::schema(),
        SchemaOf::Manifest => vaudit_manifest::json_schema(),
        SchemaOf::Snapshot => vaudit_model::snapshot::schema(),
        SchemaOf::Drift => vaudit_reports::drift::json::schema(),
    };
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(|error| Failure::new("the schema cannot be written").because(&error))
}

/// Completions for a shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "vaudit", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A manual page, in roff: of vaudit, or of one of its commands.
///
/// # Errors
///
/// When there is no such command, or the page cannot be written.
pub(crate) fn manual(name: Option<&str>) -> Result<String, Failure> {
    let mut command = Arguments::command();
    command.build();
    if let Some(name) = name {
        let Some(own) = called(&command, &format!("vaudit-{name}")) else {
            return Err(Failure::new(format!("there is no command `{name}`"))
                .help("`vaudit help` lists the commands"));
        };
        command = own.clone();
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut text)
        .map_err(|error| Failure::new("the manual page cannot be written").because(&error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The command of a name such as `vaudit-snapshot-verify`, at any depth.
fn called<'c>(command: &'c Command, name: &str) -> Option<&'c Command> {
    let mut own = command.get_subcommands();
    own.find_map(|own| match own.get_display_name() {
        Some(display) if display == name => Some(own),
        _ => called(own, name),
    })
}
