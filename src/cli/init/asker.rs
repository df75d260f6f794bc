//! Asking which one is meant, where somebody sits in front of a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use vaudit_model::shell::inert;

use crate::environment;
use crate::progress::Line;

/// How often an answer that is none is asked for again.
const MOST_TRIES: usize = 3;

/// Asks on stderr and reads from stdin; asks nothing where either is no terminal.
pub(crate) struct Asker {
    is_answered: bool,
    line: Line,
}

impl Asker {
    /// Asks only if that is wanted.
    pub(crate) fn new(wanted: bool, line: Line) -> Self {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self { is_answered: wanted && is_terminal && !environment::is_ci(), line }
    }

    /// Which of several is meant, as an index; none when nobody says so.
    pub(crate) fn choose(&mut self, question: &str, options: &[String]) -> Option<usize> {
        if !self.is_answered {
            return None;
        }
        let asked = || ask(question, options, io::stdin().lock(), io::stderr());
        // A terminal that is gone answers nothing.
        self.line.aside(asked).ok().flatten()
    }
}

/// Shows the options with numbers and reads one of these.
fn ask(
    question: &str,
    options: &[String],
    mut answers: impl BufRead,
    mut screen: impl Write,
) -> io::Result<Option<usize>> {
    writeln!(screen, "{question}")?;
    for (index, option) in options.iter().enumerate() {
        writeln!(screen, "  {}  {}", index + 1, inert(option))?;
    }
    for _ in 0..MOST_TRIES {
        write!(screen, "Which one? 1 to {}, or Enter to leave it open: ", options.len())?;
        screen.flush()?;
        let mut answer = String::new();
        if answers.read_line(&mut answer)? == 0 || answer.trim().is_empty() {
            return Ok(None);
        }
        match answer.trim().parse::<usize>() {
            Ok(number) if (1..=options.len()).contains(&number) => return Ok(Some(number - 1)),
            _ => writeln!(screen, "That is not one of the numbers.")?,
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: &str) -> (Option<usize>, String) {
        let options = ["rg-one".to_owned(), "rg-\u{1b}[2Jtwo".to_owned()];
        let mut screen = Vec::new();
        let chosen = ask("Two groups.", &options, answers.as_bytes(), &mut screen).unwrap();
        (chosen, String::from_utf8(screen).unwrap())
    }

    #[test]
    fn a_number_chooses_and_nothing_leaves_it_open() {
        assert_eq!(asked("2\n").0, Some(1));
        assert_eq!(asked(" 1 \n").0, Some(0));
        for open in ["", "\n", "x\n\n", "0\n3\nrg-one\n1\n"] {
            assert_eq!(asked(open).0, None, "{open:?}");
        }
        let (chosen, screen) = asked("3\n1\n");
        assert_eq!(chosen, Some(0));
        assert!(screen.contains("not one of the numbers"), "{screen}");
        assert!(!screen.contains('\u{1b}'), "{screen}");
    }
}
