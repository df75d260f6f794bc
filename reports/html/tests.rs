//! The page as a whole.

use super::*;
use crate::canned;

#[test]
fn the_same_assessment_gives_the_same_bytes() {
    assert_eq!(render(&canned::assessment()), render(&canned::assessment()));
}
