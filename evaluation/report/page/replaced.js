// The charts of the model with heads replaced by programs, and by what explains nothing.

import { SERIES } from "report/colours.js";
import { overview } from "report/data.js";
import { make, percent, table } from "report/dom.js";
import { counted, increase, nats, share } from "report/figures.js";
import { chart, coloured, few, hover, plot } from "report/frame.js";

const ORDERS = {
  iou: "highest validation IoU first",
  effect: "smallest effect first",
  greedy: "least harm at each step",
  random: "random order",
};
const REPLACEMENTS = { program: "programs", uniform: "uniform", first: "first token", zero: "no output" };
const WIDE = 4; // relative to the model as it is, from which an axis is logarithmic

/** A scale of what grows, relative to the model as it is, for what the rows hold. */
function relative(rows) {
  const most = 1 + d3.max(rows, (row) => row.high);
  const least =
    1 +
    Math.min(
      0,
      d3.min(rows, (row) => row.low),
    );
  const label = "perplexity, times the model's own";
  return most >= WIDE
    ? {
        type: "log",
        label,
        grid: true,
        domain: [Math.max(0.1, Math.min(0.95, least)), most],
        ticks: 5,
        tickFormat: (own) => `×${own}`,
      }
    : {
        label,
        grid: true,
        domain: [least, Math.max(most, 1.02)],
        nice: true,
        ticks: 6,
        tickFormat: (own) => `×${Number(own.toFixed(3))}`,
      };
}

/** Lines with intervals against the share of the heads; those of a share stand beside each other. */
function lines(title, caption, rows, names, key, others) {
  const present = Object.keys(names).filter((own) => rows.some((row) => row[key] === own));
  const aside = (own) => 0.7 * (present.indexOf(own) - (present.length - 1) / 2);
  const points = rows.map((row) => ({ ...row, name: names[row[key]], x: 100 * row.fraction + aside(row[key]) }));
  const starts = present.map((own) => ({ name: names[own], x: 0, increase: 0, low: 0, high: 0, start: true }));
  const at = { x: "x", y: (row) => 1 + row.increase };
  const beside = others.map((row) => ({ ...row, x: 100 * overview.controls_share }));
  const named = present.map((own) => [names[own], SERIES[own]]);
  const y = relative([...rows, ...others]);
  return chart(title, caption, (width) =>
    plot({
      width,
      height: 330,
      x: { domain: [0, 103], label: "heads replaced, %", ticks: 5, grid: true },
      y,
      color: coloured(named),
      symbol: {
        domain: named.map(([name]) => name),
        range: ["circle", "square", "triangle", "times"].slice(0, named.length),
        legend: true,
      },
      marks: [
        Plot.ruleY([1], { strokeOpacity: 0.5 }),
        Plot.ruleX(points, {
          x: "x",
          y1: (row) => 1 + row.low,
          y2: (row) => 1 + row.high,
          stroke: "name",
          strokeWidth: 1.5,
        }),
        Plot.line(
          [...starts, ...points].sort((a, b) => a.x - b.x),
          { ...at, z: "name", stroke: "name", strokeWidth: 1.6 },
        ),
        Plot.dot(points, { ...at, stroke: "name", fill: "var(--paper)", symbol: "name", r: 4, strokeWidth: 1.8 }),
        beside.length
          ? Plot.dot(beside, { ...at, stroke: SERIES.control, symbol: "plus", r: 4, strokeWidth: 1.6 })
          : null,
        hover([...points, ...beside], {
          ...at,
          title: (row) => `${row.name ?? `control: ${row.control}`}\n${said(row)}`,
        }),
      ],
    }),
  );
}

const said = (row) =>
  `${counted(row.heads, "head")}: ${increase(row)}\n` +
  `KL ${nats(row.divergence)} nats a token, ${share(row.agreement)} of likeliest tokens kept`;

/** The increase with programs by the order of the heads, and beside what explains nothing. */
export function sweep() {
  const rows = overview.sweep;
  const programs = rows.filter((row) => row.replacement === "program");
  const order = Object.keys(ORDERS).find((own) => rows.some((row) => row.order === own));
  const baselines = rows.filter((row) => row.order === order);
  const own = rows[0].baseline_perplexity.toPrecision(4);
  const texts = `${counted(rows[0].texts, "test text")}, 95 % intervals; the model's own perplexity is ${own}.`;
  const others = overview.controls.slice(1);
  return [
    lines(
      "Heads replaced by programs",
      `By the order in which heads are replaced. ${texts}`,
      programs,
      ORDERS,
      "order",
      [],
    ),
    lines(
      "Beside what explains nothing",
      `Heads replaced, ${ORDERS[order]}${others.length ? "; plus signs are the controls" : ""}. ${texts}`,
      baselines,
      REPLACEMENTS,
      "replacement",
      others,
    ),
  ];
}

/** What should do worse than the right programs, in the place of the same heads. */
export function controls() {
  const [right, ...others] = overview.controls;
  const rows = [right, ...others.sort((a, b) => a.increase - b.increase)];
  const at = { x: (row) => 1 + row.increase, y: "control" };
  return chart(
    "Controls",
    `${counted(right.heads, "head")} (${share(overview.controls_share)}) replaced by what should do worse than the right ` +
      `programs, on ${counted(right.texts, "test text")}, 95 % intervals.`,
    (width) =>
      plot({
        width,
        height: 56 + 24 * rows.length,
        marginLeft: 128,
        marginTop: 8,
        x: relative(rows),
        y: { domain: rows.map((row) => row.control), label: null, tickSize: 0, grid: true },
        marks: [
          Plot.ruleX([1 + right.increase], { stroke: SERIES.program, strokeDasharray: "3 3" }),
          Plot.ruleY(rows, {
            x1: (row) => 1 + row.low,
            x2: (row) => 1 + row.high,
            y: "control",
            strokeWidth: 1.6,
            stroke: (row) => (row === right ? SERIES.program : SERIES.control),
          }),
          Plot.dot(rows, { ...at, r: 4, fill: (row) => (row === right ? SERIES.program : SERIES.control) }),
          hover(rows, {
            ...at,
            title: (row) =>
              `${row.control}\n${said(row)}` +
              (row === right
                ? ""
                : `\nworse by ${increase({ increase: row.worse, low: row.worse_low, high: row.worse_high })}`),
          }),
        ],
      }),
  );
}

/** The sweep as numbers. */
export function sweepTable() {
  const columns = ["order", "in their place", "heads", "increase", "95 %", "KL", "likeliest kept"].map(
    (name, place) => ({ name, figure: place > 1 }),
  );
  const rows = overview.sweep.map((row) => [
    ORDERS[row.order],
    REPLACEMENTS[row.replacement],
    `${row.heads} (${share(row.fraction)})`,
    percent(row.increase),
    `${percent(row.low)} to ${percent(row.high)}`,
    nats(row.divergence),
    share(row.agreement),
  ]);
  return make(
    "details",
    {},
    make("summary", {}, "the sweep as numbers"),
    make("div.scrolled", {}, table(columns, rows)),
  );
}

/** What the model scores on tasks, as it is and with heads replaced. */
export function taskTable() {
  const columns = ["task", "metric", "heads replaced", "value", "95 %", "change", "95 %", "items", "chance"].map(
    (name, place) => ({ name, figure: place > 1 }),
  );
  const figure = (row, value) => (row.is_perplexity ? value.toFixed(2) : `${(100 * value).toFixed(1)} %`);
  const change = (row, value) => (row.is_perplexity ? percent(value) : `${percent(value).replace(" %", "")} points`);
  const rows = overview.tasks.map((row) => [
    row.task,
    row.metric,
    `${row.heads} (${share(row.fraction)})`,
    figure(row, row.value),
    `${figure(row, row.low)} to ${figure(row, row.high)}`,
    row.heads ? change(row, row.change) : "",
    row.heads ? `${change(row, row.change_low)} to ${change(row, row.change_high)}` : "",
    row.items.toLocaleString("en"),
    row.chance === null ? "" : share(row.chance),
  ]);
  return make(
    "section",
    { "aria-label": "Tasks" },
    make("h3", {}, "Tasks"),
    make(
      "p.quiet.small",
      {},
      "Heads of highest validation IoU replaced first; intervals are over items, of changes in pairs.",
    ),
    make("div.scrolled", {}, table(columns, rows)),
  );
}
