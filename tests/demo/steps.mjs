// Reads a step a line from its standard input and answers each with `ok` or `failed: why`, so that the demonstration's script can have somebody
// arrive in between.

import { createInterface } from "node:readline";

/** Plays `steps` until nobody asks for more; what a page showed when one failed goes to `pictures`. */
export async function play(browser, steps, pictures) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...given] = line.trim().split(" ");
    try {
      const said = await steps[name](...given);
      console.log(said === undefined ? "ok" : `ok ${said}`);
    } catch (error) {
      for (const [index, context] of browser.contexts().entries()) {
        await context.pages()[0].screenshot({ path: `${pictures}/failed-${name}-${index}.png` });
      }
      console.log(`failed: ${String(error.stack ?? error).replace(/\s+/g, " ").slice(0, 600)}`);
    }
  }
  await browser.close();
}
