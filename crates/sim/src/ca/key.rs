//! RSA keys from a seed.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use der::asn1::ObjectIdentifier;
use hinamori_model::SpkiHash;
use rand_chacha::ChaCha20Rng;
use ring::digest::{SHA256, digest};
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::rand_core::SeedableRng as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BigUint, RsaPrivateKey};

use super::asn1;
use super::prime::random_prime;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// DER of DigestInfo up to the 32 bytes of a SHA-256 (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// The private key could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// PKCS#1 v1.5 needs 11 bytes of the modulus for itself (RFC 8017 §9.2).
    #[error("{length} bytes are too many to sign with a 2048-bit key")]
    TooLong {
        /// Bytes given.
        length: usize,
    },
}

/// What a numbered holder's key is for. Each use is a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// The authentication certificate.
    Authentication = 0,
    /// The signature certificate.
    Signature = 1,
    /// The text applet, which answers without a PIN.
    TextApplet = 2,
    /// The surface applet, which answers without a PIN.
    SurfaceApplet = 3,
}

/// A 2048-bit RSA key that everybody who knows the seed can make again: for tests and the demo only.
#[derive(Clone)]
pub struct Key(Arc<Parts>);

struct Parts {
    private: RsaPrivateKey,
    spki: Vec<u8>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key(hidden)")
    }
}

/// Making an RSA key takes a large part of a second, so that every key is made once in a process; different
/// keys can be made at the same time.
struct Made<K>(LazyLock<Mutex<Cells<K>>>);
type Cells<K> = BTreeMap<K, Arc<OnceLock<Key>>>;

impl<K: Ord> Made<K> {
    const fn nothing() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    fn once(&self, name: K, make: impl FnOnce() -> RsaPrivateKey) -> Key {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::clone(cells.entry(name).or_default());
        drop(cells);
        cell.get_or_init(|| Key::new(make())).clone()
    }
}

static NAMED: Made<(u64, String)> = Made::nothing();
static HELD: Made<(u64, u64)> = Made::nothing();

impl Key {
    /// The key called `name`, such as an authority's.
    pub fn named(seed: u64, name: &str) -> Self {
        NAMED.once((seed, name.to_owned()), || generate(seed, name))
    }

    /// The key of a numbered card holder.
    ///
    /// A thousand holders must not cost a thousand key generations: these keys are the pairs of a small
    /// set of primes. Any two of them can be factored, which no test minds.
    pub fn held(seed: u64, holder: u32, usage: KeyUse) -> Self {
        let number = u64::from(holder) * 4 + usage as u64;
        HELD.once((seed, number), || pair_of_primes(seed, number))
    }

    fn new(private: RsaPrivateKey) -> Self {
        let public = asn1::sequence(&[
            asn1::integer(&private.n().to_bytes_be()),
            asn1::integer(&private.e().to_bytes_be()),
        ]);
        let algorithm = asn1::sequence(&[asn1::oid(&RSA_ENCRYPTION), asn1::value(0x05, &[])]);
        let spki = asn1::sequence(&[algorithm, asn1::bits(&public)]);
        Self(Arc::new(Parts { private, spki }))
    }

    /// The DER SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// SHA-256 of [`Self::spki`].
    pub fn spki_sha256(&self) -> SpkiHash {
        let mut hash = [0; 32];
        hash.iter_mut().zip(digest(&SHA256, self.spki()).as_ref()).for_each(|(to, from)| *to = *from);
        SpkiHash(hash)
    }

    /// The modulus and the public exponent, big-endian without leading zeros.
    pub fn modulus_and_exponent(&self) -> (Vec<u8>, Vec<u8>) {
        (self.0.private.n().to_bytes_be(), self.0.private.e().to_bytes_be())
    }

    /// PKCS#1 v1.5 padding and the private operation over the bytes as given, as a card does it with P1 = 00.
    ///
    /// # Errors
    /// [`KeyError::TooLong`] above 245 bytes.
    pub fn sign_digest_info(&self, digest_info: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0
            .private
            .sign(Pkcs1v15Sign::new_unprefixed(), digest_info)
            .map_err(|_too_long| KeyError::TooLong { length: digest_info.len() })
    }

    /// sha256WithRSAEncryption over `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_digest_info(&sha256_digest_info(message)).unwrap_or_default()
    }
}

/// DigestInfo of the SHA-256 of `message`: what a terminal hands to a card to sign.
pub fn sha256_digest_info(message: &[u8]) -> Vec<u8> {
    [&SHA256_DIGEST_INFO, digest(&SHA256, message).as_ref()].concat()
}

#[expect(clippy::expect_used, reason = "a SHA-256 has 32 bytes; two distinct primes make a key")]
fn generate(seed: u64, name: &str) -> RsaPrivateKey {
    let label = [&seed.to_be_bytes(), name.as_bytes()].concat();
    let random = digest(&SHA256, &label).as_ref().try_into().map(ChaCha20Rng::from_seed);
    let mut random = random.expect("a SHA-256 has 32 bytes");
    let (p, q) = (random_prime(&mut random), random_prime(&mut random));
    RsaPrivateKey::from_p_q(p, q, BigUint::from(65_537_u32)).expect("key of two primes")
}

/// The key made of the `number`-th pair of distinct primes: (0,1), (0,2), (1,2), (0,3), ...
#[expect(clippy::expect_used, reason = "two distinct 1024-bit primes make a key; test support may stop here")]
fn pair_of_primes(seed: u64, number: u64) -> RsaPrivateKey {
    let (mut low, mut high) = (number, 1);
    while low >= high {
        low -= high;
        high += 1;
    }
    RsaPrivateKey::from_p_q(prime(seed, low), prime(seed, high), BigUint::from(65_537_u32))
        .expect("key of two primes")
}

/// The `index`-th prime of a seed; each generated key yields two.
#[expect(clippy::expect_used, reason = "a generated key has two primes; test support may stop here")]
fn prime(seed: u64, index: u64) -> BigUint {
    let source = Key::named(seed, &format!("primes {}", index / 2));
    let mut primes = source.0.private.primes().iter();
    let prime = if index.is_multiple_of(2) { primes.next() } else { primes.next_back() };
    prime.expect("two primes").clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_from_the_seed_and_differ_by_holder_and_use() {
        let first = Key::held(1, 0, KeyUse::Authentication);
        let again = Key::new(pair_of_primes(1, 0));
        assert_eq!(first.spki(), again.spki());
        let mut hashes: Vec<_> = (0..6)
            .flat_map(|holder| [KeyUse::Authentication, KeyUse::Signature].map(|usage| (holder, usage)))
            .map(|(holder, usage)| Key::held(1, holder, usage).spki_sha256())
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 12);
        assert_eq!(first.modulus_and_exponent().0.len(), 256);
    }

    #[test]
    fn a_card_signs_what_fits() {
        let key = Key::held(1, 0, KeyUse::Authentication);
        assert_eq!(key.sign_digest_info(&[7; 245]).map(|signature| signature.len()).ok(), Some(256));
        assert!(matches!(key.sign_digest_info(&[7; 246]), Err(KeyError::TooLong { length: 246 })));
        assert_eq!(format!("{key:?}"), "Key(hidden)");
    }
}
