//! What each household is told, bound by one hash (RFC 9162 §2.1), so that a television needs its own instruction, a path and
//! the officers' envelope, and learns nothing of any other household.

use std::fmt;
use std::sync::Arc;

use hinamori_model::HouseholdId;
use ring::digest::{Context, SHA256};

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// The most households of an alert: a city's.
pub const MOST_INSTRUCTIONS: usize = 1 << 20;

/// Rows above the leaves: a number of households has 32 bits.
const MOST_HEIGHT: usize = 32;

/// Stands for whoever hears the alert without being one of its households: a set in a shelter, in a shop, or one that nobody bound yet. No
/// household has it, since a household's id is a keyed hash.
pub const EVERYBODY: HouseholdId = HouseholdId::from_bytes([0; 16]);

/// The bytes of an instruction: what whole neighbourhoods are told alike, which is kept once for all of them, and what is a household's own behind it.
/// Where one ends and the other begins makes no difference to what is told. It cannot be printed.
#[derive(Clone)]
pub struct Content {
    alike: Arc<[u8]>,
    own: Box<[u8]>,
}

impl Content {
    /// Of both.
    pub const fn new(alike: Arc<[u8]>, own: Box<[u8]>) -> Self {
        Self { alike, own }
    }

    /// What others are told as well.
    pub const fn alike(&self) -> &Arc<[u8]> {
        &self.alike
    }

    /// What stands behind it.
    pub fn own(&self) -> &[u8] {
        &self.own
    }

    /// All of it.
    pub fn to_vec(&self) -> Vec<u8> {
        [&*self.alike, &self.own].concat()
    }

    fn len(&self) -> usize {
        self.alike.len().saturating_add(self.own.len())
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.alike.iter().chain(&*self.own).eq(other.alike.iter().chain(&*other.own))
    }
}

impl Eq for Content {}

impl<T: Into<Vec<u8>>> From<T> for Content {
    fn from(all: T) -> Self {
        Self { alike: Arc::default(), own: all.into().into_boxed_slice() }
    }
}

/// What a household is told. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Whom.
    pub household: HouseholdId,
    /// Random, new for every alert: without it, whoever knows a household could try what it is told.
    pub salt: [u8; 16],
    /// What, as its television understands it.
    pub content: Content,
}

impl fmt::Debug for Instruction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Instruction({} bytes)", self.content.len())
    }
}

impl Instruction {
    /// Bytes in front of the content, as it travels.
    pub const HEAD: usize = 32;

    /// Salt, household, content, as they travel (docs/tv.md §3).
    pub fn encode(&self) -> Vec<u8> {
        let Content { alike, own } = &self.content;
        [self.salt.as_slice(), self.household.as_bytes(), alike, own].concat()
    }

    /// Reads what [`Instruction::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (salt, rest) = bytes.split_first_chunk::<16>()?;
        let (household, content) = rest.split_first_chunk::<16>()?;
        let household = HouseholdId::from_bytes(*household);
        Some(Self { household, salt: *salt, content: content.to_vec().into() })
    }

    /// Salt and household have a fixed length, so that no two instructions share their bytes.
    fn leaf(&self) -> Hash {
        let Content { alike, own } = &self.content;
        hash(&[&[0], &self.salt, self.household.as_bytes(), alike, own])
    }
}

/// Where an instruction is among those of its alert, and what stands beside it on the way up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstructionPath {
    /// From 0.
    pub index: u32,
    /// From the leaf to the root.
    pub beside: Vec<[u8; 32]>,
}

impl InstructionPath {
    /// Its bytes: the index, then the hashes.
    pub fn encode(&self) -> Vec<u8> {
        [self.index.to_be_bytes().as_slice(), self.beside.as_flattened()].concat()
    }

    /// Reads what [`InstructionPath::encode`] wrote; `None` also for a way that is longer than one can be.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (index, rest) = bytes.split_first_chunk::<4>()?;
        let (beside, odd) = rest.as_chunks::<32>();
        let is_one = odd.is_empty() && beside.len() <= MOST_HEIGHT;
        is_one.then(|| Self { index: u32::from_be_bytes(*index), beside: beside.to_vec() })
    }
}

/// All instructions of an alert, in the order of their hashes: a place in it says nothing of the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions {
    /// Row by row from the leaves to the root, which stands alone.
    rows: Vec<Vec<Hash>>,
}

impl Instructions {
    /// Puts them together; `None` for more than [`MOST_INSTRUCTIONS`].
    pub fn of<'a>(all: impl IntoIterator<Item = &'a Instruction>) -> Option<Self> {
        let mut leaves: Vec<Hash> = all.into_iter().map(Instruction::leaf).collect();
        leaves.sort_unstable();
        Self::over(leaves)
    }

    /// Over hashes in their order.
    fn over(leaves: Vec<Hash>) -> Option<Self> {
        if leaves.len() > MOST_INSTRUCTIONS {
            return None;
        }
        let mut rows = vec![leaves];
        while let Some(row) = rows.last().filter(|row| row.len() > 1) {
            // The last one of an odd row goes up alone.
            let above = row.chunks(2).filter_map(|pair| match pair {
                [left, right] => Some(node(left, right)),
                alone => alone.first().copied(),
            });
            let above = above.collect();
            rows.push(above);
        }
        Some(Self { rows })
    }

    /// Puts them together, and says for each in the order in which they came where it stands: whoever needs the way up of all of them
    /// hashes each once.
    pub fn with_places(all: &[Instruction]) -> Option<(Self, Vec<u32>)> {
        let mut leaves: Vec<(Hash, usize)> = all.iter().map(Instruction::leaf).zip(0..).collect();
        leaves.sort_unstable();
        let mut places = vec![0; all.len()];
        for (place, (_, came)) in (0_u32..).zip(&leaves) {
            places.get_mut(*came).into_iter().for_each(|of| *of = place);
        }
        Some((Self::over(leaves.into_iter().map(|(leaf, _)| leaf).collect())?, places))
    }

    fn leaves(&self) -> &[Hash] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// How many.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.leaves().len()).unwrap_or(u32::MAX)
    }

    /// The hash that binds them all; of nothing where there are none.
    pub(crate) fn root(&self) -> Hash {
        self.rows.last().and_then(|row| row.first()).copied().unwrap_or_else(|| hash(&[]))
    }

    /// The way up from an instruction; `None` if it is not one of them.
    pub fn path(&self, instruction: &Instruction) -> Option<InstructionPath> {
        let index = self.leaves().binary_search(&instruction.leaf()).ok()?;
        Some(self.path_from(u32::try_from(index).ok()?))
    }

    /// The way up from a place.
    pub fn path_from(&self, index: u32) -> InstructionPath {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let mut beside = Vec::with_capacity(self.rows.len());
        beside.extend(self.rows.iter().enumerate().filter_map(|(height, row)| row.get((at >> height) ^ 1)));
        InstructionPath { index, beside }
    }
}

/// Whether `instruction` is one of the `count` under `root` (RFC 9162 §2.1.3.2).
pub(crate) fn is_under(root: &Hash, count: u32, instruction: &Instruction, path: &InstructionPath) -> bool {
    let (Some(mut last), mut at) = (count.checked_sub(1), path.index) else { return false };
    if at > last {
        return false;
    }
    let mut sum = instruction.leaf();
    for beside in &path.beside {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            sum = node(beside, &sum);
            // The last one of an odd row goes up alone.
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            sum = node(&sum, beside);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && sum == *root
}

fn node(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], left, right])
}

pub(crate) fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut sum = [0; 32];
    sum.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction(number: u8) -> Instruction {
        Instruction {
            household: HouseholdId::from_bytes([number; 16]),
            salt: [number ^ 0x55; 16],
            content: vec![number; usize::from(number)].into(),
        }
    }

    #[test]
    fn every_instruction_is_under_the_root_of_all_and_no_other_one_is() {
        for count in (0..=33_u8).chain([64, 100]) {
            let all: Vec<Instruction> = (0..count).map(instruction).collect();
            let together = Instructions::of(&all).unwrap();
            let (root, leaves) = (together.root(), together.count());
            assert_eq!(leaves, u32::from(count));
            assert_eq!(Instructions::of(all.iter().rev()).unwrap(), together);
            assert_eq!(together.path(&instruction(200)), None);
            let (same, places) = Instructions::with_places(&all).unwrap();
            let paths = || places.iter().map(|place| Some(same.path_from(*place)));
            assert!(same == together && paths().eq(all.iter().map(|own| together.path(own))));
            for own in &all {
                let path = together.path(own).unwrap();
                assert_eq!(Instruction::decode(&own.encode()).as_ref(), Some(own));
                assert_eq!(InstructionPath::decode(&path.encode()), Some(path.clone()));
                assert_eq!(InstructionPath::decode(&[path.encode(), vec![0]].concat()), None);
                assert!(is_under(&root, leaves, own, &path), "{count}");
                let bent = |bend: &dyn Fn(&mut Instruction, &mut InstructionPath)| {
                    let (mut own, mut path) = (own.clone(), path.clone());
                    bend(&mut own, &mut path);
                    is_under(&root, leaves, &own, &path)
                };
                assert!(!bent(&|own, _| own.content = [own.content.to_vec(), vec![0]].concat().into()));
                assert!(!bent(&|own, _| own.salt[0] ^= 1));
                assert!(!bent(&|own, _| own.household = HouseholdId::from_bytes([201; 16])));
                assert!(!bent(&|_, path| path.index = leaves));
                assert!(!bent(&|_, path| path.beside.push([0; 32])));
                if count > 1 {
                    assert!(!bent(&|_, path| path.beside.truncate(path.beside.len() - 1)));
                    assert!(!bent(&|_, path| path.beside[0][0] ^= 1));
                    assert!(!bent(&|_, path| path.index ^= 1));
                }
                assert!(!is_under(&root, 0, own, &path));
                assert!(!is_under(&root, 4 * leaves, own, &path), "the path is too short for as many");
            }
        }
    }

    #[test]
    fn an_instruction_is_not_printed() {
        let told = Instruction { content: b"Hamada Hanako".into(), ..instruction(1) };
        assert_eq!(format!("{told:?}"), "Instruction(13 bytes)");
    }
}
