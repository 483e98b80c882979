// What an officer puts together before there is a draft.

import type { Destination, District, KeyClass, Message, NewDraft, State, Thread } from "./contract.js";
import { MINUTE, timeOfDay } from "./words.js";

export interface Form {
  hazard: string | null;
  message: string | null;
  districts: Set<string>;
  /** Why a place is used of which nobody knows whether it is safe. */
  reasons: Map<string, string>;
  arrival: "unknown" | "minutes" | "clock" | null;
  minutes: string;
  clock: string;
  /** Fixed when it is typed, since "in 12 minutes" is meant from then on. */
  arrives: number | null;
  /** The thread that this updates. */
  thread: string | null;
  /** The draft that was made of it. Kept, so that who drops the draft can go on from here. */
  draft: string | null;
}

export function emptyForm(): Form {
  return {
    hazard: null,
    message: null,
    districts: new Set(),
    reasons: new Map(),
    arrival: null,
    minutes: "",
    clock: "",
    arrives: null,
    thread: null,
    draft: null,
  };
}

export function updateOf(thread: Thread): Form {
  return { ...emptyForm(), hazard: thread.hazard, districts: new Set(thread.districts), thread: thread.id };
}

export function chosenMessage(form: Form, state: State): Message | undefined {
  return state.messages.find((message) => message.id === form.message);
}

/** A district's places for a hazard: those that can be used, and those that must not be. */
export function placesOf(district: District, hazard: string): { usable: Destination[]; unsafe: Destination[] } {
  const places = district.go.filter((place) => place.hazard === hazard);
  return {
    usable: places.filter((place) => place.standing !== "unsuitable"),
    unsafe: places.filter((place) => place.standing === "unsuitable"),
  };
}

/** Everybody would be sent to a dangerous place. The server refuses it as well. */
export function isRefused(district: District, hazard: string | null): boolean {
  if (hazard === null) {
    return false;
  }
  const { usable, unsafe } = placesOf(district, hazard);
  return usable.length === 0 && unsafe.length > 0;
}

export function toggle(form: Form, district: District): void {
  if (!form.districts.delete(district.name)) {
    form.districts.add(district.name);
  }
}

export function chosenDistricts(form: Form, state: State): District[] {
  return state.districts.filter((district) => form.districts.has(district.name) && !isRefused(district, form.hazard));
}

/** The places that need a reason, each once though several districts go there. */
export function placesInDoubt(form: Form, state: State): string[] {
  const { hazard } = form;
  if (hazard === null) {
    return [];
  }
  const places = chosenDistricts(form, state)
    .flatMap((district) => placesOf(district, hazard).usable)
    .filter((place) => place.standing === "unknown");
  return [...new Set(places.map((place) => place.place))];
}

export function typeArrival(form: Form, now: number): void {
  if (form.arrival === "minutes") {
    const minutes = /^\d{1,4}$/.test(form.minutes) ? Number(form.minutes) : null;
    form.arrives = minutes === null ? null : now + minutes * MINUTE;
  } else {
    form.arrives = form.arrival === "clock" ? timeOfDay(form.clock, now) : null;
  }
}

/** What is still to be done, in the order of the page. */
export function missing(form: Form, state: State): string[] {
  const message = chosenMessage(form, state);
  const list: string[] = [];
  if (message === undefined) {
    list.push("お知らせを 選ぶ");
  } else if (message.tsunami !== null && (form.arrival === null || (form.arrival !== "unknown" && form.arrives === null))) {
    list.push("津波の 時刻を 入れる（わからない時は「わからない」）");
  }
  if (chosenDistricts(form, state).length === 0) {
    list.push("地区を 選ぶ");
  }
  for (const place of placesInDoubt(form, state)) {
    if ((form.reasons.get(place) ?? "").trim() === "") {
      list.push(`${place}を 使う理由を 書く`);
    }
  }
  return list;
}

export function newDraft(form: Form, state: State, keyClass: KeyClass): NewDraft {
  return {
    class: keyClass,
    kind: "Order",
    message: form.message ?? "",
    districts: chosenDistricts(form, state).map((district) => district.name),
    reasons: Object.fromEntries(placesInDoubt(form, state).map((place) => [place, (form.reasons.get(place) ?? "").trim()])),
    arrives: chosenMessage(form, state)?.tsunami == null ? null : form.arrives,
    thread: form.thread,
  };
}
