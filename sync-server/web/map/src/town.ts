// What the page knows of the town: the state, the households of the districts that were asked for, and what changed since.

import type { DistrictHouseholds, DistrictState, HouseholdRow, HouseholdStanding, MapChange, MapState, SiteState } from "./contract.js";
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
  private recent: Array<{ revision: string; households: Array<[number, HouseholdStanding]> }> = [];
  private loading = 0;
  /** Grows with everything that changes. */
  version = 0;

  constructor(public state: MapState) {}

  /** The state anew; households stay until they are read anew. */
  replace(state: MapState): void {
    if (edition(state.revision) !== edition(this.state.revision)) {
      // Another roster numbers everybody anew.
      this.households.clear();
      this.byId.clear();
    }
    this.state = state;
    this.recent = [];
    this.version += 1;
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

  apply(change: MapChange): void {
    const { state } = this;
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

  arrive({ revision, district, households }: DistrictHouseholds): void {
    this.loading -= 1;
    this.put(district, households);
    // What came in between is newer than them, if they are of a revision that was here.
    const from = this.recent.findIndex((change) => change.revision === revision);
    for (const later of from < 0 ? [] : this.recent.slice(from + 1)) {
      this.move(later.households);
    }
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

  private move(households: Array<[number, HouseholdStanding]>): void {
    for (const [id, standing] of households) {
      const household = this.byId.get(id);
      if (household !== undefined) {
        household.standing = standing;
      }
    }
  }
}

const edition = (revision: string): string => revision.split(/[^0-9A-Za-z]/, 1)[0] ?? "";

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
