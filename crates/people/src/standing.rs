//! What is known of a person in an incident, and how many there are of each.

use hinamori_record::{Presence, PresenceState};

/// For whom something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Everybody: hidden people are not seen yet, whatever they do.
    Public,
    /// The named roles that may know about hidden people.
    Named,
}

/// What is known of a person in this incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing.
    NotSeen,
    /// Somebody said that they are elsewhere.
    ToldElsewhere,
    /// Seen at a check-point (通過).
    PassedCheckPoint,
    /// At a shelter.
    Arrived,
    /// Received at a shelter and out, for an hour or for a night.
    Away,
    /// Received at a shelter and gone from it for good.
    Left,
    /// Stays at home (在宅避難) and is known to.
    AtHome,
    /// Missed at a roll-call (所在未確認).
    Unaccounted,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NotSeen,
        Self::ToldElsewhere,
        Self::PassedCheckPoint,
        Self::Arrived,
        Self::Away,
        Self::Left,
        Self::AtHome,
        Self::Unaccounted,
    ];

    /// What a presence says about arriving. `is_unaccounted` is whether the last roll-call at its site missed the person.
    pub const fn of(presence: &Presence, is_unaccounted: bool) -> Self {
        match presence.state {
            PresenceState::Here if is_unaccounted => Self::Unaccounted,
            PresenceState::Here => Self::Arrived,
            PresenceState::Passed => Self::PassedCheckPoint,
            PresenceState::Out | PresenceState::Overnight => Self::Away,
            PresenceState::AtHome | PresenceState::InCar => Self::AtHome,
            PresenceState::ToldElsewhere => Self::ToldElsewhere,
            // Nobody looks for them; what became of them is for named roles.
            PresenceState::Moved | PresenceState::Left | PresenceState::Deceased => Self::Left,
        }
    }

    /// Whether nobody has to look for them: they have been received at a shelter, or are known to stay at home. A word
    /// about somebody and a check-point passed are no arrival.
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Arrived | Self::Away | Self::Left | Self::AtHome => true,
            Self::NotSeen | Self::ToldElsewhere | Self::PassedCheckPoint | Self::Unaccounted => false,
        }
    }
}

/// How many people there are of each standing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u32; 8]);

impl Counts {
    /// People of one standing.
    pub fn of(self, standing: Standing) -> u32 {
        Standing::ALL.iter().zip(self.0).filter(|(of, _)| **of == standing).map(|(_, count)| count).sum()
    }

    /// Everybody.
    pub fn all(self) -> u32 {
        self.0.iter().sum()
    }

    /// Those whom a shelter has received, wherever they are now.
    pub fn arrived(self) -> u32 {
        self.of(Standing::Arrived) + self.of(Standing::Away) + self.of(Standing::Left)
    }

    /// Those of whom nobody knows anything good: not seen, or missed at a roll-call.
    pub fn not_arrived(self) -> u32 {
        self.of(Standing::NotSeen) + self.of(Standing::Unaccounted)
    }

    /// Those for whom nobody has to look ([`Standing::is_settled`]).
    pub fn settled(self) -> u32 {
        self.arrived() + self.of(Standing::AtHome)
    }

    pub(crate) fn add(&mut self, standing: Standing) {
        self.count(standing).into_iter().for_each(|count| *count = count.saturating_add(1));
    }

    pub(crate) fn remove(&mut self, standing: Standing) {
        self.count(standing).into_iter().for_each(|count| *count = count.saturating_sub(1));
    }

    fn count(&mut self, standing: Standing) -> Option<&mut u32> {
        Standing::ALL.iter().zip(&mut self.0).find(|(of, _)| **of == standing).map(|(_, count)| count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_elsewhere_and_passed_are_what_they_are() {
        let mut counts = Counts::default();
        Standing::ALL.iter().for_each(|standing| counts.add(*standing));
        assert_eq!([counts.all(), counts.arrived(), counts.not_arrived(), counts.settled()], [8, 3, 2, 4]);
        assert_eq!(Standing::ALL.map(|standing| counts.of(standing)), [1; 8]);
        let apart = [Standing::ToldElsewhere, Standing::PassedCheckPoint, Standing::AtHome];
        let apart: u32 = apart.into_iter().map(|standing| counts.of(standing)).sum();
        assert_eq!(counts.arrived() + counts.not_arrived() + apart, counts.all());
        Standing::ALL.iter().for_each(|standing| counts.remove(*standing));
        assert_eq!(counts, Counts::default());
    }
}
