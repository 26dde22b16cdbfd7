// What a program gives a text: a score for each query and key, in single precision as it is fitted in.

import { logScale, token } from "report/language/fitted.js";
import { BOTH, KEY, mask, NOTHING, number, QUERY } from "report/language/text.js";
import { unparse } from "report/language/unparse.js";

const LOG_FLOOR = Math.fround(1e-6);
const SQRT_FLOOR = Math.fround(1e-12);
const LOWEST = Math.fround(-1e30);
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
    return run.cells(negative ? run.each([found], (x) => -x) : found);
  });
}

const atLeast = (x, low) => (x < low ? low : x); // not a number stays none
const log = (x) => Math.log(atLeast(x, LOG_FLOOR));

/** The functions of the vocabulary, of numbers; the first argument of `where` is a mask. */
export const FUNCTIONS = {
  exp: Math.exp,
  log,
  log1p: (x) => log(Math.fround(x + 1)),
  sqrt: (x) => Math.sqrt(atLeast(x, SQRT_FLOOR)),
  abs: Math.abs,
  minimum: (x, y) => Math.min(x, y),
  maximum: (x, y) => Math.max(x, y),
  clip: (x, low, high) => Math.min(Math.max(x, low), high),
  where: (held, x, y) => (held ? x : y),
  logaddexp: (x, y) => {
    const [a, b] = [atLeast(x, LOWEST), atLeast(y, LOWEST)];
    return a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
  },
};

const OPERATORS = {
  "+": (x, y) => x + y,
  "-": (x, y) => x - y,
  "*": (x, y) => x * y,
  "/": (x, y) => x / y,
  // One to any power is one, and minus one to an infinite one, too, as NumPy has it.
  "**": (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  "<": (x, y) => x < y,
  "<=": (x, y) => x <= y,
  ">": (x, y) => x > y,
  ">=": (x, y) => x >= y,
  "==": (x, y) => x === y,
  "!=": (x, y) => x !== y,
  "&": (x, y) => x & y,
  "|": (x, y) => x | y,
};

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
    if (op === "~") return this.each([this.value(operand)], (x) => 1 - x, true);
    return op === "-" ? this.each([this.number(operand)], (x) => -x) : this.number(operand);
  }

  BinOp({ left, op, right }) {
    return this.each([this.value(left), this.value(right)], OPERATORS[op], op === "&" || op === "|");
  }

  Compare({ left, ops, comparators }) {
    return this.each([this.number(left), this.number(comparators[0])], OPERATORS[ops[0]], true);
  }

  Call(node) {
    const { func, args } = node;
    if (node.fitted !== undefined) return this[func.id](this.program.calls[node.fitted], args[0]);
    if (func.type === "Name") return this.each(args.map((argument) => this.value(argument)), FUNCTIONS[func.id]);
    if (func.attr === "is_one_of") {
      const { side, shift } = token(func.value);
      return this.text.isOneOf(side, args.map((argument) => argument.value), shift);
    }
    const [argument] = args;
    if (func.attr === "latest") return this.text.pair("latest", this.value(argument));
    const count = argument.type === "UnaryOp" ? -argument.operand.value : argument.value;
    return this.text.pair(func.attr, count);
  }

  // What holds fitted values.

  curve({ knots }, of) {
    const { shape, place, way } = this.bins(knots.map(({ at }) => at), of);
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
    return this.constants.has(node.id) || node.fitted !== undefined || node.children.some((child) => this.hasConstants(child));
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

  // Cells.

  /** A function of one to three values in each cell that they vary over. */
  each(values, compute, isMask = false) {
    const { n } = this;
    const shape = values.reduce((all, value) => all | value.shape, NOTHING);
    const [rows, columns] = [shape & QUERY ? n : 1, shape & KEY ? n : 1];
    const data = new (isMask ? Uint8Array : Float32Array)(rows * columns);
    const [a, b, c] = values.map((value) => value.data);
    // How far it is in each to the next row and to the next column.
    const down = values.map((value) => (value.shape & QUERY ? (value.shape & KEY ? n : 1) : 0));
    const right = values.map((value) => (value.shape & KEY ? 1 : 0));
    for (let i = 0, cell = 0; i < rows; i += 1) {
      let [x, y, z] = [i * down[0], i * down[1], i * down[2]];
      const [x1, y1, z1] = right;
      if (values.length === 1) for (let j = 0; j < columns; j += 1, x += x1) data[cell++] = compute(a[x]);
      else if (values.length === 2) for (let j = 0; j < columns; j += 1, x += x1, y += y1) data[cell++] = compute(a[x], b[y]);
      else for (let j = 0; j < columns; j += 1, x += x1, y += y1, z += z1) data[cell++] = compute(a[x], b[y], c[z]);
    }
    return isMask ? mask(shape, data) : number(shape, data);
  }

  /** A number in all cells. */
  cells({ shape, data }) {
    if (shape === BOTH) return Float32Array.from(data);
    return this.each([number(shape, data), number(BOTH, new Uint8Array(this.n ** 2))], (x) => x).data;
  }
}
