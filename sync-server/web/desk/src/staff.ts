// The table of staff as an officer prepares it. The server judges it; nothing counts before two have signed.

import type { NewChange, Staff, StaffOfficer } from "./contract.js";
import { DAY, dateText, momentOf } from "./words.js";

export interface StaffRow {
  /** Nothing for somebody new. */
  known: StaffOfficer | null;
  name: string;
  title: string;
  /** A day as a date field has it; empty for whoever was there before days were written down. */
  from: string;
  until: string;
  telephone: string;
  /** Taken out with the second signature. */
  out: boolean;
}

export interface StaffForm {
  /** From when the new order holds. */
  day: string;
  rows: StaffRow[];
}

/** The first of April that comes next: the day on which town halls move their people. */
function nextApril(now: number): string {
  const [year = 0, month = 0] = dateText(now).split("-").map(Number);
  return `${month < 4 ? year : year + 1}-04-01`;
}

export function staffForm(staff: Staff, now: number): StaffForm {
  const row = (known: StaffOfficer): StaffRow => {
    const { name, title, from, until, telephone } = known;
    return { known, name, title, from: from === 0 ? "" : dateText(from), until: dateText(until), telephone: telephone ?? "", out: false };
  };
  const next = staff.next_order;
  if (next === null) {
    return { day: nextApril(now), rows: staff.officers.map(row) };
  }
  // Whoever changes something else must not take back the order that was signed for that day.
  const place = (one: StaffOfficer): number => (next.officers.includes(one.id) ? next.officers.indexOf(one.id) : next.officers.length);
  return { day: dateText(next.day), rows: [...staff.officers].sort((one, other) => place(one) - place(other)).map(row) };
}

export function addRow(form: StaffForm): void {
  const [year = 0] = form.day.split("-").map(Number);
  form.rows.push({ known: null, name: "", title: "", from: form.day, until: `${year + 1}-03-31`, telephone: "", out: false });
}

/** Moves a line up or down. */
export function move(form: StaffForm, index: number, by: -1 | 1): void {
  const [row] = form.rows.splice(index, 1);
  if (row !== undefined) {
    form.rows.splice(index + by, 0, row);
  }
}

/** What is still to be filled in, in the order of the page. */
export function gapsOf(form: StaffForm): string[] {
  const gaps = form.rows.flatMap((row, index) => [
    ...(row.name.trim() === "" ? [`${index + 1}行目の 名前`] : []),
    ...(row.title.trim() === "" ? [`${index + 1}行目の 役職`] : []),
    ...(row.until === "" ? [`${index + 1}行目の 終わりの 日`] : []),
  ]);
  return form.day === "" ? [...gaps, "いつから"] : gaps;
}

export function wantedChange(form: StaffForm): NewChange {
  const officers = form.rows.map(({ known, name, title, from, until, telephone, out }) => ({
    id: known === null ? null : Number(known.id),
    name: name.normalize("NFC").trim(),
    title: title.normalize("NFC").trim(),
    // A day that nobody touched stays the moment that it was.
    from: known !== null && (known.from === 0 ? "" : dateText(known.from)) === from ? known.from : from === "" ? 0 : momentOf(from),
    until: out ? 0 : known !== null && dateText(known.until) === until ? known.until : momentOf(until) + DAY - 1,
    telephone: telephone.normalize("NFKC").trim(),
  }));
  return { day: momentOf(form.day), officers };
}
