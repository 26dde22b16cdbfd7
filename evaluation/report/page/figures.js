// What is known of a head, in words.

import { overview } from "report/data.js";
import { percent, three, within } from "report/dom.js";

/** A number of nats, in as many digits as tell something: 0.0123, 4.5e-7. */
export function nats(value) {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return value.toPrecision(2).length > 7 ? value.toFixed(3) : String(Number(value.toPrecision(2)));
}

/** A share in percent: 12 %. */
export const share = (value) =>
  `${Math.round(100 * value)
    .toLocaleString("en")
    .replace("-", "−")} %`;

/** A number with its noun: 1 head, 2 heads. */
export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** A head's figures, a line each. */
export function lines(head) {
  const strongest = Object.entries(head.shares)
    .filter(([, own]) => own >= 0.05)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3);
  const found = [`IoU ${within(head.iou, head.low, head.high)}`];
  if (head.ceiling !== null) found.push(`ceiling ${three(head.ceiling)}`);
  const { uniform, first, previous } = head.baselines;
  found.push(`uniform ${three(uniform)}, first token ${three(first)}, previous token ${three(previous)}`);
  if (strongest.length) found.push(strongest.map(([kind, own]) => `${kind} ${share(own)}`).join(", "));
  if (head.effect) {
    found.push(
      `without the head: KL ${nats(head.effect.zero)} nats a token`,
      `its program recovers ${share(head.effect.recovered)} of that`,
    );
  }
  found.push(`${size(head)}; found by ${head.origin}`);
  return found;
}

/** How large a program is. */
export const size = ({ parts, literals }) =>
  `${parts === null ? "scripted" : counted(parts, "part")}, ${counted(literals, "literal")}`;

/** The place of a head's category among all there are; -1 where none is known. */
export const place = (head) => overview.categories.indexOf(head.category);

/** A row of a sweep or a control in words, the interval included. */
export function increase(row) {
  const digits = Math.max(Math.abs(row.high), Math.abs(row.increase)) >= 10 ? 0 : 1;
  return `${percent(row.increase, digits)} (${percent(row.low, digits)} to ${percent(row.high, digits)})`;
}
