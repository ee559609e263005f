"use strict";
// What all pages are made with: elements, colours, numbers; and the data of the page.

const svgElement = (name, attributes = {}, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};

const htmlElement = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

const PAGE = JSON.parse(document.getElementById("data").textContent);

const byId = (id) => document.getElementById(id);

// Nine colours of matplotlib's viridis, which is in the public domain.
const VIRIDIS = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];

/** The colour of a value in 0 … 1, as [r, g, b]. */
const viridis = (value) => {
  const place = Math.min(Math.max(value, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
  return VIRIDIS[low].map((c, i) => Math.round(c + (VIRIDIS[low + 1][i] - c) * (place - low)));
};

/** Blue for −1, white for 0, red for 1, as [r, g, b]. */
const diverging = (value) => {
  const share = Math.min(Math.abs(value), 1);
  return (value < 0 ? [33, 102, 172] : [178, 24, 43]).map((c) => Math.round(255 + (c - 255) * share));
};
const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

/** Numbers with four significant digits, large and tiny ones with three and an exponent. */
const shown = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? Number(value.toPrecision(3)).toExponential() : String(Number(value.toPrecision(4)));
};

/** The relative luminance of WCAG 2. */
const luminance = (color) => {
  const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
