// The frame of every chart: its title and caption, its size, and what all plots have in common.

import { onThemeChange } from "report/colours.js";
import { make } from "report/dom.js";

const shown = new Map(); // a chart's holder to what draws it
onThemeChange(() => {
  for (const [holder, redraw] of shown) {
    if (holder.isConnected) redraw();
    else shown.delete(holder);
  }
});

/**
 * A chart with its title and what it shows, drawn as wide as there is room, and again when that changes.
 * @param {(width: number) => Element} draw
 */
export function chart(title, caption, draw) {
  const holder = make("div.drawing");
  let width = 0;
  const redraw = () => holder.replaceChildren(draw(Math.max(240, width)));
  new ResizeObserver(([entry]) => {
    const found = Math.floor(entry.contentRect.width);
    if (!found || found === width) return;
    width = found;
    shown.set(holder, redraw);
    redraw();
  }).observe(holder);
  return make(
    "figure.chart",
    {},
    make("figcaption", {}, make("strong", {}, title), " ", make("span.quiet", {}, caption)),
    holder,
  );
}

/** In the place of a chart of what was not measured: what to run. */
export function absent(title, says, command) {
  return make(
    "figure.chart.absent",
    {},
    make("figcaption", {}, make("strong", {}, title), " ", make("span.quiet", {}, says)),
    command ? make("pre", {}, command) : null,
  );
}

/** A plot with what all have in common. */
export function plot(options) {
  return Plot.plot({
    height: 270,
    marginLeft: 52,
    marginBottom: 40,
    marginTop: 24,
    ...options,
    style: { background: "transparent", fontSize: "12px", fontFamily: "inherit", overflow: "visible" },
  });
}

/** A number on a logarithmic axis. */
export const plain = (value) => String(Number(value.toPrecision(2)));

/** About so many ticks as there is room for. */
export const few = (width, most = 6) => Math.min(most, Math.max(2, Math.floor(width / 75)));

/** What is said of the point that is nearest to the pointer. */
export const hover = (data, channels) => Plot.tip(data, Plot.pointer({ ...channels, maxRadius: 60 }));

/** Names with their colours, as a legend of swatches; only those that are drawn. */
export const coloured = (named) => ({ domain: named.map(([name]) => name), range: named.map(([, colour]) => colour) });
