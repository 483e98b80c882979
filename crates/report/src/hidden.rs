//! The proof that somebody is not hidden (秘匿), without which nothing is said of them to anybody outside.

use hinamori_model::PersonId;

/// What the caller's check said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Their whereabouts may be told to those who may know.
    Open,
    /// 秘匿
    Hidden,
}

/// Proof that one person was checked and is not hidden. It has no other way to be made than [`NotHidden::check`], and
/// is for one person only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotHidden(PersonId);

impl NotHidden {
    /// Asks the caller's check. `None` for a hidden person, for whom the caller goes on as for somebody of whom nothing is
    /// known.
    pub fn check(person: PersonId, secrecy_of: impl FnOnce(PersonId) -> Secrecy) -> Option<Self> {
        match secrecy_of(person) {
            Secrecy::Open => Some(Self(person)),
            Secrecy::Hidden => None,
        }
    }

    /// Of whom it is.
    pub const fn person(self) -> PersonId {
        self.0
    }
}
