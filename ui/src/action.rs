//! What a touch asks for, and what the shell then does.

use hinamori_ipc::{AnswerId, BuildingFinding, Command, Sound};
use hinamori_model::{ArrivalNeed, Aspect, Grade, PersonId, PersonalText, RecordId, Role};

use crate::theme::Look;
use crate::{CareKey, Dial, Key, OfficerTouch, Question, RegistrationKey, RollCallHour, SignInKey, Volume};

/// What a screen returns when something was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Tell the daemon.
    Send(Command),
    /// Tell the daemon and go back to the lane's screen.
    SendAndReturn(Command),
    /// Show a page of the kiosk itself.
    Open(Page),
    /// Tell the daemon and show a page, whose list is asked for afresh.
    SendAndOpen(Command, Page),
    /// Tell the daemon; the page opens after the answer.
    SendThen(Command, Page),
    /// Tell the daemon and ask for this page's list afresh.
    SendAndRefresh(Command),
    /// Go back to the lane's screen.
    Return,
    /// Go back by one step: out of a question, a list, a page.
    Back,
    /// A member's tile: chosen or not any more.
    ToggleMember(PersonId),
    /// 全員 来ました
    ChooseAllMembers,
    /// One more or one fewer.
    Count(Who, Step),
    /// A picture of the building check: seen or not any more.
    ToggleFinding(BuildingFinding),
    /// The next or the previous page of a list.
    Turn(Step),
    /// A key of the pad.
    Press(Key),
    /// What a keyboard or a scanner typed: `\n` is the return key, `\u{8}` takes a letter back.
    Typed(PersonalText),
    /// A row of the pad is spread out.
    ChooseRow(usize),
    /// Look for the name of this nameless person.
    FindName(PersonId),
    /// Ask once more before sending.
    Ask(Question),
    /// A district: its groups are wanted.
    ChooseDistrict(String),
    /// A group of the chosen district: its tick list is wanted.
    ChooseGroup(String),
    /// Who speaks for the group.
    ChooseLeader(PersonId),
    /// The incomplete households of a district, from a place on.
    ShowHouseholds(String, u32),
    /// From when being seen counts.
    ChooseHour(RollCallHour),
    /// A touch on the page カードで 登録.
    Registration(RegistrationKey),
    /// A touch on the page of a sign-in.
    SignIn(SignInKey),
    /// A touch on a pad of numbers: a PIN, a telephone number.
    Dial(Dial),
    /// As what relief staff gets a pass.
    ChooseRole(Role),
    /// For how many days.
    ChooseDays(u8),
    /// One of the three questions of an arrival: it is so, or not any more.
    ToggleNeed(ArrivalNeed),
    /// A touch on the pages of care.
    Care(CareKey),
    /// How one aspect of the site is.
    Grade(Aspect, Grade),
    /// The head count whose people have records of their own now.
    ChooseHeads(RecordId),
    /// What an own shelter is called.
    ChooseName(String),
    /// A touch on the pages of officers.
    Officer(OfficerTouch),
    /// Another television is to be a household's: its code is typed.
    TypeTelevision,
    /// The television with this code is this household's: the last touch.
    ConfirmTelevision,
    /// Staff stay for a minute more.
    StayAMinute,
    /// The other language.
    SwitchLanguage,
    /// The light in the hall.
    SetLook(Look),
    /// How loud.
    SetVolume(Volume),
}

/// A page that the kiosk opens by itself; no fact is kept in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Page {
    /// What the daemon says: idle, building check or answer.
    #[default]
    Lane,
    /// 窓口の設定
    Settings,
    /// 避難所を開く, first of two touches.
    OpenLive,
    /// The same for a drill, in the colours of a drill.
    OpenDrill,
    /// 人数だけ
    HeadCount,
    /// あとで確認
    LeaderList,
    /// 今日 まだの方
    WatchList,
    /// 端末の ようす
    Health,
    /// 係の方へ: the leader's pages and the lane's settings.
    Leader,
    /// 名前で さがす
    Search,
    /// 班の 名簿
    Group,
    /// 未到着
    NotArrived,
    /// 点呼
    RollCall,
    /// カードで 登録
    Registration,
    /// 職員の サインイン
    SignIn,
    /// 応援職員証
    Passes,
    /// 見た職員, over an answer.
    Lookups,
    /// 電話番号, over an answer.
    Phone,
    /// 控え, over an answer.
    Slip,
    /// 看護
    Care,
    /// Somebody is looked for who needs care.
    CareSearch,
    /// 引き継ぎ
    HandOver,
    /// 名前が わかった人数
    HeadCounts,
    /// 二か所に いる人
    Conflicts,
    /// 施設の 状態
    Assessment,
    /// 自主避難所
    OwnShelter,
    /// USBメモリで 運ぶ
    Stick,
    /// 秘匿
    Hiding,
    /// 秘匿に する人を さがす
    HidingSearch,
    /// 秘匿を 解く
    LiftHiding,
    /// 訓練は 中止です: another kiosk or another box ended the drill in earnest.
    DrillEnded,
    /// お知らせを 出す
    Officers,
    /// 発令の 鍵
    OfficerKeys,
    /// テレビを つなぐ
    Televisions,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 34] = [
        Self::Lane,
        Self::Settings,
        Self::OpenLive,
        Self::OpenDrill,
        Self::HeadCount,
        Self::LeaderList,
        Self::WatchList,
        Self::Health,
        Self::Leader,
        Self::Search,
        Self::Group,
        Self::NotArrived,
        Self::RollCall,
        Self::Registration,
        Self::SignIn,
        Self::Passes,
        Self::Lookups,
        Self::Phone,
        Self::Slip,
        Self::Care,
        Self::CareSearch,
        Self::HandOver,
        Self::HeadCounts,
        Self::Conflicts,
        Self::Assessment,
        Self::OwnShelter,
        Self::Stick,
        Self::Hiding,
        Self::HidingSearch,
        Self::LiftHiding,
        Self::DrillEnded,
        Self::Officers,
        Self::OfficerKeys,
        Self::Televisions,
    ];
}

/// A row of the counting panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// 15 or over.
    Adults,
    /// 3 to 14.
    Children,
    /// Up to 2.
    Infants,
}

impl Who {
    /// The rows from top to bottom.
    pub const ALL: [Self; 3] = [Self::Adults, Self::Children, Self::Infants];
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One more.
    Up,
    /// One fewer.
    Down,
}

/// What the shell does after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// Send it over the socket.
    Send(Command),
    /// Play it now: its record is durable. Never asked for while the kiosk is silent.
    Play(AnswerId, Sound, Volume),
}
