"use strict";
// A cell of the confusion matrix opens its images. Names are set as text, never as HTML.
(() => {
  const place = document.getElementById("cell");
  if (!place) return;
  const { cells, classes } = JSON.parse(document.getElementById("cells").textContent);
  const buttons = [...document.querySelectorAll("[data-cell]")];
  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const card = (cell, image) => {
    const item = document.createElement("li");
    const picture = document.createElement("img");
    picture.className = "tile";
    picture.src = image.uri;
    picture.alt = image.name;
    const share = element("p", `${(100 * image.probability).toFixed(1)} %`);
    const file = element("span", image.name, "muted file");
    file.title = image.name;
    share.append(file);
    item.append(picture, share);
    return item;
  };
  const open = (button) => {
    const again = button.getAttribute("aria-expanded") === "true";
    buttons.forEach((other) => other.setAttribute("aria-expanded", "false"));
    place.hidden = again;
    place.replaceChildren();
    if (again) return;
    button.setAttribute("aria-expanded", "true");
    const cell = cells[button.dataset.cell];
    const [actual, predicted] = [classes[cell.actual], classes[cell.predicted]];
    const right = cell.actual === cell.predicted;
    const title = right ? `${actual}, recognised` : `${actual}, taken for ${predicted}`;
    place.append(element("h4", `${title}: ${cell.count}`));
    const shown = cell.images.length;
    const which = right ? "least sure" : "surest";
    const text = !shown
      ? "The images are not on this page."
      : shown < cell.count ? `The ${shown} of which the model was ${which}:` : "";
    if (text) place.append(element("p", text, "small"));
    const list = element("ul", "", "cards");
    list.append(...cell.images.map((image) => card(cell, image)));
    place.append(list);
    place.scrollIntoView({ block: "nearest" });
  };
  buttons.forEach((button) => button.addEventListener("click", () => open(button)));
})();
