//! Why an audit could not be run: one plain sentence, what to do about it, and the causes for `-v`.

use std::fmt::Write as _;

use vaudit_model::shell::inert_lines;

/// A failure that ends the command with exit code 2.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    /// What is wrong, without the word "error". Several, when several things are.
    pub(crate) messages: Vec<String>,
    /// What to do.
    pub(crate) help: Vec<String>,
    /// The chain of causes, outermost first.
    pub(crate) causes: Vec<String>,
    /// Text that is already laid out, such as an excerpt of the manifest; printed instead of the
    /// messages.
    pub(crate) rendered: Option<String>,
}

impl Failure {
    /// A failure with one message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { messages: vec![message.into()], ..Self::default() }
    }

    /// Adds advice.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds the chain of causes of an error.
    #[must_use]
    pub(crate) fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.causes.push(error.to_string());
            cause = error.source();
        }
        self
    }

    /// The text for stderr.
    pub(crate) fn render(&self, verbose: bool) -> String {
        let mut text = String::new();
        if let Some(rendered) = &self.rendered {
            text.push_str(rendered.trim_end());
            text.push('\n');
        }
        let red = anstyle_error();
        let bold_end = "\u{1b}[0m";
        for message in &self.messages {
            let _ = writeln!(text, "{red}error{bold_end}: {}", inert_lines(message));
        }
        for help in &self.help {
            let _ = writeln!(text, "  = help: {}", inert_lines(help).replace('\n', "\n          "));
        }
        if verbose {
            for cause in &self.causes {
                let _ =
                    writeln!(text, "  caused by: {}", inert_lines(cause).replace('\n', "\n    "));
            }
        } else if !self.causes.is_empty() {
            text.push_str("  = note: -v shows the causes\n");
        }
        text
    }
}

/// Bold red; the stream takes it out again where colours are not wanted.
fn anstyle_error() -> &'static str {
    "\u{1b}[1;31m"
}
