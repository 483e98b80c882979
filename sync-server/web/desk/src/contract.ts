// What the server says and is told: docs/desk.md, word by word. Times are milliseconds since 1970.

export type KeyClass = "live" | "exercise";
export type Kind = "Order" | "AllClear" | "Cancel";
export type Standing = "suitable" | "unsuitable" | "unknown";

export interface Officer {
  id: string | number;
  name: string;
  title: string;
}

export interface Texts {
  ja: string;
  simple: string;
  en: string;
}

/** What was prepared in peace. */
export interface Message {
  id: string;
  label: string;
  hazard: string;
  order: string;
  level: number | null;
  tsunami: string | null;
  title: string;
  texts: Texts;
  cancel: Texts;
}

export interface Destination {
  hazard: string;
  place: string;
  road: string;
  standing: Standing;
}

export interface District {
  name: string;
  households: number;
  people: number;
  support: number;
  televisions: number;
  go: Destination[];
}

export type Ruby = Array<[string] | [string, string]>;

/** What one household's television is given (docs/tv.md §3). The desk reads these members only and hands on the rest. */
export interface Sample {
  sent: number;
  expires: number;
  act: Ruby;
  place?: Ruby;
  road?: Ruby;
  lines?: Ruby[];
  arrives?: number;
}

export interface Channels {
  loudspeaker: string;
  mail: { subject: string; body: string; problems: string[] };
  l_alert: Array<[string, string]>;
  line: string;
}

/** Waits for signatures; nobody outside the desk has seen it. */
export interface Draft {
  id: string;
  class: KeyClass;
  kind: Kind;
  label: string;
  title: string;
  hazard: string;
  districts: string[];
  households: number;
  people: number;
  televisions: number;
  places: string[];
  reasons: Array<{ place: string; reason: string }>;
  /** The order before it once more, for households that have not arrived. */
  again: boolean;
  made: number;
  expires: number;
  digest: string;
  words: string[];
  needed: number;
  signed: Array<{ officer: string | number; name: string; title: string; at: number }>;
  mine: boolean;
  sample: Sample;
  channels: Channels;
  trigger: Triggered | null;
}

/** What released an order that two officers signed in advance. */
export interface Triggered {
  kind: string;
  coast: string;
  prepared_by: Array<{ officer: string | number; name: string; title: string; at: number }>;
}

/** An order that officers sign in advance, whether enough of them did yet or not. */
export interface Release {
  id: string;
  label: string;
  title: string;
  kind: string;
  coast: Coast;
  districts: string[];
  places: string[];
  reasons: Array<{ place: string; reason: string }>;
  households: number;
  people: number;
  hours: number;
  from: number;
  until: number;
  made: number;
  digest: string;
  words: string[];
  signed: Array<{ officer: string | number; name: string; title: string; at: number }>;
  mine: boolean;
  stands: boolean;
  /** Why it should be signed anew. */
  alarms: Array<"ends" | "left" | "households" | "plan">;
  sample: Sample;
}

/** A segment of coast, by the Meteorological Agency's number. */
export interface Coast {
  segment: number;
  name: string;
}

/** A message of the agency. */
export interface AgencyWord {
  status: "Normal" | "Exercise" | "Test";
  info: "Issued" | "Corrected" | "Withdrawn";
  reported: number;
  unknown: number;
  areas: Array<Coast & { kind: string | null; arrives: number | null }>;
}

/** What the agency said last, as the town's trigger heard it. */
export interface Heard {
  at: number;
  silent: boolean;
  message: AgencyWord | null;
  /** 訓練 and 試験: nothing is released by them. */
  drill: AgencyWord | null;
}

/** What a trigger released and an officer on duty dropped. */
export interface DroppedRelease {
  kind: string;
  coast: string;
  title: string;
  by: { officer: string | number; name: string; title: string; at: number };
}

/** What a trigger released and nobody was told of, and why: `lapsed` where no officer on duty signed it in its hour. */
export interface UnsentRelease {
  kind: string;
  coast: string;
  /** Empty where what was signed in advance is gone. */
  title: string;
  why: "lapsed" | "not_standing" | "other_time" | "no_place" | "overtaken" | "not_believed";
  at: number;
}

export interface Releases {
  policy: "none" | "alone" | "officer";
  coasts: Coast[];
  heard: Heard | null;
  /** By how many milliseconds the trigger's clock is ahead, where nothing is believed of it for that. */
  clock: number | null;
  /** Of the last day, the latest first. */
  dropped: DroppedRelease[];
  /** The same; what was refused as long as nothing as strong was released for the warning. */
  unsent: UnsentRelease[];
  prepared: Release[];
}

export interface NewRelease {
  message: string;
  districts: string[];
  reasons: Record<string, string>;
  coast: number;
  days: number;
}

/** Whether an officer can sign, and why not. */
export type SignerStanding = "able" | "not_yet" | "over" | "no_device" | "not_listed" | "old_proof";

/** An officer, and when their keys of each class signed something last. They stand in the order in which they are called. */
export interface Signer {
  id: string | number;
  name: string;
  title: string;
  /** 0 for whoever was there before days were written down. */
  from: number;
  until: number;
  telephone: string | null;
  live: number | null;
  exercise: number | null;
  /** The same of passkeys, and of the keys that their card opens at a box; nothing for whoever has none. */
  passkey: Record<KeyClass, number | null> | null;
  kiosk: Record<KeyClass, number | null> | null;
  standing: Record<KeyClass, SignerStanding>;
}

/** Somebody of the table of staff who has not left. */
export interface StaffOfficer {
  id: string | number;
  name: string;
  title: string;
  from: number;
  until: number;
  telephone: string | null;
  devices: number;
  /** Whether they have keys that their card opens at a box. */
  kiosk: boolean;
  /** When their live keys signed something last. */
  proved: number | null;
  may_invite: boolean;
}

/** A change of staff that waits for two signatures. Lines, effect and warnings are sentences. */
export interface PendingChange {
  id: string;
  digest: string;
  words: string[];
  day: number;
  expires: number;
  lines: string[];
  effect: string;
  few: string[];
  signed: Array<{ officer: string | number; name: string; title: string; at: number }>;
  mine: boolean;
}

/** A newcomer's device that waits until its words were compared. */
export interface JoiningDevice {
  id: string;
  digest: string;
  words: string[];
  joined: number;
  officer: Officer | null;
  may_admit: boolean;
}

export interface Staff {
  officers: StaffOfficer[];
  pending: PendingChange | null;
  /** An order that was signed already, and holds from a day to come. */
  next_order: { day: number; officers: Array<string | number> } | null;
  devices: JoiningDevice[];
}

export interface NewChange {
  day: number;
  officers: Array<{ id: number | null; name: string; title: string; from: number; until: number; telephone: string }>;
}

export interface Stage {
  count: number;
  median: number | null;
}

/** What was sent. */
export interface Thread {
  id: string;
  /** The digests of its messages, the earliest first: what became of a draft. */
  messages: string[];
  class: KeyClass;
  hazard: string;
  kind: Kind;
  title: string;
  districts: string[];
  places: string[];
  sent: number;
  updated: number;
  expires: number;
  in_force: boolean;
  /** Whether whoever starts now believes it: not after the town decided otherwise about what releases it. */
  believed: boolean;
  /** When its latest order expects the tsunami. */
  arrives?: number | null;
  /** The box at which officers said its latest order while the town hall was gone. */
  origin?: string | null;
  stages: { households: number; televisions: number; unreachable: number; delivered: Stage; shown: Stage; answered: Stage; check_point: Stage; arrived: Stage };
  /** Broadcasters: what each has of the latest message. */
  stations: Array<{ name: string; is_pushed: boolean; is_on_air: boolean; received: number | null; tries: number }>;
  trigger: Triggered | null;
  cancel_alone_until: number | null;
  cancel_why: "tsunami" | "late" | null;
  cancel_texts: Texts;
}

/** How far a household is that has not arrived. */
export type MissingStanding = "help" | "not_answered" | "unreachable" | "without_set" | "going" | "check_point";

/** A page of the households of a thread that have not arrived; who may need somebody first comes first. */
export interface Missing {
  now: number;
  total: number;
  standings: Record<MissingStanding, number>;
  page: number;
  pages: number;
  households: Array<{ district: string; group: string; people: number; support: boolean; standing: MissingStanding; since: number }>;
}

/** A household that asked for help. */
export interface Task {
  id: string;
  district: string;
  group: string;
  people: number;
  support: boolean;
  at: number;
  owner: { name: string; at: number } | null;
}

/** A household's television that was given to it at a box, with a card of somebody of the household. */
export interface BoundTelevision {
  id: string;
  district: string;
  group: string;
  people: number;
  /** When that day began. */
  day: number;
}

export interface State {
  revision: string;
  now: number;
  town: string;
  officer: Officer;
  able: Record<KeyClass, number>;
  signers: Signer[];
  /** For so long after it signed something a passkey counts as one that can, in milliseconds. */
  proved_for: number;
  staff: Staff;
  credentials: Record<KeyClass, string[]>;
  party: string;
  messages: Message[];
  districts: District[];
  drafts: Draft[];
  threads: Thread[];
  help: Task[];
  /** The latest ones first; there may be more of them. */
  bindings: { total: number; latest: BoundTelevision[] };
  releases: Releases;
}

export interface Invitation {
  officer: Officer;
  town: string;
  party: string;
  challenge: string;
  users: Record<KeyClass, string>;
}

/** A passkey that was just made. */
export interface NewPasskey {
  credential: string;
  key: string;
}

/** A passkey's signature as the server takes it. */
export interface Assertion {
  credential: string;
  authenticator: string;
  client: string;
  signature: string;
}

export type NewDraft =
  | { class: KeyClass; kind: "Order"; message: string; districts: string[]; reasons: Record<string, string>; arrives: number | null; thread: string | null }
  | { class: KeyClass; kind: "Order"; thread: string; again: true }
  | { class: KeyClass; kind: "Cancel" | "AllClear"; thread: string };
