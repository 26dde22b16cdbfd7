// Which heads a question in words is about: "which heads look at names", "comma", "L3", "\"she\"".

import { overview } from "report/data.js";

const IGNORED = new Set(`a all an and any are at attend attending attends by do does find for from give has have head heads how i in
  is it its look looking looks me of on or program programs show that the their them to token tokens what where which with
  words`.split(/\s+/));
const pieces = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const stem = (word) => (word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word);

/**
 * What is asked for: what stands in quotes, and marks, are words to find as they are; of others the beginning is enough.
 * @returns {Array<{text: string, exact: boolean}>}
 */
function terms(question) {
  const quoted = [];
  const rest = question.replace(/["“”]([^"“”]+)["“”]/g, (_, text) => {
    quoted.push({ text: text.toLowerCase(), exact: true });
    return " ";
  });
  const words = rest.split(/\s+/).filter(Boolean).flatMap((piece) => {
    const found = pieces(piece);
    return found.length ? found.map((text) => ({ text, exact: false })) : [{ text: piece, exact: true }];
  });
  const told = words.filter(({ text }) => !IGNORED.has(text));
  return [...quoted, ...(told.length || quoted.length ? told : words)];
}

function field(kind, text, shown) {
  const words = pieces(text);
  return { kind, shown, whole: text.toLowerCase(), words: words.length ? words : [text.toLowerCase()] };
}

const described = new Map(overview.vocabulary.features.map((feature) =>
  [feature.name, field("feature", `${feature.name} ${feature.definition}`, `${feature.name}: ${feature.definition}`)]));

/** What is known of a head, as fields that are searched; those that its row shows anyway have nothing to be shown. */
function fieldsOf(head) {
  return [
    { ...field("head", head.head), words: [head.head.toLowerCase(), `l${head.layer}`] },
    field("category", head.category ?? "not known"),
    field("hypothesis", head.hypothesis),
    ...head.words.map((word) => (word in overview.alike
      ? field("words alike", `${word} ${overview.alike[word].join(" ")}`, `${word}: ${overview.alike[word].join(", ")}`)
      : field("word", word, `“${word}”`))),
    ...head.features.filter((name) => described.has(name)).map((name) => described.get(name)),
    ...head.families.map((family) => field("family", family, `${family} features`)),
  ];
}

const fields = overview.heads.map((head) => [head, fieldsOf(head)]);

function matches({ text, exact }, own) {
  if (exact) return own.kind === "word" ? own.whole === text : own.words.includes(text);
  if (own.kind === "head") return own.words.includes(text);
  const begins = stem(text);
  return own.words.some((word) => (begins.length < 3 ? word === begins : word.startsWith(begins)));
}

/**
 * The heads that a question is about, by name: each with what in its program answers it, apart from what a row shows.
 * @returns {Map<string, string[]>}
 */
export function search(question) {
  const wanted = terms(question);
  const found = new Map();
  for (const [head, own] of fields) {
    const reasons = new Set();
    const all = wanted.every((term) => {
      const hits = own.filter((candidate) => matches(term, candidate));
      // What is shown anyway is the better reason; else the first few others are told.
      if (hits.length && hits.every((hit) => hit.shown)) hits.slice(0, 3).forEach((hit) => reasons.add(hit.shown));
      return hits.length > 0;
    });
    if (all) found.set(head.head, [...reasons]);
  }
  return found;
}
