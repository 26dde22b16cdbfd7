// The library: structures, categories and heads, with a search that filters them all.

import { categorical } from "report/colours.js";
import { categories } from "report/colourings.js";
import { overview } from "report/data.js";
import { make, three } from "report/dom.js";
import { counted, place, size } from "report/figures.js";
import { headTable } from "report/heads.js";
import { KINDS, search } from "report/search.js";

const FEW = 12; // structures that are shown before all are asked for
const LINKS = 40; // heads that are named before all are asked for

const questionOf = (address) => /^library\?search=(.*)$/s.exec(address)?.[1] ?? "";

/** The view. @param {string} address such as "library?search=names". */
export async function show(address) {
  const input = make("input#search", {
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: 'names, comma, induction, "she" …',
  });
  input.value = questionOf(address);
  const answer = make("div.answer", { "aria-live": "polite" });
  const structures = structureList();
  const kinds = categoryList();
  const heads = headTable();
  const view = make(
    "div.library",
    {},
    make("h1", {}, "The library"),
    make(
      "div.search",
      { role: "search" },
      make("label", { for: "search" }, "Search"),
      " ",
      input,
      make(
        "p.quiet.small",
        {},
        "Filters all below as you type: by head or layer (L3), category, hypothesis, features and what they mean, " +
          "families of features, and the words that programs name. Put a word in quotes to find that word alone.",
      ),
    ),
    answer,
    structures.node,
    kinds.node,
    heads.node,
  );
  view.dataset.title = "library";

  function filter() {
    const question = input.value.trim();
    const found = question ? search(question) : null;
    answer.replaceChildren(...(found ? said(question, found) : []));
    structures.filter(found);
    kinds.filter(found);
    heads.filter(found);
  }

  input.addEventListener("input", () => {
    filter();
    const question = input.value.trim();
    history.replaceState(null, "", question ? `#library?search=${encodeURIComponent(question)}` : "#library");
  });
  filter();
  return view;
}

/** The heads that were found, by what tells it. */
function said(question, found) {
  if (!found.size) return [make("p", {}, `No head's program has to do with “${question}”.`)];
  const named = overview.heads.filter((head) => found.has(head.head));
  const groups = Object.keys(KINDS).map((kind) => [kind, named.filter((head) => found.get(head.head).kind === kind)]);
  return [
    make("p", {}, `${counted(named.length, "head")} of ${overview.heads.length.toLocaleString("en")}`),
    make(
      "dl.found",
      {},
      groups
        .filter(([, own]) => own.length)
        .map(([kind, own]) => [make("dt", {}, `${KINDS[kind]}: ${own.length}`), make("dd.small", {}, links(own))]),
    ),
  ];
}

/** Links to heads, marked by category; many are shown when asked for. */
function links(heads) {
  const link = (head) => [
    make(
      "a.head",
      { href: `#${head.head}`, title: `${head.category ?? ""} IoU ${three(head.iou)}: ${head.hypothesis}` },
      make("span.swatch", { style: `background-color: ${categorical(place(head))}` }),
      head.head,
    ),
    " ",
  ];
  const box = make("span.links", {}, heads.slice(0, LINKS).map(link));
  if (heads.length > LINKS)
    box.append(more(`all ${heads.length}`, (button) => button.replaceWith(...heads.slice(LINKS).flatMap(link))));
  return box;
}

const more = (name, act) => make("button.small", { onclick: (event) => act(event.currentTarget) }, name);

const byName = new Map(overview.heads.map((head) => [head.head, head]));

/** Structures that explain the same heads, together: those that explain most heads first. */
const alike = () => [...d3.group(overview.structures, (structure) => structure.heads.join(" ")).values()];

function structureList() {
  let all = false;
  let found = null;
  const items = alike().map((structures) => ({ structures, node: null }));
  const list = make("ol.structures");
  const rest = make("p");

  function draw() {
    const kept = items.filter(({ structures }) => !found || structures[0].heads.some((name) => found.has(name)));
    const shown = all ? kept : kept.slice(0, FEW);
    for (const item of shown) item.node ??= structureItem(item.structures);
    list.replaceChildren(...shown.map(({ node }) => node));
    const left = d3.sum(kept.slice(shown.length), ({ structures }) => structures.length);
    rest.replaceChildren(
      ...(left
        ? [
            more(`${counted(left, "more structure")}`, () => {
              all = true;
              draw();
            }),
          ]
        : kept.length
          ? []
          : ["None of these structures is of such a head."]),
    );
  }

  return {
    node: make(
      "section",
      {},
      make("h2", {}, "Structures"),
      make(
        "p.quiet",
        {},
        "Programs that differ in their constants alone share a structure. It explains a head if it comes within 0.02 of " +
          "the head's best validation IoU. Those that explain most heads come first; of those that explain one alone " +
          "only the ones of the cover are listed.",
      ),
      list,
      rest,
    ),
    filter(heads) {
      found = heads;
      draw();
    },
  };
}

function structureItem([first, ...others]) {
  const heads = first.heads.map((name) => byName.get(name));
  return make(
    "li",
    {},
    make("span.count", { title: "heads explained" }, String(heads.length)),
    make(
      "div",
      {},
      told(first),
      make("div.small", {}, links(heads)),
      source(first),
      others.length
        ? make(
            "details.small",
            {},
            make(
              "summary",
              {},
              `${counted(others.length, "other structure")} explain${others.length === 1 ? "s" : ""} the same`,
            ),
            others.map((structure) => [told(structure), source(structure)]),
          )
        : null,
    ),
  );
}

const told = (structure) => [
  make("div", {}, structure.hypothesis),
  make(
    "div.quiet.small",
    {},
    [
      size(structure),
      structure.families.join(", "),
      ...(structure.cover === null ? [] : [`number ${structure.cover + 1} of the cover`]),
    ].join(" · "),
  ),
];

const source = (structure) =>
  make(
    "details.small",
    {},
    make("summary", {}, "program, with the constants of its best head"),
    make("pre", {}, structure.source),
  );

/** Categories with their heads. */
function categoryList() {
  const box = make("div.kinds");
  return {
    node: make("section", {}, make("h2", {}, "Categories"), box),
    filter(found) {
      const heads = overview.heads.filter((head) => !found || found.has(head.head));
      const groups = categories(heads).map(([name]) => [name, heads.filter((head) => head.category === name)]);
      const unknown = heads.filter((head) => head.category === null);
      if (unknown.length) groups.push(["not known", unknown]);
      box.replaceChildren(
        ...groups.map(([name, own]) =>
          make(
            "div",
            {},
            make(
              "h3",
              {},
              name,
              " ",
              make(
                "span.quiet",
                {},
                `${counted(own.length, "head")}, mean IoU ${three(d3.mean(own, (head) => head.iou))}`,
              ),
            ),
            make("div.small", {}, links(own)),
          ),
        ),
      );
    },
  };
}
