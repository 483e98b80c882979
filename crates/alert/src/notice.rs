//! What a household's television shows: the content of an [`Instruction`](crate::Instruction), as JSON (docs/tv.md §3).

use std::fmt;
use std::sync::Arc;

use hinamori_model::UnixMillis;
use serde::{Serialize, Serializer};

use crate::alert::Alert;
use crate::evacuation::{Evacuation, WarningLevel};
use crate::instruction::Content;
use crate::report::ValidAlert;
use crate::word::Word;

/// A text of which some pieces have their reading beside them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruby(Vec<(String, Option<String>)>);

impl Ruby {
    /// Reads `{今|いま}すぐ {逃|に}げて ください`. Braces that are not a piece with its reading stand for themselves.
    pub fn read(text: &str) -> Self {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            let piece = after.split_once('}').and_then(|(inner, behind)| {
                inner.split_once('|').map(|(base, reading)| (base, reading, behind))
            });
            rest = match piece {
                Some((base, reading, behind)) if !base.is_empty() && !reading.is_empty() => {
                    if !plain.is_empty() {
                        pieces.push((std::mem::take(&mut plain), None));
                    }
                    pieces.push((base.to_owned(), Some(reading.to_owned())));
                    behind
                }
                Some(_) | None => {
                    plain.push('{');
                    after
                }
            };
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push((plain, None));
        }
        Self(pieces)
    }

    /// Without the readings.
    pub fn plain(&self) -> String {
        self.0.iter().map(|(text, _)| text.as_str()).collect()
    }

    /// Several, with `between` them.
    pub fn joined<'a>(all: impl IntoIterator<Item = &'a Self>, between: &str) -> Self {
        let mut pieces = Vec::new();
        for one in all {
            if !pieces.is_empty() {
                pieces.push((between.to_owned(), None));
            }
            pieces.extend_from_slice(&one.0);
        }
        Self(pieces)
    }

    /// As it is read aloud.
    pub fn spoken(&self) -> String {
        self.0.iter().map(|(text, reading)| reading.as_deref().unwrap_or(text)).collect()
    }

    /// The pieces that have a reading, with it.
    pub fn readings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(text, reading)| Some((text.as_str(), reading.as_deref()?)))
    }

    /// Whether there is nothing to show.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Ruby {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let pieces = self.0.iter().map(|(text, reading)| match reading {
            Some(reading) => vec![text.as_str(), reading],
            None => vec![text.as_str()],
        });
        out.collect_seq(pieces)
    }
}

/// What the same alert says at one household. It cannot be printed: the names of its people are in it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Notice {
    /// The head band.
    pub title: String,
    /// As the household wants to be called; nothing for whoever did not say. Of [`EVERYBODY`](crate::EVERYBODY): whose alert it is.
    pub names: Vec<String>,
    /// The one thing to do.
    pub act: Ruby,
    /// Where to go, and by which way.
    pub place: Option<Ruby>,
    /// The way there.
    pub road: Option<Ruby>,
    /// Of the place: how high it is.
    pub fact: Option<String>,
    /// When the tsunami is expected.
    pub arrives: Option<UnixMillis>,
    /// Once the household answered.
    pub after: String,
    /// Of an all-clear or a cancel: what happened, what to do now, what else.
    pub lines: Vec<Ruby>,
    /// To be read aloud.
    pub speech: String,
    /// The same in a line of English.
    pub english: String,
}

impl fmt::Debug for Notice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Notice({} names)", self.names.len())
    }
}

impl Notice {
    /// The content, beside the codes of the alert that it goes with.
    pub fn content(&self, alert: &ValidAlert) -> Content {
        Self::to_household(&self.alike(alert), &self.names, &self.speech)
    }

    /// What is told to a household that is called so, behind what is told alike.
    pub fn to_household(alike: &Arc<[u8]>, names: &[String], speech: &str) -> Content {
        #[derive(Serialize)]
        struct Own<'a> {
            names: &'a [String],
            speech: &'a str,
        }
        // Members of the same object, which the other ones began.
        let mut own = serde_json::to_vec(&Own { names, speech }).unwrap_or_default();
        own.first_mut().into_iter().for_each(|brace| *brace = b',');
        Content::new(Arc::clone(alike), own.into_boxed_slice())
    }

    /// The beginning of the content, up to what is each household's own: its names, and what is read aloud.
    pub fn alike(&self, alert: &ValidAlert) -> Arc<[u8]> {
        #[derive(Serialize)]
        struct Alike<'a> {
            id: &'a str,
            references: Vec<&'a str>,
            sent: UnixMillis,
            expires: UnixMillis,
            message: &'static str,
            hazard: &'static str,
            order: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            level: Option<u8>,
            #[serde(skip_serializing_if = "Option::is_none")]
            tsunami: Option<&'static str>,
            issuer: &'a str,
            title: &'a str,
            act: &'a Ruby,
            #[serde(skip_serializing_if = "Option::is_none")]
            place: Option<&'a Ruby>,
            #[serde(skip_serializing_if = "Option::is_none")]
            road: Option<&'a Ruby>,
            #[serde(skip_serializing_if = "Option::is_none")]
            fact: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            arrives: Option<UnixMillis>,
            after: &'a str,
            lines: &'a [Ruby],
            english: &'a str,
        }
        let Alert { identifier, sent, references, infos, .. } = alert.alert();
        let Evacuation { message, hazard, order, level, tsunami } = alert.evacuation();
        let alike = Alike {
            id: identifier,
            references: references.iter().map(|id| id.identifier.as_str()).collect(),
            sent: sent.at(),
            expires: alert.expires(),
            message: message.name(),
            hazard: hazard.name(),
            order: order.name(),
            level: level.map(WarningLevel::number),
            tsunami: tsunami.map(Word::name),
            issuer: infos.first().and_then(|info| info.sender_name.as_deref()).unwrap_or_default(),
            title: &self.title,
            act: &self.act,
            place: self.place.as_ref(),
            road: self.road.as_ref(),
            fact: self.fact.as_deref(),
            arrives: self.arrives,
            after: &self.after,
            lines: &self.lines,
            english: &self.english,
        };
        let mut bytes = serde_json::to_vec(&alike).unwrap_or_default();
        // The object goes on.
        bytes.pop();
        bytes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_readings_beside_it() {
        let ruby = Ruby::read("{今|いま}すぐ {逃|に}げて");
        assert_eq!((ruby.plain(), ruby.spoken()), ("今すぐ 逃げて".to_owned(), "いますぐ にげて".to_owned()));
        let json = serde_json::to_string(&ruby).unwrap_or_default();
        assert_eq!(json, r#"[["今","いま"],["すぐ "],["逃","に"],["げて"]]"#);
        assert_eq!(ruby.readings().collect::<Vec<_>>(), [("今", "いま"), ("逃", "に")]);
        for odd in ["{", "a{b", "{|}", "{a|}b", "}{", "{a}b"] {
            assert_eq!(Ruby::read(odd).plain(), odd);
        }
        assert!(Ruby::read("").is_empty());
        let joined = Ruby::joined([&Ruby::read("{山|やま}"), &Ruby::read("寺")], "・");
        assert_eq!((joined.plain(), joined.spoken()), ("山・寺".to_owned(), "やま・寺".to_owned()));
    }
}
