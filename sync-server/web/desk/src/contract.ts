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
}

/** An officer, and when each kind of their passkeys signed something last. */
export interface Signer {
  id: string | number;
  name: string;
  title: string;
  until: number;
  live: number | null;
  exercise: number | null;
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
  /** The box at which officers originated it while the town hall was gone. */
  origin?: string | null;
  stages: { households: number; televisions: number; delivered: Stage; shown: Stage; answered: Stage; check_point: Stage; arrived: Stage };
  /** Broadcasters: what each has of the latest message. */
  stations: Array<{ name: string; is_pushed: boolean; is_on_air: boolean; received: number | null; tries: number }>;
  cancel_alone_until: number | null;
  cancel_why: "tsunami" | "late" | null;
  cancel_texts: Texts;
}

/** How far a household is that has not arrived. */
export type MissingStanding = "help" | "not_answered" | "not_delivered" | "without_set" | "going" | "check_point";

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

export interface State {
  revision: string;
  now: number;
  town: string;
  officer: Officer;
  able: Record<KeyClass, number>;
  signers: Signer[];
  /** For so long after it signed something a passkey counts as one that can, in milliseconds. */
  proved_for: number;
  credentials: Record<KeyClass, string[]>;
  party: string;
  messages: Message[];
  districts: District[];
  drafts: Draft[];
  threads: Thread[];
  help: Task[];
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
