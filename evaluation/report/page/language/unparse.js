// An expression written out again, as Python's own ast.unparse does.

const PRECEDENCE = { "|": 6, "^": 7, "&": 8, "<<": 9, ">>": 9, "+": 10, "-": 10, "**": 13 };
const [COMPARE, TERM, FACTOR, ATOM] = [5, 11, 12, 15];

/** The text of an expression of a vectorised program. */
export function unparse(node) {
  return write(node, 0);
}

function write(node, least) {
  const [own, text] = FORMS[node.type](node);
  return own < least ? `(${text})` : text;
}

const FORMS = {
  Name: (node) => [ATOM, node.id],
  Constant: (node) => [ATOM, constant(node)],
  Attribute: (node) => [ATOM, `${write(node.value, ATOM)}.${node.attr}`],
  Call: (node) => [
    ATOM,
    `${write(node.func, ATOM)}(${[...node.args.map(unparse), ...node.keywords.map(named)].join(", ")})`,
  ],
  Dict: (node) => [ATOM, `{${node.keys.map((key, at) => `${unparse(key)}: ${unparse(node.values[at])}`).join(", ")}}`],
  UnaryOp: (node) => [FACTOR, `${node.op}${write(node.operand, FACTOR)}`],
  Compare: (node) => {
    const others = node.comparators.map((other, at) => ` ${node.ops[at]} ${write(other, COMPARE + 1)}`);
    return [COMPARE, write(node.left, COMPARE + 1) + others.join("")];
  },
  BinOp: (node) => {
    const own = PRECEDENCE[node.op] ?? TERM;
    const [left, right] = node.op === "**" ? [own + 1, own] : [own, own + 1];
    return [own, `${write(node.left, left)} ${node.op} ${write(node.right, right)}`];
  },
};

const named = (keyword) => `${keyword.arg}=${unparse(keyword.value)}`;

function constant({ kind, value, text }) {
  if (kind === "str") return quoted(value);
  return kind === "int" ? BigInt(text).toString() : float(value);
}

/** A number as Python's repr has it. */
export function float(value) {
  const [digits, exponent] = value.toExponential().split("e");
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return positional(value);
}

/** A finite number without an exponent, in the fewest digits that read back the same; at least one after the point. */
export function positional(value) {
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const point = Number(exponent) + 1; // digits before the point
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const part = point > 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  return `${value < 0 ? "-" : ""}${whole}.${part || "0"}`;
}

/** A string as a literal in double quotes; what is not printable, or would turn the writing around, as an escape. */
export function quoted(text) {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const number = character.codePointAt(0).toString(16);
    return number.length > 4 ? `\\U${number.padStart(8, "0")}` : `\\u${number.padStart(4, "0")}`;
  });
}
