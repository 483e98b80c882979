//! One card of the tray, made.

use std::collections::BTreeSet;

use hinamori_model::TokenKind;
use ring::digest::{SHA256, digest};

use super::authorities::{Authorities, Day};
use super::file::{CardEntry, HolderEntry, Kind, Oddity, TrayFile};
use super::issue::Registration;
use crate::ca::{Holder, Issued, Key, KeyUse};
use crate::file_system::Applet;
use crate::hpki;
use crate::jpki::{Attributes, Credential, TextSecrets, Token, common_applet, jpki_applet, text_applet};
use crate::presented::Fault;
use crate::virtual_card::{ContactlessId, VirtualCard};

/// The PIN of every card of the tray: they are nobody's.
const PIN: &str = "1234";
const SIGNATURE_PASSWORD: &str = "ABC123";
/// Commands that a torn or mute card answers.
const ANSWERS_BEFORE_FAULT: u32 = 3;
/// Two years before the day and three after: the five that a certificate may have.
const DAYS_SINCE_ISSUE: u64 = 2 * 365;
const DAYS_LEFT: u64 = 3 * 365;
const A_MONTH: u64 = 30;

/// Contactless type B, as a My Number card shows it.
const MY_NUMBER_ATR: [u8; 13] =
    [0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F];
/// With the historical bytes of an HPKI card.
const HPKI_ATR: [u8; 13] = [0x3B, 0x88, 0x80, 0x01, 0x00, 0x4E, 0x00, 0x00, 0xF7, 0x81, 0xD1, 0x00, 0x20];
/// PC/SC part 3: a storage card of the FeliCa kind.
const FELICA_ATR: [u8; 20] = [
    0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x11, 0x00, 0x3B, 0x00, 0x00,
    0x00, 0x00, 0x42,
];
/// Contactless type B of another issuer.
const OTHER_ATR: [u8; 13] = [0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x91, 0x81, 0xC1, 0x00, 0xD8];

/// A card of the tray, ready to be laid on a reader as often as one likes.
#[derive(Debug)]
pub struct TrayCard {
    entry: CardEntry,
    atr: &'static [u8],
    contactless: ContactlessId,
    applets: Vec<Applet>,
    fault: Fault,
    certificate: Option<Issued>,
    applet_key: Option<Key>,
    check_number: Option<String>,
}

impl TrayCard {
    /// Makes the card at `position` of the file.
    pub(super) fn make(
        tray: &TrayFile,
        position: u32,
        entry: &CardEntry,
        by: &Authorities,
        day: Day,
    ) -> Self {
        let maker = Maker { tray, position, entry, by, day };
        let fault = match entry.oddity {
            Some(Oddity::Torn) => Fault::TornAfter(ANSWERS_BEFORE_FAULT),
            Some(Oddity::Mute) => Fault::MuteAfter(ANSWERS_BEFORE_FAULT),
            _ => Fault::None,
        };
        let bare = |atr, contactless| Self {
            entry: entry.clone(),
            atr,
            contactless,
            applets: Vec::new(),
            fault,
            certificate: None,
            applet_key: None,
            check_number: None,
        };
        let random = ContactlessId::Random { first: 0x08, length: 4 };
        match (entry.kind, &entry.holder) {
            (Kind::Transit, _) => bare(&FELICA_ATR, maker.fixed_id(8)),
            (Kind::Other, _) | (_, None) => bare(&OTHER_ATR, random),
            (Kind::MyNumber, Some(holder)) => {
                maker.my_number(holder, bare(&MY_NUMBER_ATR, maker.fixed_id(4)))
            }
            (Kind::Android, Some(holder)) => {
                maker.phone(Token::Android, holder, bare(&MY_NUMBER_ATR, random))
            }
            (Kind::Iphone, Some(holder)) => maker.phone(Token::Iphone, holder, bare(&MY_NUMBER_ATR, random)),
            (Kind::HealthProfessional, Some(holder)) => {
                maker.health_professional(holder, bare(&HPKI_ATR, maker.fixed_id(4)))
            }
        }
    }

    /// What the file says of it.
    pub const fn entry(&self) -> &CardEntry {
        &self.entry
    }

    /// What goes wrong whenever it is held to a reader.
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// 照合番号B, which can be put together from its printed face; only a plastic My Number card has one.
    pub fn check_number(&self) -> Option<&str> {
        self.check_number.as_deref()
    }

    /// The card as it came from its maker.
    pub fn fresh(&self) -> VirtualCard {
        let card = VirtualCard::new(self.atr, self.contactless.clone(), self.applets.clone());
        match self.entry.kind {
            Kind::HealthProfessional => card.with_extended_length(),
            _ => card,
        }
    }

    /// Serial number of its certificate, if the authority has revoked it.
    pub(super) fn revoked_serial(&self) -> Option<Vec<u8>> {
        self.serial().filter(|_| self.entry.oddity == Some(Oddity::Revoked))
    }

    /// Serial number of its certificate.
    pub(super) fn serial(&self) -> Option<Vec<u8>> {
        self.certificate.as_ref().map(|certificate| certificate.serial.clone())
    }

    /// What the town registered of it.
    pub(super) fn registrations(&self) -> Vec<Registration> {
        let (Some(person), Some(binding)) = (self.entry.person, self.entry.binding) else {
            return Vec::new();
        };
        let usual = if self.certificate.is_some() { TokenKind::Certificate } else { TokenKind::Uid };
        let kinds = self.entry.tokens.clone().unwrap_or_else(|| BTreeSet::from([usual]));
        let identity = |kind| match (kind, &self.certificate, &self.contactless) {
            (TokenKind::Certificate, Some(issued), _) => Some(issued.spki_sha256().0.to_vec()),
            (TokenKind::Uid, _, ContactlessId::Fixed(id)) => Some(id.clone()),
            _ => None,
        };
        let of_kind = |kind| {
            let key = self.applet_key.as_ref().filter(|_| kind == TokenKind::Certificate);
            let identity = identity(kind)?;
            Some(Registration {
                kind,
                identity,
                person,
                binding,
                application_key: key.map(|key| key.spki().to_vec()),
            })
        };
        kinds.into_iter().filter_map(of_kind).collect()
    }
}

/// What a card is made from.
struct Maker<'a> {
    tray: &'a TrayFile,
    position: u32,
    entry: &'a CardEntry,
    by: &'a Authorities,
    day: Day,
}

impl Maker<'_> {
    fn my_number(&self, entry: &HolderEntry, card: TrayCard) -> TrayCard {
        let oddity = self.entry.oddity;
        let holder = self.holder(self.position, entry);
        let authority = self.by.of_card(oddity);
        let issued = match self.original() {
            // Whoever copies a certificate cannot copy its key.
            Some(original) => Issued { key: self.key(KeyUse::Authentication), ..authority.issue(&original) },
            None => authority.issue(&holder),
        };
        let pin = (oddity != Some(Oddity::PinNeverSet)).then_some(PIN);
        let mut auth = Credential::authentication(&issued, authority.anchor_der(), pin);
        match oddity {
            Some(Oddity::PinBlocked) => auth.pin = auth.pin.blocked(),
            Some(Oddity::Garbage) => auth.certificate = self.noise(issued.certificate.len()),
            Some(Oddity::Truncated) => auth.certificate.truncate(issued.certificate.len() / 2),
            _ => {}
        }
        let without_signature = matches!(oddity, Some(Oddity::PinNeverSet | Oddity::NoSignature));
        let sign = (!without_signature && self.entry.copy_of.is_none()).then(|| self.signature(&holder));
        let expiry = self.day.after(5 * 365);
        let text_key = self.key(KeyUse::TextApplet);
        let attributes = Attributes {
            name: entry.name.clone(),
            address: entry.address.clone(),
            birth_date: entry.birth_date.clone(),
            sex: entry.sex,
        };
        let check_number = check_number_b(&entry.birth_date, expiry, &self.random("security code"));
        let secrets = TextSecrets::new(pin, &check_number);
        let text = text_applet(&attributes, secrets, &self.by.attributes, text_key.clone());
        let card_serial = format!("{:015}", u64::from(self.position));
        let common = common_applet(&card_serial, &holder.municipality.code, &date(expiry));
        TrayCard {
            applets: vec![jpki_applet(Token::Plastic, auth, sign), text, common],
            certificate: Some(issued),
            applet_key: Some(text_key),
            check_number: Some(check_number),
            ..card
        }
    }

    fn phone(&self, token: Token, entry: &HolderEntry, card: TrayCard) -> TrayCard {
        let holder = self.holder(self.position, entry);
        let issued = self.by.auth.issue(&holder);
        let auth = Credential::authentication(&issued, self.by.auth.anchor_der(), Some(PIN));
        let applets = vec![jpki_applet(token, auth, Some(self.signature(&holder)))];
        TrayCard { applets, certificate: Some(issued), ..card }
    }

    fn health_professional(&self, entry: &HolderEntry, card: TrayCard) -> TrayCard {
        let holder = self.holder(self.position, entry);
        let made = [
            (hpki::Purpose::Authentication, &self.by.health_auth),
            (hpki::Purpose::Signature, &self.by.health_sign),
        ]
        .map(|(purpose, hierarchy)| {
            let issued = hierarchy.issue(&holder);
            let between = hierarchy.intermediates().next().unwrap_or_default();
            let applet =
                hpki::applet(purpose, hpki::Layout::Other, &issued, hierarchy.anchor_der(), between, PIN);
            (issued, applet)
        });
        let [(auth, auth_applet), (_, sign_applet)] = made;
        TrayCard { applets: vec![auth_applet, sign_applet], certificate: Some(auth), ..card }
    }

    fn signature(&self, holder: &Holder) -> Credential {
        let issued = self.by.sign.issue(holder);
        Credential::signature(&issued, self.by.sign.anchor_der(), SIGNATURE_PASSWORD)
    }

    fn key(&self, usage: KeyUse) -> Key {
        Key::held(self.tray.seed, self.position, usage)
    }

    /// The holder whose certificate this card copies.
    fn original(&self) -> Option<Holder> {
        let name = self.entry.copy_of.as_ref()?;
        let (position, entry) = (0..).zip(&self.tray.cards).find(|(_, entry)| entry.name == *name)?;
        Some(self.holder(position, entry.holder.as_ref()?))
    }

    fn holder(&self, position: u32, entry: &HolderEntry) -> Holder {
        let HolderEntry { name, latin, birth_date, sex, address } = entry.clone();
        let (not_before, not_after) = match self.entry.oddity {
            Some(Oddity::Expired) => (self.day.before(5 * 365), self.day.before(A_MONTH)),
            Some(Oddity::NotYetValid) => (self.day.after(A_MONTH), self.day.after(5 * 365)),
            _ => (self.day.before(DAYS_SINCE_ISSUE), self.day.after(DAYS_LEFT)),
        };
        let municipality = match self.entry.oddity {
            Some(Oddity::NoList) => &self.tray.elsewhere,
            _ => &self.tray.town,
        };
        Holder {
            municipality: municipality.clone(),
            not_before: not_before.start(),
            not_after: not_after.end_in_japan(),
            name,
            latin_name: latin,
            birth_date,
            sex,
            address,
            ..Holder::numbered(position)
        }
    }

    /// An identifier that stays: 01 and random bytes, never the 08 of a random one.
    fn fixed_id(&self, length: usize) -> ContactlessId {
        let random = self.random("contactless identifier");
        ContactlessId::Fixed(std::iter::once(0x01).chain(random).take(length).collect())
    }

    /// Noise of this length with the header of a certificate, so that a reader reads it to its end.
    fn noise(&self, length: usize) -> Vec<u8> {
        let body = length.saturating_sub(4);
        let noise = (0_u32..).flat_map(|block| self.random(&format!("noise {block}"))).take(body);
        let noise: Vec<u8> = noise.collect();
        crate::ca::asn1::value(0x30, &noise)
    }

    fn random(&self, what: &str) -> [u8; 32] {
        let label = format!("{what} {} {}", self.tray.seed, self.position);
        let mut random = [0; 32];
        random.iter_mut().zip(digest(&SHA256, label.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
        random
    }
}

/// 照合番号B: birth date with the year of its era, expiry year, security code.
fn check_number_b(birth_date: &str, expiry: Day, random: &[u8; 32]) -> String {
    let (year, month_and_day) = birth_date.split_at_checked(4).unwrap_or_default();
    let era_begins = match birth_date {
        date if date >= "20190501" => 2018,
        date if date >= "19890108" => 1988,
        date if date >= "19261225" => 1925,
        _ => 1911,
    };
    let era_year = year.parse::<u32>().unwrap_or(era_begins).saturating_sub(era_begins);
    let expiry: String = date(expiry).chars().take(4).collect();
    let [one, two, ..] = *random;
    format!("{era_year:02}{month_and_day}{expiry}{:04}", u16::from_be_bytes([one, two]) % 10_000)
}

/// YYYYMMDD.
fn date(day: Day) -> String {
    let since = std::time::Duration::from_millis(day.start().get());
    der::DateTime::from_unix_duration(since).map_or_else(
        |_after_9999| "99991231".to_owned(),
        |date| format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_number_has_the_year_of_the_era() {
        let expiry = Day::of(crate::ca::NOW);
        let code = [0x27, 0x0F].into_iter().chain([0; 30]).collect::<Vec<u8>>().try_into().unwrap();
        assert_eq!(check_number_b("19600101", expiry, &code), "35010120269999");
        assert_eq!(check_number_b("20190501", expiry, &code), "01050120269999");
        assert_eq!(check_number_b("19890108", expiry, &code), "01010820269999");
        assert_eq!(check_number_b("19890107", expiry, &code), "64010720269999");
    }
}
