// The load of the bench of sync on automerge-repo-sync-server: boxes that were alone, a document each, and one reader that
// gets all of them.
//
// node clients.js URL FOLDER watching|late
//
// FOLDER holds each box's document as a plain Automerge file, NUMBER.automerge. The boxes connect in turn and leave when the
// server holds theirs: its keep-alive of 5 s drops a client whose event loop is busy. A watching reader asks for all documents
// before the first box comes, a late one after the last has left. What it holds in the end is written beside them as NUMBER.read,
// for whoever started this to compare; the figures are one line of JSON on the standard output. Bytes are the payload of each
// WebSocket message that this process hands to its sockets or gets from them, the reader's too: what is above WebSocket's
// frames, TLS and TCP.

import { readFile, readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Automerge from "@automerge/automerge"
import { Repo } from "@automerge/automerge-repo"
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket"

/** Longest wait for one thing, in milliseconds. */
const PATIENCE = 60_000
/** How long the line is quiet before nothing more is expected, in milliseconds: twice what automerge-repo waits for more to say. */
const QUIET = 200

const counted = { up_bytes: 0, down_bytes: 0, messages: 0 }

/** Counts what goes through its socket. A lost connection is a fault of the run: what would be sent again is no merge. */
class CountedAdapter extends WebSocketClientAdapter {
  #connected = false

  connect(peerId, peerMetadata) {
    if (this.#connected) throw new Error(`${peerId}: the server let the connection go`)
    this.#connected = true
    super.connect(peerId, peerMetadata)
    const send = this.socket.send.bind(this.socket)
    this.socket.send = payload => {
      counted.up_bytes += payload.byteLength
      counted.messages += 1
      send(payload)
    }
    this.socket.addEventListener("message", ({ data }) => {
      counted.down_bytes += data.byteLength
      counted.messages += 1
    })
  }
}

async function within(what, promise) {
  let timer
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what}: not within ${PATIENCE} ms`)), PATIENCE)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Until no message went either way for a while. */
async function quiet() {
  for (let before = -1; before !== counted.messages; ) {
    before = counted.messages
    await new Promise(resolve => setTimeout(resolve, QUIET))
  }
}

const areSame = (heads, others) => [...heads].sort().join() === [...others].sort().join()

async function connect(url, repo) {
  const adapter = new CountedAdapter(url)
  const met = new Promise(resolve => adapter.once("peer-candidate", resolve))
  repo.networkSubsystem.addNetworkAdapter(adapter)
  await within("the server's greeting", met)
  return adapter
}

/** A box and its document, not connected. */
async function alone(folder, number) {
  const repo = new Repo({ peerId: `box-${number}` })
  const handle = repo.import(await readFile(join(folder, `${number}.automerge`)))
  return { number, repo, url: handle.url, heads: Automerge.getHeads(handle.doc()) }
}

/** Hands a box's document over, until the server says that it has the same heads. */
async function handOver(url, { number, repo, heads }) {
  const held = new Promise(resolve => {
    repo.synchronizer.on("sync-state", ({ syncState: { theirHeads } }) => {
      if (theirHeads && areSame(theirHeads, heads)) resolve()
    })
  })
  const adapter = await connect(url, repo)
  await within(`the server's word that it holds document ${number}`, held)
  return adapter
}

/** Until the reader holds a document as its box has it. */
async function gets(repo, { number, url, heads }) {
  const { handle } = repo.findWithProgress(url)
  const complete = new Promise(resolve => {
    const look = () => areSame(Automerge.getHeads(handle.doc()), heads) && resolve()
    handle.whenReady().then(() => {
      handle.on("heads-changed", look)
      look()
    })
  })
  await within(`document ${number} at the reader`, complete)
  return handle
}

async function main([url, folder, reading]) {
  if (!["watching", "late"].includes(reading)) throw new Error("usage: clients.js URL FOLDER watching|late")
  const files = (await readdir(folder)).filter(name => name.endsWith(".automerge"))
  const boxes = []
  for (const number of files.map(name => Number.parseInt(name, 10)).sort((one, other) => one - other)) {
    boxes.push(await alone(folder, number))
  }
  const reader = new Repo({ peerId: "reader" })
  if (reading === "watching") {
    await connect(url, reader)
    boxes.forEach(box => reader.findWithProgress(box.url))
    await quiet()
  }
  const documents = []
  for (const box of boxes) {
    const adapter = await handOver(url, box)
    if (reading === "watching") documents.push(await gets(reader, box))
    await quiet()
    adapter.disconnect()
  }
  if (reading === "late") {
    await connect(url, reader)
    documents.push(...(await Promise.all(boxes.map(box => gets(reader, box)))))
    await quiet()
  }
  for (const [place, handle] of documents.entries()) {
    await writeFile(join(folder, `${boxes[place].number}.read`), Automerge.save(handle.doc()))
  }
  console.log(JSON.stringify({ ...counted, documents: documents.map(handle => handle.documentId) }))
}

await main(process.argv.slice(2))
process.exit(0)
