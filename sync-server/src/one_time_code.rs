//! Codes that somebody is given once: 80 random bits, read out or in a link. Only their hash is kept: a file of them opens no door.

use hinamori_sync::to_base32;

use crate::data::{DataError, random};
use crate::signed_log::sha256;

/// A new code in groups of four (RFC 4648 §6), and what is kept of it.
pub(crate) fn new_code() -> Result<(String, [u8; 32]), DataError> {
    let code = to_base32(&random::<10>()?);
    let groups: Vec<String> =
        code.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    Ok((groups.join("-"), sha256(code.as_bytes())))
}

/// The hash of a code as somebody typed it.
pub(crate) fn hash_of(typed: &str) -> [u8; 32] {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    sha256(plain.to_ascii_uppercase().as_bytes())
}
