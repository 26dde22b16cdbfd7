// Where the program that stands in is right and wrong, on all test texts.

import { make, table, three, within } from "report/dom.js";
import { counted } from "report/figures.js";
import { placeOf } from "report/places.js";

const interval = (own) => within(...own);
const percent = (value) => `${(100 * value).toFixed(1)} %`;

/** The tables of a head. */
export function faithfulTables(head) {
  const { overall, baselines, ceiling, classes, distances, worst, best, failed } = head.faithful;
  const rank = head.programs.findIndex((program) => program.stands_in) + 1;
  const here = new Set(head.texts.map((text) => text.number));
  const figures = (name, own) => [name, interval(own.iou), interval(own.cross_entropy), interval(own.jsd)];
  const columns = (name) => [
    name,
    { name: "IoU (95 %)", figure: true },
    { name: "cross-entropy", figure: true, title: "nats a query" },
    { name: "JSD", figure: true, title: "Jensen–Shannon distance, base 2" },
  ];
  const text = (own) => [
    here.has(own.number)
      ? make("a", { href: placeOf(head.head, rank, own.number) }, `text ${own.number}`)
      : `text ${own.number}`,
    three(own.iou),
    own.beginning,
  ];
  const texts = (name, rows) =>
    make("div", {}, make("h3", {}, name), table(["", { name: "IoU", figure: true }, "begins"], rows.map(text)));
  const range = ({ nearest, farthest }) => (nearest === farthest ? String(nearest) : `${nearest} to ${farthest}`);
  return make(
    "section#faithful",
    { "aria-label": "faithfulness" },
    make("h2", {}, "How faithful it is"),
    make("p.small.quiet", {}, "Of the program that stands in (★), on all test texts."),
    failed
      ? make("p.wrong", {}, `It fails on ${counted(failed, "text")}; there it counts as if it attended to nothing.`)
      : null,
    table(columns("beside"), [
      figures("the program", overall),
      ...(ceiling === null ? [] : [["ceiling: full tables", three(ceiling), "", ""]]),
      ...Object.entries(baselines).map(([name, own]) => figures(name, own)),
    ]),
    make("div.columns", {}, texts("Worst texts", worst), texts("Best texts", best)),
    make(
      "div.columns",
      {},
      make(
        "div",
        {},
        make("h3", {}, "By what the query is"),
        table(
          [...columns("class"), { name: "queries", figure: true }],
          classes.map((own) => [
            ...figures(own.name.replace(/^is_/, "").replaceAll("_", " "), own),
            own.queries.toLocaleString("en"),
          ]),
        ),
      ),
      make(
        "div",
        {},
        make("h3", {}, "By distance"),
        table(
          [
            "keys back",
            { name: "head", figure: true },
            { name: "program", figure: true },
            { name: "overlap (IoU)", figure: true },
          ],
          distances.map((own) => [
            range(own),
            percent(own.head),
            percent(own.program),
            own.overlap ? interval(own.overlap) : "",
          ]),
        ),
      ),
    ),
  );
}
