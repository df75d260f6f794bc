//! Text of others as Markdown that shows it and does nothing else.
//!
//! Two ways. A value is a code span: nothing in it is parsed, and GitHub and GitLab look in it for
//! no names, issues, links or smileys. A sentence that holds values is escaped character by
//! character, and what would be taken for a mention or a link after parsing stands in a code span.

use vaudit_model::shell::{Command, as_inert};

use crate::sarif_rules::shortened;

/// How many characters of a value are shown.
const VALUE: usize = 200;
/// How many characters of a sentence are shown.
const SENTENCE: usize = 1000;
/// How many bytes of commands are shown of one result.
const COMMANDS: usize = 4000;

/// A value as it is, in a code span.
pub(crate) fn code(value: &str) -> String {
    let value = shortened(&plain(value), VALUE);
    if value.is_empty() { "(empty)".to_owned() } else { span(&value) }
}

/// A value of any length, in a code span.
pub(crate) fn literal(value: &str) -> String {
    span(&plain(value))
}

/// A sentence. What stands between two backticks is a code span, as rules mean it.
pub(crate) fn prose(text: &str) -> String {
    whole(&shortened(&plain(text), SENTENCE))
}

/// A sentence of any length, nothing left out.
pub(crate) fn whole(text: &str) -> String {
    let text: Vec<char> = plain(text).chars().collect();
    let mut markdown = String::with_capacity(text.len());
    // What goes into the next span: two spans side by side would not be two.
    let mut literal = String::new();
    let mut place = 0;
    while let Some(&c) = text.get(place) {
        if let Some(quoted) = quoted(&text[place..]) {
            literal.extend(quoted);
            place += quoted.len() + 2;
            continue;
        }
        if is_reference(&text, place) {
            literal.push(c);
        } else {
            if !literal.is_empty() {
                markdown.push_str(&span(&std::mem::take(&mut literal)));
            }
            escape(&text, place, &mut markdown);
        }
        place += 1;
    }
    if !literal.is_empty() {
        markdown.push_str(&span(&literal));
    }
    markdown
}

/// What stands between a backtick here and the next one.
fn quoted(text: &[char]) -> Option<&[char]> {
    let inner = text.strip_prefix(&['`'])?;
    let end = inner.iter().position(|c| *c == '`')?;
    (end > 0).then(|| &inner[..end])
}

/// Writes a character so that it is nothing but itself.
fn escape(text: &[char], place: usize, markdown: &mut String) {
    match text[place] {
        '<' => markdown.push_str("&lt;"),
        '>' => markdown.push_str("&gt;"),
        '&' => markdown.push_str("&amp;"),
        // Not with a backslash: a code span of ours may follow.
        '`' => markdown.push_str("&#96;"),
        c @ ('\\' | '*' | '_' | '[' | ']' | '|' | '~' | '{' | '}') => markdown.extend(['\\', c]),
        // Where a line begins these would begin a list, a heading or an order to GitLab.
        c @ ('-' | '+' | '=' | '#' | '/') if place == 0 => markdown.extend(['\\', c]),
        c @ ('.' | ')') if text[..place].iter().all(char::is_ascii_digit) => {
            markdown.extend(['\\', c]);
        }
        c => markdown.push(c),
    }
}

/// Commands in a fence that none of them can close; empty without commands.
pub(crate) fn fenced(commands: &[Command]) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut room = COMMANDS;
    for command in commands.iter().map(Command::as_str) {
        // A command cut in half must not be copied.
        let Some(left) = room.checked_sub(command.len() + 1) else { break };
        room = left;
        kept.push(command);
    }
    let lines = kept.join("\n");
    let fence = "`".repeat(longest_run(&lines).max(2) + 1);
    let cut = match commands.len() - kept.len() {
        0 => String::new(),
        1 => "One command is too long for this report; the JSON report has it.\n\n".to_owned(),
        more => {
            format!("{more} commands are too long for this report; the JSON report has them.\n\n")
        }
    };
    if kept.is_empty() { cut } else { format!("{fence}sh\n{lines}\n{fence}\n\n{cut}") }
}

/// One line without active characters, and without blanks around it.
fn plain(text: &str) -> String {
    as_inert(text).trim().to_owned()
}

/// A code span that shows exactly this.
fn span(text: &str) -> String {
    if !text.contains('`') {
        return ["`", text, "`"].concat();
    }
    // As many backticks as no run inside has: then none of them is the end.
    let ticks = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Whether a character makes a reference of what stands around it: `@name`, `#12`, `GH-12`, GitLab's
/// `!12`, `$12`, `~label` and so on, `https://…`, `www.…`, `:smile:`.
fn is_reference(text: &[char], place: usize) -> bool {
    let next = text.get(place + 1).copied().unwrap_or(' ');
    let word = |c: char| c.is_alphanumeric() || "_\"{-".contains(c);
    let begins = |from: Option<usize>, pattern: &str| {
        from.and_then(|from| text.get(from..)).is_some_and(|rest| {
            let mut rest = rest.iter().map(char::to_ascii_lowercase);
            pattern.chars().all(|c| rest.next() == Some(c))
        })
    };
    match text[place] {
        '@' | '$' => true,
        '#' | '!' | '~' | '%' | '&' | '^' => word(next),
        '-' => begins(place.checked_sub(2), "gh-") && next.is_ascii_digit(),
        '.' => begins(place.checked_sub(3), "www."),
        ':' => {
            let rest = &text[place + 1..];
            let name = rest.iter().take_while(|c| c.is_alphanumeric() || "_+-".contains(**c));
            let end = name.count();
            // A time of day has colons, too; the smileys of digits alone are these two.
            let name: String = rest[..end].iter().collect();
            let is_smiley = name.contains(|c: char| !c.is_ascii_digit())
                || ["100", "1234"].contains(&name.as_str());
            begins(Some(place), "://") || (is_smiley && rest.get(end) == Some(&':'))
        }
        '/' => begins(place.checked_sub(1), "://") || begins(place.checked_sub(2), "://"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_and_nothing_else() {
        for (value, markdown) in [
            ("pg-vectice", "`pg-vectice`"),
            ("", "(empty)"),
            ("a|b", "`a|b`"),
            ("`id`", "`` `id` ``"),
            ("a``b", "```a``b```"),
            ("<b>\u{202e}@octocat #12", "`<b>\u{fffd}@octocat #12`"),
            ("a\r\n- b", "`a\u{fffd}\u{fffd}- b`"),
        ] {
            assert_eq!(code(value), markdown);
        }
        assert_eq!(code(&"x".repeat(300)).chars().count(), VALUE + 2);
    }

    #[test]
    fn a_sentence_makes_no_markup_and_no_references() {
        for (text, markdown) in [
            ("The server is on.", "The server is on."),
            ("a*b* _c_ [x](y) | z", "a\\*b\\* \\_c\\_ \\[x\\](y) \\| z"),
            ("set `a_b` or `` c`", "set `a_b` or &#96;` c`"),
            ("`a`@`b` `", "`a@b` &#96;"),
            ("<script>& &amp;]]>", "&lt;script&gt;&amp; `&`amp;\\]\\]&gt;"),
            ("ask @octocat in a/b#12, GH-7", "ask `@`octocat in a/b`#`12, GH`-`7"),
            ("at https://x.example", "at https`://`x.example"),
            ("at www.x.example", "at www`.`x.example"),
            ("a :smile: at 10:00:41Z", "a `:`smile: at 10:00:41Z"),
            ("!12 $x ~label 50% of", "`!`12 `$`x `~`label 50% of"),
            ("@@$a", "`@@$`a"),
            ("- a", "\\- a"),
            ("1. a", "1\\. a"),
            ("# a", "\\# a"),
            ("/close", "\\/close"),
        ] {
            assert_eq!(prose(text), markdown);
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        let command = |value| Command::new("az x").arg("--name", value);
        assert_eq!(fenced(&[]), "");
        assert_eq!(fenced(&[command("a")]), "```sh\naz x --name a\n```\n\n");
        let ticks = fenced(&[command("````")]);
        assert!(ticks.starts_with("`````sh\n") && ticks.contains("\n`````\n"), "{ticks}");
        let long = "x".repeat(COMMANDS);
        let cut = fenced(&[command("a"), command(&long), command("b")]);
        assert!(cut.contains("2 commands are too long") && !cut.contains("xx"), "{cut}");
    }
}
