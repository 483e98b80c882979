//! Names, compared as the standard asks (RFC 5280 §7.1), and names of distribution points.

use der::asn1::Any;
use der::{Decode, Encode, Tag, Tagged};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::name::{Name, RdnSequence};

use crate::oid;

/// Whether two names are the same: the same attributes in the same order, their texts without regard to
/// encoding, case and the width of spaces.
pub(crate) fn is_same(one: &Name, other: &Name) -> bool {
    one == other || normal(one) == normal(other)
}

/// One form for all names that are the same.
pub(crate) fn normal(name: &Name) -> Vec<u8> {
    let mut all = Vec::new();
    for relative in name.iter_rdn() {
        let mut attributes: Vec<Vec<u8>> = relative
            .iter()
            .map(|attribute| {
                let mut bytes = Vec::new();
                push(attribute.oid.as_bytes(), &mut bytes);
                push(&normal_value(&attribute.value), &mut bytes);
                bytes
            })
            .collect();
        attributes.sort_unstable();
        push(&attributes.concat(), &mut all);
    }
    all
}

/// The organizations in a name, each in the one form that all its spellings have.
pub(crate) fn organizations(name: &Name) -> impl Iterator<Item = Vec<u8>> {
    let attributes = name.iter_rdn().flat_map(|relative| relative.iter());
    attributes
        .filter(|attribute| attribute.oid == oid::ORGANIZATION)
        .map(|attribute| normal_value(&attribute.value))
}

/// With its length before it, so that two parts are never taken for one.
fn push(part: &[u8], to: &mut Vec<u8>) {
    to.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    to.extend(part);
}

fn normal_value(value: &Any) -> Vec<u8> {
    let text = match value.tag() {
        Tag::PrintableString | Tag::Utf8String | Tag::Ia5String => std::str::from_utf8(value.value()).ok(),
        _ => None,
    };
    match text {
        Some(text) => {
            let folded = text.to_lowercase();
            folded.split_whitespace().collect::<Vec<_>>().join(" ").into_bytes()
        }
        // Another type: the same only in the same bytes. No text begins with a zero byte and a tag.
        None => [&[0], value.to_der().unwrap_or_default().as_slice()].concat(),
    }
}

/// The names of a distribution point as DER GeneralNames. One that is given relative to the list's `issuer`
/// is that issuer's name with the relative part behind it (§4.2.1.13).
pub(crate) fn names_of_point(point: &DistributionPointName, issuer: &Name) -> Vec<Vec<u8>> {
    match point {
        DistributionPointName::FullName(names) => {
            names.iter().filter_map(|name| name.to_der().ok()).collect()
        }
        DistributionPointName::NameRelativeToCRLIssuer(relative) => {
            let mut whole = RdnSequence::from(issuer.clone());
            whole.push(relative.clone());
            let whole = whole.to_der().and_then(|der| Name::from_der(&der));
            let whole = whole.and_then(|name| GeneralName::DirectoryName(name).to_der());
            whole.into_iter().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn same(one: &str, other: &str) -> bool {
        is_same(&Name::from_str(one).unwrap(), &Name::from_str(other).unwrap())
    }

    #[test]
    fn texts_are_compared_without_case_and_width_of_spaces() {
        assert!(same("CN=Good CA,O=Test", "CN=good  ca,O=TEST"));
        assert!(same("CN=A+OU=B,O=C", "OU=b+CN=a,O=c"));
        // DER puts the shorter one of the two first.
        assert!(same("CN=a b+OU=abcd,O=C", "CN=a      b+OU=abcd,O=C"));
        for other in ["CN=GoodCA,O=Test", "O=Test,CN=Good CA", "CN=Good CA", "OU=Good CA,O=Test"] {
            assert!(!same("CN=Good CA,O=Test", other), "{other}");
        }
        // One attribute of two parts is not two attributes.
        assert!(!same("CN=A+OU=B,O=C", "CN=A,OU=B,O=C"));
    }

    #[test]
    fn a_relative_name_stands_behind_its_issuer() {
        let issuer = Name::from_str("OU=a ca,C=JP").unwrap();
        let relative = x509_cert::name::RelativeDistinguishedName::from_str("CN=list").unwrap();
        let whole = Name::from_str("CN=list,OU=a ca,C=JP").unwrap();
        let named = names_of_point(&DistributionPointName::NameRelativeToCRLIssuer(relative), &issuer);
        assert_eq!(named, [GeneralName::DirectoryName(whole).to_der().unwrap()]);
    }
}
