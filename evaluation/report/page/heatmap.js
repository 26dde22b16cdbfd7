// A pattern as a picture: queries down, keys across, with the tokens beside it.

import { make } from "report/dom.js";

const MARGIN = 74; // pixels for tokens, on the left and on top
const LARGEST = 8192; // pixels of a canvas to either side: of larger ones browsers show nothing
const LONGEST = 11; // characters of a token that are written there

const waiting = new Set(); // those that are drawn once they are in sight, or on paper
window.addEventListener("beforeprint", () => {
  for (const map of waiting) {
    if (map.canvas.isConnected) map.draw();
    else waiting.delete(map);
  }
});

/** A token as it is written: what cannot be seen is shown by a sign. */
export const shown = (token) => token.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll(" ", "␣");

const short = (token) => {
  const whole = shown(token);
  const characters = [...whole];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join("")}…` : whole;
};

const LEVELS = 255; // to either side of 0, of a value's root

/** The pixels of the colours of all levels: a colour of its own for each cell would take long. */
const tabulated = (colour) =>
  new Uint32Array(
    Uint8ClampedArray.from(
      Array.from({ length: 2 * LEVELS + 1 }, (_, level) => {
        const root = level / LEVELS - 1;
        return [...colour(Math.sign(root) * root ** 2), 255];
      }).flat(),
    ).buffer,
  );

/**
 * One of a text's pictures.
 * @param {string} caption what it shows.
 * @param {{hover: function, pick: function}} on calls: hover({query, key} or null, event), pick(query).
 */
export class Heatmap {
  constructor(caption, on) {
    this.canvas = make("canvas", {
      tabindex: "0",
      role: "img",
      "aria-label": `${caption}; arrow keys move, Enter locks the query`,
    });
    this.row = make("div.band");
    this.column = make("div.band");
    this.node = make(
      "figure.heatmap",
      {},
      make("figcaption", {}, caption),
      make("div.cells", {}, this.canvas, this.row, this.column),
    );
    this.on = on;
    this.cursor = null;
    this.seen = false;
    new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      if (this.seen && waiting.has(this)) this.draw();
    }).observe(this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.move(this.at(event), event));
    this.canvas.addEventListener("pointerleave", () => this.move(null));
    this.canvas.addEventListener("click", (event) => {
      const cell = this.at(event);
      if (cell) on.pick(cell.query);
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("blur", () => this.move(null));
  }

  /**
   * Show something; drawn once it is in sight.
   * @param {string[]} tokens of the text.
   * @param {Float32Array|null} values of the cells, row by row, -1 to 1; null for none.
   * @param {Uint8Array} visible which of them are seen.
   * @param {function(number): number[]} colour of a value.
   * @param {number} cell its width in pixels.
   */
  show(tokens, values, visible, colour, cell) {
    if (tokens !== this.tokens) this.cursor = null; // which may lie beyond the end of another text
    Object.assign(this, { tokens, values, visible, colour, cell });
    waiting.add(this);
    const side = MARGIN + tokens.length * cell;
    this.canvas.style.width = this.canvas.style.height = `${side}px`;
    if (this.seen) this.draw();
  }

  draw() {
    waiting.delete(this);
    const { tokens, values, visible, cell, canvas } = this;
    const n = tokens.length;
    const side = MARGIN + n * cell;
    const ratio = Math.min(window.devicePixelRatio || 1, LARGEST / side);
    canvas.width = canvas.height = Math.round(side * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const image = new ImageData(n, n);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = tabulated(this.colour);
    for (let place = 0; values && place < pixels.length; place += 1) {
      const root = Math.sign(values[place]) * Math.sqrt(Math.abs(values[place]));
      if (visible[place]) pixels[place] = colours[LEVELS + Math.round(LEVELS * root)];
    }
    const small = new OffscreenCanvas(n, n);
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, MARGIN, MARGIN, n * cell, n * cell);
    const style = getComputedStyle(canvas);
    context.strokeStyle = style.getPropertyValue("--line");
    context.strokeRect(MARGIN - 0.5, MARGIN - 0.5, n * cell + 1, n * cell + 1);
    const size = Math.max(8, Math.min(11, cell));
    const every = Math.ceil((size + 1) / cell); // so that they do not overlap
    context.fillStyle = style.color;
    context.font = `${size}px ${style.fontFamily}`;
    context.textBaseline = "middle";
    for (let place = 0; place < n; place += every) {
      const middle = MARGIN + (place + 0.5) * cell;
      context.textAlign = "right";
      context.fillText(short(tokens[place]), MARGIN - 4, middle);
      context.save();
      context.translate(middle, MARGIN - 4);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      context.fillText(short(tokens[place]), 0, 0);
      context.restore();
    }
  }

  /** The cell under a pointer, null beside them. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const [key, query] = [event.clientX - box.left, event.clientY - box.top].map((way) =>
      Math.floor((way - MARGIN) / this.cell),
    );
    const inside = (place) => place >= 0 && place < this.tokens.length;
    return inside(query) && inside(key) ? { query, key } : null;
  }

  move(cell, event = null) {
    this.cursor = cell;
    this.on.hover(cell, event);
  }

  key(event) {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const last = this.tokens.length - 1;
    if (event.key in steps) {
      const [down, right] = steps[event.key];
      const { query, key } = this.cursor ?? { query: last, key: last };
      const bounded = (place) => Math.max(0, Math.min(last, place));
      this.move({ query: bounded(query + down), key: bounded(key + right) });
    } else if (event.key === "Enter" && this.cursor) this.on.pick(this.cursor.query);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Mark a cell's row and column; null for none. */
  mark(cell, locked) {
    const side = MARGIN + this.tokens.length * this.cell;
    const put = (band, place, down) => {
      band.hidden = place === null || place === undefined;
      if (band.hidden) return;
      const [start, thick] = [`${MARGIN + place * this.cell - 1}px`, `${this.cell + 2}px`];
      Object.assign(
        band.style,
        down
          ? { left: start, width: thick, top: 0, height: `${side}px` }
          : { top: start, height: thick, left: 0, width: `${side}px` },
      );
      band.classList.toggle("locked", !down && locked === place);
    };
    put(this.row, cell ? cell.query : locked, false);
    put(this.column, cell?.key, true);
  }

  /** Where a cell lies in the window. */
  place({ query, key }) {
    const box = this.canvas.getBoundingClientRect();
    return { clientX: box.left + MARGIN + (key + 1) * this.cell, clientY: box.top + MARGIN + (query + 1) * this.cell };
  }
}
