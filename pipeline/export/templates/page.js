// The page: a picture or a drawing goes to the model, and its answer is shown.
"use strict";

const of = id => document.getElementById(id);
const model = JSON.parse(of("model-facts").textContent);
const darkGround = !model.looks.border || (model.looks.border[0] + model.looks.border[1]) / 2 < 128;
let shown = null;  // the canvas whose content is classified

async function unpacked(id) {
  const packed = Uint8Array.from(atob(of(id).textContent.trim()), letter => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function started() {
  const script = new Blob([await unpacked("runtime")], {type: "text/javascript"});
  const runtime = await import(URL.createObjectURL(script));
  runtime.env.wasm.numThreads = 1;  // more would need headers that a file has not
  runtime.env.wasm.wasmBinary = await unpacked("wasm");
  return [runtime, await runtime.InferenceSession.create(new Uint8Array(await unpacked("onnx")))];
}
const ready = started();

// Bring a picture file upright onto white: what training and `predict` do, too.
async function decoded(file) {
  const options = {colorSpaceConversion: "none", imageOrientation: "from-image"};
  const picture = await createImageBitmap(file, options);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.fillStyle = "white";
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(picture, 0, 0);
  return canvas;
}

async function classify(canvas, invert) {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const image = fitted(converted(pixels, model.channels, invert), model.width, model.height,
    model.fit);
  const [runtime, session] = await ready;
  const shape = [1, model.height, model.width, model.channels];
  const input = new runtime.Tensor("uint8", Uint8Array.from(image.data), shape);
  const answer = await session.run({[session.inputNames[0]]: input});
  return {image, probabilities: Array.from(answer[session.outputNames[0]].data)};
}

function unlike(image) {
  const measured = measures(image);
  return Object.entries(model.looks).flatMap(([name, [low, high]]) => {
    const value = measured[name];
    if (value >= low && value <= high) return [];
    const [here, from, to] = [value, Math.max(0, low), Math.min(255, high)].map(halfToEven);
    return [`${model.words[name][value > high ? 1 : 0]} (${here}, theirs ${from} to ${to})`];
  });
}

// How far an image is outside of all bounds.
function distance(image) {
  const measured = measures(image);
  return Object.entries(model.looks).reduce((sum, [name, [low, high]]) =>
    sum + Math.max(0, low - measured[name], measured[name] - high), 0);
}

// Whether the negative of an unlike image would be nearer: as `predict` says it.
function advice(image) {
  const negative = {...image, data: image.data.map(value => 255 - value)};
  if (distance(negative) >= distance(image) / 2) return [];
  return [of("invert").checked ? "try without its negative" : "try its negative"];
}

function drawInput(image) {
  const canvas = of("input");
  canvas.width = image.width;
  canvas.height = image.height;
  const pixels = new ImageData(image.width, image.height);
  for (let pixel = 0; pixel < image.width * image.height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels.data[4 * pixel + channel] =
        image.data[pixel * image.channels + Math.min(channel, image.channels - 1)];
    }
    pixels.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function show({image, probabilities}) {
  drawInput(image);
  const order = probabilities.map((_, label) => label)
    .sort((a, b) => probabilities[b] - probabilities[a]);
  const least = Number(of("precision").value), best = probabilities[order[0]];
  of("answer").textContent = best < least ? "unsure" : model.classes[order[0]];
  of("bars").replaceChildren(...order.slice(0, 5).map(label => {
    const row = element("li"), bar = element("span", "bar");
    bar.style.width = `${100 * probabilities[label]}%`;
    row.append(element("span", "name", model.classes[label]),
      element("span", "share", probabilities[label].toFixed(3)), bar);
    return row;
  }));
  const said = unlike(image);
  of("warning").hidden = !said.length;
  of("warning").textContent =
    `Unlike the training images: ${[...said, ...advice(image)].join("; ")}.`;
}

async function answer() {
  if (!shown) return;
  try {
    const found = await classify(shown, of("invert").checked);
    show(found);
    document.body.dataset.probabilities = JSON.stringify(found.probabilities);
  } catch (error) {
    of("answer").textContent = `This does not work here: ${error.message}`;
  }
}

async function take(file) {
  if (!file) return;
  delete document.body.dataset.probabilities;
  try {
    shown = await decoded(file);
  } catch {
    of("answer").textContent = `${file.name}: not a picture that this browser reads`;
    return;
  }
  if (of("pad")) wipe();
  await answer();
}

function wipe() {
  const pad = of("pad"), context = pad.getContext("2d", {willReadFrequently: true});
  context.fillStyle = darkGround ? "black" : "white";
  context.fillRect(0, 0, pad.width, pad.height);
}

function blank() {
  wipe();
  of("file").value = "";
  shown = null;
  for (const id of ["answer", "bars"]) of(id).replaceChildren();
  of("warning").hidden = true;
}

function drawable() {
  const pad = of("pad"), context = pad.getContext("2d", {willReadFrequently: true});
  let last = null;
  const place = event => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) * pad.width / box.width,
      (event.clientY - box.top) * pad.height / box.height];
  };
  const stroke = event => {
    const now = place(event);
    Object.assign(context, {strokeStyle: darkGround ? "white" : "black", lineCap: "round",
      lineWidth: pad.width / 11});
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...now);
    context.stroke();
    last = now;
  };
  pad.addEventListener("pointerdown", event => {
    pad.setPointerCapture(event.pointerId);
    of("file").value = "";
    last = place(event);
    stroke(event);
  });
  pad.addEventListener("pointermove", event => last && stroke(event));
  for (const name of ["pointerup", "pointercancel"]) {
    pad.addEventListener(name, () => { last = null; shown = pad; answer(); });
  }
  of("clear").addEventListener("click", blank);
  blank();
}

if (of("pad")) drawable();
of("file").addEventListener("change", event => take(event.target.files[0]));
of("invert").addEventListener("change", answer);
of("precision").addEventListener("change", answer);
document.addEventListener("dragover", event => event.preventDefault());
document.addEventListener("drop", event => {
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});
ready.then(() => { of("state").textContent = "Ready."; },
  error => { of("state").textContent = `The model cannot run here: ${error.message}`; });
