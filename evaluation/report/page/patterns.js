// The patterns on a text: the head's, the program's and their difference, what lies under the pointer, and the text.

import { css, signed, weight } from "report/colours.js";
import { make, three } from "report/dom.js";
import { Heatmap, shown } from "report/heatmap.js";
import { placeOf } from "report/places.js";
import { Reading } from "report/reading.js";
import { nameOf } from "report/terms.js";

const SHOWN_PARTS = 8; // under the pointer, those that say most

const ramp = (colour) => Array.from({ length: 12 }, (_, step) => css(colour(step / 11))).join(", ");

export class Patterns {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    this.locked = null; // a query
    this.cell = null;
    const on = { hover: (cell, event) => this.hover(cell, event), pick: (query) => this.pick(query) };
    this.maps = ["the head", "the program", "the program less the head"].map((caption) => new Heatmap(caption, on));
    this.reading = new Reading({ pick: on.pick, token: (place, event) => this.token(place, event) });
    this.tip = make("div#tip", { role: "status", hidden: true });
    this.choice = make("select", { "aria-label": "text", onchange: () => this.go(Number(this.choice.value)) });
    this.size = make("input", {
      type: "range",
      min: "1",
      max: "22",
      "aria-label": "size of a cell",
      oninput: () => this.draw(),
    });
    this.figures = make("span.figures");
    this.legend = make("p.legend.small.quiet");
    this.node = make(
      "section#patterns",
      { "aria-label": "patterns" },
      make("h2", {}, "Patterns on a text"),
      make(
        "div.tools",
        {},
        make(
          "button",
          { onclick: () => this.step(-1), title: "previous text (,)", "aria-label": "previous text" },
          "‹",
        ),
        this.choice,
        make("button", { onclick: () => this.step(1), title: "next text (.)", "aria-label": "next text" }, "›"),
        this.figures,
        make("label.small.quiet.no-print", {}, "cells ", this.size),
      ),
      make(
        "p.small.quiet",
        {},
        "Queries down, keys across. Point at a cell for its weights and the parts of its score.",
      ),
      make(
        "div.maps",
        {},
        this.maps.map((map) => map.node),
      ),
      this.legend,
      this.reading.node,
      this.tip,
    );
    bench.addEventListener("text", () => this.read());
    bench.addEventListener("program", () => this.draw());
    bench.addEventListener("values", () => this.draw(false));
    this.read();
  }

  drawLegend() {
    const scale = (name, low, high, colour) =>
      make(
        "span.scale",
        {},
        `${low} `,
        make("span.ramp", { style: `background: linear-gradient(to right, ${ramp(colour)})` }),
        ` ${high} ${name}`,
      );
    this.legend.replaceChildren(
      scale("weight", "0", "1", weight),
      scale("difference: blue where the program gives more, orange where it gives less", "−1", "1", (way) =>
        signed(2 * way - 1),
      ),
    );
  }

  // Which text.

  go(number) {
    location.hash = placeOf(this.bench.head.head, this.bench.rank + 1, number);
  }

  step(way) {
    const { numbers, text } = this.bench;
    this.go(numbers[(numbers.indexOf(text) + way + numbers.length) % numbers.length]);
  }

  read() {
    const { bench } = this;
    const text = bench.reading();
    const room = Math.max(300, Math.min(1450, document.documentElement.clientWidth - 48));
    this.size.value = String(Math.max(1, Math.min(18, Math.floor((room / 3 - 90) / text.n))));
    this.locked = this.cell = null;
    this.reading.show(text);
    this.draw();
  }

  /** Draw what is at hand. @param {boolean} whole whether what the program does not change may have changed. */
  draw(whole = true) {
    const { bench } = this;
    const { n, visible, pattern: target } = bench.target();
    const { pattern, iou, failure } = bench.found();
    const { tokens } = bench.reading();
    const cell = Number(this.size.value);
    this.parts = null;
    const difference = pattern?.map((value, place) => value - target[place]) ?? null;
    const [head, program, less] = this.maps;
    if (whole) {
      this.drawLegend();
      head.show(tokens, target, visible, weight, cell);
    }
    program.show(tokens, pattern, visible, weight, cell);
    less.show(tokens, difference, visible, signed, cell);
    this.figures.replaceChildren(
      failure
        ? make("span.wrong", {}, `the program fails here: ${failure}`)
        : make("span", {}, "IoU on this text ", make("b#iou-text", {}, three(iou)), `, ${n} tokens`),
    );
    this.choose();
    this.hover(this.cell); // which is another's now
  }

  choose() {
    const { bench } = this;
    const { worst, best } = bench.head.faithful;
    const special = (number) => (number === best[0]?.number ? ", best" : number === worst[0]?.number ? ", worst" : "");
    const known = (number) => {
      if (!bench.patterns.has(number)) return "";
      const { failure, iou } = bench.found(number);
      return failure ? "fails" : three(iou);
    };
    this.choice.replaceChildren(
      ...bench.numbers.map((number) =>
        make(
          "option",
          { value: String(number) },
          `text ${number}: ${bench.reading(number).tokens.slice(0, 7).map(shown).join(" ")}… ${known(number)}${special(number)}`,
        ),
      ),
    );
    this.choice.value = String(bench.text);
  }

  // What is under the pointer.

  hover(cell, event) {
    const { bench } = this;
    this.cell = cell && bench.target().visible[cell.query * bench.target().n + cell.key] ? cell : null;
    this.mark();
    if (!this.cell) {
      this.tip.hidden = true;
      return;
    }
    this.tip.replaceChildren(...this.told(this.cell));
    this.tip.hidden = false;
    const at = event ?? this.maps.find((map) => map.cursor)?.place(this.cell);
    if (at) this.put(at);
  }

  /** Put the tip beside a place of the window. */
  put({ clientX, clientY }) {
    const left = Math.min(clientX + 16, document.documentElement.clientWidth - this.tip.offsetWidth - 8);
    const below = clientY + 16 + this.tip.offsetHeight < window.innerHeight;
    Object.assign(this.tip.style, {
      left: `${Math.max(8, left)}px`,
      top: `${below ? clientY + 16 : clientY - 16 - this.tip.offsetHeight}px`,
    });
  }

  told({ query, key }) {
    const { bench } = this;
    const { n, pattern: target } = bench.target();
    const { tokens } = bench.reading();
    const { pattern } = bench.found();
    const place = query * n + key;
    const back = query - key;
    const where = back === 0 ? "itself" : back > 0 ? `${back} back` : `${-back} ahead`;
    const lines = [
      make("b", {}, `${shown(tokens[query])} → ${shown(tokens[key])}`),
      make("span.quiet", {}, ` ${where}`),
      make(
        "div.weights",
        {},
        "head ",
        make("b", { "data-weight": "head" }, three(target[place])),
        pattern ? [" · program ", make("b", { "data-weight": "program" }, three(pattern[place]))] : "",
      ),
    ];
    if (!pattern) return lines;
    this.parts ??= bench.summands();
    if (!this.parts) return lines;
    const values = this.parts.map((part, number) => ({ number, value: part[place] }));
    const sum = values.reduce((total, { value }) => total + value, 0);
    const most = values.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value)).filter(({ value }) => value !== 0);
    const row = (name, value) => make("tr", {}, make("td", {}, name), make("td.figure", {}, value.toFixed(2)));
    lines.push(
      make(
        "table",
        {},
        make(
          "tbody",
          {},
          most
            .slice(0, SHOWN_PARTS)
            .map(({ number, value }) => row(nameOf(bench.program, bench.program.terms[number]), value)),
          most.length > SHOWN_PARTS
            ? row(
                `${most.length - SHOWN_PARTS} more`,
                most.slice(SHOWN_PARTS).reduce((total, { value }) => total + value, 0),
              )
            : null,
          make(
            "tr.sum",
            {},
            make("td", {}, "score, the sum of parts"),
            make("td.figure", {}, Number.isFinite(sum) ? sum.toFixed(2) : String(sum)),
          ),
        ),
      ),
    );
    return lines;
  }

  /** A token of the text under the pointer: what looks at it, once a query is locked; else where it looks. */
  token(place, event = null) {
    if (place === null) this.hover(null);
    else if (this.locked !== null) this.hover({ query: this.locked, key: place }, event);
    else this.preview(place);
  }

  preview(query) {
    this.cell = null;
    this.tip.hidden = true;
    for (const map of this.maps) map.mark(null, query);
    this.shade(query);
  }

  pick(query) {
    this.locked = this.locked === query ? null : query;
    this.mark();
  }

  unlock() {
    this.locked = null;
    this.mark();
  }

  mark() {
    for (const map of this.maps) map.mark(this.cell, this.locked);
    this.shade(this.locked ?? this.cell?.query ?? null);
  }

  shade(query) {
    const { n, pattern: target } = this.bench.target();
    const { pattern } = this.bench.found();
    const row = (whole) => (whole && query !== null ? whole.subarray(query * n, (query + 1) * n) : null);
    this.reading.shade(query, [row(target), row(pattern)], this.locked !== null);
  }
}
