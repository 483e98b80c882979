//! A revocation list's walk: both ways of reading an entry say the same, and x509-cert, where it takes the list
//! too, the same again.

use der::Decode;
use hinamori_crl::{Crl, Entry, fuzzing};
use hinamori_sim::ca::{Hierarchy, Holder, NOW};
use x509_cert::crl::CertificateList;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(list) = Crl::parse(bytes) else { return };
    let mut walked = Vec::new();
    for entry in list.entries() {
        let Ok(entry) = entry else { return };
        let again = fuzzing::read_again(&entry).map(|again| said(&again));
        assert_eq!(again, Ok(said(&entry)), "the quick way reads something else");
        walked.push(entry);
    }
    let Ok(other) = <CertificateList>::from_der(bytes) else { return };
    let others = other.tbs_cert_list.revoked_certificates.unwrap_or_default();
    assert_eq!(others.len(), walked.len(), "x509-cert reads another number of entries");
    for (other, entry) in others.iter().zip(&walked) {
        let serial = other.serial_number.as_bytes();
        // A negative one stands as zero.
        let serial = if serial.first().is_some_and(|first| *first >= 0x80) { &[] } else { serial };
        let zeros = serial.iter().take_while(|byte| **byte == 0).count();
        let at = other.revocation_date.to_unix_duration().as_secs();
        assert_eq!(
            (serial.get(zeros..), at),
            (Some(entry.serial), entry.at),
            "x509-cert reads another entry"
        );
    }
}

fn said<'a>(entry: &Entry<'a>) -> (&'a [u8], u64, u8) {
    (entry.serial, entry.at, entry.reason)
}

pub(crate) fn seeds() -> crate::Seeds {
    let (authority, holder) = (Hierarchy::jpki_auth(1), Holder::numbered(7));
    let signed = authority.crl(&holder.municipality, 1, NOW).revoking(&[1, 2, 3], NOW, 1).issue();
    let mut seeds = crate::lists::seeds();
    seeds.push(("seed-signed", signed));
    seeds
}
