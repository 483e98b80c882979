import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Page } from "./page.js";
import { Bar, Bands } from "./view/bar.js";
import { Asking, Door, Enrol } from "./view/door.js";
import { Districts, Drawer, SitesPane } from "./view/drawer.js";
import { Figures } from "./view/figures.js";
import { InquiryDesk } from "./view/inquiry.js";
import { MapView } from "./view/mapview.js";
import { ReportDesk } from "./view/reports.js";
import { HouseholdSheet, SiteSheet } from "./view/sheet.js";

function Whole({ page }: { page: Page }) {
  const { door, town } = page;
  // Who reads the page by ear or goes by keyboard begins each screen at its name.
  useEffect(() => {
    document.querySelector<HTMLElement>("h1")?.focus();
  }, [door, page.mode, page.place]);
  if (door === "enrol") {
    return <Enrol page={page} />;
  }
  if (door === "closed") {
    return <Door page={page} />;
  }
  if (page.place === "inquiry" && door === "open" && page.session !== null) {
    return (
      <Bands page={page}>
        {/* What was typed or answered in the one is never in the other, however fast the change is. */}
        <InquiryDesk key={page.mode} page={page} />
      </Bands>
    );
  }
  if (page.place === "reports" && door === "open" && page.mayReadReports()) {
    return (
      <Bands page={page}>
        <ReportDesk key={page.mode} page={page} />
      </Bands>
    );
  }
  if (town === null) {
    return <Asking page={page} />;
  }
  const site = page.choice?.kind === "site" ? town.site(page.choice.id) : undefined;
  const household = page.choice?.kind === "household" ? town.household(page.choice.id) : undefined;
  const sheet = site !== undefined ? <SiteSheet page={page} town={town} site={site} /> : household !== undefined ? <HouseholdSheet page={page} town={town} household={household} /> : null;
  return (
    <Bands page={page}>
      <Bar page={page} town={town} />
      <Figures page={page} town={town} />
      <main class={page.view}>
        {page.view === "map" ? <MapView page={page} town={town} /> : <Districts page={page} town={town} />}
        {sheet ?? <Drawer page={page} town={town} />}
        {page.view === "list" && <SitesPane page={page} town={town} />}
      </main>
      <p class="unseen" aria-live="assertive">
        {page.announcement}
      </p>
    </Bands>
  );
}

const root = document.getElementById("page");
if (root !== null) {
  // Whatever changes at once is drawn once, and never in the middle of a drawing.
  let isDue = false;
  const page: Page = new Page(() => {
    if (!isDue) {
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        render(<Whole page={page} />, root);
      });
    }
  });
  page.start();
}
