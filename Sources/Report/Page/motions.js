"use strict";
// Lie derivatives motion by motion, and errors of layers by the gate that is set.

const BOUNDARIES = { cyclic: "Beyond the border are copies of the image.", zeros: "Beyond the border are zeros." };

/** A motion as it is read: "translation along x". */
const motionName = (name) => name.replace(/-([xy])$/, " along $1");

const showMotions = ({ lie }) => {
  byId("symmetry-lie").hidden = !lie;
  if (!lie) return;
  byId("symmetry-lie-note").textContent = `${lie.images} images. ${BOUNDARIES[lie.boundary] ?? ""}`;
  const cells = (...values) => values.map((value) => htmlElement("td", { "data-value": value ?? "" }, shown(value)));
  byId("symmetry-motions").replaceChildren(
    htmlElement("tr", {}, ...["motion", "by", "logits", "stem"].map((name, i) => htmlElement("th", i < 2 ? { class: "text" } : {}, name))),
    ...lie.motions.map((m) => htmlElement("tr", {}, htmlElement("th", { class: "text" }, motionName(m.name)), htmlElement("td", { class: "text" }, m.unit), ...cells(m.logits, m.stem))),
  );
  const charts = lie.motions.map(({ name, unit, stem, layers }) => {
    const line = (title, key, place) => ({ name: title, color: distinctColor(place), points: layers.map((l) => [l.layer, l[key]]) });
    return lineChart({
      title: `${motionName(name)}, by ${unit}`,
      x: "layer",
      yardstick: typeof stem === "number" ? { name: "stem", value: stem } : undefined,
      series: [line("patches, up to it", "patches", 0), line("patches, by itself", "own", 1), line("class token", "tokens", 2)],
    });
  });
  byId("symmetry-motion-charts").replaceChildren(...charts.filter(Boolean));
};

const showSweep = ({ gate_sweep: sweep }) => {
  byId("symmetry-sweep").hidden = !sweep;
  if (!sweep) return;
  byId("symmetry-sweep-note").textContent = BOUNDARIES[sweep.boundary] ?? "";
  const layers = sweep.points[0].layers;
  const chart = (title, value) =>
    lineChart({
      title,
      x: "gate σ(λ)",
      across: { natural: [0, 1] },
      series: layers.map(({ layer }, i) => ({
        name: `layer ${layer}`, color: orderedColor(i, layers.length), points: sweep.points.map((p) => [p.gate, value(p.layers[i])]),
      })),
    });
  const charts = [
    chart(`Shifts, ${sweep.shifts}`, (l) => l.shifts),
    chart("Shift by a patch, away from the border", (l) => l.by_distance[l.by_distance.length - 1]),
    chart("Turns and mirror images, d4", (l) => l.turns),
    chart("Translation, Lie derivative by pixel", (l) => l.translation),
  ];
  byId("symmetry-sweep-charts").replaceChildren(...charts.filter(Boolean));
};
