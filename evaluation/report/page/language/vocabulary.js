// The vocabulary of programs, by name.

/**
 * The vocabulary of the overview, for finding words in it.
 * @returns {{token: Map, pair: Map, functions: Map, fitted: Map, classes: Set<string>, clusters: Set<string>,
 *   limits: object}}
 */
export function indexed(vocabulary) {
  const named = (list) => new Map(list.map((entry) => [entry.name, entry]));
  const { features, limits } = vocabulary;
  const clusters = vocabulary.clusters.map((name) => ({ name, side: "token", type: "mask", argument: null }));
  return {
    token: named([...features.filter((feature) => feature.side === "token"), ...clusters]),
    pair: named(features.filter((feature) => feature.side === "pair")),
    functions: named(vocabulary.functions),
    fitted: named(vocabulary.fitted),
    classes: new Set(vocabulary.classes),
    clusters: new Set(vocabulary.clusters),
    limits,
  };
}
