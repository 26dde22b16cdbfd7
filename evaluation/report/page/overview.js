// What the page shows first: the run at a glance.

import { categoryBars, coverCurve, distribution, front, iouAndEffect, means } from "report/charts.js";
import { overview } from "report/data.js";
import { make, three } from "report/dom.js";
import { counted } from "report/figures.js";
import { absent } from "report/frame.js";
import { grid } from "report/grid.js";
import { controls, sweep, sweepTable, taskTable } from "report/replaced.js";

/** The view. */
export async function show() {
  const { heads, mean, notices } = overview;
  return make(
    "div.overview",
    {},
    make("h1", {}, overview.model),
    make(
      "p",
      {},
      `${counted(heads.length, "attention head")} explained by programs that predict where they look, from the text alone. ` +
        "Figures are of test texts unless they say otherwise.",
    ),
    notices.length
      ? make(
          "ul.notices",
          { "aria-label": "Notices" },
          notices.map((notice) => make("li", {}, notice)),
        )
      : null,
    make(
      "section.headline",
      { "aria-label": "Headline figures" },
      make(
        "div",
        {},
        make(
          "div.tiles",
          {},
          tile(
            three(mean.iou),
            "mean IoU",
            `95 %: ${three(mean.low)}–${three(mean.high)}` +
              (mean.ceiling === null ? "" : `; the mean ceiling is ${three(mean.ceiling)}`),
          ),
          tile(...explained()),
          tile(...replacedTile()),
          tile(...cost()),
        ),
        facts(),
      ),
      means(),
    ),
    make(
      "div.beside",
      {},
      grid(),
      make("div.charts", {}, distribution(), heads.some((head) => head.category !== null) ? categoryBars() : null),
    ),
    make(
      "section",
      {},
      make("h2", {}, "What the model loses with heads replaced"),
      make("div.charts", {}, replaced()),
      overview.sweep.length ? sweepTable() : null,
      overview.tasks.length ? taskTable() : null,
    ),
    make(
      "section",
      {},
      make("h2", {}, "Programs"),
      make("div.charts", {}, coverCurve(), overview.front.length ? front() : null, effects()),
    ),
  );
}

/** One figure, large, with what it is. */
function tile(figure, name, more) {
  return make("div.tile", {}, make("div.large", {}, figure), make("div", {}, name), make("div.quiet.small", {}, more));
}

/** How few structures explain half of the heads. */
function explained() {
  const { cover } = overview;
  const all = cover.at(-1);
  const half = cover.findIndex((heads) => heads >= all / 2) + 1;
  return [
    `${half} of ${cover.length}`,
    `structures explain ${cover[half - 1]} of ${counted(all, "head")}`,
    "within 0.02 of a head's best validation IoU",
  ];
}

/** What a quarter of the heads costs, or what has to be run to know. */
function replacedTile() {
  const rows = overview.sweep.filter((row) => row.replacement === "program");
  if (!rows.length) return ["–", "perplexity not measured", "see below"];
  const row = rows
    .filter((own) => own.order === rows[0].order)
    .reduce((a, b) => (Math.abs(b.fraction - 0.25) < Math.abs(a.fraction - 0.25) ? b : a));
  return [
    signed(row.increase),
    `perplexity with ${counted(row.heads, "head")} replaced`,
    `95 %: ${signed(row.low)} to ${signed(row.high)}`,
  ];
}

const signed = (value) =>
  `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(Math.abs(value) < 10 ? 1 : 0)}\u00a0%`;

/** What the language model cost. */
function cost() {
  const asked = overview.language_model;
  if (!asked) return ["none", "language model asked", "programs come from search and the bundled library"];
  const { dollars, tokens } = asked.cost;
  return [
    dollars === null ? counted(tokens, "token") : `$${dollars.toFixed(2)}`,
    `${counted(asked.calls, "answer")} of a language model`,
    asked.summary,
  ];
}

function facts() {
  const splits = Object.entries(overview.texts).map(([name, count]) => `${count.toLocaleString("en")} ${name}`);
  const rows = [
    ["corpus", overview.corpus],
    ["texts", `${splits.join(", ")}, of at most ${counted(overview.max_tokens, "token")}; ${overview.start}`],
    [
      "model",
      `${counted(overview.layers, "layer")} of ${counted(overview.width, "head")}; ` +
        (overview.causal ? "a query sees the keys up to it" : "a query sees all keys"),
    ],
    ["run", `${overview.run}, seed ${overview.seed}, headsynth ${overview.version}`],
  ];
  return make(
    "dl.facts",
    {},
    rows.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
  );
}

/** In the place of what was not measured: the commands that measure it. */
const missing = (title) =>
  overview.causal
    ? absent(title, "not measured yet; run", `headsynth evaluate ${overview.run}\nheadsynth report ${overview.run}`)
    : absent(title, "of an encoder not held here; run", `headsynth evaluate ${overview.run}`);

const replaced = () => [
  overview.sweep.length ? sweep() : missing("Increase in perplexity"),
  overview.controls.length > 1 ? controls() : missing("Controls"),
];

const effects = () => (overview.heads.some((head) => head.effect) ? iouAndEffect() : missing("Fidelity and effect"));
