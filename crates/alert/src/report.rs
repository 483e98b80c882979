//! Everything that is wrong with an alert, and the proof that nothing is.

use hinamori_model::UnixMillis;

use crate::alert::Alert;
use crate::evacuation::Evacuation;
use crate::judge::Judge;
use crate::read::{Read, read};
use crate::rule::{Breaks, Violation};
use crate::time::CapTime;
use crate::xml::Refusal;
use crate::{cap, profile};

/// What the rules say of an alert.
///
/// The schema is asked first: only an alert that keeps to it is asked for what the schema cannot say, because its fields
/// would mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    alert: Alert,
    evacuation: Option<Evacuation>,
    violations: Vec<Violation>,
    keeps_to_schema: bool,
}

impl Report {
    /// Reads and judges.
    ///
    /// # Errors
    /// [`Refusal`] for what is no alert of CAP 1.2 in plain XML, or over a budget.
    pub fn of(bytes: &[u8]) -> Result<Self, Refusal> {
        let Read { source, alert, violations, marks } = read(bytes)?;
        if !violations.is_empty() {
            return Ok(Self { alert, evacuation: None, violations, keeps_to_schema: false });
        }
        let mut judge = Judge::new(&source, &marks);
        cap::judge(&alert, &mut judge);
        let evacuation = profile::judge(&alert, &mut judge);
        let violations = judge.into_violations();
        Ok(Self { alert, evacuation, violations, keeps_to_schema: true })
    }

    /// What is wrong, by line. Nothing for an alert that keeps to CAP and to the profile.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Whether the alert keeps to CAP 1.2, whatever the profile says.
    pub fn keeps_to_cap(&self) -> bool {
        self.violations.iter().all(|violation| violation.rule.breaks() != Breaks::Cap)
    }

    /// The alert, unless it breaks the schema: then its fields cannot be trusted to be there.
    pub fn alert(&self) -> Option<&Alert> {
        self.keeps_to_schema.then_some(&self.alert)
    }

    /// The proof that nothing is wrong.
    ///
    /// # Errors
    /// What is wrong.
    pub fn into_valid(self) -> Result<ValidAlert, Vec<Violation>> {
        match self.evacuation {
            Some(evacuation) if self.violations.is_empty() => {
                Ok(ValidAlert { alert: self.alert, evacuation })
            }
            _ => Err(self.violations),
        }
    }
}

/// An alert that breaks no rule of CAP 1.2 and none of the profile; only [`Report::into_valid`] makes one. It says nothing of
/// who wrote it: that is the envelope's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidAlert {
    alert: Alert,
    evacuation: Evacuation,
}

impl ValidAlert {
    /// The alert.
    pub const fn alert(&self) -> &Alert {
        &self.alert
    }

    /// What it says, the same in every language.
    pub const fn evacuation(&self) -> Evacuation {
        self.evacuation
    }

    /// When the last of its blocks ends.
    pub fn expires(&self) -> UnixMillis {
        let ends = self.alert.infos.iter().filter_map(|info| info.expires);
        ends.map(CapTime::at).max().unwrap_or_default()
    }
}
