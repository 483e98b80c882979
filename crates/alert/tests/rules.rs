//! Every rule: the fixtures keep them all, and the nearest alert that breaks one is named with its element.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::collections::BTreeSet;

use hinamori_alert::{Breaks, MessageKind, Report, Rule, TsunamiKind, WarningLevel, write};

/// An order for a tsunami, an order with a warning level, a cancel and an all-clear.
const TSUNAMI: &str = include_str!("fixtures/tsunami.xml");
const FLOOD: &str = include_str!("fixtures/flood.xml");
const CANCEL: &str = include_str!("fixtures/cancel.xml");
const ALL_CLEAR: &str = include_str!("fixtures/all-clear.xml");

fn report(text: &str) -> Report {
    Report::of(text.as_bytes()).unwrap()
}

#[test]
fn the_fixtures_break_nothing_and_are_canonical() {
    for text in [TSUNAMI, FLOOD, CANCEL, ALL_CLEAR] {
        let report = report(text);
        assert_eq!(report.violations(), []);
        assert_eq!(String::from_utf8(write(report.alert().unwrap())).unwrap(), text);
        assert!(report.keeps_to_cap() && report.into_valid().is_ok());
    }
    let evacuation = |text: &str| report(text).into_valid().unwrap().evacuation();
    let (tsunami, flood) = (evacuation(TSUNAMI), evacuation(FLOOD));
    assert_eq!((tsunami.level, tsunami.tsunami), (None, Some(TsunamiKind::MajorWarning)));
    assert_eq!((flood.level, flood.tsunami), (Some(WarningLevel::Four), None));
    assert_eq!(evacuation(CANCEL).message, MessageKind::Cancel);
    assert_eq!(evacuation(ALL_CLEAR).message, MessageKind::AllClear);
}

/// What other senders may write and is the same by the rules of XML and of CAP.
#[test]
fn nothing_that_cap_allows_is_taken_for_a_fault() {
    let same = [
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""),
        (
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "\u{feff}<?xml version='1.0' encoding='utf-8' standalone='yes' ?>",
        ),
        (
            "<alert xmlns=",
            "<!-- from the desk --><alert xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b' xmlns=",
        ),
        ("<sender>", "<sender ><!-- who -->"),
        ("<status>Actual", "<status>Act<![CDATA[ual]]>"),
        ("<sent>2026", "<sent> \n2026"),
        ("2026-03-11T05:21:00+09:00</sent>", "2026-03-10T20:21:00-00:00</sent>"),
        ("大津波警報 今すぐ", "大津波警報&#x20;&#20170;すぐ"),
        ("<note", "<note"),
        (
            "</info>\n</alert>",
            "</info><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><SignedInfo a='&lt;'/></Signature></alert>",
        ),
        ("<language>en<", "<language>en-US<"),
        ("<info>", "<info xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">"),
        ("33.7402,134.6071 33.7402", "33.74020000000001,+134.6071\n 33.7402"),
    ];
    for (from, to) in same {
        assert!(from == "<note" || TSUNAMI.contains(from), "{from}");
        let (report, text) = (report(&TSUNAMI.replacen(from, to, 1)), TSUNAMI.replacen(from, to, 1));
        assert_eq!(report.violations(), [], "{text}");
    }
    let prefixed = TSUNAMI.replace("</", "</cap:").replace('<', "<cap:").replace("<cap:/cap:", "</cap:");
    let prefixed = prefixed.replace("<cap:?", "<?").replace("xmlns=", "xmlns:cap=");
    assert_eq!(report(&prefixed).violations(), []);
    assert_eq!(report(&prefixed).alert(), report(TSUNAMI).alert());
}

struct Case {
    rule: Rule,
    element: &'static str,
    text: &'static str,
    from: &'static str,
    to: &'static str,
}

const fn case(
    rule: Rule,
    element: &'static str,
    text: &'static str,
    from: &'static str,
    to: &'static str,
) -> Case {
    Case { rule, element, text, from, to }
}

/// The nearest wrong alerts, each by one replacement in a right one.
const CASES: &[Case] = &[
    case(Rule::UnknownElement, "alert", TSUNAMI, "<scope>", "<colour>red</colour><scope>"),
    case(Rule::UnknownElement, "event", TSUNAMI, "<event>", "<event><b/>"),
    case(Rule::UnknownAttribute, "status", TSUNAMI, "<status>", "<status kind='1'>"),
    case(Rule::TextBetween, "info", TSUNAMI, "<language>", "x<language>"),
    case(Rule::Late, "sender", TSUNAMI, "  <status>", "<sender>a</sender>  <status>"),
    case(Rule::Again, "status", TSUNAMI, "<status>", "<status>Actual</status><status>"),
    case(Rule::Missing, "category", TSUNAMI, "<category>Geo</category>", ""),
    case(Rule::CodeValue, "status", TSUNAMI, "Actual", "actual"),
    case(Rule::CodeValue, "urgency", TSUNAMI, "Immediate", " Immediate"),
    case(Rule::Time, "sent", TSUNAMI, "05:21:00+09:00</sent>", "05:21:00Z</sent>"),
    case(Rule::Time, "expires", TSUNAMI, "2026-03-11T17:21:00", "2026-02-29T17:21:00"),
    case(Rule::UtcOffset, "sent", TSUNAMI, "11T05:21:00+09:00</sent>", "10T20:21:00+00:00</sent>"),
    case(Rule::LanguageTag, "language", TSUNAMI, ">en<", ">en_US<"),
    case(
        Rule::Number,
        "size",
        TSUNAMI,
        "<area>",
        "<resource><resourceDesc>a</resourceDesc><mimeType>a/b</mimeType><size>-1</size></resource><area>",
    ),
    case(Rule::Number, "altitude", TSUNAMI, "</geocode>", "</geocode><altitude>1e3</altitude>"),
    case(Rule::Reference, "references", CANCEL, "shiomi-0001,", "shiomi-0001 "),
    case(Rule::Identity, "identifier", TSUNAMI, "shiomi-0001", "shiomi,0001"),
    case(Rule::Identity, "sender", TSUNAMI, "bousai@", "bousai&amp;"),
    case(Rule::ReferenceNotEarlier, "references", CANCEL, "T05:26:00+09:00</sent>", "T05:20:59+09:00</sent>"),
    case(
        Rule::ReferenceNotEarlier,
        "references",
        CANCEL,
        "shiomi-0001,2026-03-11T05:21:00",
        "shiomi-0002,2026-03-11T05:26:00",
    ),
    case(Rule::RestrictionMissing, "restriction", TSUNAMI, "Public", "Restricted"),
    case(Rule::AddressesMissing, "addresses", TSUNAMI, "Public", "Private"),
    case(Rule::Quotation, "incidents", TSUNAMI, "shiomi-2026", "\"shiomi-2026"),
    case(Rule::Uri, "web", TSUNAMI, "<parameter>", "<web>www.shiomi.example</web><parameter>"),
    case(
        Rule::ResourceUri,
        "uri",
        TSUNAMI,
        "<area>",
        "<resource><resourceDesc>a</resourceDesc><mimeType>a/b</mimeType><uri>a b</uri></resource><area>",
    ),
    case(
        Rule::MimeType,
        "mimeType",
        TSUNAMI,
        "<area>",
        "<resource><resourceDesc>a</resourceDesc><mimeType>png</mimeType></resource><area>",
    ),
    case(
        Rule::Base64,
        "derefUri",
        TSUNAMI,
        "<area>",
        "<resource><resourceDesc>a</resourceDesc><mimeType>a/b</mimeType><derefUri>QQ=</derefUri></resource><area>",
    ),
    case(Rule::Polygon, "polygon", TSUNAMI, "33.7402,134.6071 33", "33.7402 134.6071 33"),
    case(Rule::PolygonOpen, "polygon", TSUNAMI, " 33.7402,134.6071</polygon>", "</polygon>"),
    case(Rule::Circle, "circle", TSUNAMI, "<geocode>", "<circle>33.7,134.6 -1</circle><geocode>"),
    case(Rule::OffEarth, "circle", TSUNAMI, "<geocode>", "<circle>134.6,33.7 1</circle><geocode>"),
    case(Rule::CeilingAlone, "ceiling", TSUNAMI, "</geocode>", "</geocode><ceiling>10</ceiling>"),
    case(
        Rule::CeilingBelow,
        "ceiling",
        TSUNAMI,
        "</geocode>",
        "</geocode><altitude>10</altitude><ceiling>9.9</ceiling>",
    ),
    case(
        Rule::SecondSignature,
        "Signature",
        TSUNAMI,
        "</alert>",
        "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></alert>",
    ),
    case(
        Rule::Late,
        "info",
        TSUNAMI,
        "  <info>",
        "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>  <info>",
    ),
    case(Rule::ProfileCode, "code", TSUNAMI, "JP-evac:1", "JP-evac:2"),
    case(Rule::Draft, "status", TSUNAMI, "Actual", "Draft"),
    case(Rule::NotForTheTown, "msgType", TSUNAMI, "<msgType>Alert", "<msgType>Ack"),
    case(Rule::NotPublic, "scope", TSUNAMI, "</scope>", "</scope><addresses>a</addresses>"),
    case(Rule::ExerciseUnnamed, "note", TSUNAMI, "Actual", "Exercise"),
    case(
        Rule::ReferencesMissing,
        "references",
        CANCEL,
        "<references>bousai@town.shiomi.example,shiomi-0001,2026-03-11T05:21:00+09:00</references>",
        "",
    ),
    case(Rule::ReferencesInAlert, "references", CANCEL, "Cancel", "Alert"),
    case(Rule::ForeignReference, "references", CANCEL, "<references>bousai", "<references>other"),
    case(Rule::ExpiresMissing, "expires", TSUNAMI, "<expires>2026-03-11T17:21:00+09:00</expires>", ""),
    case(Rule::ExpiresEarly, "expires", TSUNAMI, "2026-03-11T17:21:00", "2026-03-11T05:21:00"),
    case(
        Rule::ExpiresEarly,
        "expires",
        TSUNAMI,
        "<expires>",
        "<onset>2026-03-11T17:21:00+09:00</onset><expires>",
    ),
    case(Rule::ExpiresLate, "expires", TSUNAMI, "2026-03-11T17:21:00", "2026-03-18T05:21:01"),
    case(Rule::LanguageMissing, "language", TSUNAMI, "<language>ja<", "<language>ko<"),
    case(Rule::LanguageMissing, "info", TSUNAMI, "ja-simple", "ko"),
    case(Rule::LanguageMissing, "info", TSUNAMI, "<language>en<", "<language>ko<"),
    case(Rule::LanguageTwice, "language", TSUNAMI, "<language>en<", "<language>JA-simple<"),
    case(Rule::LanguagesDiffer, "severity", TSUNAMI, "Extreme", "Severe"),
    case(Rule::LanguagesDiffer, "area", TSUNAMI, "33.7518", "33.7519"),
    case(
        Rule::TextMissing,
        "instruction",
        TSUNAMI,
        "今すぐ汐見小学校へ歩いて避難してください。車は使わないでください。警報が解除されるまで戻らないでください。",
        " ",
    ),
    case(Rule::TextMissing, "senderName", TSUNAMI, "<senderName>汐見町</senderName>", ""),
    case(Rule::InvisibleCharacter, "description", TSUNAMI, "強い地震", "強い\u{202e}地震"),
    case(Rule::Parameter, "parameter", TSUNAMI, "<value>Tsunami</value>", "<value>Wave</value>"),
    case(Rule::LevelMissing, "parameter", FLOOD, "JP-evac:WarningLevel", "JP-evac:Destination"),
    case(
        Rule::LevelRefused,
        "parameter",
        TSUNAMI,
        "<valueName>JP-evac:Destination</valueName>\n      <value>汐見小学校</value>",
        "<valueName>JP-evac:WarningLevel</valueName><value>4</value>",
    ),
    case(Rule::LevelRefused, "headline", TSUNAMI, "<headline>大津波警報", "<headline>警戒レベル4 大津波警報"),
    case(Rule::LevelUnfit, "parameter", FLOOD, "<value>4<", "<value>5<"),
    case(Rule::LevelUnfit, "headline", FLOOD, "警戒レベル4 避難指示", "警戒レベル3 避難指示"),
    case(Rule::TsunamiKind, "parameter", FLOOD, "JP-evac:Destination", "JP-evac:TsunamiKind"),
    case(Rule::TsunamiKind, "parameter", TSUNAMI, "<value>EvacuationOrder", "<value>EvacuateElderly"),
    case(Rule::TsunamiKind, "headline", TSUNAMI, "<headline>大津波警報", "<headline>津波警報"),
    case(Rule::EventWords, "event", TSUNAMI, "<event>避難指示", "<event>避難勧告"),
    case(Rule::EventWords, "event", CANCEL, "<event>避難指示取消", "<event>避難指示解除"),
    case(Rule::MessageUnfit, "msgType", CANCEL, "Cancel", "Update"),
    case(Rule::MessageUnfit, "responseType", ALL_CLEAR, "<responseType>AllClear", "<responseType>None"),
    case(Rule::CancelWords, "headline", CANCEL, "取り消します", "おわびします"),
    case(Rule::CancelWords, "description", CANCEL, "There is no tsunami", "All clear. There is no tsunami"),
    case(Rule::AllClearWords, "headline", ALL_CLEAR, "避難指示を解除しました", "避難指示は終わりました"),
    case(Rule::AllClearWords, "event", ALL_CLEAR, "<event>All clear", "<event>Order cancelled"),
    case(Rule::AllClearWords, "description", ALL_CLEAR, "大津波警報はすべて解除", "大津波警報はすべて取り消"),
    case(Rule::MunicipalityCode, "geocode", TSUNAMI, "363871", "363872"),
    case(Rule::MunicipalityCode, "geocode", TSUNAMI, "JISX0402", "FIPS6"),
    case(Rule::NotInJapan, "circle", TSUNAMI, "<geocode>", "<circle>33.7,100 1</circle><geocode>"),
    case(
        Rule::NotSimple,
        "polygon",
        TSUNAMI,
        "33.7402,134.6188 33.7518,134.6188",
        "33.7518,134.6188 33.7402,134.6188",
    ),
    case(Rule::ReadingMalformed, "parameter", TSUNAMI, "阿部=あぶ", "阿部=Abu"),
    case(Rule::ReadingMissing, "areaDesc", TSUNAMI, "阿部=あぶ", "阿=あ"),
    case(Rule::ReadingMissing, "senderName", TSUNAMI, "<senderName>汐見町", "<senderName>汐見町長"),
    case(Rule::ReadingMissing, "parameter", TSUNAMI, "<value>汐見小学校<", "<value>汐見小学校裏山<"),
];

#[test]
fn each_rule_refuses_the_nearest_wrong_alert() {
    for Case { rule, element, text, from, to } in CASES {
        assert!(text.contains(from), "{rule:?}: {from}");
        let wrong = text.replacen(from, to, 1);
        let report = report(&wrong);
        let found = report.violations();
        let is_found = found.iter().any(|one| one.rule == *rule && one.element == *element);
        assert!(is_found, "{rule:?} of {element} is not in {found:#?}\n{wrong}");
        assert_eq!(report.keeps_to_cap(), rule.breaks() == Breaks::Profile, "{rule:?}: {found:#?}");
        assert!(report.into_valid().is_err());
    }
}

#[test]
fn a_warning_level_belongs_to_some_hazards_only() {
    let rules =
        |text: &str| -> BTreeSet<Rule> { report(text).violations().iter().map(|one| one.rule).collect() };
    let level = "    <parameter>\n      <valueName>JP-evac:WarningLevel</valueName>\n      <value>4</value>\n    </parameter>\n";
    assert_eq!(FLOOD.matches(level).count(), 3);
    for hazard in ["Flood", "Landslide", "StormSurge", "InlandFlood"] {
        let text = FLOOD.replace("<value>Flood", &format!("<value>{hazard}"));
        assert_eq!(rules(&text), BTreeSet::new(), "{hazard}");
        assert_eq!(rules(&text.replace(level, "")), BTreeSet::from([Rule::LevelMissing]), "{hazard}");
    }
    for hazard in ["Earthquake", "Fire", "Volcano"] {
        let text = FLOOD.replace("<value>Flood", &format!("<value>{hazard}"));
        assert_eq!(rules(&text), BTreeSet::from([Rule::LevelRefused]), "{hazard}");
        let words_only = text.replace(level, "");
        assert_eq!(rules(&words_only), BTreeSet::from([Rule::LevelRefused]), "{hazard}");
        assert_eq!(rules(&words_only.replace("警戒レベル", "")), BTreeSet::new(), "{hazard}");
        let other_scale = rules(&words_only.replace("警戒レベル", "噴火警戒レベル"));
        assert_eq!(other_scale.is_empty(), hazard == "Volcano", "{hazard}");
    }
    // Digits of either width, and no second level beside it.
    assert_eq!(rules(&FLOOD.replace("警戒レベル4", "警戒レベル４")), BTreeSet::new());
    let two = FLOOD.replacen("警戒レベル4 避難指示", "警戒レベル4 避難指示 警戒レベル3から", 1);
    assert_eq!(rules(&two), BTreeSet::from([Rule::LevelUnfit]));
}

#[test]
fn every_rule_has_a_case() {
    let tried: BTreeSet<Rule> = CASES.iter().map(|case| case.rule).collect();
    let without = Rule::ALL.iter().filter(|rule| !tried.contains(rule) && **rule != Rule::AreaMissing);
    assert_eq!(without.collect::<Vec<_>>(), Vec::<&Rule>::new());
}

#[test]
fn an_alert_without_places_is_named() {
    let mut text = TSUNAMI.to_owned();
    while let (Some(from), Some(to)) = (text.find("    <area>"), text.find("</area>\n")) {
        text.replace_range(from..to + "</area>\n".len(), "");
    }
    assert!(report(&text).violations().iter().any(|one| one.rule == Rule::AreaMissing));
}

#[test]
fn a_violation_names_line_clause_and_element() {
    let lines = |from: &str, to: &str| -> Vec<String> {
        report(&TSUNAMI.replacen(from, to, 1)).violations().iter().map(ToString::to_string).collect()
    };
    let line_of = |text: &str| TSUNAMI.lines().position(|line| line.contains(text)).unwrap() + 1;
    assert_eq!(
        lines("<status>Actual", "<status>Real"),
        [format!(
            "line {}: breaks CAP, CAP 1.2 §3.2: status is none of the code values",
            line_of("<status>")
        )]
    );
    let area = line_of("<areaDesc>汐見町 阿部");
    assert_eq!(
        lines("<areaDesc>汐見町 阿部", "<areaDesc>汐見町 阿部 宮内"),
        [format!("line {area}: breaks profile, JP-evac §8: areaDesc has a name whose reading is not given")]
    );
    // What is missing is missing in its parent's line.
    let info = line_of("<language>ja-simple") - 1;
    let easy = TSUNAMI.split("ja-simple").nth(1).unwrap();
    let headline = easy.lines().find(|line| line.contains("<headline>")).unwrap();
    let found = lines(headline, "");
    assert_eq!(found, [format!("line {info}: breaks profile, JP-evac §4: headline is empty or missing")]);
}
