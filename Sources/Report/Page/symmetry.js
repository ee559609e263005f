"use strict";
// What averaging over groups gains, also by class, and how equivariant the layers are.

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const fixed = (value) => value.toFixed(4).replace("-", "−");
const spread = (mean, error) => (typeof error === "number" ? `${fixed(mean)} ± ${fixed(error)}` : fixed(mean));
const head = (...names) => htmlElement("tr", {}, ...names.map((name) => htmlElement("th", {}, name)));
/** A cell whose bar is a share of the largest value. */
const barCell = (text, value, largest) =>
  htmlElement("td", { class: "bar", style: `--share:${100 * Math.max(0, Math.min(1, value / largest))}%` }, text);

const groupRow = (group, largest) => {
  const cells = [htmlElement("td", {}, group.passes), barCell(spread(group.gain, group.gain_error), group.gain, largest), htmlElement("td", {}, percent(group.agreement))];
  const said = group.labelled;
  if (said) {
    cells.push(
      htmlElement("td", {}, spread(said.realised_gain, said.realised_error)),
      htmlElement("td", {}, fixed(said.bias)),
      htmlElement("td", {}, `${said.accuracy.toFixed(2)} → ${said.averaged_accuracy.toFixed(2)}`),
      htmlElement("td", {}, `${said.loss.toFixed(4)} → ${said.averaged_loss.toFixed(4)}`),
    );
  }
  return htmlElement("tr", {}, htmlElement("th", { title: group.elements.join(", ") }, group.name), ...cells);
};

/** A row a class, a column a group, the class with the largest gain of the last group first. */
const showGainByClass = ({ groups }) => {
  const most = 20;
  const last = groups[groups.length - 1].classes;
  const order = last.map((_, i) => i).sort((a, b) => last[b].gain - last[a].gain || a - b);
  const rows = order.slice(0, most);
  const largest = Math.max(...rows.flatMap((i) => groups.map((g) => g.classes[i].gain)), 1e-30);
  const cell = (group, { name, gain, images, realised_gain: realised }) => {
    const colour = viridis(gain / largest);
    const ink = luminance(colour) > 0.18 ? "#000" : "#fff"; // at least 4.5 : 1
    const title = `${name}, ${group.name}: ${shown(gain)}${realised === undefined ? "" : `, realised ${shown(realised)}`}; ${images} images`;
    return htmlElement("td", { style: `background:${css(colour)};color:${ink}`, title, "data-value": gain }, fixed(gain));
  };
  const names = groups.map((g) => htmlElement("th", { class: "column" }, htmlElement("span", {}, g.name)));
  byId("symmetry-classes").replaceChildren(
    htmlElement("tr", {}, htmlElement("th", {}, ""), ...names),
    ...rows.map((i) => htmlElement("tr", {}, htmlElement("th", { class: "text", title: last[i].name }, last[i].name), ...groups.map((g) => cell(g, g.classes[i])))),
  );
  const what = groups.some((g) => g.labelled) ? "Classes are those of the labels" : "Classes are those that the model answers";
  const shownOf = order.length > most ? ` The ${most} of ${order.length} with the largest gain are shown.` : "";
  byId("symmetry-classes-note").textContent = `${what}.${shownOf}`;
  byId("symmetry-by-class").hidden = last.length === 0;
};

const showLayers = ({ layers = [], layers_group: group }) => {
  byId("symmetry-by-layer").hidden = layers.length === 0;
  if (layers.length === 0) return;
  byId("symmetry-layers-title").textContent = group ? `By layer, averaged over ${group}` : "By layer";
  const line = (name, key, place, dash) => ({ name, dash, color: distinctColor(place), points: layers.map((l) => [l.layer, l[key]]) });
  const series = [line("up to it", "error", 0), line("by itself", "own_error", 1), line("gate σ(λ)", "gate", 2, "4 3")];
  byId("symmetry-layer-chart").replaceChildren(lineChart({ title: "Equivariance error and gate", x: "layer", natural: [0, 1], series }));
  byId("symmetry-layers").replaceChildren(
    head("layer", "up to it", "by itself", "gate"),
    ...layers.map((l) =>
      htmlElement("tr", {}, htmlElement("th", {}, `${l.layer} ${l.kind.toUpperCase()}`), barCell(shown(l.error), l.error, 1), barCell(shown(l.own_error), l.own_error, 1), htmlElement("td", {}, shown(l.gate))),
    ),
  );
};

const showSymmetry = ({ symmetry }) => {
  const { origin } = symmetry;
  const from = origin ? ` of ${origin.data_path}, weights ${origin.weights}` : "";
  byId("symmetry-note").textContent = `${symmetry.images} images${from}.`;
  const largest = Math.max(...symmetry.groups.map((g) => g.gain), 1e-30);
  const labels = symmetry.groups.some((g) => g.labelled) ? ["realised", "bias", "acc@1", "loss"] : [];
  byId("symmetry-groups").replaceChildren(head("group", "passes", "gain", "same answer", ...labels), ...symmetry.groups.map((g) => groupRow(g, largest)));
  showGainByClass(symmetry);
  showLayers(symmetry);
  showMotions(symmetry);
  showSweep(symmetry);
};

const withSymmetry = runs.map((_, i) => i).filter((i) => runs[i].symmetry);
if (withSymmetry.length > 0) chooseRun("symmetry-run", withSymmetry, (index) => showSymmetry(runs[index]));
else byId("symmetry").hidden = true;
