// The alert desk's server as docs/desk.md says, in memory. What a passkey signs is verified in earnest, so that the page's own
// part of it is proved: origin, challenge, relying party, presence, verification and signature.

import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const FRAMED = POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'");
const DESK = new URL("../dist/", import.meta.url);
const TELEVISION = new URL("../../dist/", import.meta.url);
const MINUTE = 60_000;
const WORDS = ["みかん", "とり", "やま", "かわ", "そら", "いし", "ふね", "まつ"];

const PARTY = "localhost";

class Answer extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const three = (bytes) => [...bytes.subarray(0, 3)].map((byte) => WORDS[byte % WORDS.length]);

const texts = (ja, simple, en) => ({ ja, simple, en });
const CANCEL = texts(
  "先ほどの避難指示は誤って送信されたものです。避難の必要はありません。",
  "まちがいの お知らせでした。\n避難しなくて だいじょうぶです。\n外に 出た人は 家に 戻れます。",
  "The previous message was sent by mistake. You do not need to evacuate.",
);
const tsunami = (id, kind, label) => ({
  id, label: `${label}　避難指示`, hazard: "Tsunami", order: "EvacuationOrder", level: null, tsunami: kind, title: `${label}　避難指示`,
  texts: texts(
    `${label}が発表されました。避難指示を発令します。ただちに高台へ避難してください。`,
    "今すぐ 逃げて ください。\n津波が 来ます。\n〔行き先〕へ 行って ください。\n〔道〕を 通って ください。",
    `${kind === "Advisory" ? "Tsunami advisory" : "Tsunami warning"}. Evacuate to high ground now.`,
  ),
  cancel: CANCEL,
});
const flood = (id, order, level, words) => ({
  id, label: words, hazard: "Flood", order, level, tsunami: null, title: `警戒レベル${level}　${words}`,
  texts: texts(`汐見川の水位が上がっています。警戒レベル${level}、${words}を発令します。`, "川の 水が 増えています。\n〔行き先〕へ 行って ください。", `Level ${level}. The Shiomi river is rising. Leave for your shelter.`),
  cancel: CANCEL,
});

const MESSAGES = [
  tsunami("t-major", "MajorWarning", "大津波警報"),
  tsunami("t-warning", "Warning", "津波警報"),
  tsunami("t-advisory", "Advisory", "津波注意報"),
  flood("f-3", "EvacuateElderly", 3, "高齢者等避難"),
  flood("f-4", "EvacuationOrder", 4, "避難指示"),
  flood("f-5", "SecureNow", 5, "緊急安全確保"),
];
const go = (hazard, place, road, standing = "suitable") => ({ hazard, place, road, standing });
const DISTRICTS = [
  { name: "西浜", households: 62, people: 151, support: 9, televisions: 59, go: [go("Tsunami", "城山公園", "石段を のぼる"), go("Tsunami", "西浜小学校", "県道", "unsuitable"), go("Flood", "西浜小学校", "県道を 行く")] },
  { name: "宮ノ下", households: 58, people: 142, support: 8, televisions: 54, go: [go("Tsunami", "城山公園", "神社の 参道"), go("Flood", "中央公民館", "県道を 行く")] },
  { name: "磯崎", households: 48, people: 119, support: 6, televisions: 44, go: [go("Tsunami", "磯崎高台", "農道を のぼる", "unknown"), go("Flood", "磯崎集会所", "海の 道")] },
  { name: "<script>alert(1)</script>浜", households: 3, people: 7, support: 0, televisions: 3, go: [go("Tsunami", "浜の集会所", "", "unsuitable"), go("Flood", "磯崎集会所", "")] },
];

/** Of three districts: a bent one, one beside it, and a small one that leads nowhere safe. One has no outline. */
const OUTLINES = {
  西浜: "33.740,134.600 33.748,134.600 33.748,134.612 33.745,134.612 33.745,134.604 33.740,134.604 33.740,134.600",
  宮ノ下: "33.740,134.6045 33.7445,134.6045 33.7445,134.612 33.742,134.614 33.740,134.612 33.740,134.6045",
  磯崎: "33.7400,134.6145 33.7440,134.6150 33.7475,134.6130 33.7480,134.6200 33.7420,134.6230 33.7400,134.6145",
  "<script>alert(1)</script>浜": "33.7395,134.6060 33.7395,134.6085 33.7378,134.6085 33.7378,134.6060 33.7395,134.6060",
};

/** Client data, authenticator data and signature of an assertion over `challenge` (WebAuthn Level 2 §7.2). */
function holds(assertion, challenge, origin, key) {
  const client = Buffer.from(assertion.client, "base64");
  const authenticator = Buffer.from(assertion.authenticator, "base64");
  const said = JSON.parse(client.toString("utf8"));
  return (
    said.type === "webauthn.get" &&
    said.challenge === challenge &&
    said.origin === origin &&
    authenticator.length >= 37 &&
    authenticator.subarray(0, 32).equals(sha256(PARTY)) &&
    (authenticator[32] & 0x05) === 0x05 &&
    verify("sha256", Buffer.concat([authenticator, sha256(client)]), { key, dsaEncoding: "der" }, Buffer.from(assertion.signature, "base64"))
  );
}

export class Town {
  constructor({ codes }) {
    this.officers = new Map(codes.map(({ code, ...officer }) => [code, officer]));
    this.invitations = new Map();
    this.devices = new Map();
    this.questions = new Map();
    this.sessions = new Map();
    this.drafts = new Map();
    this.threads = [];
    /** An order of deputies that was signed for a day to come. */
    this.nextOrder = null;
    this.help = [];
    /** The households of every thread that have not arrived, in their order. */
    this.missing = [];
    /** Televisions that were given to households at boxes. */
    this.televisions = [];
    this.releases = { policy: "officer", coasts: [{ segment: 580, name: "徳島県" }], heard: null, clock: null, dropped: [], unsent: [] };
    this.prepared = new Map();
    this.able = { live: 4, exercise: 4 };
    this.tested = {};
    this.outlines = OUTLINES;
    this.staff = null;
    this.pending = null;
    this.joining = [];
    this.revision = 1;
    this.waiting = new Set();
    /** What was asked, for the test to count. */
    this.acts = [];
    this.down = false;
    /** How long an answer to an act takes. */
    this.delay = 0;
  }

  /** Districts with an outline, in the order of the map. */
  names() {
    return Object.keys(this.outlines);
  }

  change() {
    this.revision += 1;
    for (const wake of this.waiting) {
      wake();
    }
  }

  async listen(port) {
    this.origin = `http://localhost:${port}`;
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise((done) => this.server.listen(port, done));
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
    const send = (status, type, body, more = {}) => {
      response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", ...more });
      response.end(body);
    };
    if (this.down) {
      request.socket.destroy();
      return;
    }
    const url = new URL(request.url, this.origin);
    try {
      if (url.pathname.startsWith("/desk/api/")) {
        const headers = {};
        const body = await this.api(request, url, headers);
        if (Buffer.isBuffer(body)) {
          send(200, "application/pdf", body, { "Content-Disposition": 'attachment; filename="report.pdf"' });
          return;
        }
        send(200, "application/json", JSON.stringify(body), headers);
        return;
      }
      const files = { "/desk/": "desk.html", "/desk/desk.js": "desk.js", "/desk/desk.css": "desk.css" };
      const types = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };
      const name = files[url.pathname];
      if (name !== undefined) {
        send(200, types[name.split(".").at(-1)], readFileSync(new URL(name, DESK)));
        return;
      }
      const real = existsSync(new URL("tv.html", TELEVISION));
      const set = { "/tv/": "tv.html", "/tv/tv.js": "tv.js", "/tv/tv.css": "tv.css", "/tv/stub.js": "stub.js" }[url.pathname];
      if (set !== undefined) {
        const stub = '<!doctype html><html lang="ja"><meta charset="utf-8"><title>テレビ</title><link rel="stylesheet" href="tv.css"><script src="stub.js"></script><body></body></html>';
        const style = "body{margin:0;padding:40px 90px;background:#000;color:#fff;font:bold 110px/1.4 'BIZ UDPGothic',sans-serif}p{margin:0}p:nth-child(2){color:#ffe600}body.exercise{background:#fff;color:#0b2b33;border:24px dashed #00788c}body.exercise p{color:inherit}body.Cancel{background:#0a2f8f}body.AllClear{background:#00563b}";
        const body = real ? readFileSync(new URL(set, TELEVISION)) : set === "tv.html" ? stub : set === "tv.css" ? style : set === "stub.js" ? readFileSync(new URL("stub.js", import.meta.url)) : "";
        send(200, types[set.split(".").at(-1)], body, { "Content-Security-Policy": FRAMED });
        return;
      }
      send(404, "text/plain", "404");
    } catch (error) {
      const status = error instanceof Answer ? error.status : 500;
      if (status === 500) {
        console.error(error);
      }
      send(status, "application/json", JSON.stringify({ error: error.message }));
    }
  }

  async api(request, url, headers) {
    const path = url.pathname.slice("/desk/api/".length);
    const session = this.sessions.get(/desk=(\w+)/.exec(request.headers.cookie ?? "")?.[1]);
    if (request.method === "GET" && path === "state") {
      return this.state(this.must(session), url.searchParams.get("seen"), request);
    }
    if (request.method === "GET" && path === "map") {
      this.must(session);
      return { outlines: this.outlines };
    }
    const [, id, what] = /^threads\/([0-9a-f]+)\/(missing|report\.pdf)$/.exec(path) ?? [];
    if (request.method === "GET" && id !== undefined) {
      this.must(session);
      if (!this.threads.some((thread) => thread.id === id)) {
        throw new Answer(404, "もう ありません");
      }
      return what === "missing" ? this.missingPage(Number(url.searchParams.get("page"))) : Buffer.from("%PDF-1.7\n%%EOF\n");
    }
    if (request.method !== "POST" || request.headers["content-type"] !== "application/json" || request.headers.origin !== this.origin) {
      throw new Answer(400, "この 求めは 受けられません。");
    }
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    this.acts.push(path);
    if (this.delay > 0) {
      await new Promise((done) => setTimeout(done, this.delay));
    }
    const parts = path.split("/").map(decodeURIComponent);
    switch (path) {
      case "enrol":
        return this.enrol(body);
      case "enrol/device":
        return this.device(body);
      case "door/question": {
        const challenge = randomBytes(32).toString("base64url");
        this.questions.set(challenge, Date.now() + 2 * MINUTE);
        return { party: PARTY, challenge };
      }
      case "door":
        return this.door(body, headers);
      case "test": {
        const officer = this.must(session);
        const device = this.devices.get(body.credential);
        if (device?.officer !== officer || !this.questions.delete(body.challenge)) {
          throw new Answer(422, "別の人の パスキーです。");
        }
        this.tested[officer.id] = { ...this.tested[officer.id], [device.keyClass]: Date.now() };
        this.change();
        return { class: device.keyClass };
      }
      case "leave":
        this.sessions.clear();
        headers["Set-Cookie"] = "desk=; Path=/desk/; HttpOnly; SameSite=Strict; Max-Age=0";
        return {};
      case "releases":
        return this.view(this.prepareRelease(body), this.must(session));
      case "staff/changes":
        return this.prepare(this.must(session), body);
      case "drafts":
        return this.view(this.make(this.must(session), body), session);
    }
    if (parts[0] === "drafts" && parts[2] === "sign") {
      return this.sign(this.must(session), parts[1], body);
    }
    if (parts[0] === "televisions" && parts[2] === "unbind") {
      if (!this.televisions.some((one) => one.id === parts[1])) {
        throw new Answer(404, "もう ありません");
      }
      this.televisions = this.televisions.filter((one) => one.id !== parts[1]);
      this.change();
      return {};
    }
    if (parts[0] === "releases" && parts[2] === "sign") {
      return this.signRelease(this.must(session), parts[1], body);
    }
    if (parts[0] === "releases" && parts[2] === "withdraw") {
      this.must(session);
      if (!this.prepared.delete(parts[1])) {
        throw new Answer(404, "もう ありません");
      }
      this.change();
      return {};
    }
    if (parts[0] === "drafts" && parts[2] === "drop") {
      const { id: officer, name, title } = this.must(session);
      const trigger = this.drafts.get(parts[1])?.trigger;
      if (trigger) {
        const { kind, coast } = trigger;
        this.releases.dropped.unshift({ kind, coast, title: this.drafts.get(parts[1]).title, by: { officer, name, title, at: Date.now() } });
      }
      if (!this.drafts.delete(parts[1])) {
        throw new Answer(404, "この 下書きは もう ありません。");
      }
      this.change();
      return {};
    }
    if (parts[0] === "staff") {
      return this.staffAct(this.must(session), parts.slice(1), body);
    }
    if (parts[0] === "help" && parts[2] === "take") {
      const task = this.help.find((known) => known.id === parts[1]);
      if (task === undefined || task.owner !== null) {
        throw new Answer(409, "ほかの 職員が 先に 引き受けました。");
      }
      task.owner = { name: this.must(session).name, at: Date.now() };
      this.change();
      return {};
    }
    throw new Answer(404, "ありません。");
  }

  missingPage(page) {
    const standings = { help: 0, not_answered: 0, unreachable: 0, without_set: 0, going: 0, check_point: 0 };
    for (const { standing } of this.missing) {
      standings[standing] += 1;
    }
    const households = this.missing.slice(page * 100, page * 100 + 100);
    return { now: Date.now(), total: this.missing.length, standings, page, pages: Math.ceil(this.missing.length / 100), households };
  }

  must(session) {
    if (session === undefined) {
      throw new Answer(401, "サインインしてください。");
    }
    return session;
  }

  enrol({ code }) {
    const officer = this.officers.get(code);
    if (officer === undefined) {
      throw new Answer(422, "この コードは 使えません。管理者に 確かめてください。");
    }
    const users = { live: randomBytes(16).toString("base64url"), exercise: randomBytes(16).toString("base64url") };
    return { officer, town: "汐見町", party: PARTY, challenge: randomBytes(32).toString("base64url"), users };
  }

  device({ code, live, exercise }) {
    const officer = this.officers.get(code);
    if (officer === undefined) {
      throw new Answer(404, "この コードは 使えません。");
    }
    for (const [keyClass, { credential, key }] of [["live", live], ["exercise", exercise]]) {
      const known = createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
      if (known.asymmetricKeyDetails.namedCurve !== "prime256v1" || this.devices.has(credential)) {
        throw new Answer(400, "この パスキーは 使えません。");
      }
      this.devices.set(credential, { officer, keyClass, key: known });
    }
    this.officers.delete(code);
    const digest = sha256(live.key + exercise.key);
    if (this.invitedBy !== undefined) {
      this.joining.push({ id: digest.toString("hex"), digest: digest.toString("base64url"), words: three(digest), joined: Date.now(), officer, by: this.invitedBy });
      this.change();
    }
    return { words: three(digest) };
  }

  door(body, headers) {
    const device = this.devices.get(body.credential);
    if (device === undefined || !this.questions.delete(body.challenge) || !holds(body, body.challenge, this.origin, device.key)) {
      throw new Answer(401, "この パスキーは 町の 名簿に ありません。");
    }
    const token = randomBytes(16).toString("hex");
    this.sessions.set(token, device.officer);
    headers["Set-Cookie"] = `desk=${token}; Path=/desk/; HttpOnly; SameSite=Strict; Max-Age=43200`;
    return {};
  }

  async state(officer, seen, request) {
    if (seen === String(this.revision)) {
      await new Promise((done) => {
        const wake = () => {
          this.waiting.delete(wake);
          clearTimeout(timer);
          done();
        };
        const timer = setTimeout(wake, 25_000);
        this.waiting.add(wake);
        request.on("close", wake);
      });
    }
    const credentials = { live: [], exercise: [] };
    for (const [id, device] of this.devices) {
      if (device.officer === officer) {
        credentials[device.keyClass].push(id);
      }
    }
    const tsunamiOut = this.threads.some((thread) => thread.class === "live" && thread.hazard === "Tsunami" && thread.in_force && thread.kind === "Order");
    const threads = this.threads.map((thread) => {
      const late = Date.now() > thread.sent + 10 * MINUTE;
      const why = thread.class === "exercise" ? null : tsunamiOut ? "tsunami" : late ? "late" : null;
      return { ...thread, cancel_alone_until: thread.class === "live" && why === null ? thread.sent + 10 * MINUTE : null, cancel_why: why };
    });
    return {
      revision: String(this.revision), now: Date.now(), town: "汐見町", officer, able: this.able, signers: this.signers(officer), proved_for: 35 * 24 * 60 * MINUTE, staff: this.staffOf(officer), credentials, party: PARTY,
      messages: MESSAGES, districts: DISTRICTS, drafts: [...this.drafts.values()].map((draft) => this.view(draft, officer)), threads, help: this.help,
      bindings: { total: this.televisions.length, latest: this.televisions.slice(0, 100) },
      releases: { ...this.releases, prepared: [...this.prepared.values()].map((release) => this.view(release, officer)) },
    };
  }

  prepareRelease({ message: id, districts: names, reasons, coast, days }) {
    const message = MESSAGES.find((known) => known.id === id);
    const districts = DISTRICTS.filter((district) => names.includes(district.name));
    const places = [...new Set(districts.flatMap((district) => district.go.filter((place) => place.hazard === "Tsunami" && place.standing !== "unsuitable").map((place) => place.place)))];
    const digest = randomBytes(32);
    const now = Date.now();
    const sum = (of) => districts.reduce((all, district) => all + district[of], 0);
    const release = {
      id: digest.toString("hex").slice(0, 16), label: message.label, title: message.title, kind: message.tsunami,
      coast: this.releases.coasts.find((known) => known.segment === coast), districts: names, places,
      reasons: Object.entries(reasons).map(([place, reason]) => ({ place, reason })), households: sum("households"), people: sum("people"), hours: 12,
      from: now, until: now + days * 24 * 60 * MINUTE, made: now, digest: digest.toString("base64url"), words: three(digest), signed: [], stands: false, alarms: [],
      sample: { id: "prepared", references: [], sent: 0, expires: 12 * 60 * MINUTE, message: "Order", hazard: "Tsunami", order: "EvacuationOrder", tsunami: message.tsunami, issuer: "汐見町", title: message.title, names: [], act: [["今", "いま"], ["すぐ "], ["逃", "に"], ["げて ください"]], place: [[places[0]]], road: [], after: "", lines: [], speech: "", english: "Evacuate now." },
    };
    this.prepared.set(release.id, release);
    this.change();
    return release;
  }

  /** What a trigger released and an officer on duty has to sign. */
  trigger(release) {
    const draft = this.make(null, { class: "live", kind: "Order", message: "t-major", districts: release.districts, reasons: Object.fromEntries(release.reasons.map((one) => [one.place, one.reason])), arrives: Date.now() + 12 * MINUTE, thread: null });
    draft.needed = 1;
    draft.trigger = { kind: "MajorWarning", coast: "徳島県", prepared_by: release.signed };
    this.change();
    return draft;
  }

  signRelease(officer, id, body) {
    const release = this.prepared.get(id);
    const device = this.devices.get(body.credential);
    if (release === undefined || device?.officer !== officer || device.keyClass !== "live" || !holds(body, release.digest, this.origin, device.key)) {
      throw new Answer(422, "署名が 確かめられません");
    }
    if (release.signed.some((signature) => signature.officer === officer.id)) {
      throw new Answer(409, "あなたは もう 署名しています");
    }
    release.signed.push({ officer: officer.id, name: officer.name, title: officer.title, at: Date.now() });
    release.stands = release.signed.length >= 2;
    this.change();
    return { stands: release.stands };
  }

  /** Who signed last when, in the order of deputies; `tested` has what was tested here. */
  signers(officer) {
    const now = Date.now();
    const days = (count) => now - count * 24 * 60 * MINUTE;
    const tested = this.tested[officer.id] ?? {};
    const both = (standing) => ({ live: standing, exercise: standing });
    const rest = { from: 0, until: now + 1e10, telephone: null, kiosk: null };
    const signers = [
      { ...rest, ...officer, telephone: null, live: tested.live ?? days(40), exercise: tested.exercise ?? now, standing: { live: tested.live === undefined ? "old_proof" : "able", exercise: "able" } },
      { ...rest, id: "8", name: "橋本 和子", title: "総務課", telephone: "090-1234-5678", live: days(31), exercise: days(3), kiosk: both(days(50)), standing: both("able") },
      { ...rest, id: "12", name: "森 久美", title: "消防団", live: days(2), exercise: days(2), passkey: null, kiosk: both(days(2)), standing: both("able") },
      { ...rest, id: "9", name: "石井 里美", title: "総務課長", live: null, exercise: null, standing: both("no_device") },
      { ...rest, id: "10", name: "大野 健", title: "建設課", from: now + 9 * 24 * 60 * MINUTE, live: days(1), exercise: days(1), standing: both("not_yet") },
      { ...rest, id: "11", name: "前田 実", title: "（元）総務課", until: days(2), live: days(5), exercise: days(5), standing: both("over") },
    ];
    return signers.map((one) => ({ passkey: one.live === null ? null : { live: one.live, exercise: one.exercise }, ...one }));
  }

  /** The table of staff; the first two are the officers of the walk. */
  table() {
    const year = new Date().getUTCFullYear() + 1;
    const until = Date.parse(`${year}-03-31T23:59:59.999+09:00`);
    const row = (id, name, title, telephone, devices) => ({ id, name, title, from: 0, until, telephone, devices, kiosk: false, proved: Date.now() - 9 * 24 * 60 * MINUTE, approved: [] });
    this.staff ??= [
      row(1, "田中", "危機管理課長", "090-1111-2222", 1),
      row(2, "<script>山口</script>", "副町長", null, 1),
      row(8, "橋本 和子", "総務課", "090-1234-5678", 1),
    ];
    return this.staff;
  }

  staffOf(officer) {
    const officers = this.table().map(({ approved, ...row }) => ({ ...row, may_invite: row.devices === 0 && approved.includes(officer.id) }));
    const pending = this.pending && { ...this.pending, wanted: undefined, mine: this.pending.signed.some((one) => one.officer === officer.id) };
    const devices = this.joining.map(({ by, ...device }) => ({ ...device, may_admit: by !== officer.id }));
    return { officers, pending, next_order: this.nextOrder, devices };
  }

  prepare(officer, wanted) {
    if (this.pending !== null) {
      throw new Answer(409, "署名を 待っている 変更が もう あります。");
    }
    const known = (row) => this.table().find((one) => one.id === row.id);
    const day = (at) => new Date(at + 9 * 60 * MINUTE).toISOString().slice(0, 10);
    const lines = wanted.officers.flatMap((row) => (row.id === null ? [`＋ ${row.name}さん（${row.title}）が 加わります：${day(row.from)} から ${day(row.until)} まで`] : row.until === 0 ? [`！ ${row.name}さんを すぐ 外します`] : row.until === known(row).until ? [] : [`${row.name}さんは ${day(row.until)} まで（いままで：${day(known(row).until)} まで）`]));
    const digest = sha256(JSON.stringify(wanted));
    this.pending = {
      id: digest.subarray(0, 8).toString("hex"), digest: digest.toString("base64url"), words: three(digest), day: wanted.day, expires: Date.now() + 14 * 24 * 60 * MINUTE,
      lines: [...lines, `呼ぶ 順：${wanted.officers.filter((row) => row.until > 0).map((row, index) => `${index + 1} ${row.name}`).join("、")}`],
      effect: `${day(wanted.day)}の 朝、本番に 署名できる 人：3人 → 2人（新しい人が 端末を 登録すると 4人）`, few: [`${day(wanted.day)}から 署名できる 人が 2人に なります（3人より 少ない）`],
      signed: [], wanted,
    };
    this.change();
    return { id: this.pending.id };
  }

  staffAct(officer, [kind, id, what], body) {
    const isOwn = (digest) => {
      const device = this.devices.get(body.credential);
      return device?.officer === officer && device.keyClass === "live" && holds(body, digest, this.origin, device.key);
    };
    this.change();
    if (kind === "officers" && what === "invite") {
      const row = this.table().find((one) => String(one.id) === id);
      const code = "NIPO-NIPO-4821";
      this.officers.set(code, { id: row.id, name: row.name, title: row.title });
      this.invitedBy = officer.id;
      return { code };
    }
    if (kind === "devices" && what === "admit") {
      const device = this.joining.find((one) => one.id === id);
      if (device === undefined || device.by === officer.id || !isOwn(device.digest)) {
        throw new Answer(422, "署名が 確かめられません");
      }
      this.joining = [];
      this.table().find((one) => one.id === device.officer.id).devices = 1;
      return {};
    }
    if (this.pending?.id !== id) {
      throw new Answer(422, "この 変更は もう ありません");
    }
    if (what === "drop") {
      this.pending = null;
      return {};
    }
    if (!isOwn(this.pending.digest) || this.pending.signed.some((one) => one.officer === officer.id)) {
      throw new Answer(422, "署名が 確かめられません");
    }
    this.pending.signed.push({ officer: officer.id, name: officer.name, title: officer.title, at: Date.now() });
    if (this.pending.signed.length < 2) {
      return { applied: false };
    }
    this.staff = this.pending.wanted.officers.filter((row) => row.until > 0).map((row) => ({ devices: 0, proved: null, approved: [1, 2], ...this.table().find((one) => one.id === row.id), ...row, telephone: row.telephone || null, id: row.id ?? 12 }));
    this.pending = null;
    return { applied: true };
  }

  view({ of: _, ...draft }, officer) {
    return { ...draft, mine: draft.signed.some((signature) => signature.officer === officer.id) };
  }

  make(officer, body) {
    const now = Date.now();
    let base;
    if (body.again === true) {
      const thread = this.threads.find((known) => known.id === body.thread && known.in_force && known.kind === "Order");
      if (thread === undefined) {
        throw new Answer(422, "この お知らせは もう 出ていません。もう一度は 送れません");
      }
      if (this.missing.length === 0) {
        throw new Answer(422, "どの 世帯も 着いています。もう一度 送る 相手が いません");
      }
      base = { ...thread.base, thread: thread.id };
    } else if (body.kind === "Order") {
      const message = MESSAGES.find((known) => known.id === body.message);
      const districts = DISTRICTS.filter((district) => body.districts.includes(district.name));
      if (message === undefined || districts.length === 0) {
        throw new Answer(422, "お知らせと 地区を 選んでください。");
      }
      const places = [];
      for (const district of districts) {
        const usable = district.go.find((place) => place.hazard === message.hazard && place.standing !== "unsuitable");
        if (usable === undefined) {
          throw new Answer(422, `${district.name}の 行き先は 危険です。`);
        }
        if (usable.standing === "unknown" && !body.reasons[usable.place]?.trim()) {
          throw new Answer(422, `${usable.place}を 使う理由を 書いてください。`);
        }
        places.push(usable);
      }
      base = { message, districts: districts.map((district) => district.name), places: [...new Set(places.map((place) => place.place))], road: places[0].road, reasons: Object.entries(body.reasons).map(([place, reason]) => ({ place, reason })), hazard: message.hazard, title: message.title, label: message.label, arrives: body.arrives, thread: body.thread };
    } else {
      const thread = this.threads.find((known) => known.id === body.thread && known.in_force && known.class === body.class);
      if (thread === undefined) {
        throw new Answer(409, "この お知らせは もう 終わっています。");
      }
      const word = body.kind === "Cancel" ? "取消" : "解除";
      base = { message: thread.message, districts: thread.districts, places: [], reasons: [], hazard: thread.hazard, title: `${thread.message.title}　${word}`, label: `${thread.message.label}　${word}`, arrives: null, thread: thread.id };
    }
    const chosen = DISTRICTS.filter((district) => base.districts.includes(district.name));
    const sum = (field) => chosen.reduce((total, district) => total + district[field], 0);
    const thread = this.threads.find((known) => known.id === base.thread);
    const tsunamiOut = this.threads.some((known) => known.class === "live" && known.hazard === "Tsunami" && known.in_force && known.kind === "Order");
    const alone = body.class === "exercise" || (body.kind === "Cancel" && !tsunamiOut && now < thread.sent + 10 * MINUTE);
    const digest = randomBytes(32);
    const note = body.class === "exercise" ? "【訓練】" : "";
    const text = body.kind === "Cancel" ? base.message.cancel : base.message.texts;
    const draft = {
      id: randomBytes(8).toString("hex"), class: body.class, kind: body.kind, label: base.label, title: base.title, hazard: base.hazard, districts: base.districts,
      households: body.again ? this.missing.length : sum("households"), people: sum("people"), televisions: body.again ? this.missing.filter((one) => one.standing !== "without_set").length : sum("televisions"), places: base.places, reasons: base.reasons, again: body.again === true,
      made: now, expires: now + (alone && body.class === "live" ? 2 : 60) * MINUTE, digest: digest.toString("base64url"), words: three(digest), needed: alone ? 1 : 2, signed: [], mine: false, trigger: null,
      sample: this.sample(body, base, now),
      channels: {
        loudspeaker: `${note}こちらは 防災 しおみちょう です。${text.simple}`,
        mail: { subject: `${note}${base.title}`.slice(0, 15), body: `${note}${text.ja}`, problems: base.title.length > 15 ? ["件名は 15字までです"] : [] },
        l_alert: [["情報種別", base.title], ["対象地区", base.districts.join("、")], ["本文", text.ja]],
        line: `${note}${text.simple}`,
      },
      of: base,
    };
    this.drafts.set(draft.id, draft);
    this.change();
    return draft;
  }

  sample(body, base, now) {
    const common = { id: "sample", references: [], sent: now, expires: now + 120 * MINUTE, message: body.kind, hazard: base.hazard, order: base.message.order, issuer: "汐見町", title: base.title, names: [], after: "荷物より 命。戻らないで", speech: "", english: base.message.texts.en };
    if (base.message.level !== null) common.level = base.message.level;
    if (base.message.tsunami !== null) common.tsunami = base.message.tsunami;
    if (body.kind === "Cancel") {
      return { ...common, act: [["取消", "とりけし"], ["です"]], lines: [[["まちがいの お"], ["知", "し"], ["らせでした"]], [["避難", "ひなん"], ["しなくて だいじょうぶです"]], [["外", "そと"], ["に "], ["出", "で"], ["た "], ["人", "ひと"], ["は "], ["家", "いえ"], ["に "], ["戻", "もど"], ["れます"]]] };
    }
    if (body.kind === "AllClear") {
      return { ...common, act: [["解除", "かいじょ"], ["です"]], lines: [[["危険", "きけん"], ["は "], ["終", "お"], ["わりました"]], [["家", "いえ"], ["に "], ["帰", "かえ"], ["れます"]]] };
    }
    return {
      ...common,
      act: base.hazard === "Tsunami" ? [["今", "いま"], ["すぐ "], ["逃", "に"], ["げて ください"]] : [["危", "あぶ"], ["ない "], ["所", "ところ"], ["から "], ["逃", "に"], ["げて"]],
      place: base.places[0] === "城山公園" ? [["城山公園", "しろやまこうえん"]] : [[base.places[0]]],
      road: [[base.road]],
      ...(base.places[0] === "城山公園" ? { fact: "海抜34m" } : {}),
      ...(base.arrives === null ? {} : { arrives: base.arrives }),
    };
  }

  sign(officer, id, body) {
    const draft = this.drafts.get(id);
    if (draft === undefined) {
      throw new Answer(409, "この 下書きは もう ありません。");
    }
    const device = this.devices.get(body.credential);
    if (device === undefined || device.officer !== officer || device.keyClass !== draft.class || !holds(body, draft.digest, this.origin, device.key)) {
      throw new Answer(400, "署名が 正しく ありません。");
    }
    if (draft.signed.some((signature) => signature.officer === officer.id)) {
      throw new Answer(409, "同じ人は 2回 署名できません。別の 職員の 署名が 必要です。");
    }
    draft.signed.push({ officer: officer.id, name: officer.name, title: officer.title, at: Date.now() });
    const sent = draft.signed.length >= draft.needed;
    if (sent) {
      this.drafts.delete(id);
      this.send(draft);
    }
    this.change();
    return { sent };
  }

  send(draft) {
    const now = Date.now();
    const none = { count: 0, median: null };
    let thread = this.threads.find((known) => known.id === draft.of.thread);
    if (thread === undefined) {
      thread = { id: randomBytes(8).toString("hex"), class: draft.class, hazard: draft.hazard, sent: now, messages: [], stages: { unreachable: 0, delivered: none, shown: none, answered: none, check_point: none, arrived: none } };
      thread.trigger = draft.trigger;
      thread.believed = true;
      const station = (name, rest) => ({ name, is_pushed: true, is_on_air: false, received: null, tries: 0, ...rest });
      thread.stations = [station("汐見ケーブルテレビ", { is_on_air: true, received: now, tries: 1 }), station("南ラジオ", { tries: 3 }), station("県民放送", { is_pushed: false })];
      this.threads.push(thread);
    }
    Object.assign(thread, {
      kind: draft.kind, title: draft.title, districts: draft.districts, places: draft.kind === "Order" ? draft.places : thread.places, updated: now,
      expires: now + 120 * MINUTE, in_force: draft.kind === "Order" || draft.kind === "AllClear", cancel_texts: draft.of.message.cancel, message: draft.of.message,
    });
    thread.messages.push(draft.digest);
    if (draft.kind === "Order") {
      thread.base = draft.of;
    }
    if (!draft.again) {
      thread.stages = { ...thread.stages, households: draft.households, televisions: draft.televisions };
    }
    this.lastSent = { thread: thread.id, kind: draft.kind, class: draft.class, again: draft.again, households: draft.households, reasons: draft.reasons, arrives: draft.of.arrives, signatures: draft.signed.length };
  }
}
