"use strict";
// What a page says of its runs: title, curves, configurations.

const runs = PAGE.runs;
const several = runs.length > 1;
const isMany = runs.length > PAGE.colors.light.distinct.length;
const runColor = (index) => (isMany ? orderedColor(index, runs.length) : distinctColor(index));

/** Calls `show` with the index of the chosen run, now and when another is chosen. */
const chooseRun = (id, eligible, show) => {
  const select = byId(id);
  for (const index of eligible) select.append(htmlElement("option", { value: index }, runs[index].name));
  document.querySelector(`[data-for="${id}"]`).hidden = eligible.length < 2;
  select.addEventListener("change", () => show(Number(select.value)));
  show(eligible[0]);
};

/**
 * Lets a reader choose a run that another is compared with, among those for which `suits` is true; `show` is called with it, or with
 * undefined, now and when another is chosen.
 */
const chooseOther = (id, run, suits, show) => {
  const select = byId(id);
  const others = runs.filter((other) => other !== run && suits(other));
  const names = others.map((other) => htmlElement("option", { value: runs.indexOf(other) }, other.name));
  select.replaceChildren(htmlElement("option", { value: "" }, "none"), ...names);
  document.querySelector(`[data-for="${id}"]`).hidden = others.length === 0;
  select.onchange = () => show(select.value === "" ? undefined : runs[Number(select.value)]);
  show(undefined);
};

/** Of what a run recorded now and then, that which is nearest to so many epochs; the earlier of two. */
const nearestRecord = (records, epochs) =>
  records.reduce((best, r) => (Math.abs(r.epochs - epochs) < Math.abs(best.epochs - epochs) ? r : best));

const showTraining = () => {
  document.title = runs.map((r) => r.name).join(", ");
  byId("title").textContent = document.title;
  runs.forEach((run, index) => {
    const last = run.log[run.log.length - 1];
    const tested = run.log.filter((e) => typeof e.test_acc1 === "number"); // not every epoch need be evaluated
    const test = tested[tested.length - 1];
    const best = Math.max(...tested.map((e) => e.test_acc1));
    const epochs = `${run.log.length} ${run.log.length === 1 ? "epoch" : "epochs"}`;
    const text = last
      ? `${run.name}: ${epochs}, ${last.n_parameters} parameters` +
        (test ? `, accuracy ${shown(test.test_acc1)} % (best ${shown(best)} %), test loss ${shown(test.test_loss)}` : "") +
        (last.ended ? `, ${last.ended}` : "")
      : `${run.name}: no epoch has ended yet`;
    const mark = lineMark({ color: runColor(index) });
    byId("summary").append(htmlElement("li", {}, several ? mark : "", text));
  });

  // Key, its name, dash; one line a run.
  const chart = (title, keys, natural) =>
    lineChart({
      title,
      natural,
      x: "epoch",
      series: runs.flatMap((run, index) =>
        keys.map(([key, name, dash], k) => ({
          name: several ? `${run.name}: ${name}` : name,
          color: several ? runColor(index) : distinctColor(k),
          dash: several ? dash : undefined,
          points: run.log.map((e) => [e.epoch + 1, e[key]]),
        })),
      ),
    });
  const charts = [
    chart("Loss", [["train_loss", "train", "4 3"], ["test_loss", "test"], ["ema_test_loss", "test, moving average", "1 3"]]),
    chart("Accuracy, %", [["test_acc1", "top-1"], ["test_acc5", "top-5", "4 3"], ["ema_test_acc1", "top-1, moving average", "1 3"]], [0, 100]),
    chart("Learning rate", [["train_lr", "rate"]]),
    chart("Share of the weights that is pruned", [["sparsity", "pruned"]], [0, 1]),
    lineChart({
      title: "Loss of single batches",
      x: "step",
      series: runs.map((run, index) => ({
        name: several ? run.name : "batch", color: runColor(index), points: run.steps.map((s) => [s.step, s.loss]),
      })),
    }),
  ];
  byId("curves").append(...charts.filter(Boolean));
  for (const run of runs) {
    const details = htmlElement("details", {}, htmlElement("summary", {}, `${run.name}/config.yaml`), htmlElement("pre", {}, run.config));
    byId("configurations").append(details);
  }
  byId("footer").textContent = PAGE.made;
};
showTraining();
