//! What is said on stderr, beside the report.

use std::io::Write;

use anstream::AutoStream;
use vaudit_model::shell::inert_lines;

use crate::arguments::Talk;
use crate::failure::Failure;
use crate::terminal;

/// Speaks on stderr, as much as was asked for.
pub(crate) struct Conversation {
    talk: Talk,
}

impl Conversation {
    /// A conversation as the command line wants it.
    pub(crate) fn new(talk: &Talk) -> Self {
        Self { talk: talk.clone() }
    }

    /// Says something worth knowing.
    pub(crate) fn say(&self, text: &str) {
        if !self.talk.quiet {
            self.write(&format!("{}\n", inert_lines(text)));
        }
    }

    /// Says something only who asked for more wants to know.
    pub(crate) fn detail(&self, text: &str) {
        if self.talk.verbose > 0 {
            self.say(text);
        }
    }

    /// Says something worth minding.
    pub(crate) fn warn(&self, text: &str) {
        if !self.talk.quiet {
            self.write(&format!("\u{1b}[1;33mwarning\u{1b}[0m: {}\n", inert_lines(text)));
        }
    }

    /// Says why nothing was audited.
    pub(crate) fn fail(&self, failure: &Failure) {
        self.write(&failure.render(self.talk.verbose > 0));
    }

    fn write(&self, text: &str) {
        let mut stderr = AutoStream::new(std::io::stderr(), terminal::choice(self.talk.color));
        // Where stderr is closed there is nobody left to tell.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}
