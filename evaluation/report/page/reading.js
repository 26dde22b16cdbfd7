// A text as it is read, with where one of its tokens looks: the head's weights, and the program's below.

import { ink, weight } from "report/colours.js";
import { make, three } from "report/dom.js";
import { shown } from "report/heatmap.js";

/**
 * A text in one line of tokens for each side, shaded by the weights of one query.
 * @param {{hover: function, pick: function}} on calls: hover({query, key} or null, event) and pick(query).
 */
export class Reading {
  constructor(on) {
    this.on = on;
    this.note = make("p.quiet.small", {});
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
        const span = make("span.token", { role: "button", tabindex: side.name === "head" ? "0" : "-1" }, shown(token));
        span.addEventListener("pointerenter", (event) => this.on.token(place, event));
        span.addEventListener("pointerleave", () => this.on.token(null));
        span.addEventListener("click", () => this.on.pick(place));
        span.addEventListener("keydown", (event) => {
          const steps = { ArrowLeft: -1, ArrowRight: 1 };
          if (event.key === "Enter") this.on.pick(place);
          else if (event.key in steps) side.spans[place + steps[event.key]]?.focus();
          else return;
          event.preventDefault();
          event.stopPropagation();
        });
        return span;
      });
      side.node.replaceChildren(
        ...side.spans.flatMap((span, place) => [
          text.before[place] ? " " : "",
          span,
          ...(text.tokens[place].includes("\n") ? [make("br")] : []),
        ]),
      );
    }
  }

  /**
   * Shade by where a query looks.
   * @param {number|null} query null for none.
   * @param {Array<Float32Array|null>} rows the head's weights and the program's.
   */
  shade(query, rows, locked) {
    const said =
      query === null
        ? "Point at a token, here or in a pattern, to see where it looks; click to lock it."
        : `Where “${shown(this.tokens[query])}” (token ${query}) looks${locked ? ": locked; click it again or press Esc to unlock." : "; click to lock it."}`;
    this.note.replaceChildren(said);
    this.sides.forEach(({ spans }, side) =>
      spans.forEach((span, place) => {
        const value = query === null || !rows[side] ? 0 : rows[side][place];
        const colour = `rgb(${weight(value).join(" ")})`;
        span.style.background = value ? colour : "";
        span.style.color = value ? ink(colour) : "";
        span.title = query === null ? "" : `${three(value)}`;
        span.classList.toggle("query", place === query);
      }),
    );
  }
}
