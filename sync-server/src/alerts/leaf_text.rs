//! Instructions in base64, as televisions are told them. What many households are told alike is turned into text once: a town's would be twice as
//! much memory, and doing it for each takes longer than everything else of an answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinamori_alert::Instruction;

use crate::alerts::{base64, base64_onto};

/// Bytes that four characters stand for (RFC 4648 §4).
const GROUP: usize = 3;
/// Bytes of what is told alike that stand with the head of the instruction, so that a group ends with them.
const WITH_HEAD: usize = Instruction::HEAD.next_multiple_of(GROUP) - Instruction::HEAD;

/// The texts of what is told alike, by where that lies in memory: it stays there as long as the instructions of the message do.
#[derive(Default)]
pub(super) struct LeafTexts(BTreeMap<usize, Box<str>>);

impl LeafTexts {
    pub(super) fn of(instructions: &[Instruction]) -> Self {
        let mut texts = BTreeMap::new();
        for alike in instructions.iter().map(|instruction| instruction.content.alike()) {
            // What one household alone is told needs none, and what is shorter than a group has none.
            if Arc::strong_count(alike) > 1 && alike.len() >= WITH_HEAD.saturating_add(GROUP) {
                texts.entry(place(alike)).or_insert_with(|| base64(whole_groups(alike).0).into_boxed_str());
            }
        }
        Self(texts)
    }

    /// Writes an instruction as [`Instruction::encode`] has it.
    pub(super) fn write(&self, instruction: &Instruction, into: &mut Vec<u8>) {
        let alike = instruction.content.alike();
        let Some(text) = self.0.get(&place(alike)) else { return base64_onto(&instruction.encode(), into) };
        let with_head = alike.get(..WITH_HEAD).unwrap_or_default();
        let head = [&instruction.salt, instruction.household.as_bytes().as_slice(), with_head].concat();
        base64_onto(&head, into);
        into.extend_from_slice(text.as_bytes());
        base64_onto(&[whole_groups(alike).1, instruction.content.own()].concat(), into);
    }
}

fn place(alike: &Arc<[u8]>) -> usize {
    alike.as_ptr().addr()
}

/// What is behind the head: whole groups, and the rest.
fn whole_groups(alike: &[u8]) -> (&[u8], &[u8]) {
    let behind = alike.get(WITH_HEAD..).unwrap_or_default();
    behind.split_at(behind.len().saturating_sub(behind.len() % GROUP))
}

#[cfg(test)]
mod tests {
    use hinamori_alert::Content;
    use hinamori_model::HouseholdId;

    use super::*;

    #[test]
    fn an_instruction_is_written_as_its_bytes_in_base64_wherever_a_group_ends() {
        for length in 0..8 {
            let alike: Arc<[u8]> = (0..length).collect();
            let instruction = |own: &[u8]| Instruction {
                household: HouseholdId::from_bytes([0xA1; 16]),
                salt: [0x5A; 16],
                content: Content::new(Arc::clone(&alike), own.into()),
            };
            let all = [instruction(b""), instruction(b"x"), instruction(b"xy"), instruction(b"xyz, or more")];
            let texts = LeafTexts::of(&all);
            assert_eq!(texts.0.len(), usize::from(length > 3), "once for all of them");
            for one in &all {
                for texts in [&texts, &LeafTexts::default()] {
                    let mut written = b"before".to_vec();
                    texts.write(one, &mut written);
                    assert_eq!(written, [b"before", base64(&one.encode()).as_bytes()].concat(), "{length}");
                }
            }
        }
        let alone = Instruction {
            household: HouseholdId::from_bytes([1; 16]),
            salt: [2; 16],
            content: "only".into(),
        };
        assert!(LeafTexts::of(&[alone]).0.is_empty());
    }
}
