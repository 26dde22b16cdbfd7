// Making elements. Text is always text: nothing that comes from a run is ever read as markup.

/**
 * An element.
 * @param {string} kind such as "td", "button.quiet" or "p#note.small".
 * @param {object} [attributes] properties that the element knows (onclick, hidden, tabIndex, …), else attributes; null
 *   and undefined are left out.
 * @param {...(Node|string|number|null|undefined|Array)} children null and undefined are left out.
 */
export function make(kind, attributes = {}, ...children) {
  const [, name, id, classes] = /^([\w-]+)(?:#([\w-]+))?((?:\.[\w-]+)*)$/.exec(kind);
  const element = document.createElement(name);
  if (id) element.id = id;
  if (classes) element.className = classes.slice(1).replaceAll(".", " ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** A table. @param {Array<string|{name: string, figure?: boolean, title?: string}>} columns @param {Array<Array>} rows */
export function table(columns, rows, attributes = {}) {
  const figure = columns.map((column) => column.figure);
  const cell = (kind, content, place) => make(figure[place] ? `${kind}.figure` : kind, {}, content);
  return make(
    "table",
    attributes,
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        columns.map((column, place) => {
          const th = cell("th", column.name ?? column, place);
          th.scope = "col";
          if (column.title) th.title = column.title;
          return th;
        }),
      ),
    ),
    make(
      "tbody",
      {},
      rows.map((row) =>
        make(
          "tr",
          {},
          row.map((content, place) => cell("td", content, place)),
        ),
      ),
    ),
  );
}

/** A share or an IoU to three digits. */
export const three = (value) => (value === null || value === undefined ? "" : value.toFixed(3));

/** A value with its interval: 0.614 (0.602–0.625). */
export const within = (value, low, high) => `${three(value)} (${three(low)}–${three(high)})`;

/** A relative increase: +12.3 %. */
export function percent(value, digits = 1) {
  const shown = (100 * value).toFixed(digits);
  return `${Number(shown) >= 0 ? "+" : "−"}${Math.abs(Number(shown)).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })} %`;
}
