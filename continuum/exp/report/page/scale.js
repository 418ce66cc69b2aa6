"use strict";
// Axes: a scale has to(value), back(position) and ticks(low, high).

const SCALES = {
  linear: () => ({ to: (v) => v, back: (t) => t, ticks: evenTicks }),
  log: () => ({ to: (v) => Math.log10(v), back: (t) => 10 ** t, ticks: logTicks }),
  /** Linear near 0, logarithmic beyond the threshold on either side. */
  symlog: (threshold) => ({
    to: (v) => Math.asinh(v / threshold),
    back: (t) => threshold * Math.sinh(t),
    ticks: (low, high) => symmetricTicks(low, high, threshold),
  }),
};

function evenTicks(low, high, wanted = 5) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}

function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = last - first > 3 ? [1] : last - first > 2 ? [1, 3] : [1, 2, 5];
  const stride = Math.ceil((last - first) / 7);
  const ticks = [];
  for (let power = first; power <= last; power += stride)
    for (const factor of factors) ticks.push(factor * 10 ** power);
  const inRange = ticks.filter((tick) => tick >= low && tick <= high).map((tick) => Number(tick.toPrecision(12)));
  return inRange.length > 1 ? inRange : evenTicks(low, high, 3);
}

function symmetricTicks(low, high, threshold) {
  const ticks = [0];
  for (let size = threshold; size <= Math.max(-low, high); size *= 10) ticks.push(-size, size);
  const inRange = ticks.filter((tick) => tick >= low && tick <= high).map((tick) => Number(tick.toPrecision(6)));
  return inRange.length > 7
    ? inRange.filter((tick) => Math.round(Math.log10(Math.abs(tick) / threshold)) % 2 === 0 || tick === 0)
    : inRange;
}

/** Least and largest of the means on the scale, with room for the intervals, but not for those that dwarf the means. */
function extent(spec, scale) {
  const lines = [...spec.lines, ...(spec.sides ? Object.values(spec.sides) : [])];
  const on = (name) =>
    lines
      .flatMap((line) => line[name])
      .filter((v) => v !== null)
      .map(scale.to)
      .filter(Number.isFinite);
  const means = on("mean");
  if (!means.length) return null;
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const room = Math.max(0.6 * (most - least), 1e-9);
  const low = Math.max(Math.min(...on("low"), least), least - room);
  const high = Math.min(Math.max(...on("high"), most), most + room);
  const margin = 0.04 * (high - low) || 0.5 * Math.abs(high) || 0.5;
  return [low - margin, high + margin];
}
