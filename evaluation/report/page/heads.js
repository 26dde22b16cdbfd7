// All heads as a table that can be sorted by each of its columns.

import { categorical } from "report/colours.js";
import { overview } from "report/data.js";
import { make, three } from "report/dom.js";
import { place } from "report/figures.js";

const iou = (head) => head.iou;
const COLUMNS = [
  {
    name: "head",
    value: (head) => head.layer * overview.width + head.index,
    shown: (head) => make("a", { href: `#${head.head}` }, head.head),
  },
  { name: "IoU", figure: true, down: true, value: iou, shown: (head) => three(head.iou) },
  {
    name: "95 %",
    figure: true,
    value: (head) => head.high - head.low,
    shown: (head) => `${three(head.low)}–${three(head.high)}`,
    title: "bootstrap over test texts; sorted by width",
  },
  { name: "ceiling", figure: true, down: true, value: (head) => head.ceiling, shown: (head) => three(head.ceiling) },
  {
    name: "parts",
    figure: true,
    value: (head) => head.parts,
    shown: (head) => (head.parts === null ? "scripted" : String(head.parts)),
  },
  { name: "literals", figure: true, value: (head) => head.literals, shown: (head) => String(head.literals) },
  {
    name: "category",
    value: (head) => head.category,
    shown: (head) =>
      head.category === null
        ? ""
        : [make("span.swatch", { style: `background-color: ${categorical(place(head))}` }), head.category],
  },
  { name: "hypothesis", value: (head) => head.hypothesis, shown: (head) => head.hypothesis },
];

const FEW = 200; // rows that are shown before all are asked for: a browser lays out many rows slowly

/** The table, with what filters it. */
export function headTable() {
  let sorted = COLUMNS[0];
  let down = false;
  let found = null;
  let all = false;
  const rows = overview.heads.map((head) => {
    const why = make("td.why.quiet");
    return {
      head,
      why,
      node: make(
        "tr",
        {},
        COLUMNS.map((column) => make(column.figure ? "td.figure" : "td", {}, column.shown(head))),
        why,
      ),
    };
  });
  const buttons = COLUMNS.map((column) =>
    make("button", { title: column.title, onclick: () => sort(column) }, column.name),
  );
  const titles = COLUMNS.map((column, at) => make(column.figure ? "th.figure" : "th", { scope: "col" }, buttons[at]));
  const foundBy = make("th.why", { scope: "col" }, "found by");
  const body = make("tbody");
  const rest = make("p");
  const table = make("table.all", {}, make("thead", {}, make("tr", {}, titles, foundBy)), body);

  function sort(column) {
    down = column === sorted ? !down : Boolean(column.down);
    sorted = column;
    draw();
  }

  /** What is not known comes last, whichever way it is sorted; what is equal, in the order of the heads. */
  function draw() {
    const sign = down ? -1 : 1;
    const kept = found ? rows.filter(({ head }) => found.has(head.head)) : rows;
    const order = d3.sort(kept, (a, b) => {
      const [x, y] = [sorted.value(a.head), sorted.value(b.head)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * d3.ascending(x, y);
    });
    const shown = all ? order : order.slice(0, FEW);
    for (const { head, why } of shown) why.textContent = found?.get(head.head).reasons.join("; ") ?? "";
    body.replaceChildren(...shown.map((row) => row.node));
    rest.replaceChildren(
      ...(shown.length < order.length
        ? [
            make(
              "button",
              {
                onclick: () => {
                  all = true;
                  draw();
                },
              },
              `all ${order.length.toLocaleString("en")} heads`,
            ),
          ]
        : []),
    );
    titles.forEach((title, at) => {
      if (COLUMNS[at] === sorted) title.setAttribute("aria-sort", down ? "descending" : "ascending");
      else title.removeAttribute("aria-sort");
    });
  }

  return {
    node: make(
      "section",
      {},
      make("h2", {}, "Heads"),
      make(
        "p.quiet",
        {},
        "The program that stands in for each head; figures are of test texts. A column's name sorts by it.",
      ),
      make("div.scrolled", {}, table),
      rest,
    ),
    filter(heads) {
      found = heads;
      table.classList.toggle("searched", Boolean(found));
      draw();
    },
  };
}
