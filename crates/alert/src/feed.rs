//! The feed of alerts for broadcasters (Atom, RFC 4287).

use crate::alert::{Alert, Info};
use crate::time::CapTime;
use crate::word::Status;
use crate::write::Writer;

const ATOM: &str = "http://www.w3.org/2005/Atom";
/// The media type of an alert.
pub const CAP_MEDIA_TYPE: &str = "application/cap+xml";

/// A feed.
#[derive(Debug)]
pub struct Feed<'a> {
    /// Its identifier for ever: an IRI (§4.2.6).
    pub id: &'a str,
    /// What it is called.
    pub title: &'a str,
    /// Who sends the alerts in it.
    pub author: &'a str,
    /// When it changed last.
    pub updated: CapTime,
    /// The newest first.
    pub entries: Vec<Entry<'a>>,
}

/// One alert of a feed.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its identifier for ever: an IRI.
    pub id: String,
    /// Where its file is, relative to the feed.
    pub file: String,
    /// The alert.
    pub alert: &'a Alert,
}

impl Feed<'_> {
    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        let Self { id, title, author, updated, entries } = self;
        let mut out = Writer::begin("feed", ATOM);
        out.leaf("id", id);
        out.leaf("title", title);
        out.value("updated", rfc3339(*updated));
        out.group("author", |out| out.leaf("name", author));
        out.empty("link", &[("rel", "self"), ("type", "application/atom+xml"), ("href", "cap.atom")]);
        for entry in entries {
            out.group("entry", |out| entry.write(out));
        }
        out.end("feed")
    }
}

impl Entry<'_> {
    fn write(&self, out: &mut Writer) {
        let Self { id, file, alert } = self;
        let none = Info::default();
        let info = alert.infos.first().unwrap_or(&none);
        // Whoever reads titles only must not take a drill for earnest.
        let mark = if alert.status == Status::Exercise { "【訓練】" } else { "" };
        let headline = info.headline.as_deref().unwrap_or(&info.event);
        out.leaf("id", id);
        out.leaf("title", &format!("{mark}{headline}"));
        out.value("updated", rfc3339(alert.sent));
        out.value("published", rfc3339(alert.sent));
        out.empty(
            "category",
            &[("scheme", "urn:oasis:names:tc:emergency:cap:1.2"), ("term", alert.status.text())],
        );
        out.empty("link", &[("rel", "alternate"), ("type", CAP_MEDIA_TYPE), ("href", file)]);
        out.leaf("summary", &format!("{mark}{}", info.description.as_deref().unwrap_or(&info.event)));
    }
}

/// A time of CAP is one of RFC 3339; only UTC is written otherwise (RFC 3339 §4.3).
fn rfc3339(time: CapTime) -> String {
    time.to_string().replacen("-00:00", "Z", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::UnixMillis;

    #[test]
    fn a_feed_names_its_alerts_and_says_which_are_drills() {
        let sent = CapTime::in_japan(UnixMillis::new(1_800_000_000_000));
        let info = Info {
            event: "避難指示".to_owned(),
            headline: Some("<今すぐ> & 上へ".to_owned()),
            ..Info::default()
        };
        let alert = |status| Alert { sent, status, infos: vec![info.clone()], ..Alert::default() };
        let [drill, live] = [Status::Exercise, Status::Actual].map(alert);
        let entry =
            |alert, number: u8| Entry { id: format!("urn:{number}"), file: format!("{number}.xml"), alert };
        let feed = Feed {
            id: "urn:feed",
            title: "町",
            author: "汐見町",
            updated: sent,
            entries: vec![entry(&drill, 1), entry(&live, 2)],
        };
        let text = String::from_utf8(feed.write()).unwrap();
        for expected in [
            "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n  <id>urn:feed</id>",
            "<title>【訓練】&lt;今すぐ&gt; &amp; 上へ</title>",
            "<title>&lt;今すぐ&gt; &amp; 上へ</title>",
            "<summary>【訓練】避難指示</summary>",
            "    <link rel=\"alternate\" type=\"application/cap+xml\" href=\"2.xml\"/>\n",
            "<updated>2027-01-15T17:00:00+09:00</updated>",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(text.ends_with("  </entry>\n</feed>\n"));
    }
}
