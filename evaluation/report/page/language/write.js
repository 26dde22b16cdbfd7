// A program's source with something changed in it; layout and comments stay.

import { positional, quoted } from "report/language/unparse.js";

/** A number as a person writes it: no exponent, fewest digits that read back the same. */
export function formatConstant(value) {
  if (!Number.isFinite(value)) throw new RangeError("a constant must be finite");
  return positional(value === 0 ? 0 : value);
}

/**
 * A source with other numbers in it.
 * @param {Array<{start: number, end: number, value: number}>} changes places of literals, as `constants` and `calls`
 *   of a program have them, and the new values.
 */
export const withLiterals = (source, changes) =>
  spliced(
    source,
    changes.map(({ start, end, value }) => ({ start, end, text: formatConstant(value) })),
  );

/** With a weight for a word more. @param call of a program's `calls`. */
export function withWord(source, call, word, value) {
  const last = call.words.at(-1);
  const text = `${quoted(word)}: ${formatConstant(value)}`;
  if (last) return spliced(source, [{ start: last.end, end: last.end, text: `, ${text}` }]);
  return spliced(source, [{ ...call.braces, text: `{${text}}` }]);
}

/** Without that of a word. */
export function withoutWord(source, call, word) {
  const at = call.words.findIndex((entry) => entry.word === word);
  if (at < 0) return source;
  const [before, entry, after] = [call.words[at - 1], call.words[at], call.words[at + 1]];
  if (after) return spliced(source, [{ start: entry.from, end: after.from, text: "" }]);
  if (before) return spliced(source, [{ start: before.end, end: entry.end, text: "" }]);
  return spliced(source, [{ ...call.braces, text: "{}" }]);
}

function spliced(source, changes) {
  const last = [...changes].sort((a, b) => b.start - a.start);
  return last.reduce((text, { start, end, text: put }) => text.slice(0, start) + put + text.slice(end), source);
}
