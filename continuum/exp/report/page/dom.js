"use strict";
// Elements and numbers. Data reach the document through text nodes and attributes only, never as markup.

const page = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}
const html = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** A number to some digits, with a true minus sign; a dash where there is none. */
function tidy(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  let text;
  if (Number.isInteger(value) && size < 1e6) text = String(value);
  else if (size >= 1000 && size < 1e6) text = value.toFixed(0);
  else if (size !== 0 && (size < 1e-4 || size >= 1e6)) text = value.toExponential(Math.max(digits - 2, 0));
  else text = value.toPrecision(digits);
  return text.replace(/-/g, "−");
}

const widthText = (gamma) => String(Number(gamma.toFixed(3)));
const intervalText = ({ low, high }) => (low === null ? "" : `[${tidy(low)}, ${tidy(high)}]`);

/** Shares [0, 1] of the way from a to b, and numbers to pixels on a straight line. */
const between = (a, b, share) => a + (b - a) * share;
const straight = (from, to) => (value) =>
  between(to[0], to[1], from[1] === from[0] ? 0.5 : (value - from[0]) / (from[1] - from[0]));

/** The path through points [x, y]; it breaks at null. */
function pathOf(points) {
  let pen = "M";
  return points
    .map((point) => {
      if (point === null) {
        pen = "M";
        return "";
      }
      const step = `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      pen = "L";
      return step;
    })
    .join("");
}

/** Calls draw(width) now and whenever the width of the node changes. */
function onWidth(node, draw) {
  let last = 0;
  new ResizeObserver(() => {
    const width = Math.round(node.clientWidth);
    if (width > 0 && width !== last) {
      last = width;
      draw(width);
    }
  }).observe(node);
}
