//! What CAP 1.2 says in words and its schema cannot (§3.2, §3.3).

use crate::alert::{Alert, Area, Info, Resource};
use crate::judge::{Judge, Step};
use crate::rule::Rule;
use crate::time::CapTime;
use crate::word::Scope;

/// Judges an alert that keeps to the schema.
pub(crate) fn judge(alert: &Alert, judge: &mut Judge<'_>) {
    for (name, text) in [("identifier", &alert.identifier), ("sender", &alert.sender)] {
        judge.breaks_if(!is_identity(text), Rule::Identity, &[(name, 0)]);
    }
    judge.breaks_if(alert.sent.is_plus_zero(), Rule::UtcOffset, &[("sent", 0)]);
    let is_said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    judge.breaks_if(
        alert.scope == Scope::Restricted && !is_said(&alert.restriction),
        Rule::RestrictionMissing,
        &[("restriction", 0)],
    );
    judge.breaks_if(
        alert.scope == Scope::Private && !is_said(&alert.addresses),
        Rule::AddressesMissing,
        &[("addresses", 0)],
    );
    for (name, text) in [("addresses", &alert.addresses), ("incidents", &alert.incidents)] {
        let is_list = text.as_deref().is_none_or(is_quoted_list);
        judge.breaks_if(!is_list, Rule::Quotation, &[(name, 0)]);
    }
    let id = alert.id();
    let is_later = alert.references.iter().any(|earlier| *earlier == id || earlier.sent > alert.sent);
    judge.breaks_if(is_later, Rule::ReferenceNotEarlier, &[("references", 0)]);
    for (number, info) in alert.infos.iter().enumerate() {
        judge_info(info, ("info", number), judge);
    }
}

/// Neither empty nor with what would end it in a reference.
fn is_identity(text: &str) -> bool {
    !text.is_empty() && !text.contains(|one: char| one.is_whitespace() || matches!(one, ',' | '<' | '&'))
}

/// Words between spaces; a word with spaces in it stands in quotation marks, which stand nowhere else.
fn is_quoted_list(text: &str) -> bool {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some(parts) => parts,
                None => return false,
            },
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        if word.contains('"') || !(after.is_empty() || after.starts_with(char::is_whitespace)) {
            return false;
        }
        rest = after.trim_start();
    }
    true
}

fn judge_info(info: &Info, step: Step, judge: &mut Judge<'_>) {
    let times = [("effective", info.effective), ("onset", info.onset), ("expires", info.expires)];
    for (name, time) in times {
        judge.breaks_if(time.is_some_and(CapTime::is_plus_zero), Rule::UtcOffset, &[step, (name, 0)]);
    }
    let is_absolute = info.web.as_deref().is_none_or(is_absolute_uri);
    judge.breaks_if(!is_absolute, Rule::Uri, &[step, ("web", 0)]);
    for (number, resource) in info.resources.iter().enumerate() {
        judge_resource(resource, &[step, ("resource", number)], judge);
    }
    for (number, area) in info.areas.iter().enumerate() {
        judge_area(area, [step, ("area", number)], judge);
    }
}

/// A scheme and something behind it (RFC 3986 §3).
fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme && !rest.is_empty() && is_uri(rest)
}

/// Nothing in it that ends a URI elsewhere (RFC 3986 appendix C). Other scripts pass: `xs:anyURI` has them.
fn is_uri(text: &str) -> bool {
    !text.contains(|one: char| one.is_whitespace() || one.is_control() || matches!(one, '<' | '>' | '"'))
}

fn judge_resource(resource: &Resource, path: &[Step; 2], judge: &mut Judge<'_>) {
    let [info, own] = *path;
    let is_type = resource.mime_type.split_once('/').is_some_and(|(kind, sub)| {
        let is_token = |text: &str| !text.is_empty() && !text.contains([' ', '/', ',', '<', '>', '@', '"']);
        is_token(kind) && is_token(sub.split(';').next().unwrap_or_default().trim_end())
    });
    judge.breaks_if(!is_type, Rule::MimeType, &[info, own, ("mimeType", 0)]);
    let has_uri = resource.uri.as_deref().is_none_or(|uri| !uri.is_empty() && is_uri(uri));
    judge.breaks_if(!has_uri, Rule::ResourceUri, &[info, own, ("uri", 0)]);
    let has_base64 = resource.content.as_deref().is_none_or(is_base64);
    judge.breaks_if(!has_base64, Rule::Base64, &[info, own, ("derefUri", 0)]);
}

/// RFC 4648 §4, with white space between, as in messages of electronic mail.
fn is_base64(text: &str) -> bool {
    let (mut digits, mut padding) = (0_usize, 0_usize);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => digits += 1,
            _ => return false,
        }
    }
    padding <= 2 && (digits + padding).is_multiple_of(4)
}

fn judge_area(area: &Area, [info, own]: [Step; 2], judge: &mut Judge<'_>) {
    for (number, polygon) in area.polygons.iter().enumerate() {
        let path = &[info, own, ("polygon", number)];
        judge.breaks_if(!polygon.is_closed(), Rule::PolygonOpen, path);
        judge.breaks_if(!polygon.0.iter().all(|point| point.is_on_earth()), Rule::OffEarth, path);
    }
    for (number, circle) in area.circles.iter().enumerate() {
        let path = &[info, own, ("circle", number)];
        judge.breaks_if(circle.radius.billionths() < 0, Rule::Circle, path);
        judge.breaks_if(!circle.center.is_on_earth(), Rule::OffEarth, path);
    }
    match (area.altitude, area.ceiling) {
        (None, Some(_)) => judge.breaks(Rule::CeilingAlone, &[info, own, ("ceiling", 0)]),
        (Some(altitude), Some(ceiling)) => {
            judge.breaks_if(ceiling < altitude, Rule::CeilingBelow, &[info, own, ("ceiling", 0)]);
        }
        (Some(_) | None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_with_quotation_marks() {
        for text in ["", "a b", "\"a b\" c", "a  \"b\"\n\"c d\""] {
            assert!(is_quoted_list(text), "{text}");
        }
        for text in ["\"a b", "a\"b\"", "\"a\"b", "a \"", "\"a\"\"b\""] {
            assert!(!is_quoted_list(text), "{text}");
        }
    }

    #[test]
    fn base64_decodes_or_not() {
        for text in ["", "QQ==", "QUI=", "QUJD", "QU JD\nQUI="] {
            assert!(is_base64(text), "{text}");
        }
        for text in ["Q", "QQ", "QQ=", "Q===", "Q=Q=", "QU=D", "QUJ-", "あ==="] {
            assert!(!is_base64(text), "{text}");
        }
    }

    #[test]
    fn uris_are_absolute_where_they_must_be() {
        assert!(is_absolute_uri("https://town.example/a?b=1") && is_absolute_uri("tel:0884-77-1111"));
        for text in ["", "town.example", "/a", "https:", "1https://a", "https://a b", "https://a<b"] {
            assert!(!is_absolute_uri(text), "{text}");
        }
    }
}
