"use strict";
// What does not move: the head, the notes and the manifest.

function showHead() {
  byId("eyebrow").textContent = `${manifest.experiment} · ${manifest.finished ?? ""}`
    .replace("T", " ")
    .replace("+00:00", " UTC");
  byId("facts").replaceChildren(
    ...page.facts.map(([name, value]) => html("div", {}, html("dt", {}, name), html("dd", {}, value))),
  );
  if (layer.law !== "interval") byId("law").textContent = `The gates of the law “${layer.law}” at γ.`;
  byId("rate").textContent = manifest.configuration.lr;
  byId("example").hidden = !hasExample();
}

/** An entry of the manifest in words; of a long list its length. */
function inWords(value) {
  if (Array.isArray(value) && value.length > 12) return `${value.length} values`;
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

const pairs = (object) =>
  Object.entries(object ?? {})
    .map(([name, value]) => `${name} ${inWords(value)}`)
    .join(", ");

function commitText([name, at]) {
  return at ? `${name} ${at.commit}${at.dirty ? " (with changes)" : ""}` : `${name} not under version control`;
}

function showManifest() {
  const entries = [
    ["command", html("code", {}, manifest.command)],
    ["started", manifest.started],
    ["finished", manifest.finished],
    ["configuration", pairs(manifest.configuration)],
    ["seeds", JSON.stringify(manifest.seeds)],
    ...Object.entries(manifest.source ?? {}).map((source) => ["commit", commitText(source)]),
    ["versions", pairs(manifest.versions)],
    ["machine", pairs(manifest.machine)],
    ["data (SHA-256)", (manifest.data ?? []).map(pairs).join("; ")],
  ];
  byId("manifest").replaceChildren(
    ...entries.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value ?? "–")]),
  );
  byId("whole").textContent = JSON.stringify(manifest, null, 1);
}
