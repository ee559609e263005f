"use strict";
// What averaging over groups gains, and how equivariant the layers are.

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const spread = (mean, error) => `${shown(mean)} ± ${shown(error)}`;
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
      htmlElement("td", {}, shown(said.bias)),
      htmlElement("td", {}, `${said.accuracy.toFixed(2)} → ${said.averaged_accuracy.toFixed(2)}`),
      htmlElement("td", {}, `${said.loss.toFixed(4)} → ${said.averaged_loss.toFixed(4)}`),
    );
  }
  return htmlElement("tr", {}, htmlElement("th", { title: group.elements.join(", ") }, group.name), ...cells);
};

const showSymmetry = ({ symmetry }) => {
  byId("symmetry-note").textContent = `${symmetry.images} images.`;
  const largest = Math.max(...symmetry.groups.map((g) => g.gain), 1e-30);
  const labels = symmetry.groups.some((g) => g.labelled) ? ["realised", "bias", "acc@1", "loss"] : [];
  byId("symmetry-groups").replaceChildren(head("group", "passes", "gain", "same answer", ...labels), ...symmetry.groups.map((g) => groupRow(g, largest)));
  const layers = symmetry.layers ?? [];
  byId("symmetry-layers").replaceChildren(
    head("layer", "up to it", "by itself", "gate"),
    ...layers.map((l) =>
      htmlElement("tr", {}, htmlElement("th", {}, `${l.layer} ${l.kind.toUpperCase()}`), barCell(shown(l.error), l.error, 1), barCell(shown(l.own_error), l.own_error, 1), htmlElement("td", {}, shown(l.gate))),
    ),
  );
  for (const id of ["symmetry-layers-title", "symmetry-layers"]) byId(id).hidden = layers.length === 0;
  byId("symmetry-layers-title").nextElementSibling.hidden = layers.length === 0;
};

const withSymmetry = runs.map((_, i) => i).filter((i) => runs[i].symmetry);
if (withSymmetry.length > 0) chooseRun("symmetry-run", withSymmetry, (index) => showSymmetry(runs[index]));
else byId("symmetry").hidden = true;
