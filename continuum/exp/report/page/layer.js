"use strict";
// The layer at gamma: page.layer has for every position of the slider the gates of all units, as the law has them;
// page.example has small networks of one input, sum_i gate_i v_i phi(w_i x + b_i) + c, which the page computes itself.

/** Gates of all units at a position: [number of leading ones, the others without the trailing zeros]. */
function gatesAt(position) {
  const [whole, ...rest] = page.layer.gates[position];
  return Array.from({ length: page.layer.units }, (_, unit) => (unit < whole ? 1 : (rest[unit - whole] ?? 0)));
}

const ACTIVATIONS = {
  tanh: Math.tanh,
  relu: (z) => Math.max(z, 0),
  gelu: (z) => (z * (1 + errorFunction(z / Math.SQRT2))) / 2,
};

/** Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.1.26: to 1.5e-7. */
function errorFunction(z) {
  const t = 1 / (1 + 0.3275911 * Math.abs(z));
  const sum = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce(
    (total, a) => (total + a) * t,
    0,
  );
  return Math.sign(z) * (1 - sum * Math.exp(-z * z));
}

/** What each unit of an example network adds to the output at x, before its gate. */
function contributions(network, x) {
  const phi = ACTIVATIONS[page.example.activation];
  return network.w.map((w, unit) => network.v[unit] * phi(w * x + network.b[unit]));
}

/** What an example network predicts at x under these gates. */
function predict(network, gates, x) {
  return contributions(network, x).reduce((total, added, unit) => total + gates[unit] * added, network.c);
}

/** The example network that was trained nearest to gamma. */
function nearestNetwork(gamma) {
  return page.example.networks.reduce((best, network) =>
    Math.abs(network.gamma - gamma) < Math.abs(best.gamma - gamma) ? network : best,
  );
}

const hasExample = () => Boolean(page.example && page.example.networks.length);

/** Bars of the gates, and above them the network whose units they open. */
function makeGates(node) {
  const [top, bar, foot] = [150, 96, 22];
  let width = 0;
  let position = 0;

  function draw() {
    if (!width) return;
    const gates = gatesAt(position);
    const step = (width - 34) / gates.length;
    const at = (unit) => 30 + step * (unit + 0.5);
    const network = hasExample() ? nearestNetwork(page.layer.positions[position]) : null;
    const height = (network ? top : 14) + bar + foot;
    node.replaceChildren(
      svg(
        "svg",
        { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": gatesText(gates) },
        ...(network ? drawNetwork(gates, network, at, step) : []),
        ...drawBars(gates, at, step, height - foot),
      ),
    );
  }

  function drawNetwork(gates, network, at, step) {
    const [input, output, row] = [[width / 2 + 15, top - 14], [width / 2 + 15, 14], 74];
    const radius = Math.min(10, Math.max(0.36 * step, 1.5));
    const most = (values) => Math.max(...values.map(Math.abs), 1e-9);
    const [inward, outward] = [most(network.w), most(network.v)];
    const edge = (from, to, weight, gate) =>
      svg("line", {
        class: "sk",
        "stroke-dasharray": weight < 0 ? "5 4" : null,
        x1: from[0],
        y1: from[1],
        x2: to[0],
        y2: to[1],
        "stroke-width": (0.4 + 2.2 * Math.abs(weight)).toFixed(2),
        "stroke-opacity": (0.65 * gate).toFixed(3),
      });
    const edges = network.w.flatMap((w, unit) =>
      gates[unit] > 0
        ? [
            edge(input, [at(unit), row], w / inward, gates[unit]),
            edge([at(unit), row], output, network.v[unit] / outward, gates[unit]),
          ]
        : [],
    );
    const units = gates.flatMap((gate, unit) => [
      svg("circle", { class: "paper", cx: at(unit), cy: row, r: radius }),
      svg("circle", {
        class: `unit ${gate < 1 ? "f1" : "f0"}`,
        "data-unit": unit,
        cx: at(unit),
        cy: row,
        r: radius,
        "fill-opacity": gate,
      }),
    ]);
    const end = ([x, y], text) => [
      svg("circle", { class: "fk", cx: x, cy: y, r: 5 }),
      svg("text", { x: x + 10, y: y + 4 }, text),
    ];
    return [...edges, ...units, ...end(input, "x"), ...end(output, "f(x)")];
  }

  function drawBars(gates, at, step, base) {
    const wide = Math.max(Math.min(0.72 * step, 34), 1);
    const every = Math.ceil((8 * String(gates.length).length + 4) / step);
    const axis = [0, 1].map((value) =>
      svg("text", { x: 18, y: base - value * bar + 4, "text-anchor": "end" }, String(value)),
    );
    return [
      ...axis,
      ...gates.flatMap((gate, unit) => [
        step < 5
          ? null
          : svg("rect", { class: "cell", x: at(unit) - wide / 2, y: base - bar, width: wide, height: bar }),
        svg("rect", {
          class: gate < 1 ? "gate f1" : "gate f0",
          "data-gate": gate,
          x: at(unit) - wide / 2,
          y: base - bar * gate,
          width: wide,
          height: bar * gate,
        }),
        (unit + 1) % every === 0 || every === 1
          ? svg("text", { x: at(unit), y: base + 15, "text-anchor": "middle" }, String(unit + 1))
          : null,
      ]),
    ];
  }

  onWidth(node, (newWidth) => {
    width = newWidth;
    draw();
  });
  return (newPosition) => {
    position = newPosition;
    draw();
  };
}

function gatesText(gates) {
  const [whole, off] = [gates.filter((gate) => gate === 1).length, gates.filter((gate) => gate === 0).length];
  const partial = gates.map((gate, unit) => [gate, unit + 1]).filter(([gate]) => gate > 0 && gate < 1);
  const listed =
    partial.length > 4
      ? `${partial.length} units are partly on`
      : partial.map(([gate, unit]) => `unit ${unit} at ${tidy(gate, 3)}`).join(", ");
  return [whole ? `${whole} whole` : null, listed || null, off ? `${off} off` : null].filter(Boolean).join("; ");
}

/** The function of the example: network trained nearest to gamma, and the widest one cut to gamma. */
function makeFunction(node, caption) {
  const height = 268;
  const [low, high] = [Math.min(...page.example.x), Math.max(...page.example.x)];
  const grid = Array.from({ length: 121 }, (_, n) => between(low, high, n / 120));
  const spread = Math.max(...page.example.y.map(Math.abs)) * 1.25;
  const widest = page.example.networks.at(-1);
  let width = 0;
  let position = 0;

  function draw() {
    if (!width) return;
    const [gamma, gates] = [page.layer.positions[position], gatesAt(position)];
    const network = nearestNetwork(gamma);
    const [x, y] = [straight([low, high], [8, width - 8]), straight([-spread, spread], [height - 8, 8])];
    const through = (values) => pathOf(grid.map((at, n) => [x(at), y(values(at, n))]));
    const added = grid.map((at) => contributions(network, at));
    const units = network.w
      .map((_, unit) =>
        gates[unit] > 0
          ? svg("path", {
              class: `line part ${gates[unit] < 1 ? "s1" : "sg"}`,
              "stroke-opacity": (0.2 + 0.4 * gates[unit]).toFixed(3),
              d: through((_, n) => gates[unit] * added[n][unit]),
            })
          : null,
      )
      .filter(Boolean);
    node.replaceChildren(
      svg(
        "svg",
        {
          viewBox: `0 0 ${width} ${height}`,
          height,
          role: "img",
          "aria-label": `The function of the example at γ = ${widthText(gamma)}`,
        },
        svg("clipPath", { id: "clip-function" }, svg("rect", { x: 0, y: 0, width, height })),
        svg("line", { class: "grid", x1: 0, x2: width, y1: y(0), y2: y(0) }),
        svg("text", { x: width - 4, y: y(0) - 6, "text-anchor": "end" }, "x"),
        svg("text", { x: 0, y: 12 }, "f(x)"),
        svg(
          "g",
          { "clip-path": "url(#clip-function)" },
          ...units,
          ...page.example.x.map((at, n) =>
            svg("circle", { class: "point", cx: x(at).toFixed(1), cy: y(page.example.y[n]).toFixed(1), r: 2.2 }),
          ),
          svg("path", { class: "line s3", "stroke-dasharray": "5 4", d: through((at) => predict(widest, gates, at)) }),
          svg("path", { class: "line s0 whole", id: "predicted", d: through((at) => predict(network, gates, at)) }),
        ),
      ),
    );
    caption.replaceChildren(
      html("span", { class: "key k0" }, `weights trained at γ = ${widthText(network.gamma)}`),
      " ",
      html("span", { class: "key k3 dashed" }, `weights trained at ${widthText(widest.gamma)}, cut to γ`),
      " ",
      html("span", { class: "key kg" }, "what each unit adds"),
      html("br"),
      page.example.note,
    );
  }

  onWidth(node, (newWidth) => {
    width = newWidth;
    draw();
  });
  return (newPosition) => {
    position = newPosition;
    draw();
  };
}
