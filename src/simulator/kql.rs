//! The part of the Kusto query language that auditors send to Resource Graph: `where`, `project`
//! and `order by` over one table.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// A row: columns by name.
pub(crate) type Row = Map<String, Value>;

/// A query that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// The table, in lower case; Resource Graph takes `resources` when none is named.
    pub(crate) table: String,
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Where(Vec<Condition>),
    Project(Vec<(String, Expression)>),
    Order(Vec<(Expression, Direction)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

/// `value in (among)`; `==` and `=~` have one text only.
#[derive(Debug, PartialEq, Eq)]
struct Condition {
    value: Expression,
    among: Vec<String>,
    is_case_blind: bool,
}

/// A column, or a place in it, with functions around it.
#[derive(Debug, PartialEq, Eq)]
struct Expression {
    column: String,
    fields: Vec<String>,
    /// The innermost first.
    functions: Vec<Function>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    ToText,
    ToLower,
}

/// Where a query stops being understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParserFailure {
    /// The line, from one.
    pub(crate) line: usize,
    /// The character in the line, from zero.
    pub(crate) position: usize,
    /// What stands there; nothing at the end.
    pub(crate) token: String,
}

impl Query {
    /// Reads a query over tables with these columns.
    pub(crate) fn parse(text: &str, columns: &[&str]) -> Result<Self, ParserFailure> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens: &tokens,
            next: 0,
            end: place(text, text.len()),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        };
        parser.query()
    }

    /// Whether every row it gives has this column.
    pub(crate) fn shows(&self, column: &str) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Project(columns) => columns.iter().any(|(name, _)| name == column),
            Step::Where(_) | Step::Order(_) => true,
        })
    }

    /// What it makes of a table.
    pub(crate) fn run(&self, mut rows: Vec<Row>) -> Vec<Row> {
        for step in &self.steps {
            match step {
                Step::Where(conditions) => {
                    rows.retain(|row| conditions.iter().all(|condition| condition.holds(row)));
                }
                Step::Project(columns) => {
                    let project = |row: &Row| {
                        columns.iter().map(|(name, value)| (name.clone(), value.of(row))).collect()
                    };
                    rows = rows.iter().map(project).collect();
                }
                Step::Order(by) => rows.sort_by(|a, b| {
                    let compare = |(value, direction): &(Expression, Direction)| {
                        let ordering = text(&value.of(a)).cmp(&text(&value.of(b)));
                        match direction {
                            Direction::Ascending => ordering,
                            Direction::Descending => ordering.reverse(),
                        }
                    };
                    by.iter().map(compare).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
                }),
            }
        }
        rows
    }
}

impl Condition {
    fn holds(&self, row: &Row) -> bool {
        let own = text(&self.value.of(row));
        self.among.iter().any(|wanted| match self.is_case_blind {
            true => own.to_lowercase() == wanted.to_lowercase(),
            false => own == *wanted,
        })
    }
}

impl Expression {
    /// Fields are found in their exact spelling only, as Kusto finds them.
    fn of(&self, row: &Row) -> Value {
        let column = row.get(&self.column);
        let place = self.fields.iter().fold(column, |value, field| value?.get(field));
        let value = place.cloned().unwrap_or_default();
        self.functions.iter().fold(value, |value, function| match function {
            Function::ToText => text(&value).into(),
            Function::ToLower => text(&value).to_lowercase().into(),
        })
    }

    /// What Kusto calls a column that is given no name.
    fn name(&self) -> String {
        self.fields.iter().fold(self.column.clone(), |name, field| name + "_" + field)
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    Text(String),
    Sign(&'static str),
}

struct Token {
    kind: Kind,
    line: usize,
    position: usize,
    /// As it was written.
    raw: String,
}

const SIGNS: [&str; 9] = ["=~", "==", "~", "=", "|", ",", "(", ")", "."];

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (1 + before.matches('\n').count(), before[line_start..].chars().count())
}

fn tokens(text: &str) -> Result<Vec<Token>, ParserFailure> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (line, position) = place(text, at);
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let (kind, length) = if is_part(first) {
            let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
            (Kind::Word(rest[..length].to_owned()), length)
        } else if let Some((literal, length)) = literal(rest) {
            (Kind::Text(literal), length)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Kind::Sign(sign), sign.len())
        } else {
            return Err(ParserFailure { line, position, token: first.into() });
        };
        tokens.push(Token { kind, line, position, raw: rest[..length].to_owned() });
        at += length;
    }
    Ok(tokens)
}

/// A text in quotes of either kind, with backslash escapes, and its length as written.
fn literal(rest: &str) -> Option<(String, usize)> {
    let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => text.push(letters.next()?.1),
            '\n' => return None,
            letter if letter == quote => return Some((text, at + 1)),
            letter => text.push(letter),
        }
    }
    None
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    /// Line and position of the end.
    end: (usize, usize),
    /// The columns there are at this step.
    columns: Vec<String>,
}

type Parsed<T> = Result<T, ParserFailure>;

impl Parser<'_> {
    fn query(&mut self) -> Parsed<Query> {
        let mut query = Query { table: "resources".to_owned(), steps: Vec::new() };
        let has_table = match self.tokens.get(self.next + 1).map(|token| &token.kind) {
            None | Some(Kind::Sign("|")) => true,
            Some(_) => false,
        };
        if has_table {
            query.table = self.word()?.to_ascii_lowercase();
        } else {
            query.steps.push(self.step()?);
        }
        while self.next < self.tokens.len() {
            self.sign("|")?;
            query.steps.push(self.step()?);
        }
        Ok(query)
    }

    fn step(&mut self) -> Parsed<Step> {
        match self.word()?.as_str() {
            "where" => {
                let mut conditions = vec![self.condition()?];
                while self.takes_word("and") {
                    conditions.push(self.condition()?);
                }
                Ok(Step::Where(conditions))
            }
            "project" => {
                let mut columns = vec![self.column()?];
                while self.takes_sign(",") {
                    columns.push(self.column()?);
                }
                self.columns = columns.iter().map(|(name, _)| name.clone()).collect();
                Ok(Step::Project(columns))
            }
            "order" | "sort" => {
                if !self.takes_word("by") {
                    return Err(self.failure());
                }
                let mut by = vec![self.ordering()?];
                while self.takes_sign(",") {
                    by.push(self.ordering()?);
                }
                Ok(Step::Order(by))
            }
            _ => {
                self.next -= 1;
                Err(self.failure())
            }
        }
    }

    fn condition(&mut self) -> Parsed<Condition> {
        let value = self.expression()?;
        if self.takes_word("in") {
            let is_case_blind = self.takes_sign("~");
            self.sign("(")?;
            let mut among = vec![self.literal()?];
            while self.takes_sign(",") {
                among.push(self.literal()?);
            }
            self.sign(")")?;
            return Ok(Condition { value, among, is_case_blind });
        }
        let is_case_blind = self.takes_sign("=~");
        if !is_case_blind {
            self.sign("==")?;
        }
        Ok(Condition { value, among: vec![self.literal()?], is_case_blind })
    }

    fn column(&mut self) -> Parsed<(String, Expression)> {
        let is_named = matches!(
            self.tokens.get(self.next + 1).map(|token| &token.kind),
            Some(Kind::Sign("="))
        );
        let name = if is_named { Some(self.word()?) } else { None };
        if is_named {
            self.sign("=")?;
        }
        let value = self.expression()?;
        Ok((name.unwrap_or_else(|| value.name()), value))
    }

    fn ordering(&mut self) -> Parsed<(Expression, Direction)> {
        let value = self.expression()?;
        let is_ascending = self.takes_word("asc");
        if !is_ascending {
            // Kusto's default is the other one than everybody expects.
            self.takes_word("desc");
        }
        let direction = if is_ascending { Direction::Ascending } else { Direction::Descending };
        Ok((value, direction))
    }

    fn expression(&mut self) -> Parsed<Expression> {
        let mut functions = Vec::new();
        let column = loop {
            let word = self.word()?;
            let function = match word.as_str() {
                "tostring" => Some(Function::ToText),
                "tolower" => Some(Function::ToLower),
                _ => None,
            };
            match function {
                Some(function) if self.takes_sign("(") => functions.push(function),
                _ if self.columns.contains(&word) => break word,
                _ => return Err(self.failure_at(self.next - 1)),
            }
        };
        let mut fields = Vec::new();
        while self.takes_sign(".") {
            fields.push(self.word()?);
        }
        for _ in &functions {
            self.sign(")")?;
        }
        functions.reverse();
        Ok(Expression { column, fields, functions })
    }

    fn word(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Kind::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.failure()),
        }
    }

    fn literal(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Kind::Text(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.failure()),
        }
    }

    fn sign(&mut self, sign: &'static str) -> Parsed<()> {
        if self.takes_sign(sign) { Ok(()) } else { Err(self.failure()) }
    }

    fn takes_sign(&mut self, sign: &'static str) -> bool {
        let is_here = self.peek() == Some(&Kind::Sign(sign));
        self.next += usize::from(is_here);
        is_here
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_here = matches!(self.peek(), Some(Kind::Word(own)) if own == word);
        self.next += usize::from(is_here);
        is_here
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn failure(&self) -> ParserFailure {
        self.failure_at(self.next)
    }

    fn failure_at(&self, index: usize) -> ParserFailure {
        match self.tokens.get(index) {
            Some(Token { line, position, raw, .. }) => {
                ParserFailure { line: *line, position: *position, token: raw.clone() }
            }
            None => ParserFailure { line: self.end.0, position: self.end.1, token: String::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: [&str; 3] = ["id", "type", "properties"];

    fn rows() -> Vec<Row> {
        let row = |id: &str, kind: &str, who: Value| match json!({
            "id": id, "type": kind, "properties": {"who": who, "in": {"Deep": true}}
        }) {
            Value::Object(row) => row,
            other => panic!("{other}"),
        };
        vec![
            row("/b", "t/one", json!("ME")),
            row("/c", "t/two", json!("you")),
            row("/a", "t/one", Value::Null),
        ]
    }

    fn run(query: &str) -> Value {
        let query = Query::parse(query, &COLUMNS).unwrap();
        Value::Array(query.run(rows()).into_iter().map(Value::Object).collect())
    }

    fn ids(query: &str) -> Vec<String> {
        let rows = run(query);
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn rows_are_chosen_and_ordered() {
        for (query, expected) in [
            ("t | where type =~ 'T/ONE' | order by id asc", vec!["/a", "/b"]),
            ("t | where type == 'T/ONE'", vec![]),
            ("where type == \"t/one\" | order by id", vec!["/b", "/a"]),
            ("t | where properties.who in ('me')", vec![]),
            ("t | where properties.who in~ ('x', 'me')", vec!["/b"]),
            ("t | where tolower(tostring(properties.who)) in ('me','you')", vec!["/b", "/c"]),
            ("t|where tostring(properties.none.more)==''|sort by id desc", vec!["/c", "/b", "/a"]),
            ("t\n| where type =~ 't/two'\n  and tolower(id) == '/c'", vec!["/c"]),
            ("t | where properties.Who =~ 'me'", vec![]),
            (
                "t | where properties.in.Deep == 'true' | order by type asc, id desc",
                vec!["/b", "/a", "/c"],
            ),
            ("t", vec!["/b", "/c", "/a"]),
        ] {
            assert_eq!(ids(query), expected, "{query}");
        }
    }

    #[test]
    fn columns_are_named() {
        let rows = run(
            "t | where id == '/b' | project who=properties.who, properties.in.Deep, l=tolower(id)",
        );
        assert_eq!(rows, json!([{"who": "ME", "properties_in_Deep": true, "l": "/b"}]));
        let query = Query::parse("T | project type | order by type asc", &COLUMNS).unwrap();
        assert_eq!(
            (query.table.as_str(), query.shows("id"), query.shows("type")),
            ("t", false, true)
        );
    }

    #[test]
    fn what_is_not_understood_is_pointed_at() {
        for (query, line, position, token) in [
            ("", 1, 0, ""),
            ("t | where", 1, 9, ""),
            ("t | where id has 'x'", 1, 13, "has"),
            ("t | extend a = id", 1, 4, "extend"),
            ("t | where type == 'x", 1, 18, "'"),
            ("t\n| where nothing == 'x'", 2, 8, "nothing"),
            ("t | project a=type | where id == ''", 1, 27, "id"),
            ("t | where toupper(id) == 'X'", 1, 10, "toupper"),
            ("t | where id in ()", 1, 17, ")"),
            ("t | where id =~ tolower(type)", 1, 16, "tolower"),
            ("t | order id", 1, 10, "id"),
            ("t | project id | limit 2", 1, 17, "limit"),
            ("t where id == ''", 1, 0, "t"),
            ("t | where id == 'ä' ö", 1, 20, "ö"),
            ("t; u", 1, 1, ";"),
        ] {
            let failure = ParserFailure { line, position, token: token.to_owned() };
            assert_eq!(Query::parse(query, &COLUMNS), Err(failure), "{query}");
        }
        let escaped = Query::parse(r"t | where id == 'a\'b\\'", &COLUMNS).unwrap();
        assert!(matches!(&escaped.steps[0], Step::Where(all) if all[0].among == [r"a'b\"]));
    }
}
