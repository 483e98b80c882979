// The map's part of the server as docs/map.md says, in memory. What a passkey signs is verified in earnest, so that the page's own
// part of it is proved: origin, challenge, relying party, presence, verification and signature.

import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { readFileSync, statSync, openSync, readSync } from "node:fs";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const DIST = new URL("../dist/", import.meta.url);
const PARTY = "localhost";
const MINUTE = 60_000;
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml", webmanifest: "application/manifest+json", geojson: "application/geo+json", pmtiles: "application/octet-stream" };
const STANDINGS = ["arrived", "partly", "passed", "told_elsewhere", "not_arrived", "unknown"];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const counts = () => Object.fromEntries(STANDINGS.map((standing) => [standing, 0]));

/** The same households at every run. */
export function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class Answer extends Error {
  constructor(status, sentence, more = {}) {
    super(sentence);
    this.status = status;
    this.more = more;
  }
}

/** The point of an attestation of format `none`, out of its COSE key (RFC 9053 §7.1): two byte strings of 32. */
function keyOf(attestation) {
  const after = (label) => attestation.indexOf(Buffer.from([label, 0x58, 0x20])) + 3;
  const [x, y] = [0x21, 0x22].map((label) => attestation.subarray(after(label), after(label) + 32).toString("base64url"));
  return createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
}

export class Town {
  /** `districts`: name, center or null, households; `sites`; `base`: as the contract has it; `files`: by path. */
  constructor({ name = "汐見町", districts, sites, base, files, alert = null }) {
    Object.assign(this, { name, sites, base, files, alert });
    this.districts = districts.map((district, id) => ({ ...district, id }));
    this.incident = "地震・津波";
    this.revision = 1;
    this.layout = 1;
    this.trend = [null, null, 12, 96, 188, 243, 0];
    this.streams = new Set();
    this.log = [];
    this.codes = new Map();
    this.devices = new Map();
    this.questions = new Map();
    this.sessions = new Set();
    this.asked = [];
    this.sent = 0;
    this.down = false;
    this.beats = true;
    this.ahead = 0;
    this.drill = null;
    /** What an address is answered instead, and for which ones the answer waits for a promise. */
    this.refused = new Map();
    this.held = new Map();
    this.role = "official";
    /** Inquiries as they came, and what is answered by the name that is asked after. */
    this.inquiries = [];
    this.answers = new Map();
    this.refuses = null;
    /** Words on sites and rulings on shelters, as they came. */
    this.acts = [];
    this.worksAt = [];
    this.reports = {};
    this.reported = [];
    this.who = "田中";
    this.households = new Map(this.districts.flatMap(({ households }) => households.map((household) => [household.id, household])));
  }

  now() {
    return Date.now() + this.ahead;
  }

  /** The run of the server and the roster's order, as the server writes them. */
  numbering() {
    return `00000007${this.layout.toString(16).padStart(8, "0")}`;
  }

  mark() {
    return `${this.numbering()}.${this.revision.toString(16)}`;
  }

  district({ id, name, center, households }) {
    const of = counts();
    const people = { all: 0, arrived: 0, passed: 0, told_elsewhere: 0, not_arrived: 0, support_not_arrived: 0 };
    for (const household of households) {
      of[household.standing] += 1;
      people.all += household.people;
      const kind = { partly: "arrived", unknown: "not_arrived" }[household.standing] ?? household.standing;
      if (household.standing === "partly") {
        people.arrived += 1;
        people.not_arrived += household.people - 1;
      } else {
        people[kind] += household.people;
      }
      if (household.support) people.support_not_arrived += 1;
    }
    return { id, name, center, people, households: of };
  }

  figures() {
    const people = {};
    const households = counts();
    for (const district of this.districts) {
      const state = this.district(district);
      for (const [key, value] of Object.entries(state.people)) people[key] = (people[key] ?? 0) + value;
      for (const [key, value] of Object.entries(state.households)) households[key] += value;
    }
    const trend = [...this.trend.slice(0, -1), people.arrived];
    return { people, households, visitors: 14, unnamed: 6, arrived_by_ten_minutes: trend, conflicts: 0 };
  }

  state(mode) {
    const drill = mode === "drill";
    return {
      revision: this.mark(), at: this.now(), town: this.name, mode, incident: drill ? "秋の 訓練" : this.incident, figures: this.figures(),
      districts: this.districts.map((district) => this.district(district)), sites: this.sites,
      alert: drill && this.alert !== null ? { ...this.alert, is_exercise: true } : this.alert,
    };
  }

  /** Households move; everybody who listens hears of it. */
  move(households, more = {}) {
    const touched = new Set();
    const moves = households.map(([id, standing, television]) => {
      const household = this.households.get(id);
      Object.assign(household, { standing, television: television ?? household.television });
      household.support &&= standing !== "arrived";
      touched.add(this.districts.find((district) => district.households.includes(household)));
      return [id, standing, household.television];
    });
    this.revision += 1;
    const change = { revision: this.mark(), at: this.now(), figures: this.figures(), districts: [...touched].map((district) => this.district(district)), households: moves, ...more };
    this.log.push(change);
    for (const stream of this.streams) this.tell(stream, change);
  }

  tell(stream, change) {
    stream.write(`event: change\nid: ${change.revision}\ndata: ${JSON.stringify(change)}\n\n`);
  }

  reset() {
    this.layout += 1;
    for (const stream of this.streams) stream.end("event: reset\ndata: {}\n\n");
  }

  beat() {
    for (const stream of this.streams) stream.write(`event: beat\ndata: ${JSON.stringify({ at: this.now() })}\n\n`);
  }

  async listen(port) {
    this.origin = `http://localhost:${port}`;
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise((done) => this.server.listen(port, done));
    setInterval(() => this.beats && this.beat(), 3000).unref();
  }

  /** The server is gone: nothing is answered, and what waits is cut off. */
  fall() {
    this.down = true;
    this.server.closeAllConnections();
  }

  rise() {
    this.down = false;
  }

  async answer(request, response) {
    if (this.down) {
      request.socket.destroy();
      return;
    }
    const url = new URL(request.url, this.origin);
    this.asked.push(`${request.method} ${url.pathname}${url.search}`);
    const send = (status, type, body, more = {}) => {
      const squeezed = type !== TYPES.pmtiles && /gzip/.test(request.headers["accept-encoding"] ?? "");
      const bytes = squeezed ? gzipSync(body) : Buffer.from(body);
      this.sent += bytes.length;
      response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", ...(squeezed ? { "Content-Encoding": "gzip" } : {}), ...more });
      response.end(bytes);
    };
    try {
      if (url.pathname === "/" || url.pathname === "/sw.js" || url.pathname.startsWith("/map/")) {
        const name = url.pathname === "/" ? "map.html" : url.pathname.split("/").at(-1);
        send(200, TYPES[name.split(".").at(-1)], readFileSync(new URL(name, DIST)));
        return;
      }
      if (this.files[url.pathname] !== undefined) {
        this.signedIn(request);
        this.file(request, this.files[url.pathname], send);
        return;
      }
      if (!url.pathname.startsWith("/api/v1/")) {
        send(404, "text/plain", "404");
        return;
      }
      const path = url.pathname.slice("/api/v1/".length);
      const refused = this.refused.get(path);
      if (refused !== undefined) {
        this.signedIn(request);
        throw new Answer(refused, "この 役割では 地図を 見られません");
      }
      if (path === "map/changes") {
        this.signedIn(request);
        this.stream(request, response, url);
        return;
      }
      let text = "";
      for await (const part of request) text += part;
      const headers = {};
      const body = JSON.stringify(this.api(request, path, url, text === "" ? {} : JSON.parse(text), headers));
      // What was true when it was asked, later.
      await this.held.get(path);
      send(200, "application/json", body, headers);
    } catch (error) {
      if (!(error instanceof Answer)) console.error(error);
      send(error.status ?? 500, "application/problem+json", JSON.stringify({ status: error.status ?? 500, title: error.message, ...error.more }));
    }
  }

  /** Whole, or the range that was asked for. */
  file(request, file, send) {
    const type = TYPES[String(file.path ?? "x.geojson").split(".").at(-1)];
    if (file.path === undefined) {
      send(200, type, JSON.stringify(file));
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const { size } = statSync(file.path);
    if (range === null) {
      send(200, type, readFileSync(file.path));
      return;
    }
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), size - 1)];
    const bytes = Buffer.alloc(to - from + 1);
    readSync(openSync(file.path, "r"), bytes, 0, bytes.length, from);
    send(206, type, bytes, { "Content-Range": `bytes ${from}-${to}/${size}`, ETag: '"1"' });
  }

  stream(request, response, url) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    this.streams.add(response);
    request.on("close", () => this.streams.delete(response));
    const from = request.headers["last-event-id"] ?? url.searchParams.get("from");
    const [numbering, number] = from.split(".");
    if (numbering !== this.numbering()) {
      response.end("event: reset\ndata: {}\n\n");
      return;
    }
    for (const change of this.log.filter((one) => Number.parseInt(one.revision.split(".")[1], 16) > Number.parseInt(number, 16))) this.tell(response, change);
    response.write(`event: beat\ndata: ${JSON.stringify({ at: this.now() })}\n\n`);
  }

  signedIn(request) {
    const session = /map=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
    if (!this.sessions.has(session)) throw new Answer(401, "もう一度 入って ください");
    return session;
  }

  challenge(about) {
    const challenge = randomBytes(32).toString("base64url");
    this.questions.set(challenge, about);
    return challenge;
  }

  /** Client data of the right kind, to a question that was asked, once. */
  asked_for(response, type) {
    const client = Buffer.from(response.clientDataJSON, "base64url");
    const said = JSON.parse(client);
    const about = this.questions.get(said.challenge);
    if (about === undefined || said.type !== type || said.origin !== this.origin) throw new Answer(400, "パスキーが 合いません");
    this.questions.delete(said.challenge);
    return { client, about };
  }

  api(request, path, url, body, headers) {
    switch (`${request.method} ${path}`) {
      case "POST enrolment/begin":
        if (!this.codes.has(body.code)) throw new Answer(403, "この コードは 使えません");
        return { publicKey: { rp: { id: PARTY, name: this.name }, user: { id: randomBytes(16).toString("base64url"), name: "田中", displayName: "田中" }, challenge: this.challenge(body.code), pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }], timeout: 60_000, attestation: "none", excludeCredentials: [], authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" } } };
      case "POST enrolment/finish": {
        const { about } = this.asked_for(body.response, "webauthn.create");
        if (body.id !== body.rawId || body.type !== "public-key") throw new Answer(400, "パスキーが 合いません");
        this.devices.set(body.id, { key: keyOf(Buffer.from(body.response.attestationObject, "base64url")), who: this.codes.get(about) });
        this.codes.delete(about);
        return {};
      }
      case "POST session/begin":
        return { publicKey: { challenge: this.challenge("session"), timeout: 60_000, rpId: PARTY, allowCredentials: [], userVerification: "required" } };
      case "POST session/finish": {
        const { client } = this.asked_for(body.response, "webauthn.get");
        const device = this.devices.get(body.id);
        const authenticator = Buffer.from(body.response.authenticatorData, "base64url");
        const holds = device !== undefined && authenticator.subarray(0, 32).equals(sha256(PARTY)) && (authenticator[32] & 5) === 5 && verify("sha256", Buffer.concat([authenticator, sha256(client)]), { key: device.key, dsaEncoding: "der" }, Buffer.from(body.response.signature, "base64url"));
        if (!holds) throw new Answer(403, "この パスキーは 登録されていません");
        headers["Set-Cookie"] = this.letIn();
        return {};
      }
      case "DELETE session":
        this.sessions.delete(this.signedIn(request));
        return {};
    }
    this.signedIn(request);
    const mode = url.searchParams.get("mode");
    if (path === "session") return { name: "田中", role: this.role, sites: this.worksAt, until: this.now() + 8 * 60 * MINUTE, town: this.name };
    if (`${request.method} ${path}` === "POST inquiries") {
      if (!["official", "inquiry_clerk"].includes(this.role) || request.headers["content-type"] !== "application/json") throw new Answer(403, "この画面は あなたの 役割では 見られません");
      if (this.refuses !== null) throw new Answer(...this.refuses);
      this.inquiries.push(body);
      return { number: this.inquiries.length, ...(this.answers.get(body.sought.name) ?? { sentence: "お尋ねの方についてお伝えできる情報はありません。", desk: false }) };
    }
    const act = /^POST (sites|shelters)\/(\w+)\/(word|ruling)$/.exec(`${request.method} ${path}`);
    if (act !== null) return this.act(act[1], this.sites.find(({ id }) => id === act[2]), body);
    if (this.role === "inquiry_clerk") throw new Answer(403, "この画面は あなたの 役割では 見られません");
    if (/^(reports|exports)\//.test(path)) return this.reporting(request.method, path, body);
    if (path === "map/state") return this.state(mode);
    if (path === "map/base") return this.base;
    const of = /^map\/districts\/(\d+)\/households$/.exec(path);
    const district = of === null ? undefined : this.districts[Number(of[1])];
    if (district !== undefined) return { revision: this.mark(), district: district.id, households: district.households };
    throw new Answer(404, "ありません");
  }

  /** As the server does: a word is taken by whoever saw the one in force, and by nobody else. */
  act(kind, site, body) {
    if (this.role !== "official") throw new Answer(403, "拠点を 変えられるのは 町の 職員だけです");
    if (site === undefined) throw new Answer(404, "ありません");
    if (this.refuses !== null) throw new Answer(...this.refuses);
    if (kind === "shelters") {
      if (!site.own_shelter || (site.standing === "closed") !== body.seen_closed) throw new Answer(409, "ほかの 人が 先に 決めました。いまの ようすを 見て、もう一度 決めて ください");
      this.acts.push({ site: site.id, ...body });
      if (body.wanted === "join") {
        this.sites = this.sites.filter((other) => other !== site);
        this.move([], { gone_sites: [site.id] });
        return {};
      }
      this.change(site.id, body.wanted === "adopt" ? { own_shelter: false } : { standing: "closed" });
      return {};
    }
    if ((site.word?.id ?? null) !== body.seen) throw new Answer(409, "ほかの 人が 先に 変えました。いまの ようすを 見て、もう一度 決めて ください", { word: site.word });
    this.acts.push({ site: site.id, ...body });
    const word = { id: this.acts.length.toString(16), at: this.now(), standing: body.standing, capacity: body.capacity, opened_since: false };
    this.planned ??= new Map();
    if (!this.planned.has(site.id)) this.planned.set(site.id, site.capacity);
    this.change(site.id, { word, standing: body.standing ?? "open", capacity: body.capacity ?? this.planned.get(site.id) });
    return word;
  }

  /** A site is another one from now on, unless nobody is told yet. */
  change(id, more) {
    this.sites = this.sites.map((site) => (site.id === id ? { ...site, ...more } : site));
    const told = () => this.move([], { sites: this.sites.filter((site) => site.id === id) });
    if (this.tellsLater === undefined) told();
    else this.tellsLater.push(told);
  }

  /** 定時報告: one hour, whose figures are frozen, checked by one and released by another. `who` acts. */
  reporting(method, path, body) {
    if (!["official", "auditor"].includes(this.role) || (method === "POST" && this.role !== "official")) throw new Answer(403, "この画面は あなたの 役割では 見られません");
    const [, mode, until, step] = path.split("/");
    const next = Math.floor(this.now() / (60 * MINUTE)) * 60 * MINUTE;
    const hours = (this.reports[mode] ??= new Map());
    if (method === "GET" && until === undefined) {
      const lines = [...hours.values()].map((hour) => ({ until: hour.until, versions: hour.released?.version ?? 0, waits: hour.waiting === null ? null : hour.waiting.checked_by === null ? "check" : "release" }));
      return { hours: lines.reverse(), next_until: next, next: hours.has(next) ? null : this.sheet(0) };
    }
    const hour = until === undefined ? { from: next - 24 * 60 * MINUTE, until: next, waiting: null, released: null } : hours.get(Number(until));
    if (hour === undefined) throw new Answer(404, "ありません");
    const freeze = (more) => (hour.waiting = { frozen_at: this.now(), checked_by: null, sheet: this.sheet(more), against: { until: hour.released === null ? next - 60 * MINUTE : next, version: 1, changes: [{ site: null, column: "避難所内", before: 402, after: 412 + more }, { site: "汐見小学校", column: "避難所内", before: 198, after: 208 + more }] } });
    if (method === "POST") {
      this.reported.push([path, body]);
      if (step === undefined) {
        freeze(0);
        hours.set(next, hour);
      } else if (step === "correct") {
        freeze(3);
      } else {
        if (body.frozen_at !== hour.waiting?.frozen_at) throw new Answer(409, "ほかの 人が 数を 止め直しました。もう一度 見て ください");
        if (step === "check") {
          hour.waiting.checked_by = this.who;
        } else {
          if (hour.waiting.checked_by === this.who) throw new Answer(409, "確かめた 人は 出せません。ほかの 職員が 出して ください");
          hour.released = { version: (hour.released?.version ?? 0) + 1, at: this.now(), checked_by: hour.waiting.checked_by, released_by: this.who, sheet: hour.waiting.sheet };
          hour.waiting = null;
        }
      }
    }
    return { ...hour, waiting: hour.waiting && { ...hour.waiting, may_release: hour.waiting.checked_by !== null && hour.waiting.checked_by !== this.who } };
  }

  sheet(more) {
    const columns = ["避難所内", "在宅避難", "車中泊", "通過", "確認済（12時間以内）", "世帯数", "女性", "男性", "配慮：妊産婦", "昼", "夜", "必要な食数"];
    const sites = [["汐見小学校", 208 + more], ["浜町 公民館\u202e", 121], ["高台の 体育館", 83]].map(([name, people]) => ({ name, counts: columns.map((_, at) => (at === 0 ? people : Math.floor(people / (at + 1)))) }));
    return { columns, sites, town: columns.map((_, at) => sites.reduce((whole, { counts }) => whole + counts[at], 0)) };
  }

  letIn() {
    const session = randomBytes(16).toString("hex");
    this.sessions.add(session);
    return `map=${session}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

const box = (west, south, east, north) => ({ type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] });

/** The demonstration's town under a tsunami, with more people than its own file names. */
export function shiomi(now) {
  const next = dice(20_261_127);
  let id = 0;
  const television = (standing) => (standing === "unknown" ? (next() < 0.6 ? "unreachable" : "without_set") : ["going", "shown", "shown", "help", "told"][Math.floor(next() * 5)]);
  const make = (count, place, share, groups) =>
    Array.from({ length: count }, () => {
      const luck = next();
      const standing = luck < share ? "arrived" : luck < share + 0.07 ? "passed" : luck < share + 0.12 ? "partly" : luck < share + 0.16 ? "told_elsewhere" : luck < share + 0.16 + (0.84 - share) * 0.72 ? "not_arrived" : "unknown";
      id += 1;
      return { id, group: `${1 + Math.floor(next() * groups)}班`, people: 1 + Math.floor(next() * 5), standing, support: standing !== "arrived" && standing !== "told_elsewhere" && next() < 0.22, television: television(standing), position: place === null ? null : place() };
    });
  const within = (west, south, east, north) => () => [west + next() * (east - west), south + next() * (north - south)];
  const districts = [
    { name: "浜町", center: [134.60995, 33.743], households: make(62, within(134.6076, 33.7408, 134.6124, 33.7438), 0.72, 5) },
    { name: "汐見", center: [134.6159, 33.743], households: make(58, within(134.6134, 33.7408, 134.6184, 33.7438), 0.66, 4) },
    { name: "港町", center: [134.6243, 33.7437], households: [...make(30, null, 0.6, 3)] },
    { name: "本町", center: null, households: make(24, null, 0.7, 3) },
  ];
  // Three of one house of flats.
  const flats = districts[1].households.slice(0, 4);
  for (const household of flats) Object.assign(household, { group: "9班", position: [134.61722, 33.74182], standing: "not_arrived", support: false });
  flats[0].support = true;
  const site = (id, name, kind, position, standing, here, capacity, boxes, hazards = []) => ({ id, name, kind, position, standing, own_shelter: false, word: null, here, confirmed: here, unnamed: Math.floor(here / 20), outside: id === "a6", unaccounted: 0, out: 0, capacity, boxes, hazards: Object.entries(hazards).map(([hazard, is_safe]) => ({ hazard, is_safe })) });
  const fresh = (id) => ({ id, on_line: true, last_contact: now, card_data: now - 6 * 60 * MINUTE, unsent: 0, clock_sure: true, battery: 86, on_mains: true });
  const old = (id, minutes) => ({ id, on_line: false, last_contact: now - minutes * MINUTE, card_data: now - 50 * 60 * MINUTE, unsent: 12, clock_sure: false, battery: 21, on_mains: false });
  const sites = [
    site("a1", "潮見坂の 上", "shelter", [134.6118, 33.7496], "open", 212, 300, [fresh("hina-01"), old("hina-02", 5)], { tsunami: true, earthquake: true, landslide: null }),
    site("a2", "寺の 境内", "shelter", [134.6036, 33.7458], "full", 60, 60, [fresh("hina-03")], { tsunami: null, earthquake: true }),
    site("a3", "潮見坂 登り口", "check_point", [134.6111, 33.7471], "open", 38, null, [fresh("hina-04")], { tsunami: true }),
    site("a4", "汐見小学校 体育館", "shelter", [134.6161, 33.7452], "unknown", 0, 400, [], { tsunami: false, flood: true }),
    site("a5", "港公民館", "watch_spot", [134.6213, 33.7419], "closed", 0, 40, [old("hina-05", 90)], { tsunami: true }),
    site("a6", "岬の 高台", "emergency_site", [134.6296, 33.7424], "open", 29, 80, [old("hina-06", 3)], { tsunami: true }),
  ];
  const demo = new URL("../../../../packaging/demo-town/", import.meta.url);
  const outline = (name, shape) => ({ type: "Feature", properties: { name }, geometry: shape });
  return new Town({
    districts,
    sites,
    base: {
      bounds: [134.6035, 33.7392, 134.6298, 33.7502],
      base: { name: "地図", url: "/api/v1/map/files/map.geojson", format: "geojson", credit: "架空の町・避難の判断に使わない" },
      hazards: [{ name: "津波の 浸水想定", url: "/api/v1/map/files/tsunami.geojson", format: "geojson", credit: "架空の町・避難の判断に使わない" }],
      outlines: "/api/v1/map/outlines",
    },
    files: {
      "/api/v1/map/files/map.geojson": { path: new URL("map.geojson", demo).pathname },
      "/api/v1/map/files/tsunami.geojson": { path: new URL("tsunami.geojson", demo).pathname },
      "/api/v1/map/outlines": { type: "FeatureCollection", features: [outline("浜町", box(134.6071, 33.7402, 134.6128, 33.7458)), outline("汐見", box(134.613, 33.7402, 134.6188, 33.7458)), outline("港町", box(134.619, 33.7395, 134.6296, 33.7458))] },
    },
    alert: { is_exercise: false, title: "避難指示", hazard: "tsunami", tsunami: "major_warning", sent: now - 5 * MINUTE, expires: now + 12 * 60 * MINUTE, districts: ["浜町", "汐見", "本町", "港町"], arrives: now + 5 * MINUTE + 40_000 },
  });
}
