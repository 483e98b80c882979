//! Who is signed in at a lane, and what that opens.
//!
//! A card that signs somebody in is no arrival. Only the town's list binds a card to staff, never a link that was made in the
//! field. A box whose town lists no staff for its site asks nobody, because nobody could answer.

use hinamori_ipc::{
    Command, OfficerStanding, Refusal, SecretDigits, SignInFault, SignedInBy, StaffSession, ToKiosk,
};
use hinamori_model::{AuditAction, CardKey, LaneId, PersonalText, Right, Role, StaffId, UnixMillis};
use hinamori_pki::Revocation;

use super::Core;
use super::audit::{About, Looking};
use super::bindings::ChosenTelevision;
use crate::attributes::HolderSecret;
use crate::checks::{Found, Reading};
use crate::holder::{HolderProof, OfficerWork};
use crate::kiosk::KioskId;

/// A session without a touch ends after this.
const IDLE_MILLIS: u64 = 180_000;
/// A card is waited for as long as its reader waits.
const WAITS_MILLIS: u64 = 30_000;

/// What a lane's next card is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Staff signs in.
    SignIn,
    /// Somebody is to be seen again.
    LiftHiding,
    /// The list of those who need care goes to the card's holder.
    HandOver {
        /// Who had it.
        from: StaffId,
    },
    /// A television is to be its owner's household's.
    BindTelevision {
        /// What the set shows.
        code: u32,
    },
    /// An officer's keys are made.
    MakeOfficerKeys,
    /// An officer signs what they were shown.
    SignAlert {
        /// The digest of its envelope.
        digest: [u8; 32],
    },
    /// An officer's keys show that they work.
    TestOfficerKeys {
        /// What they sign as the time.
        at: UnixMillis,
    },
}

/// A card that is waited for.
struct Awaited {
    purpose: Purpose,
    /// Who asked; its answer goes nowhere else.
    kiosk: Option<KioskId>,
    until: UnixMillis,
}

/// Who works at a lane.
#[derive(Default)]
pub(super) struct AtDesk {
    awaited: Option<Awaited>,
    session: Option<Session>,
    /// A card said whose a television may be.
    pub(super) television: Option<ChosenTelevision>,
}

/// Somebody is signed in.
pub(super) struct Session {
    /// Who; `None` for 職員がいない.
    pub(super) staff: Option<StaffId>,
    name: Option<PersonalText>,
    pub(super) role: Role,
    by: SignedInBy,
    /// The card that signed them in.
    pub(super) card: Option<CardKey>,
    /// When it ends untouched.
    until: UnixMillis,
    /// When the grant or pass is over.
    ends: UnixMillis,
    pub(super) looking: Looking,
}

/// Who signs in, and for how long at most.
pub(super) struct SigningIn {
    pub(super) staff: Option<StaffId>,
    pub(super) name: Option<PersonalText>,
    pub(super) role: Role,
    pub(super) by: SignedInBy,
    pub(super) card: Option<CardKey>,
    pub(super) ends: UnixMillis,
}

impl AtDesk {
    /// Who is signed in.
    pub(super) const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The same, to write in.
    pub(super) const fn session_mut(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// What a kiosk shows of it.
    pub(super) fn shown(&self, alarms: u32, officer: OfficerStanding) -> Option<StaffSession> {
        self.session.as_ref().map(|session| StaffSession {
            name: session.name.clone(),
            role: session.role,
            by: session.by,
            until: session.until,
            alarms,
            officer,
        })
    }

    /// When time alone changes something.
    pub(super) fn due(&self) -> Option<UnixMillis> {
        let session = self.session.as_ref()?;
        let end = session.until.min(session.ends.plus(1));
        Some(session.looking.due().map_or(end, |due| due.min(end)))
    }
}

impl Core {
    /// The time that cannot be earlier than what the town and its lists say.
    pub(super) fn late(&self, now: UnixMillis) -> UnixMillis {
        now.max(self.town.checks.time.not_before(now))
    }

    /// Who is signed in at a lane by a card or a pass.
    pub(super) fn staff_at(&self, lane: LaneId) -> Option<StaffId> {
        self.desks.get(&lane)?.at.session()?.staff
    }

    /// Whether a command goes at a lane. A touch of whoever is signed in prolongs their session.
    ///
    /// # Errors
    /// [`Refusal::SignIn`], [`Refusal::Pin`].
    pub(super) fn admit(&mut self, lane: LaneId, command: &Command, now: UnixMillis) -> Result<(), Refusal> {
        self.end_old_sessions(now);
        let is_asked_for = self.town.staff.is_asked_for();
        let Some(desk) = self.desks.get_mut(&lane) else { return Ok(()) };
        if is_asked_for {
            let session = desk.at.session.as_ref();
            command.opens_for(session.map(|session| (session.role, session.by)))?;
        }
        // A kiosk dismisses a panel by itself: nobody touched anything.
        if let Some(session) =
            desk.at.session.as_mut().filter(|_| !matches!(command, Command::Dismiss { .. }))
        {
            session.until = now.plus(IDLE_MILLIS);
        }
        Ok(())
    }

    /// The next card of the lane proves its holder.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for a lane without a reader, and for what cannot be a PIN.
    pub(super) fn await_holder(
        &mut self,
        lane: LaneId,
        purpose: Purpose,
        pin: Option<SecretDigits>,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let staff_only = !matches!(purpose, Purpose::LiftHiding | Purpose::BindTelevision { .. });
        self.await_card(lane, purpose, HolderSecret { pin, staff_only, work: None }, now)
    }

    /// The next card of the lane is an officer's, and does this.
    ///
    /// # Errors
    /// As [`Core::await_holder`].
    pub(super) fn await_officer(
        &mut self,
        lane: LaneId,
        purpose: Purpose,
        (pin, work): (SecretDigits, OfficerWork),
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let secret = HolderSecret { pin: Some(pin), staff_only: true, work: Some(work) };
        self.await_card(lane, purpose, secret, now)
    }

    fn await_card(
        &mut self,
        lane: LaneId,
        purpose: Purpose,
        secret: HolderSecret,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let reader = self.config.reader_of(lane).ok_or(Refusal::NotNow)?;
        if secret.pin.as_ref().is_some_and(|pin| pin.length() < 4) {
            return Err(Refusal::NotNow);
        }
        let kiosk = self.asking;
        let desk = self.desks.get_mut(&lane).ok_or(Refusal::NotNow)?;
        self.checks.secrets().put_holder(reader, secret);
        desk.at.awaited = Some(Awaited { purpose, kiosk, until: now.plus(WAITS_MILLIS) });
        Ok(())
    }

    /// No card is waited for any more.
    pub(super) fn await_nobody(&mut self, lane: LaneId) {
        if let Some(desk) = self.desks.get_mut(&lane) {
            (desk.at.awaited, desk.at.television) = (None, None);
        }
    }

    /// A card that was to prove its holder. `None` for `read` when it could not be read. Whether it was one: then it is no
    /// arrival, whatever came of it.
    pub(super) fn holder_came(
        &mut self,
        lane: LaneId,
        read: Option<(&Reading, Option<Result<HolderProof, SignInFault>>)>,
        now: UnixMillis,
    ) -> bool {
        let awaited = self.desks.get_mut(&lane).and_then(|desk| desk.at.awaited.take());
        let awaited = awaited.filter(|awaited| now <= awaited.until);
        let (reading, proof) = match (read, &awaited) {
            // It was on the reader before somebody asked for a card.
            (Some((_, None)), _) | (None, None) => return false,
            (Some((reading, Some(proof))), Some(_)) if reading.version == self.town.version => {
                (reading, proof)
            }
            // It proved itself for what nobody waits for any more, or was taken away too early.
            (Some(_), _) | (None, Some(_)) => {
                let kiosk = awaited.and_then(|awaited| awaited.kiosk);
                self.tell_lane(lane, kiosk, &ToKiosk::NotSignedIn(SignInFault::NotRead));
                return true;
            }
        };
        let Some(Awaited { purpose, kiosk, .. }) = awaited else { return true };
        let told = match purpose {
            Purpose::SignIn => self.sign_in_by_card(lane, reading, proof, now),
            Purpose::HandOver { from } => self.take_list_over(lane, from, (reading, proof), now),
            Purpose::LiftHiding => self.lift_hiding(lane, reading, proof, now).map(|()| Some(ToKiosk::Done)),
            // Nothing but the card is asked for: not every resident's chip can prove itself.
            Purpose::BindTelevision { code } => self.television_card(lane, code, reading, now).map(Some),
            Purpose::MakeOfficerKeys => self.officer_keys_made(lane, reading, proof).map(Some),
            Purpose::SignAlert { digest } => {
                self.officer_signed((lane, kiosk), digest, (reading, proof), now)
            }
            Purpose::TestOfficerKeys { at } => self.officer_keys_tested(reading, proof, at).map(Some),
        };
        match told {
            Ok(None) => {}
            Ok(Some(message)) => self.tell_lane(lane, kiosk, &message),
            Err(fault) => self.tell_lane(lane, kiosk, &ToKiosk::NotSignedIn(fault)),
        }
        true
    }

    /// To the kiosk that asked, and to all of the lane when that is not known.
    pub(super) fn tell_lane(&mut self, lane: LaneId, kiosk: Option<KioskId>, message: &ToKiosk) {
        let is_meant = |id: &KioskId, of: LaneId| kiosk.map_or(of == lane, |kiosk| *id == kiosk);
        self.kiosks.retain(|id, (of, out)| !is_meant(id, *of) || out.send(message).is_ok());
    }

    fn sign_in_by_card(
        &mut self,
        lane: LaneId,
        reading: &Reading,
        proof: Result<HolderProof, SignInFault>,
        now: UnixMillis,
    ) -> Result<Option<ToKiosk>, SignInFault> {
        if let Err(fault @ (SignInFault::WrongPin { .. } | SignInFault::Blocked | SignInFault::NotRead)) =
            proof
        {
            return Err(fault);
        }
        let card = reading.card.ok_or(SignInFault::NotStaff)?;
        let grant = self.town.staff.of_card(card).ok_or(SignInFault::NotStaff)?;
        // At a shelter that people opened themselves the grant for where the town put the box counts.
        let granted = self.town.granted.id;
        if !grant.sites.is_empty() && !grant.sites.contains(&granted) {
            return Err(SignInFault::NotStaff);
        }
        if self.late(now) > grant.until {
            return Err(SignInFault::Over);
        }
        let by = match (self.certain(card, reading), proof) {
            (Err(fault), _) | (Ok(()), Err(fault)) => return Err(fault),
            (Ok(()), Ok(HolderProof::Chip)) => SignedInBy::Card,
            (Ok(()), Ok(HolderProof::Pin)) => SignedInBy::CardAndPin,
            (Ok(()), Ok(HolderProof::KeysMade(_) | HolderProof::Signed(_) | HolderProof::Tested(_))) => {
                return Err(SignInFault::NotProven);
            }
        };
        let who = SigningIn {
            staff: Some(grant.id),
            name: Some(grant.name.clone()),
            role: grant.role,
            by,
            card: Some(card),
            ends: grant.until,
        };
        Ok(self.begin_session(lane, who, now).err().map(ToKiosk::Refused))
    }

    /// The list of those who need care goes to somebody else who may see it, with their PIN; they are signed in from then on.
    fn take_list_over(
        &mut self,
        lane: LaneId,
        from: StaffId,
        (reading, proof): (&Reading, Result<HolderProof, SignInFault>),
        now: UnixMillis,
    ) -> Result<Option<ToKiosk>, SignInFault> {
        let grant = reading.card.and_then(|card| self.town.staff.of_card(card));
        let to = grant.filter(|grant| grant.role.may(Right::Health) && grant.id != from);
        let to = to.ok_or(SignInFault::NotStaff)?.id;
        if matches!(proof, Ok(HolderProof::Chip)) {
            return Err(SignInFault::NotProven);
        }
        if let Some(refused) = self.sign_in_by_card(lane, reading, proof, now)? {
            return Ok(Some(refused));
        }
        Ok(Some(self.hand_list_over(lane, from, to, now).map_or_else(ToKiosk::Refused, |()| ToKiosk::Done)))
    }

    /// Whether whoever is signed in at a lane may know who is hidden.
    pub(super) fn sees_hidden(&self, lane: LaneId) -> bool {
        let session = self.desks.get(&lane).and_then(|desk| desk.at.shown(0, OfficerStanding::Nobody));
        session.is_some_and(|session| session.may(Right::Hidden))
    }

    /// Whether what is behind a right is open at a lane now; where the town lists no staff, everything is.
    pub(super) fn opens(&self, lane: LaneId, right: Right) -> bool {
        let session = self.desks.get(&lane).and_then(|desk| desk.at.shown(0, OfficerStanding::Nobody));
        !self.town.staff.is_asked_for() || session.is_some_and(|session| session.may(right))
    }

    /// Whether a card can be relied on beyond letting somebody in. What only the server reported of it ends no sign-in (design §9).
    pub(super) fn certain(&self, card: CardKey, reading: &Reading) -> Result<(), SignInFault> {
        let Found::Certificate { verdict, .. } = &reading.evidence else {
            return Err(SignInFault::NotProven);
        };
        let is_revoked = match verdict {
            Ok(verified) => matches!(verified.revocation(), Revocation::Revoked { .. }),
            Err(_) => true,
        };
        let known = self.readable(self.directory.card(card), "a card of the directory");
        let is_stopped = known.is_some_and(|known| known.stopped.is_some());
        if is_revoked || is_stopped { Err(SignInFault::Stopped) } else { Ok(()) }
    }

    /// Somebody is signed in from now on, once that is written down.
    ///
    /// # Errors
    /// [`Refusal::Disk`]; nobody is signed in then.
    pub(super) fn begin_session(
        &mut self,
        lane: LaneId,
        who: SigningIn,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let SigningIn { staff, name, role, by, card, ends } = who;
        self.end_session(lane, now);
        let action = match by {
            SignedInBy::Nobody => AuditAction::OpenedWithoutStaff,
            SignedInBy::Card | SignedInBy::CardAndPin | SignedInBy::Pass => AuditAction::SignedIn,
        };
        self.audit(lane, (staff, role), action, About::NOBODY, now)?;
        let until = now.plus(IDLE_MILLIS);
        if let Some(desk) = self.desks.get_mut(&lane) {
            desk.at.session =
                Some(Session { staff, name, role, by, card, until, ends, looking: Looking::default() });
        }
        Ok(())
    }

    /// 職員がいない: what needs no PIN opens for whoever stands there, and everybody will know.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] where nobody is asked to sign in, [`Refusal::Disk`].
    pub(super) fn open_without_staff(&mut self, lane: LaneId, now: UnixMillis) -> Result<(), Refusal> {
        if !self.town.staff.is_asked_for() {
            return Err(Refusal::NotNow);
        }
        let who = SigningIn {
            staff: None,
            name: None,
            role: Role::Leader,
            by: SignedInBy::Nobody,
            card: None,
            ends: UnixMillis::new(u64::MAX),
        };
        self.begin_session(lane, who, now)
    }

    /// A card was held to a lane as an arrival: somebody else of the staff ends the session of who worked there.
    pub(super) fn note_staff_card(&mut self, lane: LaneId, card: CardKey, now: UnixMillis) {
        let session = self.desks.get(&lane).and_then(|desk| desk.at.session());
        let is_another = session.is_some_and(|session| {
            let staff = self.town.staff.of_card(card).map(|grant| grant.id);
            session.card != Some(card) && staff.is_some_and(|staff| session.staff != Some(staff))
        });
        if is_another {
            self.end_session(lane, now);
        }
    }

    /// Nobody is signed in at the lane any more.
    pub(super) fn end_session(&mut self, lane: LaneId, now: UnixMillis) {
        self.write_down_search(lane, None, now);
        if let Some(desk) = self.desks.get_mut(&lane) {
            desk.at.television = None;
        }
        let session = self.desks.get_mut(&lane).and_then(|desk| desk.at.session.take());
        let Some(Session { staff, role, .. }) = session else { return };
        // It ends also when that cannot be written down.
        let _written: Result<(), Refusal> =
            self.audit(lane, (staff, role), AuditAction::SignedOut, About::NOBODY, now);
    }

    /// Nobody is signed in anywhere any more: another incident begins.
    pub(super) fn end_sessions(&mut self, now: UnixMillis) {
        for lane in self.lane_ids() {
            self.await_nobody(lane);
            self.end_session(lane, now);
        }
    }

    /// Ends what nobody touched for long, what is over, and what the town's newest list does not have.
    pub(super) fn end_old_sessions(&mut self, now: UnixMillis) {
        let late = self.late(now);
        for lane in self.lane_ids() {
            let Some(desk) = self.desks.get_mut(&lane) else { continue };
            let Some(session) = desk.at.session.as_mut() else { continue };
            // After a clock that stepped back, time begins anew instead of standing still.
            session.until = session.until.min(now.plus(IDLE_MILLIS));
            let is_granted = session.card.is_none_or(|card| {
                let grant = self.town.staff.of_card(card);
                grant.is_some_and(|grant| Some(grant.id) == session.staff && grant.role == session.role)
            });
            if session.until <= now || session.ends < late || !is_granted {
                self.end_session(lane, now);
            } else {
                self.write_down_old_search(lane, now);
            }
        }
    }
}
