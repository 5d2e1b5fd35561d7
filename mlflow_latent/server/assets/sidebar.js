// Links from MLflow's own page to the explorer: an entry in its sidebar, and a button on the pages
// of runs that hold something of ours. Whatever is not found as expected is left alone, silently.
// MLFLOW_LATENT_SIDEBAR=off keeps this file from being loaded.
(() => {
  "use strict";

  const ENTRY = "latent-sidebar-entry";
  const BUTTON = "latent-open-run";
  const RUN_ROUTE = /^#\/experiments\/[^/]+\/runs\/([A-Za-z0-9_-]{1,64})(?:[/?]|$)/;
  const MODELS = ["#/models", "#/gateway", "#/settings"]; // the first there is; none of an experiment
  const MARGIN = 24; // pixels between the button and the edge of MLflow's content
  const SVG = "http://www.w3.org/2000/svg";
  const DOTS = [[3, 4, 1.6], [7, 2.5, 1.2], [6, 7, 1.8], [12.5, 5, 1.5], [11, 11.5, 2], [4.5, 12.5, 1.5]];

  /** Whether a run holds something of ours, by run; asked once. */
  const known = new Map();
  let template = "";

  function icon() {
    const svg = document.createElementNS(SVG, "svg");
    const attributes = { width: "1em", height: "1em", viewBox: "0 0 16 16", fill: "currentColor" };
    for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
    svg.setAttribute("aria-hidden", "true");
    for (const [x, y, radius] of DOTS) {
      const dot = document.createElementNS(SVG, "circle");
      dot.setAttribute("cx", String(x));
      dot.setAttribute("cy", String(y));
      dot.setAttribute("r", String(radius));
      svg.append(dot);
    }
    return svg;
  }

  /** The entry of MLflow's that ours is to look like: one that leads to a page beside ours. */
  function model() {
    const links = MODELS.map((start) => document.querySelector(`nav li > a[href^="${start}"]`));
    return links.find((link) => link !== null)?.parentElement ?? null;
  }

  function entryLike(item) {
    const entry = item.cloneNode(true);
    const link = entry.querySelector("a");
    const folded = link.textContent.trim() === "";
    link.removeAttribute("aria-current");
    link.href = "latent/";
    link.title = "Explore the latent space of runs";
    link.setAttribute("aria-label", "Latent space");
    const picture = link.querySelector("svg");
    if (picture) picture.replaceWith(icon());
    const holder = link.querySelector("svg")?.parentElement;
    link.replaceChildren(...[holder !== link ? holder : link.querySelector("svg")].filter(Boolean));
    if (!folded) link.append("Latent space");
    entry.id = ENTRY;
    return entry;
  }

  /** MLflow draws its sidebar anew, e.g. folded; ours follows. */
  function placeEntry() {
    const item = model();
    const present = document.getElementById(ENTRY);
    if (!item) return present?.remove();
    if (present && present.previousElementSibling === item && template === item.outerHTML) return;
    present?.remove();
    template = item.outerHTML;
    item.after(entryLike(item));
  }

  async function holdsOurs(run) {
    const query = new URLSearchParams({ run_id: run, path: "latent" });
    const answer = await fetch(`ajax-api/2.0/mlflow/artifacts/list?${query}`);
    return answer.ok && ((await answer.json()).files ?? []).length > 0;
  }

  function button(run) {
    const link = document.createElement("a");
    link.id = BUTTON;
    link.href = `latent/run/${run}`;
    link.append(icon(), "Open in Latent");
    Object.assign(link.style, {
      position: "fixed", zIndex: "900", display: "inline-flex", alignItems: "center", gap: "8px",
      padding: "8px 14px", borderRadius: "999px", background: "#0b5cad", color: "#fff",
      font: "600 13px/20px system-ui, sans-serif", textDecoration: "none",
      boxShadow: "0 2px 8px rgb(0 0 0 / .25)", bottom: `${MARGIN}px`,
    });
    return link;
  }

  function placeButton() {
    const run = RUN_ROUTE.exec(location.hash)?.[1] ?? null;
    const present = document.getElementById(BUTTON);
    const wanted = run !== null && known.get(run) === true;
    if (!wanted || !present?.href.endsWith(`/${run}`)) present?.remove();
    if (run !== null && !known.has(run)) return void ask(run);
    if (!wanted) return;
    if (!present?.isConnected) document.body.append(button(run));
    const content = document.querySelector("main")?.getBoundingClientRect();
    const edge = content && content.width > 0 ? innerWidth - content.right : 0;
    const right = `${Math.max(0, Math.round(edge)) + MARGIN}px`;
    const placed = document.getElementById(BUTTON);
    if (placed.style.right !== right) placed.style.right = right;
  }

  async function ask(run) {
    known.set(run, false);
    known.set(run, await holdsOurs(run).catch(() => false));
    update();
  }

  let waiting = false;
  function update() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      for (const place of [placeEntry, placeButton]) {
        try {
          place();
        } catch {
          // MLflow's page is not as expected: it works without us.
        }
      }
    });
  }

  new MutationObserver(update).observe(document.body, { childList: true, subtree: true });
  addEventListener("hashchange", update);
  addEventListener("popstate", update);
  addEventListener("resize", update);
  update();
})();
