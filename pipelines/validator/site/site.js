// SPDX-License-Identifier: Apache-2.0
// Reads data/latest.json and data/failure_tracker.json. Texts are set as text, never as markup.
"use strict";

const percent = (rate) => (100 * rate).toFixed(1) + " %";

function add(table, cells, status) {
  const row = document.querySelector("#" + table + " tbody").insertRow();
  for (const value of cells) row.insertCell().textContent = value ?? "";
  if (status) row.className = status;
  return row;
}

async function get(name) {
  const answer = await fetch("data/" + name);
  if (!answer.ok) throw new Error(name + ": HTTP " + answer.status);
  return answer.json();
}

function show(latest, tracker) {
  const run = latest.run;
  document.getElementById("run").textContent = run.id + ", " + run.localstack_version + ", "
    + percent(run.statistics.pass_rate) + " passed";
  for (const s of latest.service_coverage) {
    add("services", [s.service_name, s.architectures_tested, s.architectures_passed,
      s.architectures_failed, percent(s.pass_rate)]);
  }
  for (const r of latest.results) {
    const entry = tracker.entries[r.architecture_id] || {};
    add("results", [r.architecture_id, r.status, r.duration_seconds.toFixed(1),
      r.services.join(", "), entry.consecutive_failures, r.issue_number && "#" + r.issue_number,
      r.reason], r.status);
  }
  for (const r of latest.runs) {
    const n = r.statistics;
    if (n) {
      add("runs", [r.id, n.total_architectures, n.passed, n.partial, n.failed, n.skipped,
        percent(n.pass_rate)]);
    }
  }
}

Promise.all([get("latest.json"), get("failure_tracker.json")])
  .then(([latest, tracker]) => show(latest, tracker))
  .catch((err) => { document.getElementById("run").textContent = String(err); });
