// What becomes of a picture before the model, pixel for pixel as Pillow does it for `predict`; but
// where the height shrinks much more than the width, Pillow 13 begins with the columns, and its
// rounding differs. Sources: Pillow's src/libImaging/Resample.c and Convert.c, its ImageOps.fit and
// ImageOps.pad.
"use strict";

const BITS = 22;  // of the fixed-point weights, as in Resample.c

function bicubic(x) {  // with a = -0.5
  x = Math.abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * -0.5 + 2 : 0;
}

// The weights of `size` output pixels of a line, from its pixels between `from` and `to`.
function weights(length, from, to, size) {
  const scale = (to - from) / size, wide = Math.max(scale, 1), support = 2 * wide;
  return Array.from({length: size}, (_, pixel) => {
    const centre = from + (pixel + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(length, Math.trunc(centre + support + 0.5));
    const shares = [];
    for (let at = first; at < last; at++) shares.push(bicubic((at - centre + 0.5) / wide));
    const total = shares.reduce((sum, share) => sum + share, 0);
    return {first, shares: shares.map(share => {
      const fixed = share / total * 2 ** BITS;
      return Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    })};
  });
}

// An image is {width, height, channels, data}, data a Uint8ClampedArray row by row.
function resize(image, width, height, [left, top, right, bottom]) {
  const across = (source, size, lines, step, jump, out, outStep, outJump, from, to, length) => {
    weights(length, from, to, size).forEach(({first, shares}, pixel) => {
      for (let line = 0; line < lines; line++) {
        for (let channel = 0; channel < image.channels; channel++) {
          let sum = 2 ** (BITS - 1), at = line * jump + first * step + channel;
          for (const share of shares) { sum += source[at] * share; at += step; }
          out[line * outJump + pixel * outStep + channel] = sum >> BITS;  // and clipped to 0..255
        }
      }
    });
    return out;
  };
  const {channels} = image;
  let {data} = image;
  if (width !== image.width || left || right !== width) {
    data = across(data, width, image.height, channels, image.width * channels,
      new Uint8ClampedArray(width * image.height * channels), channels, width * channels,
      left, right, image.width);
  }
  if (height !== image.height || top || bottom !== height) {
    data = across(data, height, width, width * channels, channels,
      new Uint8ClampedArray(width * height * channels), width * channels, channels,
      top, bottom, image.height);
  }
  return {width, height, channels, data};
}

function halfToEven(value) {  // Python's round
  const below = Math.floor(value), rest = value - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

// Bring an image to the size of the model's input: squash, crop or pad, as in training.
function fitted(image, width, height, fit) {
  const whole = [0, 0, image.width, image.height];
  const ratio = image.width / image.height, wanted = width / height;
  if (fit === "crop" && ratio !== wanted) {
    const across = ratio >= wanted ? wanted * image.height : image.width;
    const down = ratio >= wanted ? image.height : image.width / wanted;
    const left = (image.width - across) * 0.5, top = (image.height - down) * 0.5;
    const box = [left, top, left + across, top + down].map(Math.fround);  // floats in C
    return resize(image, width, height, box);
  }
  if (fit !== "pad" || ratio === wanted) return resize(image, width, height, whole);
  const wide = ratio > wanted ? width : halfToEven(image.width / image.height * height);
  const high = ratio > wanted ? halfToEven(image.height / image.width * width) : height;
  const inside = resize(image, wide, high, whole);
  const left = halfToEven((width - wide) * 0.5), top = halfToEven((height - high) * 0.5);
  const data = new Uint8ClampedArray(width * height * image.channels);
  const row = wide * image.channels;
  for (let line = 0; line < high; line++) {
    const begin = ((line + top) * width + left) * image.channels;
    data.set(inside.data.subarray(line * row, (line + 1) * row), begin);
  }
  return {width, height, channels: image.channels, data};
}

// From the four channels of a canvas to the one or three of the model.
function converted({width, height, data}, channels, invert) {
  const out = new Uint8ClampedArray(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [r, g, b] = data.subarray(4 * pixel, 4 * pixel + 3);
    if (channels === 1) out[pixel] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else out.set([r, g, b], 3 * pixel);
  }
  if (invert) for (let at = 0; at < out.length; at++) out[at] = 255 - out[at];
  return {width, height, channels, data: out};
}

// The measures of pipeline/training/looks.py.
function measures({width, height, channels, data}) {
  const wide = Math.max(1, halfToEven(Math.min(width, height) / 14)), total = width * height;
  const grey = new Float64Array(total);
  let colour = 0, border = 0, outside = 0;
  for (let pixel = 0; pixel < total; pixel++) {
    const values = data.subarray(pixel * channels, (pixel + 1) * channels);
    grey[pixel] = channels === 1 ? values[0]
      : 0.299 * values[0] + 0.587 * values[1] + 0.114 * values[2];
    colour += Math.max(...values) - Math.min(...values);
    const x = pixel % width, y = Math.floor(pixel / width);
    if (x < wide || y < wide || x >= width - wide || y >= height - wide) {
      border += grey[pixel];
      outside++;
    }
  }
  const brightness = grey.reduce((sum, value) => sum + value, 0) / total;
  const variance = grey.reduce((sum, value) => sum + (value - brightness) ** 2, 0) / total;
  return {border: border / outside, brightness, contrast: Math.sqrt(variance),
    ...(channels === 3 ? {colour: colour / total} : {})};
}
