//! The applications that cards carry, as data. A card with none of these is unsupported, which is an
//! answer and no error: new generations of cards bring new rows.

use std::fmt;

/// An application on a card, found by SELECT and never by the card's ATR.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Application {
    name: &'static str,
    aid: &'static [u8],
    selection: Selection,
}

/// What the card is to return when the application is selected (ISO/IEC 7816-4 §11.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// P2 = 0C: nothing.
    Silent,
    /// P2 = 00: its file control information, which is not looked at.
    WithControlInformation,
}

/// 公的個人認証サービス: certificates and keys of the My Number card.
pub const JPKI: Application = silent("JPKI", &[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]);
/// 券面入力補助: the holder's attributes as text.
pub const TEXT: Application = silent("text", &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08]);
/// 券面確認: the card's face as pictures.
pub const SURFACE: Application =
    silent("surface", &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02]);
/// 共通カード: municipality and expiry of the card itself.
pub const COMMON: Application =
    silent("common", &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00]);
/// 住基: the resident register's application, also on the older register card.
pub const RESIDENT_REGISTER: Application =
    silent("resident register", &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x01]);
/// HPKI authentication (JAHIS 24-002).
pub const HPKI_AUTHENTICATION: Application = Application {
    name: "HPKI authentication",
    aid: &[0xE8, 0x28, 0xBD, 0x08, 0x0F, 0xA0, 0, 0, 0x03, 0x91, 0, 0, 0, 0, 0, 0x02],
    selection: Selection::WithControlInformation,
};
/// HPKI signature (JAHIS 24-002).
pub const HPKI_SIGNATURE: Application = Application {
    name: "HPKI signature",
    aid: &[0xE8, 0x28, 0xBD, 0x08, 0x0F, 0xA0, 0, 0, 0x03, 0x91, 0, 0, 0, 0, 0, 0x01],
    selection: Selection::WithControlInformation,
};
/// The GlobalPlatform issuer security domain. Selecting it leaves whatever was selected before and
/// drops the security status.
pub const CARD_MANAGER: Application = silent("card manager", &[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00]);

/// Where to go when an application is left, in the order of asking: any other one will do.
pub(crate) const LEAVING: [Application; 5] =
    [CARD_MANAGER, COMMON, HPKI_AUTHENTICATION, HPKI_SIGNATURE, JPKI];

/// Applications that tell what a card is though it shows no certificate, in the order of asking.
pub(crate) const WITHOUT_CERTIFICATE: [Application; 2] = [TEXT, RESIDENT_REGISTER];

const fn silent(name: &'static str, aid: &'static [u8]) -> Application {
    Application { name, aid, selection: Selection::Silent }
}

impl Application {
    /// The application identifier (ISO/IEC 7816-5), always sent whole.
    pub const fn aid(self) -> &'static [u8] {
        self.aid
    }

    pub(crate) const fn selection(self) -> Selection {
        self.selection
    }
}

impl fmt::Display for Application {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Application({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_standard_length_and_differ() {
        let all = [
            JPKI,
            TEXT,
            SURFACE,
            COMMON,
            RESIDENT_REGISTER,
            HPKI_AUTHENTICATION,
            HPKI_SIGNATURE,
            CARD_MANAGER,
        ];
        for (position, application) in all.iter().enumerate() {
            assert!((5..=16).contains(&application.aid().len()), "{application}");
            assert!(all[..position].iter().all(|other| other.aid() != application.aid()), "{application}");
        }
    }
}
