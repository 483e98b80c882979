//! Messages of the Meteorological Agency about tsunamis (VTSE41), as they are believed to look: see docs/prepared-release.md.

use std::fmt::Write as _;

/// A message. Times are as XML has them: `2026-03-11T05:21:00+09:00`.
#[derive(Debug, Clone)]
pub struct TsunamiMessage {
    /// 通常, 訓練 or 試験.
    pub status: &'static str,
    /// 発表, 訂正 or 取消.
    pub info: &'static str,
    /// The number of the event.
    pub event: &'static str,
    /// When the agency says it.
    pub reported: String,
    /// Code of the segment, code of the warning, time of the first wave; a word of the agency's in place of a time is a condition.
    pub areas: Vec<(u16, &'static str, String)>,
}

impl TsunamiMessage {
    /// Its bytes.
    pub fn xml(&self) -> String {
        let Self { status, info, event, reported, areas } = self;
        let mut items = String::new();
        for (segment, code, arrives) in areas {
            let first = match arrives.as_str() {
                "" => String::new(),
                time if time.starts_with('2') => format!("<ArrivalTime>{time}</ArrivalTime>"),
                condition => format!("<Condition>{condition}</Condition>"),
            };
            // Writing to a string does not fail.
            write!(
                items,
                "<Item><Area><Name>海岸{segment}</Name><Code>{segment}</Code></Area><Category><Kind><Name>津波</Name><Code>{code}</Code></Kind>\
                 <LastKind><Name>津波なし</Name><Code>00</Code></LastKind></Category><FirstHeight>{first}</FirstHeight><MaxHeight>\
                 <jmx_eb:TsunamiHeight type=\"津波の高さ\" unit=\"m\" description=\"１０ｍ超\">NaN</jmx_eb:TsunamiHeight></MaxHeight></Item>"
            )
            .ok();
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n\
             <Report xmlns=\"http://xml.kishou.go.jp/jmaxml1/\" xmlns:jmx=\"http://xml.kishou.go.jp/jmaxml1/\">\n\
             <Control><Title>津波警報・注意報・予報a</Title><DateTime>2026-03-10T20:21:09Z</DateTime><Status>{status}</Status>\
             <EditorialOffice>気象庁本庁</EditorialOffice><PublishingOffice>気象庁</PublishingOffice></Control>\n\
             <Head xmlns=\"http://xml.kishou.go.jp/jmaxml1/informationBasis1/\"><Title>大津波警報・津波警報・津波注意報・津波予報</Title>\
             <ReportDateTime>{reported}</ReportDateTime><TargetDateTime>{reported}</TargetDateTime><EventID>{event}</EventID>\
             <InfoType>{info}</InfoType><Serial/><InfoKind>津波警報・注意報・予報</InfoKind><InfoKindVersion>1.0_1</InfoKindVersion>\
             <Headline><Text>ただちに避難してください。</Text></Headline></Head>\n\
             <Body xmlns=\"http://xml.kishou.go.jp/jmaxml1/body/seismology1/\" xmlns:jmx_eb=\"http://xml.kishou.go.jp/jmaxml1/elementBasis1/\">\
             <Tsunami><Forecast>{items}</Forecast></Tsunami></Body>\n</Report>\n"
        )
    }
}
