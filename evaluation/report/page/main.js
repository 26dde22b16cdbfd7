// Where the page starts: which view the address names, the bar above, keys that work everywhere.

import { isDark, turnDark } from "report/colours.js";
import { overview } from "report/data.js";
import { make } from "report/dom.js";
import { parsePlace } from "report/places.js";

const view = document.getElementById("view");
const jump = make("input", {
  type: "search",
  placeholder: "L3H7, or search",
  "aria-label": "Go to a head, or search the library",
  list: "heads",
});
const links = [
  ["#", "overview", "overview"],
  ["#library", "library", "library"],
].map(([href, text, name]) => make("a", { href, "data-view": name }, text));
const help = keysHelp();
const alone = overview.cover.length ? null : overview.heads[0].head; // the head that the page is about, with no library

/** An address as it was meant; one that was typed may have a sign that stands for itself. */
function decoded(address) {
  try {
    return decodeURIComponent(address);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return address;
  }
}

/** The place that the address names; of a page about one head that head, whatever it names. */
function placeNow() {
  const place = decoded(location.hash.slice(1));
  return alone && parsePlace(place).name !== "head" ? alone : place;
}

async function show() {
  const place = placeNow();
  const { name } = parsePlace(place);
  const node = await (await import(`report/${name}.js`)).show(place).catch((error) => {
    view.replaceChildren(
      make(
        "p.wrong",
        {},
        `This view failed: ${error.message}. Reading the page anew may help; if not, the file is damaged.`,
      ),
    );
    throw error;
  });
  if (place !== placeNow()) return; // another place was asked for meanwhile
  for (const link of links) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (node === view.firstChild) return;
  view.replaceChildren(node);
  window.scrollTo(0, 0);
  document.title = `${node.dataset.title ? `${node.dataset.title} · ` : ""}${overview.model}`;
}

function go() {
  const wanted = jump.value.trim();
  if (!wanted) return;
  const head = overview.heads.find((own) => own.head.toLowerCase() === wanted.toLowerCase());
  location.hash = head ? head.head : `library?search=${encodeURIComponent(wanted)}`;
  jump.value = "";
  jump.blur();
}

function turn() {
  turnDark(!isDark());
}

function keysHelp() {
  const keys = [
    ["g", "overview"],
    ["l", "library"],
    ["/", "go to a head, or search"],
    ["n  p", "next and previous head"],
    ["]  [", "larger and smaller program of the head"],
    [".  ,", "next and previous text"],
    ["← → ↑ ↓", "move in a pattern, in the grid of heads, along a slider"],
    ["Enter", "lock the token or the row under the cursor"],
    ["Esc", "unlock"],
    ["t", "light or dark"],
    ["?", "these keys"],
  ];
  const dialog = make(
    "dialog",
    { "aria-label": "Keys" },
    make("h2", {}, "Keys"),
    make(
      "table",
      {},
      keys.map(([key, what]) =>
        make(
          "tr",
          {},
          make(
            "td",
            {},
            key.split("  ").map((one) => [make("kbd", {}, one), " "]),
          ),
          make("td", {}, what),
        ),
      ),
    ),
    make("form", { method: "dialog" }, make("button", {}, "Close")),
  );
  document.body.append(dialog);
  return dialog;
}

/** Whether a key is meant for a field that is typed in. */
const typing = (target) =>
  target.isContentEditable ||
  /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
  (target.tagName === "INPUT" && target.type !== "range");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const actions = {
    g: () => {
      location.hash = "";
    },
    l: () => {
      location.hash = "library";
    },
    "/": () => jump.focus(),
    t: turn,
    "?": () => help.showModal(),
  };
  const action = actions[event.key];
  if (action) {
    event.preventDefault();
    action();
  } else {
    view.firstChild?.dispatchEvent(new CustomEvent("key", { detail: event }));
  }
});

jump.addEventListener("keydown", (event) => {
  if (event.key === "Enter") go();
});
jump.addEventListener("change", () => {
  if (overview.heads.some((own) => own.head === jump.value)) go(); // one that was chosen from the list
});
document.getElementById("bar").append(
  make("span.name", {}, overview.model),
  ...(alone ? [] : [...links, jump]),
  make(
    "datalist#heads",
    {},
    overview.heads.map((own) => make("option", { value: own.head })),
  ),
  make(
    "span.right",
    {},
    make("button", { onclick: turn, title: "light or dark (t)" }, "◐"),
    make("button", { onclick: () => help.showModal(), title: "keys (?)" }, "keys"),
  ),
);
window.addEventListener("hashchange", show);
await show();
