// A server for the page with scripted answers, and a town that signs as the real one does. For pictures and by hand:
//   node test/server.mjs 8123

import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; media-src data:; frame-ancestors 'self'";
const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const MINUTE = 60 * 1000;

const number = (value, length) => {
  const bytes = Buffer.alloc(length);
  let rest = BigInt(value);
  for (let i = length - 1; i >= 0; i -= 1) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
};
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const text = (value) => Buffer.from(value, "utf8");
const b64 = (bytes) => bytes.toString("base64");

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const plain = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return { plain, sign: (message) => sign(null, message, createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" }))) };
}

/** A town: its keys, one household, and what it says to that household's television. */
export class Town {
  constructor() {
    this.root = newKey();
    this.beatKey = newKey();
    this.officers = [newKey(), newKey()];
    this.trainees = [newKey()];
    this.household = randomBytes(16);
    this.sender = text("shiomi.example");
    this.revision = 0;
    this.number = 0;
    this.token = randomBytes(32).toString("hex");
    this.known = true;
    this.code = null;
    this.bound = true;
    this.messages = [];
    this.people = null;
    this.answers = {};
    this.got = [];
    /** Whether answers of the television are taken, are left without an answer, or fail. */
    this.answering = "take";
    this.isSilent = false;
    this.otherRoot = null;
    /** What a box says of itself, and which beat it passes on. */
    this.box = null;
    this.heard = null;
    this.kept = {};
    this.waiting = [];
    this.list = this.makeList();
  }

  makeList() {
    const device = (cls, officer, key) => Buffer.concat([Buffer.from([cls, 0]), number(officer, 4), number(4e12, 8), key.plain]);
    const devices = [
      ...this.officers.map((key, i) => device(0, i + 1, key)),
      ...this.trainees.map((key, i) => device(1, i + 1, key)),
    ];
    const body = Buffer.concat([
      number(1, 4), number(Date.now(), 8), this.beatKey.plain, sha256(text("shiomi.example")), Buffer.from([5, 0]),
      Buffer.from([this.sender.length]), this.sender, number(devices.length, 2), ...devices,
    ]);
    return Buffer.concat([body, this.root.sign(Buffer.concat([text("hinamori alert/keys /v1"), body]))]);
  }

  /** Signs a content and puts it among the messages. */
  say(content, isExercise = false) {
    const whole = { id: "urn:" + randomBytes(6).toString("hex"), references: [], sent: Date.now(), expires: Date.now() + 6 * 60 * MINUTE, ...content };
    const household = this.bound ? this.household : Buffer.alloc(16);
    const leaf = Buffer.concat([randomBytes(16), household, text(JSON.stringify(whole))]);
    const kind = ["Order", "AllClear", "Cancel"].indexOf(whole.message);
    this.number += 1;
    const fixed = Buffer.concat([
      Buffer.from([kind]), number(whole.sent, 8), number(1, 4), number(this.number, 8), number(whole.expires, 8),
      sha256(text(whole.id)), number(1, 4), sha256(Buffer.from([0]), leaf),
    ]);
    const domain = text(isExercise ? "hinamori alert/drill/v1" : "hinamori alert/live /v1");
    const digest = sha256(domain, fixed, this.sender);
    const keys = isExercise ? this.trainees : this.officers;
    const signatures = keys.map((key) => Buffer.concat([Buffer.from([0]), key.plain, key.sign(digest)]));
    const envelope = Buffer.concat([
      Buffer.from([isExercise ? 1 : 0]), fixed, Buffer.from([this.sender.length]), this.sender,
      Buffer.from([signatures.length]), ...signatures,
    ]);
    this.messages.push({ envelope: b64(envelope), leaf: b64(leaf), path: b64(number(0, 4)) });
    this.change();
    return { digest: digest.toString("hex"), content: whole };
  }

  arrive(people) {
    const json = text(JSON.stringify({ household: this.household.toString("hex"), at: Date.now(), people }));
    this.people = b64(Buffer.concat([json, this.beatKey.sign(Buffer.concat([text("hinamori alert/seen /v1"), json]))]));
    this.change();
  }

  /** A box answers, which has heard the town hall so long ago. */
  leaveToBox(ago) {
    this.box = { ago, latest: Date.now() };
    this.heard = Date.now() - ago;
    this.answering = "keep";
    this.change();
  }

  beat() {
    const body = Buffer.concat([number(this.heard ?? Date.now(), 8), number(1, 4), number(this.number, 8)]);
    return b64(Buffer.concat([body, this.beatKey.sign(Buffer.concat([text("hinamori alert/beat /v1"), body]))]));
  }

  change() {
    this.revision += 1;
    for (const one of this.waiting.splice(0)) {
      one();
    }
  }

  said(version) {
    return {
      revision: String(this.revision),
      root: (this.otherRoot ?? this.root).plain.toString("hex"),
      code: this.code,
      household: this.bound ? this.household.toString("hex") : null,
      list: version === "1" ? null : b64(this.list),
      beat: this.beat(),
      people: this.people,
      messages: this.messages,
      answers: this.answers,
      ...(this.box === null ? {} : { box: this.box, kept: this.kept }),
    };
  }
}

/** Serves the page and what `town` says. */
export function serve(town, port) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    const json = (status, value) => {
      response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
      response.end(JSON.stringify(value));
    };
    const file = { "/tv/": "tv.html", "/tv/tv.js": "tv.js", "/tv/tv.css": "tv.css" }[url.pathname];
    if (file !== undefined) {
      const type = { html: "text/html", js: "text/javascript", css: "text/css" }[file.split(".")[1]];
      response.writeHead(200, { "Content-Type": `${type}; charset=utf-8`, "Content-Security-Policy": POLICY });
      response.end(readFileSync(DIST + file));
      return;
    }
    if (town.isSilent) {
      request.socket.destroy();
      return;
    }
    if (url.pathname === "/tv/hello") {
      town.known = true;
      json(200, { token: town.token, code: "4821 7350" });
      return;
    }
    if (!town.known || request.headers.authorization !== `Bearer ${town.token}`) {
      json(401, {});
      return;
    }
    if (url.pathname === "/tv/wait") {
      const answer = () => json(200, town.said(url.searchParams.get("list")));
      if (url.searchParams.get("seen") !== String(town.revision)) {
        answer();
      } else {
        const timer = setTimeout(answer, 25000);
        const once = () => {
          clearTimeout(timer);
          answer();
        };
        town.waiting.push(once);
        response.on("close", () => {
          clearTimeout(timer);
          town.waiting = town.waiting.filter((one) => one !== once);
        });
      }
      return;
    }
    if (url.pathname === "/tv/answer") {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        const { message, answer } = JSON.parse(body);
        town.got.push(answer);
        if (town.answering === "fail") {
          json(503, {});
        } else if (town.answering === "keep") {
          town.kept[message] = { ...town.kept[message], [answer]: Date.now() };
          json(200, { kept: Date.now() });
        } else if (town.answering === "take" || answer === "shown") {
          const at = Date.now();
          town.answers[message] = { ...town.answers[message], [answer]: at };
          json(200, { at });
        }
      });
      return;
    }
    json(404, {});
  });
  server.listen(port, "127.0.0.1");
  const beats = setInterval(() => town.change(), 10000);
  return { close: () => { clearInterval(beats); server.closeAllConnections(); server.close(); } };
}

const shiroyama = [["城山公園", "しろやまこうえん"]];

/** Contents for the pictures. Town, people and coast are invented. */
export const CONTENTS = {
  tsunami: {
    message: "Order", hazard: "Tsunami", order: "EvacuationOrder", tsunami: "MajorWarning", issuer: "汐見町",
    title: "大津波警報　避難指示", names: ["さちこさん", "ゆうたさん", "ゆいさん"],
    act: [["今", "いま"], ["すぐ "], ["逃", "に"], ["げて ください"]],
    place: shiroyama, road: [["石段", "いしだん"], ["を のぼる"]], fact: "海抜34m", after: "荷物より 命。戻らないで",
    speech: "おおつなみ けいほうです。いますぐ にげて ください。",
    english: "Major tsunami warning. Run to Shiroyama Park now, up the stone steps. Do not go back.",
  },
  landslide: {
    message: "Order", hazard: "Landslide", order: "EvacuationOrder", level: 4, issuer: "汐見町",
    title: "警戒レベル4　避難指示", names: ["さちこさん", "ゆうたさん"],
    act: [["危", "あぶ"], ["ない "], ["所", "ところ"], ["から "], ["逃", "に"], ["げて"]],
    place: [["中央公民館", "ちゅうおうこうみんかん"]], road: [["県道", "けんどう"], ["を "], ["行", "い"], ["く。"], ["川", "かわ"], ["の "], ["道", "みち"], ["は "], ["通", "とお"], ["らない"]],
    after: "暗く なる 前に 出て ください", speech: "", english: "Landslide, level 4. Leave dangerous places now. Go to Chuo Community Hall.",
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const town = new Town();
  serve(town, Number(process.argv[2] ?? 8123));
  town.say({ ...CONTENTS.tsunami, arrives: Date.now() + 9.5 * MINUTE });
  console.log(`http://127.0.0.1:${process.argv[2] ?? 8123}/tv/`);
}
