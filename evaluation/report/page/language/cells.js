// What functions and operators make of values, cell by cell, in single precision.

import { KEY, mask, NOTHING, number, QUERY } from "report/language/text.js";

const LOG_FLOOR = Math.fround(1e-6);
const SQRT_FLOOR = Math.fround(1e-12);
const LOWEST = Math.fround(-1e30);

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

/** Operators between two values; what programs mostly use stands for itself, see `each`. */
export const OPERATORS = {
  "+": "+",
  "-": "-",
  "*": "*",
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

/**
 * What a function makes of one to three values in each cell that they vary over.
 * @param {number} n tokens of the text.
 * @param {Array} values see text.js.
 * @param {Function|string} compute "+", "-" and "*" take a fraction of the time of a function.
 */
export function each(n, values, compute, isMask = false) {
  let shape = NOTHING;
  for (const value of values) shape |= value.shape;
  const rows = shape & QUERY ? n : 1;
  const columns = shape & KEY ? n : 1;
  const data = new (isMask ? Uint8Array : Float32Array)(rows * columns);
  const [a, b, c] = values.map((value) => value.data);
  // How far it is in each to the next row and to the next column.
  const [downA, downB, downC] = values.map((value) => (value.shape & QUERY ? (value.shape & KEY ? n : 1) : 0));
  const [x1, y1, z1] = values.map((value) => (value.shape & KEY ? 1 : 0));
  for (let i = 0, cell = 0; i < rows; i += 1) {
    const end = cell + columns;
    let x = i * downA;
    let y = i * downB;
    let z = i * downC;
    if (compute === "+") for (; cell < end; cell += 1, x += x1, y += y1) data[cell] = a[x] + b[y];
    else if (compute === "*") for (; cell < end; cell += 1, x += x1, y += y1) data[cell] = a[x] * b[y];
    else if (compute === "-") for (; cell < end; cell += 1, x += x1, y += y1) data[cell] = a[x] - b[y];
    else if (values.length === 1) for (; cell < end; cell += 1, x += x1) data[cell] = compute(a[x]);
    else if (values.length === 2) for (; cell < end; cell += 1, x += x1, y += y1) data[cell] = compute(a[x], b[y]);
    else for (; cell < end; cell += 1, x += x1, y += y1, z += z1) data[cell] = compute(a[x], b[y], c[z]);
  }
  return isMask ? mask(shape, data) : number(shape, data);
}
