// Python's expressions as trees: what a source's tokens are read with, and all that stands within a statement.

import { SourceError } from "report/language/tokens.js";

/** How strongly operators between two values bind; all group from the left. */
const BINDS = {
  "|": 1,
  "^": 2,
  "&": 3,
  "<<": 4,
  ">>": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "//": 6,
  "%": 6,
  "@": 6,
};
const COMPARES = new Set(["<", ">", "==", ">=", "<=", "!=", "in", "is", "not"]);

/** Reads expressions from tokens, each from the first that is not read yet. */
export class Expressions {
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
  }

  // Tokens.

  get token() {
    return this.tokens[this.at];
  }

  get last() {
    return this.tokens[this.at - 1];
  }

  is(...texts) {
    return ["operator", "keyword"].includes(this.token.type) && texts.includes(this.token.text);
  }

  isType(type) {
    return this.token.type === type;
  }

  next() {
    this.at += 1;
    return this.last;
  }

  take(text) {
    return this.is(text) ? this.next() : null;
  }

  expect(text) {
    return this.take(text) ?? this.fail(`expected '${text}'`);
  }

  fail(message = "invalid syntax", place = this.token) {
    throw new SourceError(`syntax error: ${message}`, place);
  }

  /** A node from a token or node on to the last token. `own`: its nodes in Python's tree, children aside. */
  node(type, from, fields = {}, children = [], own = 1) {
    const size = children.reduce((sum, child) => sum + child.size, own);
    const depth = 1 + children.reduce((most, child) => Math.max(most, child.depth), own > 1 ? 1 : 0);
    const { start, line, column } = from;
    return { type, ...fields, children, size, depth, start, end: this.last?.end ?? start, line, column };
  }

  // Expressions, the loosest first.

  /** One, or a tuple of several. */
  expressions() {
    const from = this.token;
    const found = [this.starred()];
    let comma = false;
    while (this.take(",")) {
      comma = true;
      if (this.isType("newline") || this.is("=", ")", ";", ":")) break;
      found.push(this.starred());
    }
    return comma ? this.node("Tuple", from, {}, found, 2) : found[0];
  }

  starred() {
    const from = this.token;
    if (this.is("yield")) return this.yielded();
    if (!this.take("*")) return this.named();
    const value = this.binary(1);
    return this.node("Starred", from, { value }, [value], 2);
  }

  yielded() {
    const from = this.expect("yield");
    this.take("from");
    const value = this.isType("newline") || this.is(")", "=", ";") ? [] : [this.expressions()];
    return this.node("Yield", from, {}, value);
  }

  named() {
    const from = this.token;
    const target = this.test();
    if (!this.is(":=") || target.type !== "Name") return target;
    this.next();
    const value = this.test();
    return this.node("NamedExpr", from, { target, value }, [target, value]);
  }

  test() {
    const from = this.token;
    if (this.take("lambda")) {
      while (!this.is(":")) this.isType("newline") ? this.fail() : this.next();
      this.next();
      return this.node("Lambda", from, {}, [this.test()]);
    }
    const value = this.either();
    if (!this.take("if")) return value;
    const condition = this.either();
    this.expect("else");
    const other = this.test();
    return this.node("IfExp", from, {}, [condition, value, other]);
  }

  either() {
    return this.joined("or", () => this.joined("and", () => this.negated()));
  }

  joined(word, part) {
    const from = this.token;
    const found = [part()];
    while (this.take(word)) found.push(part());
    return found.length > 1 ? this.node("BoolOp", from, { op: word }, found, 2) : found[0];
  }

  negated() {
    const from = this.token;
    if (!this.take("not")) return this.compared();
    const operand = this.negated();
    return this.node("UnaryOp", from, { op: "not", operand }, [operand], 2);
  }

  compared() {
    const from = this.token;
    const left = this.binary(1);
    const ops = [];
    const comparators = [];
    while (["operator", "keyword"].includes(this.token.type) && COMPARES.has(this.token.text)) {
      const op = this.next().text;
      if (op === "not") this.expect("in");
      if (op === "is") this.take("not");
      ops.push(op);
      comparators.push(this.binary(1));
    }
    if (!ops.length) return left;
    return this.node("Compare", from, { left, ops, comparators }, [left, ...comparators], 1 + ops.length);
  }

  binary(least) {
    const from = this.token;
    let left = this.unary();
    while (this.isType("operator") && BINDS[this.token.text] >= least) {
      const op = this.next().text;
      const right = this.binary(BINDS[op] + 1);
      left = this.node("BinOp", from, { left, op, right }, [left, right], 2);
    }
    return left;
  }

  unary() {
    const from = this.token;
    if (this.is("+", "-", "~")) {
      const op = this.next().text;
      const operand = this.unary();
      return this.node("UnaryOp", from, { op, operand }, [operand], 2);
    }
    const left = this.take("await") ? this.awaited(from) : this.primary();
    if (!this.take("**")) return left;
    const right = this.unary();
    return this.node("BinOp", from, { left, op: "**", right }, [left, right], 2);
  }

  awaited(from) {
    const value = this.primary();
    return this.node("Await", from, {}, [value]);
  }

  primary() {
    const from = this.token;
    let found = this.atom();
    while (this.is(".", "(", "[")) {
      const { text } = this.next();
      if (text === ".") {
        const attr = this.name();
        found = this.node("Attribute", from, { value: found, attr }, [found], 2);
      } else if (text === "(") {
        const { args, keywords } = this.given();
        found = this.node("Call", from, { func: found, args, keywords }, [found, ...args, ...keywords]);
      } else {
        this.skipTo("]");
        found = this.node("Subscript", from, { value: found }, [found], 2);
      }
    }
    return found;
  }

  /** The arguments of a call, up to its closing bracket. */
  given() {
    const args = [];
    const keywords = [];
    while (!this.take(")")) {
      const from = this.token;
      if (this.take("**")) {
        const value = this.test();
        keywords.push(this.node("keyword", from, { arg: null, value }, [value]));
      } else if (from.type === "name" && this.tokens[this.at + 1].text === "=") {
        const arg = this.name();
        this.next();
        const value = this.test();
        keywords.push(this.node("keyword", from, { arg, value }, [value]));
      } else {
        const found = this.starred();
        if (keywords.length && found.type !== "Starred")
          this.fail("positional argument follows keyword argument", from);
        args.push(this.is("for", "async") ? this.comprehension(from, ")") : found);
      }
      if (!this.is(")")) this.expect(",");
    }
    return { args, keywords };
  }

  /** What is left of a comprehension, up to the bracket that closes it, which stays. */
  comprehension(from, closing) {
    this.skipTo(closing);
    this.at -= 1;
    return this.node("GeneratorExp", from);
  }

  /** Past a bracket that closes what was opened just before. */
  skipTo(closing) {
    for (let depth = 1; depth;) {
      const { type, text } = this.next();
      if (type !== "operator") continue;
      if ("([{".includes(text)) depth += 1;
      else if (")]}".includes(text)) depth -= 1;
    }
    if (this.last.text !== closing) this.fail();
  }

  atom() {
    const from = this.token;
    if (from.type === "name") return this.node("Name", this.next(), { id: from.text }, [], 2);
    if (from.type === "number") return this.number();
    if (from.type === "string") return this.strings();
    const { text } = from.type === "operator" || from.type === "keyword" ? this.next() : this.fail();
    if (text === "(") return this.bracketed(from);
    if (text === "{") return this.braces(from);
    if (text === "[") {
      this.skipTo("]");
      return this.node("List", from);
    }
    const kind = { True: "bool", False: "bool", None: "None", "...": "ellipsis" }[text];
    if (!kind) this.fail("invalid syntax", from);
    return this.node("Constant", from, { kind });
  }

  number() {
    const from = this.next();
    const text = from.text.replaceAll("_", "");
    const based = /^0[xXoObB]/.test(text);
    if (!based && /[jJ]$/.test(text)) return this.node("Constant", from, { kind: "complex" });
    const kind = based || !/[.eE]/.test(text) ? "int" : "float";
    return this.node("Constant", from, { kind, value: Number(text), text });
  }

  strings() {
    const found = [];
    const from = this.token;
    while (this.isType("string")) found.push(this.next());
    const bytes = found.filter((token) => token.prefix.includes("b")).length;
    if (bytes && bytes < found.length) this.fail("cannot mix bytes and nonbytes literals", from);
    if (found.some((token) => token.prefix.includes("f"))) return this.node("JoinedStr", from);
    const value = found.map((token) => token.value).join("");
    return this.node("Constant", from, { kind: bytes ? "bytes" : "str", value });
  }

  /** What stands in round brackets, which are open: the brackets of one value are no part of its node. */
  bracketed(from) {
    if (this.take(")")) return this.node("Tuple", from, {}, [], 2);
    const found = this.is("yield") ? this.yielded() : this.expressions();
    const made = this.is("for", "async") ? this.comprehension(from, ")") : found;
    this.expect(")");
    return made;
  }

  braces(from) {
    const keys = [];
    const values = [];
    while (!this.take("}")) {
      if (this.take("**")) {
        keys.push(null);
        values.push(this.binary(1));
      } else {
        const key = this.named();
        if (!this.take(":")) return this.set(from);
        keys.push(key);
        values.push(this.test());
        if (this.is("for", "async")) return this.set(from, "DictComp");
      }
      if (!this.is("}")) this.expect(",");
    }
    return this.node("Dict", from, { keys, values }, [...keys.filter(Boolean), ...values]);
  }

  set(from, type = "Set") {
    this.skipTo("}");
    return this.node(type, from);
  }
}
