"use strict";
// Non-locality and gates along training, and every measure by layer and head.

const MEASURES = {
  nonlocality: ["non-locality, patches", "How far a head looks: the attention-weighted distance from query to key, in patches."],
  nonlocality_sd: ["non-locality, spread over images", "The standard deviation of an image's non-locality, in patches."],
  gate: ["gate", "σ(λ): the share of the positional attention in a GPSA head."],
  entropy: ["entropy, nats", "Of a query's attention; uniform attention over N patches has ln N."],
  width: ["width, patches", "The standard deviation of where a head looks, along one axis, away from the border."],
  center_length: ["offset, patches", "How far from the query the centre of a head's attention lies, away from the border."],
  strength: ["strength α", "Of the positional attention exp(−α ‖δ − Δ‖²) of a GPSA head."],
  similarity: ["similarity to other heads", "The mean cosine between a head's maps and those of the layer's other heads."],
  token_share: ["share of the class token", "What patches give to the class and distillation tokens."],
  distance_px: ["distance, pixels", "Non-locality in pixels of the input."],
};

const measured = (layer, measure) => {
  if (measure === "center_length") return layer.center.map(([x, y]) => Math.hypot(x, y));
  if (measure === "similarity") return layer.similarity.map((row, h) => mean(row.filter((_, other) => other !== h)));
  if (measure === "strength") return layer.positional?.map((p) => p.strength);
  return layer[measure];
};
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Of a run, and if there is another one, of what it has more than that. */
const showLocality = (run, other) => {
  const records = run.locality;
  const count = records[0].report.layers.length;
  const along = (title, measure, natural, yardstick) =>
    lineChart({
      title,
      natural,
      x: "epochs trained",
      yardstick,
      series: [run, other].filter(Boolean).flatMap(({ name, locality }) => locality[0].report.layers.map((layer, l) => ({
        name: `${other ? `${name}: ` : ""}layer ${l} ${layer.kind.toUpperCase()}`,
        color: orderedColor(l, count),
        dash: name === other?.name ? "1 3" : { psa: "9 3 2 3", mhsa: "5 3" }[layer.kind],
        points: locality.map((r) => {
          const values = measured(r.report.layers[l], measure);
          return [r.epochs, values ? mean(values) : null];
        }),
      }))),
    });
  const uniform = { name: "uniform attention", value: records[0].report.uniform_nonlocality };
  const charts = [along("Non-locality, patches (mean over heads)", "nonlocality", [0, Infinity], uniform), along("Gate σ(λ) (mean over heads)", "gate", [0, 1])];
  byId("locality-charts").replaceChildren(...charts.filter(Boolean));

  const slider = byId("locality-epoch");
  slider.max = records.length - 1;
  slider.value = records.length - 1;
  const select = byId("measure");
  const table = () => {
    const record = records[Number(slider.value)];
    byId("locality-epoch-value").textContent = record.epochs;
    const theirs = other && nearestRecord(other.locality, record.epochs);
    byId("measure-note").textContent = `${MEASURES[select.value][1]} Mean over ${record.report.images} images.` +
      (other ? ` Shown is the difference, ${run.name} less ${other.name} after ${theirs.epochs}.` : "");
    const rows = record.report.layers.map((layer, l) => {
      const [own, less] = [measured(layer, select.value), theirs && measured(theirs.report.layers[l], select.value)];
      return other ? own && less && own.map((value, h) => value - less[h]) : own;
    });
    const numbers = rows.flatMap((r) => r ?? []);
    // Differences of less than a thousandth have no colour.
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const range = Math.max(high - low, 1e-3 * Math.max(Math.abs(low), Math.abs(high))) || 1;
    const heads = Math.max(...rows.map((r) => r?.length ?? 0));
    const names = Array.from({ length: heads }, (_, h) => htmlElement("th", {}, `head ${h}`));
    const head = htmlElement("tr", {}, htmlElement("th", {}, "layer"), ...names, htmlElement("th", {}, "mean"));
    const body = rows.map((values, l) => {
      const cells = Array.from({ length: heads }, (_, h) => {
        const value = values?.[h];
        if (value === undefined) return htmlElement("td", {}, "–");
        const colour = viridis((value - low) / range);
        const ink = luminance(colour) > 0.18 ? "#000" : "#fff"; // at least 4.5 : 1
        return htmlElement("td", { style: `background:${css(colour)};color:${ink}`, "data-value": value }, shown(value));
      });
      const kind = record.report.layers[l].kind.toUpperCase();
      return htmlElement("tr", {}, htmlElement("th", {}, `${l} ${kind}`), ...cells, htmlElement("td", {}, values ? shown(mean(values)) : "–"));
    });
    byId("heads").replaceChildren(head, ...body);
  };
  const present = Object.keys(MEASURES).filter((m) => records.some((r) => r.report.layers.some((l) => measured(l, m))));
  select.replaceChildren(...present.map((m) => htmlElement("option", { value: m }, MEASURES[m][0])));
  slider.oninput = table;
  select.onchange = table;
  table();
};

/** The heads of each layer, by which runs can be compared. */
const headCounts = (run) => run.locality[0]?.report.layers.map((layer) => layer.nonlocality.length).join();
const withLocality = runs.map((_, i) => i).filter((i) => runs[i].locality.length > 0);
if (withLocality.length > 0) {
  chooseRun("locality-run", withLocality, (index) => {
    const suits = (other) => headCounts(other) === headCounts(runs[index]);
    chooseOther("locality-other", runs[index], suits, (other) => showLocality(runs[index], other));
  });
}
else byId("locality").hidden = true;
