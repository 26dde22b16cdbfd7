// A pairing as a table: what a pair of a query's word and a key's word adds to the score.

import { css, ink, signed } from "report/colours.js";
import { entriesOf } from "report/bars.js";
import { make } from "report/dom.js";

const MOST = 6; // entries of each side, those of greatest weight

const greatest = (call) =>
  entriesOf(call)
    .toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, MOST);

/** The table of two calls of weights whose product a summand is. */
export function pairingTable(queries, keys) {
  const [down, across] = [greatest(queries), greatest(keys)];
  const most = Math.max(...down.flatMap((q) => across.map((k) => Math.abs(q.value * k.value))), 1e-9);
  const cell = (value) => {
    const colour = css(signed(value / most));
    return make("td.figure", { style: `background: ${colour}; color: ${ink(colour)}` }, value.toFixed(2));
  };
  return make(
    "table.pairing",
    {},
    make(
      "caption.small.quiet",
      {},
      "query's word down, key's word across; weights of words and classes that a token has add up",
    ),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("td", {}),
        across.map((k) => make("th", { scope: "col", title: k.title }, k.label)),
      ),
    ),
    make(
      "tbody",
      {},
      down.map((q) =>
        make(
          "tr",
          {},
          make("th", { scope: "row", title: q.title }, q.label),
          across.map((k) => cell(q.value * k.value)),
        ),
      ),
    ),
  );
}
