//! What a fuzzer needs to come past the hashes and to compare both ways of reading an entry.

use ring::digest::{SHA256, digest};

use crate::footer::{BODY_AT, LENGTH};
use crate::{CrlError, Entry};

/// Writes the hashes into what shall be an index that its bytes have, so that opening it looks at everything
/// else too. An index as it was built stays the same.
pub fn reseal(index: &mut [u8]) {
    let Some((body, footer)) = index.split_last_chunk_mut::<LENGTH>() else { return };
    let body = digest(&SHA256, body);
    footer.iter_mut().skip(BODY_AT).zip(body.as_ref()).for_each(|(to, from)| *to = *from);
    if let Some((before, hash)) = footer.split_last_chunk_mut::<32>() {
        hash.iter_mut().zip(digest(&SHA256, before).as_ref()).for_each(|(to, from)| *to = *from);
    }
}

/// Reads an entry again, value by value, whatever its form.
///
/// # Errors
/// [`CrlError`]: the two ways differ.
pub fn read_again<'a>(entry: &Entry<'a>) -> Result<Entry<'a>, CrlError> {
    crate::entry::read_entry(entry.der)
}
