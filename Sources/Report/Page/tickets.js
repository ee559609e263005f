"use strict";
// Which tickets are worth their search, what rounds took, and the hardest images.

const { report, hard } = PAGE;
const fixed = (value, digits) => (typeof value === "number" ? value.toFixed(digits).replace("-", "−") : "–");
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
const methods = [...new Set(report.tickets.map((t) => t.method))];
const colorOf = (method) => distinctColor(methods.indexOf(method));
const dense = report.rows.find((r) => r.method === "dense");
const pruned = report.rows.filter((r) => r !== dense);

const showSummary = () => {
  const seeds = dense ? dense.accuracies.length : 0;
  const lines = [`${methods.join(", ")}; ${seeds} ${seeds === 1 ? "seed" : "seeds"}`];
  if (dense) lines.push(`dense: ${fixed(dense.accuracy, 2)} % after ${fixed(dense.steps, 0)} steps`);
  byId("summary").append(...lines.map((line) => htmlElement("li", {}, line)));
  byId("notes").append(...report.notes.map((line) => htmlElement("li", {}, line)));
};

const seriesOf = (value, spread) =>
  methods
    .map((name) => {
      const rows = pruned.filter((r) => r.method === name);
      const range = spread ? rows.map((r) => [100 * r.sparsity, Math.min(...r.accuracies), Math.max(...r.accuracies)]) : [];
      return { name, color: colorOf(name), points: rows.map((r) => [100 * r.sparsity, value(r)]), spread: range };
    })
    .filter((s) => s.points.length > 0);

const showCharts = () => {
  const across = { natural: [0, 100] };
  const x = "sparsity, %";
  const accuracy = lineChart({
    title: "Accuracy, %, with its range over seeds", x, series: seriesOf((r) => r.accuracy, true), natural: [0, 100], across,
    yardstick: dense ? { name: "dense", value: dense.accuracy } : undefined,
  });
  if (accuracy) byId("accuracy-chart").append(accuracy);
  const steps = lineChart({ title: "Steps to find a ticket", x, series: seriesOf((r) => r.steps, false), across });
  if (steps) byId("steps-chart").append(steps);
};

const showRows = () => {
  const names = ["method", "sparsity", "accuracy", "±", "steps", "of imp", "seconds", "above random"];
  const head = htmlElement("tr", {}, ...names.map((n, i) => htmlElement("th", i ? {} : { class: "text" }, n)));
  const rows = report.rows.map((r) =>
    htmlElement(
      "tr", {}, htmlElement("th", { class: "text" }, r.method), htmlElement("td", {}, `${fixed(100 * r.sparsity, 2)} %`),
      htmlElement("td", { "data-value": r.accuracy }, fixed(r.accuracy, 2)), htmlElement("td", {}, fixed(r.deviation, 2)),
      htmlElement("td", {}, fixed(r.steps, 0)), htmlElement("td", {}, typeof r.share_of_imp === "number" ? `${fixed(100 * r.share_of_imp, 0)} %` : "–"),
      htmlElement("td", {}, fixed(r.seconds, 1)), htmlElement("td", {}, fixed(r.beats_random, 3)),
    ),
  );
  byId("rows").replaceChildren(head, ...rows);
};

/** By method with rounds, what `value` is of each, in the search that has come furthest; means over seeds. */
const roundSeries = (value) =>
  methods
    .map((name) => {
      const tickets = report.tickets.filter((t) => t.method === name && t.rounds.length > 1);
      const last = Math.max(0, ...tickets.map((t) => t.round));
      const furthest = tickets.filter((t) => t.round === last);
      const count = Math.min(...furthest.map((t) => t.rounds.length));
      const points = furthest.length > 0 ? Array.from({ length: count }, (_, i) => [i, mean(furthest.map((t) => value(t, i)))]) : [];
      return { name, color: colorOf(name), points };
    })
    .filter((s) => s.points.length > 0);

const showRounds = () => {
  const shares = lineChart({ title: "Images, % of all", x: "round", series: roundSeries((t, i) => 100 * t.shares[i]), natural: [0, 100] });
  byId("rounds").hidden = shares === null;
  if (!shares) return;
  byId("share-chart").append(shares);
  byId("seconds-chart").append(lineChart({ title: "Seconds of training", x: "round", series: roundSeries((t, i) => t.rounds[i].seconds) }));
};

const showHard = () => {
  const figures = hard.map((h) => {
    const image = h.picture ? htmlElement("img", { src: h.picture, alt: h.path, loading: "lazy" }) : htmlElement("div", { class: "missing" }, "no picture");
    const often = h.neverRight === h.trainings ? "never right" : `right ${fixed(100 * h.accuracy, 0)} %, forgotten ${shown(h.forgotten)}×`;
    return htmlElement(
      "figure", {}, image,
      htmlElement("figcaption", {}, htmlElement("strong", {}, h.label), htmlElement("br"), often, htmlElement("br"), htmlElement("span", { class: "path" }, h.path)),
    );
  });
  byId("pictures").append(...figures);
  byId("hard").hidden = figures.length === 0;
};

showSummary();
showCharts();
showRows();
showRounds();
showHard();
