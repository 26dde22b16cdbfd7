// The heads of the model, layers from left to right, as cells that are links and can be coloured by what is known.

import { ink, sequential } from "report/colours.js";
import { categories, colourings } from "report/colourings.js";
import { overview } from "report/data.js";
import { make } from "report/dom.js";
import { lines } from "report/figures.js";
import { rove } from "report/roving.js";

let chosen = null; // the name of the colouring, kept while the page is open

/** The grid with its switch and legend. */
export function grid() {
  const { groups, missing } = colourings();
  const all = groups.flatMap(([, own]) => own);
  const heads = new Map(overview.heads.map((head) => [`${head.layer} ${head.index}`, head]));
  const without = new Set(overview.without);
  const cells = new Map(); // by link
  const select = make(
    "select",
    { id: "colouring" },
    groups.map(([name, own]) =>
      make(
        "optgroup",
        { label: name },
        own.map((colouring) => make("option", { value: colouring.name }, colouring.name)),
      ),
    ),
  );
  const legend = make("div.legend", { "aria-live": "polite" });
  const body = d3.range(overview.width).map((index) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, `H${index}`),
      d3.range(overview.layers).map((layer) => {
        const head = heads.get(`${layer} ${index}`);
        if (head) {
          const link = make("a", { href: `#${head.head}` });
          cells.set(link, head);
          return make("td", {}, link);
        }
        const name = `L${layer}H${index}`;
        return without.has(name)
          ? make(
              "td.without",
              { title: `${name}: no scored program` },
              make("span", { role: "img", "aria-label": `${name}: no scored program` }),
            )
          : make("td");
      }),
    ),
  );
  const table = make(
    "table.heads",
    {},
    make("caption", {}, "Heads by layer, each a link to its programs"),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("td"),
        d3.range(overview.layers).map((layer) => make("th", { scope: "col" }, `L${layer}`)),
      ),
    ),
    make("tbody", {}, body),
  );

  function paint() {
    chosen = select.value;
    const colouring = all.find((own) => own.name === chosen);
    for (const [link, head] of cells) {
      const value = colouring.value(head);
      const colour = value === null ? null : colouring.colour(value);
      link.style.backgroundColor = colour ?? "";
      link.style.color = colour ? ink(colour) : "";
      link.replaceChildren(make("span", { "aria-hidden": "true" }, value === null ? "" : colouring.text(value)));
      const told = value === null ? "not known" : colouring.shown(value);
      link.setAttribute("aria-label", `${head.head}: ${colouring.name} ${told}; ${head.hypothesis}`);
    }
    legend.replaceChildren(...legendOf(colouring));
  }

  if (all.some((own) => own.name === chosen)) select.value = chosen;
  select.addEventListener("change", paint);
  paint();
  const holder = make("div.scrolled", {}, table);
  new ResizeObserver(([entry]) =>
    table.classList.toggle("dense", entry.contentRect.width / overview.layers < 25),
  ).observe(holder);
  move(holder, cells);
  return make(
    "section.grid",
    { "aria-labelledby": "grid-title", style: `--columns: ${overview.layers}` },
    make("h2#grid-title", {}, "The heads"),
    make("div.controls", {}, make("label", { for: "colouring" }, "Colour by "), select, legend),
    holder,
    without.size
      ? make(
          "p.quiet.small",
          {},
          make("span.swatch.without"),
          ` no scored program (${without.size} of ${without.size + cells.size} heads)`,
        )
      : null,
    missing.length ? make("p.quiet.small", {}, `Not known of this run: ${missing.join("; ")}.`) : null,
    tip(holder, cells),
  );
}

function legendOf(colouring) {
  if (!colouring.ends) {
    return [
      make("span.quiet", {}, colouring.says),
      make(
        "ul.swatches",
        {},
        categories().map(([name, count]) =>
          make(
            "li",
            {},
            make(
              "a",
              { href: `#library?search=${encodeURIComponent(name)}` },
              make("span.swatch", { style: `background-color: ${colouring.colour(name)}` }),
              `${name} ${count}`,
            ),
          ),
        ),
      ),
    ];
  }
  const shown = colouring.ofScale ?? colouring.shown;
  const steps = d3.range(0, 1.01, 0.1).map((step) => sequential(step));
  return [
    make(
      "span.scale",
      {},
      shown(colouring.ends[0]),
      make("span.ramp", { style: `background-image: linear-gradient(to right, ${steps.join(", ")})` }),
      shown(colouring.ends[1]),
    ),
    make("span.quiet", {}, colouring.says),
  ];
}

/** Arrow keys go to the nearest cell that is a link. */
function move(holder, cells) {
  const at = new Map([...cells].map(([link, head]) => [`${head.layer} ${head.index}`, link]));
  rove(holder, [...cells.keys()], (link, right, down) => {
    let { layer, index } = cells.get(link);
    if (!Number.isFinite(right)) {
      const row = [...cells].filter(([, head]) => head.index === index).sort((a, b) => a[1].layer - b[1].layer);
      return row.at(right < 0 ? 0 : -1)[0];
    }
    while (layer >= 0 && index >= 0 && layer < overview.layers && index < overview.width) {
      layer += right;
      index += down;
      const found = at.get(`${layer} ${index}`);
      if (found) return found;
    }
    return undefined;
  });
}

/** What is known of the head under the pointer, or of the one that has the focus. */
function tip(holder, cells) {
  const box = make("div.tip", { role: "tooltip", hidden: true });
  const show = (event) => {
    const head = cells.get(event.target.closest("a"));
    if (!head) return;
    box.replaceChildren(
      make("strong", {}, head.head),
      head.category ? ` ${head.category}` : "",
      make("div", {}, head.hypothesis),
      make(
        "ul",
        {},
        lines(head).map((line) => make("li", {}, line)),
      ),
    );
    box.hidden = false;
    const cell = event.target.closest("td").getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const below = cell.bottom + 6 + height < window.innerHeight;
    box.style.left = `${Math.max(8, Math.min(cell.left, document.documentElement.clientWidth - width - 8))}px`;
    box.style.top = `${Math.max(8, below ? cell.bottom + 6 : cell.top - height - 6)}px`;
  };
  const hide = () => {
    box.hidden = true;
  };
  holder.addEventListener("pointerover", show);
  holder.addEventListener("focusin", show);
  holder.addEventListener("pointerleave", hide);
  holder.addEventListener("focusout", hide);
  window.addEventListener("scroll", hide, { passive: true });
  return box;
}
