//! 自主避難所: people open a shelter where the town has none, with a box that was meant for another place.
//!
//! The site's id is made of the box's own ([`own_shelter`]), so nobody has to be reached for it, and the town believes what
//! the box records there. A box remembers what it called its shelters: a name that comes again, also in another incident, is the
//! same site again. With the next incident the box stands where the town put it.

use hinamori_ipc::Refusal;
use hinamori_model::{LaneId, Mode, SiteKind, UnixMillis};
use hinamori_record::{Fact, LONGEST_NAME};
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::Site;
use hinamori_sync::{MOST_OWN_SHELTERS, own_shelter};
use tracing::{error, info, warn};

use super::Core;

const SETTING: &str = "own-shelters";

/// What a box calls its shelters, by their number, and at which it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct OwnShelters {
    names: Vec<String>,
    at: Option<u8>,
}

impl OwnShelters {
    /// One byte for the place (0 for the site where the town put the box, else the number and one), then each name after a byte
    /// for its length.
    fn to_bytes(&self) -> Vec<u8> {
        let at = self.at.map_or(0, |at| at.saturating_add(1));
        let names = self.names.iter().flat_map(|name| {
            let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
            std::iter::once(length).chain(name.bytes().take(usize::from(length)))
        });
        std::iter::once(at).chain(names).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let Some((at, mut rest)) = bytes.split_first() else { return Self::default() };
        let mut names = Vec::new();
        while let Some((length, after)) = rest.split_first()
            && let Some((name, after)) = after.split_at_checked(usize::from(*length))
        {
            names.push(String::from_utf8_lossy(name).into_owned());
            rest = after;
        }
        let at = at.checked_sub(1).filter(|at| usize::from(*at) < names.len());
        Self { names, at }
    }

    /// The number of the shelter with this name, a new one if it is new; `None` when the box has opened all that it can.
    fn number_of(&mut self, name: &str) -> Option<u8> {
        let known = self.names.iter().position(|known| known == name);
        let number = known.unwrap_or(self.names.len());
        let number = u8::try_from(number).ok().filter(|number| *number < MOST_OWN_SHELTERS)?;
        if known.is_none() {
            self.names.push(name.to_owned());
        }
        Some(number)
    }
}

impl Core {
    fn own_shelters(&mut self) -> OwnShelters {
        let kept = self.ledger.main_store().setting(SETTING).unwrap_or_else(|problem| {
            warn!(error = &problem as &dyn std::error::Error, "the box's own shelters cannot be read");
            None
        });
        OwnShelters::from_bytes(&kept.unwrap_or_default())
    }

    fn keep_own_shelters(&mut self, shelters: &OwnShelters) -> Result<(), StoreError> {
        self.ledger.main_store().set_setting(SETTING, &shelters.to_bytes())
    }

    /// After a start, and after the town's package said where the box stands: at the shelter that people opened, if they did.
    pub(super) fn stand_where_it_stood(&mut self) {
        if self.opening.mode() == Mode::DailyLife {
            return;
        }
        let shelters = self.own_shelters();
        let name = shelters.at.and_then(|at| shelters.names.get(usize::from(at)).map(|name| (at, name)));
        if let Some((number, name)) = name {
            self.town.site = self.own_site(number, name);
        }
    }

    /// The town's word on an own shelter counts, once the town has taken it in.
    fn own_site(&self, number: u8, name: &str) -> Site {
        let id = own_shelter(self.own, number);
        let name = self.town.site_names.get(&id).map_or(name, String::as_str).to_owned();
        Site {
            id,
            name,
            kind: SiteKind::Shelter,
            catchment: self.town.granted.catchment.clone(),
            position: None,
            capacity: None,
        }
    }

    /// People opened a shelter of this name, and the box stands there from now on; without a name it goes back to where the town
    /// put it.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] in daily life, for a name that is too long, and when the box has opened as many as it can;
    /// [`Refusal::Disk`], and the box stays where it is.
    pub(super) fn open_own_shelter(
        &mut self,
        lane: LaneId,
        name: &str,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let name = name.trim();
        if name.is_empty() {
            let is_elsewhere = self.site() != self.town.granted.id;
            self.return_to_granted_site();
            self.reread(now);
            return is_elsewhere.then_some(()).ok_or(Refusal::NotNow);
        }
        let is_text = name.len() <= LONGEST_NAME && !name.chars().any(char::is_control);
        if self.opening.mode() == Mode::DailyLife || !is_text {
            return Err(Refusal::NotNow);
        }
        let mut shelters = self.own_shelters();
        let number = shelters.number_of(name).ok_or(Refusal::NotNow)?;
        // First the number: a power cut after it leaves a number that nobody uses, and none that is used twice.
        let is_kept = self.keep_own_shelters(&OwnShelters { at: None, ..shelters.clone() });
        is_kept.map_err(|problem| disk(&problem))?;
        let shelter = self.own_site(number, name);
        let before = std::mem::replace(&mut self.town.site, shelter);
        if let Err(refusal) = self.say(lane, &[Fact::SelfOpened { name: name.to_owned() }], now) {
            self.town.site = before;
            return Err(refusal);
        }
        shelters.at = Some(number);
        if let Err(problem) = self.keep_own_shelters(&shelters) {
            // It is open all the same; after a start it has to be opened again by its name.
            warn!(error = &problem as &dyn std::error::Error, "where the box stands is not kept");
        }
        info!(site = %self.site(), "people opened a shelter of their own");
        self.move_desks();
        self.reread(now);
        Ok(())
    }

    /// The box stands where the town put it. The caller counts anew.
    pub(super) fn return_to_granted_site(&mut self) {
        if self.site() == self.town.granted.id {
            return;
        }
        self.town.site = self.town.granted.clone();
        let shelters = OwnShelters { at: None, ..self.own_shelters() };
        if let Err(problem) = self.keep_own_shelters(&shelters) {
            warn!(error = &problem as &dyn std::error::Error, "where the box stands is not kept");
        }
        self.move_desks();
    }

    fn move_desks(&mut self) {
        let kind = self.town.site.kind;
        self.desks.values_mut().for_each(|desk| desk.lane.move_to(kind));
    }
}

fn disk(problem: &StoreError) -> Refusal {
    error!(error = problem as &dyn std::error::Error, "a shelter could not be opened");
    Refusal::Disk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_again_is_the_same_shelter_and_there_are_sixteen() {
        let mut shelters = OwnShelters::default();
        for number in 0..MOST_OWN_SHELTERS {
            assert_eq!(shelters.number_of(&format!("集会所{number}")), Some(number));
        }
        assert_eq!((shelters.number_of("集会所3"), shelters.number_of("もう ひとつ")), (Some(3), None));
        shelters.at = Some(15);
        assert_eq!(OwnShelters::from_bytes(&shelters.to_bytes()), shelters);
        assert_eq!(OwnShelters::from_bytes(&[]), OwnShelters::default());
        assert_eq!(OwnShelters::from_bytes(&[9, 3, b'a', b'b', b'c', 200, b'd']).at, None, "damaged");
    }
}
