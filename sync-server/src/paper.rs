//! Paper for when the power dies, made at the town hall beforehand: intake cards with numbered badges, the neighbourhood
//! groups' tick lists, one page of instructions.
//!
//! Numbers of badges are given out once: every bundle of cards is a series of its own, so that paper that two boxes give
//! out never carries one number twice, and what is keyed in later meets what was scanned. A drill's
//! bundles take their numbers from the same row, so that none of its cards that is left over has a number of the day when it
//! is real.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hinamori_model::{Badge as Number, HouseholdId, PersonalText, SiteId, TownKey, UnixMillis};
use hinamori_paper::{
    Badge, BadgeCode, CardPaper, FontBytes, Fonts, Group, GroupHousehold, GroupMember, Mode, PEOPLE_PER_CARD,
    PaperCard, PaperError, Press,
};
use hinamori_sync::town::{Package, Person};
use serde::Serialize;

use crate::data::{DataError, DataFolder, Keys};
use crate::hall::COMMANDS;
use crate::roster;
use crate::signed_log::{LogError, SignedLog};

/// Where Debian's packages put the fonts, and which package brings which.
const REGULAR: (&str, &str) =
    ("/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf", "fonts-morisawa-bizud-gothic");
const BOLD: (&str, &str) =
    ("/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Bold.ttf", "fonts-morisawa-bizud-gothic");
const FALLBACK_REGULAR: (&str, &str) =
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk");
const FALLBACK_BOLD: (&str, &str) = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", "fonts-noto-cjk");
/// Cards of one bundle.
const MOST_CARDS: u16 = 2_000;

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum NotPrinted {
    /// This machine.
    #[error("cannot read the font {path}: install the Debian package {package}")]
    Font {
        /// Where it should be.
        path: &'static str,
        /// What brings it.
        package: &'static str,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The log, without which no names are printed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The pages cannot be made.
    #[error("the pages cannot be made")]
    Pages(#[from] PaperError),
    /// The operator.
    #[error("a bundle has 1 to {MOST_CARDS} cards")]
    TooMany,
    /// The town has printed 65,535 bundles.
    #[error("there are no numbers left for another bundle")]
    NoNumbers,
    /// The operator.
    #[error("nobody on the roster lives in {district}")]
    EmptyDistrict {
        /// What was asked for.
        district: String,
    },
    /// The disk.
    #[error("{file} cannot be written")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// What is to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paper {
    /// A bundle of numbered intake cards for a site.
    Cards {
        /// For which site.
        site: SiteId,
        /// How many.
        count: u16,
    },
    /// The tick lists of every group of a district.
    Groups {
        /// Which.
        district: String,
    },
    /// Sheets of numbered badges for a site, without cards. They are a series of their own, like a bundle of cards.
    Badges {
        /// For which site.
        site: SiteId,
        /// How many.
        count: u16,
    },
    /// How to go on by paper.
    Instructions,
}

impl Paper {
    /// Whether it names people.
    pub(crate) const fn names_people(&self) -> bool {
        match self {
            Self::Groups { .. } => true,
            Self::Cards { .. } | Self::Badges { .. } | Self::Instructions => false,
        }
    }
}

/// Makes the pages, those of a drill with its word on them, and writes them to `file`, readable by the server's user alone.
///
/// # Errors
/// [`NotPrinted`]. A bundle's numbers are used up also when it could not be written.
pub fn print(
    folder: &DataFolder,
    keys: &Keys,
    paper: &Paper,
    mode: Mode,
    file: &Path,
    user: &str,
    now: UnixMillis,
) -> Result<(), NotPrinted> {
    let fonts = fonts()?;
    let (_, package) = folder.town(keys)?;
    let press = Press { fonts: &fonts, mode, town: &package.name, printed_at: now };
    let pages = match paper {
        Paper::Cards { site, count } => cards(folder, &package, &press, *site, *count)?,
        Paper::Groups { district } => groups(folder, &package, &press, district)?,
        Paper::Badges { site, count } => badges(folder, &package, &press, *site, *count)?,
        Paper::Instructions => press.instructions()?,
    };
    if paper.names_people() {
        let log = SignedLog::new(folder.path(), COMMANDS, &keys.log);
        log.append(now, Printed { user, command: "paper groups" })?;
    }
    let failed = |source| NotPrinted::File { file: file.to_owned(), source };
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| failed(std::io::ErrorKind::InvalidFilename.into()))?;
    hinamori_private_file::replace(parent, name, &pages).map_err(failed)
}

/// A line of the log of commands.
#[derive(Serialize)]
struct Printed<'a> {
    user: &'a str,
    command: &'a str,
}

pub(crate) fn fonts() -> Result<Fonts, NotPrinted> {
    let read = |(path, package): (&'static str, &'static str)| {
        std::fs::read(path).map_err(|source| NotPrinted::Font { path, package, source })
    };
    Ok(Fonts::new(FontBytes {
        regular: read(REGULAR)?,
        bold: read(BOLD)?,
        fallback_regular: read(FALLBACK_REGULAR)?,
        fallback_bold: read(FALLBACK_BOLD)?,
    })?)
}

/// What numbered paper needs: the site's name, the town's key, and a series of numbers that nobody has yet.
fn numbered<'p>(
    folder: &DataFolder,
    package: &'p Package,
    site: SiteId,
    count: u16,
) -> Result<(&'p str, TownKey, u16), NotPrinted> {
    if !(1..=MOST_CARDS).contains(&count) {
        return Err(NotPrinted::TooMany);
    }
    Ok((site_name(package, site)?, TownKey::new(package.key.0), next_series(folder)?))
}

fn cards(
    folder: &DataFolder,
    package: &Package,
    press: &Press<'_>,
    site: SiteId,
    count: u16,
) -> Result<Vec<u8>, NotPrinted> {
    let (name, key, series) = numbered(folder, package, site, count)?;
    let cards: Result<Vec<PaperCard>, PaperError> =
        (1..=count).map(|number| card(series, number, &key)).collect();
    Ok(press.intake_cards(name, CardPaper::HalfA4, &cards?)?)
}

/// Sheets of badges: one letter of a card, without the card.
fn badges(
    folder: &DataFolder,
    package: &Package,
    press: &Press<'_>,
    site: SiteId,
    count: u16,
) -> Result<Vec<u8>, NotPrinted> {
    let (name, key, series) = numbered(folder, package, site, count)?;
    let printed = (1..=count).map(|number| badge(Number { series, number, letter: 0 }, &key));
    let badges: Result<Vec<Badge>, PaperError> = printed.collect();
    Ok(press.badge_sheet(name, &badges?)?)
}

fn site_name(package: &Package, site: SiteId) -> Result<&str, DataError> {
    let name = package.sites.iter().find(|known| known.id == site).map(|site| site.name.as_str());
    name.ok_or_else(|| DataError::unknown_site(site, package))
}

/// A series that nobody has. It is used up before the first page: a number that is printed is never given out again.
fn next_series(folder: &DataFolder) -> Result<u16, NotPrinted> {
    let locked = folder.lock()?;
    let mut registry = folder.registry()?;
    let series = registry.next_series().ok_or(NotPrinted::NoNumbers)?;
    locked.save_registry(&registry)?;
    Ok(series)
}

fn badge(number: Number, key: &TownKey) -> Result<Badge, PaperError> {
    let code = BadgeCode::new(&number.code(key)).map_err(|_never_so_long| PaperError::Empty)?;
    Ok(Badge { number: PersonalText::new(number.typed_code(key)), code, called_name: None })
}

fn card(series: u16, number: u16, key: &TownKey) -> Result<PaperCard, PaperError> {
    let mut badges = [const { None }; PEOPLE_PER_CARD];
    for (letter, place) in (0_u8..).zip(&mut badges) {
        *place = Some(badge(Number { series, number, letter }, key)?);
    }
    Ok(PaperCard { number: PersonalText::new(format!("{series}-{number}")), badges })
}

/// The lists of a district's groups, one behind the other. Hidden people are on none: the list goes from hand to hand, and says
/// where who is on it lives.
fn groups(
    folder: &DataFolder,
    package: &Package,
    press: &Press<'_>,
    district: &str,
) -> Result<Vec<u8>, NotPrinted> {
    let people = roster::people_of(folder.path(), package)?;
    let mut groups: BTreeMap<String, Vec<Person>> = BTreeMap::new();
    for person in people.into_iter().filter(|person| person.district == district && !person.hidden) {
        groups.entry(person.group.clone()).or_default().push(person);
    }
    if groups.is_empty() {
        return Err(NotPrinted::EmptyDistrict { district: district.to_owned() });
    }
    let lists: Vec<(String, Vec<GroupHousehold>)> =
        groups.into_iter().map(|(group, people)| (group, households(people))).collect();
    let lists: Vec<_> =
        lists.iter().map(|(name, households)| (Group { district, name }, households.as_slice())).collect();
    Ok(press.group_lists(&lists)?)
}

fn households(people: Vec<Person>) -> Vec<GroupHousehold> {
    let mut households: Vec<(Option<HouseholdId>, GroupHousehold)> = Vec::new();
    for Person { household, name, kana, relation, .. } in people {
        let member = GroupMember { name, kana, relation };
        match households.iter_mut().find(|(id, _)| household.is_some() && *id == household) {
            Some((_, known)) => known.members.push(member),
            None => {
                let family = member.name.expose().split(['　', ' ']).next().unwrap_or_default().to_owned();
                let label = PersonalText::new(family);
                households.push((household, GroupHousehold { label, members: vec![member] }));
            }
        }
    }
    households.into_iter().map(|(_, household)| household).collect()
}
