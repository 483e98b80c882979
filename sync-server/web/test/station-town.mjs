// A town's server as a station sees it: signed alerts, heartbeats, and what the operator took. By hand: node test/station-town.mjs 8124

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CANCEL, EXERCISE, LIVE, MINUTE, ORDER, Town, base64, hex, sha256, treeHash, uint } from "./unit-town.mjs";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";
const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const SENDER = "bousai@town.shiomi.example";
const DOMAINS = ["hinamori alert/live /v1", "hinamori alert/drill/v1"];

/** `YYYY-MM-DDThh:mm:ss+09:00` */
const capTime = (at) => new Date(at + 9 * 60 * MINUTE).toISOString().slice(0, 19) + "+09:00";
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const WORDS = {
  ja: ["大津波警報 今すぐ高台へ避難", "強い地震がありました。", "今すぐ潮見坂の 上へ、歩いて避難してください。"],
  "ja-simple": ["大きい 津波が 来ます。今すぐ にげて ください", "大きい 地震が ありました。", "今すぐ 潮見坂の 上へ 歩いて にげて ください。海に 行かないで ください。"],
  en: ["Major tsunami warning: evacuate to high ground now", "A strong earthquake struck.", "Walk to the top of Shiomizaka now. Do not go back until the warning ends."],
};

export const DISTRICTS = [["浜町", "はままち"], ["汐見", "しおみ"], ["港町", "みなとまち"]];

/** The bytes of an alert, of the parts that a station reads. */
export function capOf({ id, references = [], sent, expires, isExercise, kind, hazard, order, level, tsunami, districts, onset, words = WORDS, parameters = [] }) {
  const parameter = (name, value) => `<parameter><valueName>JP-evac:${name}</valueName><value>${escaped(String(value))}</value></parameter>`;
  const info = (language) => {
    const [headline, description, instruction] = words[language];
    return [
      `<info><language>${language}</language><event>避難指示</event>`,
      onset ? `<onset>${capTime(onset)}</onset>` : "",
      `<expires>${capTime(expires)}</expires><senderName>汐見町</senderName><headline>${escaped(headline)}</headline>`,
      `<description>${escaped(description)}</description><instruction>${escaped(instruction)}</instruction>`,
      parameter("Message", ["Order", "AllClear", "Cancel"][kind]),
      parameter("Hazard", hazard),
      parameter("Order", order),
      level ? parameter("WarningLevel", level) : "",
      tsunami ? parameter("TsunamiKind", tsunami) : "",
      ...parameters.map((name) => `<parameter><valueName>${name}</valueName><value>x</value></parameter>`),
      ...districts.map(([name, reading]) => parameter("Reading", `${name}=${reading}`)),
      ...districts.map(([name]) => `<area><areaDesc>汐見町 ${escaped(name)}</areaDesc><geocode><valueName>JP-evac:District</valueName><value>${escaped(name)}</value></geocode></area>`),
      "</info>",
    ].join("");
  };
  const named = references.map((one) => `${SENDER},${one},${capTime(sent)}`).join(" ");
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>${id}</identifier><sender>${SENDER}</sender>` +
      `<sent>${capTime(sent)}</sent><status>${isExercise ? "Exercise" : "Actual"}</status><msgType>Alert</msgType><scope>Public</scope>` +
      (named === "" ? "" : `<references>${named}</references>`) +
      ["ja", "ja-simple", "en"].map(info).join("") +
      "</alert>\n",
  );
}

export class StationTown extends Town {
  secret = "STATIONSECRET";
  said = [];
  air = null;
  airAt = 0;
  overlay = null;
  counts = null;
  revision = 1;
  isSilent = false;
  /** What the server answers to TAKE. */
  takes = 200;
  waiting = [];

  /** Signs a message for stations. `bend` changes it; `bend.bytes` changes the alert after it was signed. */
  say(bend = {}) {
    const sent = bend.sent ?? Math.floor(Date.now() / 1000) * 1000 - MINUTE;
    const whole = {
      id: `m${this.next}`, sent, expires: sent + 60 * MINUTE, isExercise: false, kind: ORDER, hazard: "Tsunami", order: "EvacuationOrder",
      tsunami: "MajorWarning", districts: DISTRICTS, ...bend,
    };
    const alert = capOf(whole);
    const cls = whole.isExercise ? EXERCISE : LIVE;
    const name = Buffer.from(SENDER);
    const leaves = [Buffer.alloc(40)];
    const fixed = Buffer.concat([
      uint(whole.kind, 1), uint(sent, 8), uint(1, 4), uint(this.next, 8), uint(whole.expires, 8), sha256(alert), uint(1, 4), treeHash(leaves),
    ]);
    this.next += 1;
    const digest = sha256(DOMAINS[cls], fixed, name);
    const signers = bend.signers ?? (cls === LIVE ? [this.mayor, this.chiefPasskey] : [this.mayorDrill]);
    const signatures = signers.map((signer) => signer.sign(digest));
    const envelope = Buffer.concat([uint(cls, 1), fixed, uint(name.length, 1), name, uint(signatures.length, 1), ...signatures]);
    this.said.unshift({ digest: hex(digest), envelope: base64(envelope), alert: base64(bend.bytes ? bend.bytes(alert) : alert) });
    this.change();
    return { digest: hex(digest), id: whole.id, alert: base64(alert), head: Buffer.concat([uint(cls, 1), fixed, uint(name.length, 1), name]), signatures };
  }

  /** A message as the file that broadcasters get, and not said by the server. The server's own signature in it is not looked at. */
  file(bend = {}) {
    this.say(bend);
    const { digest, envelope, alert } = this.said.shift();
    const signature = `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo></SignedInfo><SignatureValue>AAAA</SignatureValue><Object><Envelope xmlns="urn:hinamori:alert:envelope:1">${envelope}</Envelope></Object></Signature></alert>`;
    return { digest, file: Buffer.from(alert, "base64").toString().replace(/<\/alert>\s*$/, "") + signature + "\n" };
  }

  /** The same message under fewer signatures, from a server that may not be honest. */
  stripped({ digest, alert, head, signatures }) {
    const envelope = Buffer.concat([head, uint(1, 1), signatures[0]]);
    return { digest: `other${digest}`, envelope: base64(envelope), alert };
  }

  cancel(order, bend = {}) {
    const words = {
      ja: ["先ほどの避難指示は誤りでした", "", "避難の必要はありません。"],
      "ja-simple": ["さっきの お知らせは まちがいでした", "", "にげなくて いいです。外に 出た 人は 家に 帰って ください。"],
      en: ["The evacuation order was a mistake", "", "You do not need to evacuate."],
    };
    return this.say({ kind: CANCEL, references: [order.id], sent: Math.floor(Date.now() / 1000) * 1000, words, ...bend });
  }

  take(digest) {
    this.air = digest;
    this.airAt += 1;
    this.change();
  }

  change() {
    this.revision += 1;
    for (const one of this.waiting.splice(0)) {
      one();
    }
  }

  answer(version, has) {
    const known = (has ?? "").split(",");
    return {
      revision: String(this.revision),
      root: hex(this.root.key),
      station: { name: "汐見ケーブルテレビ", counts: this.counts !== null },
      list: version === "3" ? null : base64(this.list({ devices: this.lasting() })),
      beat: base64(this.beat(this.beatAt ?? Date.now())),
      messages: this.said.filter(({ digest }) => !known.includes(String(digest).slice(0, 16))).map(({ envelope, alert }) => ({ envelope, alert })),
      air: { message: this.air, at: this.airAt },
      overlay: this.overlay,
      counts: this.counts === null ? null : { message: this.air, ...this.counts },
    };
  }

  /** The devices of the tests of a television end with their morning. */
  lasting() {
    return this.devices().map((device) => ({ ...device, until: Date.now() + 1000 * 24 * 60 * MINUTE }));
  }
}

export function serve(town, port) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    const json = (status, value) => {
      response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
      response.end(JSON.stringify(value));
    };
    const page = /^\/(overlay|station)\/(?:\1\.(js|css))?$/.exec(url.pathname);
    if (page !== null) {
      const [, name, kind = "html"] = page;
      const type = { html: "text/html", js: "text/javascript", css: "text/css" }[kind];
      response.writeHead(200, { "Content-Type": `${type}; charset=utf-8`, "Content-Security-Policy": POLICY });
      response.end(readFileSync(`${DIST}${name}.${kind}`));
      return;
    }
    if (town.isSilent) {
      request.socket.destroy();
      return;
    }
    if (request.headers.authorization !== `Bearer ${town.secret}`) {
      json(401, {});
      return;
    }
    if (url.pathname === "/station/api/wait") {
      const shows = url.searchParams.get("shows");
      if (shows !== null) {
        const before = JSON.stringify([town.overlay?.shows, town.overlay?.form]);
        town.overlay = { shows, form: url.searchParams.get("form"), at: Date.now() };
        if (JSON.stringify([shows, town.overlay.form]) !== before) {
          town.change();
        }
      }
      const answer = () => json(200, town.answer(url.searchParams.get("list"), url.searchParams.get("has")));
      if (url.searchParams.get("seen") !== String(town.revision)) {
        answer();
        return;
      }
      const timer = setTimeout(answer, 25000);
      const once = () => {
        clearTimeout(timer);
        answer();
      };
      town.waiting.push(once);
      response.on("close", () => clearTimeout(timer));
      return;
    }
    if (url.pathname === "/station/api/air") {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        if (town.takes === 200) {
          town.take(JSON.parse(body).message);
        }
        json(town.takes, { at: Date.now() });
      });
      return;
    }
    json(404, {});
  });
  server.listen(port, "127.0.0.1");
  return { close: () => { server.closeAllConnections(); server.close(); } };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const town = new StationTown();
  serve(town, Number(process.argv[2] ?? 8124));
  town.say({ onset: Date.now() + 12 * MINUTE });
  console.log(`http://127.0.0.1:${process.argv[2] ?? 8124}/station/#key=${town.secret}`);
}
