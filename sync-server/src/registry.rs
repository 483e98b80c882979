//! Which boxes joined and which codes were given out. Pure: the caller reads, changes and writes it under the
//! data folder's lock.

use std::collections::BTreeMap;

use hinamori_model::{BoxId, SiteId, UnixMillis};
use hinamori_net_tls::{Refusal, ThreeWords};
use hinamori_record::ActorId;
use hinamori_sync::{Fork, Grant, MOST_FORKS, Retention, Trusted};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::hex;
use crate::own_shelter::Ruling;

/// How long a code is good for.
const GOOD_FOR_MILLIS: u64 = 15 * 60_000;
/// How long its fate is remembered, so that whoever types it late hears why.
const REMEMBERED_MILLIS: u64 = 24 * 3_600_000;
/// Wrong tries of one code.
const TRIES: u8 = 5;
/// The part of a token that says which code is meant; the other 64 bits are the secret that is counted.
const SELECTOR: usize = 2;

/// Boxes and codes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    pub(crate) boxes: BTreeMap<BoxId, RegisteredBox>,
    codes: Vec<IssuedCode>,
    /// The last series of numbered cards that was printed.
    #[serde(default)]
    series: u16,
    /// What was decided about shelters that people opened themselves.
    #[serde(default)]
    pub(crate) shelters: BTreeMap<SiteId, Ruling>,
    /// From which day on incidents are kept.
    #[serde(default)]
    pub(crate) retentions: Vec<Retention>,
    /// Writers under whose names two histories were signed.
    #[serde(default)]
    pub(crate) forks: Vec<Fork>,
}

impl Registry {
    /// Takes up a fork that was found, unless it is known. Whether it was new.
    pub(crate) fn note_fork(&mut self, writer: ActorId) -> bool {
        let is_new = self.forks.len() < MOST_FORKS && self.forks.iter().all(|fork| fork.writer() != writer);
        if is_new {
            self.forks.push(Fork { writer: *writer.as_bytes(), is_settled: false });
        }
        is_new
    }

    /// A series of card numbers that was never given out; `None` when there is none left.
    pub(crate) fn next_series(&mut self) -> Option<u16> {
        self.series = self.series.checked_add(1)?;
        Some(self.series)
    }
}

/// A box that joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisteredBox {
    pub(crate) place: Place,
    #[serde(with = "hex")]
    pub(crate) seal_key: [u8; 32],
    /// SHA-256 of the SubjectPublicKeyInfo that its newest certificate is for: an older certificate of a box
    /// that joined again is worth nothing.
    #[serde(with = "hex")]
    pub(crate) tls_key: [u8; 32],
    pub(crate) enrolled_at: UnixMillis,
    /// What the box showed at its enrolment, unless somebody came between.
    pub(crate) words: ThreeWords,
    pub(crate) standing: Standing,
    /// What is still believed of it; everything where nothing is said.
    #[serde(default)]
    pub(crate) trusted: Option<Vec<Trusted>>,
}

/// Where a box stands and what it may read besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    pub(crate) site: SiteId,
    pub(crate) reads: Vec<SiteId>,
}

/// Whether a box is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It is.
    Admitted,
    /// It was stolen or lost. Its grant stays in the town's package, so that what it sealed before is still
    /// believed by boxes that hear it from others.
    Denied,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuedCode {
    selector: u16,
    /// SHA-256 of the token: the file opens no door.
    #[serde(with = "hex")]
    digest: [u8; 32],
    place: Place,
    issued_at: UnixMillis,
    wrong_tries: u8,
    used: bool,
}

impl RegisteredBox {
    /// Its rights, as the town's package states them.
    pub(crate) fn grant(&self) -> Grant {
        let Place { site, reads } = self.place.clone();
        Grant { seal_key: self.seal_key, tls_key: self.tls_key, site, reads }
    }
}

impl Registry {
    /// Gives out `token`; `false` when another code of these days begins alike and a new token is needed.
    pub(crate) fn issue(&mut self, token: &[u8; 10], place: Place, now: UnixMillis) -> bool {
        self.codes.retain(|code| now.since(code.issued_at) <= REMEMBERED_MILLIS);
        let selector = selector(token);
        if self.codes.iter().any(|code| code.selector == selector) {
            return false;
        }
        let digest = sha256(token);
        let issued = IssuedCode { selector, digest, place, issued_at: now, wrong_tries: 0, used: false };
        self.codes.push(issued);
        true
    }

    /// Takes a code: the place of the box that shows it. Every outcome has to be written down.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn redeem(&mut self, token: &[u8; 10], now: UnixMillis) -> Result<Place, Refusal> {
        let selector = selector(token);
        let code = self.codes.iter_mut().find(|code| code.selector == selector);
        let code = code.ok_or(Refusal::UnknownCode)?;
        // Before the secret is compared: a sixth try learns nothing.
        if code.wrong_tries >= TRIES {
            return Err(Refusal::TriedTooOften);
        }
        if code.digest != sha256(token) {
            code.wrong_tries = code.wrong_tries.saturating_add(1);
            return Err(Refusal::UnknownCode);
        }
        if code.used {
            return Err(Refusal::Used);
        }
        // A clock that was set back does not make a code good for ever.
        if now.since(code.issued_at) > GOOD_FOR_MILLIS || code.issued_at.since(now) > GOOD_FOR_MILLIS {
            return Err(Refusal::Expired);
        }
        code.used = true;
        Ok(code.place.clone())
    }
}

fn selector(token: &[u8; 10]) -> u16 {
    token.first_chunk::<SELECTOR>().map_or(0, |first| u16::from_be_bytes(*first))
}

/// Comparing sums instead of tokens also takes the same time wherever they differ.
fn sha256(token: &[u8; 10]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, token).as_ref());
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_791_730_800_000);
    const MINUTE: u64 = 60_000;

    fn place(number: u8) -> Place {
        Place { site: SiteId::from_bytes([number; 16]), reads: Vec::new() }
    }

    fn registry() -> Registry {
        let mut registry = Registry::default();
        assert!(registry.issue(&[1; 10], place(1), NOW));
        assert!(registry.issue(&[2; 10], place(2), NOW));
        registry
    }

    #[test]
    fn a_code_is_good_once_and_for_a_quarter_of_an_hour() {
        let mut registry = registry();
        assert_eq!(registry.redeem(&[1; 10], NOW.plus(15 * MINUTE)), Ok(place(1)));
        assert_eq!(registry.redeem(&[1; 10], NOW.plus(15 * MINUTE)), Err(Refusal::Used));
        assert_eq!(registry.redeem(&[2; 10], NOW.plus(15 * MINUTE + 1)), Err(Refusal::Expired));
        assert_eq!(registry.redeem(&[2; 10], UnixMillis::new(5)), Err(Refusal::Expired));
        assert_eq!(registry.redeem(&[3; 10], NOW), Err(Refusal::UnknownCode));
    }

    #[test]
    fn five_wrong_tries_spoil_the_code_that_was_meant_and_no_other() {
        let mut registry = registry();
        let mut mistyped = [1; 10];
        mistyped[9] = 9;
        for _ in 0..5 {
            assert_eq!(registry.redeem(&mistyped, NOW), Err(Refusal::UnknownCode));
        }
        assert_eq!(registry.redeem(&mistyped, NOW), Err(Refusal::TriedTooOften));
        assert_eq!(registry.redeem(&[1; 10], NOW), Err(Refusal::TriedTooOften));
        assert_eq!(registry.redeem(&[2; 10], NOW), Ok(place(2)));
    }

    #[test]
    fn four_wrong_tries_do_not() {
        let mut registry = registry();
        let mut mistyped = [1; 10];
        mistyped[2] = 9;
        for _ in 0..4 {
            assert_eq!(registry.redeem(&mistyped, NOW), Err(Refusal::UnknownCode));
        }
        assert_eq!(registry.redeem(&[1; 10], NOW), Ok(place(1)));
    }

    #[test]
    fn codes_that_begin_alike_are_not_out_at_once_and_tokens_are_not_written_down() {
        let mut registry = registry();
        let mut alike = [7; 10];
        alike[..SELECTOR].copy_from_slice(&[1; SELECTOR]);
        assert!(!registry.issue(&alike, place(3), NOW));
        assert!(registry.issue(&alike, place(3), NOW.plus(REMEMBERED_MILLIS + 1)));
        assert!(registry.issue(&[0xab; 10], place(3), NOW));
        let written = serde_json::to_string(&registry).unwrap();
        assert!(!written.contains("abababababababababab"), "{written}");
        let read: Registry = serde_json::from_str(&written).unwrap();
        assert_eq!(read.codes.len(), registry.codes.len());
    }
}
