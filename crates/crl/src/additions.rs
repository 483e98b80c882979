//! What became revoked between two lists, in little more than the bits that tell it from all else that could have
//! become so: what the server may say at once, before the proof of it has come over a thin link.

use std::collections::BTreeSet;
use std::fmt;

use hinamori_model::UnixMillis;
use ring::digest::{SHA256, digest};

use crate::bits::{BitReader, Bits};
use crate::build::ListKind;
use crate::entry::TAKES_BACK;
use crate::footer::LONGEST_NUMBER;
use crate::index::{Index, strip};
use crate::keys::{HASH_BITS, HashKey, value};
use crate::rice::{read_ascending, write_ascending};

/// What additions begin with: the form of the serial numbers.
const PLAIN: u64 = 1;
const HASHED: u64 = 2;

/// The bytes are no additions, or not in their only form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the additions are malformed")]
pub struct BadAdditions;

/// Between which two lists something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Names the key that signed both.
    pub issuer: [u8; 32],
    /// Names what both speak for.
    pub scope: [u8; 32],
    /// Names the older one's content.
    pub old_content: [u8; 32],
    /// crlNumber of the older one, big-endian without leading zeros.
    pub old_number: Vec<u8>,
    /// crlNumber of the newer one.
    pub new_number: Vec<u8>,
    /// thisUpdate of the newer one.
    pub this_update: UnixMillis,
}

/// How additions stand to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The list's number is below theirs: they count beside it, whatever list they began from.
    Open,
    /// The list has reached their number, and speaks for itself.
    Over {
        /// How many of them it does not name as revoked. More than none is an alarm.
        missing: usize,
    },
    /// The list is another issuer's, or of another scope.
    Foreign,
}

/// Which serial numbers a newer list has that an older one does not have. Nothing vouches for them but whoever
/// signs these bytes; and they can only deny.
///
/// As bytes: the form, the [`Step`], for hashed serial numbers the key, and the numbers as gaps in a Rice code. There
/// is one form only of the same additions.
#[derive(Clone, PartialEq, Eq)]
pub struct Additions {
    step: Step,
    /// The key by which the serial numbers are hashed, if one of them has more than eight bytes: a certificate that
    /// nobody added is then taken for an added one once in 2⁴⁰ for each of them.
    key: Option<HashKey>,
    numbers: Vec<u64>,
}

impl fmt::Debug for Additions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Additions({} serial numbers)", self.numbers.len())
    }
}

impl Additions {
    /// What `new` has and `old` does not have, two lists of one issuer and scope.
    pub fn between<A: AsRef<[u8]>, B: AsRef<[u8]>>(old: &Index<A>, new: &Index<B>) -> Self {
        let added = || new.rows().map(|row| row.serial).filter(|serial| !old.contains(serial));
        let plain: Option<Vec<u64>> = added().map(value).collect();
        let key = plain.is_none().then_some(old.key());
        let mut numbers = match (plain, key) {
            (Some(plain), _) => plain,
            (None, key) => key.iter().flat_map(|key| added().map(|serial| key.hash(serial))).collect(),
        };
        numbers.sort_unstable();
        numbers.dedup();
        let (issuer, scope) = new.speaks_for();
        let step = Step {
            issuer: *issuer,
            scope: *scope,
            old_content: *old.content(),
            old_number: old.number().1.to_vec(),
            new_number: new.number().1.to_vec(),
            this_update: new.this_update(),
        };
        Self { step, key, numbers }
    }

    /// What is signed and sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Bits::default();
        out.push(if self.key.is_some() { HASHED } else { PLAIN }, 8);
        let Step { issuer, scope, old_content, old_number, new_number, this_update } = &self.step;
        [issuer, scope, old_content].into_iter().for_each(|hash| out.push_bytes(hash));
        for number in [old_number, new_number] {
            out.push(u64::try_from(number.len()).unwrap_or(u64::MAX), 8);
            out.push_bytes(number);
        }
        out.push(this_update.get(), u64::BITS);
        self.key.iter().flat_map(|key| key.0).for_each(|word| out.push(word, u64::BITS));
        write_ascending(&self.numbers, &mut out);
        out.finish()
    }

    /// Reads what [`Additions::to_bytes`] wrote. They take up to 64 times as much memory as bytes.
    ///
    /// # Errors
    /// [`BadAdditions`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadAdditions> {
        // What is in another form (another parameter, other filling, something behind it) becomes other bytes.
        Self::read(bytes).filter(|read| read.to_bytes() == bytes).ok_or(BadAdditions)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = BitReader::new(bytes);
        let is_hashed = match reader.take(8)? {
            PLAIN => false,
            HASHED => true,
            _ => return None,
        };
        let (issuer, scope, old_content) = (reader.take_array()?, reader.take_array()?, reader.take_array()?);
        let mut number = || {
            let length = usize::try_from(reader.take(8)?).ok()?;
            let number = reader.take_bytes(length)?;
            (length <= LONGEST_NUMBER && number.first() != Some(&0)).then_some(number)
        };
        let (old_number, new_number) = (number()?, number()?);
        let this_update = UnixMillis::new(reader.take(u64::BITS)?);
        let mut word = || reader.take(u64::BITS);
        let key = if is_hashed { Some(HashKey([word()?, word()?, word()?, word()?])) } else { None };
        let numbers = read_ascending(u64::MAX, &mut reader)?;
        let fits = !is_hashed || numbers.last().is_none_or(|last| last >> HASH_BITS == 0);
        let step = Step { issuer, scope, old_content, old_number, new_number, this_update };
        fits.then_some(Self { step, key, numbers })
    }

    /// Whether a serial number (big-endian, leading zeros do not count) was added.
    pub fn contains(&self, serial: &[u8]) -> bool {
        self.number_of(strip(serial)).is_some_and(|number| self.has(number))
    }

    /// By which number a serial number without leading zeros would stand here.
    fn number_of(&self, serial: &[u8]) -> Option<u64> {
        self.key.map_or_else(|| value(serial), |key| Some(key.hash(serial)))
    }

    fn has(&self, number: u64) -> bool {
        self.numbers.binary_search(&number).is_ok()
    }

    /// How many of them are not among others: what a later report does not repeat. All of them when these are hashed
    /// and the others are not, or by another key: nobody can compare them then, and of those that are hashed at least
    /// one is too long to be among others that are not.
    pub fn missing_among(&self, others: &Self) -> usize {
        self.numbers.iter().filter(|number| !self.is_among(**number, others)).count()
    }

    /// How many of them neither a later report repeats nor a list names by now: what that report takes back.
    pub fn taken_back<B: AsRef<[u8]>>(&self, later: &Self, list: &Index<B>) -> usize {
        let left: BTreeSet<u64> =
            self.numbers.iter().copied().filter(|number| !self.is_among(*number, later)).collect();
        let named = if left.is_empty() { Vec::new() } else { self.named_by(list) };
        left.len() - named.into_iter().filter(|number| left.contains(number)).collect::<BTreeSet<_>>().len()
    }

    /// Whether one of these numbers stands among others.
    fn is_among(&self, number: u64, others: &Self) -> bool {
        match self.key {
            None => others.contains(&number.to_be_bytes()),
            Some(_) => self.key == others.key && others.has(number),
        }
    }

    /// How many of them a list does not name as revoked: more than none when somebody reported what its authority did
    /// not confirm. A list with long serial numbers is read through, and so is a delta list: what it takes back it
    /// does not confirm.
    pub fn missing_in<B: AsRef<[u8]>>(&self, list: &Index<B>) -> usize {
        self.missing_in_each([list])
    }

    /// How many of them none of these lists names as revoked.
    pub fn missing_in_each<'a, B: AsRef<[u8]> + 'a>(
        &self,
        lists: impl IntoIterator<Item = &'a Index<B>>,
    ) -> usize {
        let named: BTreeSet<u64> = lists.into_iter().flat_map(|list| self.named_by(list)).collect();
        self.numbers.len() - named.len()
    }

    /// Those of them that a list names as revoked.
    fn named_by<B: AsRef<[u8]>>(&self, list: &Index<B>) -> Vec<u64> {
        if self.key.is_none() && list.kind() == ListKind::Complete {
            return self.numbers.iter().copied().filter(|one| list.contains(&one.to_be_bytes())).collect();
        }
        let revoked = list.rows().filter(|row| row.reason() != TAKES_BACK);
        revoked.filter_map(|row| self.number_of(row.serial)).filter(|one| self.has(*one)).collect()
    }

    /// How they stand to a list that is held. What they began from does not count: as long as their number is ahead
    /// of the list's, no authority has spoken about them.
    pub fn standing<B: AsRef<[u8]>>(&self, list: &Index<B>) -> Standing {
        let Step { issuer, scope, new_number, this_update, .. } = &self.step;
        if (issuer, scope) != list.speaks_for() {
            return Standing::Foreign;
        }
        // Numbers and times go forward together: a list that is younger has come further, whatever number was claimed.
        if (new_number.len(), new_number.as_slice()) > list.number() && *this_update >= list.this_update() {
            return Standing::Open;
        }
        Standing::Over { missing: self.missing_in(list) }
    }

    /// Between which lists they stand.
    pub const fn step(&self) -> &Step {
        &self.step
    }

    /// How many were added.
    pub const fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether none was.
    pub const fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The serial numbers in order, unless they are hashed.
    pub(crate) fn plain(&self) -> Option<&[u64]> {
        self.key.is_none().then_some(&self.numbers)
    }

    /// Names them: the first bytes of the SHA-256 of theirs.
    pub(crate) fn name(&self) -> [u8; 8] {
        digest(&SHA256, &self.to_bytes()).as_ref().first_chunk().copied().unwrap_or_default()
    }
}
