// The types of a program's expressions, mask or number, and every departure from what expressions may hold.

import { isFitted, wrongForm } from "report/language/fitted.js";
import { SourceError } from "report/language/tokens.js";

export const SIDES = ["query", "key", "pair"];
export const LARGEST = 1e30;
export const NUMBER = { type: "number", query: false, key: false };

/** Walks expressions; `problems` holds what it found, `types` the type of each, `names` those of what names hold. */
export class Types {
  constructor(source, vocabulary, causal) {
    Object.assign(this, { source, vocabulary, causal, problems: [], types: new Map() });
    this.constants = new Set();
    this.names = new Map([...SIDES.map((side) => [side, side]), ["inf", NUMBER]]);
    this.reserved = new Set([...SIDES, "inf", ...vocabulary.functions.keys(), ...vocabulary.fitted.keys()]);
  }

  report(node, message) {
    this.problems.push(new SourceError(message, node));
    return NUMBER;
  }

  text(node) {
    return this.source.slice(node.start, node.end).slice(0, 60);
  }

  /** Type of an expression that must be a mask or a number. */
  expression(node) {
    const value = this.value(node);
    return typeof value === "string"
      ? this.report(node, `\`${value}\` by itself is no number; name one of its features`)
      : value;
  }

  value(node) {
    const found = this.valueOf(node);
    this.types.set(node, found);
    return found;
  }

  valueOf(node) {
    switch (node.type) {
      case "Constant":
        return this.literal(node);
      case "Name":
        return this.name(node, node.id);
      case "Attribute":
        return this.attribute(node);
      case "UnaryOp":
        if (node.op === "not") break;
        return node.op === "~" ? this.mask(node.operand, "~") : joined("number", this.expression(node.operand));
      case "BinOp":
        return this.operation(node, node.op, this.expression(node.left), this.expression(node.right));
      case "Compare":
        if (node.ops.length > 1) break;
        return this.compare(node);
      case "Call":
        return this.call(node);
    }
    return this.report(node, INSTEAD[node.type] ?? `\`${this.text(node)}\` is not available in a vectorised program`);
  }

  literal(node) {
    if (node.kind === "bool") return this.report(node, "True and False are not available; write 1.0 or 0.0");
    if (!["int", "float"].includes(node.kind))
      return this.report(node, `${this.text(node)} is not available here; only numbers are`);
    return node.value > LARGEST ? this.report(node, "numbers above 1e30 are not available; write inf") : NUMBER;
  }

  name(node, name) {
    if (this.names.has(name)) return this.names.get(name);
    const isFunction = this.vocabulary.functions.has(name) || this.vocabulary.fitted.has(name);
    return this.report(
      node,
      isFunction
        ? `\`${name}\` is a function; call it`
        : `\`${name}\` is not defined; constants are parameters with a default`,
    );
  }

  mask(node, operator) {
    const found = this.expression(node);
    if (found.type === "mask") return found;
    return this.report(
      node,
      `\`${operator}\` takes masks; \`${this.text(node)}\` is a number: compare it, as in \`x > 0\``,
    );
  }

  operation(node, op, left, right) {
    if (typeof left === "string")
      return this.report(node, `\`${left}\` by itself is no number; name one of its features`);
    if (["+", "-", "*", "/", "**"].includes(op)) return joined("number", left, right);
    if (op !== "&" && op !== "|") return this.report(node, "only + - * / ** & | are available between two values");
    if (left.type === "mask" && right.type === "mask") return joined("mask", left, right);
    return this.report(node, "`&` and `|` take masks on both sides; put comparisons in brackets");
  }

  compare(node) {
    if (["in", "is", "not"].includes(node.ops[0])) {
      return this.report(node, "`in` and `is` are not available; write is_one_of(…) or ==");
    }
    return joined("mask", this.expression(node.left), this.expression(node.comparators[0]));
  }

  attribute(node) {
    const owner = this.value(node.value);
    if ((owner === "query" || owner === "key") && node.attr === "previous") return owner;
    const feature = this.feature(node, owner);
    if (!feature) return NUMBER;
    if (feature.argument) return this.report(node, `\`${node.attr}\` needs an argument: ${example(feature)}`);
    return reach(feature, owner);
  }

  feature(node, owner) {
    const { attr } = node;
    const { token, pair, clusters } = this.vocabulary;
    const refuse = (message) => void this.report(node, message);
    if (typeof owner !== "string") return refuse(`\`.${attr}\`: only query, key and pair have features`);
    const [table, other, others] = owner === "pair" ? [pair, token, "key"] : [token, pair, "pair"];
    const found = table.get(attr);
    if (found?.encoders_only && this.causal)
      return refuse(`\`${attr}\` is for encoders only: it depends on what comes later`);
    if (found) return found;
    if (owner !== "pair" && /^like_./.test(attr)) {
      const known = clusters.size ? `there are ${[...clusters].join(", ")}` : "this run has none";
      return refuse(`\`${attr}\` is no cluster of this run's words; ${known}`);
    }
    const where = owner === "pair" ? "`pair`" : "`query` and `key`";
    return refuse(`${where} has no feature \`${attr}\`${other.has(attr) ? `; \`${others}.${attr}\` exists` : ""}`);
  }

  call(node) {
    const { func } = node;
    if (isFitted(node)) return this.fitted(node);
    if (node.keywords.length || node.args.some((argument) => argument.type === "Starred")) {
      return this.report(node, "pass arguments by position");
    }
    if (func.type === "Name") return this.function(node, func.id);
    if (func.type !== "Attribute") return this.report(node, "call a function or a feature by its name");
    const owner = this.value(func.value);
    const feature = this.feature(func, owner);
    if (!feature) return NUMBER;
    if (feature.argument === "count") return this.count(node, feature);
    if (feature.argument === "strings") return this.strings(node, feature, owner);
    if (feature.argument === "mask") return this.latest(node, feature);
    return this.report(node, `\`${feature.name}\` is no function; drop the brackets`);
  }

  function(node, name) {
    const { functions, fitted } = this.vocabulary;
    const wanted = functions.get(name)?.arguments;
    if (!wanted)
      return this.report(
        node,
        `there is no function \`${name}\`; available: ${[...functions.keys(), ...fitted.keys()].join(", ")}`,
      );
    if (node.args.length !== wanted)
      return this.report(node, `\`${name}\` takes ${wanted} argument${wanted > 1 ? "s" : ""}`);
    const first = name === "where" ? this.mask(node.args[0], name) : this.expression(node.args[0]);
    return joined("number", first, ...node.args.slice(1).map((argument) => this.expression(argument)));
  }

  fitted(node) {
    const { id } = node.func;
    const wrong = wrongForm(node, this.vocabulary, this.source);
    if (wrong) return this.report(node, wrong);
    if (id === "curve") return joined("number", this.expression(node.args[0]));
    const owner = this.value(node.args[0]);
    if (owner === "query" || owner === "key") return { type: "number", query: owner === "query", key: owner === "key" };
    const { form } = this.vocabulary.fitted.get(id);
    return this.report(
      node,
      `\`weights\` takes a token first: \`query\`, \`key\` or \`.previous\` of either: \`${form}\``,
    );
  }

  count(node, feature) {
    const argument = node.args.length === 1 ? node.args[0] : null;
    const number = argument?.type === "UnaryOp" && argument.op === "-" ? argument.operand : argument;
    if (number?.kind === "int" && number.value <= 100_000) return reach(feature, "pair");
    return this.report(node, `\`${feature.name}\` takes one whole number: ${example(feature)}`);
  }

  strings(node, feature, owner) {
    const most = this.vocabulary.limits.strings;
    const good = node.args.every((argument) => argument.type === "Constant" && argument.kind === "str");
    if (good && node.args.length >= 1 && node.args.length <= most) return reach(feature, owner);
    return this.report(node, `\`is_one_of\` takes 1 to ${most} strings: ${example(feature)}`);
  }

  latest(node, feature) {
    if (node.args.length !== 1) return this.report(node, `\`latest\` takes one mask: ${example(feature)}`);
    const found = this.mask(node.args[0], "latest");
    if (found.type !== "mask" || found.key) return reach(feature, "pair");
    return this.report(node, `\`latest\` takes a mask of keys or pairs: ${example(feature)}`);
  }
}

const joined = (type, ...parts) => ({
  type,
  query: parts.some((part) => part.query),
  key: parts.some((part) => part.key),
});

const reach = ({ type }, owner) => ({ type, query: owner !== "key", key: owner !== "query" });

const EXAMPLES = { offset: "`pair.offset(1)`", within: "`pair.within(4)`", latest: "`pair.latest(key.is_comma)`" };
const example = ({ name }) => EXAMPLES[name] ?? '`key.is_one_of("and", "or")`';

const INSTEAD = {
  Compare: "chained comparisons are not available; write `(a < b) & (b < c)`",
  BoolOp: "`and` and `or` are not available; write `&` and `|` between masks",
  UnaryOp: "`not` is not available; write `~mask`",
  IfExp: "`x if c else y` is not available; write `where(c, x, y)`",
};
