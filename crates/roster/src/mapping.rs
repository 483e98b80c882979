//! What the IT office says about its own files.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::decode::Encoding;
use crate::field::{Field, ResidentField, SupportField};
use crate::fold::word;

/// The most bytes of a mapping file: it names some dozens of headers.
const MOST_BYTES: usize = 64 << 10;
/// Words that mean yes in a town that says nothing else.
const YES: &[&str] = &[
    "1",
    "○",
    "◯",
    "〇",
    "●",
    "レ",
    "✓",
    "有",
    "有り",
    "あり",
    "はい",
    "要",
    "該当",
    "対象",
    "同意",
    "同意済",
    "済",
    "yes",
    "y",
    "true",
];
/// Words that mean no, unless the town says that they mean yes.
const NO: &[&str] = &[
    "0",
    "×",
    "✕",
    "-",
    "ー",
    "無",
    "無し",
    "なし",
    "いいえ",
    "不要",
    "非該当",
    "対象外",
    "不同意",
    "同意なし",
    "未",
    "no",
    "n",
    "false",
];

/// The mapping file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadMapping {
    /// It has more than 64 KiB.
    #[error("the mapping has more than 64 KiB")]
    TooLong,
    /// It is not TOML, or has a key or value that does not exist; the source says where.
    #[error("the mapping cannot be read")]
    Malformed(#[from] toml::de::Error),
    /// The delimiter is not one of comma, tab, semicolon and vertical bar.
    #[error("the delimiter is none of , ; | and tab")]
    Delimiter,
}

/// How the two lists of a town are to be read. [`Mapping::default`] knows the usual headers.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    pub(crate) residents: Settings<ResidentField>,
    pub(crate) support: Settings<SupportField>,
}

impl Mapping {
    /// Reads a mapping file (TOML); `docs/roster.md` describes it.
    ///
    /// # Errors
    /// [`BadMapping`].
    pub fn parse(text: &str) -> Result<Self, BadMapping> {
        if text.len() > MOST_BYTES {
            return Err(BadMapping::TooLong);
        }
        let file: File = toml::from_str(text)?;
        Ok(Self { residents: file.residents.check()?, support: file.support.check()? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    residents: Section<ResidentField>,
    #[serde(default)]
    support: Section<SupportField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "F: Deserialize<'de> + Ord")]
struct Section<F> {
    encoding: Option<Encoding>,
    delimiter: Option<char>,
    yes: Option<Vec<String>>,
    #[serde(default)]
    not_my_number: Vec<String>,
    #[serde(default = "BTreeMap::new")]
    columns: BTreeMap<F, String>,
}

impl<F> Default for Section<F> {
    fn default() -> Self {
        let (encoding, delimiter, yes, not_my_number) = (None, None, None, Vec::new());
        Self { encoding, delimiter, yes, not_my_number, columns: BTreeMap::new() }
    }
}

impl<F: Field + Ord> Section<F> {
    fn check(self) -> Result<Settings<F>, BadMapping> {
        let Self { encoding, delimiter, yes, not_my_number, columns } = self;
        let delimiter = match delimiter {
            Some(one @ (',' | '\t' | ';' | '|')) => u8::try_from(one).or(Err(BadMapping::Delimiter))?,
            Some(_) => return Err(BadMapping::Delimiter),
            None => b',',
        };
        Ok(Settings {
            encoding,
            delimiter,
            flags: yes.map_or_else(Flags::default, |yes| Flags::new(yes.iter().map(String::as_str))),
            not_my_number: not_my_number.iter().map(|header| word(header)).collect(),
            columns: columns.into_iter().map(|(field, header)| (field, word(&header))).collect(),
        })
    }
}

/// How one list is to be read.
#[derive(Debug, Clone)]
pub(crate) struct Settings<F> {
    pub(crate) encoding: Option<Encoding>,
    pub(crate) delimiter: u8,
    pub(crate) flags: Flags,
    /// Headers whose columns may hold 12 digits, as [`word`]s.
    pub(crate) not_my_number: BTreeSet<String>,
    /// Headers as [`word`]s; an empty one takes the field out.
    pub(crate) columns: BTreeMap<F, String>,
}

impl<F> Default for Settings<F> {
    fn default() -> Self {
        let (not_my_number, columns) = (BTreeSet::new(), BTreeMap::new());
        Self { encoding: None, delimiter: b',', flags: Flags::default(), not_my_number, columns }
    }
}

/// The words for yes and no, as [`word`]s.
#[derive(Debug, Clone)]
pub(crate) struct Flags {
    yes: BTreeSet<String>,
    no: BTreeSet<String>,
}

impl Default for Flags {
    fn default() -> Self {
        Self::new(YES.iter().copied())
    }
}

impl Flags {
    fn new<'a>(yes: impl Iterator<Item = &'a str>) -> Self {
        Self { yes: yes.map(word).collect(), no: NO.iter().map(|no| word(no)).collect() }
    }

    /// What a field says; nothing is no, and `None` is neither.
    pub(crate) fn read(&self, text: &str) -> Option<bool> {
        if text.is_empty() {
            return Some(false);
        }
        // Most fields are plain already, and so are found without writing anything.
        let contains = |text: &str| {
            let is_no = || self.no.contains(text).then_some(false);
            self.yes.contains(text).then_some(true).or_else(is_no)
        };
        contains(text).or_else(|| contains(&word(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_names_headers_words_and_form() {
        let mapping = Mapping::parse(
            r#"
            [residents]
            encoding = "cp932"
            delimiter = "\t"
            yes = ["ア"]
            not_my_number = ["ＩＤ番号"]
            [residents.columns]
            called_name = "ﾖﾋﾞﾅ"
            "#,
        )
        .unwrap();
        let residents = mapping.residents;
        assert_eq!((residents.encoding, residents.delimiter), (Some(Encoding::Cp932), b'\t'));
        assert!(residents.not_my_number.contains("id番号"));
        assert_eq!(residents.columns.get(&ResidentField::CalledName).map(String::as_str), Some("ヨビナ"));
        assert_eq!(residents.flags.read("ｱ"), Some(true));
        assert_eq!(residents.flags.read("有"), None);
        assert_eq!(mapping.support.flags.read("有"), Some(true));
    }

    #[test]
    fn what_does_not_exist_is_not_overlooked() {
        for text in [
            "[resident]",
            "[residents]\nencoding = \"euc-jp\"",
            "[residents.columns]\nnmae = \"氏名\"",
            "[support]\ncolumn = 3",
            "=",
        ] {
            assert!(matches!(Mapping::parse(text), Err(BadMapping::Malformed(_))), "{text}");
        }
        assert!(matches!(Mapping::parse("[support]\ndelimiter = \"、\""), Err(BadMapping::Delimiter)));
        assert!(matches!(Mapping::parse(&" ".repeat(MOST_BYTES + 1)), Err(BadMapping::TooLong)));
    }

    #[test]
    fn yes_and_no_are_read_in_any_width() {
        let flags = Flags::default();
        for (text, is_yes) in
            [("１", true), ("○", true), ("Ｙ", true), ("", false), ("０", false), ("無", false)]
        {
            assert_eq!(flags.read(text), Some(is_yes), "{text}");
        }
        assert_eq!(flags.read("期間満了"), None);
    }
}
