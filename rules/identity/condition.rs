//! The one kind of condition on a role assignment that vaudit understands: a comparison of the
//! container's name, which lets everything in that container through.
//!
//! Conditions are not evaluated otherwise. What is not exactly this is not understood.

/// The longest condition Azure takes, in bytes.
const LONGEST: usize = 8 * 1024;

/// The attribute that holds the container's name.
const CONTAINER_NAME: &str =
    "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]";

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Word(String),
    Quoted(String),
}

/// Whether a condition certainly holds in the container: it is the comparison of the container's
/// name, or, as the portal writes it, `(!(ActionMatches{…}) OR (the comparison))`.
pub(super) fn holds_in(condition: &str, container: &str) -> bool {
    condition.len() <= LONGEST
        && tokens(condition).is_some_and(|tokens| is_true(&tokens, container))
}

fn is_true(tokens: &[Token], container: &str) -> bool {
    let tokens = without_parentheses(tokens);
    if let [Token::Word(attribute), Token::Word(operator), Token::Quoted(value)] = tokens {
        return attribute.eq_ignore_ascii_case(CONTAINER_NAME)
            && operator.eq_ignore_ascii_case("StringEquals")
            && value == container;
    }
    // One true part makes an OR true, whatever the others say; beside an AND it need not.
    match parts(tokens) {
        Some(parts) => parts.len() > 1 && parts.into_iter().any(|part| is_true(part, container)),
        None => false,
    }
}

/// The parts of an OR; none when an AND stands beside it or the parentheses do not match.
fn parts(tokens: &[Token]) -> Option<Vec<&[Token]>> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.checked_sub(1)?,
            Token::Word(word) if depth == 0 && is_word(word, "AND", "&&") => return None,
            Token::Word(word) if depth == 0 && is_word(word, "OR", "||") => {
                parts.push(&tokens[start..index]);
                start = index + 1;
            }
            Token::Word(_) | Token::Quoted(_) => {}
        }
    }
    parts.push(&tokens[start..]);
    (depth == 0).then_some(parts)
}

fn is_word(word: &str, name: &str, sign: &str) -> bool {
    word.eq_ignore_ascii_case(name) || word == sign
}

/// The inside of parentheses around the whole.
fn without_parentheses(mut tokens: &[Token]) -> &[Token] {
    while let [Token::Open, inside @ .., Token::Close] = tokens {
        let mut depth = 0_usize;
        for token in inside {
            match token {
                Token::Open => depth += 1,
                Token::Close if depth == 0 => return tokens,
                Token::Close => depth -= 1,
                Token::Word(_) | Token::Quoted(_) => {}
            }
        }
        if depth > 0 {
            return tokens;
        }
        tokens = inside;
    }
    tokens
}

/// None for a quotation that does not end.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => {
                tokens.push(if first == '(' { Token::Open } else { Token::Close });
                1
            }
            '\'' => {
                let end = rest[1..].find('\'')?;
                tokens.push(Token::Quoted(rest[1..=end].to_owned()));
                end + 2
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || "()'".contains(c);
                let end = rest.find(ends).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                end
            }
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]";

    #[test]
    fn the_containers_name_lets_everything_in_it_through() {
        let portal = format!(
            "(\n (\n  !(ActionMatches{{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'}} AND NOT SubOperationMatches{{'Blob.List'}})\n )\n OR \n (\n  {NAME} StringEquals 'vectice'\n )\n)"
        );
        for condition in [
            format!("{NAME} StringEquals 'vectice'"),
            format!("(({} stringEquals\t'vectice'))", NAME.to_ascii_lowercase()),
            portal,
            format!("!(ActionMatches{{'a'}}) || {NAME} StringEquals 'vectice'"),
        ] {
            assert!(holds_in(&condition, "vectice"), "{condition}");
        }
    }

    #[test]
    fn everything_else_is_not_understood() {
        for condition in [
            format!("{NAME} StringEquals 'other'"),
            format!("{NAME} StringEquals 'Vectice'"),
            format!("{NAME} StringLike 'vectice'"),
            format!("{NAME} StringNotEquals 'vectice'"),
            format!("!({NAME} StringEquals 'vectice')"),
            format!("NOT ({NAME} StringEquals 'vectice' OR a b 'c')"),
            format!("{NAME} StringEquals 'vectice' AND a b 'c'"),
            format!("a b 'c' AND d e 'f' OR {NAME} StringEquals 'vectice'"),
            format!("({NAME} StringEquals 'vectice') AND (a b 'c')"),
            format!("@Request[x:name] StringEquals 'vectice' {NAME}"),
            format!("({NAME} StringEquals 'vectice'"),
            format!("{NAME} StringEquals 'vectice"),
            format!(") OR {NAME} StringEquals 'vectice' OR ("),
            "'vectice'".to_owned(),
            String::new(),
            "(".repeat(9_000),
        ] {
            assert!(!holds_in(&condition, "vectice"), "{condition}");
        }
    }

    #[test]
    fn a_nest_of_parentheses_ends() {
        let deep =
            format!("{}{NAME} StringEquals 'vectice'{}", "(".repeat(2_000), ")".repeat(2_000));
        assert!(holds_in(&deep, "vectice"));
        let twisted = format!("{}x{}", "(x OR ".repeat(1_000), ")".repeat(1_000));
        assert!(!holds_in(&twisted, "vectice"));
    }
}
