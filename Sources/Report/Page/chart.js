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
 * can be is `natural`; `across` is the same of x, and whether its axis has whole numbers alone; `log` has the axis upwards in
 * powers of ten. What is in the `box` is replaced.
 */
const chartFrame = ({ title, x, xs, ys, natural, across: bounds, log = false, box = htmlElement("div", { class: "chart" }) }) => {
  const [width, height, top, bottom, letter] = [520, 280, 12, 34, 7.5];
  box.replaceChildren(htmlElement("h3", {}, title));
  const longest = (labels) => letter * Math.max(...labels.map((label) => label.length));
  const placed = log ? Math.log10 : (v) => v;
  const down = makeAxis(ys.map(placed), { count: 5, natural: log ? undefined : natural });
  if (log) down.labels = down.ticks.map((v) => shown(10 ** v));
  const left = Math.max(40, 12 + longest(down.labels));
  const across = fittingAxis(xs, width - left - 20, letter, bounds);
  const right = 6 + longest(across.labels) / 2; // half of the last label
  const px = (v) => left + ((v - across.low) / (across.high - across.low)) * (width - left - right);
  const py = (v) => height - bottom - ((placed(v) - down.low) / (down.high - down.low)) * (height - top - bottom);

  const line = (tick) => py(log ? 10 ** tick : tick);
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  for (const [i, v] of down.ticks.entries()) {
    svg.append(svgElement("line", { class: "grid", x1: left, x2: width - right, y1: line(v), y2: line(v) }));
    svg.append(svgElement("text", { x: left - 6, y: line(v) + 4, "text-anchor": "end" }, down.labels[i]));
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

/** Means of points and those before them, each of which counts `share` of the next; the first ones are not drawn towards 0. */
const smoothed = (points, share) => {
  let [sum, weight] = [0, 0];
  return points.map(([x, y]) => {
    [sum, weight] = [share * sum + (1 - share) * y, share * weight + (1 - share)];
    return [x, sum / weight];
  });
};

/** What lies around the points of a series. */
const rangesOf = ({ spread = [], band = [] }) => [...spread, ...band];

/**
 * A chart of series {name, color, dash, points: [[x, y], …], spread: [[x, low, high], …], band: the same}; `yardstick` {name, value} is a line across. What the values
 * can be is `natural`; `across` is the same of x, and whether its axis has whole numbers alone.
 *
 * A spread is an upright line at each point, and a band an area along all of them.
 * The reading under the pointer is in an element of class `tip`, a line a series: values as they are, smoothed or not. Entries of the
 * legend switch their series off and on. Below are a logarithmic axis where all values are above 0, smoothing of long series, and
 * buttons that save the picture and its numbers.
 */
const lineChart = ({ title, x, series, yardstick, natural = [0, Infinity], across = { whole: true, natural: [0, Infinity] } }) => {
  const all = series
    .map((s) => ({ ...s, points: s.points.filter(([, v]) => typeof v === "number" && Number.isFinite(v)) }))
    .filter((s) => s.points.length > 0);
  if (all.length === 0) return null;
  const box = htmlElement("div", { class: "chart" });
  const state = { hidden: new Set(), log: false, smooth: 0 };
  const canLog = all.every((s) => s.points.every(([, v]) => v > 0) && rangesOf(s).every(([, low]) => low > 0));
  const draw = () => {
    const kept = all.filter((s) => !state.hidden.has(s.name));
    const { svg, tip } = drawLines(box, { title, x, series: kept, frameOf: all, yardstick, natural, across, ...state });
    const legend = htmlElement("div", { class: "legend" });
    for (const s of all) {
      const entry = htmlElement("button", { type: "button", "aria-pressed": !state.hidden.has(s.name) }, lineMark(s), s.name);
      entry.addEventListener("click", () => {
        const others = state.hidden.has(s.name) || kept.length > 1; // one series stays
        if (others && !state.hidden.delete(s.name)) state.hidden.add(s.name);
        draw();
        box.querySelectorAll(".legend button")[all.indexOf(s)].focus();
      });
      legend.append(all.length > 1 ? entry : htmlElement("span", {}, lineMark(s), s.name));
    }
    box.append(svg, legend, chartTools(svg, { title, x, series: kept, state, canLog, canSmooth: all.some((s) => s.points.length >= 10), draw }), tip);
  };
  draw();
  return box;
};

/** Draws `series` into a box, in the frame of all series, and has the tip follow the pointer. */
const drawLines = (box, { title, x, series, frameOf, yardstick, natural, across: bounds, log, smooth }) => {
  const all = frameOf.flatMap((s) => s.points);
  const spreads = frameOf.flatMap(rangesOf).flatMap(([, low, high]) => [low, high]);
  const ys = all.map((p) => p[1]).concat(spreads, yardstick && !log ? [yardstick.value] : []);
  const frame = chartFrame({ title, x, xs: all.map((p) => p[0]), ys, natural, across: bounds, log, box });
  const { svg, tip, showTip, width, height, top, bottom, left, right, across, px, py } = frame;
  if (yardstick && !log) {
    const y = py(yardstick.value);
    svg.append(svgElement("line", { class: "yardstick", x1: left, x2: width - right, y1: y, y2: y }));
    svg.append(svgElement("text", { x: width - right - 4, y: y < top + 14 ? y + 13 : y - 4, "text-anchor": "end" }, yardstick.name));
  }
  const path = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
  for (const { band = [], color } of series) {
    const edge = [...band.map(([a, , high]) => [a, high]), ...band.map(([a, low]) => [a, low]).reverse()];
    if (band.length > 1) svg.append(svgElement("path", { d: `${path(edge)}Z`, ...inked(color), class: "ink band" }));
  }
  for (const s of series) {
    const dash = s.dash ? { "stroke-dasharray": s.dash } : {};
    if (smooth > 0) svg.append(svgElement("path", { d: path(s.points), "stroke-opacity": 0.25, ...inked(s.color), ...dash }));
    svg.append(svgElement("path", { d: path(smooth > 0 ? smoothed(s.points, smooth) : s.points), ...inked(s.color), ...dash }));
    for (const [a, low, high] of s.spread ?? []) {
      svg.append(svgElement("path", { d: `M${px(a).toFixed(1)} ${py(low).toFixed(1)}V${py(high).toFixed(1)}`, ...inked(s.color) }));
    }
    if (s.points.length < 2) svg.append(svgElement("circle", { cx: px(s.points[0][0]), cy: py(s.points[0][1]), r: 3, ...inked(s.color) }));
  }
  const rule = svgElement("line", { class: "rule", y1: top, y2: height - bottom, visibility: "hidden" });
  svg.append(rule);
  const places = [...new Set(all.map((p) => p[0]))].sort((a, b) => a - b);
  const lookUp = series.map((s) => new Map(s.points));

  const point = (event) => {
    const area = svg.getBoundingClientRect();
    const at = across.low + (((event.clientX - area.left) / area.width) * width - left) / (width - left - right) * (across.high - across.low);
    const place = places.reduce((best, v) => (Math.abs(v - at) < Math.abs(best - at) ? v : best));
    rule.setAttribute("x1", px(place));
    rule.setAttribute("x2", px(place));
    rule.setAttribute("visibility", "visible");
    tip.replaceChildren(htmlElement("div", {}, `${x} ${shown(place)}`));
    series.forEach((s, i) => {
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
  return { svg, tip };
};
