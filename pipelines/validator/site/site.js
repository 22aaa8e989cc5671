// SPDX-License-Identifier: Apache-2.0
// Reads data/latest.json and data/failure_tracker.json, and an architecture's result when it is
// opened. Texts are set as text, never as markup.
"use strict";

const percent = (rate) => (100 * rate).toFixed(1) + " %";
const ORDER = ["failed", "timeout", "partial", "skipped", "passed"];

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function get(name) {
  const answer = await fetch("data/" + name);
  if (!answer.ok) throw new Error("data/" + name + ": HTTP " + answer.status);
  return answer.json();
}

// On a phone each cell says what it is.
function addRow(table, cells, body) {
  const heads = document.querySelectorAll("#" + table + " th");
  const row = (body || document.querySelector("#" + table + " tbody")).insertRow();
  cells.forEach((value, i) => {
    const cell = row.insertCell();
    if (value instanceof Node) cell.append(value); else cell.textContent = value ?? "";
    if (i > 0) cell.dataset.label = heads[i].textContent;
  });
  return row;
}

function link(url, text) {
  if (!/^https?:\/\//.test(url || "")) return text;
  const made = element("a", text);
  made.href = url;
  return made;
}

function section(into, title, text) {
  if (!text) return;
  into.append(element("h3", title));
  const block = element("pre", text);
  block.tabIndex = 0;
  into.append(block);
}

// What is in an architecture's own result, read when somebody wants it.
async function fill(into, row) {
  section(into, "What was assumed of the drawing", row.synthesis_notes);
  try {
    const result = await get("runs/" + row.run_id + "/" + row.architecture_id + ".json");
    section(into, "The harness failed", result.harness_error);
    section(into, "Deployment", result.infrastructure?.errors);
    for (const test of result.tests?.failures || []) {
      section(into, test.name, test.message + "\n\n" + test.traceback);
    }
    section(into, "Resources", (result.infrastructure?.resources_created || []).join("\n"));
    section(into, "Log of Terraform", result.logs?.terraform_log);
    section(into, "Output of the tests", result.logs?.test_output);
    section(into, "Log of the app", result.logs?.app_log);
    section(into, "Log of the emulator", result.logs?.localstack_log);
  } catch (err) {
    into.append(element("p", String(err)));
  }
}

// Its name opens a row with what is known of it, over the whole width.
function nameOf(row, body) {
  const cell = document.createDocumentFragment();
  const button = element("button", row.architecture_id);
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  cell.append(button);
  if (row.reason) cell.append(element("div", row.reason, "faint why"));
  let more;
  button.addEventListener("click", () => {
    if (!more) {
      more = body.insertRow();
      more.className = "more";
      more.insertCell().colSpan = 7;
      fill(more.firstChild, row);
    } else {
      more.hidden = !more.hidden;
    }
    button.setAttribute("aria-expanded", String(!more.hidden));
  });
  return cell;
}

function statusOf(row) {
  const confidence = row.diagram_confidence;
  const drawn = confidence === undefined ? "" : ", drawing read with confidence "
    + confidence.toFixed(2);
  const status = element("span", row.status, "status");
  status.append(element("span", drawn, "faint"));
  return status;
}

function showResults(latest, tracker) {
  const rows = latest.results.slice().sort((a, b) =>
    ORDER.indexOf(a.status) - ORDER.indexOf(b.status)
    || (a.architecture_id < b.architecture_id ? -1 : 1));
  for (const r of rows) {
    const entry = tracker.entries[r.architecture_id] || {};
    const number = entry.issue_number ?? r.issue_number;
    const body = document.getElementById("results").createTBody();
    addRow("results", [nameOf(r, body), statusOf(r), r.duration_seconds.toFixed(1),
      r.services.join(", "), entry.consecutive_failures,
      number && link(latest.issues_url && latest.issues_url + "/" + number, "#" + number),
      r.run_id], body);
    body.className = r.status;
    body.dataset.text = [r.architecture_id, r.status, ...r.services].join(" ").toLowerCase();
  }
}

function find() {
  const words = document.getElementById("find").value.toLowerCase().split(/\s+/);
  const rows = document.querySelectorAll("#results tbody");
  let shown = 0;
  for (const row of rows) {
    row.hidden = !words.every((word) => row.dataset.text.includes(word));
    if (!row.hidden) shown += 1;
  }
  document.getElementById("found").textContent = shown + " of " + rows.length;
}

function showCounts(n) {
  const counts = [["Pass rate", percent(n.pass_rate)], ["Passed", n.passed],
    ["Partial", n.partial], ["Failed", n.failed], ["of them timeouts", n.timeout],
    ["Skipped", n.skipped], ["of them not judged", n.unjudged]];
  for (const [name, value] of counts) {
    if (value === undefined || (name.startsWith("of them") && value === 0)) continue;
    const box = element("div");
    box.append(element("dt", name), element("dd", value));
    document.getElementById("counts").append(box);
  }
}

function show(latest, tracker) {
  const run = latest.run;
  document.getElementById("run").textContent = "Newest run " + run.id + " (" + run.trigger
    + "), architectures: " + run.statistics.total_architectures + ", emulator: "
    + run.localstack_version + ", ended " + run.completed_at;
  showCounts(run.statistics);
  showResults(latest, tracker);
  for (const s of latest.service_coverage) {
    addRow("services", [s.service_name, s.architectures_tested, s.architectures_passed,
      s.architectures_failed, percent(s.pass_rate), s.last_tested_run]);
  }
  for (const r of latest.runs) {
    const n = r.statistics;
    if (n) {
      addRow("runs", [r.id, n.total_architectures, n.passed, n.partial, n.failed, n.skipped,
        percent(n.pass_rate)]);
    }
  }
  document.querySelector("main").hidden = false;
  document.getElementById("find").addEventListener("input", find);
  find();
}

Promise.all([get("latest.json"), get("failure_tracker.json")])
  .then(([latest, tracker]) => show(latest, tracker))
  .catch((err) => {
    const line = document.getElementById("run");
    line.textContent = String(err);
    line.className = "failed";
  });
