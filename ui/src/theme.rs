//! Every colour, size and time of the kiosk, in one place.
//!
//! Sizes are points at the reference panel (10.1", 149 dpi); another panel scales by its own dpi
//! ([`pixels_per_point`]), so that 20 mm stay 20 mm. Text keeps a contrast of 7:1 (WCAG 2.2 SC 1.4.6),
//! an edge that means something 3:1 (SC 1.4.11): a test computes both for every palette.

use std::time::Duration;

use egui::Color32;

mod alert;
mod fonts;
mod palette;

pub use alert::AlertSkin;
pub use fonts::{FontError, bold, install_fonts, regular};
pub use palette::{Fill, Look, Palette};

/// The reference panel's dots per inch: at it a point is a pixel.
pub const REFERENCE_DPI: f32 = 149.0;
/// Points in a millimetre, on every panel.
pub const POINTS_PER_MILLIMETRE: f32 = REFERENCE_DPI / 25.4;

/// Pixels per point for a panel of `dpi`.
pub fn pixels_per_point(dpi: f32) -> f32 {
    dpi / REFERENCE_DPI
}

/// Sizes in points.
pub mod size {
    /// 20 mm: the least that can be touched, both ways.
    pub const TARGET: f32 = 118.0;
    /// Tiles of the idle row and members.
    pub const TILE: f32 = 126.0;
    /// Between tiles.
    pub const GAP: f32 = 14.0;
    /// From the edge of the screen.
    pub const EDGE: f32 = 24.0;
    /// The same on idle.
    pub const EDGE_IDLE: f32 = 32.0;
    /// The banner of idle screens.
    pub const BANNER: f32 = 72.0;
    /// The banner of the others.
    pub const BANNER_SLIM: f32 = 46.0;
    /// The striped frame of a drill.
    pub const DRILL_FRAME: f32 = 28.0;

    /// Corner radius of a tile.
    pub const RADIUS_TILE: f32 = 24.0;
    /// Corner radius of a panel.
    pub const RADIUS_PANEL: f32 = 32.0;
    /// Corner radius of a tag.
    pub const RADIUS_TAG: f32 = 8.0;

    /// The edge of something touchable.
    pub const LINE: f32 = 3.0;
    /// The edge of something chosen, or of the one thing that asks.
    pub const LINE_CHOSEN: f32 = 5.0;

    /// The smallest text: 4 mm.
    pub const CAPTION: f32 = 24.0;
    /// Running text.
    pub const BODY: f32 = 28.0;
    /// A tile's word.
    pub const TILE_TEXT: f32 = 32.0;
    /// A lead line.
    pub const LEAD: f32 = 36.0;
    /// A title.
    pub const TITLE: f32 = 44.0;
    /// A name on an answer.
    pub const NAME: f32 = 48.0;
    /// A count.
    pub const COUNT: f32 = 64.0;
    /// The word of an answer.
    pub const ANSWER: f32 = 68.0;
    /// The one thing to do on idle.
    pub const CALL: f32 = 82.0;
}

/// An answer that asks nothing goes back to idle.
pub const ANSWER_HOLD: Duration = Duration::from_secs(2);
/// A goodbye goes back to idle: it says until when, which takes longer to read than a word.
pub const GOODBYE_HOLD: Duration = Duration::from_secs(3);
/// A panel that asks goes back to idle, counted from the last touch.
pub const PANEL_HOLD: Duration = Duration::from_secs(12);
/// A page that somebody opened (health, lists, settings) goes back, counted from the last touch.
pub const PAGE_HOLD: Duration = Duration::from_secs(60);
/// A page with ticks that were not sent goes back after this: a leader asks around between two touches.
pub const ROUND_HOLD: Duration = Duration::from_secs(180);
/// A secret waits so long at the reader for its card; and the question whose it is, for somebody to compare.
pub const CARD_HOLD: Duration = Duration::from_secs(30);
/// An open list of who has not arrived is asked for again.
pub const REFRESH: Duration = Duration::from_secs(5);
/// A scanner types its code and the return key within this.
pub const SCAN: Duration = Duration::from_millis(500);
/// And this for each of its letters.
pub const SCAN_LETTER: Duration = Duration::from_millis(5);
/// So long staff who stay can lay aside that they are to leave.
pub const STAY_HOLD: Duration = Duration::from_secs(60);
/// How long a refusal is shown.
pub const NOTICE_HOLD: Duration = Duration::from_secs(6);

/// How much something asks for attention. The shape tells it as well as the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing to judge (a town's first year has no card data).
    Plain,
    /// In order.
    Fine,
    /// Somebody should look at it.
    Notice,
    /// Something does not work.
    Broken,
}

pub(crate) const fn colour(rgb: u32) -> Color32 {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}
