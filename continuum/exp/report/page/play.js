"use strict";
// The scale under the slider, and what the button Play does.

function drawTicks(width) {
  const place = (k) => between(11, width - 11, positionOf(k) / Math.max(layer.positions.length - 1, 1));
  const [low, high] = [layer.positions[0], layer.positions.at(-1)];
  const room = 8 * widthText(Math.floor(high)).length + 6;
  const labels = new Set(evenTicks(low, high, width / room).filter(Number.isInteger));
  const all = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, n) => Math.ceil(low) + n);
  const shown = all.length <= 64 ? all : [...labels];
  byId("ticks").replaceChildren(
    ...shown.flatMap((k) => {
      const line = svg("line", { class: "axis", x1: place(k), x2: place(k), y1: 0, y2: 4 });
      return labels.has(k) ? [line, svg("text", { x: place(k), y: 15, "text-anchor": "middle" }, String(k))] : [line];
    }),
  );
}

/** Lets gamma run to the end, with a rest on every integer. */
function makePlay() {
  let [running, last, rest] = [false, 0, 0];
  const button = byId("play");
  const stop = () => {
    if (!running) return;
    running = false;
    button.textContent = "Play";
    button.setAttribute("aria-pressed", "false");
    settle();
  };
  const tick = (time) => {
    if (!running) return;
    if (time - last >= 22 && time > rest) {
      last = time;
      goTo(state.position + 1);
      if (Number.isInteger(gammaNow())) rest = time + 700;
      if (state.position === layer.positions.length - 1) return stop();
    }
    requestAnimationFrame(tick);
  };
  button.addEventListener("click", () => {
    if (running) return stop();
    running = true;
    button.textContent = "Pause";
    button.setAttribute("aria-pressed", "true");
    if (state.position === layer.positions.length - 1) goTo(0);
    requestAnimationFrame(tick);
  });
  return stop;
}
