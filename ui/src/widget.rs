//! House widgets: each carries its size, its contrast and its label.

mod banner;
mod button;
mod canvas;
mod frame;
mod light;
mod phrases;
mod pictogram;
mod place;
mod reader;
mod stepper;

pub(crate) use banner::{Banner, banner_ui};
pub(crate) use button::{Button, ButtonLook, dashed_edge};
pub use canvas::elided_texts;
pub(crate) use canvas::{Canvas, Touchable, Type};
pub(crate) use frame::{drill_frame_ui, stripes_ui};
pub(crate) use light::light_ui;
pub(crate) use pictogram::Pictogram;
pub(crate) use place::{Grid, Place};
pub(crate) use reader::reader_ui;
pub(crate) use stepper::{Row, stepper_ui};
