// Checks that a program stays within what vectorised programs may use; every departure has its line and what to write
// instead.

import { isFitted, literal } from "report/language/fitted.js";
import { SourceError } from "report/language/tokens.js";
import { LARGEST, NUMBER, SIDES, Types } from "report/language/types.js";

const SCRIPT_NODES = new Set([
  "For",
  "While",
  "If",
  "With",
  "Try",
  "FunctionDef",
  "Lambda",
  "Import",
  "ImportFrom",
  "Subscript",
  "GeneratorExp",
  "DictComp",
  "List",
  "Dict",
  "Set",
  "Tuple",
  "JoinedStr",
]);
const SCRIPT_NAMES = new Set("len range enumerate zip np numpy math sorted sum any all max min".split(" "));
const SCRIPT_ATTRIBUTES = new Set(["text", "zeros"]);
const SCRIPTED = "scripted: runs only in the sandbox, so the page can show it and cannot run what is changed in it";

/** A number as messages have it: 4,000. */
export const commas = (number) => number.toLocaleString("en");

/** Every node of a tree, the tree itself included. */
export function walk(tree) {
  const found = [tree];
  for (const node of found) found.push(...node.children); // which goes on through what it adds
  return found;
}

/**
 * @param tree of the source; see parse.js.
 * @param {string} source the tree's.
 * @param vocabulary see vocabulary.js.
 * @returns {{definition, docstring: string, parameters: Array, types: Map}} the function, its constants as nodes, and
 *   of each expression its `type`, "mask" or "number", and whether it varies over `query` and `key`.
 * @throws {SourceError} of the problem that stands first; `problems` has all.
 */
export function check(tree, source, vocabulary, { causal }) {
  const found = new Check(source, vocabulary, causal);
  found.size(tree);
  const definition = found.mainFunction(tree);
  found.refuseScripted(tree, definition);
  found.signature(definition);
  const docstring = docstringOf(definition).trim();
  if (!docstring) found.report(definition, "state the hypothesis in a docstring of one or two lines");
  found.body(docstring ? definition.body.slice(1) : definition.body, definition);
  found.done();
  return { definition, docstring, parameters: definition.args.slice(3), types: found.types };
}

function docstringOf({ body: [first] }) {
  const value = first?.type === "Expr" ? first.value : null;
  return value?.type === "Constant" && value.kind === "str" ? value.value : "";
}

class Check extends Types {
  done() {
    if (!this.problems.length) return;
    const problems = this.problems.sort((a, b) => a.line - b.line);
    throw Object.assign(problems[0], { problems });
  }

  // The whole.

  size(tree) {
    const { nodes, depth } = this.vocabulary.limits;
    const start = { line: 1, column: 1 };
    const large = () => walk(tree).find((node) => node.kind === "int" && node.value > LARGEST);
    if (tree.size > nodes)
      this.report(start, `the syntax tree has over ${commas(nodes)} nodes; write a shorter program`);
    else if (tree.depth > depth)
      this.report(deepest(tree, depth), `nested more than ${depth} deep; put parts in local names`);
    else if (large()) this.literal(large());
    this.done();
  }

  mainFunction(tree) {
    const functions = tree.body.filter((node) => node.type === "FunctionDef" && node.args);
    const fitting = functions.filter(({ args }) => SIDES.every((side, at) => args[at]?.name === side));
    const found = (fitting.length ? fitting : functions).at(-1);
    if (!found) this.report({ line: 1, column: 1 }, "write one function: def attend(query, key, pair): …");
    this.done();
    return found;
  }

  refuseScripted(tree, definition) {
    const refuse = (node) => {
      throw new SourceError(SCRIPTED, node, true);
    };
    const other = tree.body.find((node) => node !== definition);
    if (other) refuse(other);
    const nodes = definition.body.flatMap(walk);
    const own = new Set(definition.args.map((argument) => argument.name));
    for (const node of nodes) {
      const targets = { Assign: node.targets, AugAssign: [node.target], NamedExpr: [node.target] }[node.type] ?? [];
      for (const target of targets) own.add(target.id);
    }
    const given = new Set(
      nodes.filter(isFitted).flatMap((node) => [...node.args, ...node.keywords.map((one) => one.value)]),
    );
    for (const node of nodes) {
      if (SCRIPT_NODES.has(node.type) && !(node.type === "Dict" && given.has(node))) refuse(node);
      if (node.type === "Name" && SCRIPT_NAMES.has(node.id) && !own.has(node.id)) refuse(node);
      if (node.type === "Attribute" && SCRIPT_ATTRIBUTES.has(node.attr)) refuse(node);
    }
  }

  signature(definition) {
    const { args } = definition;
    if (definition.decorators.length) this.report(definition, "drop the decorator");
    if (definition.odd)
      this.report(definition, "parameters are query, key, pair and constants with a default; drop `/`, `*` and `**`");
    if (!SIDES.every((side, at) => args[at]?.name === side)) {
      this.report(definition, "the first three parameters are query, key, pair, in this order");
      return;
    }
    const most = this.vocabulary.limits.constants;
    const constants = args.slice(3);
    if (args.slice(0, 3).some((one) => one.default) || constants.some((one) => !one.default)) {
      this.report(definition, "every further parameter is a constant and needs a numeric default");
    } else if (constants.length > most) {
      this.report(definition, `there are ${constants.length} constants; write at most ${most}`);
    } else {
      constants.forEach((argument) => this.constant(argument));
    }
  }

  constant(argument) {
    const { name } = argument;
    if (literal(argument.default) === null)
      this.report(argument.default, `the default of \`${name}\` must be a number`);
    else if (this.constants.has(name)) this.report(argument, `\`${name}\` stands twice among the parameters`);
    else if (this.reserved.has(name) || name.startsWith("_")) {
      this.report(argument, `\`${name}\` cannot name a constant; choose another name`);
    } else {
      this.constants.add(name);
      this.names.set(name, NUMBER);
    }
  }

  // Statements.

  body(statements, definition) {
    statements.slice(0, -1).forEach((node) => this.statement(node));
    const last = statements.at(-1);
    if (!last) this.report(definition, "the body is empty; return the scores");
    else if (last.type === "Return" && last.value) this.expression(last.value);
    else this.report(last, "the last statement must return the scores");
  }

  statement(node) {
    if (node.type === "Assign" && node.targets.length === 1 && node.targets[0].type === "Name") {
      this.assign(node, node.targets[0].id, this.expression(node.value));
    } else if (node.type === "AugAssign" && node.target.type === "Name") {
      const { id } = node.target;
      const current = this.name(node, id);
      this.assign(node, id, this.operation(node, node.op, current, this.expression(node.value)));
    } else if (["Assign", "AugAssign", "AnnAssign"].includes(node.type)) {
      this.report(node, "assign to one plain name, as in `near = pair.within(4)`");
    } else if (node.type === "Return") {
      this.report(node, "return only once, at the end; choose with where(mask, x, y)");
    } else {
      this.report(node, `\`${node.type.toLowerCase()}\` is not available here; write assignments and one return`);
    }
  }

  assign(node, name, value) {
    if (this.reserved.has(name) || this.constants.has(name))
      this.report(node, `\`${name}\` is taken; choose another name`);
    else if (name.startsWith("_")) this.report(node, `\`${name}\` starts with an underscore; drop it`);
    else this.names.set(name, value);
  }
}

/** The node at which a tree is deeper than it may be. */
function deepest(tree, most) {
  let node = tree;
  for (let level = 1; level <= most; level += 1) {
    const next = node.children.find((child) => child.depth > most - level);
    if (!next) break;
    node = next;
  }
  return node;
}
