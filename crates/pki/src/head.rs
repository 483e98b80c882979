//! What a list says before its entries and its signature are looked at (RFC 5280 §5.2, §6.3.3).

use der::{Decode, Encode};
use hinamori_crl::{Crl, ListKind, Stated};
use hinamori_model::UnixMillis;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BaseCrlNumber, CrlNumber};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::authority::{Authority, check_validity};
use crate::certificate::{decode_extension, sha256};
use crate::name::names_of_point;
use crate::signature::{only_form, verify};
use crate::{CrlRefused, oid};

/// Bytes of a list's extensions and of its issuer's name: a budget for what nobody signed yet.
const LONGEST_EXTENSIONS: usize = 16 << 10;
/// Names of one distribution point.
const MOST_NAMES: usize = 16;

/// Which certificates a list covers of those that its names stand for (§5.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covers {
    /// All.
    All,
    /// onlyContainsUserCerts
    Holders,
    /// onlyContainsCACerts
    Authorities,
}

/// A list's number and scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) number: Vec<u8>,
    /// BaseCRLNumber of a delta list.
    pub(crate) base: Option<Vec<u8>>,
    /// DER GeneralNames; one empty name where the list has none and speaks for all that its issuer issued.
    pub(crate) points: Vec<Vec<u8>>,
    pub(crate) covers: Covers,
}

impl Head {
    pub(crate) fn of(list: &Crl<'_>) -> Result<Self, CrlRefused> {
        if list.next_update.is_none() {
            return Err(CrlRefused::NoNextUpdate);
        }
        let extensions = extensions_of(list)?;
        check_duplicates(&extensions)?;
        check_critical(&extensions)?;
        let base = match decode_extension::<BaseCrlNumber>(&extensions, oid::DELTA_CRL_INDICATOR) {
            None => None,
            Some(Ok(base)) => Some(base.0.as_bytes().to_vec()),
            Some(Err(_malformed)) => return Err(CrlRefused::NoNumber),
        };
        let number = match decode_extension::<CrlNumber>(&extensions, oid::CRL_NUMBER) {
            Some(Ok(number)) => number.0.as_bytes().to_vec(),
            Some(Err(_)) | None => return Err(CrlRefused::NoNumber),
        };
        let (points, covers) = scope_of(&extensions, &exactly(list.issuer)?)?;
        Ok(Self { number: stripped(number), base: base.map(stripped), points, covers })
    }

    /// SHA-256 of the distribution point's names, followed by onlyContainsUserCerts or onlyContainsCACerts as
    /// the extension writes them: each of these is a row of lists with numbers of its own.
    pub(crate) fn scope(&self) -> [u8; 32] {
        let mut bytes = self.points.concat();
        bytes.extend_from_slice(match self.covers {
            Covers::All => &[],
            Covers::Holders => &[0x81, 1, 0xFF],
            Covers::Authorities => &[0x82, 1, 0xFF],
        });
        sha256(&bytes)
    }

    pub(crate) fn kind(&self) -> ListKind<'_> {
        self.base.as_ref().map_or(ListKind::Complete, |base| ListKind::Delta { base })
    }
}

/// A list of which everything holds but, perhaps, the signature.
#[derive(Debug, Clone)]
pub struct ListHead {
    head: Head,
    /// The keys that may have signed it: one, where the list names it.
    signers: Vec<SubjectPublicKeyInfoOwned>,
    algorithm: AlgorithmIdentifierOwned,
}

impl ListHead {
    pub(crate) fn of<'a>(
        list: &Crl<'_>,
        authorities: impl Iterator<Item = &'a Authority>,
        now: UnixMillis,
    ) -> Result<Self, CrlRefused> {
        let head = Head::of(list)?;
        let extensions = extensions_of(list)?;
        let stated = decode_extension::<AuthorityKeyIdentifier>(&extensions, oid::AUTHORITY_KEY_IDENTIFIER);
        let stated = stated.and_then(Result::ok).and_then(|stated| stated.key_identifier);
        let stated = stated.as_ref().map(|stated| stated.as_bytes());
        let issuer = exactly::<Name>(list.issuer)?;
        let algorithm = exactly::<AlgorithmIdentifierOwned>(list.algorithm)?;
        let mut signers = Vec::new();
        let mut refused = CrlRefused::WrongSigner;
        for authority in authorities {
            if !authority.may_have_issued(&issuer, stated) || !authority.may_sign_lists() {
                continue;
            }
            // A box whose clock stands in the past believes the authority's own time.
            if check_validity(&authority.0, now.max(list.this_update)).is_err() {
                refused = CrlRefused::SignerNotValid;
            } else if !signers.contains(authority.key()) {
                signers.push(authority.key().clone());
            }
        }
        if signers.is_empty() { Err(refused) } else { Ok(Self { head, signers, algorithm }) }
    }

    /// Whether the list stands alone: what its index is built as, while the signature is checked.
    pub fn kind(&self) -> ListKind<'_> {
        self.head.kind()
    }

    /// Checks the signature over the same list (§6.3.3 (g)): reads all that was signed, once for each key that
    /// comes into question, and may run in a thread of its own.
    ///
    /// # Errors
    /// [`CrlRefused::WrongSigner`].
    pub fn check_signature(&self, list: &Crl<'_>) -> Result<SignedHead, CrlRefused> {
        let signed = |key: &&SubjectPublicKeyInfoOwned| {
            verify(key, &self.algorithm, list.signed, list.signature).is_ok()
        };
        let key = self.signers.iter().find(signed).ok_or(CrlRefused::WrongSigner)?;
        let content = sha256(&only_form(key, list.signature));
        let key = key.to_der().map_err(|_cannot_be_encoded| CrlRefused::WrongSigner)?;
        Ok(SignedHead { issuer: sha256(&key), scope: self.head.scope(), head: self.head.clone(), content })
    }
}

/// Proof that an authority signed a list. Only [`ListHead::check_signature`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    head: Head,
    issuer: [u8; 32],
    scope: [u8; 32],
    content: [u8; 32],
}

impl SignedHead {
    /// What the list's index is named by. `issuer` is the SHA-256 of the signer's SubjectPublicKeyInfo.
    /// `scope` is that of the distribution point's names, with the kind of certificates behind them where the
    /// list is limited to one. `content` is the SHA-256 of the signature, which stands for what was signed and
    /// saves reading it a second time: other content has another signature. An ECDSA signature, of which anybody can
    /// write a second form, goes in as r and the smaller s. An authority that signs the same bytes twice by ECDSA
    /// makes two contents of them all the same: two signatures under one number are reason enough to look.
    pub fn stated(&self) -> Stated<'_> {
        Stated {
            kind: self.head.kind(),
            issuer: self.issuer,
            scope: self.scope,
            number: &self.head.number,
            content: self.content,
        }
    }
}

/// Without leading zeros.
fn stripped(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// Decodes what is encoded in exactly one way (X.690 §10).
fn exactly<'a, T: Decode<'a> + Encode>(der: &'a [u8]) -> Result<T, CrlRefused> {
    if der.len() > LONGEST_EXTENSIONS {
        return Err(CrlRefused::TooLong);
    }
    let value = T::from_der(der).map_err(|_malformed| CrlRefused::Malformed)?;
    if value.to_der().ok().as_deref() == Some(der) { Ok(value) } else { Err(CrlRefused::Malformed) }
}

fn extensions_of(list: &Crl<'_>) -> Result<Vec<Extension>, CrlRefused> {
    list.extensions.map_or_else(|| Ok(Vec::new()), exactly)
}

fn check_duplicates(extensions: &[Extension]) -> Result<(), CrlRefused> {
    let mut rest = extensions;
    while let [first, others @ ..] = rest {
        if others.iter().any(|other| other.extn_id == first.extn_id) {
            return Err(CrlRefused::DuplicateExtension);
        }
        rest = others;
    }
    Ok(())
}

fn check_critical(extensions: &[Extension]) -> Result<(), CrlRefused> {
    let known = [oid::ISSUING_DISTRIBUTION_POINT, oid::DELTA_CRL_INDICATOR];
    let unknown =
        extensions.iter().any(|extension| extension.critical && !known.contains(&extension.extn_id));
    if unknown { Err(CrlRefused::UnknownCriticalExtension) } else { Ok(()) }
}

/// The names of the list's distribution point, and which certificates it covers.
fn scope_of(extensions: &[Extension], issuer: &Name) -> Result<(Vec<Vec<u8>>, Covers), CrlRefused> {
    let everything = vec![Vec::new()];
    let point =
        match decode_extension::<IssuingDistributionPoint>(extensions, oid::ISSUING_DISTRIBUTION_POINT) {
            None => return Ok((everything, Covers::All)),
            Some(Err(_malformed)) => return Err(CrlRefused::NoDistributionPoint),
            Some(Ok(point)) => point,
        };
    let IssuingDistributionPoint {
        distribution_point,
        only_contains_user_certs,
        only_contains_ca_certs,
        only_some_reasons,
        indirect_crl,
        only_contains_attribute_certs,
    } = point;
    let covers = match (only_contains_user_certs, only_contains_ca_certs) {
        (false, false) => Covers::All,
        (true, false) => Covers::Holders,
        (false, true) => Covers::Authorities,
        (true, true) => return Err(CrlRefused::OtherKind),
    };
    if only_contains_attribute_certs || indirect_crl || only_some_reasons.is_some() {
        return Err(CrlRefused::OtherKind);
    }
    let Some(point) = distribution_point else { return Ok((everything, covers)) };
    match names_of_point(&point, issuer) {
        names if names.is_empty() || names.len() > MOST_NAMES => Err(CrlRefused::NoDistributionPoint),
        names => Ok((names, covers)),
    }
}
