//! The page as a whole: what it may hold, and that what others named is only shown.

use std::collections::BTreeSet;

use vaudit_model::assessment::Assessment;
use vaudit_model::rule::Verdict;

use super::*;
use crate::canned::{self, FORMULA, HOSTILE, SCRIPT as PAYLOAD, WIDE};

/// The page without what changes with every version and with the look: the styles, the script, their
/// digests and the version.
fn bare(page: &str) -> String {
    let version = format!("vaudit {}.", env!("CARGO_PKG_VERSION"));
    let page = page.replace(&style(), "[style]").replace(SCRIPT, "[script]");
    let policy = policy::policy(&style(), SCRIPT);
    page.replace(&policy, "[policy]").replace(&version, "vaudit [version].")
}

/// The values of an attribute, as far as tags go.
fn values<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let mut values = Vec::new();
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        if let Some((_, rest)) = tag.split_once(&format!(" {name}=")) {
            let end = if rest.starts_with('"') { '"' } else { ' ' };
            values.push(rest.trim_start_matches('"').split(end).next().unwrap_or_default());
        }
    }
    values
}

#[test]
fn the_page_shows_what_was_found() {
    insta::assert_snapshot!("page.html", bare(&render(&canned::assessment())));
}

#[test]
fn held_against_an_earlier_run_the_page_says_what_is_new() {
    insta::assert_snapshot!("previous.html", bare(&render(&canned::compared())));
}

#[test]
fn the_same_assessment_gives_the_same_bytes() {
    assert_eq!(render(&canned::assessment()), render(&canned::assessment()));
}

#[test]
fn the_page_asks_for_nothing_from_elsewhere() {
    let page = bare(&render(&canned::compared()));
    for name in
        ["src", "srcset", "action", "formaction", "poster", "data", "style", "onclick", "onload"]
    {
        assert_eq!(values(&page, name), [""; 0], "{name}");
    }
    let ids: BTreeSet<&str> = values(&page, "id").into_iter().collect();
    assert_eq!(ids.len(), values(&page, "id").len(), "ids are there once");
    let links = values(&page, "href");
    assert!(links.len() > 20);
    for link in links {
        let target = link.strip_prefix('#').unwrap_or_else(|| panic!("{link} leads away"));
        assert!(ids.contains(target), "{link} leads nowhere");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains("</"));
    assert!(!SCRIPT.contains("</") && !SCRIPT.contains("innerHTML"));
}

#[test]
fn the_policy_names_what_stands_in_the_page() {
    let page = render(&canned::assessment());
    let between = |begin: &str, end: &str| {
        page.split_once(begin).unwrap().1.split_once(end).unwrap().0.to_owned()
    };
    let policy = policy::policy(&between("<style>", "</style>"), &between("<script>", "</script>"));
    assert!(page.contains(&format!("content=\"{policy}\"")));
    // It comes before anything that it is about.
    assert!(page.find("Content-Security-Policy").unwrap() < page.find("<style>").unwrap());
}

#[test]
fn names_that_try_to_get_out_are_only_shown() {
    let page = bare(&render(&canned::compared()));
    for part in [
        "<b>&",
        "<script>window",
        "<img",
        "<svg onload",
        "-->",
        "]]>",
        "\u{1b}",
        "\u{202e}",
        "\u{200b}",
        "\u{9b}",
        "\r",
    ] {
        assert!(!page.contains(part), "{part:?}");
    }
    for shown in [
        "evil\u{fffd}[31m\u{fffd}[2J\u{fffd}\u{fffd}&lt;b&gt;&amp;&#34;&#39;$(reboot)",
        "&lt;/script&gt;&lt;script&gt;window.pwned = 1&lt;/script&gt;&lt;img src=x onerror=&#34;",
        "=cmd|&#39; /C calc&#39;!A0",
        WIDE,
    ] {
        assert!(page.contains(shown), "{shown:?}");
    }
    assert!([HOSTILE, PAYLOAD, FORMULA].iter().all(|name| !page.contains(name)));
}

#[test]
fn every_verdict_is_there_and_its_digests() {
    let assessment = canned::assessment();
    let page = render(&assessment);
    for result in assessment.deployments.iter().flat_map(|own| &own.results) {
        assert!(page.contains(&result.fingerprint), "{}", result.meta.id);
        assert!(page.contains(&result.observed_digest), "{}", result.meta.id);
    }
    let rows = assessment.deployments.iter().flat_map(|own| &own.results).count();
    let (_, appendix) = page.split_once("<section id=\"all\"").unwrap();
    let marks = ["p", "f", "u", "w", "i", "n"];
    let marked = |mark: &&str| {
        (0..5)
            .map(|level| appendix.matches(&format!("class={mark}{level}>")).count())
            .sum::<usize>()
    };
    assert_eq!(marks.iter().map(marked).sum::<usize>(), rows);
}

#[test]
fn a_compliant_deployment_is_called_so_only_when_it_was_seen() {
    let mut assessment = canned::assessment();
    assessment.deployments.truncate(1);
    assessment.run.exit_code = 0;
    let own = &mut assessment.deployments[0];
    own.gaps.clear();
    own.results.retain(|result| result.judgement.verdict == Verdict::Pass);
    let page = render(&assessment);
    assert!(page.contains("Compliant as far as it was seen"));
    assert!(!page.contains("Could not be judged (") && !page.contains("Failed ("));
    assert!(!page.contains("id=\"overview\""), "one deployment needs no list");
    assessment.run.header.stopped = Some(vaudit_model::snapshot::Stopped::OutOfTime);
    assert!(!render(&assessment).contains("> Compliant"));
}

#[test]
fn nothing_judged_is_nothing_known() {
    let mut assessment = canned::assessment();
    assessment.deployments.clear();
    let page = render(&assessment);
    assert!(page.contains("Nothing was judged, so nothing is known"));
    for link in values(&page, "href") {
        assert!(page.contains(&format!("id=\"{}\"", &link[1..])), "{link}");
    }
}

#[test]
fn a_large_report_says_the_same_in_fewer_words() {
    let Assessment { mut deployments, .. } = canned::assessment();
    let one = deployments.remove(0);
    let count = LARGE / one.results.len() + 1;
    let assessment = Assessment { deployments: vec![one.clone(); count], ..canned::assessment() };
    let page = render(&assessment);
    assert!(page.contains("their first 12 digits"));
    let digest = &one.results[0].fingerprint;
    assert!(page.contains(&digest[..12]) && !page.contains(digest.as_str()));
    assert_eq!(page.matches("<details class=\"a\"").count(), count);
    let ids = values(&page, "id");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}
