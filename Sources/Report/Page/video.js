"use strict";
// What order of frames is worth to a model of clips, and where it looks.

const { record, locality, figures } = PAGE;
const ORDERS = {
  original: "as they are", reversed: "reversed", shuffled: "shuffled", first: "the first frame in all places",
  frozen: "the middle frame in all places",
};
const percent = (value) => `${value.toFixed(1)} %`;
const points = (value) => {
  const text = Math.abs(value).toFixed(1);
  return (value < 0 && Number(text) > 0 ? "−" : "") + text;
};
const range = (interval, text) => `${text(interval[0])} … ${text(interval[1])}`;
const mean = (values) => (values ? shown(values.reduce((a, b) => a + b, 0) / values.length) : "–");
const textCell = (name, text) => htmlElement(name, { class: "text" }, text);
const row = (name, first, ...cells) => htmlElement("tr", {}, textCell("th", first), ...cells.map((c) => (c instanceof Element ? c : htmlElement(name, {}, c))));

/** A cell with a number and a bar as long as it says. */
const barCell = (value) => {
  const cell = htmlElement("td", { class: "bar" }, percent(value));
  cell.style.setProperty("--share", `${value}%`);
  return cell;
};

const orderRow = (name, line) => row(
  "td", name, barCell(line.acc1), range(line.interval, percent),
  line.difference === undefined ? "" : points(line.difference),
  line.difference_interval ? range(line.difference_interval, points) : "",
  line.difference === undefined ? "" : percent(line.same_answer),
);

const showOrders = () => {
  const rows = record.audit.lines.map((line) => orderRow(ORDERS[line.order], line));
  const compared = record.compared;
  if (compared) rows.push(orderRow(`${compared.split}, as they are`, compared.audit.lines[0]));
  byId("orders").append(row("th", "frames", "accuracy", "interval", "difference", "interval", "same answer"), ...rows);
  byId("verdicts").append(...record.verdicts.map((text) => htmlElement("li", {}, text)));
};

const showDistances = () => {
  const number = (value) => (value === undefined ? "–" : shown(value));
  const rows = locality.layers.flatMap((layer) => layer.steps.map((step) => row(
    "td", `layer ${layer.layer}, ${step.reach}`, textCell("td", step.kind), mean(step.frame_distance), number(step.uniform_frame_distance),
    mean(step.nonlocality), number(step.uniform_nonlocality), mean(step.entropy),
    step.gate ? step.gate.map((g) => g.toFixed(2)).join(" ") : "–",
  )));
  byId("distances").append(row("th", "attention", textCell("th", "kind"), "frames away", "uniform", "non-locality", "uniform", "entropy", "gates"), ...rows);
};

const showFigures = () => {
  for (const { path, caption, picture } of figures) {
    const image = htmlElement("img", { src: picture, alt: `Attention maps of ${path}` });
    const text = htmlElement("figcaption", {}, htmlElement("span", { class: "path" }, path), ` ${caption}`);
    byId("figures").append(htmlElement("figure", {}, text, htmlElement("div", { class: "scroll" }, image)));
  }
  byId("figures").hidden = figures.length === 0;
};

document.title = `What ${record.weights} looks at`;
byId("title").textContent = document.title;
byId("summary").append(
  htmlElement("li", {}, `${record.audit.clips} clips of ${PAGE.data}, ${record.split}`),
  htmlElement("li", {}, `${locality.frames} frames of ${locality.grid.join(" × ")} patches, ${locality.scheme} attention`),
);
showOrders();
showDistances();
showFigures();
