// A head's programs from one part to all: stepping through them changes everything below.

import { overview } from "report/data.js";
import { make, three, within } from "report/dom.js";
import { size } from "report/figures.js";
import { placeOf } from "report/places.js";

const REST = 150; // milliseconds after a slider's last move before all texts of the page are evaluated

export class Front {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    this.steps = make("div.steps", { role: "group", "aria-label": "programs, those of fewest literals first" });
    this.figures = make("p.now", { role: "status" });
    this.more = make("details.small", {});
    const { programs, front } = bench.head;
    // The one that stands in is always among them, though another may be better at its size by IoU.
    this.front = [...programs.keys()]
      .filter((rank) => front.includes(rank) || programs[rank].stands_in)
      .sort((a, b) => programs[a].literals - programs[b].literals);
    this.node = make(
      "section#front",
      { "aria-label": "programs" },
      make(
        "p.small.quiet",
        {},
        "Its programs, the smallest first, each with its IoU on test texts (1: the same pattern as the head); ★ stands in for the head.",
      ),
      this.steps,
      this.figures,
      this.more,
    );
    for (const name of ["program", "text"]) bench.addEventListener(name, () => this.update(true));
    bench.addEventListener("values", () => {
      this.update(false);
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.update(true), REST);
    });
    this.update(true);
  }

  go(rank) {
    location.hash = placeOf(this.bench.head.head, rank + 1, this.bench.text);
  }

  /** To the next program of the front that is larger (1) or smaller (-1). */
  step(way) {
    const { front } = this;
    const { programs } = this.bench.head;
    const at = front.indexOf(this.bench.rank);
    const place = at >= 0 ? at : front.findLastIndex((rank) => programs[rank].literals <= this.bench.entry.literals);
    const next = front[Math.max(0, Math.min(front.length - 1, place + way))];
    if (next !== undefined) this.go(next);
  }

  /** Draw it. @param {boolean} whole whether all texts of the page are evaluated, which takes its time. */
  update(whole) {
    const { bench } = this;
    const { programs } = bench.head;
    const { front } = this;
    const chip = (rank) => {
      const program = programs[rank];
      const button = make(
        "button.step",
        { onclick: () => this.go(rank), title: `${program.name}: ${program.hypothesis}` },
        make("span", {}, program.stands_in ? "★ " : "", three(program.iou)),
        make("span.small.quiet", {}, size(program)),
      );
      button.style.setProperty("--height", `${Math.round(100 * program.iou)}%`);
      if (rank === bench.rank) button.setAttribute("aria-current", "true");
      return button;
    };
    const focused = document.activeElement?.matches(".step");
    this.steps.replaceChildren(...front.map(chip));
    const others = programs.map((_, rank) => rank).filter((rank) => !front.includes(rank));
    this.more.hidden = others.length === 0;
    this.more.open ||= others.includes(bench.rank);
    this.more.replaceChildren(
      make("summary", {}, `${others.length} more that are beaten at their size`),
      make("div.steps", {}, others.map(chip)),
    );
    if (focused) this.node.querySelector("[aria-current]").focus();
    const { entry } = bench;
    const { test } = overview.texts;
    const library = bench.edited
      ? [make("b", {}, "edited"), `; on all ${test} test texts: not measured`]
      : [
          "IoU on all ",
          String(test),
          " test texts ",
          make("b", {}, within(entry.iou, entry.low, entry.high)),
          `, cross-entropy ${three(entry.cross_entropy)}, JSD ${three(entry.jsd)}; from ${entry.origin}`,
        ];
    const failing = whole ? bench.numbers.filter((number) => bench.found(number).failure).length : 0;
    this.figures.replaceChildren(
      ...library,
      " · on the ",
      String(bench.numbers.length),
      " texts of this page ",
      make("b#iou-shown", {}, whole ? three(bench.meanIou()) : "…"),
      failing ? make("span.wrong", {}, `; it fails on ${failing} of them, which count as 0`) : "",
    );
  }
}
