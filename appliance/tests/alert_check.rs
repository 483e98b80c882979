//! `hinamorictl alert check` as anybody types it, on a machine that is no box.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

const ORDER: &str = include_str!("../../crates/alert/tests/fixtures/tsunami.xml");

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn check(files: &[&Path]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinamorictl"));
    command.args(["--config", "/nowhere/box.toml", "alert", "check"]);
    let out = command.args(files).output().unwrap();
    (out.status.code(), String::from_utf8(out.stdout).unwrap())
}

#[test]
fn each_file_is_judged_and_the_exit_status_says_whether_all_are_fine() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let fine = write(folder, "fine.xml", ORDER);
    let wrong = ORDER.replacen("Actual", "Draft", 1).replacen("<scope>Public", "<scope>Private", 1);
    let wrong = write(folder, "wrong.xml", &wrong);
    let hostile = "<!DOCTYPE alert [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><alert>&a;</alert>";
    let hostile = write(folder, "hostile.xml", hostile);
    let missing = folder.join("missing.xml");
    assert_eq!(check(&[&fine, &fine]), (Some(0), format!("{0}: fine\n{0}: fine\n", fine.display())));
    let (code, said) = check(&[&fine, &wrong, &hostile, &missing]);
    let expected = format!(
        "{}: fine\n\
         {}: not fine\n  \
           line 2: breaks CAP, CAP 1.2 §3.2.1: addresses is missing, and the scope is Private\n  \
           line 6: breaks profile, JP-evac §1: status is a draft, which is never published\n  \
           line 8: breaks profile, JP-evac §1: scope is not public, or names somebody in particular\n\
         {}: refused: line 1: it has a document type declaration\n\
         {}: cannot be read: No such file or directory (os error 2)\n",
        fine.display(),
        wrong.display(),
        hostile.display(),
        missing.display(),
    );
    assert_eq!((code, said), (Some(1), expected));
    let (code, _) = check(&[]);
    assert_eq!(code, Some(2), "somebody who forgot the file hears nothing is fine");
}
