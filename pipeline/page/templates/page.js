"use strict";
// Charts, the choice of an architecture, sortable tables.
(() => {
  const quiet = { renderer: "svg", actions: false, ast: true, logLevel: 1 };
  const draw = (place) => {
    if (place.dataset.drawn || !place.offsetWidth) return;
    place.dataset.drawn = "yes";
    const specification = JSON.parse(place.nextElementSibling.textContent);
    vegaEmbed(place, specification, quiet).catch((error) => {
      place.textContent = "This chart could not be drawn: " + error.message;
      console.error(error);
    });
  };
  const drawAll = () => document.querySelectorAll(".chart").forEach(draw);

  const choice = document.getElementById("architecture");
  const show = () => {
    for (const panel of document.querySelectorAll(".panel")) {
      panel.hidden = panel.dataset.panel !== choice.value;
    }
    drawAll();
    document.dispatchEvent(new Event("panel"));
  };
  if (choice) {
    choice.addEventListener("change", show);
    show();
  }
  drawAll();

  const content = (row, column) => row.children[column].textContent.trim();
  const number = (text) => (text ? Number(text.replace(/[,\s%]/g, "")) : -Infinity);
  for (const table of document.querySelectorAll(".sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        const numeric = rows.every((row) => !Number.isNaN(number(content(row, column))));
        rows.sort((a, b) => {
          const [x, y] = [content(a, column), content(b, column)];
          const order = numeric ? number(x) - number(y) || 0 : x.localeCompare(y, "en");
          return down ? -order : order;
        });
        table.tBodies[0].append(...rows);
      });
    });
  }

  // On paper there is nothing to open.
  addEventListener("beforeprint", () => {
    for (const closed of document.querySelectorAll("details:not([open])")) {
      closed.open = true;
      closed.dataset.closed = "yes";
    }
  });
  addEventListener("afterprint", () => {
    for (const opened of document.querySelectorAll("details[data-closed]")) opened.open = false;
  });
})();
