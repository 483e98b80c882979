// What a browser of the bench does, step by step: a line from the bench names a step and its words, and a line answers.

import { createInterface } from "node:readline";

export async function follow(steps) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...words] = line.trim().split(" ");
    try {
      console.log(await steps[name](...words));
    } catch (error) {
      console.log(`failed: ${String(error.stack ?? error).replace(/\s+/g, " ").slice(0, 400)}`);
    }
  }
}
