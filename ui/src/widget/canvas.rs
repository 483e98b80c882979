//! What every screen draws on: the ui, the colours and the words.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Align2, Color32, CornerRadius, Galley, Id, Pos2, Rect, Response, Sense, Stroke, StrokeKind,
    WidgetInfo,
};

use super::phrases::break_between_phrases;
use crate::Texts;
use crate::theme::{Palette, bold, regular, size};

/// Between the lines of a text, in parts of its size.
const LINE_HEIGHT: f32 = 1.3;
/// A text that does not fit is set smaller in steps of this, down to [`size::CAPTION`].
const SHRINK: f32 = 2.0;
/// Widths are sums of rounded advances: the same text may measure this much more, in points.
const ROUNDING: f32 = 0.5;
/// How far the line of a text may reach over its place, in points: its ink does not.
const OVERHANG: f32 = 6.0;

/// Draws text and touchable areas and gives both a label for people who do not see them, and for tests.
pub(crate) struct Canvas<'a> {
    /// Where it is drawn.
    pub(crate) ui: &'a mut egui::Ui,
    /// In which colours.
    pub(crate) palette: Palette,
    /// In which language.
    pub(crate) texts: &'a Texts,
}

impl std::fmt::Debug for Canvas<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Canvas").field("palette", &self.palette).finish_non_exhaustive()
    }
}

/// The weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// 400
    Regular,
    /// 700
    Bold,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Type {
    /// In points, before it is made to fit.
    pub(crate) size: f32,
    /// Regular or bold.
    pub(crate) weight: Weight,
    /// On the ground it stands on.
    pub(crate) colour: Color32,
}

impl Type {
    /// Regular text.
    pub(crate) const fn regular(size: f32, colour: Color32) -> Self {
        Self { size, weight: Weight::Regular, colour }
    }

    /// Bold text.
    pub(crate) const fn bold(size: f32, colour: Color32) -> Self {
        Self { size, weight: Weight::Bold, colour }
    }
}

/// The state of something touchable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touchable {
    /// A button.
    Button,
    /// A choice that is on or off.
    Choice {
        /// On.
        chosen: bool,
    },
    /// Shown, but not to be touched now.
    Disabled,
}

impl Canvas<'_> {
    /// Fills a rectangle.
    pub(crate) fn fill(&self, rect: Rect, colour: Color32) {
        self.ui.painter().rect_filled(rect, CornerRadius::ZERO, colour);
    }

    /// Fills a rounded rectangle with an edge drawn inside it.
    pub(crate) fn card(&self, rect: Rect, radius: f32, fill: Color32, edge: Stroke) {
        self.ui.painter().rect(rect, radius, fill, edge, StrokeKind::Inside);
    }

    /// Draws a text inside `rect`; returns the rectangle it covers. A longer text than the place allows is
    /// set smaller and, at the smallest size, cut with an ellipsis.
    pub(crate) fn text(&mut self, rect: Rect, align: Align2, look: Type, text: &str) -> Rect {
        self.runs(rect, align, &[(look, text)])
    }

    /// The same with several looks in one line of text.
    pub(crate) fn runs(&mut self, rect: Rect, align: Align2, runs: &[(Type, &str)]) -> Rect {
        let placed = self.paint_runs(rect, align, runs);
        let text: String = runs.iter().map(|(_, text)| *text).collect();
        // Hung on its place and words: two equal texts on one screen stay two nodes.
        let id = self.ui.scope_id().with((&text, placed.left().to_bits(), placed.top().to_bits()));
        let response = self.ui.interact(placed, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text.replace('\n', " ")));
        placed
    }

    /// Draws a text without a label of its own: for the words of something touchable, which has one.
    pub(crate) fn paint(&self, rect: Rect, align: Align2, look: Type, text: &str) -> Rect {
        self.paint_runs(rect, align, &[(look, text)])
    }

    fn paint_runs(&self, rect: Rect, align: Align2, runs: &[(Type, &str)]) -> Rect {
        let Laid { galley, whole } = self.fitted(rect, align.x(), runs);
        let placed = align.align_size_within_rect(galley.size(), rect);
        let at = Pos2::new(anchor_x(align.x(), rect), placed.top());
        let colour = runs.first().map_or(self.palette.ink, |(look, _)| look.colour);
        // Only in builds for tests: names are not kept longer than they are shown.
        let cut = galley.elided || !whole || galley.size().y > rect.height() + OVERHANG;
        if cfg!(debug_assertions) && cut {
            let text: String = runs.iter().map(|(_, text)| *text).collect();
            self.ui.ctx().data_mut(|data| {
                data.get_temp_mut_or_default::<BTreeSet<String>>(elided_texts()).insert(text);
            });
        }
        self.ui.painter().galley(at, galley, colour);
        placed
    }

    /// The height that a text of this look needs in this width.
    pub(crate) fn height_of(&self, width: f32, look: Type, text: &str) -> f32 {
        self.layout(width, f32::INFINITY, Align::Min, &[(look, text)], 0.0).galley.size().y
    }

    /// The width that a text of this look needs on one line.
    pub(crate) fn width_of(&self, look: Type, text: &str) -> f32 {
        self.layout(f32::INFINITY, f32::INFINITY, Align::Min, &[(look, text)], 0.0).galley.size().x
    }

    /// An area that can be touched. `id` stays the same while its label changes under the finger.
    pub(crate) fn touch(
        &mut self,
        id: impl Hash + std::fmt::Debug,
        rect: Rect,
        kind: Touchable,
        label: &str,
    ) -> Response {
        let enabled = kind != Touchable::Disabled;
        let sense = if enabled { Sense::click() } else { Sense::hover() };
        let response = self.ui.interact(rect, Id::unique("touch").with(id), sense);
        let label = label.replace('\n', " ");
        response.widget_info(|| match kind {
            Touchable::Button | Touchable::Disabled => WidgetInfo::labeled(Role::Button, enabled, &label),
            Touchable::Choice { chosen } => WidgetInfo::selected(Role::CheckBox, true, chosen, &label),
        });
        response
    }

    fn fitted(&self, rect: Rect, halign: Align, runs: &[(Type, &str)]) -> Laid {
        let largest = runs.iter().map(|(look, _)| look.size).fold(0.0, f32::max);
        let mut smaller = 0.0;
        loop {
            let laid = self.layout(rect.width(), rect.height(), halign, runs, smaller);
            let galley = &laid.galley;
            let fits = laid.whole && !galley.elided && galley.size().y <= rect.height() + 1.0;
            if fits || largest - smaller <= size::CAPTION {
                return laid;
            }
            smaller += SHRINK;
        }
    }

    /// A text of one look is broken between its phrases; one of several looks is for one line.
    fn layout(&self, width: f32, height: f32, halign: Align, runs: &[(Type, &str)], smaller: f32) -> Laid {
        let mut job = LayoutJob { halign, ..LayoutJob::default() };
        let mut line = size::CAPTION;
        let mut whole = true;
        for (look, text) in runs {
            let size = (look.size - smaller).max(size::CAPTION.min(look.size));
            line = line.max(size * LINE_HEIGHT);
            let format = format_of(*look, size);
            if runs.len() == 1 && width.is_finite() {
                let fits = |line: &str| self.line_width(line, &format) <= width + ROUNDING;
                let broken = break_between_phrases(text, fits);
                whole = broken.whole;
                job.append(&broken.text, 0.0, format);
            } else {
                job.append(text, 0.0, format);
            }
        }
        // A little more than was measured: what fitted must not be broken by rounding.
        let max_width = width + 2.0 * ROUNDING;
        job.wrap = TextWrapping { max_width, max_rows: rows(height, line), ..TextWrapping::default() };
        Laid { galley: self.ui.painter().layout_job(job), whole }
    }

    fn line_width(&self, line: &str, format: &TextFormat) -> f32 {
        let mut job = LayoutJob::single_section(line.to_owned(), format.clone());
        job.wrap = TextWrapping::no_max_width();
        self.ui.painter().layout_job(job).size().x
    }
}

/// A text as it will be drawn.
struct Laid {
    galley: Arc<Galley>,
    /// Whether no word is broken.
    whole: bool,
}

fn format_of(look: Type, size: f32) -> TextFormat {
    let font_id = match look.weight {
        Weight::Regular => regular(size),
        Weight::Bold => bold(size),
    };
    let line_height = Some(size * LINE_HEIGHT);
    TextFormat { font_id, color: look.colour, line_height, valign: Align::BOTTOM, ..TextFormat::default() }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, which is what is meant"
)]
fn rows(height: f32, line: f32) -> usize {
    ((height + 1.0) / line).floor().max(1.0) as usize
}

fn anchor_x(align: Align, rect: Rect) -> f32 {
    match align {
        Align::Min => rect.left(),
        Align::Center => rect.center().x,
        Align::Max => rect.right(),
    }
}

/// Where texts that did not fit are noted in builds for tests, as a set of texts.
pub fn elided_texts() -> Id {
    Id::unique("elided texts")
}
