"use strict";
// Accuracy by class, what is taken for what, and the surest mistakes.

const { report } = PAGE;
const percent = (value) => (value === null || value === undefined ? "–" : `${value.toFixed(2)} %`);
const places = new Map(report.classes.map((c, i) => [c.class, i]));
const mostTaken = new Map();
for (const c of report.confusions) if (!mostTaken.has(c.class)) mostTaken.set(c.class, c); // the most frequent comes first
const colourOf = (share) => viridis(Math.sqrt(share));
const inkOn = (colour) => (luminance(colour) > 0.18 ? "#000" : "#fff"); // at least 4.5 : 1

const showSummary = () => {
  document.title = `Evaluation of ${PAGE.title}`;
  byId("title").textContent = document.title;
  const loss = report.loss === undefined ? "not finite" : shown(report.loss);
  const layers = (count) => `the first ${count === 1 ? "GPSA layer" : `${count} GPSA layers`}`;
  const how = [];
  if (report.average) how.push(`probabilities averaged over ${report.average}`);
  const { content = 0, position = 0, pos_embed: posEmbed } = report.mask ?? {};
  if (content > 0) how.push(`${layers(content)} attending by position alone`);
  if (position > 0) how.push(`${layers(position)} attending by content alone`);
  if (posEmbed) how.push("without the position embedding");
  const lines = [
    `${report.images} images of ${PAGE.data}, ${report.classes.length} classes`,
    `accuracy ${percent(report.acc1)} (among the first five ${percent(report.acc5)}), loss ${loss}`,
  ];
  if (how.length > 0) lines.splice(1, 0, how.join(", "));
  byId("summary").append(...lines.map((line) => htmlElement("li", {}, line)));
};

let mostRows = 25;
const ORDERS = {
  acc1: (a, b) => (a.acc1 ?? 101) - (b.acc1 ?? 101),
  precision: (a, b) => (a.precision ?? 101) - (b.precision ?? 101),
  images: (a, b) => b.images - a.images,
  class: () => 0,
};

/** A cell with a number and a bar as long as it says. */
const barCell = (value) => {
  const cell = htmlElement("td", { class: "bar", "data-value": value ?? "" }, percent(value));
  cell.style.setProperty("--share", `${value ?? 0}%`);
  return cell;
};

const showClasses = () => {
  const wanted = byId("filter").value.toLowerCase();
  const all = report.classes.filter((c) => c.class.toLowerCase().includes(wanted)).sort(ORDERS[byId("order").value]);
  const names = ["class", "images", "accuracy", "answered", "precision", "most often taken for"];
  const head = htmlElement("tr", {}, ...names.map((n) => htmlElement("th", n === "class" || n.startsWith("most") ? { class: "text" } : {}, n)));
  const rows = all.slice(0, mostRows).map((c) => {
    const other = mostTaken.get(c.class);
    const taken = other ? `${other.predicted} (${other.images})` : "";
    return htmlElement(
      "tr", {}, htmlElement("th", { class: "text", title: c.class }, c.class), htmlElement("td", {}, String(c.images)), barCell(c.acc1),
      htmlElement("td", {}, String(c.answered)), barCell(c.precision), htmlElement("td", { class: "text" }, taken),
    );
  });
  byId("classes").replaceChildren(head, ...rows);
  byId("more").hidden = all.length === rows.length;
  byId("more").firstElementChild.textContent = `${rows.length} of ${all.length} classes are shown.`;
};

/** The counts of a row of the matrix by column. */
const counts = () => {
  const rows = report.classes.map((c, i) => new Map(c.correct > 0 ? [[i, c.correct]] : []));
  for (const c of report.confusions) rows[places.get(c.class)].set(places.get(c.predicted), c.images);
  return rows;
};

const read = (row, column, count) => {
  const c = report.classes[row];
  const what = row === column ? "right" : `taken for ${report.classes[column].class}`;
  const share = c.images > 0 ? ` of ${c.images} (${percent((100 * count) / c.images)})` : "";
  byId("cell-reading").textContent = `${c.class}: ${count}${share} ${what}.`;
};

/** Few classes: a table with the counts. */
const matrixTable = (rows) => {
  const head = htmlElement("tr", {}, htmlElement("th", {}, ""), ...report.classes.map((c) => htmlElement("th", { class: "column" }, htmlElement("span", {}, c.class))));
  const body = rows.map((row, r) => {
    const { images } = report.classes[r];
    const cells = report.classes.map((_, column) => {
      const count = row.get(column) ?? 0;
      if (count === 0) return htmlElement("td", { "data-value": 0 }, "");
      const colour = colourOf(count / images);
      const cell = htmlElement("td", { style: `background:${css(colour)};color:${inkOn(colour)}`, "data-value": count }, String(count));
      cell.addEventListener("pointerenter", () => read(r, column, count));
      return cell;
    });
    return htmlElement("tr", {}, htmlElement("th", {}, report.classes[r].class), ...cells);
  });
  return htmlElement("table", { class: "matrix" }, head, ...body);
};

/** Many classes: a picture. */
const matrixPicture = (rows) => {
  const size = rows.length;
  const side = Math.max(1, Math.floor(720 / size));
  const canvas = htmlElement("canvas", { width: size, height: size, role: "img", "aria-label": "Confusion matrix" });
  canvas.style.width = `${side * size}px`;
  const pen = canvas.getContext("2d");
  rows.forEach((row, r) => {
    for (const [column, count] of row) {
      pen.fillStyle = css(colourOf(count / Math.max(report.classes[r].images, 1)));
      pen.fillRect(column, r, 1, 1);
    }
  });
  canvas.addEventListener("pointermove", (event) => {
    const area = canvas.getBoundingClientRect();
    const at = (share) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
    const [r, column] = [at((event.clientY - area.top) / area.height), at((event.clientX - area.left) / area.width)];
    read(r, column, rows[r].get(column) ?? 0);
  });
  return canvas;
};

const showConfusions = () => {
  const rows = counts();
  byId("matrix").append(rows.length <= 30 ? matrixTable(rows) : matrixPicture(rows));
  const head = htmlElement("tr", {}, ...["images", "class", "taken for"].map((n, i) => htmlElement("th", i > 0 ? { class: "text" } : {}, n)));
  const body = report.confusions.slice(0, 20).map((c) => {
    const texts = [c.class, c.predicted].map((name) => htmlElement("td", { class: "text" }, name));
    return htmlElement("tr", {}, htmlElement("td", {}, String(c.images)), ...texts);
  });
  byId("frequent").append(head, ...body);
  if (body.length === 0) byId("frequent").replaceChildren(htmlElement("caption", {}, "None."));
};

const showMistakes = () => {
  const figures = report.mistakes.map((m, i) => {
    const picture = PAGE.pictures[i];
    const image = picture ? htmlElement("img", { src: picture, alt: m.path, loading: "lazy" }) : htmlElement("div", { class: "missing" }, "no picture");
    const share = (value) => (value === undefined ? "–" : percent(100 * value));
    const caption = htmlElement(
      "figcaption", {}, htmlElement("strong", {}, m.predicted), ` ${share(m.probability)}`, htmlElement("br"),
      `is ${m.class}, ${share(m.class_probability)}`, htmlElement("br"), htmlElement("span", { class: "path" }, m.path),
    );
    return htmlElement("figure", {}, image, caption);
  });
  byId("pictures").append(...figures);
  byId("mistakes").hidden = figures.length === 0;
};

byId("filter-label").hidden = report.classes.length <= 20;
byId("filter").oninput = showClasses;
byId("order").onchange = showClasses;
byId("more").lastElementChild.onclick = () => { mostRows = Infinity; showClasses(); };
showSummary();
showClasses();
showConfusions();
showMistakes();
