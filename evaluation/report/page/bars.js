// Weights of words and classes as bars that are sliders.

import { LESS, MORE } from "report/colours.js";
import { make } from "report/dom.js";
import { shown } from "report/heatmap.js";
import { meaningOf } from "report/terms.js";

const STEP = 0.01; // of a slider, whose ends lie on steps from zero
const FIRST = 14; // rows that are shown before the others are asked for

/** A number as it stands beside its slider. */
const figure = (value) => value.toFixed(2);

const onStep = (reach) => (Math.ceil(reach / STEP) * STEP).toFixed(2);

/** A slider whose track is a bar from zero to its value. */
export class Bar {
  /** @param {string} label @param {number} value @param {number} reach of the slider to either side @param {function(number)} move */
  constructor(label, value, reach, move) {
    this.slider = make("input.bar", {
      type: "range",
      min: `-${onStep(reach)}`,
      max: onStep(reach),
      step: String(STEP),
      "aria-label": label,
      oninput: () => move(Number(this.slider.value)),
    });
    this.reach = reach;
    this.figure = make("span.figure", {});
    this.update(value);
  }

  update(value) {
    if (Math.abs(value) > this.reach) {
      this.reach = Math.abs(value) * 1.5;
      Object.assign(this.slider, { min: `-${onStep(this.reach)}`, max: onStep(this.reach) });
    }
    this.slider.value = String(value);
    const [zero, end] = [50, 50 + (50 * value) / this.reach];
    const [from, to] = [Math.min(zero, end), Math.max(zero, end)];
    const colour = value < 0 ? LESS : MORE;
    this.slider.style.setProperty(
      "--bar",
      `linear-gradient(to right, transparent ${from}%, ${colour} ${from}%, ${colour} ${to}%, transparent ${to}%)`,
    );
    this.figure.textContent = figure(value);
  }
}

/** The entries of a call: words, then classes. */
export const entriesOf = (call) => [
  ...call.words.map((own) => ({ ...own, list: "words", label: `“${shown(own.word)}”`, title: "" })),
  ...call.classes.map((own) => ({
    ...own,
    list: "classes",
    label: own.name.replace(/^is_/, "").replaceAll("_", " "),
    title: meaningOf(own.name),
  })),
];

/** The bars of one call of weights. */
export class Bars {
  /**
   * @param {object} call
   * @param {{set: function, add: function, remove: function}} on calls: set(entry's list, its place, value),
   *   add(word or class), remove(entry's list, its place).
   */
  constructor(call, on) {
    this.on = on;
    const entries = entriesOf(call);
    const reach = Math.max(0.5, ...entries.map(({ value }) => Math.abs(value))) * 1.3;
    const placed = entries.map((entry) => ({
      entry,
      place: call[entry.list].findIndex((own) => own.start === entry.start),
    }));
    this.bars = placed.map(({ entry, place }) => ({
      entry,
      place,
      bar: new Bar(entry.label, entry.value, reach, (value) => on.set(entry.list, place, value)),
    }));
    const order = this.bars.toSorted((a, b) => Math.abs(b.entry.value) - Math.abs(a.entry.value));
    const rows = order.map((own) => this.row(own));
    const body = make("tbody", {}, rows.slice(0, FIRST));
    const more =
      rows.length > FIRST
        ? make(
            "button.small.no-print",
            {
              onclick: () => {
                body.append(...rows.slice(FIRST));
                more.remove();
              },
            },
            `all ${rows.length}`,
          )
        : null;
    this.node = make("div.weights-of", {}, make("table.bars", {}, body), more, this.adder());
  }

  row({ entry, place, bar }) {
    return make(
      "tr",
      { title: entry.title },
      make("td.label", {}, entry.label),
      make("td", {}, bar.slider),
      make("td", {}, bar.figure),
      make(
        "td.no-print",
        {},
        make(
          "button.remove",
          { "aria-label": `remove ${entry.label}`, title: "remove", onclick: () => this.on.remove(entry.list, place) },
          "×",
        ),
      ),
    );
  }

  adder() {
    const field = make("input.adder", {
      type: "text",
      placeholder: "add a word or class",
      "aria-label": "word or class to add",
      list: "suggested",
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && field.value) this.on.add(field.value);
    });
    return make("div.small.no-print", {}, field);
  }

  update(call) {
    for (const { entry, place, bar } of this.bars) bar.update(call[entry.list][place].value);
  }
}
