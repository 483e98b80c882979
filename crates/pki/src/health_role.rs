//! The role of a health professional (hcRole, ISO 17090-2) in subjectDirectoryAttributes (RFC 5280 §4.2.1.8):
//! `SEQUENCE OF Attribute { type, SET OF SET OF HCActor }`, an HCActor being `SEQUENCE { [0] CodedData }` and
//! CodedData `SET { [0] coding scheme, [1] value, [2] text }`.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tagged};

use crate::{CardCertificate, oid};

/// No certificate states more; a budget for what a stranger wrote.
const MOST_ROLES: usize = 8;

impl CardCertificate {
    /// The roles that the certificate states under the Japanese coding scheme, such as `Medical Doctor`. They
    /// mean something only once [`Verifier::check`](crate::Verifier::check) accepted the certificate for an
    /// HPKI purpose. Empty when there are none or when they cannot be read.
    pub fn stated_health_roles(&self) -> Vec<String> {
        let kind = oid::SUBJECT_DIRECTORY_ATTRIBUTES;
        let attributes = self.extensions().iter().find(|extension| extension.extn_id == kind);
        attributes.and_then(|attributes| roles(attributes.extn_value.as_bytes()).ok()).unwrap_or_default()
    }
}

fn roles(attributes: &[u8]) -> der::Result<Vec<String>> {
    let mut roles = Vec::new();
    for attribute in values(AnyRef::from_der(attributes)?)? {
        let [kind, sets] = values(attribute)?[..] else { continue };
        if kind.decode_as::<ObjectIdentifier>().ok() != Some(oid::HC_ROLE) {
            continue;
        }
        for actors in values(sets)? {
            for actor in values(actors)? {
                roles.extend(role(actor)?);
            }
        }
    }
    roles.truncate(MOST_ROLES);
    Ok(roles)
}

/// The text of one HCActor, if its coding scheme is the one known here.
fn role(actor: AnyRef<'_>) -> der::Result<Option<String>> {
    let mut coded = Vec::new();
    for wrapped in values(actor)?.into_iter().filter(|part| number(part) == Some(0)) {
        for data in values(wrapped)? {
            coded.extend(values(data)?);
        }
    }
    let part = |wanted| coded.iter().find(|part| number(part) == Some(wanted)).map(|part| part.value());
    let scheme = part(0).map(ObjectIdentifier::from_der).transpose()?;
    let text = part(2).map(der::asn1::Utf8StringRef::from_der).transpose()?;
    Ok(text.filter(|_| scheme == Some(oid::HC_CODING_SCHEME)).map(|text| text.as_str().to_owned()))
}

/// The number of a context-specific tag.
fn number(part: &AnyRef<'_>) -> Option<u32> {
    match part.tag() {
        der::Tag::ContextSpecific { number, .. } => Some(number.value()),
        _ => None,
    }
}

/// The values in a constructed one.
fn values<'a>(constructed: AnyRef<'a>) -> der::Result<Vec<AnyRef<'a>>> {
    let mut reader = SliceReader::new(constructed.value())?;
    let mut values = Vec::new();
    while !reader.is_finished() {
        values.push(AnyRef::decode(&mut reader)?);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_sim::ca::{Hierarchy, Holder};

    /// As it stands in a health professional's certificate.
    const GOLDEN: [u8; 54] = *b"\x30\x34\x30\x32\x06\x06\x28\x81\x85\x42\x00\x01\x31\x28\x31\x26\x30\x24\
        \xA0\x22\x31\x20\xA0\x0C\x06\x0A\x2A\x83\x08\x86\x91\x0F\x01\x06\x01\x01\xA2\x10\x0C\x0EMedical Doctor";

    #[test]
    fn the_role_is_read_and_other_schemes_are_not() {
        assert_eq!(roles(&GOLDEN), Ok(vec!["Medical Doctor".to_owned()]));
        let mut other = GOLDEN;
        other[35] = 2;
        assert_eq!(roles(&other), Ok(Vec::new()));
        for length in 0..GOLDEN.len() {
            assert!(roles(&GOLDEN[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn certificates_state_roles_or_none() {
        let stated = |hierarchy: Hierarchy| {
            let certificate = hierarchy.issue(&Holder::numbered(7)).certificate;
            CardCertificate::parse(&certificate).unwrap().stated_health_roles()
        };
        assert_eq!(stated(Hierarchy::hpki_sign(1)), ["Medical Doctor"]);
        assert!(stated(Hierarchy::jpki_auth(1)).is_empty());
    }
}
