// The charts of the heads and of their programs.

import { SERIES, categorical, sequential } from "report/colours.js";
import { categories } from "report/colourings.js";
import { overview } from "report/data.js";
import { three } from "report/dom.js";
import { counted, nats, share } from "report/figures.js";
import { chart, coloured, few, hover, plain, plot } from "report/frame.js";
import { rove } from "report/roving.js";

const BASELINES = [
  ["previous", "previous token"],
  ["first", "first token"],
  ["uniform", "uniform"],
];

/** The mean IoU beside the ceiling and what explains nothing. */
export function means() {
  const { mean } = overview;
  const rows = [
    { name: "programs", iou: mean.iou, low: mean.low, high: mean.high, colour: SERIES.program },
    ...BASELINES.map(([key, name]) => ({ name, iou: mean.baselines[key], colour: SERIES[key] })),
  ];
  if (mean.ceiling !== null) rows.splice(1, 0, { name: "ceiling", iou: mean.ceiling, colour: SERIES.ceiling });
  const partly = mean.ceiling_heads < overview.heads.length ? `, of ${counted(mean.ceiling_heads, "head")}` : "";
  const caption =
    "over heads and test texts, with the 95 % interval of the programs." +
    (mean.ceiling === null ? "" : ` The ceiling is that of dense additive models with full tables${partly}.`);
  return chart("Mean IoU", caption, (width) =>
    plot({
      width,
      height: 34 + 26 * rows.length,
      marginLeft: 104,
      marginTop: 4,
      marginRight: 40,
      marginBottom: 30,
      x: { domain: [0, 1], label: null, ticks: 5, grid: true },
      y: { domain: rows.map((row) => row.name), label: null, tickSize: 0 },
      marks: [
        Plot.barX(rows, {
          x: "iou",
          y: "name",
          fill: (row) => (row.name === "ceiling" ? "none" : row.colour),
          fillOpacity: 0.8,
          stroke: (row) => (row.name === "ceiling" ? row.colour : "none"),
          strokeDasharray: "3 2",
          insetTop: 3,
          insetBottom: 3,
        }),
        Plot.ruleY(
          rows.filter((row) => row.low !== undefined),
          { x1: "low", x2: "high", y: "name", strokeWidth: 2 },
        ),
        Plot.text(rows, {
          x: (row) => row.high ?? row.iou,
          y: "name",
          text: (row) => three(row.iou),
          textAnchor: "start",
          dx: 5,
        }),
      ],
    }),
  );
}

/** The share of the heads whose IoU is at most so high, for programs, ceilings and baselines. */
export function distribution() {
  const series = [
    ["programs", SERIES.program, (head) => head.iou],
    ["ceiling", SERIES.ceiling, (head) => head.ceiling],
    ...BASELINES.map(([key, name]) => [name, SERIES[key], (head) => head.baselines[key]]),
  ];
  const lines = series.flatMap(([name, , value]) => {
    const sorted = overview.heads
      .map((head) => [value(head), head.head])
      .filter(([own]) => own !== null)
      .sort((a, b) => a[0] - b[0]);
    return [
      { name, iou: 0, share: 0 },
      ...sorted.map(([iou, head], place) => ({ name, iou, head, share: (place + 1) / sorted.length })),
      ...(sorted.length ? [{ name, iou: 1, share: 1 }] : []),
    ];
  });
  const drawn = series.filter(([name]) => lines.filter((point) => point.name === name).length > 1);
  const points = lines.filter((point) => point.head);
  return chart(
    "IoU over heads",
    "Share of the heads whose IoU on test texts is at or below a value: the farther right, the better.",
    (width) =>
      plot({
        width,
        x: { domain: [0, 1], label: "IoU with the head's pattern", grid: true, ticks: 5 },
        y: { domain: [0, 1], label: "share of heads", grid: true, ticks: 5, tickFormat: "%" },
        color: { ...coloured(drawn), legend: true },
        marks: [
          Plot.ruleY([0]),
          Plot.lineY(lines, { x: "iou", y: "share", stroke: "name", curve: "step-after", strokeWidth: 1.6 }),
          hover(points, {
            x: "iou",
            y: "share",
            title: (point) =>
              `${point.head}, ${point.name}: ${three(point.iou)}\n${share(point.share)} of heads at or below`,
          }),
        ],
      }),
  );
}

/** How many heads are of each category; every bar is a link to them. */
export function categoryBars() {
  const rows = categories().map(([name, count]) => ({
    name,
    count,
    colour: categorical(overview.categories.indexOf(name)),
  }));
  return chart(
    "Categories",
    "Heads of each, by what their dense models' parts contribute and by their scores. A bar opens the library.",
    (width) =>
      plot({
        width,
        height: 36 + 24 * rows.length,
        marginLeft: 132,
        marginTop: 4,
        marginRight: 34,
        marginBottom: 32,
        x: { label: "heads", grid: true, ticks: few(width - 166, Math.min(6, rows[0].count)), tickFormat: "d" },
        y: { domain: rows.map((row) => row.name), label: null, tickSize: 0 },
        marks: [
          Plot.barX(rows, {
            x: "count",
            y: "name",
            fill: "colour",
            insetTop: 3,
            insetBottom: 3,
            href: (row) => `#library?search=${encodeURIComponent(row.name)}`,
            ariaLabel: (row) => `${row.name}: ${counted(row.count, "head")}`,
          }),
          Plot.text(rows, { x: "count", y: "name", text: (row) => String(row.count), textAnchor: "start", dx: 5 }),
        ],
      }),
  );
}

/** How many heads the first, the first two, … structures explain. */
export function coverCurve() {
  const points = [
    { structures: 0, heads: 0 },
    ...overview.cover.map((heads, place) => ({
      structures: place + 1,
      heads,
      structure: overview.structures.find((own) => own.cover === place),
    })),
  ];
  const all = overview.cover.at(-1);
  return chart(
    "Few structures, many heads",
    "Heads explained, within 0.02 of their best validation IoU, by the first structures of a greedy cover; " +
      `${counted(overview.cover.length, "structure")} explain${overview.cover.length === 1 ? "s" : ""} all ${all}.`,
    (width) =>
      plot({
        width,
        x: { label: "structures", grid: true, ticks: few(width, Math.min(8, points.length - 1)), tickFormat: "d" },
        y: { label: "heads explained", domain: [0, all], grid: true, ticks: Math.min(6, all), tickFormat: "d" },
        marks: [
          Plot.ruleY([0]),
          Plot.ruleY([all], { strokeDasharray: "2 3", strokeOpacity: 0.5 }),
          Plot.lineY(points, {
            x: "structures",
            y: "heads",
            stroke: SERIES.program,
            strokeWidth: 2,
            curve: "step-after",
          }),
          Plot.dot(points.slice(1), {
            x: "structures",
            y: "heads",
            fill: SERIES.program,
            r: points.length > 60 ? 1.5 : 3,
          }),
          hover(points.slice(1), {
            x: "structures",
            y: "heads",
            lineWidth: 26,
            title: (point) =>
              `${counted(point.structures, "structure")}: ${counted(point.heads, "head")}` +
              (point.structure ? `\nthe last: ${point.structure.hypothesis}` : ""),
          }),
        ],
      }),
  );
}

/** The mean IoU of each head's best program of so many parts at most, against how large those are. */
export function front() {
  const points = overview.front;
  const ceiling = overview.mean.ceiling;
  const partly = points.some((point) => point.heads < overview.heads.length)
    ? " Heads without one so small are left out there."
    : "";
  return chart(
    "Size and fidelity",
    "Each head's best program of at most so many parts (the figure at each dot), chosen by validation IoU: mean " +
      `literals (a logarithmic scale), mean test IoU.${ceiling === null ? "" : " Dashed: the mean ceiling."}${partly}`,
    (width) =>
      plot({
        width,
        x: {
          type: "log",
          label: "literals of a program, mean",
          grid: true,
          ticks: few(width, 5),
          tickFormat: plain,
          domain: [0.9 * d3.min(points, (point) => point.literals), 1.2 * d3.max(points, (point) => point.literals)],
        },
        y: {
          label: "mean IoU",
          grid: true,
          zero: false,
          ticks: 5,
          domain: [
            Math.max(0, d3.min(points, (point) => point.iou) - 0.05),
            Math.min(1, d3.max([...points.map((point) => point.iou), ceiling ?? 0]) + 0.03),
          ],
        },
        marks: [
          ceiling === null ? null : Plot.ruleY([ceiling], { strokeDasharray: "5 3" }),
          Plot.lineY(points, { x: "literals", y: "iou", stroke: SERIES.program, strokeWidth: 2 }),
          Plot.dot(points, { x: "literals", y: "iou", fill: SERIES.program, r: 4 }),
          Plot.text(points, { x: "literals", y: "iou", text: (point) => String(point.parts), dy: 14, fontSize: 11 }),
          hover(points, {
            x: "literals",
            y: "iou",
            title: (point) =>
              `at most ${counted(point.parts, "part")}: IoU ${three(point.iou)}\n` +
              `${point.literals.toFixed(1)} literals, ${counted(point.heads, "head")}`,
          }),
        ],
      }),
  );
}

const LEAST = 1e-7; // nats at which a head of no effect is drawn, since a logarithmic axis has no zero

/** Each head's IoU against what the head does in the model; every dot is a link. */
export function iouAndEffect() {
  const heads = overview.heads
    .filter((head) => head.effect)
    .map((head) => ({ ...head, zero: Math.max(head.effect.zero, LEAST) }))
    .sort((a, b) => a.zero - b.zero);
  const said = (head) =>
    `${head.head}: IoU ${three(head.iou)}; without it KL ${nats(head.effect.zero)} nats a token, ` +
    `of which its program recovers ${share(head.effect.recovered)}`;
  return chart(
    "Fidelity and effect",
    "Each head's IoU on test texts against what the model loses without the head (KL from the model as it is, a " +
      "logarithmic scale); colour: the share that the program recovers. A dot opens its head; arrow keys go along.",
    (width) => {
      const drawn = plot({
        width,
        height: 330,
        x: {
          type: "log",
          label: "effect of the head, nats a token",
          grid: true,
          ticks: few(width, 5) - 1,
          tickFormat: plain,
        },
        y: { domain: [Math.floor(10 * d3.min(heads, (head) => head.iou)) / 10, 1], label: "IoU", grid: true, ticks: 5 },
        color: {
          type: "linear",
          domain: [0, 1],
          clamp: true,
          interpolate: (value) => sequential(value),
          legend: true,
          label: "effect recovered",
          tickFormat: "%",
          width: Math.min(240, width),
          ticks: 4,
        },
        marks: [
          Plot.dot(heads, {
            x: "zero",
            y: "iou",
            r: 4.5,
            fill: (head) => head.effect.recovered,
            stroke: "currentColor",
            strokeWidth: 0.6,
            href: (head) => `#${head.head}`,
            ariaLabel: said,
          }),
          hover(heads, { x: "zero", y: "iou", lineWidth: 26, title: (head) => `${said(head)}\n${head.hypothesis}` }),
        ],
      });
      const links = [...drawn.querySelectorAll("a")];
      if (links.length)
        rove(drawn, links, (link, right, down) => {
          const at = links.indexOf(link);
          return Number.isFinite(right) ? links[at + (right || -down)] : links.at(right < 0 ? 0 : -1);
        });
      return drawn;
    },
  );
}
