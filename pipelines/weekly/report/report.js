// SPDX-License-Identifier: Apache-2.0
// Sorting, filtering, opening rows, copying logs. The page is complete without it; nothing is
// loaded and nothing is sent.
"use strict";
(function () {
  const byId = (id) => document.getElementById(id);
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  document.documentElement.classList.add("js");

  // --- sorting -----------------------------------------------------------------------------------

  const valueOf = (row, column, kind) => {
    const cell = row.cells[column];
    const words = cell.querySelector(".opener") || cell;
    const text = cell.dataset.v === undefined ? words.textContent : cell.dataset.v;
    return kind === "number" ? parseFloat(text) || 0 : text.toLowerCase();
  };

  // What moves: the rows of a table, or its bodies where each holds a row and its details.
  const unitsOf = (table) => (table.id === "list"
    ? Array.from(table.tBodies, (body) => [body.rows[0], body])
    : Array.from(table.tBodies[0].rows, (row) => [row, row]));

  const sortBy = (table, head, kind) => {
    const wasUp = head.getAttribute("aria-sort") === "ascending";
    const sign = wasUp ? -1 : 1;
    const keyed = unitsOf(table).map(([row, unit]) => [valueOf(row, head.cellIndex, kind), unit]);
    keyed.sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0));
    const place = table.id === "list" ? table : table.tBodies[0];
    place.append(...keyed.map((pair) => pair[1]));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", wasUp ? "descending" : "ascending");
  };

  for (const table of all("table.sortable")) {
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

  // --- rows and their details --------------------------------------------------------------------

  const openerOf = (body) => body.querySelector(".opener");

  // Copy buttons are made when they can be seen first.
  const addCopy = (body) => {
    for (const log of all(".log", body)) {
      if (log.querySelector(".copy")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy plain";
      button.textContent = "Copy";
      const title = log.querySelector("h3, h4");
      button.setAttribute("aria-label", "Copy " + (title ? title.textContent : "Terraform"));
      if (title) title.after(button);
      else log.prepend(button);
    }
  };

  const show = (body, is_open) => {
    if (is_open) addCopy(body);
    body.classList.toggle("open", is_open);
    openerOf(body).setAttribute("aria-expanded", String(is_open));
    // What went wrong stands at the end of a log.
    for (const log of all(".detail > td > .log > pre", body)) log.scrollTop = log.scrollHeight;
  };

  const textOf = (log) => all("pre", log).map((pre) => pre.textContent).join("\n");

  const copyByHand = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const ok = document.execCommand("copy");
    area.remove();
    return ok ? Promise.resolve() : Promise.reject(new Error("not copied"));
  };

  const copy = (button) => {
    const text = textOf(button.parentElement);
    const written = navigator.clipboard && window.isSecureContext
      ? navigator.clipboard.writeText(text).catch(() => copyByHand(text)) : copyByHand(text);
    const say = (word) => {
      button.textContent = word;
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
    written.then(() => say("Copied"), () => say("Not copied"));
  };

  const list = byId("list");
  if (list) {
    for (const body of list.tBodies) openerOf(body).setAttribute("aria-expanded", "false");
    list.addEventListener("click", (event) => {
      const opener = event.target.closest(".opener");
      const button = event.target.closest(".copy");
      if (button) copy(button);
      if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const body = opener.closest("tbody");
      const is_open = !body.classList.contains("open");
      show(body, is_open);
      history.replaceState(null, "", is_open ? "#" + body.id : location.pathname + location.search);
    });
  }

  // --- filtering ---------------------------------------------------------------------------------

  const field = byId("filter");
  const service = byId("service");
  const clear = byId("clear");
  const chips = all(".chip");
  const isPressed = (chip) => chip.getAttribute("aria-pressed") === "true";
  let cluster = "";
  let words = null;

  const wordsOf = (body) => {
    const cells = body.rows[0].cells;
    return { body: body, text: (cells[1].textContent + " " + cells[2].textContent + " " + body.id)
      .toLowerCase(), services: all(".tag", cells[2]).map((tag) => tag.textContent) };
  };

  const filter = () => {
    words = words || Array.from(list.tBodies, wordsOf);
    const sought = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = chips.filter(isPressed).map((chip) => chip.dataset.status);
    let count = 0;
    for (const row of words) {
      const fits = (wanted.length === 0 || wanted.includes(row.body.dataset.s)) &&
        (!service.value || row.services.includes(service.value)) &&
        (!cluster || row.body.dataset.c === cluster) &&
        sought.every((word) => row.text.includes(word));
      row.body.hidden = !fits;
      if (fits) count += 1;
    }
    clear.hidden = count === words.length;
    byId("shown").textContent = count + " of " + words.length + " shown" +
      (cluster ? ", root cause " + cluster : "");
  };

  const showAll = () => {
    field.value = "";
    service.value = "";
    cluster = "";
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    filter();
  };

  if (list && field) {
    byId("filters").hidden = false;
    byId("shown").textContent = list.tBodies.length + " of " + list.tBodies.length + " shown";
    field.addEventListener("input", filter);
    service.addEventListener("change", filter);
    clear.addEventListener("click", () => {
      showAll();
      field.focus();
    });
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(!isPressed(chip)));
        filter();
      });
    }
    for (const button of all("[data-cluster]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        showAll();
        cluster = button.dataset.cluster;
        filter();
        byId("architectures").scrollIntoView();
        field.focus({ preventScroll: true });
      });
    }
    document.addEventListener("keydown", (event) => {
      const is_typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key === "/" && !is_typing) {
        event.preventDefault();
        field.focus();
      }
      if (event.key === "Escape" && event.target === field) showAll();
    });
  }

  // --- links to a row ----------------------------------------------------------------------------

  const openTarget = () => {
    const target = location.hash && byId(location.hash.slice(1));
    if (!target || !target.classList.contains("arch")) return;
    if (target.hidden) showAll();
    show(target, true);
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", openTarget);
  openTarget();
})();
