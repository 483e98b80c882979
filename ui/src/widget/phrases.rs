//! Where a text may be broken into lines. Japanese is set here with spaces between phrases, as in books for
//! beginners: a line ends where a phrase ends, never in the middle of a word.

/// A text with line ends between its phrases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The text.
    pub(crate) text: String,
    /// Whether every phrase fitted on a line.
    pub(crate) whole: bool,
}

/// Fills lines as `fits` allows, breaking at spaces and after 、 。 and ・ only. A phrase that does not fit
/// alone has a line of its own.
pub(crate) fn break_between_phrases(text: &str, fits: impl Fn(&str) -> bool) -> Broken {
    let mut lines: Vec<String> = Vec::new();
    let mut whole = true;
    for paragraph in text.split('\n') {
        let mut line = String::new();
        if !fits(paragraph) {
            for phrase in paragraph.split_inclusive([' ', '、', '。', '・']) {
                let longer = format!("{line}{phrase}");
                if !line.is_empty() && !fits(longer.trim_end()) {
                    lines.push(line.trim_end().to_owned());
                    line = phrase.to_owned();
                } else {
                    line = longer;
                }
                whole &= fits(line.trim_end());
            }
        } else {
            paragraph.clone_into(&mut line);
        }
        lines.push(line.trim_end().to_owned());
    }
    Broken { text: lines.join("\n"), whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, width: usize) -> (String, bool) {
        let Broken { text, whole } = break_between_phrases(text, |line| line.chars().count() <= width);
        (text, whole)
    }

    #[test]
    fn lines_end_where_phrases_end() {
        let say = "何も押さなければ ここにいるままです";
        assert_eq!(broken(say, 20), (say.to_owned(), true));
        assert_eq!(broken(say, 12), ("何も押さなければ\nここにいるままです".to_owned(), true));
        assert_eq!(broken("13件 あります。手があいたときに。", 11).0, "13件 あります。\n手があいたときに。");
        assert_eq!(broken("あ\nい う", 9).0, "あ\nい う");
    }

    #[test]
    fn a_phrase_wider_than_the_line_is_told() {
        assert_eq!(broken("窓口の設定", 4), ("窓口の設定".to_owned(), false));
        assert_eq!(broken("", 4), (String::new(), true));
    }
}
