//! What the two sides say.

use hinamori_model::{
    ArrivalNeed, Aspect, CounterKind, Destination, Direction, Grade, LaneId, Leaving, LookupReason, Mode,
    PersonId, PersonalText, RecordId, RegisteredKind, Role, SiteId, UnixMillis,
};
use serde::{Deserialize, Serialize};

use crate::{
    AlertDesk, AlertDraft, AlertRefusal, AlertWanted, AnswerId, Assessment, AttributeSecret, BuildingAnswer,
    CareEntry, CareList, CarePerson, Conflict, District, Found, Group, HeadCount, LaneChange, LaneState,
    LeaderItem, Lookup, NotArrived, Pass, SecretDigits, SignInFault, Slip, Stay, TelevisionBinding,
};

/// From a kiosk to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromKiosk {
    /// First message.
    Hello {
        /// [`crate::PROTOCOL`] of the kiosk.
        protocol: u16,
        /// The lane that it serves.
        lane: LaneId,
    },
    /// Everything after it.
    Command(Command),
}

/// What somebody touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// These members of the household came too.
    ConfirmHousehold {
        /// The answer that asked.
        answer: AnswerId,
        /// The members that were touched.
        members: Vec<PersonId>,
    },
    /// This many people came along with an unknown card, or without any card when `answer` is `None`
    /// (人数だけ): they are counted now and named later.
    CountPeople {
        /// The answer that asked.
        answer: Option<AnswerId>,
        /// 15 or over.
        adults: u16,
        /// 3 to 14.
        children: u16,
        /// Up to 2.
        infants: u16,
    },
    /// Takes the answer's records back, within its time.
    Undo {
        /// Which.
        answer: AnswerId,
    },
    /// The person of this answer leaves.
    Leave {
        /// Which.
        answer: AnswerId,
        /// How.
        leaving: Leaving,
    },
    /// Where the people of this answer go who left, and who of the household goes along.
    LeavingTo {
        /// Which.
        answer: AnswerId,
        /// One of six pictures; `None` where none was asked for.
        destination: Option<Destination>,
        /// The members that were touched.
        companions: Vec<PersonId>,
    },
    /// The panel is over: its time ran out, or 次の人へ was touched.
    Dismiss {
        /// Which.
        answer: AnswerId,
    },
    /// The lane does something else from now on.
    SwitchCounter(CounterKind),
    /// 入口 or 出口.
    SetDirection(Direction),
    /// Opens the standby incident: the second of the two touches.
    OpenIncident {
        /// `Live` or `Drill`.
        mode: Mode,
    },
    /// 訓練を終わる, or 訓練中止・本番 when `then` is `Live`.
    EndDrill {
        /// Where the box goes: `DailyLife` or `Live`.
        then: Mode,
    },
    /// 建物は安全ですか
    AnswerBuilding {
        /// The answer.
        answer: BuildingAnswer,
        /// What was touched as seen.
        findings: Vec<BuildingFinding>,
    },
    /// The person agrees to be watched over, or does not.
    WatchConsent {
        /// The answer that asked.
        answer: AnswerId,
        /// Yes.
        agreed: bool,
    },
    /// How the person is today.
    WatchMood {
        /// The answer that asked.
        answer: AnswerId,
        /// The choice.
        mood: WatchMood,
    },
    /// Asks for the leader's list; answered with [`ToKiosk::LeaderList`].
    ShowLeaderList,
    /// Asks who is expected today and was not seen; answered with [`ToKiosk::WatchList`].
    ShowWatchList,
    /// A numbered badge was read, or its code was typed from paper: taken like a card.
    Badge {
        /// The text of the code.
        code: PersonalText,
    },
    /// Looks people up by the beginning of a name; answered with [`ToKiosk::Found`].
    Search {
        /// What was typed, in kana, letters or kanji.
        query: PersonalText,
    },
    /// These people of the roster, without a card, are here: somebody who knows them says so.
    CheckIn {
        /// Who.
        people: Vec<PersonId>,
    },
    /// The card or badge that nobody knew belongs to this person of the roster.
    GiveName {
        /// What the leader's list has as nameless.
        nameless: PersonId,
        /// Whose it is.
        person: PersonId,
    },
    /// The card or badge that nobody knew belongs to somebody who is not on the roster.
    Register {
        /// What the leader's list has as nameless.
        nameless: PersonId,
        /// What kind of person.
        kind: RegisteredKind,
    },
    /// カードで登録: the next card within 30 seconds is read with this secret, once. Any other command takes it back.
    ReadAttributes {
        /// What its holder said.
        secret: AttributeSecret,
    },
    /// The card whose attributes were read belongs to this person, or to none of those who were shown.
    ConfirmCandidate {
        /// The answer that asked.
        answer: AnswerId,
        /// Whose it is; `None` for none of them.
        person: Option<PersonId>,
    },
    /// Somebody said that these people are safe elsewhere.
    ToldElsewhere {
        /// Who.
        people: Vec<PersonId>,
    },
    /// Asks for districts and groups; answered with [`ToKiosk::Districts`].
    ShowDistricts,
    /// Asks for a group's tick list; answered with [`ToKiosk::Group`].
    ShowGroup {
        /// The district.
        district: String,
        /// The group.
        group: String,
    },
    /// The leader of a group says who of it is here.
    DeclareGroup {
        /// Who says it: a person of the group.
        leader: PersonId,
        /// Who is here.
        present: Vec<PersonId>,
    },
    /// Asks who has not arrived; answered with [`ToKiosk::NotArrived`].
    ShowNotArrived {
        /// The district whose households are wanted.
        district: Option<String>,
        /// The place of the first household, from 0.
        from: u32,
    },
    /// Asks for everybody's stay here; answered with [`ToKiosk::Stays`].
    ShowStays,
    /// 点呼: these people were seen on a round.
    ConfirmStays {
        /// Who.
        people: Vec<PersonId>,
    },
    /// 点呼 is over: whoever was not seen since then is unaccounted for.
    CloseRollCall {
        /// The hour from which being seen counts.
        since: UnixMillis,
    },
    /// 職員のサインイン: the next card within 30 seconds is a member of staff's, and no arrival. Any other command but
    /// this one takes it back.
    SignIn {
        /// The card's four-digit PIN, where health data or an override is wanted. It is presented once.
        pin: Option<SecretDigits>,
    },
    /// The same with a scanned pass.
    SignInWithPass {
        /// The text of its code.
        code: PersonalText,
        /// Its four digits, where they are wanted.
        number: Option<SecretDigits>,
    },
    /// 職員がいない: opens what needs no PIN, for as long as a sign-in lasts. It is written down and an alarm.
    OpenWithoutStaff,
    /// The session ends.
    SignOut,
    /// Relief staff from another town gets a pass; answered with [`ToKiosk::Pass`].
    IssuePass {
        /// As what.
        role: Role,
        /// For how many days, 1 to 7.
        days: u8,
    },
    /// Who looked at the person of this answer; answered with [`ToKiosk::Lookups`].
    ShowLookups {
        /// Which.
        answer: AnswerId,
    },
    /// 別室で相談: the person of this answer wants to speak to somebody alone. Nothing on the screen changes.
    AskForRoom {
        /// Which.
        answer: AnswerId,
    },
    /// 秘匿: this person is for ever not seen yet.
    Hide {
        /// Who.
        person: PersonId,
    },
    /// 秘匿を解く: the next card within 30 seconds is that of the person who wants it, with its PIN.
    LiftHiding {
        /// The PIN, typed by its holder.
        pin: SecretDigits,
    },
    /// The three questions at arrival: what of it is so for the person of this answer.
    TellNeeds {
        /// Which.
        answer: AnswerId,
        /// What was touched.
        needs: Vec<ArrivalNeed>,
    },
    /// Asks who needs care; answered with [`ToKiosk::CareList`].
    ShowCareList,
    /// Asks what is written down of somebody; answered with [`ToKiosk::CarePerson`].
    ShowCarePerson {
        /// Who.
        person: PersonId,
        /// Why.
        reason: LookupReason,
    },
    /// Something is written down of somebody; answered with [`ToKiosk::CarePerson`].
    WriteDown {
        /// Who.
        person: PersonId,
        /// What.
        entry: CareEntry,
    },
    /// The list of those who need care goes to whoever signs in next at this lane, with their PIN, within 30 seconds.
    HandOver {
        /// The next one's PIN.
        pin: SecretDigits,
    },
    /// Asks how the site is equipped; answered with [`ToKiosk::Assessment`].
    ShowAssessment,
    /// Somebody looked.
    Assess {
        /// In the order of [`Aspect::ALL`].
        grades: [Grade; Aspect::ALL.len()],
    },
    /// A telephone number of the person of this answer who leaves.
    LeavePhone {
        /// Which.
        answer: AnswerId,
        /// Digits.
        phone: PersonalText,
    },
    /// Asks for what the person of this answer takes along; answered with [`ToKiosk::Slip`].
    ShowSlip {
        /// Which.
        answer: AnswerId,
    },
    /// Asks who was seen at two sites; answered with [`ToKiosk::Conflicts`].
    ShowConflicts,
    /// This is the site where the person is; answered with [`ToKiosk::Conflicts`].
    Settle {
        /// Who.
        person: PersonId,
        /// Where.
        site: SiteId,
    },
    /// Asks for head counts without names; answered with [`ToKiosk::HeadCounts`].
    ShowHeadCounts,
    /// People of a head count have records of their own now; answered with [`ToKiosk::HeadCounts`].
    NameHeads {
        /// The head count.
        of: RecordId,
        /// How many of its adults.
        adults: u16,
        /// How many of its children.
        children: u16,
        /// How many of its infants.
        infants: u16,
    },
    /// 自主避難所: this box stands where people opened a shelter themselves, from now on.
    OpenOwnShelter {
        /// What they call it.
        name: String,
    },
    /// The stick's files are read in, and this box's records are written to it. How it goes is in [`LaneState::stick`].
    ExchangeStick,
    /// Asks what an officer can say here; answered with [`ToKiosk::AlertDesk`].
    ShowAlertDesk,
    /// An alert is made ready; answered with [`ToKiosk::AlertDraft`].
    DraftAlert {
        /// What is to be said.
        wanted: AlertWanted,
    },
    /// An officer signs what they were shown: the card that comes within 30 seconds, with its PIN; answered with [`ToKiosk::AlertDraft`],
    /// [`ToKiosk::AlertRefused`] or [`ToKiosk::NotSignedIn`].
    SignAlert {
        /// Which: an [`crate::AlertDraft::id`].
        draft: String,
        /// The card's PIN. It is presented once.
        pin: SecretDigits,
    },
    /// Nobody signs this any more.
    DropAlert {
        /// Which.
        draft: String,
    },
    /// Asks which televisions were given to households here lately; answered with [`ToKiosk::Televisions`].
    ShowTelevisions,
    /// テレビを つなぐ: the television that shows this code is to be the household's of whoever holds their card within 30 seconds; answered with
    /// [`ToKiosk::TelevisionOf`] or [`ToKiosk::NotSignedIn`]. The card is no arrival.
    BindTelevision {
        /// Eight digits.
        code: u32,
    },
    /// It is: the second touch, answered with [`ToKiosk::Televisions`] once it is on the disk.
    ConfirmTelevision,
    /// 発令の 鍵を つくる: whoever is signed in gets keys, sealed under their card, which comes within 30 seconds; answered with
    /// [`ToKiosk::OfficerKeysMade`].
    MakeOfficerKeys {
        /// The card's PIN. It is presented once.
        pin: SecretDigits,
    },
    /// ためし署名: an officer shows that their card opens their keys. It is the card that comes within 30 seconds; answered with
    /// [`ToKiosk::OfficerKeysTested`].
    TestOfficerKeys {
        /// The card's PIN. It is presented once.
        pin: SecretDigits,
    },
}

/// What was seen of the building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum BuildingFinding {
    /// かたむき
    Tilt = 0,
    /// 大きなひび
    Crack = 1,
    /// 落ちてくる物
    Falling = 2,
    /// 火・ガスのにおい
    FireOrGas = 3,
}

/// What the person answers at the watch counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchMood {
    /// 今日は元気
    Fine,
    /// ちょっと相談
    Talk,
    /// しばらく留守にします
    Away,
}

/// Why a card must be held again: nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Taken away too early.
    TornAway,
    /// The card does not answer.
    Mute,
    /// The disk takes no record.
    DiskFull,
    /// The write failed for another reason.
    DiskFailing,
    /// The code that was read is no badge of this town.
    ForeignBadge,
}

/// Why a command did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The answer is over: another card came, or its time ran out.
    AnswerIsOver,
    /// It does not fit the lane's state (a drill ended twice, a person outside the household).
    NotNow,
    /// The record could not be written.
    Disk,
    /// Staff who may do this have to sign in.
    SignIn,
    /// Whoever is signed in has to give their PIN.
    Pin,
}

/// From the daemon to a kiosk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToKiosk {
    /// First message.
    Hello {
        /// [`crate::PROTOCOL`] of the daemon.
        protocol: u16,
    },
    /// Second message: the whole lane. It makes no sound.
    Snapshot(Box<LaneState>),
    /// Then what is other than before, as one: whoever draws in between would draw twice, and the answer in the
    /// second picture. A new answer in it is durable and makes its sound.
    Changes(Vec<LaneChange>),
    /// The last command did nothing.
    Refused(Refusal),
    /// あとで確認
    LeaderList(Vec<LeaderItem>),
    /// Expected today and not seen, by called name.
    WatchList(Vec<PersonalText>),
    /// Who fits what was typed.
    Found(Found),
    /// Districts and groups of the roster that this box holds.
    Districts(Vec<District>),
    /// A group's tick list.
    Group(Group),
    /// Who has not arrived.
    NotArrived(NotArrived),
    /// Everybody's stay here, whoever was not seen for longest first.
    Stays(Vec<Stay>),
    /// Nobody was signed in.
    NotSignedIn(SignInFault),
    /// A pass that was issued.
    Pass(Pass),
    /// Who looked at the person of an answer, the latest first.
    Lookups(Vec<Lookup>),
    /// Who needs care.
    CareList(CareList),
    /// What is written down of somebody.
    CarePerson(CarePerson),
    /// How the site is equipped.
    Assessment(Assessment),
    /// What whoever leaves takes along.
    Slip(Slip),
    /// Who was seen at two sites.
    Conflicts(Vec<Conflict>),
    /// Head counts without names.
    HeadCounts(Vec<HeadCount>),
    /// What an officer can say here.
    AlertDesk(Box<AlertDesk>),
    /// What waits for officers, or just went out.
    AlertDraft(Box<AlertDraft>),
    /// Nothing was signed, or nothing went out.
    AlertRefused(AlertRefusal),
    /// Keys were made; the three words are read out to the town hall.
    OfficerKeysMade([String; 3]),
    /// Televisions that were given to households here, the latest first; again whenever the town hall said what became of one.
    Televisions(Vec<TelevisionBinding>),
    /// Whose card it was. Nothing is written down before the second touch.
    TelevisionOf {
        /// The code that was typed.
        code: u32,
        /// As the card's owner is called.
        name: PersonalText,
    },
    /// An officer's keys work. The town hall is told.
    OfficerKeysTested,
    /// What was asked for is done, and nothing is shown of it.
    Done,
    /// The daemon ends on purpose; it will be back.
    Terminating,
}
