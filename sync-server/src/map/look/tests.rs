use hinamori_record::{Fact, PresenceEvent, Proof};
use hinamori_store_sqlite::Store;

use super::*;
use crate::alerts::people_tests::write_down;
use crate::session::tests::hub_with;

const LIVE: IncidentId = IncidentId::from_bytes([0xd1; 16]);
const GYM: SiteId = SiteId::from_bytes([0xa1; 16]);
const HALL: SiteId = SiteId::from_bytes([0xa2; 16]);
/// Two of one household; the second one is hidden.
const TOWN: &str = r#"
name = "汐見町"
incidents = { daily_life = "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0", live = "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1", drill = "d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2" }
site = [
    { id = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", name = "体育館", kind = "shelter", capacity = 1 },
    { id = "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2", name = "公民館", kind = "shelter" },
]
[[household]]
id = "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"
district = "浜町"
person = [
    { id = "01010101010101010101010101010101", name = "浜田 花子" },
    { id = "02020202020202020202020202020202", name = "浜田 勇", hidden = true },
]
"#;

/// A town hall, and what was found last.
struct Bench {
    hub: Hub,
    board: Board,
    known: Known,
    written: u8,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub = hub_with(folder.path(), &[], TOWN);
        let (board, _keeper) = Board::open(&hub.town.folder, &hub.town.keys).unwrap();
        Self { hub, board, known: Known::default(), written: 0, _folder: folder }
    }

    /// Somebody does something at a site, by a box.
    fn writes(&mut self, site: SiteId, person: u8, event: PresenceEvent) {
        self.written += 1;
        let number = self.written;
        let at = now();
        let fact = Fact::presence(PersonId::from_bytes([person; 16]), event, Proof::DECLARED);
        let [live, _drill] = self.hub.town.folder.databases();
        write_down(&mut Store::open(&live).unwrap(), LIVE, (number, at, site, &fact));
    }

    /// People at the gym and at the hall, when only what was said there is looked at again.
    async fn here(&mut self, site: SiteId) -> [(u32, u32); 2] {
        let mut dirty = Dirty::nothing();
        dirty.add(site);
        let found = look(&self.hub, &self.board, MapMode::Live, &mut self.known, dirty).await.unwrap();
        let of = |id: SiteId| {
            let site = found.sites.iter().find(|site| site.id == id.to_string()).unwrap();
            (site.here, site.confirmed)
        };
        [of(GYM), of(HALL)]
    }
}

#[tokio::test]
async fn nobody_learns_from_a_sites_numbers_where_a_hidden_person_is() {
    let mut bench = Bench::new();
    assert_eq!(bench.here(GYM).await, [(0, 0); 2]);
    bench.writes(GYM, 2, PresenceEvent::Arrived);
    assert_eq!(bench.here(GYM).await, [(0, 0); 2]);
    bench.writes(GYM, 1, PresenceEvent::Arrived);
    assert_eq!(bench.here(GYM).await, [(1, 1), (0, 0)]);
}

#[tokio::test]
async fn who_comes_to_another_site_is_not_counted_at_both() {
    let mut bench = Bench::new();
    bench.writes(GYM, 1, PresenceEvent::Arrived);
    assert_eq!(bench.here(GYM).await, [(1, 1), (0, 0)]);
    bench.writes(HALL, 1, PresenceEvent::Arrived);
    assert_eq!(bench.here(HALL).await, [(0, 0), (1, 1)]);
}

#[tokio::test]
async fn a_roster_that_cannot_be_read_is_no_town_in_which_everybody_is_safe() {
    let mut bench = Bench::new();
    let roster = bench.hub.town.folder.path().join("roster");
    std::fs::remove_dir_all(&roster).unwrap();
    std::fs::create_dir(&roster).unwrap();
    let looked = look(&bench.hub, &bench.board, MapMode::Live, &mut bench.known, Dirty::All).await;
    assert!(matches!(looked, Err(NotCounted::NoRoster)));
}
