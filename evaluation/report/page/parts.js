// A program drawn as what it is: each summand with its curves, its words and its constants, all of which can be moved.

import { Bar, Bars } from "report/bars.js";
import { Curve, curveNote } from "report/curve.js";
import { overview } from "report/data.js";
import { make } from "report/dom.js";
import { counted } from "report/figures.js";
import { pairingTable } from "report/pairing.js";
import { definitions, inWords, nameOf, sideOf } from "report/terms.js";

const NEW = 0.5; // the weight of a word that is added
const classes = new Set(overview.vocabulary.classes);

export class Parts {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    this.cards = make("div.cards", {});
    this.status = make("p.small", { role: "status" });
    this.suggested = make("datalist#suggested", {});
    this.node = make(
      "section#parts",
      { "aria-label": "parts" },
      make("h2", {}, "The program, part by part"),
      this.status,
      this.cards,
      this.suggested,
    );
    bench.addEventListener("program", () => this.build());
    bench.addEventListener("values", () => this.update());
    this.build();
  }

  build() {
    const { bench } = this;
    this.updates = [];
    if (!bench.lives) {
      this.status.replaceChildren(
        "A scripted program: it runs in the sandbox alone, so that its patterns are shown as they were computed, and it cannot be edited here.",
      );
      this.cards.replaceChildren();
      return;
    }
    const { program } = bench;
    this.status.replaceChildren(
      `${counted(program.terms.length, "part")}, which add up to the score. Move whatever is drawn: the patterns and the IoU follow.`,
    );
    const { at, open } = this.place();
    this.cards.replaceChildren(...program.terms.map((term, place) => this.card(term, place)));
    this.suggest();
    if (!bench.edited) return;
    this.all("details").forEach((details, place) => (details.open = open[place] ?? false));
    this.all(".adder")[at]?.focus();
  }

  all(kind) {
    return [...this.cards.querySelectorAll(kind)];
  }

  /** Which weights a word is added to or taken from, -1 for none, and which are open: that stays as it was. */
  place() {
    const own = document.activeElement?.matches(".adder, .remove")
      ? document.activeElement.closest(".weights-of")
      : null;
    return {
      at: this.all(".weights-of").indexOf(own),
      open: this.all("details").map((details) => details.open),
    };
  }

  card(term, place) {
    const { bench } = this;
    const { program } = bench;
    const { calls } = term;
    const others = term.factorTexts.filter((_, factor) => term.factors[factor].fitted === undefined);
    // Of two words of one side nothing is paired.
    const pairing = term.kind === "pairing" && program.calls[calls[0]].side !== program.calls[calls[1]].side;
    const named = new Set(`${term.scale} ${term.factorTexts.join(" ")}`.match(/[A-Za-z_]\w*/g));
    const constants = program.constants
      .map((own, number) => ({ ...own, number }))
      .filter(({ name }) => named.has(name));
    const drawn = calls.map((call) =>
      program.calls[call].kind === "curve" ? this.curve(call) : this.bars(call, pairing),
    );
    let table = null;
    if (pairing) {
      const of = (side) => bench.program.calls[calls.find((call) => program.calls[call].side === side)];
      const pairs = () => pairingTable(of("query"), of("key"));
      table = make("div", {}, pairs());
      this.updates.push(() => table.replaceChildren(pairs()));
    }
    return make(
      "article.part",
      { "data-part": String(place) },
      make("h3", {}, nameOf(program, term)),
      term.scale === "1" ? null : make("p.small.quiet", {}, `times ${term.scale}`),
      table,
      table ? make("details", {}, make("summary.small", {}, "weights of either side"), drawn) : drawn,
      others.map((text) =>
        make("p.small.quiet", {}, calls.length ? `times ${inWords(text)}: ` : "", definitions(text) || text),
      ),
      constants.length
        ? make(
            "table.bars",
            {},
            make(
              "tbody",
              {},
              constants.map((own) => this.constant(own)),
            ),
          )
        : null,
    );
  }

  constant({ name, value, number }) {
    const { bench } = this;
    const bar = new Bar(name, value, Math.max(1, Math.abs(value)) * 2, (to) =>
      bench.set(bench.program.constants[number], to),
    );
    this.updates.push(() => bar.update(bench.program.constants[number].value));
    return make("tr", {}, make("td.label", {}, name), make("td", {}, bar.slider), make("td", {}, bar.figure));
  }

  curve(call) {
    const { bench } = this;
    const { of, knots } = bench.program.calls[call];
    const curve = new Curve(inWords(of), knots, (place, value) =>
      bench.set(bench.program.calls[call].knots[place], Math.round(value * 100) / 100),
    );
    this.updates.push(() => curve.update(bench.program.calls[call].knots));
    return make("div", {}, curve.node, make("div", { className: "no-print" }, curveNote()));
  }

  bars(call, titled) {
    const { bench } = this;
    const own = bench.program.calls[call];
    const bars = new Bars(own, {
      set: (list, place, value) => bench.set(bench.program.calls[call][list][place], value),
      add: (word) => bench.add(call, classes.has(word) ? "classes" : "words", word, NEW),
      remove: (list, place) => bench.remove(call, list, place),
    });
    this.updates.push(() => bars.update(bench.program.calls[call]));
    return make("div", {}, titled ? make("p.small.quiet", {}, sideOf(own)) : null, bars.node);
  }

  suggest() {
    const words = new Set(this.bench.numbers.flatMap((number) => this.bench.reading(number).tokens));
    this.suggested.replaceChildren(
      ...[...overview.vocabulary.classes, ...words].map((value) => make("option", { value })),
    );
  }

  update() {
    for (const update of this.updates) update();
  }
}
