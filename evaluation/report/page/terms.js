// What a program's parts are called, in words.

import { overview } from "report/data.js";

const features = new Map(
  overview.vocabulary.features.map((feature) => [
    `${feature.side === "pair" ? "pair" : "token"}.${feature.name}`,
    feature,
  ]),
);
const SIDE = { query: "query", key: "key" };

/** A token's side: "the key", "the token before the query". */
export function sideOf({ side, shift }) {
  const token = `the ${SIDE[side]}`;
  if (shift === 0) return token;
  return shift === 1 ? `the token before ${token}` : `the token ${shift} before ${token}`;
}

/** What an expression of one feature says, in a few words; else the expression. */
export function inWords(text) {
  const offset = /^pair\.offset\((-?\d+)\)$/.exec(text);
  if (offset) {
    const back = Number(offset[1]);
    if (back === 0) return "itself";
    return back > 0 ? `${back === 1 ? "one" : back} back` : `${-back} ahead`;
  }
  const token = /^(query|key)((?:\.previous)*)\.(\w+)$/.exec(text);
  if (token) {
    const [, side, previous, name] = token;
    const what = name.replace(/^is_/, "").replaceAll("_", " ");
    if (text === "key.is_first") return "first token";
    return `${sideOf({ side, shift: previous.length / ".previous".length })}: ${what}`;
  }
  return text.replaceAll("pair.", "").replaceAll("_", " ");
}

/** What the vocabulary says of the features in an expression, a line each. */
export function definitions(text) {
  const named = [...text.matchAll(/\b(pair|query|key)(?:\.previous)*\.(\w+)/g)].map(
    ([, side, name]) => `${side === "pair" ? "pair" : "token"}.${name}`,
  );
  return [...new Set(named)]
    .filter((name) => features.has(name))
    .map((name) => `${features.get(name).name}: ${features.get(name).definition}`)
    .join("\n");
}

const callName = (call) => (call.kind === "curve" ? `curve of ${inWords(call.of)}` : `words of ${sideOf(call)}`);

/** What a summand is called: its factors in words. */
export function nameOf(program, term) {
  const names = term.factors.map(({ fitted }, place) =>
    fitted === undefined ? inWords(term.factorTexts[place]) : callName(program.calls[fitted]),
  );
  return names.join(" × ") || "the same everywhere";
}

/** Words of a class: what its name means, and of a cluster the words in it. */
export function meaningOf(name) {
  const alike = overview.alike[name];
  if (alike) return `input embedding like that of: ${alike.join(", ")}`;
  return features.get(`token.${name}`)?.definition ?? "";
}
