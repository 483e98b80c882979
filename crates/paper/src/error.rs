//! What can keep a document from being made. No error quotes what was to be printed.

/// No document has more pages: far above any shelter, and far below what would fill a disk or a tray.
pub const MOST_PAGES: usize = 2_000;

/// Which of the four fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FontRole {
    /// BIZ UDPGothic, regular.
    Regular,
    /// BIZ UDPGothic, bold.
    Bold,
    /// What has the characters that BIZ UDPGothic lacks, regular.
    FallbackRegular,
    /// The same, bold.
    FallbackBold,
}

/// No document came out.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The bytes given for a font are none.
    #[error("the bytes given as the font {role:?} are no font")]
    Font {
        /// Which one.
        role: FontRole,
    },
    /// More would be printed than anybody can use.
    #[error("the document would have {pages} pages, at most {MOST_PAGES} are made")]
    TooManyPages {
        /// How many it would have had.
        pages: usize,
    },
    /// There is nothing to print.
    #[error("there is nothing to print")]
    Empty,
    /// The PDF could not be written: a fault of this program or of a font.
    #[error("the PDF could not be written")]
    Writing(#[source] krilla::error::KrillaError),
}
