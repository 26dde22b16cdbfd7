// A program as the page runs and draws it.

import { check, commas, walk } from "report/language/check.js";
import { isFitted, literal, readCall } from "report/language/fitted.js";
import { parse, SourceError } from "report/language/parse.js";
import { summands, term } from "report/language/terms.js";
import { indexed } from "report/language/vocabulary.js";

const COMMANDS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u;

/**
 * Read a vectorised program.
 * @param {string} text
 * @param {object} vocabulary of the overview.
 * @param {{causal: boolean}} model
 * @returns {{source: string, name: string, hypothesis: string, constants: Array, calls: Array, terms: Array, result}}
 *   `source` is the text with its line ends made one kind and its edges trimmed, and offsets are of it; `constants` are
 *   the parameters; `calls` are those of curve and weights, `terms` the summands (see fitted.js and terms.js), `result`
 *   the expression of the scores and `nodes` those of the terms, which evaluate.js takes.
 * @throws {SourceError} it is none; `scripted` says whether it may be a program that runs only in the sandbox.
 */
export function read(text, vocabulary, { causal }) {
  const given = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const words = indexed(vocabulary);
  refuseUnreadable(given, words.limits);
  // Of what is cut off in front only whole lines are: a first line that is indented is a mistake, as Python has it.
  const lines = given.match(/^(?:[ \t]*\n)*/)[0];
  const source = `${given.slice(lines.length).trimEnd()}\n`;
  try {
    return program(source, words, causal);
  } catch (error) {
    if (error instanceof SourceError) {
      const skipped = lines.split("\n").length - 1;
      for (const problem of error.problems ?? [error]) problem.line += skipped;
    }
    throw error;
  }
}

function program(source, words, causal) {
  const { definition, docstring, parameters } = check(parse(source), source, words, { causal });
  const calls = definition.body.flatMap(walk).filter(isFitted);
  calls.sort((a, b) => a.start - b.start);
  calls.forEach((node, at) => Object.assign(node, { fitted: at }));
  const { limits } = words;
  const known = calls.map((node, at) => readCall(node, at + 1, source));
  const values = known.reduce((sum, call) => sum + call.knots.length + call.words.length + call.classes.length, 0);
  if (values > limits.values) {
    throw new SourceError(
      `there are ${values} values in curves and weights; write at most ${limits.values}`,
      definition,
    );
  }
  const { result, found } = summands(definition, limits.terms);
  if (found.length > limits.terms)
    throw new SourceError(`more than ${commas(limits.terms)} terms; write fewer`, definition);
  const names = new Set(parameters.map((parameter) => parameter.name));
  // A sum that is added to itself holds the same summands over and over.
  const terms = { true: new Map(), false: new Map() };
  const termOf = (summand) => {
    const known = terms[summand.negative];
    if (!known.has(summand.node)) known.set(summand.node, term(summand, names, words));
    return known.get(summand.node);
  };
  return {
    source,
    name: definition.name,
    hypothesis: docstring.split(/\s+/).join(" "),
    constants: parameters.map(({ name, default: node }) => ({
      name,
      value: literal(node),
      start: node.start,
      end: node.end,
    })),
    calls: known,
    terms: found.map(termOf),
    nodes: found.map(({ node, negative }) => ({ node, negative })),
    result,
  };
}

function refuseUnreadable(source, { characters }) {
  const start = { line: 1, column: 1 };
  if (source.length > characters) {
    throw new SourceError(
      `the source has ${commas(source.length)} characters, over ${commas(characters)}; write a shorter program`,
      start,
    );
  }
  const found = COMMANDS.exec(source);
  if (!found) return;
  const before = source.slice(0, found.index).split("\n");
  const code = found[0].charCodeAt(0);
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const isHalf = code >= 0xd800 && code < 0xe000;
  const what = isHalf
    ? `half of a character (${number}); leave it out`
    : `a character that commands a terminal (${number}); write it as an escape in a string, or leave it out`;
  throw new SourceError(`the source holds ${what}`, { line: before.length, column: before.at(-1).length + 1 });
}
