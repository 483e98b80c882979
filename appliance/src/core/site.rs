//! What is asked and said of the site itself: heads that have no name yet, people whom another site claims too, how the site is
//! equipped.
//!
//! **Hidden people** (law 7) stand in no list of people at two sites, and nothing can be settled of them by their id either:
//! where they were seen is nobody's business here.

use hinamori_ipc::{Assessment, Conflict, HeadCount, Refusal, SeenAt, ToKiosk};
use hinamori_model::{Aspect, Grade, LaneId, PersonId, RecordId, SiteId, StaffId, UnixMillis};
use hinamori_record::Fact;
use hinamori_store_sqlite::{Claimed, HeadsLeft, StoreError};

use super::Core;
use super::people::unreadable;

/// Head counts and conflicts in one list: more than anybody works through at once.
const MOST_LISTED: usize = 500;

impl Core {
    /// Head counts that are not named to their end.
    pub(super) fn head_counts(&self) -> Result<ToKiosk, Refusal> {
        let heads = self.heads_left().map_err(unreadable)?;
        let counts = heads.into_iter().take(MOST_LISTED).map(|heads| {
            let HeadsLeft { record, at, adults, children, infants, forked: _ } = heads;
            HeadCount { record, at, adults, children, infants }
        });
        Ok(ToKiosk::HeadCounts(counts.collect()))
    }

    fn heads_left(&self) -> Result<Vec<HeadsLeft>, StoreError> {
        let incident = self.shown_incident();
        self.ledger.store(incident).heads_left(incident, self.site())
    }

    /// People of a head count have records of their own now. No more can be named than were counted.
    pub(super) fn name_heads(
        &mut self,
        lane: LaneId,
        of: RecordId,
        [adults, children, infants]: [u16; 3],
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let heads = self.heads_left().map_err(unreadable)?;
        let left = heads.into_iter().find(|heads| heads.record == of).ok_or(Refusal::NotNow)?;
        let is_within = adults <= left.adults && children <= left.children && infants <= left.infants;
        if !is_within || [adults, children, infants] == [0; 3] {
            return Err(Refusal::NotNow);
        }
        self.say(lane, &[Fact::Named { of, adults, children, infants }], now)?;
        self.head_counts()
    }

    /// Who was seen at two sites, as far as this box hears of other sites.
    pub(super) fn conflicts(&self) -> Result<ToKiosk, Refusal> {
        let mut conflicts = Vec::new();
        let names = self.shelter_names().map_err(unreadable)?;
        for (person, places) in self.claimed().map_err(unreadable)?.into_iter().take(MOST_LISTED) {
            let name = self.directory.person(person).map_err(unreadable)?.map(|known| known.name);
            let places = places.into_iter().map(|(site, at)| {
                let own_name = || names.iter().find(|(id, _)| *id == site).map(|(_, name)| name);
                let name = self.town.site_names.get(&site).or_else(own_name);
                SeenAt { site, name: name.cloned().unwrap_or_else(|| site.to_string()), at }
            });
            conflicts.push(Conflict { person, name, places: places.collect() });
        }
        Ok(ToKiosk::Conflicts(conflicts))
    }

    fn shelter_names(&self) -> Result<Vec<(SiteId, String)>, StoreError> {
        let incident = self.shown_incident();
        self.ledger.store(incident).own_shelters(incident)
    }

    fn claimed(&self) -> Result<Vec<Claimed>, StoreError> {
        let incident = self.shown_incident();
        let mut claimed = self.ledger.store(incident).at_several_sites(incident)?;
        let hidden = self.directory.hidden()?;
        claimed.retain(|(person, _)| !hidden.contains(person));
        Ok(claimed)
    }

    /// Somebody says at which of the sites that claim them a person is.
    pub(super) fn settle(
        &mut self,
        lane: LaneId,
        person: PersonId,
        site: SiteId,
        staff: Option<StaffId>,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let claimed = self.claimed().map_err(unreadable)?;
        let claims = claimed.into_iter().find(|(claimed, _)| *claimed == person);
        let (_, places) = claims.ok_or(Refusal::NotNow)?;
        if !places.iter().any(|(place, _)| *place == site) {
            return Err(Refusal::NotNow);
        }
        self.say(lane, &[Fact::Settled { person, site, staff }], now)?;
        self.conflicts()
    }

    /// How the site is equipped, as somebody saw it last.
    pub(super) fn assessment(&self, now: UnixMillis) -> Result<ToKiosk, Refusal> {
        let incident = self.shown_incident();
        let found = self.ledger.store(incident).assessment(incident, self.site(), now).map_err(unreadable)?;
        Ok(ToKiosk::Assessment(match found {
            Some((at, grades)) => Assessment { at: Some(at), grades },
            None => Assessment { at: None, grades: [Grade::NotLookedAt; Aspect::ALL.len()] },
        }))
    }

    /// Somebody looked how it is.
    pub(super) fn assess(
        &mut self,
        lane: LaneId,
        grades: [Grade; Aspect::ALL.len()],
        staff: Option<StaffId>,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        self.say(lane, &[Fact::Assessed { grades, staff }], now)?;
        self.assessment(now)
    }
}
