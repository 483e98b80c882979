//! `hinamorictl cert check`: a certificate judged by a box's own rules, on any machine and without a town.

use std::path::{Path, PathBuf};

use hinamori_model::UnixMillis;
use hinamori_pki::{PathQuestion, PathReport, check_path, der_values, time_of};

use crate::clock;

/// What is to be checked: files in DER, or in PEM with any number of blocks.
#[derive(Debug, clap::Args)]
pub struct CertCheck {
    /// The certificate.
    certificate: PathBuf,
    /// A self-signed authority that is trusted.
    #[arg(long = "anchor", required = true)]
    anchors: Vec<PathBuf>,
    /// Authorities that may stand between, in any order.
    #[arg(long = "chain")]
    chain: Vec<PathBuf>,
    /// Revocation lists, complete ones and delta lists.
    #[arg(long = "crl")]
    lists: Vec<PathBuf>,
    /// The policy that every certificate below the anchor must state, as 1.2.392.200149.8.5.1.3.30.
    #[arg(long)]
    policy: Option<String>,
    /// When, as 2026-05-01T00:00:00Z; now without it.
    #[arg(long, value_parser = parse_time)]
    time: Option<UnixMillis>,
}

fn parse_time(text: &str) -> Result<UnixMillis, &'static str> {
    time_of(text).ok_or("no time of the form 2026-05-01T00:00:00Z")
}

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
pub enum CertCheckError {
    /// The disk, or the name.
    #[error("{0} cannot be read")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file.
    #[error("{0} holds no DER and no PEM")]
    Empty(PathBuf),
    /// The certificate's file holds several values.
    #[error("{0} holds more than the one certificate")]
    Several(PathBuf),
    /// The certificate.
    #[error("{0}: {1}")]
    Malformed(PathBuf, #[source] hinamori_pki::MalformedCertificate),
}

/// Checks the certificate.
///
/// # Errors
/// [`CertCheckError`]; a certificate that is not fine is none.
pub fn run(check: &CertCheck) -> Result<PathReport, CertCheckError> {
    let certificate = values(std::slice::from_ref(&check.certificate))?;
    let [certificate] = certificate.as_slice() else {
        return Err(CertCheckError::Several(check.certificate.clone()));
    };
    let (anchors, chain, lists) = (values(&check.anchors)?, values(&check.chain)?, values(&check.lists)?);
    let question = PathQuestion {
        certificate,
        anchors: &slices(&anchors),
        candidates: &slices(&chain),
        lists: &slices(&lists),
        policy: check.policy.as_deref(),
        time: check.time.unwrap_or_else(clock::wall),
    };
    check_path(&question).map_err(|error| CertCheckError::Malformed(check.certificate.clone(), error))
}

fn slices(values: &[Vec<u8>]) -> Vec<&[u8]> {
    values.iter().map(Vec::as_slice).collect()
}

fn values(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, CertCheckError> {
    let mut all = Vec::new();
    for file in files {
        all.extend(values_of(file)?);
    }
    Ok(all)
}

fn values_of(file: &Path) -> Result<Vec<Vec<u8>>, CertCheckError> {
    let bytes = std::fs::read(file).map_err(|error| CertCheckError::Unreadable(file.to_owned(), error))?;
    match der_values(&bytes) {
        values if values.is_empty() => Err(CertCheckError::Empty(file.to_owned())),
        values => Ok(values),
    }
}
