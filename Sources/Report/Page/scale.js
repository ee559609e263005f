"use strict";
// Which value of attention has which colour, as AttentionScale.swift has it, and a bar that says so.

/**
 * A scale {low, high, place} of some values. Given what uniform attention gives to each patch, it goes to four times of it
 * at least, so that a head that looks everywhere alike is dim.
 */
const attentionScale = (values, { logarithmic, uniform }) => {
  const positive = values.filter((v) => v > 0);
  const high = Math.max(...positive, uniform === undefined ? 0 : Math.min(1, 4 * uniform));
  if (!logarithmic || high <= 0) return { low: 0, high, place: (v) => (high > 0 ? Math.min(1, v / high) : 0) };
  const end = Math.min(Math.max(Math.min(...positive), high * 1e-4), high * 1e-1);
  const low = 10 ** Math.floor(Math.log10(end) + 1e-9);
  return { low, high, place: (v) => (v > low ? Math.min(1, Math.log(v / low) / Math.log(high / low)) : 0) };
};

/** A bar of colours with the values of a scale, and the one of uniform attention over some patches. */
const scaleBar = ({ low, high, place }, patches) => {
  const [left, top, width, height] = [24, 24, 240, 10];
  const svg = svgElement("svg", { viewBox: `0 0 ${left + width + 24} 54`, width: left + width + 24, height: 54, role: "img" });
  const pieces = 64;
  for (let i = 0; i < pieces; i++) {
    const fill = css(viridis((i + 0.5) / pieces));
    svg.append(svgElement("rect", { x: left + (i * width) / pieces, y: top, width: width / pieces + 0.5, height, fill }));
  }
  const decades = () => Array.from({ length: 10 }, (_, i) => low * 10 ** i).filter((v) => v < high && place(v) < 0.76).concat(high);
  const marks = low > 0 ? decades() : [0, 0.25, 0.5, 0.75, 1].map((share) => share * high);
  for (const v of marks) {
    const at = left + place(v) * width;
    svg.append(svgElement("line", { class: "axis", x1: at, x2: at, y1: top + height, y2: top + height + 4 }));
    svg.append(svgElement("text", { x: at, y: top + height + 16, "text-anchor": "middle" }, shown(Number(v.toPrecision(2)))));
  }
  const at = left + place(1 / patches) * width;
  const text = `uniform attention 1/${patches} = ${shown(Number((1 / patches).toPrecision(3)))}`;
  const half = 3.4 * text.length;
  const middle = Math.min(Math.max(at, half), left + width + 24 - half);
  svg.append(svgElement("text", { x: middle, y: 12, "text-anchor": "middle" }, text));
  svg.append(svgElement("path", { class: "uniform", d: `M${at} ${top}l-4 -7h8Z` }));
  svg.setAttribute("aria-label", `colours from ${shown(low)} to ${shown(high)}, ${text}`);
  return svg;
};
