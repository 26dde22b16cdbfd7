// Calls of `curve` and `weights`: their form, and the values in them that are fitted.

import { positional } from "report/language/unparse.js";

const APART = 1e-6; // least distance of two knots on the scale on which a curve is straight

/** Where a number stands on the scale: sign(x) * log(1 + abs(x)). */
export const logScale = (x) => Math.sign(x) * Math.log1p(Math.abs(x));

/** Whether a node calls one of the words whose literal values are fitted. */
export const isFitted = (node) =>
  node.type === "Call" && node.func.type === "Name" && ["curve", "weights"].includes(node.func.id);

/** The number that is written out, with a sign or without; null where there is none, or one beyond any score. */
export function literal(node) {
  const signed = node.type === "UnaryOp" && ["-", "+"].includes(node.op);
  const number = signed ? node.operand : node;
  if (number.type !== "Constant" || !["int", "float"].includes(number.kind) || Math.abs(number.value) > 1e30)
    return null;
  return signed && node.op === "-" ? -number.value : number.value;
}

/** A number as a person writes it. */
const plain = (number) => positional(number).replace(/\.0$/, "");

const isString = (node) => node?.type === "Constant" && node.kind === "str";

/** What is wrong with the arguments of `curve` or `weights` after the first, and what to write instead; else null. */
export function wrongForm(node, vocabulary, source) {
  const name = node.func.id;
  const form = `\`${vocabulary.fitted.get(name).form}\``;
  const dictionary = node.args[1];
  if (name === "curve" && node.keywords.length) return `\`curve\` takes no names of arguments: ${form}`;
  if (node.args.length !== 2 || dictionary.type !== "Dict") {
    const what =
      name === "curve" ? "a number, then its knots and their values" : "a token, then words and their weights";
    return `\`${name}\` takes ${what} in braces: ${form}`;
  }
  if (dictionary.keys.includes(null) || node.keywords.some((keyword) => keyword.arg === null)) {
    return `\`**\` is not available in \`${name}\`; write the values out: ${form}`;
  }
  const wrong = name === "curve" ? wrongKnots(dictionary, vocabulary) : wrongWords(node, vocabulary);
  if (wrong) return `${wrong}: ${form}`;
  const value = [...dictionary.values, ...node.keywords.map((keyword) => keyword.value)].find(
    (one) => literal(one) === null,
  );
  if (!value) return null;
  const shown = source.slice(value.start, value.end).slice(0, 60);
  return `\`${shown}\` in \`${name}\`: values are numbers; they are fitted: ${form}`;
}

function wrongKnots(dictionary, { limits }) {
  const knots = dictionary.keys.map(literal);
  if (knots.includes(null)) return "the knots of `curve` are numbers, written out";
  if (knots.length < 2 || knots.length > limits.knots)
    return `\`curve\` takes 2 to ${limits.knots} knots, not ${knots.length}`;
  for (const [at, after] of knots.slice(1).entries()) {
    const before = knots[at];
    if (after <= before) return `the knots of \`curve\` increase, but ${plain(after)} comes after ${plain(before)}`;
    if (logScale(after) - logScale(before) < APART)
      return `the knots ${plain(before)} and ${plain(after)} of \`curve\` are too close`;
  }
  return null;
}

function wrongWords(node, vocabulary) {
  const { keys } = node.args[1];
  const words = keys.map((key) => (isString(key) ? key.value : null));
  const classes = node.keywords.map((keyword) => keyword.arg);
  if (words.includes(null)) return "the words of `weights` are strings, written out";
  const most = vocabulary.limits.words;
  if (words.length > most) return `\`weights\` takes at most ${most} words, not ${words.length}`;
  for (const names of [words, classes]) {
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice !== undefined) return `"${twice}" stands twice in \`weights\``;
  }
  const unknown = classes.find((name) => !vocabulary.classes.has(name));
  if (unknown !== undefined) return noClass(unknown, vocabulary);
  return words.length || classes.length ? null : "`weights` takes at least one word or class";
}

function noClass(name, vocabulary) {
  const feature = vocabulary.token.get(name);
  if (!feature) return `\`weights\` knows no class \`${name}\`; classes are ${[...vocabulary.classes].join(", ")}`;
  if (feature.argument) return `\`${name}\` is no class of \`weights\`; write its strings as words`;
  if (feature.type === "mask") return `\`${name}\` is for encoders only: it depends on what comes later`;
  return `\`${name}\` is a number, no class of \`weights\`; add a term or a curve of it`;
}

/**
 * A call that is written as it should be, with the places in the source of what may be changed in it.
 * @param {number} number of the call, from 1, as they stand in the source.
 */
export function readCall(node, number, source) {
  const { id } = node.func;
  const [of, dictionary] = node.args;
  const values = (entry, value) => ({ ...entry, value: literal(value), start: value.start, end: value.end });
  const entries = dictionary.keys.map((key, at) => [key, dictionary.values[at]]);
  return {
    name: `${id}${number}`,
    kind: id,
    of: source.slice(of.start, of.end),
    ...(id === "weights" ? token(of) : { side: null, shift: 0 }),
    knots: id === "curve" ? entries.map(([key, value]) => values({ at: literal(key) }, value)) : [],
    words: id === "weights" ? entries.map(([key, value]) => values({ word: key.value, from: key.start }, value)) : [],
    classes: node.keywords.map((keyword) => values({ name: keyword.arg, from: keyword.start }, keyword.value)),
    braces: { start: dictionary.start, end: dictionary.end },
    start: node.start,
    end: node.end,
  };
}

/** The side that an expression such as `key.previous` names, and how many tokens to the left of it. */
export function token(node) {
  let shift = 0;
  for (; node.type === "Attribute"; node = node.value) shift += 1;
  return { side: node.id, shift };
}
