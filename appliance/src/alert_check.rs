//! `hinamorictl alert check`: alerts judged by the rules of CAP 1.2 and of the profile JP-evac, on any machine and without a town.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use hinamori_alert::{MOST_BYTES, Refusal, Report, Violation};

/// What the rules say of a file.
#[derive(Debug)]
pub enum AlertVerdict {
    /// It breaks none.
    Fine,
    /// It breaks these.
    Broken(Vec<Violation>),
    /// It is no alert, or could harm whoever reads it.
    Refused(Refusal),
    /// The disk, or the name.
    Unreadable(io::Error),
}

impl AlertVerdict {
    /// Judges a file. No more of it is read than an alert may have.
    pub fn of(file: &Path) -> Self {
        match read(file).map(|bytes| Report::of(&bytes)) {
            Ok(Ok(report)) => match report.into_valid() {
                Ok(_alert) => Self::Fine,
                Err(violations) => Self::Broken(violations),
            },
            Ok(Err(refusal)) => Self::Refused(refusal),
            Err(error) => Self::Unreadable(error),
        }
    }

    /// Whether there is nothing to say against it.
    pub const fn is_fine(&self) -> bool {
        matches!(self, Self::Fine)
    }
}

/// A line for each thing that is wrong.
impl fmt::Display for AlertVerdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine => out.write_str("fine"),
            Self::Broken(violations) => {
                out.write_str("not fine")?;
                violations.iter().try_for_each(|violation| write!(out, "\n  {violation}"))
            }
            Self::Refused(refusal) => write!(out, "refused: {refusal}"),
            Self::Unreadable(error) => write!(out, "cannot be read: {error}"),
        }
    }
}

/// No more of it than an alert may have.
pub(crate) fn read(file: &Path) -> io::Result<Vec<u8>> {
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
