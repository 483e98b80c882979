import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Desk } from "./desk.js";
import { Compose } from "./view/compose.js";
import { Door } from "./view/door.js";
import { DraftPage } from "./view/draft.js";
import { Enrol } from "./view/enrol.js";
import { Follow } from "./view/follow.js";
import { Freshness, Head, Navigation } from "./view/head.js";
import { Releases } from "./view/releases.js";
import { Signers } from "./view/signers.js";
import { StaffPage } from "./view/staff.js";
import { Televisions } from "./view/televisions.js";

function Page({ desk }: { desk: Desk }) {
  const { state, route, door } = desk;
  const shown = door !== "open" ? door : `${desk.mode} ${route.screen} ${route.draft}`;
  // Who reads the page by ear or goes by keyboard begins each screen at its name.
  useEffect(() => {
    document.querySelector<HTMLElement>("h1")?.focus();
    scrollTo(0, 0);
  }, [shown]);
  useEffect(() => {
    const drill = state !== null && route.screen !== "enrol" && desk.mode === "exercise";
    document.documentElement.classList.toggle("drill", drill);
    const waiting = desk.drafts().filter((draft) => !draft.mine).length;
    document.title = `${waiting > 0 ? `（署名待ち ${waiting}）` : ""}${drill ? "訓練デスク" : "警報デスク"}`;
  });
  if (route.screen === "enrol") {
    return <Enrol />;
  }
  if (door === "closed") {
    return <Door desk={desk} />;
  }
  if (state === null) {
    return (
      <main class="door">
        <p role="status">{desk.lost ? "サーバーに つながりません。つなぎ直しています。" : "読んでいます…"}</p>
      </main>
    );
  }
  return (
    <>
      <div class="always">
        <Head desk={desk} state={state} />
        <Navigation desk={desk} />
        <Freshness desk={desk} state={state} />
      </div>
      {route.screen === "compose" ? <Compose desk={desk} state={state} /> : route.screen === "draft" ? <DraftPage desk={desk} /> : route.screen === "signers" ? <Signers desk={desk} state={state} /> : route.screen === "staff" ? <StaffPage desk={desk} state={state} /> : route.screen === "televisions" ? <Televisions desk={desk} state={state} /> : route.screen === "releases" ? <Releases desk={desk} state={state} /> : <Follow desk={desk} state={state} />}
      <p class="unseen" aria-live="assertive">
        {desk.announcement}
      </p>
    </>
  );
}

const root = document.getElementById("desk");
if (root !== null) {
  const desk: Desk = new Desk(() => render(<Page desk={desk} />, root));
  desk.start();
}
