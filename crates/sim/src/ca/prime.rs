//! Primes for test keys, found fast.
//!
//! Nearly all time of making an RSA key goes into testing candidates that are not prime. A sieve with all
//! primes below 2^16 leaves a third of the candidates that the key library would test, and one Fermat test
//! is enough for each: a random composite of 1024 bits passes it about as often as the machine miscalculates.

use std::sync::LazyLock;

use rsa::BigUint;
use rsa::rand_core::RngCore;

/// Bytes of a prime: half of a 2048-bit modulus.
const BYTES: usize = 128;
/// Odd numbers looked at from one random start: eleven times the mean distance of primes.
const WINDOW: usize = 4_096;
const PUBLIC_EXPONENT: u32 = 65_537;

static SMALL_PRIMES: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut composite = vec![false; 1 << 16];
    let mut primes = Vec::new();
    for number in 3_usize..1 << 16 {
        if number.is_multiple_of(2) || composite.get(number) != Some(&false) {
            continue;
        }
        primes.push(number as u64);
        composite.iter_mut().skip(number * number).step_by(number).for_each(|mark| *mark = true);
    }
    primes
});

/// A prime of 1024 bits, the two highest set, that fits the public exponent 65537.
pub(super) fn random_prime(random: &mut impl RngCore) -> BigUint {
    loop {
        let mut start = [0; BYTES];
        random.fill_bytes(&mut start);
        let [first, .., last] = &mut start;
        *first |= 0b1100_0000;
        *last |= 1;
        let start_number = BigUint::from_bytes_be(&start);
        let candidates = sieve(&start).into_iter().enumerate().filter(|(_, composite)| !composite);
        let mut candidates = candidates.map(|(place, _)| &start_number + BigUint::from(2 * place));
        if let Some(prime) = candidates.find(is_prime_for_rsa) {
            return prime;
        }
    }
}

/// Which of `start`, `start` + 2, `start` + 4, ... have a small factor.
fn sieve(start: &[u8; BYTES]) -> Vec<bool> {
    let (words, _none) = start.as_chunks::<4>();
    let mut composite = vec![false; WINDOW];
    for prime in SMALL_PRIMES.iter() {
        let rest =
            words.iter().fold(0, |rest, word| (rest << 32 | u64::from(u32::from_be_bytes(*word))) % prime);
        // start + 2 place = 0 modulo the prime; the half of an odd number is that of it and the prime.
        let missing = (prime - rest) % prime;
        let place = if missing.is_multiple_of(2) { missing / 2 } else { (missing + prime) / 2 };
        let multiples = composite.iter_mut().skip(usize::try_from(place).unwrap_or(WINDOW));
        multiples.step_by(usize::try_from(*prime).unwrap_or(WINDOW)).for_each(|mark| *mark = true);
    }
    composite
}

/// Fermat's test with base 2; and the public exponent has an inverse.
fn is_prime_for_rsa(candidate: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    let below = candidate - &one;
    &below % PUBLIC_EXPONENT != BigUint::from(0_u32) && BigUint::from(2_u32).modpow(&below, candidate) == one
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rsa::rand_core::SeedableRng as _;

    #[test]
    fn the_sieve_strikes_exactly_the_multiples_of_small_primes() {
        assert_eq!(
            (SMALL_PRIMES.len(), SMALL_PRIMES.first(), SMALL_PRIMES.last()),
            (6_541, Some(&3), Some(&65_521))
        );
        let mut start = [0; BYTES];
        start[BYTES - 4..].copy_from_slice(&1_000_001_u32.to_be_bytes());
        for (place, composite) in sieve(&start).into_iter().enumerate() {
            let number = 1_000_001 + 2 * place as u64;
            assert_eq!(composite, SMALL_PRIMES.iter().any(|prime| number.is_multiple_of(*prime)), "{number}");
        }
    }

    #[test]
    fn openssl_takes_it_for_a_prime() {
        let prime = random_prime(&mut ChaCha20Rng::from_seed([7; 32]));
        assert_eq!(prime.bits(), 1024);
        let hex = prime.to_str_radix(16);
        let answer = std::process::Command::new("openssl").args(["prime", "-hex", &hex]).output().unwrap();
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        assert!(answer.contains("is prime") && !answer.contains("not prime"), "{answer}");
    }
}
