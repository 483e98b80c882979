//! A list's names for people to read.

use der::Decode;
use hinamori_crl::Crl;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::CrlRefused;
use crate::head::Head;

/// Who issued a list and what it speaks for, as text for an operator. Nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownList {
    /// The issuer's name (RFC 4514).
    pub issuer: String,
    /// The names of its distribution point; `None` for a list of everything that its issuer issued.
    pub partition: Option<String>,
}

impl ShownList {
    /// Reads the names of a list, which may be without its entries.
    ///
    /// # Errors
    /// [`CrlRefused`], never for a list that was taken.
    pub fn of(list: &Crl<'_>) -> Result<Self, CrlRefused> {
        let issuer = Name::from_der(list.issuer).map_err(|_malformed| CrlRefused::Malformed)?;
        let points = Head::of(list)?.points;
        let names: Vec<String> =
            points.iter().filter(|point| !point.is_empty()).map(|der| shown(der)).collect();
        let partition = if names.is_empty() { None } else { Some(names.join(" | ")) };
        Ok(Self { issuer: printable(&issuer.to_string()), partition })
    }
}

fn shown(general_name: &[u8]) -> String {
    let text = match GeneralName::from_der(general_name) {
        Ok(GeneralName::DirectoryName(name)) => name.to_string(),
        Ok(GeneralName::UniformResourceIdentifier(address)) => address.as_str().to_owned(),
        Ok(_) | Err(_) => "a name of another form".to_owned(),
    };
    printable(&text)
}

/// Without what moves a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_sim::ca::{Hierarchy, Holder, NOW};

    #[test]
    fn a_partition_is_shown_by_its_names() {
        let authority = Hierarchy::jpki_auth(1);
        let list = authority.crl(&Holder::numbered(1).municipality, 1, NOW).issue();
        let ShownList { issuer, partition } = ShownList::of(&Crl::parse(&list).unwrap()).unwrap();
        assert!(issuer.contains("O=JPKI") && issuer.ends_with("C=JP"), "{issuer}");
        assert!(partition.unwrap().contains("OU=CRL Distribution Points"));
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a?[2Jb?");
    }
}
