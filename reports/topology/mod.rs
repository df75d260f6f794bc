//! The topology of a deployment as a picture, and in words: what stands there, drawn from the live
//! data, with every finding at the thing it is about.
//!
//! `marks.rs` finds the thing for each finding, `layout.rs` and its neighbours give everything a place,
//! and `svg.rs` only draws that.

mod columns;
#[cfg(test)]
mod estates;
mod gap;
mod layout;
mod marks;
mod storage;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod wording;
mod words;
mod zones;

use jiff::Timestamp;
use vaudit_model::assessment::DeploymentAssessment;

use marks::Scene;

/// The style sheet of the pictures, once a page. It takes its colours from the page's custom
/// properties.
pub const STYLE: &str = include_str!("style.css");

/// The picture of a deployment as an inline SVG. `prefix` makes its ids unique on a page; it is ours
/// and never a name.
pub fn picture(own: &DeploymentAssessment, now: Timestamp, prefix: &str) -> String {
    let scene = Scene::of(own, now);
    svg::draw(&scene, &layout::lay_out(&scene), prefix)
}

/// The same in sentences, for whoever does not see the picture. Plain text, without control
/// characters; the page escapes it.
pub fn words(own: &DeploymentAssessment, now: Timestamp) -> Vec<String> {
    words::of(&Scene::of(own, now))
}

/// The failing rules that no element of the picture stands for, sorted.
pub fn not_drawn(own: &DeploymentAssessment) -> Vec<&'static str> {
    Scene::of(own, Timestamp::UNIX_EPOCH).not_drawn
}
