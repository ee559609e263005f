"use strict";
// What stands below a chart: how its lines are drawn, and files of its picture and its numbers.

/** Has the browser save a text as a file. */
const saveFile = (name, type, text) => {
  const link = htmlElement("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
};

/** A drawing as a file of its own: what the style sheet says of its elements becomes their attributes. */
const standaloneSVG = (svg) => {
  const copy = svg.cloneNode(true);
  const [theirs, ours] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  const properties = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "font-size", "visibility"];
  theirs.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const property of properties) ours[i].setAttribute(property, style.getPropertyValue(property));
    ours[i].removeAttribute("class");
    ours[i].removeAttribute("style");
  });
  const [, , width, height] = svg.getAttribute("viewBox").split(" ");
  const attributes = { xmlns: "http://www.w3.org/2000/svg", width, height, "font-family": "sans-serif" };
  for (const [key, value] of Object.entries(attributes)) copy.setAttribute(key, value);
  const ground = getComputedStyle(svg.closest(".chart")).backgroundColor;
  copy.prepend(svgElement("rect", { width, height, fill: ground }));
  return new XMLSerializer().serializeToString(copy);
};

/** A line for each point: the series, x, the value, and what lies around it if any series has that. */
const seriesCSV = (x, series) => {
  const cell = (text) => `"${String(text).replace(/"/g, '""')}"`;
  const head = ["series", cell(x), "value", ...(series.some((s) => rangesOf(s).length > 0) ? ["low", "high"] : [])];
  const rows = series.flatMap((s) => {
    const ranges = new Map(rangesOf(s).map(([at, low, high]) => [at, [low, high]]));
    return s.points.map(([a, b]) => [cell(s.name), a, b, ...(head.length > 3 ? (ranges.get(a) ?? ["", ""]) : [])].join(","));
  });
  return [head.join(","), ...rows].join("\n") + "\n";
};

/** The switches and buttons of a chart; `draw` draws it again when its `state` has changed. */
const chartTools = (svg, { title, x, series, state, canLog, canSmooth, draw }) => {
  const tools = htmlElement("div", { class: "tools" });
  if (canLog) {
    const box = htmlElement("input", { type: "checkbox", ...(state.log ? { checked: "" } : {}) });
    box.addEventListener("change", () => {
      state.log = box.checked;
      draw();
    });
    tools.append(htmlElement("label", {}, box, "logarithmic"));
  }
  if (canSmooth) {
    const select = htmlElement("select", {});
    for (const [share, name] of [[0, "not"], [0.6, "a little"], [0.9, "much"], [0.98, "very much"]]) {
      select.append(htmlElement("option", { value: share, ...(share === state.smooth ? { selected: "" } : {}) }, name));
    }
    select.addEventListener("change", () => {
      state.smooth = Number(select.value);
      draw();
    });
    tools.append(htmlElement("label", {}, "smoothed", select));
  }
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  for (const [label, action] of [
    ["SVG", () => saveFile(`${name}.svg`, "image/svg+xml", standaloneSVG(svg))],
    ["CSV", () => saveFile(`${name}.csv`, "text/csv", seriesCSV(x, series))],
  ]) {
    const button = htmlElement("button", { type: "button", title: `Save as ${label}` }, label);
    button.addEventListener("click", action);
    tools.append(button);
  }
  return tools;
};
