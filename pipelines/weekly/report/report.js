// SPDX-License-Identifier: Apache-2.0
// Sorting and filtering. The page is complete without it; nothing is loaded and nothing is sent.
"use strict";
(function () {
  const valueOf = (row, column, kind) => {
    const cell = row.cells[column];
    const text = cell.dataset.v === undefined ? cell.textContent : cell.dataset.v;
    return kind === "number" ? parseFloat(text) || 0 : text.toLowerCase();
  };

  const sortBy = (table, head, kind) => {
    const wasUp = head.getAttribute("aria-sort") === "ascending";
    const column = head.cellIndex;
    const sign = wasUp ? -1 : 1;
    const body = table.tBodies[0];
    const keyed = Array.from(body.rows, (row) => [valueOf(row, column, kind), row]);
    keyed.sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0));
    body.append(...keyed.map((pair) => pair[1]));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", wasUp ? "descending" : "ascending");
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) {
      const kind = head.dataset.sort;
      if (!kind) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sortBy(table, head, kind));
      head.replaceChildren(button);
    }
  }

  const list = document.getElementById("list");
  const field = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const chips = Array.from(document.querySelectorAll(".chip"));

  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = chips.filter((c) => c.getAttribute("aria-pressed") === "true")
      .map((c) => c.dataset.status);
    let count = 0;
    for (const row of list.tBodies[0].rows) {
      const text = (row.cells[1].textContent + " " + row.cells[2].dataset.v).toLowerCase();
      const fits = (wanted.length === 0 || wanted.includes(row.dataset.status)) &&
        words.every((word) => text.includes(word));
      row.hidden = !fits;
      if (fits) count += 1;
    }
    shown.textContent = count + " of " + list.tBodies[0].rows.length + " shown";
  };

  if (list && field) {
    document.getElementById("filters").hidden = false;
    field.addEventListener("input", filter);
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
        filter();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) {
        event.preventDefault();
        field.focus();
      }
    });
    filter();
  }

  // A link to a failure opens it; printing shows every log.
  const openTarget = () => {
    const id = location.hash.slice(1);
    const target = id && document.getElementById(id);
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", openTarget);
  openTarget();
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const item of closed) item.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const item of closed) item.open = false;
  });
})();
