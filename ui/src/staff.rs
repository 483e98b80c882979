//! Who works at this lane: how far a sign-in is, a pass that is being issued, who looked at whom. Forgotten as one when its
//! page is left.

use hinamori_ipc::{LaneState, Lookup, Pass, SignInFault, SignedInBy};
use hinamori_model::{PersonalText, Right, Role};

use crate::{Digit, Page};

/// The most days of a pass.
pub const MOST_DAYS: u8 = 7;

/// Everything that the pages of staff know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaffPages {
    /// How far a sign-in is.
    pub sign_in: SignIn,
    /// For what a pass is.
    pub role: Option<Role>,
    /// For how many days; 0 until it was chosen.
    pub days: u8,
    /// The pass that was issued. It is shown once.
    pub pass: Option<Pass>,
    /// Who looked at the person of the answer, `None` until it arrives.
    pub lookups: Option<Vec<Lookup>>,
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignIn {
    /// The page that opens after it.
    pub then: Option<Page>,
    /// Whether that page asks for a PIN too.
    pub needs_pin: bool,
    /// What is waited for.
    pub step: SignInStep,
    /// A pass that was scanned and waits for its number.
    pub pass: Option<PersonalText>,
    /// Why nobody was signed in, or why it was not enough.
    pub trouble: Option<SignInTrouble>,
}

/// What a sign-in waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignInStep {
    /// A card or a pass; the daemon was told.
    #[default]
    Card,
    /// The four digits of a card's PIN, or of a scanned pass.
    Digits,
    /// A touch: the card before could not be used.
    Again,
}

/// Why a page does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInTrouble {
    /// Nobody was signed in.
    Fault(SignInFault),
    /// Somebody is signed in, and this is not theirs.
    NotAllowed,
}

/// A touch on the page of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInKey {
    /// Another card may come.
    Again,
    /// A PIN is to be typed first.
    TypePin,
}

/// A touch on a pad of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dial {
    /// A digit.
    Digit(Digit),
    /// The last one was wrong.
    Delete,
    /// All of it is typed.
    Done,
}

/// Whether a page opens for whoever is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opens {
    /// Yes.
    Now,
    /// After a sign-in.
    AfterSignIn,
    /// Whoever is signed in may see it and has to give the PIN.
    AfterPin,
    /// Whoever is signed in may not see it.
    ForOthers,
}

impl Page {
    /// What somebody must be allowed to, so that this page opens where the town lists staff.
    pub const fn right(self) -> Option<Right> {
        match self {
            Self::LeaderList
            | Self::Search
            | Self::Group
            | Self::RollCall
            | Self::Registration
            | Self::HeadCounts
            | Self::NotArrived => Some(Right::People),
            Self::Settings => Some(Right::Settings),
            Self::Passes => Some(Right::Passes),
            Self::Care | Self::CareSearch | Self::HandOver => Some(Right::Health),
            Self::Conflicts | Self::Televisions => Some(Right::Rulings),
            Self::Hiding | Self::HidingSearch | Self::LiftHiding => Some(Right::Hiding),
            Self::Lane
            | Self::OpenLive
            | Self::OpenDrill
            | Self::HeadCount
            | Self::WatchList
            | Self::Health
            | Self::Leader
            | Self::SignIn
            | Self::Lookups
            | Self::Phone
            | Self::Slip
            | Self::Assessment
            | Self::OwnShelter
            // It shows numbers and names of files; what it sends needs a right.
            | Self::Stick
            | Self::DrillEnded
            // Whoever is an officer, the daemon knows.
            | Self::Officers
            | Self::OfficerKeys => None,
        }
    }

    /// Whether going back leads to the leader's page, where there is one.
    pub(crate) const fn is_behind_leader_page(self) -> bool {
        matches!(
            self,
            Self::LeaderList
                | Self::NotArrived
                | Self::RollCall
                | Self::Settings
                | Self::Passes
                | Self::Care
                | Self::HeadCounts
                | Self::Conflicts
                | Self::Assessment
                | Self::OwnShelter
                | Self::Stick
                | Self::Hiding
                | Self::Televisions
        )
    }

    /// Whether it belongs to the answer on the screen and lies over it: the answer goes on.
    pub const fn is_over_answer(self) -> bool {
        matches!(self, Self::Lookups | Self::Phone | Self::Slip)
    }

    /// Whether it opens on this lane now.
    pub(crate) fn opens_on(self, lane: &LaneState) -> Opens {
        let (Some(right), true) = (self.right(), lane.asks_sign_in) else { return Opens::Now };
        match &lane.staff {
            None => Opens::AfterSignIn,
            Some(session) if session.may(right) => Opens::Now,
            Some(session) if !session.role.may(right) => Opens::ForOthers,
            // Nobody's PIN would help.
            Some(session) if session.by == SignedInBy::Nobody => Opens::AfterSignIn,
            Some(_) => Opens::AfterPin,
        }
    }
}
