//! What one action writes of a person.

use std::fmt;

use crate::bytes::{Reader, push_number, push_piece};
use crate::entry::Entry;
use crate::field::Field;
use crate::text::BadText;

/// Bytes of a patch in clear.
pub const LONGEST_PATCH: usize = 2_048;
/// The first byte: the form.
const FORM: u8 = 1;

/// Why entries or bytes are no patch. It never quotes what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPatch {
    /// It says nothing.
    #[error("the patch has no entries")]
    Empty,
    /// Over [`LONGEST_PATCH`].
    #[error("the patch has {bytes} bytes")]
    TooLong {
        /// In clear.
        bytes: usize,
    },
    /// It is in a form that this version does not know.
    #[error("the patch has form {form}")]
    OtherForm {
        /// The first byte.
        form: u8,
    },
    /// The bytes end too early, or are not in their only form.
    #[error("the patch is malformed")]
    Malformed,
    /// Two values for one field.
    #[error("the patch writes {field:?} twice")]
    Twice {
        /// Which.
        field: Field,
    },
    /// A text that may not be written.
    #[error("the text of {field:?} was not taken")]
    Text {
        /// Where.
        field: Field,
        /// Why.
        #[source]
        problem: BadText,
    },
}

/// The entries of one action, at most one for each field, in the order of their tags.
///
/// As bytes: the form, then for each entry its tag, the length of its value, and the value.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfilePatch(Vec<Entry>);

impl fmt::Debug for ProfilePatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ProfilePatch({} entries, hidden)", self.0.len())
    }
}

impl ProfilePatch {
    /// The patch of some entries, in any order. An empty text is a cleared field.
    ///
    /// # Errors
    /// [`BadPatch`].
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Result<Self, BadPatch> {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by_key(|entry| entry.field().tag());
        for pair in entries.windows(2) {
            if let [first, second] = pair
                && first.field().tag() == second.field().tag()
            {
                return Err(BadPatch::Twice { field: first.field() });
            }
        }
        // What is written is judged by what reads it: there is one set of rules.
        Self::from_bytes(&Self(entries).to_bytes())
    }

    /// Reads what [`ProfilePatch::to_bytes`] wrote, also in a newer version with the same form.
    ///
    /// # Errors
    /// [`BadPatch`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadPatch> {
        if bytes.len() > LONGEST_PATCH {
            return Err(BadPatch::TooLong { bytes: bytes.len() });
        }
        let (&form, entries) = bytes.split_first().ok_or(BadPatch::Malformed)?;
        if form != FORM {
            return Err(BadPatch::OtherForm { form });
        }
        if entries.is_empty() {
            return Err(BadPatch::Empty);
        }
        let mut reader = Reader(entries);
        let mut read = Vec::new();
        let mut last = None;
        while !reader.0.is_empty() {
            let (tag, value) = next_entry(&mut reader).ok_or(BadPatch::Malformed)?;
            let field = Field::from_tag(tag);
            if last == Some(tag) {
                return Err(BadPatch::Twice { field });
            }
            if last > Some(tag) {
                return Err(BadPatch::Malformed);
            }
            last = Some(tag);
            read.push(Entry::read(field, value).map_err(|problem| BadPatch::Text { field, problem })?);
        }
        Ok(Self(read))
    }

    /// The bytes to seal.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![FORM];
        for entry in &self.0 {
            push_number(&mut out, entry.field().tag().into());
            push_piece(&mut out, &entry.value());
        }
        out
    }

    /// What it writes, in the order of the tags.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The same, to keep.
    pub fn into_entries(self) -> Vec<Entry> {
        self.0
    }
}

fn next_entry<'b>(reader: &mut Reader<'b>) -> Option<(u32, &'b [u8])> {
    Some((u32::try_from(reader.number()?).ok()?, reader.piece()?))
}
