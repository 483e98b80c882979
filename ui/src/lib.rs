//! The kiosk of a box: one window for one lane. It draws what the daemon says over the socket, sends what
//! was touched back, and holds no fact of its own: it can be killed and started again at any time.
//!
//! It deliberately does not know cards, records, the network or the clock's truth. It sees
//! `hinamori-ipc` (the contract) and `hinamori-model` (the words).
//!
//! The life of one answer: [`link`] reads a change from the socket on its own thread and wakes the window;
//! [`App`](app::App) feeds it to [`update()`], the one transition, pure; its effects are a sound for
//! [`sound`]'s thread and commands for [`link`]'s; then [`kiosk_ui`] draws the state and returns what was
//! touched, which is an event again.
//!
//! **Invariant:** a sound follows a change that brings a new answer; a snapshot is silent.
//! **Invariant:** the frame waits for nothing: no socket, no sound card, no disk.
//! **Invariant:** on idle nothing is drawn until the minute changes or something happens.
//! **Invariant:** a list of names is forgotten when its page is left; a reply that comes later is dropped.
//! **Invariant:** in a drill every screen wears its frame and its word; nothing turns them off.

mod action;
pub mod app;
mod care;
pub mod clock;
mod event;
pub mod frame_log;
mod i18n;
mod keyboard;
pub mod link;
mod officers;
mod people;
mod registration;
mod screen;
mod site;
pub mod sound;
mod staff;
mod state;
pub mod theme;
mod update;
mod widget;

pub use action::{Action, Effect, Page, Step, Who};
pub use care::{Care, CareKey, CareStep, NeedDraft, degrees_of};
pub use event::{Event, LinkEvent, Now, SoundOutput, Volume};
pub use i18n::{Catalogue, Texts, Value};
pub use keyboard::typed;
pub use officers::{OfficerPages, OfficerStep, OfficerTouch, Saying};
pub use people::{Key, People, Question, RollCallHour, Search};
pub use registration::{Digit, Registration, RegistrationKey, SecretKind};
pub use screen::{ground, kiosk_ui};
pub use site::{SitePages, TelevisionStep};
pub use staff::{Dial, MOST_DAYS, SignIn, SignInKey, SignInStep, SignInTrouble, StaffPages};
pub use state::{Draft, Language, LinkStage, MAXIMUM_COUNT, Notice, State};
pub use update::update;
pub use widget::elided_texts;
