//! What a town decided once, in its list of keys, so that every receiver goes by it (docs/tv.md §1).

use hinamori_model::UnixMillis;

use crate::wire::Reader;

/// How long before a tsunami is expected staff leave a check-point, in minutes, where the town says nothing else.
const STAFF_LEAVE_MINUTES: u8 = 5;
/// The longest that a town may say.
const MOST_STAFF_LEAVE_MINUTES: u8 = 60;

/// The town's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How many minutes before the tsunami is expected staff leave a check-point too: 1 to 60.
    pub staff_leave_minutes: u8,
    /// Whose word releases what two officers signed in advance; nothing is released where there is none.
    pub release: Option<ReleasePolicy>,
}

/// Who releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasePolicy {
    /// Ed25519: signs triggers and nothing else.
    pub trigger: [u8; 32],
    /// Whether an officer on duty signs each release too.
    pub needs_officer: bool,
    /// What officers signed in advance before this moment is void, also a copy of it that somebody kept.
    pub void_before: UnixMillis,
}

impl Default for Policy {
    fn default() -> Self {
        Self { staff_leave_minutes: STAFF_LEAVE_MINUTES, release: None }
    }
}

impl Policy {
    pub(crate) const fn is_sound(&self) -> bool {
        self.staff_leave_minutes >= 1 && self.staff_leave_minutes <= MOST_STAFF_LEAVE_MINUTES
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.staff_leave_minutes);
        match self.release {
            None => out.push(0),
            Some(ReleasePolicy { trigger, needs_officer, void_before }) => {
                out.push(if needs_officer { 2 } else { 1 });
                out.extend_from_slice(&trigger);
                out.extend_from_slice(&void_before.get().to_be_bytes());
            }
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let staff_leave_minutes = from.u8()?;
        let needs_officer = match from.u8()? {
            0 => return Some(Self { staff_leave_minutes, release: None }),
            1 => false,
            2 => true,
            _ => return None,
        };
        let (trigger, void_before) = (from.array()?, from.time()?);
        Some(Self {
            staff_leave_minutes,
            release: Some(ReleasePolicy { trigger, needs_officer, void_before }),
        })
    }
}
