//! Which households of a thread are missing, whoever may need somebody first (docs/desk.md §3). Nobody is named: a district, a group and how many
//! they are is what an officer passes on.

use std::sync::Arc;

use hinamori_model::UnixMillis;
use serde_json::{Value, json};

use crate::alerts::board::{Inner, Message};
use crate::alerts::progress::{Progress, Reach};

/// Households of a page: a town of ten thousand must not stop a tablet.
pub(crate) const PER_PAGE: usize = 100;

/// How far a household is that has not arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// It asked for help.
    Help,
    /// A set of it shows the message, or would, and nobody answered.
    NotAnswered,
    /// No set of it can be reached: off, no power, cut off.
    Unreachable,
    /// It has no set: nobody knows whether it heard.
    WithoutSet,
    /// It said that it goes.
    Going,
    /// Somebody of it passed a check-point.
    CheckPoint,
}

impl Standing {
    const ALL: [Self; 6] =
        [Self::Help, Self::NotAnswered, Self::Unreachable, Self::WithoutSet, Self::Going, Self::CheckPoint];

    const fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::NotAnswered => "not_answered",
            Self::Unreachable => "unreachable",
            Self::WithoutSet => "without_set",
            Self::Going => "going",
            Self::CheckPoint => "check_point",
        }
    }

    const fn is_without_answer(self) -> bool {
        match self {
            Self::NotAnswered | Self::Unreachable | Self::WithoutSet => true,
            Self::Help | Self::Going | Self::CheckPoint => false,
        }
    }

    /// Since when it stands so.
    fn of(progress: &Progress) -> (Self, UnixMillis) {
        let Progress { told, delivered, shown, going, help, check_point, arrived: _, reach, .. } = *progress;
        if let Some(at) = help {
            // Whoever is under way may not be the one who needs it.
            return (Self::Help, at);
        }
        if let Some(at) = check_point {
            return (Self::CheckPoint, at);
        }
        if let Some(at) = going {
            return (Self::Going, at);
        }
        match reach {
            Reach::Reached => (Self::NotAnswered, shown.or(delivered).unwrap_or(told)),
            Reach::Unreachable(since) => (Self::Unreachable, since.max(told)),
            Reach::WithoutSet => (Self::WithoutSet, told),
        }
    }
}

/// A page of the households that have not arrived. First those with somebody who needs support of whom nobody heard, then those that asked
/// for help, then the others by how little is known of them; within each, whoever needs support and then whoever waits longest.
pub(crate) fn missing(inner: &Inner, thread: &[Arc<Message>], page: usize, now: UnixMillis) -> Value {
    let all = inner.progress(thread).into_iter().filter(|progress| progress.arrived.is_none());
    let mut rows: Vec<_> = all
        .map(|progress| {
            let (standing, since) = Standing::of(&progress);
            let of = inner.households.one(progress.household);
            let needs_support = of.as_ref().is_some_and(|of| of.needs_support);
            let comes_first = needs_support && standing.is_without_answer();
            ((!comes_first, standing, !needs_support, since, progress.household), of)
        })
        .collect();
    rows.sort_by_key(|(key, _)| *key);
    let counted = Standing::ALL.map(|standing| {
        let count = rows.iter().filter(|((_, of, ..), _)| *of == standing).count();
        (standing.name().to_owned(), Value::from(count))
    });
    let row = |((_, standing, without_support, since, _), of): &(_, Option<_>)| {
        let (standing, since): (&Standing, &UnixMillis) = (standing, since);
        let of: Option<&hinamori_plan::HouseholdToTell> = of.as_ref();
        json!({
            // The town may have another roster by now.
            "district": of.map_or("", |of| of.district.as_str()), "group": of.map_or("", |of| of.group.as_str()),
            "people": of.map_or(0, |of| of.people), "support": !without_support, "standing": standing.name(),
            "since": since,
        })
    };
    let households: Vec<_> = rows.chunks(PER_PAGE).nth(page).unwrap_or_default().iter().map(row).collect();
    json!({
        "now": now, "total": rows.len(), "standings": Value::Object(counted.into_iter().collect()),
        "page": page, "pages": rows.len().div_ceil(PER_PAGE), "households": households,
    })
}
