"use strict";
// The table: means over seeds of a task, or every network of it; sorted by any column.

const MEANS =
  "geometric ones of losses; low and high: 95 % interval of the score; ∂⁻ and ∂⁺: from the left and from the right";

/** The values of a column of page.rows. */
function column(name) {
  const packed = page.rows[name];
  return packed.values ?? packed.codes.map((code) => packed.levels[code]);
}

/** Columns {label, values} of the rows shown; those that are the same in all rows are left out. */
function columnsOf(task, kind) {
  if (kind === "means") return task.means;
  const chosen = column("task")
    .map((name, n) => (name === task.name ? n : -1))
    .filter((n) => n >= 0);
  const all = Object.keys(page.rows).map((label) => ({ label, values: chosen.map((n) => column(label)[n]) }));
  const varying = all.filter(({ label, values }) => ["gamma", "seed"].includes(label) || new Set(values).size > 1);
  const first = (label) => ["gamma", "seed"].indexOf(label) + 1 || 9;
  return varying.filter(({ label }) => label !== "cardinality").sort((a, b) => first(a.label) - first(b.label));
}

function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

function makeTable(node) {
  let [columns, sorted, down, gammaNow, title] = [[], 0, false, null, ""];

  function draw() {
    const count = columns.length ? columns[0].values.length : 0;
    const order = Array.from({ length: count }, (_, n) => n);
    const values = columns[sorted].values;
    // Missing values come last either way.
    order.sort(
      (a, b) => compare(values[a], values[b]) * (down && values[a] !== null && values[b] !== null ? -1 : 1) || a - b,
    );
    const head = columns.map(({ label }, n) => {
      const button = html("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        [sorted, down] = [n, n === sorted ? !down : false];
        draw();
        node.querySelectorAll("thead button")[n].focus();
      });
      return html(
        "th",
        { scope: "col", "aria-sort": n === sorted ? (down ? "descending" : "ascending") : "none" },
        button,
      );
    });
    const rows = order.map((n) =>
      html("tr", { "data-gamma": columns[0].values[n] }, ...columns.map(({ values }, c) => cell(values[n], c))),
    );
    const caption = `${title}; sorted by ${columns[sorted].label}, ${down ? "descending" : "ascending"}`;
    node.replaceChildren(
      html(
        "table",
        {},
        html("caption", {}, html("span", {}, caption)),
        html("thead", {}, html("tr", {}, ...head)),
        html("tbody", {}, ...rows),
      ),
    );
    mark();
  }

  function cell(value, c) {
    const shown = c === 0 && typeof value === "number" ? widthText(value) : tidy(value, 4);
    return c === 0
      ? html("th", { scope: "row" }, shown)
      : html("td", { class: typeof value === "string" ? "text" : null }, shown);
  }

  /** Marks the rows of the recorded width nearest to gamma. */
  function mark() {
    const near = nearestRecorded(gammaNow);
    for (const row of node.querySelectorAll("tbody tr"))
      row.classList.toggle("here", Number(row.dataset.gamma) === near);
  }

  return {
    show(task, kind) {
      const length = columns.length;
      columns = columnsOf(task, kind);
      if (columns.length !== length) [sorted, down] = [0, false];
      title = kind === "means" ? `${task.name}: means over seeds, ${MEANS}` : `${task.name}: every network`;
      draw();
    },
    move(gamma) {
      gammaNow = gamma;
      mark();
    },
  };
}

function nearestRecorded(gamma) {
  return page.layer.recorded.reduce((best, other) => (Math.abs(other - gamma) < Math.abs(best - gamma) ? other : best));
}

/** All rows of the run as CSV, numbers as they were recorded. */
function csvOf() {
  const names = Object.keys(page.rows);
  const all = names.map(column);
  const field = (value) =>
    value === null ? "" : /[",\r\n]/.test(value) ? `"${String(value).replace(/"/g, '""')}"` : String(value);
  return (
    [names, ...all[0].map((_, n) => all.map((values) => values[n]))]
      .map((row) => row.map(field).join(","))
      .join("\r\n") + "\r\n"
  );
}
