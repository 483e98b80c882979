//! A tap with everything that a lane needs to know, gathered by the caller.

use hinamori_model::{BindingAssurance, CardKey, Doubt, PersonId, PersonalText};
use hinamori_record::{Presence, Proof};

/// A checked tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    /// The card.
    pub card: CardKey,
    /// Whose, derived from the card when nobody is bound to it.
    pub person: PersonId,
    /// What the directory says; `None` for an unknown card.
    pub known: Option<KnownPerson>,
    /// 秘匿: said by the town's list or at a box, also of a card that nobody knows.
    pub hidden: bool,
    /// Where the person is in the open incident, if it is at this lane's site: who was last seen elsewhere
    /// arrives here.
    pub presence: Option<Presence>,
    /// The watch counter's standing of the person.
    pub watch: WatchStanding,
    /// What the record will carry.
    pub proof: Proof,
}

/// A person of the directory, with the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPerson {
    /// The name.
    pub name: PersonalText,
    /// 呼び名
    pub called_name: Option<PersonalText>,
    /// The other members.
    pub household: Vec<Housemate>,
}

/// Whose visit a lane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub person: PersonId,
    /// On what their tap rested.
    pub proof: Proof,
    /// 秘匿. Nothing that is shown may follow from it.
    pub is_hidden: bool,
}

impl Visitor {
    /// Whether their card says enough of who they are to learn who looked at them.
    pub fn shows_lookups(&self) -> bool {
        self.proof.assurance.shows_household() && self.proof.binding > BindingAssurance::Declared
    }
}

/// One other member of the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Housemate {
    /// Who.
    pub person: PersonId,
    /// The name.
    pub name: PersonalText,
    /// 続柄
    pub relation: PersonalText,
    /// 秘匿: shown as never seen, always.
    pub hidden: bool,
    /// Where they are, if it is at this lane's site.
    pub presence: Option<Presence>,
}

/// What the watch records say of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatchStanding {
    /// The latest of consent given and withdrawn.
    pub consented: bool,
}

impl Tap {
    /// The name to show; below a certificate read only what the person chose to be called by (design §5).
    pub fn shown_name(&self) -> Option<PersonalText> {
        let known = self.known.as_ref()?;
        if self.shows_household() { Some(known.name.clone()) } else { known.called_name.clone() }
    }

    /// The household to show, if any may be.
    pub fn shown_household(&self) -> &[Housemate] {
        match &self.known {
            Some(known) if self.shows_household() => &known.household,
            Some(_) | None => &[],
        }
    }

    /// Whether the answer wears the mark 「あとで確認」. For a hidden person it never says that the card was just
    /// on another reader: their answers tell nothing of what was before.
    pub fn shows_doubt(&self) -> bool {
        self.proof.doubts.iter().any(|doubt| !(doubt == Doubt::TwoReaders && self.is_hidden()))
    }

    /// 秘匿
    pub const fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Whose visit it is.
    pub(crate) const fn visitor(&self) -> Visitor {
        Visitor { person: self.person, proof: self.proof, is_hidden: self.hidden }
    }

    /// What is shown is the weaker of what the tap proved and what joins the card to the person.
    fn shows_household(&self) -> bool {
        self.proof.assurance.shows_household() && self.proof.binding > BindingAssurance::Declared
    }
}
