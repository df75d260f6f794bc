//! Text that lives as long as the program.

use std::collections::BTreeSet;

use vaudit_model::rule::Control;

/// Text of a report where a rule of the program would have text of its own.
///
/// The words of a rule are part of the program and live as long as it does; those of a report that
/// another version wrote have to, too. A process reads one report, and each text is kept once.
#[derive(Default)]
pub(super) struct Leaked {
    texts: BTreeSet<&'static str>,
    lists: BTreeSet<&'static [&'static str]>,
    controls: Vec<&'static [Control]>,
}

impl Leaked {
    /// The same text, for as long as the program runs.
    pub(super) fn text(&mut self, text: &str) -> &'static str {
        if let Some(known) = self.texts.get(text) {
            return known;
        }
        let kept: &'static str = text.to_owned().leak();
        self.texts.insert(kept);
        kept
    }

    /// The same list, for as long as the program runs.
    pub(super) fn list(&mut self, list: &[String]) -> &'static [&'static str] {
        let list: Vec<&'static str> = list.iter().map(|text| self.text(text)).collect();
        if let Some(known) = self.lists.get(list.as_slice()) {
            return known;
        }
        let kept: &'static [&'static str] = list.leak();
        self.lists.insert(kept);
        kept
    }

    /// The same controls, for as long as the program runs.
    pub(super) fn controls(&mut self, controls: Vec<Control>) -> &'static [Control] {
        if let Some(known) = self.controls.iter().find(|known| **known == controls.as_slice()) {
            return known;
        }
        let kept: &'static [Control] = controls.leak();
        self.controls.push(kept);
        kept
    }
}
