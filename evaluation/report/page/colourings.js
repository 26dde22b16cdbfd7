// What the grid of heads can be coloured by: each turns a head into a value, and a value into a colour.

import { categorical, sequential } from "report/colours.js";
import { overview } from "report/data.js";
import { three } from "report/dom.js";
import { nats, place, share } from "report/figures.js";

/**
 * @typedef {object} Colouring
 * @property {string} name as in the switch.
 * @property {string} says what a colour stands for.
 * @property {(head) => any} value null where it is not known.
 * @property {(value) => string} colour
 * @property {(value) => string} text in a cell, short.
 * @property {number[]} [ends] what the two ends of the scale stand for; none where colours are of categories.
 * @property {(value) => string} [shown] in the legend and for screen readers.
 */

const SHOWN = 0.005; // least share that is not shown as nothing

/** All there are, in groups; those that nothing is known of are left out, and named in `missing`. */
export function colourings() {
  const heads = overview.heads;
  const groups = [
    ["fidelity", [iou(), gap(heads)]],
    ["category", [category()]],
  ];
  const kinds = overview.share_kinds.filter((kind) => heads.some((head) => head.shares[kind] >= SHOWN));
  groups.push(["share of a kind of part", kinds.map((kind) => shareOf(kind, heads))]);
  groups.push(["effect on the loss", [without(heads), recovered()]]);
  const known = (colouring) => heads.some((head) => colouring.value(head) !== null);
  return {
    groups: groups.map(([name, all]) => [name, all.filter(known)]).filter(([, all]) => all.length),
    missing: groups.filter(([, all]) => !all.some(known)).map(([name]) => name),
  };
}

const most = (heads, value) => Math.max(...heads.map((head) => value(head) ?? 0));

function scale(name, says, value, ends, { text, shown }) {
  const [low, high] = ends;
  const colour = (own) => sequential(high > low ? Math.max(0, Math.min(1, (own - low) / (high - low))) : 0);
  return { name, says, value, ends, colour, text, shown };
}

const short = (value) =>
  value
    .toFixed(2)
    .replace(/^(-?)0\./, "$1.")
    .replace("1.00", "1")
    .replace("-", "−");

const iou = () =>
  scale("IoU", "mean IoU of the head's program with its pattern on test texts", (head) => head.iou, [0, 1], {
    text: short,
    shown: three,
  });

function gap(heads) {
  const value = (head) => (head.ceiling === null ? null : head.ceiling - head.iou);
  return scale(
    "gap to the ceiling",
    "how far the program's IoU stays below the head's ceiling: brighter is farther",
    value,
    [0, Math.max(0.05, most(heads, value))],
    { text: short, shown: three },
  );
}

function category() {
  return {
    name: "category",
    says: "what kind of head it is, by what its dense model's parts contribute and by its scores",
    value: (head) => head.category,
    colour: (name) => categorical(overview.categories.indexOf(name)),
    text: (name) => name.slice(0, 3),
    shown: (name) => name,
  };
}

function shareOf(kind, heads) {
  const value = (head) => (head.category === null ? null : (head.shares[kind] ?? 0));
  return scale(
    kind,
    `share of “${kind}” in what the head's dense model explains`,
    value,
    [0, Math.max(0.05, most(heads, value))],
    { text: (own) => String(Math.round(100 * own)), shown: share },
  );
}

const LEAST = 1e-7;

function without(heads) {
  const value = (head) => head.effect && Math.max(head.effect.zero, LEAST);
  const known = heads.map(value).filter((own) => own !== null);
  const [low, high] = known.length ? [Math.min(...known), Math.max(...known)].map(Math.log10) : [0, 1];
  const colour = (own) => sequential(high > low ? (Math.log10(own) - low) / (high - low) : 1);
  return {
    name: "effect of the head",
    says:
      "KL from the model as it is with the head put out, nats a token on test texts, in cells in thousandths; " +
      "a logarithmic scale",
    value,
    colour,
    ends: [low, high],
    text: (own) => nats(1000 * own),
    shown: (own) => nats(own),
    ofScale: (own) => nats(10 ** own),
  };
}

const recovered = () =>
  scale(
    "effect recovered by the program",
    "share of the head's effect that its program undoes; what is below none is drawn as none",
    (head) => head.effect && head.effect.recovered,
    [0, 1],
    { text: (own) => String(Math.round(100 * own)).replace("-", "−"), shown: share },
  );

/** How many heads are of each category, most first, those of none left out. */
export function categories(heads = overview.heads) {
  const counts = d3.rollup(
    heads.filter((head) => place(head) >= 0),
    (own) => own.length,
    (head) => head.category,
  );
  return [...counts].sort((a, b) => b[1] - a[1]);
}
