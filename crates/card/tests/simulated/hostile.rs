//! Cards that answer whatever they like: every dialogue ends, none guesses a PIN twice.

use hinamori_card::{
    Access, AttributeCredential, Command, HealthKey, Response, StaffOverride, Transport, TransportError,
    TryRule, pin_status, prove_chip, read_application_key, read_attributes, read_card, read_common_record,
    read_signature_certificate, sign_as_health_professional, sign_with_pin,
};
use proptest::prelude::*;

use crate::support::{CHALLENGE, CHECK_NUMBER_B, HEALTH_PIN, PASSWORD, PIN};

/// More than any dialogue may need: six files of 64 pieces, each with all its follow-ups.
const COMMANDS_MAXIMUM: usize = 6 * 64 * 257;

/// Says its answers in turn, again and again.
struct Babbler {
    answers: Vec<Vec<u8>>,
    commands: usize,
    presented: usize,
}

impl Transport for Babbler {
    fn transmit(&mut self, command: &Command) -> Result<Response, TransportError> {
        let answer = &self.answers[self.commands % self.answers.len()];
        self.commands += 1;
        self.presented += usize::from(command.presents_credential());
        Ok(Response::from_bytes(answer)?)
    }
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let status = prop_oneof![
        6 => Just([0x90, 0x00]),
        2 => (0_u8..16).prop_map(|tries| [0x63, 0xC0 | tries]),
        1 => any::<u8>().prop_map(|left| [0x61, left]),
        1 => any::<u8>().prop_map(|right| [0x6C, right]),
        1 => prop::sample::select(vec![[0x69, 0x82], [0x6A, 0x82], [0x6B, 0x00], [0x62, 0x82], [0x67, 0x00]]),
        1 => any::<[u8; 2]>(),
    ];
    let data = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..300),
        // The beginning of something that announces a length.
        prop::collection::vec(any::<u8>(), 0..250)
            .prop_map(|rest| [&[0x30, 0x82, 0x06, 0x00], &*rest].concat()),
        prop::collection::vec(any::<u8>(), 0..250)
            .prop_map(|rest| [&[0xFF, 0x20, 0x81, 0x90], &*rest].concat()),
        Just([&[0xA0, 6, 0x30, 4, 4, 2, 0, 0x14], &[0xA8, 6, 0x30, 4, 4, 2, 0, 0x13][..]].concat()),
    ];
    prop_oneof![
        20 => (data, status).prop_map(|(data, status)| [data, status.to_vec()].concat()),
        1 => prop::collection::vec(any::<u8>(), 0..3),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_dialogue_ends_and_presents_at_most_once(
        answers in prop::collection::vec(answer(), 1..12),
        which in 0_usize..9,
    ) {
        let mut card = Babbler { answers, commands: 0, presented: 0 };
        let spend = || TryRule::SpendTheLast(StaffOverride::decided_by_staff());
        match which {
            0 => drop(read_card(&mut card)),
            1 => drop(pin_status(&mut card)),
            2 => drop(prove_chip(&mut card, &CHALLENGE)),
            3 => drop(read_application_key(&mut card)),
            4 => drop(read_common_record(&mut card)),
            5 => drop(sign_with_pin(&mut card, &PIN.parse().unwrap(), spend(), &CHALLENGE, Access::Absent)),
            6 => drop(read_signature_certificate(&mut card, &PASSWORD.parse().unwrap(), spend())),
            7 => {
                let number = CHECK_NUMBER_B.parse().unwrap();
                let files = read_attributes(&mut card, AttributeCredential::CheckNumberB(&number), spend());
                if let Ok(files) = files {
                    prop_assert!(files.stated().is_ok() || !files.attributes().is_empty());
                }
            }
            _ => {
                let (pin, key) = (HEALTH_PIN.parse().unwrap(), HealthKey::Signature);
                drop(sign_as_health_professional(&mut card, key, &pin, spend(), b"prescription"));
            }
        }
        prop_assert!(card.presented <= usize::from(which >= 5), "{} presented", card.presented);
        prop_assert!(card.commands <= COMMANDS_MAXIMUM, "{} commands", card.commands);
    }
}
