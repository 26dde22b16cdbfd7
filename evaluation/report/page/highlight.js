// A program's source in colours.

import { make } from "report/dom.js";

const PIECES =
  /(?<string>"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?<comment>#[^\n]*)|(?<number>\b\d[\d_]*\.?\d*(?:e[+-]?\d+)?\b)|(?<keyword>\b(?:def|return|for|in|if|else|while|and|or|not|import|lambda)\b)|(?<side>\b(?:query|key|pair)\b)|(?<call>\b\w+(?=\())/gi;

/** The source as nodes; nothing is lost of it. */
export function highlighted(source) {
  const nodes = [];
  let end = 0;
  for (const found of source.matchAll(PIECES)) {
    nodes.push(source.slice(end, found.index));
    const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
    nodes.push(make(`span.${kind}`, {}, found[0]));
    end = found.index + found[0].length;
  }
  nodes.push(source.slice(end));
  return nodes;
}
