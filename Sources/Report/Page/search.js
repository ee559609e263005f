"use strict";
// What scores said before training and what came of it; which candidates are worth their cost.

const { report } = PAGE;
const fixed = (value, digits) => (typeof value === "number" ? value.toFixed(digits).replace("-", "−") : "–");
const signed = (value) => (typeof value === "number" ? (value > 0 ? "+" : "") + fixed(value, 1) : "–");
const COUNTS = ["params", "macs"];
const scoreText = (name, value) => (COUNTS.includes(name) && typeof value === "number" ? value.toLocaleString("en") : shown(value));
const complete = report.candidates.filter((c) => c.is_complete);
const names = [...new Set(report.candidates.flatMap((c) => Object.keys(c.scores)))];
const inOrder = report.scores.filter((name) => names.includes(name));

const showSummary = () => {
  document.title = `Search: ${report.title}`;
  byId("title").textContent = document.title;
  const stopped = report.candidates.filter((c) => c.epochs && !c.is_complete).length;
  const lines = [
    `${report.scored} candidates scored, ${report.trained} trained to the end${stopped ? `, ${stopped} a part of the way` : ""}`,
    `scoring ${fixed(report.scoring.seconds, 1)} s, training ${fixed(report.training_seconds, 0)} s`,
  ];
  const joules = [["scoring", report.scoring], ["training", report.training]].filter(([, cost]) => typeof cost.joules === "number");
  if (joules.length > 0) lines.push(joules.map(([what, cost]) => `${what} ${fixed(cost.joules, 0)} J`).join(", "));
  byId("summary").append(...lines.map((line) => htmlElement("li", {}, line)));
};

const showScores = () => {
  const head = htmlElement("tr", {}, ...["score", "τ", "95 %", "p", "best of ten, points", "three of ten, points"].map((n, i) => htmlElement("th", i ? {} : { class: "text" }, n)));
  const rows = report.correlations.map((c) =>
    htmlElement(
      "tr", {}, htmlElement("th", { class: "text" }, c.score), htmlElement("td", { "data-value": c.tau }, fixed(c.tau, 2)),
      htmlElement("td", {}, c.interval.map((v) => fixed(v, 2)).join(" … ")), htmlElement("td", {}, shown(c.p)), htmlElement("td", {}, signed(c.gain_of_ten)),
      htmlElement("td", {}, typeof c.loss_of_three === "number" ? fixed(-c.loss_of_three, 2) : "–"),
    ),
  );
  byId("scores").replaceChildren(head, ...rows);
  const isAll = report.correlated === report.trained;
  byId("correlated").textContent = isAll ? "all candidates that were trained to the end" : `the ${report.correlated} candidates of the calibration`;
};

const pointsOf = (name) =>
  complete.filter((c) => typeof c.scores[name] === "number").map((c) => ({ x: c.scores[name], y: c.accuracy, name: c.name }));

const showScore = () => {
  const name = byId("score").value;
  const found = report.correlations.find((c) => c.score === name);
  const tau = found ? `: τ = ${fixed(found.tau, 2)} (${found.interval.map((v) => fixed(v, 2)).join(" … ")})` : "";
  byId("score-chart").replaceChildren(scatterChart({ title: `Accuracy, %, by ${name}${tau}`, x: name, y: "accuracy", points: pointsOf(name) }));
};

const showFront = () => {
  const { cost, candidates } = report.fronts.find((f) => f.cost === byId("cost").value);
  const points = pointsOf(cost);
  const line = candidates.map((name) => points.findIndex((p) => p.name === name));
  byId("front-chart").replaceChildren(scatterChart({ title: `Accuracy, %, by ${cost}`, x: cost, y: "accuracy", points, line }));
};

let mostRows = 25;
const showCandidates = () => {
  const head = htmlElement("tr", {}, ...["candidate", "accuracy", "epochs", "predicted", ...inOrder].map((n, i) => htmlElement("th", i ? {} : { class: "text" }, n)));
  const rows = report.candidates.slice(0, mostRows).map((c) =>
    htmlElement(
      "tr", {}, htmlElement("th", { class: "text", title: c.name }, c.name), htmlElement("td", { "data-value": c.accuracy ?? "" }, fixed(c.accuracy, 2)),
      htmlElement("td", {}, shown(c.epochs)), htmlElement("td", {}, fixed(c.predicted, 2)), ...inOrder.map((n) => htmlElement("td", {}, scoreText(n, c.scores[n]))),
    ),
  );
  byId("candidates").replaceChildren(head, ...rows);
  byId("more").hidden = report.candidates.length === rows.length;
  byId("more").firstElementChild.textContent = `${rows.length} of ${report.candidates.length} are shown.`;
};

const choose = (id, values, first, show) => {
  byId(id).replaceChildren(...values.map((v) => htmlElement("option", { value: v }, v)));
  if (values.includes(first)) byId(id).value = first;
  byId(id).addEventListener("change", show);
  if (values.length > 0) show();
};

showSummary();
byId("trained").hidden = complete.length < 2;
if (complete.length >= 2) {
  showScores();
  choose("score", inOrder.filter((n) => pointsOf(n).length > 1), report.method, showScore);
  choose("cost", report.fronts.map((f) => f.cost), "params", showFront);
}
byId("more").lastElementChild.addEventListener("click", () => {
  mostRows = Infinity;
  showCandidates();
});
showCandidates();
