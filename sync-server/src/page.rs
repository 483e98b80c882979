//! The page: plain HTML that a browser loads again by itself. Colour never says anything alone.
pub(crate) const STYLE: &str = include_str!("page.css");
use crate::counts::Counts;
pub(crate) fn live(counts: &Counts) -> String {
    counts.town.clone()
}
pub(crate) fn drill(counts: &Counts) -> String {
    counts.town.clone()
}
pub(crate) fn trouble() -> String {
    String::new()
}
