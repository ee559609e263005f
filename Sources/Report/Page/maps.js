"use strict";
// Attention maps: recorded as grey pictures of every layer, head and query, decoded when looked at.

/**
 * A recorded picture as numbers: rows are layer by layer, head by head, query by query; columns are keys.
 * Grey g stands for floor^(1 − g / 255), 0 for nothing.
 */
const decoded = new Map();
const decode = async (url) => {
  if (!decoded.has(url)) {
    if (decoded.size > 24) decoded.delete(decoded.keys().next().value);
    decoded.set(url, (async () => {
      const image = new Image();
      image.src = url;
      await image.decode();
      const canvas = htmlElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, image.width, image.height).data;
      const grey = new Uint8Array(pixels.length / 4);
      for (let i = 0; i < grey.length; i++) grey[i] = pixels[4 * i];
      return { grey, width: image.width };
    })());
  }
  return decoded.get(url);
};

/** The first row of each layer in a recorded picture. */
const layerStarts = ({ layers, grid }) => {
  const starts = [];
  layers.reduce((row, layer) => (starts.push(row), row + layer.heads * (layer.tokens + grid[0] * grid[1])), 0);
  return starts;
};

/** What each head of a layer gives to the patches from one of them, as greys. */
const headMaps = (record, index, l, query) => {
  const { heads, tokens } = index.layers[l];
  const patches = index.grid[0] * index.grid[1];
  const first = layerStarts(index)[l];
  return Array.from({ length: heads }, (_, head) => {
    const start = (first + head * (tokens + patches) + tokens + query) * record.width + tokens;
    return record.grey.subarray(start, start + patches);
  });
};

/** Of a run, and if there is another one, its maps below and the differences. */
const showMaps = (run, other) => {
  const { index, frames, pictures } = run.attention;
  const [rows, columns] = index.grid;
  const patches = rows * columns;
  const starts = layerStarts(index);
  const probability = (grey) => (grey === 0 ? 0 : index.floor ** (1 - grey / 255));
  const state = { image: 0, layer: 0, frame: frames.length - 1, head: 0, query: Math.floor(rows / 2) * columns + Math.floor(columns / 2) };
  const [layerSlider, epochSlider, imageSelect] = [byId("map-layer"), byId("map-epoch"), byId("map-image")];
  [layerSlider.max, layerSlider.value] = [index.layers.length - 1, state.layer];
  [epochSlider.max, epochSlider.value] = [frames.length - 1, state.frame];
  imageSelect.replaceChildren(...index.images.map((name, i) => htmlElement("option", { value: i }, name)));

  const scaleFor = (greys, uniform) =>
    attentionScale(Array.from(greys, probability), { logarithmic: byId("map-scale").value === "log", uniform });

  const paint = (canvas, colours, picture) => {
    [canvas.width, canvas.height] = [columns, rows];
    const heat = new ImageData(columns, rows);
    colours.forEach((colour, i) => heat.data.set([...colour, 255], 4 * i));
    if (!byId("map-over").checked) {
      canvas.getContext("2d").putImageData(heat, 0, 0);
      return;
    }
    const small = htmlElement("canvas");
    [small.width, small.height] = [columns, rows];
    small.getContext("2d").putImageData(heat, 0, 0);
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    context.globalAlpha = 0.6;
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, picture.width, picture.height);
  };

  const paintQuery = (picture) => {
    const canvas = byId("map-query");
    const factor = Math.max(1, Math.round(224 / picture.width));
    [canvas.width, canvas.height] = [picture.width * factor, picture.height * factor];
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const [w, h] = [canvas.width / columns, canvas.height / rows];
    context.strokeStyle = "#ff2d2d";
    context.lineWidth = 3;
    context.strokeRect((state.query % columns) * w, Math.floor(state.query / columns) * h, w, h);
  };

  const paintMatrix = (record, layer) => {
    const length = layer.tokens + patches;
    const canvas = byId("map-matrix");
    [canvas.width, canvas.height] = [length, length];
    const image = new ImageData(length, length);
    const start = (starts[state.layer] + state.head * length) * record.width;
    for (let q = 0; q < length; q++) {
      for (let k = 0; k < length; k++) {
        const [r, g, b] = COLOURS[record.grey[start + q * record.width + k]];
        const at = 4 * (q * length + k);
        [image.data[at], image.data[at + 1], image.data[at + 2], image.data[at + 3]] = [r, g, b, 255];
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    byId("map-matrix-caption").textContent = `head ${state.head}: queries down, keys across, logarithmic from ${index.floor} to 1`;
  };

  let turn = 0;
  const draw = async () => {
    const mine = ++turn;
    const frame = frames[state.frame];
    const layer = index.layers[state.layer];
    const picture = new Image();
    picture.src = pictures[state.image];
    const otherFrame = other && nearestRecord(other.attention.frames, frame.epochs);
    const [record, otherRecord] = await Promise.all(
      [decode(frame.images[state.image]), otherFrame && decode(otherFrame.images[state.image]), picture.decode()]);
    if (mine !== turn) return; // something else was asked for meanwhile
    byId("map-layer-value").textContent = `${state.layer} ${layer.kind.toUpperCase()}`;
    byId("map-epoch-value").textContent = frame.epochs;
    byId("map-query-caption").textContent = `query: row ${Math.floor(state.query / columns)}, column ${state.query % columns}`;
    paintQuery(picture);
    const maps = headMaps(record, index, state.layer, state.query);
    const theirs = otherRecord ? headMaps(otherRecord, other.attention.index, state.layer, state.query) : [];
    const shared = byId("map-own").checked ? null : scaleFor([...maps, ...theirs].flatMap((greys) => Array.from(greys)), 1 / patches);
    const heat = (greys) => {
      const scale = shared ?? scaleFor(greys);
      return Array.from(greys, (g) => viridis(scale.place(probability(g))));
    };
    byId("map-bar").replaceChildren(shared ? scaleBar(shared, patches) : "Each map goes to its own largest value.");
    const figures = maps.map((greys, head) => {
      const canvas = htmlElement("canvas", { "data-head": head });
      paint(canvas, heat(greys), picture);
      const most = greys.reduce((best, g, i) => (g > greys[best] ? i : best), 0);
      const gate = run.locality.find((r) => r.epochs === frame.epochs)?.report.layers[state.layer].gate?.[head];
      const caption = `head ${head}` + (gate === undefined ? "" : `, gate ${gate.toFixed(2)}`) + `, at most ${shown(probability(greys[most]))}`;
      const figure = htmlElement("figure", head === state.head ? { class: "chosen" } : {}, canvas, htmlElement("figcaption", {}, caption));
      canvas.addEventListener("click", () => { state.head = head; draw(); });
      canvas.addEventListener("pointermove", (event) => {
        const area = canvas.getBoundingClientRect();
        const x = Math.min(columns - 1, Math.floor(((event.clientX - area.left) / area.width) * columns));
        const y = Math.min(rows - 1, Math.floor(((event.clientY - area.top) / area.height) * rows));
        byId("map-reading").textContent = `Row ${y}, column ${x}: ${shown(probability(greys[y * columns + x]))}.`;
      });
      return figure;
    });
    byId("map-heads").replaceChildren(...figures);
    const differences = theirs.map((greys, head) => Array.from(greys, (g, i) => probability(maps[head][i]) - probability(g)));
    const largest = Math.max(...differences.flat().map(Math.abs), 0);
    const compared = theirs.flatMap((greys, head) => {
      const drawn = [heat(greys), differences[head].map((d) => diverging(largest > 0 ? d / largest : 0))];
      return drawn.map((colours, part) => {
        const canvas = htmlElement("canvas", { "data-head": head });
        paint(canvas, colours, picture);
        const caption = part === 0
          ? `head ${head} of ${other.name} after ${otherFrame.epochs}`
          : `head ${head}: more (red) or less (blue) in ${run.name}, up to ${shown(largest)}`;
        return htmlElement("figure", {}, canvas, htmlElement("figcaption", {}, caption));
      });
    });
    byId("map-comparison").replaceChildren(...compared);
    paintMatrix(record, layer);
    byId("maps").dataset.shown = [state.image, state.layer, state.frame, state.head, state.query].join(" ");
  };

  imageSelect.onchange = () => { state.image = Number(imageSelect.value); draw(); };
  layerSlider.oninput = () => {
    state.layer = Number(layerSlider.value);
    state.head = Math.min(state.head, index.layers[state.layer].heads - 1);
    draw();
  };
  epochSlider.oninput = () => { state.frame = Number(epochSlider.value); draw(); };
  byId("map-scale").onchange = draw;
  byId("map-over").onchange = draw;
  byId("map-own").onchange = draw;
  byId("map-query").onclick = (event) => {
    const area = event.target.getBoundingClientRect();
    const x = Math.min(columns - 1, Math.floor(((event.clientX - area.left) / area.width) * columns));
    const y = Math.min(rows - 1, Math.floor(((event.clientY - area.top) / area.height) * rows));
    state.query = y * columns + x;
    draw();
  };
  byId("map-query").onkeydown = (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const x = Math.min(columns - 1, Math.max(0, (state.query % columns) + move[0]));
    const y = Math.min(rows - 1, Math.max(0, Math.floor(state.query / columns) + move[1]));
    state.query = y * columns + x;
    draw();
  };
  draw();
};

const COLOURS = Array.from({ length: 256 }, (_, g) => viridis(g / 255));
const withMaps = runs.map((_, i) => i).filter((i) => runs[i].attention);
/** The images and the heads of each layer, by which maps can be compared. */
const mapShape = ({ attention }) => attention && JSON.stringify([attention.index.images, attention.index.grid, attention.index.layers.map((l) => l.heads)]);
if (withMaps.length > 0) {
  chooseRun("map-run", withMaps, (index) => {
    const suits = (other) => mapShape(other) === mapShape(runs[index]);
    chooseOther("map-other", runs[index], suits, (other) => showMaps(runs[index], other));
  });
}
else byId("maps").hidden = true;
