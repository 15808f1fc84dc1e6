"use strict";
// Parallel coordinates: one line a trial, and on each axis a range that keeps what runs through it.
(() => {
  const HEIGHT = 220, TOP = 66, BOTTOM = 24, GAP = 58, LEFT = 46, STEP = 0.05;
  const svg = (tag, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const y = (at) => TOP + HEIGHT * (1 - at);
  const clamp = (value) => Math.min(1, Math.max(0, value));

  function draw(place) {
    const { axes, lines } = JSON.parse(place.nextElementSibling.textContent);
    const width = Math.max(place.clientWidth, LEFT * 2 + GAP * (axes.length - 1));
    const gap = axes.length > 1 ? (width - 2 * LEFT - 20) / (axes.length - 1) : 0;
    const x = (number) => LEFT + gap * number;
    const ranges = axes.map(() => [0, 1]);
    const height = TOP + HEIGHT + BOTTOM;
    const canvas = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group" });
    canvas.setAttribute("aria-label", `Trials of ${place.dataset.name} by hyperparameter`);
    // By rank: one trial that failed to learn would make all others look the same.
    const order = [...new Set(lines.map((line) => line.score))].sort((a, b) => a - b);

    const paths = lines.map((line) => {
      // An axis that is not active in this trial is passed over.
      const points = line.places.flatMap((at, number) =>
        at === null || at === undefined ? [] : [`${x(number)} ${y(at)}`]);
      const share = order.length > 1 ? order.indexOf(line.score) / (order.length - 1) : 1;
      const path = svg("path", { class: "line", d: "M" + points.join("L") });
      path.style.strokeOpacity = 0.3 + 0.7 * share;
      const named = axes.map((axis, number) => `${axis.name}: ${line.values[number]}`);
      path.append(svg("title", {}, [`trial ${line.trial}`, ...named].join("\n")));
      canvas.append(path);
      return path;
    });

    const listed = place.closest(".panel").querySelectorAll("tr[data-trial]");
    const rows = Object.fromEntries([...listed].map((row) => [row.dataset.trial, row]));
    const told = document.createElement("p");
    told.className = "small";
    told.setAttribute("role", "status");
    const reset = document.createElement("button");
    reset.type = "button";
    reset.className = "chip";
    reset.textContent = "Show all trials";
    const update = () => {
      let kept = 0;
      lines.forEach((line, number) => {
        const inside = line.places.every((at, axis) => {
          const [from, to] = ranges[axis];
          if (from <= 0 && to >= 1) return true;
          return at !== null && at >= from - 1e-9 && at <= to + 1e-9;
        });
        kept += inside;
        paths[number].classList.toggle("off", !inside);
        if (line.trial in rows) rows[line.trial].hidden = !inside;
      });
      told.textContent = `${kept} of ${lines.length} trials selected`;
      reset.hidden = kept === lines.length && ranges.every(([from, to]) => from <= 0 && to >= 1);
      parts.forEach((part) => part());
    };
    const parts = axes.map((axis, number) => column(axis, number));
    reset.addEventListener("click", () => {
      ranges.forEach((range) => range.splice(0, 2, 0, 1));
      update();
    });

    function column(axis, number) {
      const at = x(number);
      // Long names stand in three lines of stairs, so that neighbours do not touch.
      const name = axis.name.length > 24 ? axis.name.slice(0, 23) + "…" : axis.name;
      const title = svg("text", { x: at, y: 12 + 15 * (number % 3), "text-anchor": "middle" }, name);
      title.append(svg("title", {}, axis.name));
      canvas.append(title, svg("line", { class: "axis", x1: at, x2: at, y1: y(0), y2: y(1) }));
      for (const label of axis.labels) {
        canvas.append(svg("text", { class: "label", x: at + 11, y: y(label.at) + 4 }, label.text));
      }
      const value = (event) =>
        clamp(1 - (event.clientY - canvas.getBoundingClientRect().top - TOP) / HEIGHT);
      const range = svg("line", { class: "range", x1: at, x2: at });
      const grab = svg("rect",
        { class: "grab", x: at - 14, width: 28, y: y(1) - 8, height: HEIGHT + 16 });
      canvas.append(range, grab);
      const handles = ["least", "most"].map((end, side) => {
        const handle = svg("rect", { class: "handle", x: at - 7, width: 14, height: 7, rx: 2,
          tabindex: 0, role: "slider", "aria-orientation": "vertical", "aria-valuemin": 0,
          "aria-valuemax": 100, "aria-label": `${axis.name}, ${end}` });
        const move = (value) => {
          const [from, to] = ranges[number];
          ranges[number][side] = side ? Math.max(from, clamp(value)) : Math.min(to, clamp(value));
          update();
        };
        handle.addEventListener("keydown", (event) => {
          const steps = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP };
          const ends = { Home: 0, End: 1 };
          if (event.key in steps) move(ranges[number][side] + steps[event.key]);
          else if (event.key in ends) move(ends[event.key]);
          else return;
          event.preventDefault();
        });
        handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
        handle.addEventListener("pointermove", (event) => {
          if (handle.hasPointerCapture(event.pointerId)) move(value(event));
        });
        canvas.append(handle);
        return handle;
      });
      let start = null;
      grab.addEventListener("pointerdown", (event) => {
        start = value(event);
        grab.setPointerCapture(event.pointerId);
      });
      grab.addEventListener("pointermove", (event) => {
        if (start === null) return;
        const now = value(event);
        ranges[number].splice(0, 2, Math.min(start, now), Math.max(start, now));
        update();
      });
      grab.addEventListener("pointerup", (event) => {
        // A click without a drag takes the range away again.
        if (Math.abs(value(event) - start) < 0.02) ranges[number].splice(0, 2, 0, 1);
        start = null;
        update();
      });
      return () => {
        const [from, to] = ranges[number];
        range.setAttribute("y1", y(from));
        range.setAttribute("y2", y(to));
        range.style.display = from <= 0 && to >= 1 ? "none" : "";
        handles.forEach((handle, side) => {
          const share = ranges[number][side];
          handle.setAttribute("y", side ? y(share) - 7 : y(share));
          handle.setAttribute("aria-valuenow", Math.round(100 * share));
          const near = axis.labels.filter((label) => Math.abs(label.at - share) < STEP / 2);
          handle.setAttribute("aria-valuetext", near.length ? near[0].text : `${Math.round(100 * share)} %`);
        });
      };
    }
    const scroll = document.createElement("div");
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `Parallel coordinates of ${place.dataset.name}`);
    scroll.append(canvas);
    place.append(scroll, told, reset);
    update();
  }
  const drawShown = () => {
    for (const place of document.querySelectorAll(".parallel")) {
      if (place.clientWidth && !place.childElementCount) draw(place);
    }
  };
  document.addEventListener("panel", drawShown);
  drawShown();
})();
