//! The vaudit command: the only room that prints, reads the environment or ends the process.

mod arguments;
mod catalogue;
mod check;
mod collecting;
mod connection;
mod conversation;
mod doctor;
mod drift;
mod environment;
mod failure;
mod generated;
mod git;
mod history;
mod init;
mod list_blobs;
mod outputs;
mod pack;
mod pending_file;
mod permissions;
mod problems;
mod progress;
mod redaction;
mod rendering;
mod report;
mod simulate;
mod snapshot;
mod sources;
mod spool;
mod stop;
mod terminal;
mod trend;

use std::panic;
use std::process;
use std::time::Duration;

use clap::Parser;
use vaudit_engine::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::outputs::to_stdout;

fn main() -> process::ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors; clap knows which stream each goes to.
            let _ = error.print();
            let code = if error.use_stderr() { ExitCode::Unusable } else { ExitCode::Clean };
            return process::ExitCode::from(code.number());
        }
    };
    let conversation = Conversation::new(&arguments.talk);
    let result = panic::catch_unwind(|| run(&arguments)).unwrap_or_else(|_| {
        Err(Failure::new("vaudit met a fault of its own; nothing it may have printed is a verdict"))
    });
    let code = result.unwrap_or_else(|failure| {
        conversation.fail(&failure);
        ExitCode::Unusable
    });
    process::ExitCode::from(code.number())
}

fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let talk = &arguments.talk;
    match &arguments.command {
        Command::Check(check) => block_on(check::check(check, talk)),
        Command::Collect(collect) => block_on(check::collect(collect, talk)),
        Command::Drift(drift) => block_on(drift::drift(drift, talk)),
        Command::ListBlobs(list) => block_on(list_blobs::list_blobs(list, talk)),
        Command::Doctor(doctor) => block_on(doctor::doctor(doctor, talk)),
        Command::Init(init) => block_on(init::init(init, talk)),
        Command::Permissions(own) => block_on(permissions::permissions(own, talk)),
        Command::Simulate(simulate) => block_on(simulate::simulate(simulate, talk)),
        Command::Report(own) => report::report(own, talk),
        Command::Trend(own) => trend::trend(own, talk),
        Command::Snapshot { command } => snapshot::snapshot(command, talk),
        Command::Rules(rules) => print(&catalogue::list(&rules.profile)),
        Command::Explain { rule } => print(&catalogue::page(rule)?),
        Command::Schema { of } => print(&generated::schema(*of)?),
        Command::Completions { shell } => print(&generated::completions(*shell)),
        Command::Man { command } => print(&generated::manual(command.as_deref())?),
    }
}

/// How long the end of a command may take.
const AT_MOST_AFTERWARDS: Duration = Duration::from_secs(2);

fn block_on(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("the runtime cannot start").because(&error))?;
    let result = runtime.block_on(command);
    // What is under way ends what it started, such as `az`. A name look-up that hangs must not hold
    // up the exit for longer.
    runtime.shutdown_timeout(AT_MOST_AFTERWARDS);
    result
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    to_stdout(text)?;
    Ok(ExitCode::Clean)
}
