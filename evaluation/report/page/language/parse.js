// Python's syntax as a tree, as far as programs use it. What only scripted programs use is told by its kind alone.

import { Expressions } from "report/language/expressions.js";
import { SourceError, tokenise } from "report/language/tokens.js";

export { SourceError };

const AUGMENTS = new Set(["+=", "-=", "*=", "/=", "//=", "%=", "@=", "&=", "|=", "^=", ">>=", "<<=", "**="]);
const SIMPLE = {
  pass: "Pass",
  break: "Break",
  continue: "Continue",
  del: "Delete",
  assert: "Assert",
  raise: "Raise",
  global: "Global",
  nonlocal: "Nonlocal",
  import: "Import",
  from: "ImportFrom",
};
const COMPOUND = {
  def: "FunctionDef",
  class: "ClassDef",
  for: "For",
  while: "While",
  if: "If",
  with: "With",
  try: "Try",
  match: "Match",
  async: "AsyncFunctionDef",
};
const GOES_ON = new Set(["elif", "else", "except", "finally"]);

/**
 * A source as a tree. Kinds of nodes and their fields are those of Python's own, except that an operator is its text.
 *
 * Every node has `start` and `end`, offsets in the source without brackets around it, `line` and `column`, both from 1,
 * its `children`, and `size` and `depth`: of the tree that Python makes of it, in nodes.
 *
 * @throws {SourceError} it is no Python.
 */
export function parse(source) {
  const parser = new Parser(tokenise(source));
  try {
    return parser.module();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // of the stack
    throw new SourceError("nested too deep; put parts in local names", parser.token);
  }
}

class Parser extends Expressions {
  module() {
    const from = this.token;
    const body = [];
    while (!this.isType("end")) body.push(...this.statement(true));
    return this.node("Module", from, { body }, body);
  }

  statement(outside = false) {
    if (this.isType("indent")) this.fail("unexpected indent");
    const decorators = this.decorators();
    if (this.is("def") && outside) return [this.definition(decorators)];
    const soft = this.isType("name") && this.token.text === "match" && this.opensBlock();
    if (soft || (this.isType("keyword") && this.token.text in COMPOUND)) return [this.skippedBlock()];
    if (decorators.length) this.fail();
    const found = [this.simple()];
    while (this.take(";")) if (!this.isType("newline")) found.push(this.simple());
    if (!this.isType("newline")) this.fail();
    this.next();
    return found;
  }

  decorators() {
    const found = [];
    while (this.take("@")) {
      found.push(this.test());
      if (!this.isType("newline")) this.fail();
      this.next();
    }
    return found;
  }

  /** Whether the line of statements ends in a colon, as that of `match` does; it is also a name. */
  opensBlock() {
    let at = this.at;
    while (this.tokens[at].type !== "newline") at += 1;
    return this.tokens[at - 1].text === ":" && this.tokens[this.at + 1].text !== ":";
  }

  /** A statement that holds others, which are not read: no vectorised program has one. */
  skippedBlock() {
    const from = this.token;
    const type = COMPOUND[from.text];
    do {
      while (!this.isType("newline")) this.next();
      this.next();
      if (this.isType("indent")) this.skipIndented();
    } while (this.isType("keyword") && GOES_ON.has(this.token.text));
    return this.node(type, from);
  }

  skipIndented() {
    let depth = 0;
    do {
      depth += { indent: 1, dedent: -1 }[this.next().type] ?? 0;
    } while (depth);
  }

  definition(decorators) {
    const from = this.expect("def");
    const name = this.name();
    this.expect("(");
    const parameters = this.parameters();
    const returns = this.take("->") ? [this.test()] : [];
    this.expect(":");
    const body = this.block();
    const children = [...decorators, ...parameters.all, ...returns, ...body];
    return this.node("FunctionDef", from, { name, decorators, ...parameters, body }, children, 2);
  }

  block() {
    const found = [];
    if (!this.isType("newline")) return this.statement();
    this.next();
    if (!this.isType("indent")) this.fail("expected an indented block");
    this.next();
    while (!this.isType("dedent")) found.push(...this.statement());
    this.next();
    return found;
  }

  name() {
    return this.isType("name") ? this.next().text : this.fail();
  }

  /** Parameters up to the closing bracket: `args` may be given by position or name; `odd` says if there are others. */
  parameters() {
    let args = [];
    const all = [];
    let odd = false;
    let named = false;
    while (!this.take(")")) {
      const from = this.token;
      if (this.take("/")) [args, odd] = [[], true];
      else if (this.is("*", "**")) {
        odd = true;
        named = true;
        this.next();
        if (this.isType("name")) this.parameter(from);
      } else {
        const found = this.parameter(from);
        if (!found.default && !named && all.at(-1)?.default) {
          this.fail("non-default argument follows default argument", from);
        }
        all.push(found);
        if (!named) args.push(found);
      }
      if (!this.is(")")) this.expect(",");
    }
    return { args, all, odd };
  }

  parameter(from) {
    const name = this.name();
    const annotation = this.take(":") ? [this.test()] : [];
    const value = this.take("=") ? this.test() : null;
    return this.node("arg", from, { name, default: value }, [...annotation, ...(value ? [value] : [])]);
  }

  simple() {
    const from = this.token;
    if (this.take("return")) {
      const value = this.isType("newline") || this.is(";") ? null : this.expressions();
      return this.node("Return", from, { value }, value ? [value] : []);
    }
    if (from.type === "keyword" && from.text in SIMPLE) {
      while (!this.isType("newline") && !this.is(";")) this.next();
      return this.node(SIMPLE[from.text], from);
    }
    const first = this.expressions();
    if (this.isType("operator") && AUGMENTS.has(this.token.text)) {
      this.target(first, ["Name", "Attribute", "Subscript"]);
      const op = this.next().text.slice(0, -1);
      const value = this.expressions();
      return this.node("AugAssign", from, { target: first, op, value }, [first, value], 2);
    }
    if (this.take(":")) {
      const annotation = this.test();
      const value = this.take("=") ? [this.expressions()] : [];
      return this.node("AnnAssign", from, {}, [first, annotation, ...value]);
    }
    if (!this.is("=")) return this.node("Expr", from, { value: first }, [first]);
    const found = [first];
    while (this.take("=")) {
      this.target(found.at(-1), ["Name", "Attribute", "Subscript", "Tuple", "List", "Starred"]);
      found.push(this.expressions());
    }
    const value = found.pop();
    return this.node("Assign", from, { targets: found, value }, [...found, value]);
  }

  target(node, types) {
    if (!types.includes(node.type)) this.fail("cannot assign to what stands before the equals sign", node);
  }
}
