// What the server tells the map, as docs/map.md and the server's description of its API say. Times are milliseconds since 1970,
// positions longitude and latitude in degrees.

export type Position = [longitude: number, latitude: number];
export type MapMode = "live" | "drill";

export interface MapState {
  revision: string;
  at: number;
  town: string;
  mode: MapMode;
  incident: string | null;
  figures: Figures;
  districts: DistrictState[];
  sites: SiteState[];
  alert: AlertState | null;
}

/** What is left out is as it was. */
export interface MapChange {
  revision: string;
  at: number;
  figures?: Figures;
  districts?: DistrictState[];
  sites?: SiteState[];
  gone_sites?: string[];
  households?: HouseholdMove[];
  alert_changed?: boolean;
  alert?: AlertState;
}

export type HouseholdMove = [id: number, standing: HouseholdStanding, television: TelevisionStanding | null];
export type HouseholdStanding = "arrived" | "partly" | "passed" | "told_elsewhere" | "not_arrived" | "unknown";

export interface PeopleCounts {
  all: number;
  arrived: number;
  passed: number;
  told_elsewhere: number;
  not_arrived: number;
  support_not_arrived: number;
}

export type HouseholdCounts = Record<HouseholdStanding, number>;

export interface Figures {
  people: PeopleCounts;
  households: HouseholdCounts;
  visitors: number;
  unnamed: number;
  /** The earliest first, the last is now; `null` for what was before the server began to count. */
  arrived_by_ten_minutes: Array<number | null>;
  conflicts: number;
}

export interface DistrictState {
  id: number;
  name: string;
  center: Position | null;
  people: PeopleCounts;
  households: HouseholdCounts;
}

export type SiteStanding = "open" | "full" | "closed" | "unknown";
export type MapSiteKind = "shelter" | "check_point" | "watch_spot" | "emergency_site";

export interface SiteState {
  id: string;
  name: string;
  kind: MapSiteKind;
  position: Position | null;
  standing: SiteStanding;
  own_shelter: boolean;
  here: number;
  confirmed: number;
  unnamed: number;
  outside: boolean;
  unaccounted: number;
  out: number;
  capacity: number | null;
  /** Headquarters' word in force. */
  word: SiteWord | null;
  boxes: BoxState[];
  hazards: SiteHazard[];
}

export type RuledSite = "open" | "full" | "closed";

export interface SiteWord {
  id: string;
  at: number;
  standing: RuledSite | null;
  capacity: number | null;
  /** Its staff opened it after that. */
  opened_since: boolean;
}

/** `seen`: the id of the word that the official had before their eyes. */
export interface SaidOfSite {
  mode: MapMode;
  seen: string | null;
  standing: RuledSite | null;
  capacity: number | null;
}

export interface RulingOnShelter {
  wanted: "adopt" | "join" | "close";
  into: string | null;
}

export interface SiteHazard {
  hazard: string;
  is_safe: boolean | null;
}

export interface BoxState {
  id: string;
  on_line: boolean;
  last_contact: number | null;
  card_data: number | null;
  unsent: number | null;
  clock_sure: boolean | null;
  battery: number | null;
  on_mains: boolean | null;
}

export interface AlertState {
  is_exercise: boolean;
  title: string;
  hazard: string;
  tsunami: string | null;
  sent: number;
  expires: number;
  districts: string[];
  arrives: number | null;
}

export interface DistrictHouseholds {
  revision: string;
  district: number;
  households: HouseholdRow[];
}

export type TelevisionStanding = "help" | "going" | "shown" | "told" | "unreachable" | "without_set";

export interface HouseholdRow {
  id: number;
  group: string;
  people: number;
  standing: HouseholdStanding;
  support: boolean;
  television: TelevisionStanding | null;
  position: Position | null;
}

export interface MapBase {
  /** West, south, east, north. */
  bounds: [number, number, number, number] | null;
  base: MapFile | null;
  hazards: MapFile[];
  outlines: string;
}

export interface MapFile {
  name: string;
  url: string;
  format: "geojson" | "pmtiles";
  credit: string;
}

export type Relation = "family" | "relative" | "workplace" | "acquaintance";
export type Sex = "female" | "male" | "other" | "unknown";

/** Somebody asks after somebody. */
export interface AskedAfter {
  mode: MapMode;
  inquirer: { name: string; address: string; reason: string; identity_document: string; relation: Relation };
  /** `birth`: 1948-03-11. */
  sought: { name: string; address: string | null; birth: string | null; sex: Sex };
}

export interface InquiryAnswer {
  sentence: string;
  /** Whether a person of the desk has to speak with the inquirer. */
  desk: boolean;
  /** Of the line in the log. */
  number: number;
}

/** Headquarters' table; a count that nobody has is null. */
export interface ReportSheet {
  columns: string[];
  sites: Array<{ name: string; counts: Array<number | null> }>;
  town: Array<number | null>;
}

export interface Reports {
  /** The latest one first. */
  hours: Array<{ until: number; versions: number; waits: "check" | "release" | null }>;
  next_until: number;
  /** What would be frozen now; null where that hour has a report. */
  next: ReportSheet | null;
}

export interface CellChange {
  /** Null for the whole town. */
  site: string | null;
  column: string;
  before: number | null;
  after: number | null;
}

export interface HourReport {
  from: number;
  until: number;
  waiting: {
    frozen_at: number;
    checked_by: string | null;
    may_release: boolean;
    sheet: ReportSheet;
    against: { until: number; version: number; changes: CellChange[] } | null;
  } | null;
  released: { version: number; at: number; checked_by: string; released_by: string; sheet: ReportSheet } | null;
}

export interface Session {
  name: string;
  role: string;
  sites: string[];
  until: number;
  town: string;
}
