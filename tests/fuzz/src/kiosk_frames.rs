//! What a kiosk sends to the daemon.

use hinamori_ipc::{
    AnswerId, BuildingAnswer, BuildingFinding, Command, Frames, FromKiosk, PROTOCOL, WatchMood, decode,
    encode,
};
use hinamori_model::{LaneId, Leaving, Mode, PersonId};

pub(crate) fn run(bytes: &[u8]) {
    let mut frames = Frames::default();
    frames.feed(bytes);
    while let Ok(Some(body)) = frames.next_body() {
        let Ok(message) = decode::<FromKiosk>(&body) else { return };
        let again = encode(&message).map(|frame| decode::<FromKiosk>(frame.get(4..).unwrap_or_default()));
        assert!(matches!(again, Ok(Ok(again)) if again == message), "a message is another one when sent on");
    }
}

pub(crate) fn seeds() -> crate::Seeds {
    let answer = AnswerId(3);
    let people = vec![PersonId::from_bytes([7; 16]), PersonId::from_bytes([8; 16])];
    let messages = [
        FromKiosk::Hello { protocol: PROTOCOL, lane: LaneId(1) },
        FromKiosk::Command(Command::ConfirmHousehold { answer, members: people }),
        FromKiosk::Command(Command::CountPeople { answer: None, adults: 2, children: 1, infants: 0 }),
        FromKiosk::Command(Command::Leave { answer, leaving: Leaving::Overnight }),
        FromKiosk::Command(Command::OpenIncident { mode: Mode::Drill }),
        FromKiosk::Command(Command::AnswerBuilding {
            answer: BuildingAnswer::SomethingOrUnsure,
            findings: vec![BuildingFinding::Tilt],
        }),
        FromKiosk::Command(Command::WatchMood { answer, mood: WatchMood::Talk }),
        FromKiosk::Command(Command::ShowLeaderList),
    ];
    vec![("seed-messages", messages.iter().filter_map(|message| encode(message).ok()).flatten().collect())]
}
