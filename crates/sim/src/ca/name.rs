//! Distinguished names and municipalities.

use der::asn1::ObjectIdentifier;

use super::asn1;

const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const LOCALITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.7");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");

/// A distinguished name under construction, most significant part first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name(Vec<u8>);

impl Name {
    /// C=JP and an organization.
    pub fn japan(organization: &str) -> Self {
        Self::default()
            .with(&COUNTRY, &asn1::value(0x13, b"JP"))
            .with(&ORGANIZATION, &asn1::utf8(organization))
    }

    /// C=JP alone.
    pub fn country() -> Self {
        Self::default().with(&COUNTRY, &asn1::value(0x13, b"JP"))
    }

    /// Adds an organizational unit.
    #[must_use]
    pub fn ou(self, text: &str) -> Self {
        self.with(&ORGANIZATIONAL_UNIT, &asn1::utf8(text))
    }

    /// Adds a locality.
    #[must_use]
    pub fn locality(self, text: &str) -> Self {
        self.with(&LOCALITY, &asn1::utf8(text))
    }

    /// Adds a common name.
    #[must_use]
    pub fn cn(self, text: &str) -> Self {
        self.with(&COMMON_NAME, &asn1::utf8(text))
    }

    /// Adds a serialNumber attribute, such as a doctor's registration number.
    #[must_use]
    pub fn serial_number(self, text: &str) -> Self {
        self.with(&SERIAL_NUMBER, &asn1::value(0x13, text.as_bytes()))
    }

    fn with(mut self, kind: &ObjectIdentifier, text: &[u8]) -> Self {
        let attribute = asn1::sequence(&[asn1::oid(kind), text.to_vec()]);
        self.0.extend(asn1::set(&[attribute]));
        self
    }

    /// The DER Name.
    pub fn der(&self) -> Vec<u8> {
        asn1::value(0x30, &self.0)
    }
}

/// A town as certificates name it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Municipality {
    /// Five digits (JIS X 0401 and X 0402), part of the subject of an authentication certificate.
    pub code: String,
    /// Such as `Mihon-ken`.
    pub prefecture: String,
    /// Such as `Hinata-cho`.
    pub city: String,
}

impl Municipality {
    /// A municipality of these names.
    pub fn new(code: &str, prefecture: &str, city: &str) -> Self {
        Self { code: code.to_owned(), prefecture: prefecture.to_owned(), city: city.to_owned() }
    }
}

impl Default for Municipality {
    /// The fictional town of the tests; no prefecture has the number 99.
    fn default() -> Self {
        Self::new("99501", "Mihon-ken", "Hinata-cho")
    }
}
