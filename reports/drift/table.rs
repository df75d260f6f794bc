//! The drift report for a terminal: one block a deployment, what breaks the design first.

use vaudit_model::deployment::Deployment;
use vaudit_model::drift::{ActivitySearch, Class, DeploymentDrift, Difference, Drift};
use vaudit_model::rule::Verdict;

use super::{
    comparison, counts, details, event, exit_code, heading, lost, manifests, search, title, turned,
    value,
};
use crate::TableOptions;
use crate::layout::Sheet;
use crate::style::{Style, Terminal};
use crate::wording;

/// How far the lines below a heading stand in.
const INDENT: usize = 4;

/// Renders the differences for a terminal.
pub fn render(drift: &Drift, options: &TableOptions) -> String {
    let terminal = Terminal { colour: options.colour, unicode: options.unicode };
    let mut sheet = Sheet::new(terminal, options.width);
    if !options.quiet {
        sheet.prose(0, Style::Faint, &comparison(drift));
        if let Some(note) = manifests(drift) {
            sheet.prose(0, Style::Doubt, note);
        }
        for line in search(&drift.activity) {
            sheet.prose(0, Style::Faint, &line);
        }
    }
    if let Some(stopped) = drift.run.header.stopped {
        sheet.prose(0, Style::Doubt, &wording::stopped(stopped));
    }
    for own in &drift.deployments {
        if !options.quiet {
            sheet.blank();
            let line = terminal.line(sheet.prose_width());
            sheet.line(0, Style::Faint, &line);
        }
        headline(&mut sheet, own);
        let asked = drift.activity != ActivitySearch::NotAsked;
        let block = Block { deployment: &own.deployment, options, asked };
        for class in Class::ALL {
            let differences: Vec<&Difference> =
                own.differences.iter().filter(|own| own.class == class).collect();
            block.class(&mut sheet, class, &differences);
        }
    }
    if !options.quiet {
        sheet.blank();
        let line = terminal.line(sheet.prose_width());
        sheet.line(0, Style::Faint, &line);
    }
    let style = match drift.exit_code {
        0 => Style::Good,
        3 => Style::Doubt,
        _ => Style::Bad,
    };
    sheet.line(0, style, &exit_code(drift));
    sheet.finish()
}

fn headline(sheet: &mut Sheet, own: &DeploymentDrift) {
    let worst = own.differences.iter().map(|own| own.class).min();
    let (verdict, style) = match worst {
        Some(Class::BreaksDesign) => (Verdict::Fail, Style::Bad),
        Some(Class::CouldNotCompare) => (Verdict::Indeterminate, Style::Doubt),
        _ => (Verdict::Pass, Style::Good),
    };
    let symbol = sheet.terminal.symbol(verdict);
    let text = format!("{} — {}", own.deployment.name, counts(&own.differences));
    sheet.hanging(0, &[(style, symbol), (Style::Plain, " ")], Style::Strong, &text);
}

/// One deployment's block.
struct Block<'a> {
    deployment: &'a Deployment,
    options: &'a TableOptions,
    /// Whether the Activity Log was asked.
    asked: bool,
}

impl Block<'_> {
    fn class(&self, sheet: &mut Sheet, class: Class, differences: &[&Difference]) {
        if differences.is_empty() {
            return;
        }
        if !self.options.quiet {
            sheet.blank();
            sheet.line(0, Style::Strong, heading(class));
        }
        for difference in differences {
            if !self.options.quiet {
                sheet.blank();
            }
            self.difference(sheet, difference);
        }
    }

    fn difference(&self, sheet: &mut Sheet, own: &Difference) {
        let (symbol, style) = symbol(own.class);
        let symbol = format!("{symbol} ");
        let verbose = self.options.verbose > 0;
        let text = title(own, self.deployment);
        if self.options.quiet {
            let fact = own.fact.as_deref().map_or_else(String::new, |fact| format!(": {fact}"));
            let rules: Vec<&str> = own.rules.iter().map(|rule| rule.meta.id).collect();
            let rules =
                if rules.is_empty() { String::new() } else { format!(" ({})", rules.join(", ")) };
            sheet.hanging(0, &[(style, &symbol)], Style::Plain, &format!("{text}{fact}{rules}"));
            return;
        }
        sheet.hanging(0, &[(style, &symbol)], Style::Strong, &text);
        if let Some(loss) = &own.lost {
            sheet.prose(INDENT, Style::Plain, &lost(loss));
            let missing = wording::missing(loss.gap.action.as_deref(), loss.gap.scope.as_deref());
            if !missing.is_empty() {
                sheet.prose(INDENT, Style::Plain, &missing);
            }
        } else {
            self.change(sheet, own, verbose);
        }
        if verbose {
            sheet.exact_field("on", &own.resource, true);
        }
        for rule in &own.rules {
            let text = format!(
                "{} ({}, {}): {}",
                rule.meta.id,
                rule.severity.word(),
                turned(rule),
                rule.meta.title
            );
            sheet.field("rule", &text);
            let is_told = own.class == Class::BreaksDesign || verbose;
            if is_told {
                sheet.hanging(INDENT + 10, &[], Style::Faint, &rule.message);
            }
        }
        for entry in &own.activity {
            sheet.field("who", &event(entry));
        }
        // What lies in the directory or in a container is in other logs.
        let is_logged = own.resource.starts_with('/') && own.lost.is_none();
        if self.asked && own.activity.is_empty() && is_logged {
            sheet.field("who", "nothing in the Activity Log");
        }
    }

    fn change(&self, sheet: &mut Sheet, own: &Difference, verbose: bool) {
        let shown = |text: &Option<String>, none: &str| {
            text.as_ref()
                .map_or_else(|| none.to_owned(), |text| value(text, self.deployment, verbose))
        };
        let came_or_went = |sheet: &mut Sheet, word: &str, what: &Option<String>| {
            let text = match details(what.as_ref()) {
                Some(known) => format!("{word}: {}", value(known, self.deployment, verbose)),
                None => word.to_owned(),
            };
            sheet.prose(INDENT, Style::Plain, &text);
        };
        match (&own.fact, &own.before, &own.after) {
            (Some(fact), before, after) => {
                let (before, after) = (shown(before, "not set"), shown(after, "not set"));
                sheet.prose(INDENT, Style::Plain, &format!("{fact}: {before} → {after}"));
            }
            (None, None, after) => came_or_went(sheet, "new", after),
            (None, before, _) => came_or_went(sheet, "gone", before),
        }
    }
}

/// One column wide, in ASCII: a difference is no verdict.
fn symbol(class: Class) -> (&'static str, Style) {
    match class {
        Class::BreaksDesign => ("!", Style::Bad),
        Class::CouldNotCompare => ("?", Style::Doubt),
        Class::MendsDesign => ("*", Style::Good),
        Class::New => ("+", Style::Plain),
        Class::Gone => ("-", Style::Plain),
        Class::AllowedChange => ("~", Style::Plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::canned;

    #[test]
    fn at_several_widths() {
        let drift = canned::drift();
        for (name, options) in [
            ("drift-80", TableOptions::default()),
            ("drift-200", TableOptions { width: 200, verbose: 1, ..TableOptions::default() }),
            ("drift-ascii", TableOptions { unicode: false, ..TableOptions::default() }),
            ("drift-quiet", TableOptions { quiet: true, ..TableOptions::default() }),
        ] {
            let text = render(&drift, &options);
            let inert =
                |c: char| c == '\n' || vaudit_model::shell::inert(&c.to_string()) == c.to_string();
            assert!(text.chars().all(inert), "an active character came through");
            assert!(options.unicode || text.is_ascii(), "more than ASCII");
            assert!(text.lines().last().unwrap().starts_with("Exit code 1: "));
            insta::assert_snapshot!(name, text);
        }
    }
}
