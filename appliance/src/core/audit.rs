//! What is kept of what staff look at. Every record stands in the open incident's documents, so it is in the chain of the
//! box's changes and under its seal like any other: none can be taken out or changed afterwards.
//!
//! A name is typed letter by letter, so a search is one record: it is written when somebody was chosen, when the page is
//! left, or half a minute later. A list that is shown again within half a minute is one record too, unless it shows
//! somebody new. All else is written before it is shown, and is not shown when it cannot be written.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_ipc::{Command, Lookup, Refusal, ToKiosk};
use hinamori_model::{AuditAction, LaneId, LookupReason, PersonId, PersonalText, Role, StaffId, UnixMillis};
use hinamori_record::Fact;
use hinamori_store_sqlite::{Looked, StoreError};
use tracing::{error, warn};

use super::Core;

/// One record for so long.
const TOGETHER_MILLIS: u64 = 30_000;
/// People whom one search or list keeps apart.
const MOST_TOGETHER: usize = 3_000;
/// In this time …
const BULK_MILLIS: u64 = 600_000;
/// … no more people who are not here than this: a large district, and what a desk looks up beside it.
const BULK_PEOPLE: usize = 300;
/// Alarms stand beside a sign-in for a day.
const ALARM_MILLIS: u64 = 86_400_000;
/// Look-ups that a person is shown, the latest.
const MOST_LOOKUPS: u32 = 50;

/// What a record of the audit is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    pub(super) person: Option<PersonId>,
    pub(super) reason: Option<LookupReason>,
    pub(super) people: usize,
}

impl About {
    pub(super) const NOBODY: Self = Self { person: None, reason: None, people: 0 };
}

/// What a session looked at lately.
#[derive(Default)]
pub(super) struct Looking {
    search: Option<Together>,
    lists: BTreeMap<AuditAction, Together>,
}

struct Together {
    since: UnixMillis,
    people: BTreeSet<PersonId>,
    /// People of the longest list: some stand in one without a name.
    longest: usize,
}

impl Looking {
    /// When a search has to be written down.
    pub(super) fn due(&self) -> Option<UnixMillis> {
        self.search.as_ref().map(|search| search.since.plus(TOGETHER_MILLIS))
    }

    /// Whether a list shows what is not written down yet.
    fn shows_more(&self, seen: &Seen, now: UnixMillis) -> bool {
        self.lists.get(&seen.action).is_none_or(|known| {
            now >= known.since.plus(TOGETHER_MILLIS)
                || now < known.since
                || seen.count > known.longest
                || seen.people.iter().any(|person| !known.people.contains(person))
        })
    }
}

/// Whom a reply shows.
struct Seen {
    action: AuditAction,
    people: Vec<PersonId>,
    count: usize,
}

impl Seen {
    fn of(action: AuditAction, people: impl Iterator<Item = PersonId>) -> Self {
        let people: Vec<PersonId> = people.collect();
        Self { action, count: people.len(), people }
    }

    fn in_reply(reply: &ToKiosk) -> Option<Self> {
        use AuditAction as Action;
        Some(match reply {
            ToKiosk::Found(found) => {
                Self::of(Action::Searched, found.people.iter().map(|found| found.person))
            }
            // Its lines name people without their ids.
            ToKiosk::LeaderList(items) => {
                Self { action: Action::SawLeaderList, people: Vec::new(), count: items.len() }
            }
            ToKiosk::Group(group) => {
                Self::of(Action::SawGroup, group.members.iter().map(|member| member.person))
            }
            ToKiosk::NotArrived(list) if list.of.is_some() => {
                let members = list.households.iter().flat_map(|household| &household.members);
                Self::of(Action::SawNotArrived, members.map(|member| member.person))
            }
            ToKiosk::Stays(stays) => Self::of(Action::SawStays, stays.iter().map(|stay| stay.person)),
            ToKiosk::Conflicts(conflicts) => {
                Self::of(Action::SawStays, conflicts.iter().map(|conflict| conflict.person))
            }
            ToKiosk::CareList(list) => {
                Self::of(Action::SawCareList, list.items.iter().map(|item| item.person))
            }
            ToKiosk::CarePerson(care) => Self::of(Action::SawPerson, std::iter::once(care.person)),
            _ => return None,
        })
    }

    /// Whether the work at this site shows these people anyway.
    const fn is_of_the_site(&self) -> bool {
        matches!(self.action, AuditAction::SawLeaderList | AuditAction::SawStays | AuditAction::SawCareList)
    }
}

/// Why lists are looked at, where nobody is asked.
const fn usual_reason(role: Role) -> LookupReason {
    match role {
        Role::Leader | Role::Official => LookupReason::Round,
        Role::Nurse => LookupReason::Care,
        Role::InquiryClerk => LookupReason::Inquiry,
        Role::Volunteer | Role::Auditor => LookupReason::Other,
    }
}

/// Whom a command is about, if it is one person.
pub(super) fn chosen(command: &Command) -> Option<PersonId> {
    match command {
        Command::CheckIn { people } | Command::ToldElsewhere { people } => match people.as_slice() {
            [person] => Some(*person),
            _ => None,
        },
        Command::GiveName { person, .. }
        | Command::ShowCarePerson { person, .. }
        | Command::WriteDown { person, .. }
        | Command::Hide { person } => Some(*person),
        _ => None,
    }
}

/// The reason that a command gives.
pub(super) const fn given_reason(command: &Command) -> Option<LookupReason> {
    match command {
        Command::ShowCarePerson { reason, .. } => Some(*reason),
        _ => None,
    }
}

/// The people whom one member of staff saw lately who are not here.
#[derive(Default)]
pub(super) struct ReadLately {
    people: BTreeMap<PersonId, UnixMillis>,
    told_at: Option<UnixMillis>,
}

impl Core {
    /// Writes down what staff did.
    ///
    /// # Errors
    /// [`Refusal::Disk`].
    pub(super) fn audit(
        &mut self,
        lane: LaneId,
        (staff, role): (Option<StaffId>, Role),
        action: AuditAction,
        about: About,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let About { person, reason, people } = about;
        let people = u16::try_from(people).unwrap_or(u16::MAX);
        let fact = Fact::Audit { staff, role, action, person, reason, people };
        let written = self.write(self.open_incident(), lane, &[fact], now);
        self.note_disk(written.as_ref().err().copied());
        written.map_err(|_reason_is_on_the_screen| Refusal::Disk)?;
        if matches!(action, AuditAction::BulkReading | AuditAction::OpenedWithoutStaff) {
            warn!(?action, "an alarm of the audit");
            self.count_alarms(now);
        }
        Ok(())
    }

    /// Writes down whom a reply shows to whoever is signed in.
    ///
    /// # Errors
    /// [`Refusal::Disk`]: then it is not to be shown.
    pub(super) fn note_look(
        &mut self,
        lane: LaneId,
        reason: Option<LookupReason>,
        reply: &ToKiosk,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let Some(seen) = Seen::in_reply(reply) else { return Ok(()) };
        let Some(session) = self.desks.get_mut(&lane).and_then(|desk| desk.at.session_mut()) else {
            return Ok(());
        };
        let (staff, role) = (session.staff, session.role);
        let seen_together = |since| Together { since, people: BTreeSet::new(), longest: 0 };
        if seen.action == AuditAction::Searched {
            let search = session.looking.search.get_or_insert_with(|| seen_together(now));
            let room = MOST_TOGETHER.saturating_sub(search.people.len());
            search.people.extend(seen.people.iter().take(room));
        } else if seen.action == AuditAction::SawPerson || session.looking.shows_more(&seen, now) {
            let about = About {
                person: seen.people.first().copied().filter(|_| seen.action == AuditAction::SawPerson),
                reason: reason.or(Some(usual_reason(role))),
                people: seen.count,
            };
            self.audit(lane, (staff, role), seen.action, about, now)?;
            if let Some(session) = self.desks.get_mut(&lane).and_then(|desk| desk.at.session_mut()) {
                let lists = &mut session.looking.lists;
                let list = lists.entry(seen.action).or_insert_with(|| seen_together(now));
                if now >= list.since.plus(TOGETHER_MILLIS) || now < list.since {
                    *list = seen_together(now);
                }
                let room = MOST_TOGETHER.saturating_sub(list.people.len());
                list.people.extend(seen.people.iter().take(room));
                list.longest = list.longest.max(seen.count);
            }
        }
        if seen.is_of_the_site() { Ok(()) } else { self.note_bulk(lane, (staff, role), &seen.people, now) }
    }

    /// 大量の閲覧: says once that somebody saw more people who are not here than the work needs.
    fn note_bulk(
        &mut self,
        lane: LaneId,
        who: (Option<StaffId>, Role),
        people: &[PersonId],
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut read = self.read_lately.remove(&who.0).unwrap_or_default();
        let is_recent = |at: UnixMillis| now.since(at) < BULK_MILLIS;
        read.people.retain(|_, at| is_recent(*at));
        for person in people {
            if read.people.len() > BULK_PEOPLE {
                break;
            }
            let is_here = self.readable(self.presence_here(*person), "where a person is").is_some();
            if !is_here {
                read.people.insert(*person, now);
            }
        }
        let is_bulk = read.people.len() > BULK_PEOPLE && !read.told_at.is_some_and(is_recent);
        if is_bulk {
            read.told_at = Some(now);
        }
        let count = read.people.len();
        self.read_lately.insert(who.0, read);
        if !is_bulk {
            return Ok(());
        }
        let about = About { people: count, ..About::NOBODY };
        self.audit(lane, who, AuditAction::BulkReading, about, now)
    }

    /// The search of a lane is over. One that cannot be written down is tried again.
    pub(super) fn write_down_search(&mut self, lane: LaneId, chosen: Option<PersonId>, now: UnixMillis) {
        let Some(session) = self.desks.get_mut(&lane).and_then(|desk| desk.at.session_mut()) else { return };
        let who = (session.staff, session.role);
        let Some(search) = session.looking.search.take() else { return };
        let about = About {
            person: chosen.filter(|person| search.people.contains(person)),
            reason: Some(usual_reason(who.1)),
            people: search.people.len(),
        };
        if self.audit(lane, who, AuditAction::Searched, about, now).is_err()
            && let Some(session) = self.desks.get_mut(&lane).and_then(|desk| desk.at.session_mut())
        {
            session.looking.search = Some(Together { since: now, ..search });
        }
    }

    /// The same half a minute after its first letter.
    pub(super) fn write_down_old_search(&mut self, lane: LaneId, now: UnixMillis) {
        let session = self.desks.get(&lane).and_then(|desk| desk.at.session());
        if session.and_then(|session| session.looking.due()).is_some_and(|due| due <= now) {
            self.write_down_search(lane, None, now);
        }
    }

    /// Counts the alarms of this site that a leader should see.
    pub(super) fn count_alarms(&mut self, now: UnixMillis) {
        let (incident, since) =
            (self.shown_incident(), UnixMillis::new(now.get().saturating_sub(ALARM_MILLIS)));
        match self.ledger.store(incident).alarms(incident, self.site(), since) {
            Ok(alarms) => self.alarms = alarms,
            Err(problem) => error!(error = &problem as &dyn std::error::Error, "alarms cannot be counted"),
        }
    }

    /// Who looked at a person, the latest first: in earnest, and in a drill while one is open.
    pub(super) fn lookups_of(&self, person: PersonId) -> Result<Vec<Looked>, StoreError> {
        let open = self.open_incident();
        let mut looked = self.ledger.stores()[0].lookups(person, MOST_LOOKUPS)?;
        if self.ledger.is_drill(open) {
            looked.extend(self.ledger.store(open).lookups(person, MOST_LOOKUPS)?);
        }
        looked.sort_by_key(|looked| std::cmp::Reverse(looked.at));
        looked.truncate(usize::try_from(MOST_LOOKUPS).unwrap_or(usize::MAX));
        Ok(looked)
    }

    /// Shows the person of an answer who looked at them, if their card says enough. A hidden person is shown what there is of somebody
    /// who was never seen, and no more: whoever holds their card may be the one that they hide from, and may have made
    /// somebody look.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn show_lookups(
        &self,
        lane: LaneId,
        answer: hinamori_ipc::AnswerId,
    ) -> Result<ToKiosk, Refusal> {
        let desk = self.desks.get(&lane).ok_or(Refusal::NotNow)?;
        let visitor = desk.lane.visitor(answer)?.filter(|visitor| visitor.shows_lookups());
        let visitor = visitor.ok_or(Refusal::NotNow)?;
        // Read for everybody, so that the answer takes the same time.
        let mut looked = self.lookups_of(visitor.person).map_err(super::people::unreadable)?;
        looked.retain(|looked| !visitor.is_hidden || is_of_nobody_seen(looked.action));
        Ok(ToKiosk::Lookups(looked.into_iter().map(|looked| self.shown_lookup(looked)).collect()))
    }

    fn shown_lookup(&self, looked: Looked) -> Lookup {
        let Looked { at, staff, role, action, reason } = looked;
        let by = staff.map(|staff| match self.town.staff.grant(staff) {
            Some(grant) => grant.name.clone(),
            // Of a pass, or not on the list any more: the first characters of the id, as the audit's list has it.
            None => PersonalText::new(staff.to_string().chars().take(8).collect::<String>()),
        });
        Lookup { at, by, role, action, reason }
    }
}

/// Whether a look tells nothing of where somebody is: it is as possible of who never came.
pub(super) const fn is_of_nobody_seen(action: AuditAction) -> bool {
    matches!(action, AuditAction::Searched | AuditAction::SawGroup | AuditAction::SawNotArrived)
}
