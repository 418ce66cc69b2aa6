"use strict";
// The page of a sweep over the width. Its data (render.py embeds them as JSON):
//   title, lead, facts: [[name, value]], manifest (that of the run),
//   layer: {law, units, positions: the widths that the slider knows, recorded: those of the run, gates: see layer.js},
//   tasks: [{name, kind, finding, charts: see chart.js, means: [{label, values}]}],
//   example: {x, y, activation, units, networks: [{gamma, w, b, v, c}], note} or null,
//   rows: every row of the run by column, {values} or {levels, codes}.

const { layer, tasks, manifest } = page;
const slider = byId("width");
const state = { position: 0, task: 0, charts: [], kinks: [] };
const moveGates = makeGates(byId("gates"));
const moveFunction = hasExample() ? makeFunction(byId("function"), byId("function-caption")) : () => {};
const table = makeTable(byId("table"));
const gammaNow = () => layer.positions[state.position];

/** Goes to a position of the slider, and moves everything. */
function goTo(position) {
  state.position = Math.max(0, Math.min(layer.positions.length - 1, position));
  const gamma = gammaNow();
  slider.value = state.position;
  slider.setAttribute("aria-valuetext", `γ = ${widthText(gamma)}`);
  byId("gamma").textContent = widthText(gamma);
  moveGates(state.position);
  moveFunction(state.position);
  byId("gates-caption").textContent =
    `Gates at γ = ${widthText(gamma)}: ${gatesText(gatesAt(state.position))}.` +
    (hasExample() ? " Edges: weights of the example, dashed below 0." : "");
  state.kinks.forEach((kink) => kink.move(gamma));
  state.charts.forEach((chart) => chart.move(gamma));
  showReadout(gamma);
  table.move(gamma);
}

/** The position nearest to a width. */
function positionOf(gamma) {
  return layer.positions.reduce(
    (best, other, n) => (Math.abs(other - gamma) < Math.abs(layer.positions[best] - gamma) ? n : best),
    0,
  );
}

/** The next integer above or below; where there is none, the end. */
function toInteger(direction) {
  const gamma = gammaNow();
  const wanted = direction > 0 ? Math.floor(gamma) + 1 : Math.ceil(gamma) - 1;
  goTo(positionOf(Math.max(layer.positions[0], Math.min(layer.positions.at(-1), wanted))));
}

function showReadout(gamma) {
  const shown = state.charts.filter(({ spec }) => ["score", "loss"].includes(spec.key));
  const readings = shown.flatMap((chart) =>
    chart.spec.lines.map((line, n) => ({ chart, line, value: chart.move(gamma)[n] })),
  );
  byId("readout").replaceChildren(
    ...readings.map(({ chart, line, value }) => {
      const label = line === chart.spec.lines[0] && chart.spec.key === "score" ? chart.spec.title : line.label;
      return html(
        "div",
        { class: `m${line.colour}` },
        html("dt", {}, label),
        html(
          "dd",
          {},
          tidy(value?.mean),
          html("small", {}, value ? intervalText(value) + missingText(line, value) : ""),
        ),
      );
    }),
  );
  const recorded = layer.recorded.includes(gamma);
  const [below, above] = [layer.recorded.filter((r) => r < gamma).at(-1), layer.recorded.find((r) => r > gamma)];
  byId("between").textContent =
    (recorded
      ? "Networks of exactly this width were trained"
      : `Interpolated between the recorded widths ${widthText(below)} and ${widthText(above)}`) +
    (readings.some(({ value }) => (value?.low ?? null) !== null) ? "; [95 % interval over seeds]." : ".");
}

/** The note on the derivatives, unless there is no integer to look at. */
function showCrossing() {
  const sided = state.charts.some(({ spec }) => spec.sides);
  const instead = layer.law === "interval" ? "no-integer" : "smooth";
  for (const id of ["crossing", "no-integer", "smooth"]) byId(id).hidden = id !== (sided ? "crossing" : instead);
}

/** Says so where some networks have no finite value. */
function missingText(line, value) {
  const all = Math.max(...line.n);
  return value.n !== null && value.n < all ? `, ${value.n} of ${all} networks` : "";
}

/** Shows a task: its charts are built anew. */
function showTask(number) {
  state.task = number;
  const task = tasks[number];
  state.charts = task.charts.map((spec) => makeChart(spec, (gamma) => goTo(positionOf(gamma))));
  state.kinks = task.charts.filter(({ sides }) => sides).map(makeKink);
  const of = (...keys) => state.charts.filter(({ spec }) => keys.includes(spec.key)).map(({ node }) => node);
  byId("curves").replaceChildren(...of("score", "loss"));
  byId("derivatives").replaceChildren(...of("dtrain", "dval"));
  byId("speed").replaceChildren(...of("auc", "steps"));
  byId("kinks").replaceChildren(...state.kinks.map(({ node }) => node));
  showCrossing();
  byId("finding").textContent = `${task.name} (${task.kind}). ${task.finding}`;
  table.move(gammaNow());
  table.show(task, new FormData(byId("choices")).get("rows"));
  goTo(state.position);
}

/** Says where the slider came to rest, and keeps it in the address. */
function settle() {
  const values = [...byId("readout").children].map(
    (item) => `${item.querySelector("dt").textContent} ${item.querySelector("dd").firstChild.textContent}`,
  );
  byId("said").textContent =
    `γ = ${widthText(gammaNow())}: ${gatesText(gatesAt(state.position))}. ${values.join(", ")}.`;
  history.replaceState(null, "", `#${new URLSearchParams({ task: tasks[state.task].name, gamma: gammaNow() })}`);
}

function start() {
  showHead();
  showManifest();
  slider.max = layer.positions.length - 1;
  const hash = new URLSearchParams(location.hash.slice(1));
  const known = tasks.findIndex(({ name }) => name === hash.get("task"));
  const wanted = Number(hash.get("gamma")) || Math.min(2.25, between(layer.positions[0], layer.positions.at(-1), 0.5));
  state.position = positionOf(wanted);
  byId("tasks").append(
    ...tasks.map(({ name }, n) =>
      html("label", {}, html("input", { type: "radio", name: "task", value: n }), html("span", {}, name)),
    ),
  );
  // Where none is asked for, the last: people list tasks from easy to hard.
  const first = known < 0 ? tasks.length - 1 : known;
  byId("tasks").querySelectorAll("input")[first].checked = true;
  const stop = makePlay();
  slider.addEventListener("input", () => {
    stop();
    goTo(Number(slider.value));
  });
  slider.addEventListener("change", settle);
  slider.addEventListener("keydown", (event) => {
    const direction = { PageUp: 1, PageDown: -1 }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    stop();
    toInteger(direction);
    settle();
  });
  for (const [id, direction] of [
    ["down", -1],
    ["up", 1],
  ])
    byId(id).addEventListener("click", () => {
      stop();
      toInteger(direction);
      settle();
    });
  byId("tasks").addEventListener("change", (event) => {
    showTask(Number(event.target.value));
    settle();
  });
  byId("choices").addEventListener("change", (event) => table.show(tasks[state.task], event.target.value));
  byId("csv").addEventListener("click", () => {
    const link = html("a", {
      href: URL.createObjectURL(new Blob([csvOf()], { type: "text/csv" })),
      download: `${manifest.experiment}.csv`,
    });
    link.click();
    URL.revokeObjectURL(link.href);
  });
  onWidth(byId("ticks").parentNode, drawTicks);
  showTask(first);
}

start();
