//! Serves a scenario until its standard input ends: `serve SCENARIO|FILE PORT [CA-DIRECTORY]`.

use std::error::Error;
use std::io::{Read as _, Write as _};

use vaudit_simulator::{Options, Scenario, Simulator, Tls};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "compliant".to_owned());
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let tls = arguments.next().map(|directory| Tls { directory: Some(directory.into()) });
    let scenario = if Scenario::NAMES.contains(&name.as_str()) {
        Scenario::named(&name)?
    } else {
        Scenario::parse(&std::fs::read_to_string(&name)?)?
    };
    let simulator = Simulator::start(scenario, Options { port, tls }).await?;
    writeln!(std::io::stdout(), "{}", simulator.url())?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    simulator.stop().await;
    Ok(())
}
