// A curve as a picture: a line through knots that can be moved up and down.

import { make } from "report/dom.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [330, 150, 40, 22, 10, 12];
const onScale = (x) => Math.sign(x) * Math.log1p(Math.abs(x)); // as curves are straight

const svg = (kind, attributes, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/**
 * @param {string} name of what the curve is of.
 * @param {{at: number, value: number}[]} knots
 * @param {function(number, number)} move calls: move(place of a knot, value).
 */
export class Curve {
  constructor(name, knots, move) {
    this.move = move;
    this.original = knots.map(({ value }) => value);
    this.zero = svg("line", { class: "zero" });
    this.ghost = svg("path", { class: "ghost" });
    this.line = svg("path", { class: "line" });
    this.marks = svg("g", { class: "marks" });
    this.points = knots.map((knot, place) => this.point(name, knot, place));
    this.node = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "curve", role: "group", "aria-label": `curve of ${name}` },
      this.marks,
      this.zero,
      this.ghost,
      this.line,
      ...this.points,
    );
    this.domain = null;
    this.update(knots);
  }

  point(name, knot, place) {
    const point = svg("circle", {
      r: 6,
      tabindex: 0,
      role: "slider",
      "aria-orientation": "vertical",
      "aria-label": `${name} ${knot.at}`,
      class: "knot",
    });
    point.addEventListener("pointerdown", (event) => {
      point.setPointerCapture(event.pointerId);
      this.held = this.domain;
    });
    point.addEventListener("pointermove", (event) => {
      if (!point.hasPointerCapture(event.pointerId)) return;
      const box = this.node.getBoundingClientRect();
      const y = ((event.clientY - box.top) / box.height) * HEIGHT;
      const [low, high] = this.domain;
      this.move(place, low + ((HEIGHT - BOTTOM - y) / (HEIGHT - BOTTOM - TOP)) * (high - low));
    });
    point.addEventListener("lostpointercapture", () => {
      this.held = null;
      this.update(this.knots);
    });
    point.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.move(place, this.knots[place].value + step * 0.05);
    });
    return point;
  }

  /** Draw it with other values. */
  update(knots) {
    this.knots = knots;
    const values = [...knots.map(({ value }) => value), ...this.original, 0];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = (high - low || 1) * 0.15;
    this.domain = this.held ?? [low - room, high + room];
    const marks = knots.map(({ at }) => onScale(at));
    const span = marks.at(-1) - marks[0];
    const x = (mark) => LEFT + ((mark - marks[0]) / span) * (WIDTH - LEFT - RIGHT);
    const y = (value) =>
      HEIGHT - BOTTOM - ((value - this.domain[0]) / (this.domain[1] - this.domain[0])) * (HEIGHT - BOTTOM - TOP);
    const path = (of) =>
      of.map((value, place) => `${place ? "L" : "M"}${x(marks[place]).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    for (const [name, value] of Object.entries({ x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0) }))
      this.zero.setAttribute(name, value);
    this.line.setAttribute("d", path(knots.map(({ value }) => value)));
    this.ghost.setAttribute("d", path(this.original));
    this.points.forEach((point, place) => {
      point.setAttribute("cx", x(marks[place]));
      point.setAttribute("cy", y(knots[place].value));
      point.setAttribute("aria-valuenow", knots[place].value);
      point.setAttribute("aria-valuetext", knots[place].value);
      point.replaceChildren(svg("title", {}, `${knots[place].at}: ${knots[place].value}`));
    });
    const ends = [low, high].map((value) =>
      svg("text", { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)),
    );
    this.marks.replaceChildren(
      ...ends,
      ...knots.map(({ at }, place) =>
        svg("text", { x: x(marks[place]), y: HEIGHT - 6, "text-anchor": "middle" }, String(at)),
      ),
    );
  }
}

/** What a curve is read by. */
export const curveNote = () =>
  make(
    "span.small.quiet",
    {},
    "straight on a logarithmic scale, flat beyond its ends; drag a knot, or focus it and press ↑ ↓",
  );
