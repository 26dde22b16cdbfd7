// The terms of a program: the summands of what it returns, each a constant times factors.

import { unparse } from "report/language/unparse.js";

const MOST_NODES = 2_000; // of an expression that is written out in place of the local names that hold its parts
const DEEPEST = 50;

/**
 * What a checked program returns, as one expression without local names, and its summands; at most one summand more
 * than `most`. What a name holds is the same node wherever it stands, so all that is made is no larger than the source.
 * @returns {{result, found: Array<{node, negative: boolean, plain}>}} `plain` is the summand as it was written.
 */
export function summands(definition, most) {
  const held = new Map();
  const sums = new Map();

  function of(node) {
    let found = [{ node, plain: node, negative: false }];
    if (node.type === "BinOp" && node.op === "+") found = [...of(node.left), ...of(node.right)];
    else if (node.type === "BinOp" && node.op === "-") found = [...of(node.left), ...of(node.right).map(negated)];
    else if (node.type === "UnaryOp" && node.op === "-") found = of(node.operand).map(negated);
    else if (node.type === "UnaryOp" && node.op === "+") found = of(node.operand);
    else if (node.type === "Name") found = sums.get(node.id) ?? found;
    return found.slice(0, most + 1);
  }

  // What names hold is put in their place once, since a name that is bound anew means something else from then on.
  const done = (summand) => (summand.done ? summand : { ...summand, node: written(summand.node, held), done: true });
  for (const statement of definition.body) {
    if (statement.type === "Return") {
      return { result: written(statement.value, held), found: of(statement.value).map(done) };
    }
    const { type, target, value } = statement;
    if (type === "Expr") continue; // the docstring
    const name = type === "Assign" ? statement.targets[0].id : target.id;
    const whole =
      type === "Assign" ? value : made(statement, "BinOp", { left: target, op: statement.op, right: value }, 2);
    const found = of(whole).map(done);
    const expression = written(whole, held);
    sums.set(name, found);
    held.set(name, expression);
  }
  throw new Error("a checked program returns its scores");
}

const negated = (summand) => ({ ...summand, negative: !summand.negative });

/** The expressions within each kind of node, in fields of the names given, that may hold local names. */
const INNER = {
  BinOp: ["left", "right"],
  UnaryOp: ["operand"],
  Compare: ["left", "comparators"],
  Call: ["args"],
};

/** An expression with what names hold in their place; the nodes of the expression itself are left as they are. */
function written(node, held) {
  if (node.type === "Name") return held.get(node.id) ?? node;
  const changed = {};
  for (const field of INNER[node.type] ?? []) {
    const inner = node[field];
    const put = Array.isArray(inner) ? inner.map((part) => written(part, held)) : written(inner, held);
    if (Array.isArray(inner) ? put.some((part, at) => part !== inner[at]) : put !== inner) changed[field] = put;
  }
  if (!Object.keys(changed).length) return node;
  const own = node.size - node.children.reduce((sum, child) => sum + child.size, 0);
  return made(node, node.type, { ...node, ...changed }, own);
}

function made({ start, end, line, column }, type, fields, own) {
  const parts = (INNER[type] ?? []).flatMap((field) => fields[field]);
  const others = type === "Call" ? [fields.func, ...fields.keywords] : [];
  const children = [...others, ...parts];
  const size = children.reduce((sum, child) => sum + child.size, own);
  const depth = 1 + Math.max(1, ...children.map((child) => child.depth));
  return { ...fields, type, children, size, depth, start, end, line, column };
}

/**
 * A summand as a term.
 * @param {Set<string>} constants names of the program's.
 * @param vocabulary see vocabulary.js.
 * @returns {{text: string, scale: string, factors: Array, factorTexts: string[], kind: string, calls: number[]}} `text`
 *   is the product of the factors, "1" where there are none; `scale` what it is multiplied with, constants and numbers.
 */
export function term({ node, negative, plain }, constants, vocabulary) {
  const isLarge = node.size > MOST_NODES || node.depth > DEEPEST;
  let minus = negative;
  let scale = "";
  const found = [];
  for (let [factor, divides] of factors(isLarge ? plain : node)) {
    for (; factor.type === "UnaryOp" && factor.op !== "~"; factor = factor.operand)
      minus = minus !== (factor.op === "-");
    const text = unparse(factor);
    if (factor.type === "Constant" || (factor.type === "Name" && (factor.id === "inf" || constants.has(factor.id)))) {
      scale = divides ? `${scale || 1} / ${text}` : scale ? `${scale} * ${text}` : text;
    } else {
      const whole = ["BinOp", "Compare"].includes(factor.type) ? `(${text})` : text;
      found.push([factor, divides ? `(1 / ${whole})` : whole]);
    }
  }
  const nodes = found.map(([factor]) => factor);
  const factorTexts = found.map(([, text]) => text);
  const calls = [...new Set(nodes.flatMap((factor) => fittedIn(factor)))].sort((a, b) => a - b);
  return {
    text: factorTexts.join(" * ") || "1",
    scale: minus ? `-${scale || 1}` : scale || "1",
    factors: nodes,
    factorTexts,
    kind: kindOf(nodes, vocabulary),
    calls,
  };
}

/** The factors of a product, each with whether it divides. */
function factors(node) {
  const { type, op } = node;
  if (type === "BinOp" && op === "*") return [...factors(node.left), ...factors(node.right)];
  if (type === "BinOp" && op === "/" && ["Name", "Constant"].includes(node.right.type)) {
    return [...factors(node.left), [node.right, true]];
  }
  if (type === "UnaryOp" && op === "-" && node.operand.type === "BinOp" && ["*", "/"].includes(node.operand.op)) {
    const [[first, divides], ...others] = factors(node.operand);
    return [[made(first, "UnaryOp", { op: "-", operand: first }, 2), divides], ...others];
  }
  return [[node, false]];
}

/** Places of the calls of `curve` and `weights` in an expression, among the program's. */
function fittedIn(node, seen = new Set()) {
  if (seen.has(node)) return [];
  seen.add(node);
  const own = node.fitted === undefined ? [] : [node.fitted];
  return [...own, ...node.children.flatMap((child) => fittedIn(child, seen))];
}

/** What a product of factors can be drawn as: "curve", "weights", "pairing", "mask", each times masks, or "other". */
function kindOf(nodes, vocabulary) {
  const others = nodes.filter((node) => !isMask(node, vocabulary));
  const calls = others.map((node) => (node.fitted === undefined ? "other" : node.func.id));
  if (!nodes.length) return "other";
  if (!calls.length) return "mask";
  if (calls.length === 1) return calls[0];
  return calls.length === 2 && calls.every((call) => call === "weights") ? "pairing" : "other";
}

function isMask(node, { token, pair }) {
  if (node.type === "Compare") return true;
  if (node.type === "UnaryOp") return node.op === "~";
  if (node.type === "BinOp") return node.op === "&" || node.op === "|";
  const named = node.type === "Call" ? node.func : node;
  if (named.type !== "Attribute") return false;
  const table = named.value.type === "Name" && named.value.id === "pair" ? pair : token;
  return table.get(named.attr)?.type === "mask";
}
