//! Who is signed in, and which challenges wait for their answer. All of it is in memory: a server that starts anew asks everybody again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hinamori_model::StaffId;

/// However much somebody does.
pub(crate) const LASTS: Duration = Duration::from_secs(12 * 3_600);
/// A tablet that was put down.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// Browsers in which one passkey may be signed in: it may be on more than one device.
const OF_ONE_PASSKEY: usize = 8;
/// For how long an answer is awaited: as long as browsers wait for their user.
const QUESTION: Duration = Duration::from_secs(5 * 60);
/// Challenges that wait. [`super::limits::Attempts`] lets fewer through in that time.
const MOST_QUESTIONS: usize = 8_192;

/// One browser in which somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) staff: StaffId,
    /// The number of the passkey.
    pub(crate) passkey: u32,
    opened: Duration,
    used: Duration,
}

impl Session {
    /// For how long it lasts at the most.
    pub(crate) fn left(&self, now: Duration) -> Duration {
        LASTS.saturating_sub(now.saturating_sub(self.opened))
    }

    fn is_over(&self, now: Duration) -> bool {
        self.left(now).is_zero() || now.saturating_sub(self.used) >= IDLE
    }
}

/// Sessions by the hash of their token: who reads this memory has no token.
#[derive(Default)]
pub(crate) struct Sessions(BTreeMap<[u8; 32], Session>);

impl Sessions {
    pub(crate) fn open(&mut self, token: [u8; 32], staff: StaffId, passkey: u32, now: Duration) {
        self.0.retain(|_, session| !session.is_over(now));
        let own = self.0.iter().filter(|(_, session)| session.passkey == passkey);
        let oldest = own.clone().min_by_key(|(_, session)| session.used).map(|(token, _)| *token);
        if own.count() >= OF_ONE_PASSKEY
            && let Some(oldest) = oldest
        {
            self.0.remove(&oldest);
        }
        self.0.insert(token, Session { staff, passkey, opened: now, used: now });
    }

    /// A session that is not over; it is used now.
    pub(crate) fn touch(&mut self, token: &[u8; 32], now: Duration) -> Option<Session> {
        let session = self.0.get_mut(token).filter(|session| !session.is_over(now))?;
        session.used = now;
        Some(*session)
    }

    pub(crate) fn close(&mut self, token: &[u8; 32]) {
        self.0.remove(token);
    }
}

/// Challenges that were given out, each good for one answer.
pub(crate) struct Questions<T>(Mutex<BTreeMap<Vec<u8>, (Duration, T)>>);

impl<T> Questions<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    pub(crate) fn ask(&self, challenge: Vec<u8>, about: T, now: Duration) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_QUESTIONS {
            waiting.retain(|_, (asked, _)| now.saturating_sub(*asked) < QUESTION);
        }
        if waiting.len() < MOST_QUESTIONS {
            waiting.insert(challenge, (now, about));
        }
    }

    /// What was asked, once.
    pub(crate) fn answered(&self, challenge: &[u8], now: Duration) -> Option<T> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, about) = waiting.remove(challenge)?;
        (now.saturating_sub(asked) < QUESTION).then_some(about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAFF: StaffId = StaffId::from_bytes([7; 16]);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_session_ends_when_it_is_idle_and_after_twelve_hours_whatever_is_done() {
        let mut sessions = Sessions::default();
        sessions.open([1; 32], STAFF, 1, MINUTE);
        assert!(sessions.touch(&[2; 32], MINUTE).is_none());
        assert!(sessions.touch(&[1; 32], MINUTE * 30).is_some());
        assert!(sessions.touch(&[1; 32], MINUTE * 59).is_some());
        assert!(sessions.touch(&[1; 32], MINUTE * 89).is_none(), "idle");
        sessions.open([1; 32], STAFF, 1, MINUTE);
        let worked = (1..100)
            .map(|times| MINUTE * 20 * times)
            .take_while(|at| sessions.touch(&[1; 32], *at).is_some());
        assert_eq!(worked.last(), Some(MINUTE * 720));
        sessions.open([3; 32], STAFF, 1, MINUTE);
        sessions.close(&[3; 32]);
        assert!(sessions.touch(&[3; 32], MINUTE).is_none());
    }

    #[test]
    fn a_passkey_on_many_devices_pushes_out_its_own_oldest_session_and_no_other() {
        let mut sessions = Sessions::default();
        sessions.open([0; 32], STAFF, 1, MINUTE);
        for number in 1..=9_u8 {
            sessions.open([number; 32], STAFF, 2, MINUTE * number.into());
        }
        let is_open = |number: u8| sessions.0.contains_key(&[number; 32]);
        assert!(is_open(0) && !is_open(1) && (2..=9).all(is_open));
    }

    #[test]
    fn a_challenge_is_answered_once_and_in_time_and_too_many_push_none_out() {
        let questions = Questions::new();
        questions.ask(vec![1], "one", MINUTE);
        assert_eq!(questions.answered(&[2], MINUTE), None);
        assert_eq!(questions.answered(&[1], MINUTE * 5), Some("one"));
        assert_eq!(questions.answered(&[1], MINUTE * 5), None);
        questions.ask(vec![1], "late", MINUTE);
        assert_eq!(questions.answered(&[1], MINUTE * 6), None);
        for number in 0..=MOST_QUESTIONS {
            questions.ask(number.to_be_bytes().to_vec(), "many", MINUTE);
        }
        assert_eq!(questions.answered(&0_usize.to_be_bytes(), MINUTE), Some("many"));
        questions.ask(vec![1], "last", MINUTE * 7);
        assert_eq!(questions.answered(&[1], MINUTE * 7), Some("last"), "those before are over");
    }
}
