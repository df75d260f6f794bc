//! `vaudit simulate`.

use vaudit_engine::ExitCode;
use vaudit_simulator::{DEMO_AUDITOR, Options, Simulator, Tls};

use crate::arguments::{Simulate, Talk};
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::outputs::to_stdout;
use crate::{sources, stop};

/// Serves a scenario until it is stopped. The address goes to stdout, how to use it to stderr.
///
/// # Errors
///
/// When the scenario has mistakes, or the port cannot be had.
pub(crate) async fn simulate(arguments: &Simulate, talk: &Talk) -> Result<ExitCode, Failure> {
    let scenario = sources::scenario(&arguments.scenario)?;
    let tls = arguments.tls.clone().map(|directory| Tls { directory: Some(directory) });
    let simulator = Simulator::start(scenario, Options { port: arguments.port, tls })
        .await
        .map_err(|error| Failure::new(error.to_string()).because(&error))?;
    let url = simulator.url();
    to_stdout(&format!("{url}\n"))?;
    let conversation = Conversation::new(talk);
    conversation.say(&format!(
        "Azure is simulated at {url}; stop it with Ctrl-C. In vaudit.toml:\n\n[cloud]\nname = \"custom\"\nresource_manager = \"{url}\"\ngraph = \"{url}\"\nauthority = \"{url}\"\nstorage_suffix = \"{}\"\n\nSign in with AZURE_TENANT_ID={} AZURE_CLIENT_ID={} AZURE_CLIENT_SECRET={}",
        simulator.address(),
        DEMO_AUDITOR.tenant,
        DEMO_AUDITOR.client_id,
        DEMO_AUDITOR.client_secret,
    ));
    if let Some(directory) = &arguments.tls {
        let ca = directory.join("ca.pem");
        conversation.say(&format!("Trust its CA with SSL_CERT_FILE={}", ca.display()));
    }
    let mut stopped = stop::watch(None);
    // The sender lives as long as the process, so this ends with a signal only.
    let _ = stopped.changed().await;
    simulator.stop().await;
    Ok(ExitCode::Clean)
}
