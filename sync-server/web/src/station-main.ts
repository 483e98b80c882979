// The operator's page of a station: what the town sent, how it would look, TAKE, and taking it off again.

import { browserParse } from "./cap.js";
import { browserStore } from "./memory.js";
import type { Form } from "./overlay.js";
import { ALL_CLEAR, ORDER, type OnAir, type Offer, Player, load, save, short } from "./player.js";
import { StationLine, addressed } from "./station-line.js";
import { timeOf } from "./view.js";

const TICK = 500;
/** An overlay asks every 25 seconds at least. */
const OVERLAY_GONE = 60 * 1000;
const KEY = "hinamori-station-key";

function running(): number {
  return performance.now();
}

function byId(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}

/** The secret leaves the address at once, and stays for as long as the window does. */
function keyOf(said: { [name: string]: string }): string | null {
  const key = said["key"];
  try {
    if (key !== undefined && key !== "") {
      window.sessionStorage.setItem(KEY, key);
      history.replaceState(null, "", location.pathname + (said["root"] ? "#root=" + said["root"] : ""));
    }
    return key || window.sessionStorage.getItem(KEY);
  } catch (_refused) {
    return key || null;
  }
}

function forgetKey(): void {
  try {
    window.sessionStorage.removeItem(KEY);
  } catch (_refused) {
    // Then it is not kept either.
  }
}

function stateOf(offer: Offer): string {
  const { message, isCurrent, isOver } = offer;
  if (isOver) {
    return "期限が 過ぎました";
  }
  if (!isCurrent) {
    return "古い内容";
  }
  return message.kind === ORDER ? "有効" : message.kind === ALL_CLEAR ? "解除" : "取消";
}

function start(): void {
  const said = addressed(location.hash);
  const store = browserStore();
  const player = new Player(load(store), said["root"] || null, running(), browserParse);
  let selected: string | null = null;
  let form: Form = "lshape";
  let isBusy = false;
  let failed = "";
  let listed = "";
  const frame = byId("preview") as HTMLIFrameElement;

  const preview = (): void => {
    const { root, list, items } = player.memory;
    if (frame.contentWindow !== null && root !== null) {
      const counts = player.counts;
      const answer = { root, list, beat: line.beat, messages: items, counts };
      const origin = location.protocol + "//" + location.host;
      frame.contentWindow.postMessage({ hinamori: "preview", said: answer, message: selected, form }, origin);
    }
  };

  /** What is on the air, as far as it is known: the overlay says itself what it shows. */
  const tally = (air: OnAir | null): void => {
    const clock = player.trust.clock(running()) || 0;
    const { overlay } = player;
    const isThere = overlay !== null && clock - overlay.at < OVERLAY_GONE;
    const formName = isThere && overlay !== null && overlay.form === "lower" ? "下の 帯" : "L字";
    const line = byId("tally");
    const isShown = air !== null && isThere && overlay !== null && overlay.shows === short(air.message.digest);
    line.className = air === null ? "off" : (isShown ? "on" : "waiting") + (air.message.cls === 1 ? " exercise" : "");
    if (air !== null) {
      const headline = air.cap.japanese.headline;
      line.textContent = isShown ? "オンエア中（" + formName + "）　" + headline : "出す 指示ずみ。オーバーレイの 返事を 待って います　" + headline;
    } else if (isThere && overlay !== null && overlay.shows !== "") {
      line.className = "on";
      line.textContent = "オーバーレイは まだ 出しています（送出システムの 指示か、消える 途中です）";
    } else {
      line.textContent = player.air === null ? "放送には 何も 出ていません" : "出していた 内容は 取り消されたか 終わったので、画面から 消えました";
    }
    byId("overlay").textContent = isThere ? "" : "オーバーレイが つながって いません。OBS などの 設定を 確かめて ください";
  };

  const update = (): void => {
    const now = running();
    const offers = player.offers(now);
    if (selected !== null && !offers.some((offer) => offer.message.digest === selected)) {
      selected = null;
    }
    const air = player.isRefused ? null : player.onAir(player.air, now);
    const clock = player.trust.clock(now);
    const isCut = player.trust.isCutOff(now) || !player.trust.isClockSet();
    const { beat } = player.memory;
    byId("name").textContent = player.name;
    const link = byId("link");
    link.className = isCut || player.isRefused || line.isUnknown ? "bad" : "good";
    link.textContent = line.isUnknown
      ? "この 鍵では 入れません"
      : player.isRefused
        ? "町の 鍵が ちがいます。何も 出しません"
        : isCut
          ? "つながって いません" + (beat === null ? "" : "　最終確認 " + timeOf(beat.at))
          : "つながって います　" + timeOf((beat as { at: number }).at);
    list(offers);
    const chosen = offers.filter((offer) => offer.message.digest === selected)[0];
    const take = byId("take") as HTMLButtonElement;
    const isOn = air !== null && air.message.digest === selected;
    // An exercise would be gone at once, and take what is in earnest off the air.
    const isKept = chosen !== undefined && chosen.message.cls === 1 && clock !== null && player.isLive(clock);
    take.disabled = isBusy || chosen === undefined || chosen.isOver || !chosen.isCurrent || isOn || isKept || isCut;
    take.className = chosen !== undefined && chosen.message.cls === 1 ? "exercise" : "";
    take.textContent = chosen !== undefined && chosen.message.cls === 1 ? "訓練として TAKE" : "TAKE　放送に 出す";
    const clear = byId("clear") as HTMLButtonElement;
    clear.disabled = player.air === null;
    tally(air);
    byId("picture").textContent = isOn ? "見え方（オンエア中）" : "見え方（まだ 出ていません）";
    const note = byId("note");
    note.textContent = failed !== "" ? failed : air !== null && air.newer !== null ? "町が 内容を 更新しました。新しいものを 選んで TAKE して ください" : isKept ? "本番の お知らせが 出ている あいだ、訓練は 出せません" : "";
    if (line.isUnknown && line.key !== null) {
      // Whoever mistyped it types it again.
      line.key = null;
      forgetKey();
      byId("door").style.display = "";
    }
  };

  const list = (offers: Offer[]): void => {
    const onAir = player.air === null ? null : player.air.digest;
    const key = JSON.stringify([offers.map((offer) => [offer.message.digest, stateOf(offer)]), selected, onAir]);
    if (key === listed) {
      return;
    }
    listed = key;
    const into = byId("list");
    // Whoever goes by the keyboard stays where they are.
    const focused = document.activeElement === null ? "" : document.activeElement.id;
    while (into.firstChild !== null) {
      into.removeChild(into.firstChild);
    }
    byId("empty").style.display = offers.length === 0 ? "" : "none";
    for (let i = 0; i < offers.length; i += 1) {
      into.appendChild(row(offers[i] as Offer));
    }
    const again = focused === "" ? null : document.getElementById(focused);
    if (again !== null) {
      again.focus();
    }
  };

  const row = (offer: Offer): HTMLElement => {
    const { message, cap } = offer;
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.id = "m" + message.digest;
    button.setAttribute("aria-pressed", message.digest === selected ? "true" : "false");
    button.className = (message.cls === 1 ? "exercise " : "") + (offer.isCurrent ? "current" : "old");
    const add = (className: string, text: string): void => {
      const part = document.createElement("span");
      part.className = className;
      part.textContent = text;
      button.appendChild(part);
    };
    add("when", timeOf(message.sent));
    add("what", (message.cls === 1 ? "【訓練】" : "") + cap.japanese.headline);
    add("where", cap.districts.join("・"));
    add("state", (player.air !== null && message.digest === player.air.digest ? "出す 指示ずみ　" : "") + stateOf(offer) + "　署名 " + message.officers + "人 確認ずみ");
    button.onclick = () => {
      selected = message.digest;
      failed = "";
      update();
      preview();
    };
    item.appendChild(button);
    return item;
  };

  const act = (message: string | null): void => {
    isBusy = true;
    failed = "";
    update();
    line.air(message, (isDone) => {
      isBusy = false;
      failed = isDone ? "" : "サーバーの 返事が ありません。放送が どうなったか 画面で 確かめて、もう一度 押して ください";
      update();
    });
  };

  const line = new StationLine(player, running, null, () => {
    save(store, player.memory);
    update();
    preview();
  });
  line.key = keyOf(said);
  (byId("take") as HTMLButtonElement).onclick = () => act(selected);
  (byId("clear") as HTMLButtonElement).onclick = () => act(null);
  (byId("form") as HTMLSelectElement).onchange = (event) => {
    form = (event.target as HTMLSelectElement).value === "lower" ? "lower" : "lshape";
    update();
    preview();
  };
  const door = byId("door") as HTMLFormElement;
  door.style.display = line.key === null ? "" : "none";
  door.onsubmit = (event) => {
    event.preventDefault();
    line.key = keyOf({ key: (byId("key") as HTMLInputElement).value.replace(/\s/g, "") });
    line.isUnknown = false;
    door.style.display = line.key === null ? "" : "none";
    update();
  };
  frame.onload = preview;
  setInterval(update, TICK);
  update();
  line.start();
}

start();
