"use strict";
// Line charts in SVG, with the values under the pointer.

// Colours of lines, for a light page and for a dark one: LineColors.swift.
const lineColor = (choose) => ({ light: choose(PAGE.colors.light), dark: choose(PAGE.colors.dark) });
const distinctColor = (index) => lineColor(({ distinct }) => distinct[index % distinct.length]);

/** A colour for each of `count` things in an order. */
const orderedColor = (index, count) =>
  lineColor(({ ordered }) => {
    const place = (index / Math.max(count - 1, 1)) * (ordered.length - 1);
    const low = Math.min(Math.floor(place), ordered.length - 2);
    const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const [a, b] = [channels(ordered[low]), channels(ordered[low + 1])];
    return css(a.map((c, i) => Math.round(c + (b[i] - c) * (place - low))));
  });

/** The attributes of an element that has a colour: the style sheet chooses the one for the page. */
const inked = ({ light, dark }) => ({ class: "ink", style: `--light:${light};--dark:${dark}` });

/** A piece of a line, for a legend. */
const lineMark = ({ color, dash }) => {
  const mark = svgElement("svg", { class: "mark", viewBox: "0 0 26 6", width: 26, height: 6, "aria-hidden": "true" });
  mark.append(svgElement("path", { d: "M0 3H26", ...inked(color), ...(dash ? { "stroke-dasharray": dash } : {}) }));
  return mark;
};

/**
 * The box, axes and scales of a chart whose points lie at `xs` and `ys`; x is what the axis across is of. What the values
 * can be is `natural`; `across` is the same of x, and whether its axis has whole numbers alone.
 */
const chartFrame = ({ title, x, xs, ys, natural, across: bounds }) => {
  const [width, height, top, bottom, letter] = [520, 280, 12, 34, 7.5];
  const box = htmlElement("div", { class: "chart" }, htmlElement("h3", {}, title));
  const longest = (labels) => letter * Math.max(...labels.map((label) => label.length));
  const down = makeAxis(ys, { count: 5, natural });
  const left = Math.max(40, 12 + longest(down.labels));
  const across = fittingAxis(xs, width - left - 20, letter, bounds);
  const right = 6 + longest(across.labels) / 2; // half of the last label
  const px = (v) => left + ((v - across.low) / (across.high - across.low)) * (width - left - right);
  const py = (v) => height - bottom - ((v - down.low) / (down.high - down.low)) * (height - top - bottom);

  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  for (const [i, v] of down.ticks.entries()) {
    svg.append(svgElement("line", { class: "grid", x1: left, x2: width - right, y1: py(v), y2: py(v) }));
    svg.append(svgElement("text", { x: left - 6, y: py(v) + 4, "text-anchor": "end" }, down.labels[i]));
  }
  for (const [i, v] of across.ticks.entries()) {
    svg.append(svgElement("text", { x: px(v), y: height - bottom + 16, "text-anchor": "middle" }, across.labels[i]));
  }
  svg.append(svgElement("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  svg.append(svgElement("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, x));
  const tip = htmlElement("div", { class: "tip", hidden: "" });
  /** Shows the tip beside a place of the axis across, on the side that has more room. */
  const showTip = (x) => {
    const area = svg.getBoundingClientRect();
    tip.hidden = false;
    const offset = svg.offsetLeft + (px(x) / width) * area.width;
    const onRight = px(x) < width / 2;
    tip.style.left = onRight ? `${offset + 10}px` : "auto";
    tip.style.right = onRight ? "auto" : `${box.clientWidth - offset + 10}px`;
    tip.style.top = "40px";
  };
  return { box, svg, tip, showTip, width, height, top, bottom, left, right, across, px, py };
};

/**
 * A chart of series {name, color, dash, points: [[x, y], …], spread: [[x, low, high], …]}; `yardstick` {name, value} is a line across. What the values
 * can be is `natural`; `across` is the same of x, and whether its axis has whole numbers alone.
 * The reading under the pointer is in an element of class `tip`, a line a series.
 */
const lineChart = ({ title, x, series, yardstick, natural = [0, Infinity], across: bounds = { whole: true, natural: [0, Infinity] } }) => {
  const kept = series
    .map((s) => ({ ...s, points: s.points.filter(([, v]) => typeof v === "number" && Number.isFinite(v)) }))
    .filter((s) => s.points.length > 0);
  if (kept.length === 0) return null;
  const all = kept.flatMap((s) => s.points);
  const spreads = kept.flatMap((s) => s.spread ?? []).flatMap(([, low, high]) => [low, high]);
  const ys = all.map((p) => p[1]).concat(spreads, yardstick ? [yardstick.value] : []);
  const frame = chartFrame({ title, x, xs: all.map((p) => p[0]), ys, natural, across: bounds });
  const { box, svg, tip, showTip, width, height, top, bottom, left, right, across, px, py } = frame;
  if (yardstick) {
    const y = py(yardstick.value);
    svg.append(svgElement("line", { class: "yardstick", x1: left, x2: width - right, y1: y, y2: y }));
    svg.append(svgElement("text", { x: width - right - 4, y: y < top + 14 ? y + 13 : y - 4, "text-anchor": "end" }, yardstick.name));
  }
  for (const s of kept) {
    const line = s.points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
    svg.append(svgElement("path", { d: line, ...inked(s.color), ...(s.dash ? { "stroke-dasharray": s.dash } : {}) }));
    for (const [a, low, high] of s.spread ?? []) {
      svg.append(svgElement("path", { d: `M${px(a).toFixed(1)} ${py(low).toFixed(1)}V${py(high).toFixed(1)}`, ...inked(s.color) }));
    }
    if (s.points.length < 2) svg.append(svgElement("circle", { cx: px(s.points[0][0]), cy: py(s.points[0][1]), r: 3, ...inked(s.color) }));
  }
  const rule = svgElement("line", { class: "rule", y1: top, y2: height - bottom, visibility: "hidden" });
  svg.append(rule);
  const places = [...new Set(all.map((p) => p[0]))].sort((a, b) => a - b);
  const lookUp = kept.map((s) => new Map(s.points));

  const point = (event) => {
    const area = svg.getBoundingClientRect();
    const at = across.low + (((event.clientX - area.left) / area.width) * width - left) / (width - left - right) * (across.high - across.low);
    const place = places.reduce((best, v) => (Math.abs(v - at) < Math.abs(best - at) ? v : best));
    rule.setAttribute("x1", px(place));
    rule.setAttribute("x2", px(place));
    rule.setAttribute("visibility", "visible");
    tip.replaceChildren(htmlElement("div", {}, `${x} ${shown(place)}`));
    kept.forEach((s, i) => {
      if (!lookUp[i].has(place)) return;
      const mark = htmlElement("span", inked(s.color), "● ");
      tip.append(htmlElement("div", { "data-series": s.name, "data-value": lookUp[i].get(place) }, mark, `${s.name}  ${shown(lookUp[i].get(place))}`));
    });
    showTip(place);
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("pointerleave", () => {
    rule.setAttribute("visibility", "hidden");
    tip.hidden = true;
  });
  const legend = htmlElement("div", { class: "legend" });
  for (const s of kept) {
    legend.append(htmlElement("span", {}, lineMark(s), s.name));
  }
  box.append(svg, legend, tip);
  return box;
};
