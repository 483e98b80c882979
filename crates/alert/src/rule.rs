//! Every rule that an alert can break, with its clause and what a person reads.

use std::fmt;

/// Which of the two sets of rules a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breaks {
    /// CAP 1.2 itself: no receiver anywhere need take the alert.
    Cap,
    /// The profile JP-evac (docs/jp-evac.md): Hinamori does not take it.
    Profile,
}

impl fmt::Display for Breaks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Cap => "CAP",
            Self::Profile => "profile",
        })
    }
}

macro_rules! rules {
    ($($rule:ident: $breaks:ident $clause:literal, $words:literal;)+) => {
        /// A rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = concat!($clause, ": broken when it ", $words, ".")] $rule,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)+];

            /// What an alert breaks with it.
            pub const fn breaks(self) -> Breaks {
                match self {
                    $(Self::$rule => Breaks::$breaks,)+
                }
            }

            /// Where it is written down.
            pub const fn clause(self) -> &'static str {
                match self {
                    $(Self::$rule => $clause,)+
                }
            }

            /// What is wrong with the element.
            const fn words(self) -> &'static str {
                match self {
                    $(Self::$rule => $words,)+
                }
            }
        }
    };
}

rules! {
    UnknownElement: Cap "CAP 1.2 §3.4", "has an element that the schema does not know here";
    UnknownAttribute: Cap "CAP 1.2 §3.4", "has an attribute that the schema does not know";
    TextBetween: Cap "CAP 1.2 §3.4", "has text between its elements";
    Late: Cap "CAP 1.2 §3.4", "stands behind an element that must come after it";
    Again: Cap "CAP 1.2 §3.4", "stands there more than once";
    Missing: Cap "CAP 1.2 §3.4", "is missing";
    CodeValue: Cap "CAP 1.2 §3.2", "is none of the code values";
    Time: Cap "CAP 1.2 §3.3.2", "is no time as YYYY-MM-DDThh:mm:ss+hh:mm with a day that the calendar has";
    UtcOffset: Cap "CAP 1.2 §3.3.2", "writes UTC as +00:00 instead of -00:00";
    LanguageTag: Cap "CAP 1.2 §3.2.2", "is no language tag (RFC 3066)";
    Number: Cap "CAP 1.2 §3.4", "is no number of its kind";
    Reference: Cap "CAP 1.2 §3.2.1", "is no list of sender,identifier,sent";
    Identity: Cap "CAP 1.2 §3.2.1", "is empty or has a space, a comma, < or &";
    ReferenceNotEarlier: Cap "CAP 1.2 §3.2.1", "names the alert itself or a later one";
    RestrictionMissing: Cap "CAP 1.2 §3.2.1", "is missing, and the scope is Restricted";
    AddressesMissing: Cap "CAP 1.2 §3.2.1", "is missing, and the scope is Private";
    Quotation: Cap "CAP 1.2 §3.2.1", "has a quotation mark without its partner, or inside a word";
    Uri: Cap "CAP 1.2 §3.2.2", "is no absolute URI";
    ResourceUri: Cap "CAP 1.2 §3.2.3", "is no URI";
    MimeType: Cap "CAP 1.2 §3.2.3", "is no media type (RFC 2046)";
    Base64: Cap "CAP 1.2 §3.2.3", "is no base64";
    Polygon: Cap "CAP 1.2 §3.2.4", "is no list of latitude,longitude";
    PolygonOpen: Cap "CAP 1.2 §3.2.4", "has fewer than four points, or does not end where it begins";
    Circle: Cap "CAP 1.2 §3.2.4", "is no latitude,longitude with a radius of at least 0 km";
    OffEarth: Cap "CAP 1.2 §3.3.1", "has a latitude beyond 90 or a longitude beyond 180 degrees";
    CeilingAlone: Cap "CAP 1.2 §3.2.4", "stands without an altitude";
    CeilingBelow: Cap "CAP 1.2 §3.2.4", "is below the altitude";
    SecondSignature: Cap "CAP 1.2 §3.3.4.1", "is a second signature";

    ProfileCode: Profile "JP-evac §1", "does not name the profile in exactly one code JP-evac:1";
    Draft: Profile "JP-evac §1", "is a draft, which is never published";
    NotForTheTown: Profile "JP-evac §1", "is neither Alert nor Update nor Cancel";
    NotPublic: Profile "JP-evac §1", "is not public, or names somebody in particular";
    ExerciseUnnamed: Profile "JP-evac §1", "does not say which exercise it is";
    ReferencesMissing: Profile "JP-evac §2", "is missing in an Update or a Cancel";
    ReferencesInAlert: Profile "JP-evac §2", "names earlier messages in a message that begins a thread";
    ForeignReference: Profile "JP-evac §2", "names a message of another sender";
    ExpiresMissing: Profile "JP-evac §3", "has no time at which it ends";
    ExpiresEarly: Profile "JP-evac §3", "is not after sent, effective and onset";
    ExpiresLate: Profile "JP-evac §3", "is over 7 days after sent";
    LanguageMissing: Profile "JP-evac §4", "lacks Japanese (first), easy Japanese (ja-simple) or English";
    LanguageTwice: Profile "JP-evac §4", "is in a language that was there already";
    LanguagesDiffer: Profile "JP-evac §4", "says something else in this language than in the first one";
    TextMissing: Profile "JP-evac §4", "is empty or missing";
    InvisibleCharacter: Profile "JP-evac §4", "has a character that turns text around, shows nothing or is a town's own";
    Parameter: Profile "JP-evac §5", "is missing, doubled or no word of the profile";
    LevelMissing: Profile "JP-evac §5", "is missing, and the hazard has warning levels";
    LevelRefused: Profile "JP-evac §5", "is or speaks of a warning level, which this hazard does not have";
    LevelUnfit: Profile "JP-evac §5", "is not the level of this order";
    TsunamiKind: Profile "JP-evac §5", "is there without a tsunami, or does not fit the order or the headline";
    EventWords: Profile "JP-evac §6", "is not in the words of this order, all-clear or cancel";
    MessageUnfit: Profile "JP-evac §6", "does not fit what the message is (order, all-clear, cancel)";
    CancelWords: Profile "JP-evac §6", "lacks 取消, or mixes up cancel (取消) and all-clear (解除)";
    AllClearWords: Profile "JP-evac §6", "lacks 解除, or mixes up all-clear (解除) and cancel (取消)";
    AreaMissing: Profile "JP-evac §7", "has no area";
    MunicipalityCode: Profile "JP-evac §7", "has no code JISX0402 of six digits, or a wrong check digit";
    NotInJapan: Profile "JP-evac §7", "lies outside Japan: are latitude and longitude exchanged?";
    NotSimple: Profile "JP-evac §7", "crosses or touches itself, or encloses nothing";
    ReadingMalformed: Profile "JP-evac §8", "is no word=reading with the reading in hiragana";
    ReadingMissing: Profile "JP-evac §8", "has a name whose reading is not given";
}

/// A rule that an alert breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The line, from 1, of the element; of what it is missing in, where it is missing.
    pub line: u32,
    /// The element, by its name in the schema.
    pub element: &'static str,
    /// The rule.
    pub rule: Rule,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, element, rule } = self;
        write!(out, "line {line}: breaks {}, {}: {element} {}", rule.breaks(), rule.clause(), rule.words())
    }
}
