// Every colour that stands for something, so that all views agree. Scales are safe for the colour-blind.

const root = document.documentElement;

/** Whether the page is dark: as the system is, or as the reader turned it. */
export const isDark = () => root.dataset.theme === "dark";

/** Make the page dark or light. */
export const turnDark = (dark) => {
  root.dataset.theme = dark ? "dark" : "light";
};

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => turnDark(event.matches));

// Paper is light.
let wasDark = false;
window.addEventListener("beforeprint", () => {
  wasDark = isDark();
  turnDark(false);
});
window.addEventListener("afterprint", () => turnDark(wasDark));

/** Calls back when the page turns light or dark. */
export const onThemeChange = (callback) =>
  new MutationObserver(callback).observe(root, { attributeFilter: ["data-theme"] });

// Okabe and Ito's colours, and four more that stay apart from them; the last is of what is of no clear kind.
const CATEGORIES = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#e69f00",
  "#cc79a7",
  "#56b4e9",
  "#f0e442",
  "#8c5a2b",
  "#7b4fa3",
  "#a5b53a",
  "#882255",
  "#8a8f98",
];

/** The colour of a category, by its place among all there are; null and what is out of range is grey. */
export const categorical = (place) => CATEGORIES[place] ?? "#9a9a9a";

/** A share or an IoU, 0 to 1. */
export const sequential = (value) => d3.interpolateViridis(value);

/** What stands for [red, green, blue], for styles and for d3, which knows no form without commas. */
export const css = (colour) => `rgb(${colour.join(", ")})`;

/** The text that stands out most on a colour. */
export const ink = (colour) => (d3.lab(colour).l > 50 ? "#111" : "#fff");

/** An attention weight, 0 to 1, as [red, green, blue]: paper where there is none. Small weights are told apart. */
export function weight(value) {
  const shade = Math.sqrt(Math.max(0, Math.min(1, value)));
  const [from, to] = isDark()
    ? [
        [24, 26, 30],
        [140, 200, 255],
      ]
    : [
        [255, 255, 255],
        [8, 64, 129],
      ];
  return from.map((start, place) => Math.round(start + (to[place] - start) * shade));
}

/** The two sides of whatever has a sign: more, or what raises a score; and less, or what lowers it. */
export const MORE = "#0072b2";
export const LESS = "#d55e00";

/** What has a sign, -1 to 1, between the two, as [red, green, blue]: paper at 0. */
export function signed(value) {
  const shade = Math.sqrt(Math.min(1, Math.abs(value)));
  const paper = isDark() ? [24, 26, 30] : [255, 255, 255];
  const { r, g, b } = d3.rgb(value > 0 ? MORE : LESS).brighter(isDark() ? 0.6 : 0);
  return paper.map((start, place) => Math.round(start + ([r, g, b][place] - start) * shade));
}

/** What a chart draws, by its name: programs, what they are compared with, and orders of heads. */
export const SERIES = {
  program: "#2a86c8",
  ceiling: "currentColor",
  previous: "#d55e00",
  first: "#d99000",
  uniform: "#8a8f98",
  zero: "currentColor",
  control: "#a86fc9",
  iou: "#2a86c8",
  effect: "#d55e00",
  greedy: "#009e73",
  random: "#8a8f98",
};
