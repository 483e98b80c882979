//! The four basic attributes of the card's text application, signed by the card's issuer: checked without a
//! network, against pinned keys.
//!
//! Files hold data objects with two-byte tags. EF 0002 is `FF20 { DF21 offsets, DF22 name, DF23 address,
//! DF24 birth date, DF25 sex }`; EF 0003 is `FF30 { DF31, DF32, DF33 }`: the SHA-256 of the number's file,
//! which nobody here reads, the SHA-256 of EF 0002 from DF22 on, and a signature over both objects; EF 0004
//! is the certificate of the key that signed, `7F21 { 5F4E { key }, 5F37 signature }`. The layout follows
//! public descriptions of the card and the simulated card; no real card's EF 0004 has been seen.

use hinamori_model::PersonalText;
use ring::digest::{SHA256, digest};

use crate::signature::verify_with_key;

/// Public keys (DER SubjectPublicKeyInfo) that may certify the keys which sign attributes. They come from the
/// box's own image or the town's signed package, never from a card.
#[derive(Clone, Default)]
pub struct AttributeIssuers(Vec<Vec<u8>>);

impl AttributeIssuers {
    /// Pins a key.
    pub fn pin(&mut self, spki: &[u8]) {
        self.0.push(spki.to_vec());
    }

    /// Whether none is pinned: then nobody's signature can be believed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why attributes are not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// A file is not built as it should be.
    #[error("a file of the attributes is malformed")]
    Malformed,
    /// No pinned key certified the key that signed.
    #[error("no pinned key certified the signer of the attributes")]
    UntrustedSigner,
    /// The signature over the digests does not hold.
    #[error("the signature over the attributes does not hold")]
    Signature,
    /// The signed digest is that of other attributes.
    #[error("other attributes were signed")]
    OtherAttributes,
}

/// Attributes that the card's issuer signed. Only [`verify_attributes`] makes them; nothing of them can be
/// printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAttributes {
    name: PersonalText,
    address: PersonalText,
    birth_date: PersonalText,
    sex: PersonalText,
}

impl VerifiedAttributes {
    /// Family name, U+3000, given name.
    pub const fn name(&self) -> &PersonalText {
        &self.name
    }

    /// The address as registered.
    pub const fn address(&self) -> &PersonalText {
        &self.address
    }

    /// YYYYMMDD.
    pub const fn birth_date(&self) -> &PersonalText {
        &self.birth_date
    }

    /// `1` male, `2` female, `9` not told, other values as the card has them.
    pub const fn sex(&self) -> &PersonalText {
        &self.sex
    }
}

/// Checks EF 0002 (`attributes`) against EF 0003 (`signature`) and EF 0004 (`signer`).
///
/// # Errors
/// [`AttributeError`]; the attributes may then only be shown as somebody's statement.
pub fn verify_attributes(
    attributes: &[u8],
    signature: &[u8],
    signer: &[u8],
    issuers: &AttributeIssuers,
) -> Result<VerifiedAttributes, AttributeError> {
    let key = certified_key(signer, issuers)?;
    let mut signed = whole_file(signature, 0xFF30)?;
    let number = take(&mut signed, 0xDF31)?;
    let stated = take(&mut signed, 0xDF32)?;
    let signature = last(signed, 0xDF33)?;
    let digests = [number.encoding, stated.encoding].concat();
    verify_with_key(key, &digests, signature.value).map_err(|_mismatch| AttributeError::Signature)?;

    let mut rest = whole_file(attributes, 0xFF20)?;
    // The offsets are not signed and not needed.
    take(&mut rest, 0xDF21)?;
    if digest(&SHA256, rest).as_ref() != stated.value {
        return Err(AttributeError::OtherAttributes);
    }
    let name = text(take(&mut rest, 0xDF22)?)?;
    let address = text(take(&mut rest, 0xDF23)?)?;
    let birth_date = text(take(&mut rest, 0xDF24)?)?;
    let sex = text(last(rest, 0xDF25)?)?;
    Ok(VerifiedAttributes { name, address, birth_date, sex })
}

/// The key of a card-verifiable certificate that one of the pinned keys signed.
fn certified_key<'a>(signer: &'a [u8], issuers: &AttributeIssuers) -> Result<&'a [u8], AttributeError> {
    let mut parts = whole_file(signer, 0x7F21)?;
    let body = take(&mut parts, 0x5F4E)?;
    let signature = last(parts, 0x5F37)?;
    let pinned =
        issuers.0.iter().any(|issuer| verify_with_key(issuer, body.encoding, signature.value).is_ok());
    if pinned { Ok(body.value) } else { Err(AttributeError::UntrustedSigner) }
}

#[derive(Clone, Copy)]
struct Object<'a> {
    /// Tag, length and value.
    encoding: &'a [u8],
    value: &'a [u8],
}

/// The value of the one object that a file holds; what follows it may only be filler.
fn whole_file(file: &[u8], tag: u16) -> Result<&[u8], AttributeError> {
    let mut rest = file;
    let object = take(&mut rest, tag)?;
    let filler = rest.iter().all(|byte| *byte == 0xFF) || rest.iter().all(|byte| *byte == 0x00);
    if filler { Ok(object.value) } else { Err(AttributeError::Malformed) }
}

/// The object of this tag, behind which there is nothing.
fn last(input: &[u8], tag: u16) -> Result<Object<'_>, AttributeError> {
    let mut rest = input;
    let object = take(&mut rest, tag)?;
    if rest.is_empty() { Ok(object) } else { Err(AttributeError::Malformed) }
}

/// Takes the next object, which has this tag, off `input`. Lengths are minimal (X.690 §10.1).
fn take<'a>(input: &mut &'a [u8], tag: u16) -> Result<Object<'a>, AttributeError> {
    let whole = *input;
    let rest = whole.strip_prefix(tag.to_be_bytes().as_slice()).ok_or(AttributeError::Malformed)?;
    let (length, rest) = match rest {
        [short @ 0x00..=0x7F, rest @ ..] => (usize::from(*short), rest),
        [0x81, length @ 0x80..=0xFF, rest @ ..] => (usize::from(*length), rest),
        [0x82, high @ 0x01..=0xFF, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return Err(AttributeError::Malformed),
    };
    let (value, rest) = rest.split_at_checked(length).ok_or(AttributeError::Malformed)?;
    let encoding = whole.get(..whole.len() - rest.len()).ok_or(AttributeError::Malformed)?;
    *input = rest;
    Ok(Object { encoding, value })
}

fn text(object: Object<'_>) -> Result<PersonalText, AttributeError> {
    std::str::from_utf8(object.value).map(PersonalText::new).map_err(|_not_utf8| AttributeError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_sim::ca::{Key, asn1};
    use hinamori_sim::jpki::Attributes;

    fn object(tag: u16, value: &[u8]) -> Vec<u8> {
        [&tag.to_be_bytes(), &asn1::octets(value)[1..]].concat()
    }

    fn issuer() -> Key {
        Key::named(1, "attribute issuer")
    }

    fn attributes() -> Vec<u8> {
        let (name, address) = ("見本\u{3000}花子".to_owned(), "見本県日向町大字浜1番地".to_owned());
        Attributes { name, address, birth_date: "19520505".to_owned(), sex: '2' }.file()
    }

    /// EF 0003 over these attributes by this key.
    fn signature(attributes: &[u8], by: &Key) -> Vec<u8> {
        let start = attributes.windows(2).position(|tag| tag == [0xDF, 0x22]).unwrap();
        let digests =
            [object(0xDF31, &[7; 32]), object(0xDF32, digest(&SHA256, &attributes[start..]).as_ref())]
                .concat();
        let signed = object(0xDF33, &by.sign(&digests));
        object(0xFF30, &[digests, signed].concat())
    }

    fn certificate(of: &Key, by: &Key) -> Vec<u8> {
        let body = object(0x5F4E, of.spki());
        let signature = object(0x5F37, &by.sign(&body));
        object(0x7F21, &[body, signature].concat())
    }

    fn check(
        attributes: &[u8],
        signature: &[u8],
        signer: &[u8],
    ) -> Result<VerifiedAttributes, AttributeError> {
        let mut issuers = AttributeIssuers::default();
        issuers.pin(issuer().spki());
        verify_attributes(attributes, signature, signer, &issuers)
    }

    #[test]
    fn signed_attributes_are_read_and_never_printed() {
        let attributes = attributes();
        let signer = certificate(&issuer(), &issuer());
        let verified = check(&attributes, &signature(&attributes, &issuer()), &signer).unwrap();
        assert_eq!(verified.name().expose(), "見本\u{3000}花子");
        assert_eq!(verified.birth_date().expose(), "19520505");
        assert_eq!((verified.sex().expose(), verified.address().expose().chars().count()), ("2", 12));
        assert!(!format!("{verified:?}").contains("19520505"));
        let padded = [attributes.as_slice(), &[0xFF; 9]].concat();
        assert!(check(&padded, &signature(&attributes, &issuer()), &signer).is_ok());
    }

    #[test]
    fn what_an_own_key_or_other_attributes_signed_is_refused() {
        let (attributes, own) = (attributes(), Key::named(1, "somebody"));
        let pinned = certificate(&issuer(), &issuer());
        let sound = signature(&attributes, &issuer());
        let refused = |attributes: &[u8], signature: &[u8], signer: &[u8]| {
            check(attributes, signature, signer).unwrap_err()
        };
        let by_own = signature(&attributes, &own);
        assert_eq!(refused(&attributes, &by_own, &certificate(&own, &own)), AttributeError::UntrustedSigner);
        assert_eq!(refused(&attributes, &by_own, &pinned), AttributeError::Signature);
        let mut other = attributes.clone();
        *other.last_mut().unwrap() = b'1';
        assert_eq!(refused(&other, &sound, &pinned), AttributeError::OtherAttributes);
        let mut trailing = attributes.clone();
        trailing.push(1);
        assert_eq!(refused(&trailing, &sound, &pinned), AttributeError::Malformed);
        let nobody = AttributeIssuers::default();
        let outcome = verify_attributes(&attributes, &sound, &pinned, &nobody);
        assert_eq!(outcome.unwrap_err(), AttributeError::UntrustedSigner);
    }

    #[test]
    fn no_cut_or_bent_signed_byte_passes() {
        let attributes = attributes();
        let (sound, signer) = (signature(&attributes, &issuer()), certificate(&issuer(), &issuer()));
        for length in 0..attributes.len() {
            assert!(check(&attributes[..length], &sound, &signer).is_err(), "{length}");
        }
        // The offsets (DF21) are the one part that nobody signed.
        let offsets = attributes.windows(2).position(|tag| tag == [0xDF, 0x21]).unwrap() + 3;
        for position in (0..attributes.len()).filter(|at| !(offsets..offsets + 8).contains(at)) {
            let mut bent = attributes.clone();
            bent[position] ^= 1;
            assert!(check(&bent, &sound, &signer).is_err(), "attributes, {position}");
        }
        for position in 0..sound.len() {
            let mut bent = sound.clone();
            bent[position] ^= 1;
            assert!(check(&attributes, &bent, &signer).is_err(), "signature, {position}");
        }
        for position in 0..signer.len() {
            let mut bent = signer.clone();
            bent[position] ^= 1;
            assert!(check(&attributes, &sound, &bent).is_err(), "signer, {position}");
        }
    }
}
