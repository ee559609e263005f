"use strict";
// How far outputs move, and how accurate a model is, by how much of it is gone.

const { origin, curves } = PAGE;
const TITLES = { layer: "of each layer", global: "of all layers together" };
const scopes = Object.keys(TITLES).filter((scope) => curves.some((c) => c.scope === scope));
const methods = [...new Set(curves.map((c) => c.method))];
const digits = (value, count) => (typeof value === "number" ? value.toFixed(count).replace("-", "−") : "–");
const spread = (value, error, count) => digits(value, count) + (typeof error === "number" ? ` ± ${digits(error, count)}` : "");
const percent = (share) => `${Number((100 * share).toFixed(1))} %`;
const curveName = ({ method, scope }) => `${method}, ${TITLES[scope]}`;

/** One chart a scope; `lines` are {name, value, dash} of each curve, values above `most` left out. */
const showCharts = (id, title, lines, { natural, yardstick, most = Infinity }) => {
  const charts = scopes.map((scope) =>
    lineChart({
      title: `${title}, ${TITLES[scope]}`,
      x: "sparsity",
      natural,
      yardstick,
      across: { natural: [0, 1] },
      series: curves
        .filter((c) => c.scope === scope)
        .flatMap((c) =>
          lines.map(({ name, value, dash }) => ({
            name: name ? `${c.method}, ${name}` : c.method,
            color: distinctColor(methods.indexOf(c.method)),
            dash,
            points: c.points.filter((p) => p[value] <= most).map((p) => [p.sparsity, p[value]]),
          })),
        ),
    }),
  );
  byId(id).replaceChildren(...charts.filter(Boolean));
};

const showGaps = () => {
  const lines = [{ name: "measured", value: "measured" }, { name: "predicted", value: "predicted", dash: "4 3" }];
  showCharts("gaps", "Gap", lines, { natural: [0, Infinity], most: Number(byId("range").value) });
};

const showTenth = () => {
  const head = htmlElement("tr", {}, htmlElement("th", { class: "text" }, "method"), ...scopes.map((s) => htmlElement("th", {}, TITLES[s])));
  const rows = methods.map((method) => {
    const cells = scopes.map((scope) => {
      const points = curves.find((c) => c.method === method && c.scope === scope)?.points ?? [];
      const most = points.filter((p) => p.measured <= 0.1).at(-1)?.sparsity;
      return htmlElement("td", { "data-value": most ?? "" }, most === undefined ? "less" : percent(most));
    });
    return htmlElement("tr", {}, htmlElement("th", { class: "text" }, method), ...cells);
  });
  byId("tenth").replaceChildren(head, ...rows);
};

const showPoints = () => {
  const names = ["sparsity", "removed", "predicted", "measured", "Acc@1, %"];
  const head = htmlElement("tr", {}, ...names.map((n) => htmlElement("th", {}, n)));
  const rows = curves[Number(byId("curve").value)].points.map((p) =>
    htmlElement(
      "tr", {}, htmlElement("th", {}, percent(p.sparsity)), htmlElement("td", {}, percent(p.removed)),
      htmlElement("td", { "data-value": p.predicted }, digits(p.predicted, 4)),
      htmlElement("td", { "data-value": p.measured }, spread(p.measured, p.measured_error, 4)),
      htmlElement("td", { "data-value": p.acc1 }, spread(p.acc1, p.acc1_error, 2)),
    ),
  );
  byId("points").replaceChildren(head, ...rows);
};

const what = { heads: "heads", mlp: "hidden units", both: "heads and hidden units" }[origin.structured] ?? ["weights", ...(origin.also ?? [])].join(", ");
document.title = `Pruning: ${origin.weights.split("/").at(-1)}`;
byId("title").textContent = document.title;
const lines = [`${what} go, ${origin.images} images of ${origin.data_path}, ${origin.split}`, `Acc@1 ${digits(origin.acc1, 2)} % before anything is gone`];
byId("summary").append(...lines.map((line) => htmlElement("li", {}, line)));
byId("curve").append(...curves.map((c, i) => htmlElement("option", { value: i }, curveName(c))));
byId("curve").addEventListener("change", showPoints);
byId("range").addEventListener("change", showGaps);
showGaps();
const whole = { name: "nothing is gone", value: origin.acc1 };
showCharts("accuracies", "Acc@1, %", [{ value: "acc1" }], { natural: [0, 100], yardstick: whole });
showTenth();
showPoints();
