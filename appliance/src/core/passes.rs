//! Passes of relief staff: issued by a leader, read at every box of the town without a link.

use hinamori_ipc::{Pass, Refusal, SecretDigits, SignInFault, SignedInBy, ToKiosk};
use hinamori_model::{LaneId, Mode, PersonalText, Role, StaffId, StaffPass, UnixMillis};
use hinamori_record::Fact;
use tracing::error;

use super::Core;
use super::staff::SigningIn;

const DAY_MILLIS: u64 = 86_400_000;
/// A pass is for so many days at most, and the clocks of two boxes may be a day apart.
const LONGEST_MILLIS: u64 = 8 * DAY_MILLIS;
/// Wrong numbers of one pass at one box, after which its number opens nothing here any more.
const TRIES: u8 = 3;

fn tries_name(pass: StaffId) -> String {
    format!("pass-tries/{pass}")
}

impl Core {
    /// Gives relief staff a pass.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for a role that only the town gives, for another time than 1 to 7 days, and to whoever has only a
    /// pass; [`Refusal::Disk`].
    pub(super) fn issue_pass(
        &mut self,
        lane: LaneId,
        role: Role,
        days: u8,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        let staff = self.staff_at(lane).filter(|staff| self.town.staff.grant(*staff).is_some());
        let staff = staff.ok_or(Refusal::NotNow)?;
        if matches!(role, Role::Official | Role::Auditor) || !(1..=7).contains(&days) {
            return Err(Refusal::NotNow);
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id).or(Err(Refusal::NotNow))?;
        let pass = StaffPass {
            id: StaffId::from_bytes(id),
            role,
            until: self.late(now).plus(u64::from(days) * DAY_MILLIS),
            site: self.site(),
            is_drill: self.opening.mode() == Mode::Drill,
        };
        self.say(lane, &[Fact::PassIssued { pass: pass.id, role, until: pass.until, staff }], now)?;
        let mut number = SecretDigits::default();
        pass.number(&self.town.key).chars().for_each(|digit| number.push(digit));
        let code = PersonalText::new(pass.code(&self.town.key));
        Ok(ToKiosk::Pass(Pass { code, number, role, until: pass.until }))
    }

    /// Somebody with a pass signs in.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn sign_in_with_pass(
        &mut self,
        lane: LaneId,
        code: &PersonalText,
        number: Option<&SecretDigits>,
        now: UnixMillis,
    ) -> Result<Option<ToKiosk>, Refusal> {
        let found = StaffPass::read(code.expose(), &self.town.key);
        // One from a drill opens nothing in earnest.
        let pass = found.filter(|pass| !pass.is_drill || self.opening.mode() == Mode::Drill);
        let fault = |fault| Ok(Some(ToKiosk::NotSignedIn(fault)));
        let Some(pass) = pass.filter(|_| self.town.is_enrolled()) else {
            return fault(SignInFault::NotStaff);
        };
        // Every box could make one of any kind: none counts that no leader may issue.
        if matches!(pass.role, Role::Official | Role::Auditor) {
            return fault(SignInFault::NotStaff);
        }
        if self.late(now) > pass.until || pass.until > self.late(now).plus(LONGEST_MILLIS) {
            return fault(SignInFault::Over);
        }
        let by = match number {
            None => SignedInBy::Pass,
            Some(number) => match self.try_number(&pass, number)? {
                Ok(()) => SignedInBy::CardAndPin,
                Err(wrong) => return fault(wrong),
            },
        };
        let StaffPass { id, role, until, .. } = pass;
        let who = SigningIn { staff: Some(id), name: None, role, by, card: None, ends: until };
        self.begin_session(lane, who, now).map(|()| None)
    }

    /// A try is written down before it is made, or pulling the plug would give it back.
    fn try_number(
        &mut self,
        pass: &StaffPass,
        number: &SecretDigits,
    ) -> Result<Result<(), SignInFault>, Refusal> {
        let name = tries_name(pass.id);
        let unreadable = |problem: hinamori_store_sqlite::StoreError| {
            error!(error = &problem as &dyn std::error::Error, "the tries of a pass cannot be kept");
            Refusal::Disk
        };
        let store = self.ledger.main_store();
        let used = store.setting(&name).map_err(unreadable)?;
        let used = used.and_then(|used| used.first().copied()).unwrap_or(0);
        if used >= TRIES {
            return Ok(Err(SignInFault::Blocked));
        }
        store.set_setting(&name, &[used.saturating_add(1)]).map_err(unreadable)?;
        if !pass.has_number(&self.town.key, number.expose()) {
            let tries_left = Some(TRIES.saturating_sub(used).saturating_sub(1));
            return Ok(Err(SignInFault::WrongPin { tries_left }));
        }
        self.ledger.main_store().set_setting(&name, &[0]).map_err(unreadable)?;
        Ok(Ok(()))
    }
}
