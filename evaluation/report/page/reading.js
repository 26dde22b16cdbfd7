// A text as it is read, with where one of its tokens looks: the head's weights, and the program's below.

import { css, ink, weight } from "report/colours.js";
import { make, three } from "report/dom.js";
import { share } from "report/figures.js";
import { shown } from "report/heatmap.js";
import { rove } from "report/roving.js";

const LACKING = 0.005; // of a row's weights, that is told

/**
 * A text in one line of tokens for each side, shaded by the weights of one query.
 * @param {{hover: function, pick: function}} on calls: hover({query, key} or null, event) and pick(query).
 */
export class Reading {
  constructor(on) {
    this.on = on;
    this.note = make("p.quiet.small", { role: "status" });
    this.sides = ["head", "program"].map((name) => ({
      name,
      node: make("div.tokens", { role: "group", "aria-label": `where it looks: ${name}` }),
    }));
    this.node = make(
      "div.reading",
      {},
      this.note,
      this.sides.map(({ name, node }) => make("div.side", {}, make("span.quiet.small", {}, name), node)),
    );
  }

  /** Show a text. @param {{tokens: string[], before: Uint8Array}} text */
  show(text) {
    this.tokens = text.tokens;
    for (const side of this.sides) {
      side.spans = text.tokens.map((token, place) => {
        const span = make("span.token", { role: "button" }, shown(token));
        span.addEventListener("pointerenter", (event) => this.on.token(place, event));
        span.addEventListener("pointerleave", () => this.on.token(null));
        span.addEventListener("click", () => this.on.pick(place));
        span.addEventListener("focus", () => {
          const { right, bottom } = span.getBoundingClientRect();
          this.on.token(place, { clientX: right, clientY: bottom });
        });
        span.addEventListener("blur", () => this.on.token(null));
        span.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          this.on.pick(place);
          event.preventDefault();
        });
        return span;
      });
      const line = make(
        "span",
        {},
        side.spans.map((span, place) => [
          text.before[place] ? " " : "",
          span,
          text.tokens[place].includes("\n") ? make("br") : null,
        ]),
      );
      const last = side.spans.length - 1;
      rove(line, side.spans, (span, right) => {
        const place = side.spans.indexOf(span) + right;
        return side.spans[Math.max(0, Math.min(last, place))];
      });
      side.node.replaceChildren(line);
    }
  }

  said(query, row, locked) {
    if (query === null) return "Point at a token, here or in a pattern, to see where it looks; click to lock it.";
    const lacking = 1 - row.reduce((sum, value) => sum + value, 0);
    const sink = lacking > LACKING ? `, the head with ${share(lacking)} at no token (a sink)` : "";
    const how = locked ? ": locked; click it again or press Esc to unlock." : "; click to lock it.";
    return `Where “${shown(this.tokens[query])}” (token ${query}) looks${sink}${how}`;
  }

  /**
   * Shade by where a query looks.
   * @param {number|null} query null for none.
   * @param {Array<Float32Array|null>} rows the head's weights and the program's.
   */
  shade(query, rows, locked) {
    this.note.replaceChildren(this.said(query, rows[0], locked));
    this.sides.forEach(({ spans }, side) =>
      spans.forEach((span, place) => {
        const value = query === null || !rows[side] ? 0 : rows[side][place];
        const colour = css(weight(value));
        span.style.background = value ? colour : "";
        span.style.color = value ? ink(colour) : "";
        span.title = query === null ? "" : `${three(value)}`;
        span.classList.toggle("query", place === query);
      }),
    );
  }
}
