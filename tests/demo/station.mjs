// A broadcaster's station beside the town: its overlay, its operator, and a receiver to which alerts are pushed.

import { X509Certificate, createHash, verify } from "node:crypto";
import { createServer } from "node:http";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** Takes pushes as docs/broadcast.md §2 says, and believes none whose signature does not hold. */
export class Receiver {
  /** Files by their message's name. */
  files = new Map();
  refused = [];

  async listen(certificate) {
    this.key = new X509Certificate(certificate).publicKey;
    this.server = createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const body = Buffer.concat(parts);
        const name = request.headers["hinamori-message"];
        const holds = this.holds(request, body);
        (holds ? this.files.set(name, body.toString("utf8")) : this.refused.push(name));
        response.writeHead(holds ? 200 : 400, { "Content-Type": "application/json" });
        response.end(JSON.stringify(holds ? { received: name } : {}));
      });
    });
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}/cap`;
    return this.url;
  }

  holds({ method, headers }, body) {
    const parameters = /^hinamori=(.*)$/.exec(headers["signature-input"])[1];
    const signature = Buffer.from(/^hinamori=:(.*):$/.exec(headers.signature)[1], "base64");
    const names = ["content-type", "content-digest", "hinamori-message"];
    const base = [
      `"@method": ${method}`,
      `"@target-uri": ${this.url}`,
      ...names.map((name) => `"${name}": ${headers[name]}`),
      `"@signature-params": ${parameters}`,
    ].join("\n");
    const isOfBody = headers["content-digest"] === `sha-256=:${sha256(body).toString("base64")}:`;
    return isOfBody && verify("sha256", Buffer.from(base), { key: this.key, dsaEncoding: "ieee-p1363" }, signature);
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** How many pixels outside the cards of the L are not fully transparent; and whether there is a card at all. */
export function around(png) {
  const alpha = (x, y) => png.data[(y * png.width + x) * 4 + 3];
  let outside = 0;
  for (let y = 0; y < 891; y += 1) {
    for (let x = 336; x < 1920; x += 1) {
      outside += alpha(x, y) === 0 ? 0 : 1;
    }
  }
  return { outside, hasCard: alpha(20, 600) > 0 };
}
