"use strict";
// Line charts in SVG, with the values under the pointer.

const svgElement = (name, attributes = {}, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};

const htmlElement = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

// Colours that people with the common kinds of colour blindness tell apart (Okabe and Ito).
const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#777777"];

// Nine colours of matplotlib's viridis, which is in the public domain.
const VIRIDIS = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];

/** The colour of a value in 0 … 1, as [r, g, b]. */
const viridis = (value) => {
  const place = Math.min(Math.max(value, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
  return VIRIDIS[low].map((c, i) => Math.round(c + (VIRIDIS[low + 1][i] - c) * (place - low)));
};
const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

/** Numbers with four significant digits, large and tiny ones with an exponent. */
const shown = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
};

/** Round numbers as a scale shows them: with as many digits as tell each from the next. */
const tickLabels = (values) => {
  const step = Math.abs((values[1] ?? values[0]) - values[0]) || 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const tiny = step < 1e-3 && values.every((v) => Math.abs(v) < 100 * step);
  return values.map((v) => (v === 0 ? "0" : tiny || Math.abs(v) >= 1e5 ? v.toExponential(1) : v.toFixed(digits)));
};

/** About `count` round numbers from low to high. */
const ticks = (low, high, count) => {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const found = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-9; v += step) found.push(Number(v.toPrecision(12)));
  return found;
};

/**
 * A chart of series {name, color, dash, points: [[x, y], …]}; `yardstick` {name, value} is a line across.
 * The reading under the pointer is in an element of class `tip`, a line a series.
 */
const lineChart = ({ title, x, series, yardstick }) => {
  const [width, height, right, top, bottom] = [520, 280, 10, 8, 34];
  const kept = series
    .map((s) => ({ ...s, points: s.points.filter(([, v]) => typeof v === "number" && Number.isFinite(v)) }))
    .filter((s) => s.points.length > 0);
  const box = htmlElement("div", { class: "chart" }, htmlElement("h3", {}, title));
  if (kept.length === 0) return null;
  const all = kept.flatMap((s) => s.points);
  const values = all.map((p) => p[1]).concat(yardstick ? [yardstick.value] : []);
  let [xLow, xHigh] = [Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]))];
  let [yLow, yHigh] = [Math.min(...values), Math.max(...values)];
  if (xLow === xHigh) [xLow, xHigh] = [xLow - 0.5, xHigh + 0.5];
  const margin = (yHigh - yLow) * 0.06 || Math.abs(yHigh) * 0.1 || 0.5;
  [yLow, yHigh] = [yLow - margin, yHigh + margin];
  const [rows, columns] = [ticks(yLow, yHigh, 5), ticks(xLow, xHigh, 7)];
  const [rowLabels, columnLabels] = [tickLabels(rows), tickLabels(columns)];
  const left = Math.max(52, 14 + 8 * Math.max(...rowLabels.map((label) => label.length)));
  const px = (v) => left + ((v - xLow) / (xHigh - xLow)) * (width - left - right);
  const py = (v) => height - bottom - ((v - yLow) / (yHigh - yLow)) * (height - top - bottom);

  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  for (const [i, v] of rows.entries()) {
    svg.append(svgElement("line", { class: "grid", x1: left, x2: width - right, y1: py(v), y2: py(v) }));
    svg.append(svgElement("text", { x: left - 6, y: py(v) + 4, "text-anchor": "end" }, rowLabels[i]));
  }
  for (const [i, v] of columns.entries()) {
    svg.append(svgElement("text", { x: px(v), y: height - bottom + 16, "text-anchor": "middle" }, columnLabels[i]));
  }
  svg.append(svgElement("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  svg.append(svgElement("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, x));
  if (yardstick) {
    const y = py(yardstick.value);
    svg.append(svgElement("line", { class: "yardstick", x1: left, x2: width - right, y1: y, y2: y }));
    svg.append(svgElement("text", { x: width - right - 4, y: y - 4, "text-anchor": "end" }, yardstick.name));
  }
  for (const s of kept) {
    const line = s.points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
    svg.append(svgElement("path", { d: line, stroke: s.color, ...(s.dash ? { "stroke-dasharray": s.dash } : {}) }));
    if (s.points.length < 2) svg.append(svgElement("circle", { cx: px(s.points[0][0]), cy: py(s.points[0][1]), r: 3, fill: s.color }));
  }
  const rule = svgElement("line", { class: "rule", y1: top, y2: height - bottom, visibility: "hidden" });
  svg.append(rule);
  const tip = htmlElement("div", { class: "tip", hidden: "" });
  const places = [...new Set(all.map((p) => p[0]))].sort((a, b) => a - b);
  const lookUp = kept.map((s) => new Map(s.points));

  const point = (event) => {
    const area = svg.getBoundingClientRect();
    const at = xLow + (((event.clientX - area.left) / area.width) * width - left) / (width - left - right) * (xHigh - xLow);
    const place = places.reduce((best, v) => (Math.abs(v - at) < Math.abs(best - at) ? v : best));
    rule.setAttribute("x1", px(place));
    rule.setAttribute("x2", px(place));
    rule.setAttribute("visibility", "visible");
    tip.replaceChildren(htmlElement("div", {}, `${x} ${shown(place)}`));
    kept.forEach((s, i) => {
      if (!lookUp[i].has(place)) return;
      const mark = htmlElement("span", { style: `color:${s.color}` }, "● ");
      tip.append(htmlElement("div", { "data-series": s.name, "data-value": lookUp[i].get(place) }, mark, `${s.name}  ${shown(lookUp[i].get(place))}`));
    });
    tip.hidden = false;
    const offset = svg.offsetLeft + (px(place) / width) * area.width;
    const onRight = px(place) < width / 2;
    tip.style.left = onRight ? `${offset + 10}px` : "auto";
    tip.style.right = onRight ? "auto" : `${box.clientWidth - offset + 10}px`;
    tip.style.top = "40px";
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", () => {
    rule.setAttribute("visibility", "hidden");
    tip.hidden = true;
  });
  const legend = htmlElement("div", { class: "legend" });
  for (const s of kept) {
    const style = `border-top-color:${s.color};border-top-style:${s.dash ? "dashed" : "solid"}`;
    legend.append(htmlElement("span", {}, htmlElement("span", { class: "mark", style }), s.name));
  }
  box.append(svg, legend, tip);
  return box;
};
