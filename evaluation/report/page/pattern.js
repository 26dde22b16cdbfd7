// Attention patterns: n × n weights, row by row; each row is a query's, and 0 where it sees nothing.

const LOWEST = Math.fround(-1e30);
const TINY = 1e-12;

/** Cells that queries see, 0 and 1. `window`: how many tokens a head sees, the query's own included; null is all. */
export function visible(n, causal, window) {
  const found = new Uint8Array(n * n);
  for (let i = 0, cell = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1, cell += 1) {
      found[cell] = Number((!causal || j <= i) && (window === null || Math.abs(i - j) < window));
    }
  }
  return found;
}

/**
 * The pattern of scores: a softmax over the visible cells of each row; uniform over them where no score is finite.
 * @throws {RangeError} a visible score is not a number.
 */
export function softmax(scores, visible, n) {
  const found = new Float32Array(n * n);
  for (let i = 0; i < n; i += 1) {
    const [from, to] = [i * n, (i + 1) * n];
    let top = -Infinity;
    for (let cell = from; cell < to; cell += 1) {
      if (!visible[cell]) continue;
      if (!(scores[cell] < Infinity)) throw new RangeError("a score in a visible cell is not a number");
      top = Math.max(top, scores[cell], LOWEST);
    }
    let total = 0;
    for (let cell = from; cell < to; cell += 1) {
      if (visible[cell]) total += found[cell] = Math.exp(Math.max(scores[cell], LOWEST) - top);
    }
    for (let cell = from; cell < to; cell += 1) if (total) found[cell] /= total;
  }
  return found;
}

/**
 * A pattern as it travels: of each visible cell round(sqrt(weight) * levels).
 * @param {Uint8Array} shares
 * @param {Uint8Array} visible
 * @param {Float32Array|null} mass what each row sums to; null where all sum to one.
 */
export function decode(shares, visible, n, mass, levels) {
  const found = new Float32Array(n * n);
  for (let i = 0, at = 0; i < n; i += 1) {
    const [from, to] = [i * n, (i + 1) * n];
    let total = 0;
    for (let cell = from; cell < to; cell += 1) if (visible[cell]) total += found[cell] = (shares[at++] / levels) ** 2;
    const scale = total && (mass ? mass[i] : 1) / total;
    for (let cell = from; cell < to; cell += 1) found[cell] *= scale;
  }
  return found;
}

/** Sum of the smaller over sum of the larger of each cell; 1 is equal. */
export function iou(pattern, target) {
  let [smaller, larger] = [0, 0];
  for (let cell = 0; cell < pattern.length; cell += 1) {
    smaller += Math.min(pattern[cell], target[cell]);
    larger += Math.max(pattern[cell], target[cell]);
  }
  return smaller / Math.max(larger, TINY);
}

/** Of the target's rows under the pattern's, nats, mean over rows in which there is anything. */
export function crossEntropy(pattern, target, n) {
  let [sum, rows] = [0, 0];
  for (let i = 0; i < n; i += 1) {
    let seen = false;
    for (let cell = i * n; cell < (i + 1) * n; cell += 1) {
      seen ||= pattern[cell] > 0 || target[cell] > 0;
      if (target[cell]) sum -= target[cell] * Math.log(Math.max(pattern[cell], TINY));
    }
    rows += Number(seen);
  }
  return sum / Math.max(rows, 1);
}
