// The farm, read from /overview.json every second. Every text of it becomes a text node: nothing is parsed as markup.
"use strict";

const INTERVAL_MS = 1000;
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function make(tag, options, ...children) {
  const { class: name, ...attributes } = options || {};
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return element;
}

function drawn(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const number = (value) => make("td", { class: "number" }, value);
const cell = (value) => make("td", {}, value);
const text = (value) => make("td", { class: "text" }, value);
const state = (name) => make("td", {}, make("span", { class: `state ${name}` }, name));
const tenant = ({ chain_id: chain, rollup }) =>
  make("td", { class: "mono", title: `${chain}:${rollup}` }, `${chain}:${rollup.slice(0, 8)}…${rollup.slice(-4)}`);

function table(place, head, rows, none) {
  if (rows.length === 0) {
    place.replaceChildren(make("p", { class: "empty" }, none));
    return;
  }
  const names = head.map(([name, kind]) => make("th", { scope: "col", class: kind || "" }, name));
  const body = make("tbody", {}, ...rows);
  place.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...names)), body));
}

// What is done, what workers have, and what was given up, as parts of one bar.
function stage(kind) {
  const bar = drawn("svg", { class: "stage", viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  let from = 0;
  for (const name of ["done", "leased", "poisoned"]) {
    const width = (100 * kind[name]) / Math.max(kind.total, 1);
    bar.append(drawn("rect", { class: name, x: from, y: 0, width, height: 1 }));
    from += width;
  }
  const title = `${kind.leased} leased, ${kind.ready} ready, ${kind.blocked} blocked, ${duration(kind.seconds)} of workers`;
  return make("div", { class: "stage", title }, `${kind.kind} ${kind.done}/${kind.total}`, bar);
}

function facts(of) {
  const counts = Object.entries(of.batches_by_state).map(([name, count]) => `${count} ${name}`);
  const sum = (name) => of.running_jobs.reduce((all, kind) => all + kind[name], 0);
  const { known, live, draining, quarantined } = of.fleet;
  const parts = [`${live} of ${known} live`];
  if (draining) parts.push(`${draining} draining`);
  if (quarantined) parts.push(`${quarantined} quarantined`);
  const done = of.minutes.reduce((all, minute) => all + minute.accepted, 0);
  const failed = of.minutes.reduce((all, minute) => all + minute.failed, 0);
  const entries = [
    ["Batches", counts.join(", ") || "none"],
    ["Jobs of running batches", `${sum("leased")} leased, ${sum("ready")} ready, ${sum("blocked")} blocked`],
    ["Oldest job that waits", of.oldest_ready_seconds === null ? "none" : duration(of.oldest_ready_seconds)],
    ["Workers", parts.join(", ")],
    [`Jobs done in ${of.minutes.length} minutes`, done],
    ["Attempts that failed in them", failed],
  ];
  byId("facts").replaceChildren(...entries.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

// The oldest minute at the left; the present one, which is not over, at the right.
function minutes(list) {
  const most = Math.max(1, ...list.map((minute) => minute.accepted + minute.failed));
  const bars = list.toReversed().flatMap((minute, place) => {
    const [good, bad] = [(100 * minute.accepted) / most, (100 * minute.failed) / most];
    const at = { x: place + 0.1, width: 0.8 };
    const title = drawn("title", {}, document.createTextNode(`${minute.accepted} done, ${minute.failed} failed`));
    return [
      drawn("rect", { class: "done", ...at, y: 100 - good, height: good }, title),
      drawn("rect", { class: "bad", ...at, y: 100 - good - bad, height: bad }),
    ];
  });
  const label = `Jobs done in each of the last ${list.length} minutes: ${list.map((minute) => minute.accepted).toReversed().join(", ")}`;
  const view = { viewBox: `0 0 ${list.length} 100`, preserveAspectRatio: "none" };
  byId("minutes").replaceChildren(drawn("svg", { class: "minutes", role: "img", "aria-label": label, ...view }, ...bars));
}

function worker(of) {
  const remarks = of.quarantines.map((kept) => `no ${kept.kind} for ${duration(kept.seconds_left)}: ${kept.reason}`);
  if (of.draining) remarks.unshift("draining");
  const job = of.job ? `${of.job.kind} of batch ${of.job.batch} (job ${of.job.id})` : "none";
  return make("tr", {},
    cell(of.name), cell(of.backend), cell(job), number(of.job ? duration(of.job.seconds) : ""), number(of.jobs_done),
    number(duration(of.seconds)), text(remarks.join("; ")));
}

const count = (value) => value.toLocaleString("en");

function batch(of) {
  const remarks = of.failure_reason || (of.machine_faults ? `${of.machine_faults} fault(s) of machines` : "");
  return make("tr", {},
    number(of.number), tenant(of.tenant), state(of.state), number(duration(of.seconds)), number(duration(of.worker_seconds)),
    number(of.settled ? count(of.settled.transactions) : ""), number(of.settled ? count(of.settled.l1_gas) : ""),
    cell(make("div", { class: "stages" }, ...of.kinds.map(stage))), text(remarks));
}

const failure = (of) => make("tr", {},
  number(`${duration(of.seconds_ago)} ago`), cell(`${of.kind} of batch ${of.batch} (job ${of.job})`), cell(of.worker), text(of.reason));

// Of the settled batches; nothing while there are none.
const each = (of, name, digits) => {
  const value = of.settled.transaction[name];
  return number(value === null ? "" : value.toLocaleString("en", { maximumFractionDigits: digits }));
};

const tenantRow = (of) => make("tr", {},
  tenant(of), cell(of.owner === null ? "any" : of.owner), number(of.priority), number(of.weight),
  number(of.max_batches ? `${of.running_batches} of ${of.max_batches}` : of.running_batches), number(of.leased_jobs),
  number(of.ready_jobs), number(duration(of.cost.cpu_seconds)), number(duration(of.cost.device_seconds)),
  number(count(of.settled.transactions)), number(count(of.settled.l1_gas)), each(of, "l1_gas", 0), each(of, "cpu_seconds", 3),
  each(of, "device_seconds", 3), cell(of.paused ? "paused" : ""));

const RIGHT = "number";

function show(of) {
  byId("paused").hidden = !of.paused;
  facts(of);
  minutes(of.minutes);
  table(byId("workers"), [["name"], ["backend"], ["job"], ["for", RIGHT], ["done", RIGHT], ["cost", RIGHT], ["remarks"]],
    of.workers.filter((one) => one.live).map(worker), "No worker is there: no job gets done.");
  table(byId("batches"), [["batch", RIGHT], ["tenant"], ["state"], ["time", RIGHT], ["cost", RIGHT],
    ["transactions", RIGHT], ["L1 gas", RIGHT], ["stages"], ["remarks"]], of.batches.map(batch), "No batch was submitted yet.");
  table(byId("failures"), [["when", RIGHT], ["job"], ["worker"], ["reason"]], of.failures.map(failure), "None.");
  table(byId("tenants"), [["tenant"], ["sequencer"], ["priority", RIGHT], ["weight", RIGHT], ["batches", RIGHT],
    ["leased", RIGHT], ["ready", RIGHT], ["CPU time", RIGHT], ["device time", RIGHT], ["settled transactions", RIGHT],
    ["L1 gas", RIGHT], ["gas each", RIGHT], ["CPU s each", RIGHT], ["device s each", RIGHT], [""]], of.tenants.map(tenantRow), "Nobody submitted yet.");
}

async function read() {
  try {
    const response = await fetch("overview.json", { signal: AbortSignal.timeout(10 * INTERVAL_MS) });
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail);
    show(body);
    byId("live").textContent = `as of ${new Date(body.at_unix_ms).toLocaleTimeString()}`;
    byId("live").className = "on";
  } catch (error) {
    byId("live").textContent = `not current: ${error.message}`;
    byId("live").className = "";
  }
  setTimeout(read, INTERVAL_MS);
}

read();
