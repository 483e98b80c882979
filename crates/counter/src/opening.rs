//! Which incident is open at a box, and whether its site receives people.
//!
//! Two touches lead from daily life to the live incident, without network or login; a live opening ends a
//! drill, and nothing of the drill is carried over, because its records stand in documents of their own. The
//! caller then also ends what is on its lanes ([`Lane::incident_changed`](crate::Lane::incident_changed)).
//!
//! Taps are taken in every state. Somebody at the door of a site that is not open is received like anybody
//! (law 1): the presence is recorded in daily life's document, where whoever opens the site can see that
//! people came before; it is not carried over into the incident, they tap again there.

use hinamori_ipc::{BuildingAnswer, BuildingFinding, Command, Refusal, SiteState};
use hinamori_model::Mode;
use hinamori_record::{Building, Fact};

/// The box's incident and site. The caller keeps the mode and finds the building's answer in its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    mode: Mode,
    building: Option<BuildingAnswer>,
}

/// What a command asks for. Nothing has changed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct OpeningPlan {
    /// The state after it.
    pub then: Opening,
    /// The facts to record in the incident of `then`, as one action.
    pub facts: Vec<Fact>,
    /// Something happened in earnest while a drill was open: it is over for every box of the town, and is told to all of them before
    /// anything else.
    pub ends_drill_everywhere: bool,
}

impl Opening {
    /// The state as it was kept: `building` is the answer recorded in the incident of `mode`.
    pub const fn new(mode: Mode, building: Option<BuildingAnswer>) -> Self {
        Self { mode, building }
    }

    /// The open world.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether people are received: taps are taken in every state.
    pub const fn site(&self) -> SiteState {
        match (self.mode, self.building) {
            (Mode::DailyLife, _) => SiteState::Closed,
            (Mode::Live | Mode::Drill, None) => SiteState::AwaitingBuildingCheck,
            (Mode::Live | Mode::Drill, Some(answer)) => SiteState::Open(answer),
        }
    }

    /// What a command about the incident or the site asks for. `building_in` gives the answer that is
    /// recorded in the incident of a mode already, as after a restart or by another box of the site.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] when it does not fit the state, or is no command of this kind.
    pub fn plan(
        &self,
        command: &Command,
        building_in: impl Fn(Mode) -> Option<BuildingAnswer>,
    ) -> Result<OpeningPlan, Refusal> {
        let opened = |mode| OpeningPlan {
            then: Self::new(mode, building_in(mode)),
            facts: Vec::new(),
            ends_drill_everywhere: (self.mode, mode) == (Mode::Drill, Mode::Live),
        };
        match (self.mode, command) {
            (Mode::DailyLife | Mode::Drill, Command::OpenIncident { mode: Mode::Live }) => {
                Ok(opened(Mode::Live))
            }
            (Mode::DailyLife, Command::OpenIncident { mode: Mode::Drill }) => Ok(opened(Mode::Drill)),
            (Mode::Drill, Command::EndDrill { then: mode @ (Mode::DailyLife | Mode::Live) }) => {
                Ok(opened(*mode))
            }
            (Mode::Live | Mode::Drill, Command::AnswerBuilding { answer, findings }) => Ok(OpeningPlan {
                then: Self::new(self.mode, Some(*answer)),
                facts: vec![opened_fact(*answer, findings)],
                ends_drill_everywhere: false,
            }),
            _ => Err(Refusal::NotNow),
        }
    }
}

fn opened_fact(answer: BuildingAnswer, findings: &[BuildingFinding]) -> Fact {
    let building = match answer {
        BuildingAnswer::NothingSeen => Building::NothingSeen,
        BuildingAnswer::SomethingOrUnsure => Building::SomethingOrUnsure,
    };
    let findings = findings.iter().fold(0, |bits, finding| bits | 1 << *finding as u8);
    Fact::SiteOpened { building, findings }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAILY: Opening = Opening::new(Mode::DailyLife, None);

    fn after(state: Opening, command: &Command) -> Result<Opening, Refusal> {
        state.plan(command, |_mode| None).map(|plan| plan.then)
    }

    fn open(mode: Mode) -> Command {
        Command::OpenIncident { mode }
    }

    #[test]
    fn two_touches_open_the_site_whatever_the_building_answer() {
        for answer in [BuildingAnswer::NothingSeen, BuildingAnswer::SomethingOrUnsure] {
            assert_eq!(DAILY.site(), SiteState::Closed);
            let live = after(DAILY, &open(Mode::Live)).unwrap();
            assert_eq!(live.site(), SiteState::AwaitingBuildingCheck);
            let findings = vec![BuildingFinding::Tilt, BuildingFinding::FireOrGas];
            let plan = live.plan(&Command::AnswerBuilding { answer, findings }, |_mode| None).unwrap();
            assert_eq!(plan.then.site(), SiteState::Open(answer));
            assert!(matches!(plan.facts.as_slice(), [Fact::SiteOpened { findings: 0b1001, .. }]));
        }
    }

    #[test]
    fn live_ends_a_drill_and_a_drill_never_touches_live() {
        let drill = after(DAILY, &open(Mode::Drill)).unwrap();
        assert_eq!(after(drill, &open(Mode::Live)).unwrap().mode(), Mode::Live);
        assert_eq!(after(drill, &Command::EndDrill { then: Mode::Live }).unwrap().mode(), Mode::Live);
        assert_eq!(after(drill, &Command::EndDrill { then: Mode::DailyLife }).unwrap(), DAILY);
        let live = after(DAILY, &open(Mode::Live)).unwrap();
        for command in [open(Mode::Drill), open(Mode::Live), Command::EndDrill { then: Mode::DailyLife }] {
            assert_eq!(after(live, &command), Err(Refusal::NotNow), "{command:?}");
        }
        assert_eq!(after(drill, &Command::EndDrill { then: Mode::Drill }), Err(Refusal::NotNow));
        assert_eq!(after(DAILY, &open(Mode::DailyLife)), Err(Refusal::NotNow));
    }

    #[test]
    fn only_what_happens_in_earnest_ends_a_drill_everywhere() {
        let drill = Opening::new(Mode::Drill, None);
        for (state, command, everywhere) in [
            (drill, Command::EndDrill { then: Mode::Live }, true),
            (drill, open(Mode::Live), true),
            (drill, Command::EndDrill { then: Mode::DailyLife }, false),
            (DAILY, open(Mode::Live), false),
            (DAILY, open(Mode::Drill), false),
        ] {
            let plan = state.plan(&command, |_mode| None).unwrap();
            assert_eq!(plan.ends_drill_everywhere, everywhere, "{command:?}");
        }
    }

    #[test]
    fn an_answer_that_is_recorded_already_counts_at_once() {
        let plan = DAILY.plan(&open(Mode::Live), |_mode| Some(BuildingAnswer::NothingSeen)).unwrap();
        assert_eq!(plan.then.site(), SiteState::Open(BuildingAnswer::NothingSeen));
    }
}
