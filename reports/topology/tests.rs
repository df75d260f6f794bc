//! Everything has its place, and every failure is seen.

use proptest::prelude::*;
use vaudit_model::Verdict;

use super::estates::{Plan, estate};
use super::layout::{Label, Rect, Sheet, WIDTH};
use super::*;
use crate::canned;

/// Enough to meet every shape of an estate; more of them make the suite slow.
const CASES: u32 = 96;

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn contains(outer: Rect, inner: Rect) -> bool {
    outer.x < inner.x
        && outer.y < inner.y
        && inner.right() < outer.right()
        && inner.bottom() < outer.bottom()
}

/// What a piece of a line covers. It has no width, so what it only touches is not overlapped.
fn covered((ax, ay): (i32, i32), (bx, by): (i32, i32)) -> Rect {
    Rect { x: ax.min(bx), y: ay.min(by), w: (ax - bx).abs().max(1), h: (ay - by).abs().max(1) }
}

/// The same within its ends, which may stand on the edges of boxes.
fn within(piece: Rect) -> Rect {
    match piece.w > piece.h {
        true => Rect { x: piece.x + 1, w: piece.w - 2, ..piece },
        false => Rect { y: piece.y + 1, h: piece.h - 2, ..piece },
    }
}

fn is_in(sheet: &Sheet, inner: usize, outer: usize) -> bool {
    let mut at = sheet.blocks[inner].parent;
    while let Some(block) = at {
        if block == outer {
            return true;
        }
        at = sheet.blocks[block].parent;
    }
    false
}

/// Nothing lies on anything it does not belong to.
fn check(sheet: &Sheet) {
    let page = Rect { x: 0, y: 0, w: WIDTH, h: sheet.height };
    let blocks = &sheet.blocks;
    for (at, block) in blocks.iter().enumerate() {
        assert!(contains(page, block.rect), "{block:?} leaves the page");
        for (nth, other) in blocks.iter().enumerate().take(at) {
            if is_in(sheet, at, nth) {
                assert!(contains(other.rect, block.rect), "{block:?} leaves {other:?}");
            } else {
                assert!(!overlap(block.rect, other.rect), "{block:?} lies on {other:?}");
            }
        }
    }
    let is_leaf = |at: usize| blocks.iter().all(|block| block.parent != Some(at));
    for (at, label) in sheet.labels.iter().enumerate() {
        let Label { rect, owner, .. } = label;
        assert!(contains(page, *rect), "{label:?} leaves the page");
        for other in &sheet.labels[..at] {
            assert!(!overlap(*rect, other.rect), "{label:?} lies on {other:?}");
        }
        for (nth, block) in blocks.iter().enumerate() {
            if *owner == Some(nth) {
                assert!(contains(block.rect, *rect), "{label:?} leaves {block:?}");
            } else if !owner.is_some_and(|own| is_in(sheet, own, nth)) {
                assert!(!overlap(*rect, block.rect), "{label:?} lies on {block:?}");
            }
        }
    }
    let mut pieces: Vec<(usize, Rect)> = Vec::new();
    for (at, line) in sheet.lines.iter().enumerate() {
        for ends in line.points.windows(2) {
            let is_straight = ends[0].0 == ends[1].0 || ends[0].1 == ends[1].1;
            assert!(is_straight && ends[0] != ends[1], "{line:?}");
            let piece = within(covered(ends[0], ends[1]));
            assert!(contains(page, piece), "{line:?} leaves the page");
            for label in &sheet.labels {
                assert!(!overlap(piece, label.rect), "{line:?} crosses {label:?}");
            }
            for (nth, block) in blocks.iter().enumerate().filter(|(nth, _)| is_leaf(*nth)) {
                assert!(!overlap(piece, block.rect), "{line:?} crosses {nth} {block:?}");
            }
            for (other, taken) in &pieces {
                let lies_along = (piece.w > piece.h) == (taken.w > taken.h);
                assert!(
                    *other == at || !lies_along || !overlap(piece, *taken),
                    "{line:?} lies on {:?}",
                    sheet.lines[*other]
                );
            }
            pieces.push((at, piece));
        }
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let counts = (0..9usize, 0..6usize, 0..6usize, 0..6usize, 0..9usize);
    let shape = (any::<bool>(), prop::bool::weighted(0.2), any::<bool>(), 0..5usize);
    let lost = prop_oneof![Just(0), any::<u32>(), Just(u32::MAX)];
    let findings = prop::collection::vec((0..24usize, 0..20usize, 0..4u8), 0..40);
    (counts, shape, lost, any::<bool>(), findings).prop_map(
        |(counts, shape, lost, is_absent, findings)| Plan {
            subnets: counts.0,
            others: counts.1,
            further_zones: counts.2,
            networks: counts.3,
            roles: counts.4,
            is_one_network: shape.0 && counts.0.is_multiple_of(3),
            is_public: shape.1,
            has_backup_account: shape.2,
            names: shape.3,
            lost,
            is_absent,
            findings,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]
    #[test]
    fn nothing_lies_on_anything_else(plan in plans()) {
        let own = estate(&plan);
        check(&layout::lay_out(&Scene::of(&own, now())));
    }

    #[test]
    fn every_failure_is_seen_and_said(plan in plans()) {
        let own = estate(&plan);
        let (svg, words) = (picture(&own, now(), "a"), words(&own, now()).join("\n"));
        let missing = not_drawn(&own);
        for result in own.results.iter().filter(|result| result.is_open()) {
            let rule = result.meta.id;
            if result.judgement.verdict == Verdict::Fail {
                let seen = svg.contains(&format!("✕ {rule}<"));
                prop_assert!(seen != missing.contains(&rule), "{rule}\n{svg}");
                prop_assert!(words.contains(rule) || missing.contains(&rule), "{rule}\n{words}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]
    #[test]
    fn names_stay_text(plan in plans(), hostile in ".{0,40}") {
        let mut own = estate(&Plan { names: 2, ..plan });
        own.deployment.name = hostile;
        let svg = picture(&own, now(), "d7-");
        prop_assert!(!svg.contains("<b>") && !svg.contains("style=") && !svg.contains("href"));
        prop_assert!(!svg.chars().any(char::is_control));
        prop_assert_eq!(svg.matches(" id=\"").count(), svg.matches(" id=\"d7-").count());
        for tag in svg.split('<').skip(1) {
            let name: String = tag.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '/').collect();
            let known = ["svg", "/svg", "title", "/title", "desc", "/desc", "rect", "path", "g", "/g", "text", "/text"];
            prop_assert!(known.contains(&name.as_str()), "{name}");
        }
        for line in words(&own, now()) {
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}

#[test]
fn the_picture_of_an_ordinary_estate_is_small() {
    let findings = (0..16).map(|nth| (nth, nth, 3 * u8::from(nth > 5))).collect();
    let own = estate(&Plan { findings, ..Plan::ordinary() });
    let svg = picture(&own, now(), "d0-");
    assert!(svg.len() <= 7_000, "{} bytes", svg.len());
}

#[test]
fn the_canned_estate_is_drawn_and_told() {
    let assessment = canned::assessment();
    let own = &assessment.deployments[0];
    let finished = assessment.run.header.finished_at;
    let svg = picture(own, finished, "d0-").replace("><", ">\n<");
    insta::assert_snapshot!("picture.svg", svg);
    insta::assert_snapshot!("words", words(own, finished).join("\n"));
    assert_eq!(not_drawn(own), Vec::<&str>::new());
}
