// What a program gives a text: a score for each query and key, in single precision as it is fitted in.

import { each, FUNCTIONS, OPERATORS } from "report/language/cells.js";
import { logScale, token } from "report/language/fitted.js";
import { BOTH, KEY, NOTHING, number, QUERY } from "report/language/text.js";
import { unparse } from "report/language/unparse.js";

const KEPT_NODES = 200; // of an expression whose place among knots is kept with a text

/** The scores of a program, see program.js, on a text, see text.js: n × n, a row for each query. */
export function scores(program, text) {
  const run = new Run(program, text);
  return run.cells(run.number(program.result));
}

/** Those of each of its terms, which add up to its own. */
export function termScores(program, text) {
  const run = new Run(program, text);
  return program.nodes.map(({ node, negative }) => {
    const found = run.number(node);
    return run.cells(negative ? each(text.n, [found], (x) => -x) : found);
  });
}

/** One evaluation: what an expression is computed to is known wherever it stands again. */
class Run {
  constructor(program, text) {
    Object.assign(this, { program, text, n: text.n, known: new Map() });
    this.constants = new Map(program.constants.map(({ name, value }) => [name, value]));
  }

  value(node) {
    if (!this.known.has(node)) this.known.set(node, this[node.type](node));
    return this.known.get(node);
  }

  /** A value in arithmetic, where masks count as 0 and 1; its data is in single precision or 0 and 1. */
  number(node) {
    const { shape, data } = this.value(node);
    return number(shape, data);
  }

  Name({ id }) {
    return number(NOTHING, Float32Array.of(id === "inf" ? Infinity : this.constants.get(id)));
  }

  Constant({ value }) {
    return number(NOTHING, Float32Array.of(value));
  }

  Attribute(node) {
    if (node.value.type === "Name" && node.value.id === "pair") return this.text.pair(node.attr);
    const { side, shift } = token(node.value);
    return this.text.token(side, node.attr, shift);
  }

  UnaryOp({ op, operand }) {
    if (op === "~") return each(this.n, [this.value(operand)], (x) => 1 - x, true);
    return op === "-" ? each(this.n, [this.number(operand)], (x) => -x) : this.number(operand);
  }

  BinOp({ left, op, right }) {
    return each(this.n, [this.value(left), this.value(right)], OPERATORS[op], op === "&" || op === "|");
  }

  Compare({ left, ops, comparators }) {
    return each(this.n, [this.number(left), this.number(comparators[0])], OPERATORS[ops[0]], true);
  }

  Call(node) {
    const { func, args } = node;
    if (node.fitted !== undefined) return this[func.id](this.program.calls[node.fitted], args[0]);
    if (func.type === "Name")
      return each(
        this.n,
        args.map((argument) => this.value(argument)),
        FUNCTIONS[func.id],
      );
    if (func.attr === "is_one_of") {
      const { side, shift } = token(func.value);
      return this.text.isOneOf(
        side,
        args.map((argument) => argument.value),
        shift,
      );
    }
    const [argument] = args;
    if (func.attr === "latest") return this.text.pair("latest", this.value(argument));
    const count = argument.type === "UnaryOp" ? -argument.operand.value : argument.value;
    return this.text.pair(func.attr, count);
  }

  // What holds fitted values.

  curve({ knots }, of) {
    const { shape, place, way } = this.bins(
      knots.map(({ at }) => at),
      of,
    );
    const values = Float32Array.from(knots, ({ value }) => value);
    const steps = values.map((value, at) => values[at + 1] - value);
    const data = new Float32Array(place.length);
    for (let cell = 0; cell < data.length; cell += 1) {
      data[cell] = values[place[cell]] + Math.fround(way[cell] * steps[place[cell]]);
    }
    return number(shape, data);
  }

  /** Where the numbers lie: of each the place of the knot to its left, and its way to the next, 0 to 1. */
  bins(knots, of) {
    const compute = () => {
      const marks = knots.map(logScale);
      const starts = Float32Array.from(marks);
      const steps = Float32Array.from(marks.slice(1), (mark, at) => mark - marks[at]);
      const { shape, data } = this.value(of);
      const place = new Uint8Array(data.length);
      const way = new Float32Array(data.length);
      for (let cell = 0; cell < data.length; cell += 1) {
        const scaled = Math.fround(logScale(data[cell]));
        let at = 0;
        while (at < steps.length - 1 && scaled > starts[at + 1]) at += 1;
        place[cell] = at;
        way[cell] = Math.min(Math.max((scaled - starts[at]) / steps[at], 0), 1);
      }
      return { shape, place, way };
    };
    // Where the text alone decides, as it does of most, they stay when values change.
    if (of.size > KEPT_NODES || this.hasConstants(of)) return compute();
    return this.text.keep(`bins ${knots} ${unparse(of)}`, compute);
  }

  hasConstants(node) {
    return (
      this.constants.has(node.id) ||
      node.fitted !== undefined ||
      node.children.some((child) => this.hasConstants(child))
    );
  }

  weights({ side, shift, words, classes }) {
    const { text, n } = this;
    const weight = new Map(words.map(({ word, value }) => [word, Math.fround(value)]));
    const data = new Float32Array(n);
    for (const { name, value } of classes) {
      const held = text.token(side, name, shift).data;
      for (let at = 0; at < n; at += 1) if (held[at]) data[at] += Math.fround(value);
    }
    for (let at = shift; at < n; at += 1) data[at] += weight.get(text.tokens[at - shift]) ?? 0;
    return number(side === "query" ? QUERY : KEY, data);
  }

  /** A number in all cells. */
  cells({ shape, data }) {
    if (shape === BOTH) return Float32Array.from(data);
    return each(this.n, [number(shape, data), number(BOTH, new Uint8Array(this.n ** 2))], (x) => x).data;
  }
}
