// What the address names: #, #library?search=…, #L3H7, #L3H7/2, #L3H7/2/text=5.

/**
 * @param {string} place the address behind "#", decoded.
 * @returns {{name: string, head?: string, rank?: number|null, text?: string|null}} name: of the view's module; rank: of
 *   a program, from 1; text: the number of a text.
 */
export function parsePlace(place) {
  const found = /^(L\d+H\d+)(?:\/(\d+))?(?:\/text=(\d+))?$/.exec(place);
  if (found) {
    const [, head, rank, text] = found;
    return { name: "head", head, rank: rank ? Number(rank) : null, text: text ?? null };
  }
  return { name: place.startsWith("library") ? "library" : "overview" };
}

/** The address of a head's program on a text. */
export const placeOf = (head, rank, text) => `#${head}/${rank}/text=${text}`;
