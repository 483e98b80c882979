//! The same order for the other channels, ready to copy: loudspeakers, area mail, L-Alert, LINE. Made from the alert itself, so that
//! no channel says something else.

use hinamori_alert::{Info, MessageKind, ValidAlert, Word};
use serde::Serialize;

use crate::page::japan_time;

/// Carriers' limits of area mail (緊急速報メール), in characters: the smallest of all three.
const LONGEST_SUBJECT: usize = 15;
const LONGEST_BODY: usize = 500;

/// What a desk copies.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Channels {
    loudspeaker: String,
    mail: Mail,
    l_alert: Vec<[String; 2]>,
    line: String,
}

/// Area mail.
#[derive(Debug, Clone, Serialize)]
struct Mail {
    subject: String,
    body: String,
    /// Why carriers would refuse it.
    problems: Vec<String>,
}

impl Channels {
    /// Of an alert with an incident's name that joins them.
    pub(crate) fn of(alert: &ValidAlert, is_exercise: bool) -> Self {
        let [japanese, simple, english] = texts(alert);
        let mark = if is_exercise { "【訓練】" } else { "" };
        Self {
            loudspeaker: loudspeaker(&japanese, is_exercise),
            mail: mail(&japanese, mark),
            l_alert: l_alert(alert, &japanese, mark),
            line: format!(
                "{mark}{}\n{}\n{}\n\n{}\n\n{}\n{}",
                japanese.headline,
                japanese.description,
                japanese.instruction,
                simple.instruction,
                english.headline,
                english.instruction
            ),
        }
    }
}

/// The texts of a language, none of which is missing in an alert that is valid.
#[derive(Default)]
struct Said {
    sender: String,
    event: String,
    headline: String,
    description: String,
    instruction: String,
    readings: Vec<(String, String)>,
    areas: Vec<String>,
}

fn texts(alert: &ValidAlert) -> [Said; 3] {
    let of = |index: usize| alert.alert().infos.get(index).map(said).unwrap_or_default();
    [of(0), of(1), of(2)]
}

fn said(info: &Info) -> Said {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let reading = |value: &str| value.split_once('=').map(|(word, kana)| (word.to_owned(), kana.to_owned()));
    Said {
        sender: text(&info.sender_name),
        event: info.event.clone(),
        headline: text(&info.headline),
        description: text(&info.description),
        instruction: text(&info.instruction),
        readings: info.parameters("JP-evac:Reading").filter_map(reading).collect(),
        areas: info.areas.iter().map(|area| area.description.clone()).collect(),
    }
}

/// Twice, with the readings of names in parentheses where they come first: whoever reads it aloud may come from elsewhere.
fn loudspeaker(said: &Said, is_exercise: bool) -> String {
    let begins = if is_exercise { "これは訓練です。" } else { "" };
    let mut text = format!("{}\n{}\n{}", said.headline, said.description, said.instruction);
    // Longer words first: 汐見小学校 has 汐見 in it.
    let mut readings: Vec<_> = said.readings.iter().collect();
    readings.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
    for (word, reading) in readings {
        if let Some((before, after)) = text.split_once(word.as_str())
            && !after.starts_with('（')
        {
            text = format!("{before}{word}（{reading}）{after}");
        }
    }
    let ends = if is_exercise { "これは訓練です。" } else { "" };
    format!(
        "（チャイム）\nこちらは、{}です。\n{begins}{text}\n（くり返し）\n{}\n{}\n{ends}",
        said.sender, said.headline, said.instruction
    )
}

fn mail(said: &Said, mark: &str) -> Mail {
    let subject = format!("{mark}{}", said.event);
    let body =
        format!("{mark}{}\n{}\n{}\n（{}）", said.headline, said.description, said.instruction, said.sender);
    let mut problems = Vec::new();
    let (subject_length, body_length) = (subject.chars().count(), body.chars().count());
    if subject_length > LONGEST_SUBJECT {
        problems.push(format!("件名が {subject_length}字です。{LONGEST_SUBJECT}字までです"));
    }
    if body_length > LONGEST_BODY {
        problems.push(format!("本文が {body_length}字です。{LONGEST_BODY}字までです"));
    }
    if body.contains("://") || body.contains('@') {
        problems.push("URLや メールアドレスは 書けません".to_owned());
    }
    Mail { subject, body, problems }
}

fn l_alert(alert: &ValidAlert, said: &Said, mark: &str) -> Vec<[String; 2]> {
    let of = alert.evacuation();
    let operation = match (of.message, alert.alert().references.is_empty()) {
        (MessageKind::Order, true) => "発令",
        (MessageKind::Order, false) => "更新",
        (MessageKind::AllClear, _) => "解除",
        (MessageKind::Cancel, _) => "取消",
    };
    let mut fields = vec![
        ["文書の種類".to_owned(), format!("{mark}避難情報")],
        ["発表区分".to_owned(), of.order.japanese().to_owned()],
        ["操作".to_owned(), operation.to_owned()],
        ["災害の種類".to_owned(), of.hazard.name().to_owned()],
        ["対象地区".to_owned(), said.areas.join("、")],
        ["発令日時".to_owned(), japan_time(alert.alert().sent.at())],
        ["終了予定".to_owned(), japan_time(alert.expires())],
        ["見出し".to_owned(), said.headline.clone()],
        ["本文".to_owned(), format!("{}{}", said.description, said.instruction)],
        ["識別子".to_owned(), alert.alert().identifier.clone()],
    ];
    if let Some(level) = of.level {
        fields.insert(2, ["警戒レベル".to_owned(), level.number().to_string()]);
    }
    fields
}
