//! `hinamorictl cert check` as anybody types it, on a machine that is no box.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hinamori_sim::ca::{Hierarchy, Holder, NOW};

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn check(arguments: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinamorictl"));
    command.args(["--config", "/nowhere/box.toml", "cert", "check", "--time", "2026-05-01T00:00:00Z"]);
    command.args(arguments).output().unwrap()
}

#[test]
fn one_line_says_whether_a_certificate_is_fine_and_so_does_the_exit_status() {
    let (jpki, holder) = (Hierarchy::jpki_auth(1), Holder::numbered(7));
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let card = write(folder, "card", &jpki.issue(&holder).certificate);
    let anchor = write(folder, "anchor", jpki.anchor_der());
    let list = jpki.crl(&holder.municipality, 1, NOW);
    let (anchor_option, list_option) = (Path::new("--anchor"), Path::new("--crl"));
    let said = |list: &Path| {
        let out = check(&[&card, anchor_option, &anchor, list_option, list]);
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let fine = "fine; path: leads to an anchor, authorities between: 0; \
                certificate: not revoked as of 2026-05-01T00:00:00Z (fresh)\n";
    assert_eq!(said(&write(folder, "list", &list.issue())), (Some(0), fine.to_owned()));
    let revoking = list.revoking(&holder.serial(), NOW, 1).issue();
    let (code, line) = said(&write(folder, "revoking", &revoking));
    assert_eq!(code, Some(1));
    assert!(
        line.starts_with("not fine; ")
            && line.ends_with("certificate: revoked at 2026-05-01T00:00:00Z, reason 1\n")
    );
    let (code, line) = said(&write(folder, "nothing", b"nothing"));
    assert_eq!((code, line.as_str()), (Some(1), ""));
}
