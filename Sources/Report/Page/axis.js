"use strict";
// Axes with round numbers on them, as Axis.swift has them.

/** The next of 1, 2 and 5 times a power of ten. */
const axisStep = (least) => {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5].map((m) => m * power).find((s) => s >= least * 0.999) ?? 10 * power;
};

/** Numbers a step apart, with the digits that tell each from the next; in powers of ten where that is shorter. */
const axisLabels = (ticks, step) => {
  const finest = Math.floor(Math.log10(step) + 1e-9);
  const minus = (text) => text.replace(/-/g, "−");
  const plain = ticks.map((v) => minus(v.toFixed(Math.min(100, Math.max(0, -finest)))));
  const longest = (labels) => Math.max(...labels.map((label) => label.length));
  if (longest(plain) <= 6) return plain;
  const powers = ticks.map((v) => {
    if (v === 0) return "0";
    const digits = Math.floor(Math.log10(Math.abs(v)) + 1e-9) - finest;
    return minus(v.toExponential(Math.min(100, Math.max(0, digits))).replace("+", ""));
  });
  return longest(powers) < longest(plain) ? powers : plain;
};

/**
 * An axis {low, high, ticks, labels} that holds the values. One of whole numbers ends with them, any other one at a tick.
 * What such values can be is `natural`, [low, high]: the axis does not go further unless they do.
 */
const makeAxis = (values, { count, whole = false, natural = [-Infinity, Infinity] }) => {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const [least, most] = [low >= natural[0] ? natural[0] : -Infinity, high <= natural[1] ? natural[1] : Infinity];
  if (!(high - low > Math.max(1e-12 * Math.max(Math.abs(low), Math.abs(high)), 1e-30))) {
    const [middle, size] = [low, Math.abs(low)];
    const margin = whole ? Math.max(1, Math.round(size * 1e-9)) : size > 1e-30 ? size * 0.1 : 1;
    [low, high] = [Math.max(middle - margin, least), Math.min(middle + margin, most)];
  }
  const step = Math.max(axisStep((high - low) / count), whole ? 1 : 0);
  if (!whole) {
    low = Math.max(Math.floor(low / step + 1e-9) * step, least);
    high = Math.min(Math.ceil(high / step - 1e-9) * step, most);
  }
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  const ticks = first < last ? Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step) : [low, high];
  return { low, high, ticks: ticks.map((v) => (v === 0 ? 0 : v)), labels: axisLabels(ticks, step) };
};

/** The axis with the most ticks whose labels, of letters of some width, do not meet on `length`. */
const fittingAxis = (values, length, letter, options) => {
  const fits = ({ low, high, ticks, labels }) => {
    const room = ((ticks[1] - ticks[0]) / (high - low)) * length;
    return room >= letter * Math.max(...labels.map((label) => label.length)) + 8;
  };
  const axes = [7, 6, 5, 4, 3, 2, 1].map((count) => makeAxis(values, { count, ...options }));
  return axes.find(fits) ?? axes[axes.length - 1];
};
