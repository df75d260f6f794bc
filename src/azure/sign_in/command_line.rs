//! The credentials of programs that somebody signed in to: the Azure CLI and the Azure Developer CLI.

use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, Executor,
};
use serde_json::Value;
use tokio::process::{Child, Command};

/// What an error begins with that is about the program's output; the library puts it there.
pub(super) const NO_TOKEN: &str = "invalid data error: ";

/// Tokens of who is signed in to the Azure CLI, in a tenant where one is named.
pub(super) fn azure_cli(tenant_id: Option<String>) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let executor = Program { name: "az", field: "accessToken" };
    Ok(AzureCliCredential::new(Some(AzureCliCredentialOptions {
        subscription: None,
        tenant_id,
        executor: Some(Arc::new(executor)),
    }))?)
}

/// The same of the Azure Developer CLI.
pub(super) fn azure_developer_cli(
    tenant_id: Option<String>,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let executor = Program { name: "azd", field: "token" };
    Ok(AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
        executor: Some(Arc::new(executor)),
        tenant_id,
    }))?)
}

/// Runs one of the programs.
///
/// The library's own way to run it leaves it behind when nobody waits for it any more, and may quote
/// what it printed when that is not understood; it may be a token.
#[derive(Debug)]
struct Program {
    name: &'static str,
    /// Where its answer has the token.
    field: &'static str,
}

#[async_trait::async_trait]
impl Executor for Program {
    async fn run(&self, program: &OsStr, arguments: &[&OsStr]) -> std::io::Result<Output> {
        let mut command = Command::new(program);
        // Nobody is there to answer a question.
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = Running::start(command)?.output().await?;
        if output.status.success() && !self.is_token(&output.stdout) {
            let why = format!("`{}` printed something else than a token", self.name);
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, why));
        }
        Ok(output)
    }
}

/// A program under way. When nobody waits for it any more it is ended, and what it started with it:
/// between us and the program are a shell and mostly a script.
struct Running {
    child: Option<Child>,
    group: Option<u32>,
}

impl Running {
    fn start(mut command: Command) -> std::io::Result<Self> {
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(not(unix))]
        command.kill_on_drop(true);
        let child = command.spawn()?;
        let group = child.id().filter(|_| cfg!(unix));
        Ok(Self { child: Some(child), group })
    }

    async fn output(mut self) -> std::io::Result<Output> {
        let child = self.child.take().ok_or(std::io::ErrorKind::NotFound)?;
        let output = child.wait_with_output().await?;
        self.group = None;
        Ok(output)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(group) = self.group else { return };
        let mut kill = std::process::Command::new("/bin/sh");
        kill.arg("-c").arg(format!("kill -s KILL -- -{group}"));
        // It may have ended by itself just now, which is as good.
        let _ = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

impl Program {
    fn is_token(&self, output: &[u8]) -> bool {
        let answer = serde_json::from_slice::<Value>(output);
        answer.is_ok_and(|answer| answer.get(self.field).is_some_and(Value::is_string))
    }
}
