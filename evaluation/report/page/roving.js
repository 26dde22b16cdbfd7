// Many links or buttons as one stop of the tab key, among which arrow keys move.

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Make the links one stop.
 * @param {Element} container of the links.
 * @param {Element[]} links the first of which the tab key reaches at first, later the one that was there last.
 * @param {(link: Element, right: number, down: number) => Element|undefined} beside the link that lies next to one; for
 *   Home and End a step of infinite length.
 */
export function rove(container, links, beside) {
  let current = links[0];
  for (const link of links) link.setAttribute("tabindex", link === current ? "0" : "-1");
  const known = new Set(links);
  const linkOf = (target) => {
    const found = target.closest("[tabindex]");
    return known.has(found) ? found : null;
  };
  container.addEventListener("focusin", (event) => {
    const link = linkOf(event.target);
    if (!link || link === current) return;
    current.setAttribute("tabindex", "-1");
    link.setAttribute("tabindex", "0");
    current = link;
  });
  container.addEventListener("keydown", (event) => {
    const link = linkOf(event.target);
    const step = KEYS[event.key] ?? { Home: [-Infinity, 0], End: [Infinity, 0] }[event.key];
    if (!link || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    beside(link, ...step)?.focus();
  });
}
