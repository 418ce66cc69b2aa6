"use strict";
// Both one-sided derivatives at the integer nearest to gamma: as slopes into and out of it, and for every network.

function makeKink(spec) {
  const scale = SCALES.symlog(spec.threshold);
  const sides = [
    ["left", "from the left", "g"],
    ["right", "from the right", "k"],
  ].map(([name, label, colour]) => ({ name, label, colour }));
  const values = sides.flatMap(({ name }) => spec.sides[name].values.flat()).filter((v) => v !== null);
  const most = Math.max(...values.map((v) => Math.abs(scale.to(v))), 1e-9);
  const title = html("h3", { class: "chart-title" });
  const picture = html("div", { class: "picture" });
  const caption = html("figcaption");
  const node = html("figure", { "data-kink": spec.key }, title, picture, caption);
  const [rays, rows, foot] = [132, 52, 26];
  let width = 0;
  let shown = spec.sides.left.gamma[0];

  function draw() {
    if (!width) return;
    const height = rays + rows + foot;
    const sidesShown = sides.map((side) => ({
      ...side,
      ...(sideAt(spec.sides, side.name, shown) ?? { mean: null, low: null, high: null, values: [] }),
    }));
    picture.replaceChildren(
      svg(
        "svg",
        { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": kinkText(spec, shown) },
        svg("line", { class: "axis", x1: width / 2, x2: width / 2, y1: 4, y2: rays - 6 }),
        ...sidesShown.flatMap((side, n) => ray(side, n ? 1 : -1)),
        svg("circle", { class: "fk", cx: width / 2, cy: rays / 2, r: 4 }),
        ...strip(sidesShown),
      ),
    );
    title.textContent = `The ${spec.of} at k = ${shown}`;
    caption.textContent = `${kinkText(spec, shown)}.`;
  }

  /** A slope, its interval as a fan, and an arrow in the direction of growing gamma. */
  function ray(side, direction) {
    if (side.mean === null) return [];
    // On an ellipse, so that steep slopes stay in the picture.
    const angleOf = (value) => (Math.max(-most, Math.min(most, scale.to(value))) / most) * 0.42 * Math.PI;
    const end = (angle) => [
      width / 2 + direction * Math.min(0.4 * width, 180) * Math.cos(angle),
      rays / 2 - direction * (rays / 2 - 8) * Math.sin(angle),
    ];
    const [tip, middle] = [end(angleOf(side.mean)), [width / 2, rays / 2]];
    const fan =
      side.low === null
        ? null
        : Array.from({ length: 25 }, (_, n) => end(between(angleOf(side.low), angleOf(side.high), n / 24)));
    const [from, to] = direction < 0 ? [tip, middle] : [middle, tip];
    const turn = (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
    const head = direction < 0 ? [between(from[0], to[0], 0.55), between(from[1], to[1], 0.55)] : to;
    return [
      fan && svg("path", { class: `f${side.colour}`, "fill-opacity": 0.13, d: `${pathOf([middle, ...fan])}Z` }),
      svg("line", { class: `s${side.colour}`, "stroke-width": 2.2, x1: from[0], y1: from[1], x2: to[0], y2: to[1] }),
      svg("path", {
        class: `f${side.colour}`,
        d: "M4 0L-7 -5V5Z",
        transform: `translate(${head[0].toFixed(1)} ${head[1].toFixed(1)}) rotate(${turn.toFixed(1)})`,
      }),
    ].filter(Boolean);
  }

  /** One dot per network on an axis of derivatives, one row per side. */
  function strip(sidesShown) {
    const x = (value) => straight([-most * 1.05, most * 1.05], [98, width - 8])(scale.to(value));
    const ticks = symmetricTicks(scale.back(-most), scale.back(most), spec.threshold);
    const clear = (tick, n, all) =>
      all.every((other, m) => m === n || Math.abs(x(other) - x(tick)) > 44) ||
      tick === 0 ||
      Math.abs(tick) === Math.max(...all);
    const foot = rays + rows + 20;
    return [
      ...ticks.map((tick) =>
        svg("line", { class: tick === 0 ? "zero" : "grid", x1: x(tick), x2: x(tick), y1: rays, y2: foot - 16 }),
      ),
      ...ticks
        .filter(clear)
        .map((tick) => svg("text", { x: x(tick), y: foot - 2, "text-anchor": "middle" }, tidy(tick, 1))),
      ...sidesShown.flatMap((side, n) => {
        const y = rays + 14 + 26 * n;
        return [
          svg("text", { x: 0, y: y + 4, class: n ? "strong" : "" }, side.label),
          ...side.values
            .filter((v) => v !== null)
            .map((v) =>
              svg("circle", { class: `f${side.colour}`, "fill-opacity": 0.4, cx: x(v).toFixed(1), cy: y, r: 3.4 }),
            ),
          side.mean === null
            ? null
            : svg("path", {
                class: `s${side.colour}`,
                "stroke-width": 2.4,
                d: `M${x(side.mean).toFixed(1)} ${y - 9}v18`,
              }),
        ].filter(Boolean);
      }),
    ];
  }

  onWidth(picture, (newWidth) => {
    width = newWidth;
    draw();
  });
  return {
    node,
    move(gamma) {
      shown = nearestInteger(spec.sides, gamma);
      draw();
    },
  };
}

/** The recorded integer nearest to gamma. */
function nearestInteger(sides, gamma) {
  return sides.left.gamma.reduce((best, k) => (Math.abs(k - gamma) < Math.abs(best - gamma) ? k : best));
}

function kinkText(spec, k) {
  const said = ["left", "right"].map((name) => {
    const side = sideAt(spec.sides, name, k);
    if (!side) return `nothing finite from the ${name}`;
    const known = side.values.filter((v) => v !== null);
    const negative = known.filter((v) => v < 0).length;
    const numbers = [tidy(side.mean), intervalText(side)].filter(Boolean).join(" ");
    return `from the ${name} ${numbers}, negative in ${negative} of ${known.length}`;
  });
  return said.join("; ");
}
