//! Plain words of design and glossary: modes, counters, assurance. Numbers are stored and never reused.

use crate::code::code;

code! {
    /// Daily life, a live incident, or a drill: decided by which incident is open, never by a flag.
    Mode {
        /// 平常時
        DailyLife = 0,
        /// 災害
        Live = 1,
        /// 訓練
        Drill = 2,
    }
}
code! {
    /// What a lane is doing now (業務).
    CounterKind {
        /// 避難所の受付
        Shelter = 0,
        /// 見守り
        Watch = 1,
    }
}
code! {
    /// Whether a lane takes arrivals or departures.
    Direction {
        /// 入口: a tap says "seen here now".
        Entrance = 0,
        /// 出口: a tap says "leaving", the person chooses how long.
        Exit = 1,
    }
}
code! {
    /// How somebody leaves a site; always chosen after a tap or by a lane set to 出口, never toggled.
    Leaving {
        /// 出かける: back today.
        Out = 0,
        /// 外泊: back after a night or more.
        Overnight = 1,
        /// 転所: to another shelter.
        Moved = 2,
        /// 退所: home or elsewhere.
        Left = 3,
    }
}
code! {
    /// Where somebody goes who leaves: six pictures.
    Destination {
        /// 自宅: the person stays ours, as 在宅避難者.
        Home = 0,
        /// 親せき・知人の家
        Relatives = 1,
        /// 別の避難所
        Shelter = 2,
        /// 車の中: the person stays ours, as 車中泊避難者.
        Car = 3,
        /// 病院・施設
        Hospital = 4,
        /// まだ 決まっていない・そのほか: somebody asks after them soon.
        Undecided = 5,
    }
}
code! {
    /// Who somebody is that the roster does not have.
    RegisteredKind {
        /// 帰省者・来訪者: counted apart.
        Visitor = 0,
        /// Lives in the town, and the roster does not have them yet.
        ResidentNotListed = 1,
    }
}
code! {
    /// What a site is for.
    SiteKind {
        /// 避難所: a stay.
        Shelter = 0,
        /// 通過確認地点: on the way up.
        CheckPoint = 1,
        /// 見守り拠点: every ordinary day.
        WatchSpot = 2,
        /// 指定緊急避難場所: safe for hours, and not for a stay.
        EmergencySite = 3,
    }
}
code! {
    /// What a tap proves, weakest first.
    Assurance {
        /// Somebody said so.
        Declared = 0,
        /// A UID or badge known from registration, or a certificate that did not pass its checks.
        TokenOnly = 1,
        /// A certificate read without a PIN that passed its checks; a copy of it would pass too.
        CertificateRead = 2,
        /// The chip answered our challenge with the key stored at registration: it is here.
        ChipProven = 3,
        /// The authentication key signed our challenge after the holder's PIN.
        PinProven = 4,
    }
}
code! {
    /// How a card came to stand for a person, weakest first.
    BindingAssurance {
        /// Somebody said so, or nobody is bound yet.
        Declared = 0,
        /// Staff compared the card with the roster.
        MatchedByStaff = 1,
        /// The card's signed attribute file was verified, by 照合番号B.
        AttributesSigned = 2,
        /// The same, opened by the holder's PIN.
        AttributesSignedWithPin = 3,
    }
}

impl Assurance {
    /// Whether this allows a household to be shown (design §5: below a certificate read only a called name).
    pub fn shows_household(self) -> bool {
        self >= Self::CertificateRead
    }
}
