//! The code values of CAP 1.2 (§3.2): closed lists, compared letter by letter.

/// A closed list of words, as they stand in the XML.
pub trait Word: Sized + Copy + PartialEq + 'static {
    /// Every word, in the order of the standard.
    const ALL: &'static [(Self, &'static str)];

    /// The word that stands there, letter by letter.
    fn of_text(text: &str) -> Option<Self> {
        Self::ALL.iter().find_map(|(word, name)| (*name == text).then_some(*word))
    }

    /// As it stands in the XML. Every word is in the list.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(word, _)| *word == self).map_or("", |(_, name)| name)
    }
}

/// Generates a closed list of words; a word stands in the XML under its own name. The first one is the default, which
/// stands in for a word that was refused, in an alert that is then given to nobody.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
        pub enum $name {
            #[default]
            $($(#[$word_doc])* $word,)+
        }

        impl $name {
            /// As it stands in the XML.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$word => stringify!($word),)+
                }
            }
        }

        impl Word for $name {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$word, stringify!($word)),)+];
        }
    )+};
}
pub(crate) use words;

words! {
    /// How an alert is to be handled (§3.2.1 status).
    Status {
        /// For everybody it is addressed to, to act on.
        Actual,
        /// For those who take part in an exercise; its note says which.
        Exercise,
        /// For the networks that carry alerts.
        System,
        /// Technical tests: nobody acts on it.
        Test,
        /// Not to be acted on in this form. Never published.
        Draft,
    }

    /// What an alert is (§3.2.1 msgType).
    MessageType {
        /// First information.
        Alert,
        /// Takes the place of the messages that it names.
        Update,
        /// Takes back the messages that it names.
        Cancel,
        /// Says that the messages that it names were taken.
        Ack,
        /// Says that the messages that it names were refused.
        Error,
    }

    /// For whom an alert is meant (§3.2.1 scope).
    Scope {
        /// Everybody.
        Public,
        /// Those whom its restriction names.
        Restricted,
        /// Those whom its addresses name.
        Private,
    }

    /// The field that an event belongs to (§3.2.2 category).
    Category {
        /// Geophysical: earthquakes, tsunamis, landslides.
        Geo,
        /// Meteorological: floods too.
        Met,
        /// General emergency and public safety.
        Safety,
        /// Law enforcement, military, homeland and private security.
        Security,
        /// Rescue and recovery.
        Rescue,
        /// Fire suppression and rescue.
        Fire,
        /// Medical and public health.
        Health,
        /// Pollution and other environmental.
        Env,
        /// Public and private transport.
        Transport,
        /// Utilities, telecommunication, other infrastructure.
        Infra,
        /// Chemical, biological, radiological, nuclear, explosive.
        CBRNE,
        /// Anything else.
        Other,
    }

    /// What people should do (§3.2.2 responseType).
    ResponseType {
        /// Take shelter where they are.
        Shelter,
        /// Leave for another place.
        Evacuate,
        /// Make ready.
        Prepare,
        /// Carry out what was planned.
        Execute,
        /// Keep away.
        Avoid,
        /// Watch for news.
        Monitor,
        /// Judge what they hear (not for the public).
        Assess,
        /// The danger is over.
        AllClear,
        /// Nothing.
        None,
    }

    /// How soon to act (§3.2.2 urgency).
    Urgency {
        /// At once.
        Immediate,
        /// Within an hour.
        Expected,
        /// In the near future.
        Future,
        /// No more.
        Past,
        /// Not known.
        Unknown,
    }

    /// How bad it is (§3.2.2 severity).
    Severity {
        /// An extraordinary threat to life or property.
        Extreme,
        /// A significant threat.
        Severe,
        /// A possible threat.
        Moderate,
        /// A minimal threat.
        Minor,
        /// Not known.
        Unknown,
    }

    /// How sure it is (§3.2.2 certainty).
    Certainty {
        /// It happened or goes on.
        Observed,
        /// More than half sure.
        Likely,
        /// At most half sure.
        Possible,
        /// Hardly.
        Unlikely,
        /// Not known.
        Unknown,
    }
}
