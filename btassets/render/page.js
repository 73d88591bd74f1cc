// What the page adds where scripts run: sorting, filtering, values under the pointer, zoom. Nothing is loaded or sent.
(() => {
  "use strict";
  const number = (text) => {
    const found = text.replace(/[,$%R+]/g, "").trim();
    return found === "-" || found === "" ? null : Number(found);
  };

  function sort(table, column, button) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const cells = rows.map((row) => row.cells[column].textContent.trim());
    const isNumeric = cells.every((text) => text === "-" || !Number.isNaN(number(text)));
    const isDown = button.parentElement.getAttribute("aria-sort") !== "descending";
    const order = rows.map((row, place) => [row, isNumeric ? number(cells[place]) : cells[place]]);
    order.sort(([, a], [, b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      const sign = isNumeric ? a - b : a.localeCompare(b);
      return isDown ? -sign : sign;
    });
    for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
    button.parentElement.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    body.append(...order.map(([row]) => row));
  }

  // A link to a section stops below the contents, whose lines depend on the width.
  const contents = document.querySelector("nav");
  const measure = () => {
    const isFixed = contents && getComputedStyle(contents).position === "sticky";
    document.documentElement.style.setProperty("--contents", `${isFixed ? contents.offsetHeight + 8 : 8}px`);
  };
  measure();
  addEventListener("resize", measure);

  for (const table of document.querySelectorAll("table")) {
    const rows = table.tBodies[0].rows;
    if (rows.length < 4) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, column, button));
    });
    if (rows.length < 15) continue;
    const box = document.createElement("input");
    box.type = "search";
    box.placeholder = "Filter rows";
    box.setAttribute("aria-label", `Filter ${table.caption ? table.caption.textContent : "rows"}`);
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    table.parentElement.before(box);
  }

  const store = document.getElementById("curves");
  const curves = store ? JSON.parse(store.textContent) : null;
  const days = curves ? curves.dates.map((text) => Date.parse(text)) : [];
  const locale = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

  for (const chart of document.querySelectorAll("svg[data-field]")) {
    const field = chart.dataset.field;
    const inner = chart.querySelector("svg");
    if (!curves || !inner || days.length < 2) continue;
    const whole = inner.getAttribute("viewBox");
    const [, , width, height] = whole.split(" ").map(Number);
    const first = days[0];
    const span = days[days.length - 1] - first;
    let range = [0, 1];
    let start = null;

    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    chart.parentElement.classList.add("hovered");
    chart.after(tip);
    const rule = chart.querySelector("line").cloneNode();
    rule.setAttribute("class", "pointer");
    rule.setAttribute("y1", "0");
    rule.setAttribute("y2", String(height));
    rule.setAttribute("visibility", "hidden");
    chart.append(rule);

    const share = (event) => {
      const place = chart.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - place.left) / place.width));
    };
    const nearest = (at) => {
      const day = first + span * (range[0] + at * (range[1] - range[0]));
      let low = 0;
      let high = days.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (days[middle] < day) low = middle + 1;
        else high = middle;
      }
      return low > 0 && day - days[low - 1] < days[low] - day ? low - 1 : low;
    };
    const show = (event) => {
      const at = share(event);
      const place = nearest(at);
      const lines = [curves.dates[place]];
      for (const [name, values] of Object.entries(curves.series)) {
        const value = values[field] ? values[field][place] : null;
        if (value !== null) lines.push(`${curves.names[name]}: ${locale.format(value)}${curves.units[field]}`);
      }
      tip.textContent = lines.join("\n");
      tip.hidden = false;
      const drawn = chart.getBoundingClientRect();
      const box = chart.parentElement.getBoundingClientRect();
      const left = drawn.left - box.left + at * drawn.width;
      tip.style.left = at < 0.5 ? `${left}px` : "auto";
      tip.style.right = at < 0.5 ? "auto" : `${box.width - left}px`;
      rule.setAttribute("x1", `${100 * at}%`);
      rule.setAttribute("x2", `${100 * at}%`);
      rule.setAttribute("visibility", "visible");
    };
    const zoom = (low, high) => {
      range = [low, high];
      const isWhole = low === 0 && high === 1;
      inner.setAttribute("viewBox", isWhole ? whole : `${width * low} 0 ${width * (high - low)} ${height}`);
      chart.classList.toggle("zoomed", !isWhole);
    };
    chart.addEventListener("pointermove", show);
    chart.addEventListener("pointerleave", () => {
      tip.hidden = true;
      rule.setAttribute("visibility", "hidden");
      start = null;
    });
    chart.addEventListener("pointerdown", (event) => { start = share(event); });
    chart.addEventListener("pointerup", (event) => {
      const end = share(event);
      if (start !== null && Math.abs(end - start) > 0.03) {
        const [low, high] = [Math.min(start, end), Math.max(start, end)];
        const size = range[1] - range[0];
        zoom(range[0] + low * size, range[0] + high * size);
      }
      start = null;
    });
    chart.addEventListener("dblclick", () => zoom(0, 1));
  }
})();
