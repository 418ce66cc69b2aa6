"use strict";
// A chart of page.tasks[].charts: {key, title, scale, threshold?, lines, sides?}. A line has label, colour (a place in
// the palette), and for every recorded gamma a mean, the ends low and high of its 95 % interval (null where there is
// none) and n.
// With sides, the derivative has a left and a right value at each integer, and its line breaks there.

const MARGIN = { left: 52, right: 10, top: 8, bottom: 26 };
const HEIGHT = 220;

/** The mean and interval of a line at gamma: recorded, or on the straight line between two recorded widths. */
function valueAt(line, gamma, scale, tiled) {
  const same = (other) => !tiled || Math.floor(other) === Math.floor(gamma);
  const place = line.gamma.findIndex((other) => other >= gamma);
  if (place < 0) return null;
  const [a, b] = [line.gamma[place - 1], line.gamma[place]];
  const pick = (n) => ({ mean: line.mean[n], low: line.low[n], high: line.high[n], n: line.n[n], recorded: true });
  if (b === gamma) return pick(place);
  if (place === 0 || !same(a) || !same(b)) return null;
  const share = (gamma - a) / (b - a);
  const mix = (values) => {
    const ends = [values[place - 1], values[place]];
    return ends.includes(null) ? null : scale.back(between(scale.to(ends[0]), scale.to(ends[1]), share));
  };
  return { mean: mix(line.mean), low: mix(line.low), high: mix(line.high), n: null, recorded: false };
}

function makeChart(spec, onPick) {
  const scale = SCALES[spec.scale](spec.threshold);
  const domain = [page.layer.positions[0], page.layer.positions.at(-1)];
  const range = extent(spec, scale);
  const keys = spec.lines.map((line) => html("span", { class: `key k${line.colour}` }, line.label, html("b")));
  const sideKeys = spec.sides
    ? ["left", "right"].map((side) =>
        html("span", { class: "key side" }, side === "left" ? "◂ left" : "▸ right", html("b")),
      )
    : [];
  const picture = html("div", { class: "picture chart" });
  const node = html(
    "figure",
    { "data-chart": spec.key },
    html("h3", { class: "chart-title" }, spec.title),
    html("p", { class: "keys" }, ...keys, ...sideKeys),
    picture,
  );
  let moving = null;
  let gammaNow = domain[0];
  let x = null;
  let y = null;

  function draw(width) {
    const inner = [MARGIN.left, width - MARGIN.right];
    x = straight(domain, inner);
    const place = range && straight(range, [HEIGHT - MARGIN.bottom, MARGIN.top]);
    y = (value) => place(scale.to(value));
    moving = svg("g");
    const clip = `clip-${spec.key}`;
    const shapes = range ? [...spec.lines.flatMap(drawLine), ...(spec.sides ? drawSides() : [])] : [];
    picture.replaceChildren(
      svg(
        "svg",
        {
          viewBox: `0 0 ${width} ${HEIGHT}`,
          height: HEIGHT,
          role: "img",
          "aria-label": `${spec.title} against the width γ`,
        },
        svg(
          "clipPath",
          { id: clip },
          svg("rect", { x: inner[0] - 4, y: 3, width: inner[1] - inner[0] + 8, height: HEIGHT - MARGIN.bottom - 3 }),
        ),
        ...integerLines(inner),
        ...valueAxis(inner),
        svg("g", { "clip-path": `url(#${clip})` }, ...shapes),
        moving,
        range ? null : svg("text", { x: width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "no finite value"),
      ),
    );
    move(gammaNow);
  }

  function integerLines(inner) {
    const whole = evenTicks(domain[0], domain[1], (inner[1] - inner[0]) / 34).filter(Number.isInteger);
    const all = Array.from(
      { length: Math.floor(domain[1]) - Math.ceil(domain[0]) + 1 },
      (_, n) => Math.ceil(domain[0]) + n,
    );
    const lines =
      all.length <= 128
        ? all.map((k) => svg("line", { class: "grid", x1: x(k), x2: x(k), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }))
        : [];
    const texts = whole.map((k) => svg("text", { x: x(k), y: HEIGHT - 9, "text-anchor": "middle" }, String(k)));
    return [
      ...lines,
      svg("line", {
        class: "axis",
        x1: inner[0],
        x2: inner[1],
        y1: HEIGHT - MARGIN.bottom,
        y2: HEIGHT - MARGIN.bottom,
      }),
      ...texts,
      svg("text", { x: inner[0] - 12, y: HEIGHT - 9, "text-anchor": "end" }, "γ"),
    ];
  }

  function valueAxis(inner) {
    if (!range) return [];
    const all = scale.ticks(scale.back(range[0]), scale.back(range[1]));
    const ticks = all.filter((tick) => tick === 0 || !all.includes(0) || Math.abs(y(tick) - y(0)) > 13);
    return ticks.flatMap((tick) => [
      tick === 0
        ? svg("line", { class: "zero", x1: inner[0], x2: inner[1], y1: y(0), y2: y(0) })
        : svg("line", { class: "axis", x1: inner[0] - 4, x2: inner[0], y1: y(tick), y2: y(tick) }),
      svg(
        "text",
        { x: inner[0] - 8, y: y(tick) + 4, "text-anchor": "end" },
        tidy(Number(tick.toPrecision(3)), String(Math.abs(tick)).replace(/^0\.?0*|\./g, "").length || 1),
      ),
    ]);
  }

  function drawLine(line) {
    const pieces = segments(line, Boolean(spec.sides));
    return pieces.flatMap((piece) => {
      const banded = piece.filter((n) => line.low[n] !== null);
      const band = [
        ...banded.map((n) => [x(line.gamma[n]), y(line.high[n])]),
        ...banded.reverse().map((n) => [x(line.gamma[n]), y(line.low[n])]),
      ];
      const points = piece.map((n) => [x(line.gamma[n]), y(line.mean[n])]);
      return [
        svg("path", { class: `f${line.colour}`, "fill-opacity": 0.18, d: band.length ? `${pathOf(band)}Z` : "" }),
        points.length > 1
          ? svg("path", { class: `line s${line.colour}`, d: pathOf(points) })
          : svg("circle", { class: `f${line.colour}`, cx: points[0][0], cy: points[0][1], r: 2.5 }),
      ];
    });
  }

  function drawSides() {
    return [
      ["left", "g", -1],
      ["right", "k", 1],
    ].flatMap(([name, colour, direction]) => {
      const side = spec.sides[name];
      return side.gamma.flatMap((k, n) => {
        if (side.mean[n] === null) return [];
        const [cx, cy] = [x(k) + 2.5 * direction, y(side.mean[n])];
        return [
          side.low[n] === null
            ? null
            : svg("line", {
                class: `s${colour}`,
                "stroke-width": 0.8,
                x1: cx,
                x2: cx,
                y1: y(side.low[n]),
                y2: y(side.high[n]),
              }),
          svg("path", { class: `f${colour}`, d: `M${cx + 2.5 * direction} ${cy}l${-5 * direction} -3.2v6.4Z` }),
        ];
      });
    });
  }

  function move(gamma) {
    gammaNow = gamma;
    const values = spec.lines.map((line) => valueAt(line, gamma, scale, Boolean(spec.sides)));
    values.forEach((value, n) => {
      keys[n].lastChild.textContent = value ? tidy(value.mean) : "";
    });
    sideKeys.forEach((key, n) => {
      const value = sideAt(spec.sides, n ? "right" : "left", gamma);
      key.lastChild.textContent = value ? tidy(value.mean) : "";
    });
    if (!moving || !range) return values;
    const dots = values.map((value, n) =>
      value && value.mean !== null
        ? svg("circle", { class: `dot f${spec.lines[n].colour}`, cx: x(gamma), cy: y(value.mean), r: 4.5 })
        : null,
    );
    moving.replaceChildren(
      svg("line", { class: "cursor", x1: x(gamma), x2: x(gamma), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }),
      ...dots.filter(Boolean),
    );
    return values;
  }

  const pick = (event) => {
    const box = picture.getBoundingClientRect();
    onPick(straight([MARGIN.left, box.width - MARGIN.right], domain)(event.clientX - box.left));
  };
  picture.addEventListener("pointerdown", pick);
  picture.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) pick(event);
  });
  onWidth(picture, draw);
  return { node, move, spec };
}

/** Places of a line that hang together: none without a mean, and none across an integer if it breaks there. */
function segments(line, tiled) {
  const pieces = [];
  let last = null;
  line.gamma.forEach((gamma, n) => {
    if (line.mean[n] === null) {
      last = null;
      return;
    }
    const tile = tiled ? Math.floor(gamma) : 0;
    if (tile !== last) pieces.push([]);
    pieces.at(-1).push(n);
    last = tile;
  });
  return pieces;
}

/** What one side of the derivative is at an integer; null elsewhere. */
function sideAt(sides, name, gamma) {
  const place = sides ? sides[name].gamma.indexOf(gamma) : -1;
  if (place < 0 || sides[name].mean[place] === null) return null;
  const side = sides[name];
  return {
    mean: side.mean[place],
    low: side.low[place],
    high: side.high[place],
    n: side.n[place],
    values: side.values[place],
  };
}
