"use strict";
// Points in SVG, with the name and the values of the one under the pointer.

/**
 * A chart of `points`, {x, y, name}; `line` has the places in `points` of those that a line joins. What y can be is
 * `natural`. The point nearest to the pointer is in an element of class `tip`.
 */
const scatterChart = ({ title, x, y, points, line = [], natural = [0, 100] }) => {
  const frame = chartFrame({ title, x, xs: points.map((p) => p.x), ys: points.map((p) => p.y), natural, across: {} });
  const { box, svg, tip, showTip, width, px, py } = frame;
  if (line.length > 1) {
    const path = line.map((at, i) => `${i ? "L" : "M"}${px(points[at].x).toFixed(1)} ${py(points[at].y).toFixed(1)}`).join("");
    svg.append(svgElement("path", { d: path, ...inked(distinctColor(1)) }));
  }
  const joined = new Set(line);
  const dots = points.map((p, i) => {
    const { style, ...ink } = inked(distinctColor(joined.has(i) ? 1 : 0));
    return svgElement("circle", { cx: px(p.x), cy: py(p.y), r: 4, style, ...ink, "data-name": p.name });
  });
  svg.append(...dots);
  const point = (event) => {
    const area = svg.getBoundingClientRect();
    const at = [((event.clientX - area.left) / area.width) * width, ((event.clientY - area.top) / area.width) * width];
    const distance = (p) => Math.hypot(px(p.x) - at[0], py(p.y) - at[1]);
    const nearest = points.reduce((best, p, i) => (distance(p) < distance(points[best]) ? i : best), 0);
    const p = points[nearest];
    dots.forEach((dot, i) => dot.setAttribute("r", i === nearest ? 6 : 4));
    tip.replaceChildren(htmlElement("div", {}, p.name), htmlElement("div", { "data-x": p.x, "data-y": p.y }, `${x} ${shown(p.x)}, ${y} ${shown(p.y)}`));
    showTip(p.x);
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", () => {
    dots.forEach((dot) => dot.setAttribute("r", 4));
    tip.hidden = true;
  });
  box.append(svg, tip);
  return box;
};
