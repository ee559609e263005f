"use strict";
// What each cell of a grid has come to over its seeds, and curves of their means.

const { title, x, cells, colors, curves, layers, failures } = PAGE.grid;
const COLUMNS = [
  ["test_acc1", "top-1, %", 1], ["best_acc1", "best top-1, %", 1], ["test_acc5", "top-5, %", 1], ["test_loss", "test loss", 3],
  ["train_loss", "training loss", 3], ["nonlocality", "non-locality, patches", 3], ["gate", "gate σ(λ)", 3],
];
const isMany = colors > PAGE.colors.light.distinct.length;
const styleOf = ({ color, dash }) => ({ color: isMany ? orderedColor(color, colors) : distinctColor(color), dash });
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values) => Math.sqrt(values.reduce((a, v) => a + (v - mean(values)) ** 2, 0) / (values.length - 1));

/** The values of a cell, seed by seed; less those of another cell with the same seeds, if there is one. */
const valuesOf = (cell, key, other) =>
  cell.seeds.flatMap((seed, i) => {
    const own = cell.values[key][i];
    const less = other ? other.values[key][other.seeds.indexOf(seed)] : 0;
    return typeof own === "number" && typeof less === "number" ? [own - less] : [];
  });

const seedCount = Math.max(0, ...cells.map((cell) => cell.seeds.length));

const showResults = () => {
  const other = cells[byId("reference").value];
  byId("results-note").textContent = other ? `Shown is the difference to ${other.name}, seed by seed.` : "";
  const present = COLUMNS.filter(([key]) => cells.some((cell) => valuesOf(cell, key).length > 0));
  const head = htmlElement("tr", {}, htmlElement("th", { class: "text" }, ""), ...present.map(([, name]) => htmlElement("th", {}, name)));
  const rows = cells.map((cell) => {
    const numbers = present.map(([key, , digits]) => {
      const values = valuesOf(cell, key, other);
      if (values.length === 0 || cell === other) return htmlElement("td", {}, "–");
      const number = (v) => v.toFixed(digits).replace("-", "−");
      const spread = values.length > 1 ? ` ± ${number(deviation(values))}` : "";
      const count = values.length < seedCount ? ` (${values.length})` : "";
      return htmlElement("td", { "data-value": mean(values) }, number(mean(values)) + spread + count);
    });
    const name = htmlElement("th", { class: "text" }, lineMark(styleOf(cell)), ` ${cell.name}`);
    return htmlElement("tr", {}, name, ...numbers);
  });
  byId("results").replaceChildren(head, ...rows);
};

const seriesOf = (list) => list.map(({ cell, points, band }) => ({ name: cells[cell].name, ...styleOf(cells[cell]), points, band }));
const across = { whole: true, natural: [0, Infinity] };

const showLayer = () => {
  const index = Number(byId("layer").value);
  const { nonlocality, gate } = layers[index];
  const charts = [
    lineChart({ title: `Non-locality of layer ${index}, patches (mean over heads)`, x, across, series: seriesOf(nonlocality) }),
    lineChart({ title: `Gate σ(λ) of layer ${index} (mean over heads)`, x, across, series: seriesOf(gate), natural: [0, 1] }),
  ];
  byId("layers").replaceChildren(...charts.filter(Boolean));
};

const counted = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;
document.title = title;
byId("title").textContent = title;
const runCount = cells.reduce((sum, cell) => sum + cell.seeds.length, 0);
byId("summary").append(htmlElement("li", {}, `${counted(runCount, "run")} of ${counted(cells.length, "cell")} have ended${failures.length ? `, ${failures.length} failed` : ""}`));
byId("with-results").hidden = cells.length === 0;
byId("training").hidden = curves.length === 0;
byId("reference").append(htmlElement("option", { value: "" }, "nothing"), ...cells.map((cell, i) => htmlElement("option", { value: i }, cell.name)));
byId("reference").addEventListener("change", showResults);
byId("failures").append(...failures.map(({ run, message }) => htmlElement("li", {}, `${run}: ${message}`)));
byId("failed").hidden = failures.length === 0;
byId("curves").append(...curves.map((c) => lineChart({ title: c.title, x, across, series: seriesOf(c.series), natural: [0, c.most ?? Infinity] })));
byId("layer").append(...layers.map((_, i) => htmlElement("option", { value: i }, `${i}`)));
byId("layer").addEventListener("change", showLayer);
byId("locality").hidden = layers.length === 0;
showResults();
if (layers.length > 0) showLayer();
