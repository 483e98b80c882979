// A tablet for the tests: Chromium with touch, which complains of whatever it should not see.

import { existsSync, mkdirSync } from "node:fs";
import axe from "axe-core";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];

export const complaints = [];
let pictures = 0;

export function launch({ webgl = true, options = [] } = {}) {
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...(webgl ? WEBGL : ["--disable-3d-apis"]), ...options] });
}

/** Ends what runs, and says what was wrong. */
export async function finish(browser, town) {
  await browser.close();
  town.server.close();
  town.server.closeAllConnections();
  if (complaints.length > 0) {
    console.error([...new Set(complaints)].join("\n"));
    process.exitCode = 1;
  }
}

export async function tablet(browser, origin, { width = 1280, height = 800, dark = false, name = "tablet", ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, hasTouch: true, locale: "ja-JP", timezoneId: "America/New_York", colorScheme: dark ? "dark" : "light", ...more });
  const page = await context.newPage();
  // As long as a machine may take that other tests keep busy: a wait that is over sooner costs nothing.
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => {
    // That the server is gone, or nobody signed in, is meant; the browser writes it down all the same.
    if (["error", "warning"].includes(message.type()) && !/Failed to load resource|ERR_|Service Worker registration blocked|GPU stall|willReadFrequently/.test(message.text())) {
      complaints.push(`${name}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  page.on("dialog", (dialog) => complaints.push(`${name}: a dialog came up: ${dialog.message()}`));
  context.on("request", (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith("data:") && !request.url().startsWith("blob:")) {
      complaints.push(`${name}: asked elsewhere: ${request.url()}`);
    }
  });
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return page;
}

/** Keeps a picture, and asks axe what it thinks of the screen. */
export async function look(page, name, folder) {
  await page.waitForTimeout(250);
  pictures += 1;
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: `${folder}/${String(pictures).padStart(2, "0")}-${name}.png` });
  }
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  for (const violation of found.violations) {
    complaints.push(`${name}: ${violation.id}: ${violation.help}: ${violation.nodes.map((node) => `${node.html} ${node.failureSummary?.slice(0, 300) ?? ""}`).slice(0, 3).join(" | ")}`);
  }
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, a, summary, input:not([type=checkbox], [type=radio]), label.check")]
      .map((element) => ({ box: element.getBoundingClientRect(), text: element.textContent }))
      .filter(({ box }) => box.width > 0 && (box.height < 47.5 || box.width < 47.5))
      .map(({ box, text }) => `${text} ${Math.round(box.width)}x${Math.round(box.height)}`),
  );
  complaints.push(...small.map((text) => `${name}: too small to touch: ${text}`));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) {
    complaints.push(`${name}: ${wide} pixels stick out to the right`);
  }
}

export const see = (page, text) => page.getByText(text).first().waitFor();
export const press = (page, name) => page.getByRole("button", { name, exact: true }).first().tap();

/** The map beneath is there and still. */
export async function settled(page) {
  await page.locator(".maplibregl-canvas, .leaflet-overlay-pane canvas").first().waitFor();
  await page.waitForTimeout(700);
}

/** Until more than so many pixels are of such a colour; a busy machine draws late. */
export async function drawn(page, colour, within, more, complaint) {
  for (let turn = 0; (await inked(page, colour, within)) <= more; turn += 1) {
    if (turn === 40) throw new Error(complaint);
    await page.waitForTimeout(250);
  }
}

/** How many pixels of the map, between its controls and its legend, are of such a colour, within so much of each part. */
export async function inked(page, [red, green, blue], within = 8) {
  const box = await page.locator("section.map").boundingBox();
  const clip = { x: box.x, y: box.y + 64, width: box.width - 72, height: box.height - 64 - 130 };
  const picture = (await page.screenshot({ clip })).toString("base64");
  return page.evaluate(
    async ([bytes, r, g, b, d]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${bytes}`;
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height;
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let index = 0; index < data.length; index += 4) {
        if (Math.abs(data[index] - r) <= d && Math.abs(data[index + 1] - g) <= d && Math.abs(data[index + 2] - b) <= d) count += 1;
      }
      return count;
    },
    [picture, red, green, blue, within],
  );
}
