//! The kiosk's library under a tester's finger: its one transition and its drawing, without a window, a
//! socket or a sound card. Touches are found by the label that a screen reader would say.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect, UiBuilder, Vec2, vec2};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node, SnapshotOptions};
use hinamori_ipc::{AnswerId, Command, LaneChange, Screen, Sound, ToKiosk};
use hinamori_kiosk::{
    Catalogue, Effect, Event, LinkEvent, Now, SoundOutput, State, elided_texts, ground, kiosk_ui, theme,
    typed, update,
};
use hinamori_model::UnixMillis;

/// 2026-10-12T05:21:00+09:00, when the kiosks of these tests were switched on.
pub const MORNING: UnixMillis = UnixMillis::new(1_791_750_060_000);
/// The reference panel, in points.
pub const LANDSCAPE: Vec2 = vec2(1_280.0, 800.0);
/// The same panel on its side.
pub const PORTRAIT: Vec2 = vec2(800.0, 1_280.0);

/// How far a pixel may be from the committed one: rasterisers for other processors round edges otherwise.
const DIFFERENCE: f32 = 0.6;
/// Pixels that may be further: a line of text is more than ten times as many.
const STRAY_PIXELS: usize = 256;

/// A picture of a screen, a pixel a point.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: usize,
    /// Red, green, blue and alpha of each pixel, row by row.
    pub rgba: Vec<u8>,
}

impl Picture {
    /// How much of it another picture shows otherwise, from 0 to 1; 1 when their sizes differ. A pixel
    /// counts when one of its colours is off by more than a fifth: anti-aliasing is not seen.
    pub fn difference(&self, other: &Self) -> f32 {
        const PLAIN: u8 = 51;
        if self.width != other.width || self.rgba.len() != other.rgba.len() {
            return 1.0;
        }
        let (pixels, others) = (self.rgba.as_chunks::<4>().0, other.rgba.as_chunks::<4>().0);
        let differs =
            |(one, two): &(&[u8; 4], &[u8; 4])| one.iter().zip(*two).any(|(a, b)| a.abs_diff(*b) > PLAIN);
        let different = pixels.iter().zip(others).filter(differs).count();
        #[expect(clippy::cast_precision_loss, reason = "a screen has about a million pixels")]
        let part = different as f32 / pixels.len().max(1) as f32;
        part
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Picture").field("width", &self.width).finish_non_exhaustive()
    }
}

/// The kiosk behind the panel, with what it asked the shell for.
#[derive(Debug)]
pub struct Kiosk {
    /// What it knows.
    pub state: State,
    /// The wall clock when it was switched on.
    began: UnixMillis,
    /// Since then.
    steady: Duration,
    catalogue: Catalogue,
    commands: Vec<Command>,
    sounds: Vec<(AnswerId, Sound)>,
}

impl Kiosk {
    const fn now(&self) -> Now {
        // Milliseconds since 1970 and a few minutes of test: no overflow, no cut.
        Now { wall: self.began.plus(self.steady.as_millis() as u64), steady: self.steady }
    }

    fn take(&mut self, event: Event) {
        let now = self.now();
        for effect in update(&mut self.state, event, now) {
            match effect {
                Effect::Send(command) => self.commands.push(command),
                Effect::Play(answer, sound, _) => self.sounds.push((answer, sound)),
            }
        }
    }
}

/// A kiosk on a panel of a size.
pub struct Panel {
    harness: Harness<'static, Kiosk>,
}

impl std::fmt::Debug for Panel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Panel")
    }
}

/// Something that can be touched.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What a screen reader says.
    pub label: String,
    /// Where, in points.
    pub rect: Rect,
}

impl Panel {
    /// A kiosk that was just switched on.
    pub fn new(size: Vec2) -> Self {
        let kiosk = Kiosk {
            state: switched_on(),
            began: MORNING,
            steady: Duration::ZERO,
            catalogue: Catalogue::default(),
            commands: Vec::new(),
            sounds: Vec::new(),
        };
        let harness = Harness::builder()
            .with_size(size)
            .with_render_cursor(false)
            .with_context_setup(|context| {
                if let Err(error) = theme::install_fonts(context) {
                    panic!("{error}");
                }
            })
            .build_ui_state(
                |ui, kiosk: &mut Kiosk| {
                    // The harness keeps a margin; a window does not.
                    let screen = ui.ctx().content_rect();
                    let mut whole = ui.new_child(UiBuilder::new().max_rect(screen));
                    whole.set_clip_rect(screen);
                    whole.painter().rect_filled(screen, 0.0, ground(&kiosk.state));
                    let now = kiosk.now();
                    if let Some(action) = typed(ui.ctx()) {
                        kiosk.take(Event::Touched(action));
                    }
                    if let Some(action) = kiosk_ui(&mut whole, &kiosk.state, &kiosk.catalogue, now) {
                        kiosk.take(Event::Touched(action));
                        ui.ctx().request_repaint();
                    }
                },
                kiosk,
            );
        Self { harness }
    }

    /// A kiosk that has just been told this lane.
    pub fn showing(size: Vec2, lane: hinamori_ipc::LaneState) -> Self {
        let mut panel = Self::new(size);
        panel.hear(ToKiosk::Snapshot(Box::new(lane)));
        panel
    }

    /// Switches it off and on again, told nothing yet.
    pub fn restart(&mut self) {
        let kiosk = self.harness.state_mut();
        kiosk.state = switched_on();
        kiosk.commands.clear();
        kiosk.sounds.clear();
        self.harness.remove_cursor();
        self.settle();
    }

    /// The daemon says something.
    pub fn hear(&mut self, message: ToKiosk) {
        self.event(Event::Link(LinkEvent::Message(Box::new(message))));
    }

    /// The daemon says that the screen is another one.
    pub fn answer(&mut self, screen: Screen) {
        self.hear(ToKiosk::Changes(vec![LaneChange::Screen(screen)]));
    }

    /// Anything happens.
    pub fn event(&mut self, event: Event) {
        self.harness.state_mut().take(event);
        self.settle();
    }

    /// Time passes; the kiosk is woken as its own timers would wake it.
    pub fn wait(&mut self, time: Duration) {
        self.harness.state_mut().steady += time;
        self.event(Event::Tick);
    }

    /// Puts the wall clock right, for answers of a real daemon.
    pub fn set_clock(&mut self, wall: UnixMillis) {
        let kiosk = self.harness.state_mut();
        kiosk.began = UnixMillis::new(wall.get().saturating_sub(kiosk.now().wall.since(kiosk.began)));
        self.settle();
    }

    /// Changes what no message sets: language, light.
    pub fn set(&mut self, change: impl FnOnce(&mut State)) {
        change(&mut self.harness.state_mut().state);
        self.settle();
    }

    /// What the kiosk knows.
    pub fn state(&self) -> &State {
        &self.harness.state().state
    }

    /// The whole panel, in points.
    pub fn screen(&self) -> Rect {
        self.harness.ctx.content_rect()
    }

    fn settle(&mut self) {
        self.harness.run();
    }

    /// Touches what has this label.
    ///
    /// # Panics
    /// When nothing on the screen can be touched under this label, or several things can.
    pub fn touch(&mut self, label: &str) {
        self.touchable(label).click();
        self.settle();
    }

    /// A keyboard or a scanner types; `\n` is the return key.
    pub fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            let event = match letter {
                '\n' => key_pressed(Key::Enter),
                '\u{8}' => key_pressed(Key::Backspace),
                letter => egui::Event::Text(letter.to_string()),
            };
            // All in one frame, as a scanner is faster than the screen.
            self.harness.input_mut().events.push(event);
        }
        self.settle();
    }

    /// Whether something with this label can be touched.
    pub fn offers(&self, label: &str) -> bool {
        self.targets().iter().any(|target| target.label == label)
    }

    /// Whether a choice with this label is on.
    ///
    /// # Panics
    /// When there is no such choice.
    pub fn is_chosen(&self, label: &str) -> bool {
        let toggled = self.touchable(label).accesskit_node().toggled();
        match toggled {
            Some(toggled) => toggled == egui::accesskit::Toggled::True,
            None => panic!("{label:?} is no choice"),
        }
    }

    fn touchable(&self, label: &str) -> Node<'_> {
        let found: Vec<_> = self.touchables().filter(|node| label_of(node) == label).collect();
        match <[Node<'_>; 1]>::try_from(found) {
            Ok([node]) => node,
            Err(found) => panic!("{} targets {label:?}; the screen says {:?}", found.len(), self.texts()),
        }
    }

    fn touchables(&self) -> impl Iterator<Item = Node<'_>> {
        let can_be_touched = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            matches!(node.role(), Role::Button | Role::CheckBox) && !node.is_disabled()
        };
        self.harness.query_all(By::new().predicate(can_be_touched))
    }

    /// Everything that can be touched.
    pub fn targets(&self) -> Vec<Target> {
        self.touchables().map(|node| Target { label: label_of(&node), rect: node.rect() }).collect()
    }

    /// Every text on the screen, those of buttons too.
    pub fn texts(&self) -> Vec<String> {
        let nodes = self.harness.query_all(By::new());
        nodes.map(|node| label_of(&node)).filter(|text| !text.is_empty()).collect()
    }

    /// Whether the screen says this, anywhere.
    pub fn says(&self, text: &str) -> bool {
        self.texts().iter().any(|said| said.contains(text))
    }

    /// Texts that did not fit since the last call.
    pub fn cut_off(&self) -> BTreeSet<String> {
        self.harness.ctx.data_mut(|data| data.remove_temp(elided_texts()).unwrap_or_default())
    }

    /// What was sent to the daemon since the last call.
    pub fn sent(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.harness.state_mut().commands)
    }

    /// What was played since the last call.
    pub fn played(&mut self) -> Vec<(AnswerId, Sound)> {
        std::mem::take(&mut self.harness.state_mut().sounds)
    }

    /// Draws the screen.
    ///
    /// # Panics
    /// Without a software rasteriser: install the packages of `packaging/install-packages.sh test`.
    pub fn picture(&mut self) -> Picture {
        self.rest();
        match self.harness.render() {
            Ok(image) => Picture { width: image.width() as usize, rgba: image.into_raw() },
            Err(error) => panic!("cannot draw: {error}"),
        }
    }

    /// Draws the screen into a PNG file.
    ///
    /// # Panics
    /// Without a software rasteriser, or when the file cannot be written.
    pub fn save_picture(&mut self, file: &Path) {
        self.rest();
        let saved =
            self.harness.render().and_then(|image| image.save(file).map_err(|error| error.to_string()));
        if let Err(error) = saved {
            panic!("cannot draw {}: {error}", file.display());
        }
    }

    /// Compares the screen with `tests/snapshots/NAME.png`.
    ///
    /// # Panics
    /// When they differ by more than rasterisers do, or without a rasteriser.
    pub fn resembles(&mut self, name: &str) {
        self.rest();
        let options = SnapshotOptions::new().threshold(DIFFERENCE).max_failed_pixels(STRAY_PIXELS);
        if let Err(error) = self.harness.try_snapshot_options(name, &options) {
            panic!("{error}");
        }
    }

    /// Nothing lies on the screen.
    fn rest(&mut self) {
        self.harness.remove_cursor();
        self.settle();
    }
}

/// A kiosk with a sound card that was found.
fn switched_on() -> State {
    State { sound: SoundOutput::Ready, ..State::default() }
}

fn key_pressed(key: Key) -> egui::Event {
    egui::Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
}

fn label_of(node: &Node<'_>) -> String {
    let node = node.accesskit_node();
    node.label().or_else(|| node.value()).unwrap_or_default()
}
