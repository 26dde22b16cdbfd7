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

/**
 * With a weight for a word or a class more.
 * @param call of a program's `calls`.
 * @param {"words"|"classes"} list which of them it is.
 */
export function withEntry(source, call, list, name, value) {
  const isWord = list === "words";
  const text = isWord ? `${quoted(name)}: ${formatConstant(value)}` : `${name}=${formatConstant(value)}`;
  const last = call[list].at(-1) ?? (isWord ? null : call.braces);
  if (last) return spliced(source, [{ start: last.end, end: last.end, text: `, ${text}` }]);
  return spliced(source, [{ ...call.braces, text: `{${text}}` }]);
}

/** Without one of a call's words or classes, by its place among them. */
export function withoutEntry(source, call, list, place) {
  const [before, entry, after] = [call[list][place - 1], call[list][place], call[list][place + 1]];
  if (after) return spliced(source, [{ start: entry.from, end: after.from, text: "" }]);
  if (before || list === "classes")
    return spliced(source, [{ start: (before ?? call.braces).end, end: entry.end, text: "" }]);
  return spliced(source, [{ ...call.braces, text: "{}" }]);
}

function spliced(source, changes) {
  const last = [...changes].sort((a, b) => b.start - a.start);
  return last.reduce((text, { start, end, text: put }) => text.slice(0, start) + put + text.slice(end), source);
}
