// What the page knows of the town: the state, the households of the districts that were asked for, and what changed since.

import type { DistrictHouseholds, DistrictState, HouseholdMove, HouseholdRow, HouseholdStanding, MapChange, MapState, SiteState, SiteWord } from "./contract.js";
import { mercator, type Point } from "./geo.js";
import { MINUTE, STANDINGS, all } from "./words.js";

export interface Household extends HouseholdRow {
  district: number;
  /** Where it lives, if anybody knows. */
  point: Point | null;
}

export type Tab = "open" | "partly" | "all" | "sites";

/** What list and map show alike. */
export interface Filter {
  /** `null` for all. */
  districts: ReadonlySet<number> | null;
  standings: ReadonlySet<HouseholdStanding>;
}

export const isOpen = (standing: HouseholdStanding): boolean => standing === "not_arrived" || standing === "unknown";

/** Whether somebody who needs support may still be waiting. */
export const waits = (household: Household): boolean => household.support && household.standing !== "arrived" && household.standing !== "told_elsewhere";

/** Later ones are drawn above, earlier ones of the reverse are listed first. */
export function urgency(household: Household): number {
  const television = household.television === "help" ? 16 : 0;
  return (waits(household) ? 32 : 0) + (isOpen(household.standing) ? television + 8 : 0) + STANDINGS.indexOf(household.standing);
}

/** Up to which age a site's figures count as those of now. */
export const AGEING = 2 * MINUTE;

export function heardAt(site: SiteState, now: number): number | null {
  const contacts = site.boxes.map((box) => (box.on_line ? now : box.last_contact)).filter((contact) => contact !== null);
  return contacts.length === 0 ? null : Math.max(...contacts);
}

/** When its boxes were heard last, if that is too long ago to pass for now. */
export function staleSince(site: SiteState, now: number): number | null {
  const heard = heardAt(site, now);
  return heard !== null && now - heard > AGEING ? heard : null;
}

/** With the town's word that it is not safe for what people flee from, nothing else of a site matters. */
export function isUnsafe(site: SiteState, hazard: string | undefined): boolean {
  return site.hazards.some((known) => known.hazard === hazard && known.is_safe === false);
}

export class Town {
  readonly households = new Map<number, Household[]>();
  private readonly byId = new Map<number, Household>();
  /** Changes that came while households were on their way, from the revision that was known when the first was asked for. */
  private recent: Array<{ revision: string; households: HouseholdMove[] }> = [];
  private loading = 0;
  /** Grows with everything that changes. */
  version = 0;

  constructor(public state: MapState) {}

  /** The state anew; households stay until they are read anew. */
  replace(state: MapState): void {
    if (!this.isNumberedAs(state.revision)) {
      this.households.clear();
      this.byId.clear();
    }
    this.state = state;
    this.recent = [{ revision: state.revision, households: [] }];
    this.version += 1;
  }

  /** Headquarters' word on a site, before the change that brings the rest. */
  hearWord(id: string, word: SiteWord | null): void {
    this.state = { ...this.state, sites: this.state.sites.map((site) => (site.id === id ? { ...site, word } : site)) };
    this.version += 1;
  }

  /** Whether the numbers of districts and households mean the same there: another roster, or another run of the server, gives others. */
  isNumberedAs(revision: string): boolean {
    return numbering(revision) === numbering(this.state.revision);
  }

  district(id: number): DistrictState | undefined {
    return this.state.districts.find((district) => district.id === id);
  }

  site(id: string): SiteState | undefined {
    return this.state.sites.find((site) => site.id === id);
  }

  household(id: number): Household | undefined {
    return this.byId.get(id);
  }

  /** Tells in which districts rows may say no longer rightly who needs support: changes do not say it of a household. */
  apply(change: MapChange): Set<number> {
    const { state } = this;
    const touched = new Set<number>();
    for (const { id, people } of change.districts ?? []) {
      if (people.support_not_arrived !== this.district(id)?.people.support_not_arrived) {
        touched.add(id);
      }
    }
    for (const [id, standing] of change.households ?? []) {
      const household = this.byId.get(id);
      if (household?.support === true && household.standing !== standing) {
        touched.add(household.district);
      }
    }
    this.state = {
      ...state,
      revision: change.revision,
      at: change.at,
      figures: change.figures ?? state.figures,
      districts: merged(state.districts, change.districts ?? []),
      sites: merged(state.sites, change.sites ?? []).filter((site) => !(change.gone_sites ?? []).includes(site.id)),
      alert: change.alert_changed === true ? (change.alert ?? null) : state.alert,
    };
    const households = change.households ?? [];
    this.move(households);
    if (this.loading > 0) {
      this.recent.push({ revision: change.revision, households });
    }
    this.version += 1;
    return touched;
  }

  /** Tells that households are on their way; `arrive` or `fail` ends it. */
  ask(): void {
    if (this.loading === 0) {
      this.recent = [{ revision: this.state.revision, households: [] }];
    }
    this.loading += 1;
  }

  fail(): void {
    this.loading -= 1;
  }

  /** Takes them, unless their numbers are of another numbering: then they say nothing of anybody here, and have to be asked for again. */
  arrive({ revision, district, households }: DistrictHouseholds): boolean {
    this.loading -= 1;
    if (!this.isNumberedAs(revision)) {
      return false;
    }
    this.put(district, households);
    // What came in between is newer than them, if they are of a revision that was here.
    const from = this.recent.findIndex((change) => change.revision === revision);
    for (const later of from < 0 ? [] : this.recent.slice(from + 1)) {
      this.move(later.households);
    }
    return true;
  }

  put(district: number, households: HouseholdRow[]): void {
    for (const old of this.households.get(district) ?? []) {
      this.byId.delete(old.id);
    }
    const own = households.map((row): Household => ({ ...row, district, point: row.position === null ? null : mercator(row.position) }));
    for (const household of own) {
      this.byId.set(household.id, household);
    }
    this.households.set(district, own);
    this.version += 1;
  }

  /** Those of the filter, by district in the roster's order. */
  *shown(filter: Filter): Generator<Household> {
    for (const { id } of this.state.districts) {
      if (filter.districts !== null && !filter.districts.has(id)) {
        continue;
      }
      for (const household of this.households.get(id) ?? []) {
        if (filter.standings.has(household.standing)) {
          yield household;
        }
      }
    }
  }

  /** How many households the town has. */
  size(): number {
    return all(this.state.figures.households);
  }

  private move(households: HouseholdMove[]): void {
    for (const [id, standing, television] of households) {
      const household = this.byId.get(id);
      if (household !== undefined) {
        Object.assign(household, { standing, television });
      }
    }
  }
}

const numbering = (revision: string): string => revision.split(/[^0-9A-Za-z]/, 1)[0] ?? "";

/** The old ones, with the new ones in their places and what is new at the end. */
function merged<T extends { id: number | string }>(old: T[], changed: T[]): T[] {
  if (changed.length === 0) {
    return old;
  }
  const byId = new Map(changed.map((item) => [item.id, item]));
  const kept = old.map((item) => byId.get(item.id) ?? item);
  const known = new Set(old.map((item) => item.id));
  return [...kept, ...changed.filter((item) => !known.has(item.id))];
}
