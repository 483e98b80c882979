//! NIST's Public Key Interoperability Test Suite (PKITS, edition of 2011), judged by [`check_path`], with the
//! score of each section. `tests/pkits.sh` brings the files; which verdict is right stands in `cases.rs`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cases;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use cases::{CASES, Case, Verdict};
use hinamori_model::UnixMillis;
use hinamori_pki::{MalformedCertificate, PathQuestion, PathReport, check_path};

/// 2026-05-01T00:00:00Z: everything that the suite means to be valid is, until the end of 2030.
const TIME: UnixMillis = UnixMillis::new(1_777_593_600_000);
/// How many cases of each section are judged here: none goes away unnoticed.
const CASES_OF: [(&str, usize); 9] = [
    ("4.1", 6),
    ("4.2", 8),
    ("4.3", 11),
    ("4.4", 21),
    ("4.5", 8),
    ("4.6", 17),
    ("4.7", 5),
    ("4.14", 35),
    ("4.15", 10),
];
/// Cases of which none may be wrong, by section.
const WITHOUT_EXCEPTION: [&str; 7] = ["4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.15"];

fn main() -> ExitCode {
    // `cargo test` asks every test program for its list too.
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let folder = data();
    let (mut scores, mut wrong) = (BTreeMap::<Section, Score>::new(), Vec::new());
    for case in CASES {
        let score = scores.entry(Section::of(case)).or_default();
        score.cases += 1;
        let report = report(case, &folder);
        let fine = report.as_ref().is_ok_and(PathReport::is_fine);
        let right = fine == (case.verdict != Verdict::Invalid);
        match (right, case.verdict) {
            (true, Verdict::ValidAndRefused(why)) => {
                wrong.push(format!("{} is accepted; it is said to be refused: {why}", case.name));
            }
            (true, _) => score.right += 1,
            (false, Verdict::ValidAndRefused(why)) => score.refused.push(format!("{}: {why}", case.name)),
            (false, verdict) => wrong.push(format!("{} is {verdict:?}: {}", case.name, text_of(&report))),
        }
    }
    println!("\nPKITS, cases judged as the suite says:");
    let (mut right, mut cases) = (0, 0);
    for (Section(major, minor), score) in &scores {
        let section = format!("{major}.{minor}");
        println!("  {section:5} {:3} of {:3}", score.right, score.cases);
        for refused in &score.refused {
            println!("        refused by design: {refused}");
        }
        if WITHOUT_EXCEPTION.contains(&section.as_str()) && score.right != score.cases {
            wrong.push(format!("section {section} has to be without exception"));
        }
        (right, cases) = (right + score.right, cases + score.cases);
    }
    println!("  all   {right:3} of {cases:3}\n");
    let here = scores.iter().map(|(Section(major, minor), score)| (format!("{major}.{minor}"), score.cases));
    let expected = CASES_OF.map(|(section, cases)| (section.to_owned(), cases));
    if !here.clone().eq(expected) {
        wrong.push(format!("the cases are not those of the suite: {:?}", here.collect::<Vec<_>>()));
    }
    for wrong in &wrong {
        println!("WRONG: {wrong}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn text_of(report: &Result<PathReport, MalformedCertificate>) -> String {
    report.as_ref().map_or_else(ToString::to_string, ToString::to_string)
}

#[derive(Default)]
struct Score {
    cases: usize,
    right: usize,
    refused: Vec<String>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Section(u8, u8);

impl Section {
    fn of(case: &Case) -> Self {
        let mut numbers = case.name.split(['.', ' ']).map(|number| number.parse().unwrap_or(0));
        Self(numbers.next().unwrap(), numbers.next().unwrap())
    }
}

/// Where the suite's files are; brings them where they are missing.
fn data() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let brought = Command::new(root.join("tests/pkits.sh")).status();
    assert!(brought.is_ok_and(|status| status.success()), "PKITS is not here, and tests/pkits.sh failed");
    root.join("target/pkits")
}

fn report(case: &Case, folder: &Path) -> Result<PathReport, MalformedCertificate> {
    let read = |kind: &str, name: &str, ending: &str| {
        let path = folder.join(kind).join(format!("{name}.{ending}"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let certificates: Vec<_> = case.certificates.iter().map(|name| read("certs", name, "crt")).collect();
    let certificates: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
    let anchor = read("certs", "TrustAnchorRootCertificate", "crt");
    let lists = ["TrustAnchorRootCRL"].iter().chain(case.lists);
    let lists: Vec<_> = lists.map(|name| read("crls", name, "crl")).collect();
    let lists: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
    let (checked, candidates) = certificates.split_last().unwrap();
    let question = PathQuestion {
        certificate: checked,
        anchors: &[&anchor],
        candidates,
        lists: &lists,
        policy: None,
        time: TIME,
    };
    check_path(&question)
}
