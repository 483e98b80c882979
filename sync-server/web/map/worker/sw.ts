// Keeps the page's own files, so that it opens without a network. Nothing that the server says of people ever passes through here.

export {};

declare const self: ServiceWorkerGlobalScope;
/** Put in when it is built: the page's files, and a name that changes with any of them. */
declare const FILES: string[];
declare const VERSION: string;

self.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(VERSION);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("map-") && name !== VERSION);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method === "GET" && origin === self.location.origin && FILES.includes(pathname)) {
    const answer = async () => (await (await caches.open(VERSION)).match(pathname)) ?? fetch(event.request);
    event.respondWith(answer());
  }
});
