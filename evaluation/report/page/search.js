// Which heads a question in words is about: "which heads look at names", "comma", "L3", "\"she\"".

import { overview } from "report/data.js";
import { share } from "report/figures.js";

const IGNORED = new Set(
  `a all an and any are at attend attending attends by do does find for from give has have head heads how i in
  is it its look looking looks me of on or program programs show that the their them to token tokens what where which
  with words`.split(/\s+/),
);
const pieces = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const stem = (word) => (word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word);

/**
 * What is asked for: what stands in quotes, and marks, is found as it is; of other words the beginning is enough.
 * @returns {Array<{text: string, exact: boolean}>} in lower case
 */
function terms(question) {
  const quoted = [];
  const rest = question.replace(/["“”]([^"“”]+)["“”]/g, (_, text) => {
    quoted.push({ text: text.toLowerCase(), exact: true });
    return " ";
  });
  const words = rest
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((piece) => {
      const found = pieces(piece);
      return found.length ? found.map((text) => ({ text, exact: false })) : [{ text: piece, exact: true }];
    });
  const told = words.filter(({ text }) => !IGNORED.has(text));
  return [...quoted, ...(told.length || quoted.length ? told : words)];
}

/** What a question may be found in, what tells most first. */
export const KINDS = {
  head: "by name",
  category: "by category",
  share: "by what their dense models' parts explain (10 % or more)",
  hypothesis: "by hypothesis",
  feature: "by a feature of the program",
  family: "by a family of features",
  meaning: "by what a feature of the program means",
  word: "by a word of the program",
  alike: "by words that are like one of the program",
};
const ORDER = Object.keys(KINDS);
const LEAST_SHARE = 0.1;

function field(kind, text, shown) {
  const words = pieces(text);
  return { kind, shown, whole: text.toLowerCase(), words: words.length ? words : [text.toLowerCase()] };
}

const described = new Map(
  overview.vocabulary.features.map(({ name, definition }) => [
    name,
    [field("feature", name, name), field("meaning", definition, `${name}: ${definition}`)],
  ]),
);
const alike = new Map(
  Object.entries(overview.alike).map(([name, words]) => [
    name,
    field("alike", [name, ...words].join(" "), `${name}: ${words.join(", ")}`),
  ]),
);

/** What is known of a head, as fields that are searched; those that its row shows anyway have nothing to be shown. */
function fieldsOf(head) {
  return [
    { ...field("head", head.head), words: [head.head.toLowerCase(), `l${head.layer}`] },
    field("category", head.category ?? "not known"),
    ...Object.entries(head.shares)
      .filter(([, own]) => own >= LEAST_SHARE)
      .map(([kind, own]) => field("share", kind, `${kind} ${share(own)}`)),
    field("hypothesis", head.hypothesis),
    ...head.features.flatMap((name) => described.get(name) ?? []),
    ...head.families.map((family) => field("family", family, `${family} features`)),
    ...head.words.map((word) => alike.get(word) ?? field("word", word, `“${word}”`)),
  ];
}

const fields = overview.heads.map((head) => [head, fieldsOf(head)]);

/** Words of programs are many, so they are found whole; elsewhere the beginning of a word is enough. */
function matches({ text, exact }, own) {
  if (exact && own.kind === "word") return own.whole === text;
  if (exact)
    return own.words.includes(text) || (own.kind === "hypothesis" && !pieces(text).length && own.whole.includes(text));
  if (own.kind === "head") return own.words.includes(text);
  const begins = stem(text);
  if (own.kind === "word" || own.kind === "alike" || begins.length < 3)
    return own.words.some((word) => word === text || stem(word) === begins);
  return own.words.some((word) => word.startsWith(begins));
}

/**
 * The heads that a question is about, by name.
 * @returns {Map<string, {kind: string, reasons: string[]}>} kind: what tells it, of what tells each of its words most;
 *   reasons: what answers it that a head's row does not show.
 */
export function search(question) {
  const wanted = terms(question);
  const found = new Map();
  for (const [head, own] of fields) {
    const hits = wanted.map((term) => own.filter((candidate) => matches(term, candidate)));
    if (hits.some((hit) => !hit.length)) continue;
    const kind = ORDER[Math.max(...hits.map((hit) => Math.min(...hit.map((one) => ORDER.indexOf(one.kind)))))];
    const reasons = hits.flatMap((hit) => {
      const told = ORDER[Math.min(...hit.map((one) => ORDER.indexOf(one.kind)))];
      return hit
        .filter((one) => one.shown && one.kind === told)
        .slice(0, 3)
        .map((one) => one.shown);
    });
    found.set(head.head, { kind, reasons: [...new Set(reasons)] });
  }
  return found;
}
