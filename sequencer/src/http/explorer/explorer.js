// The explorer. Everything comes from the API under /v1, and every text of it becomes a text node: nothing is ever parsed
// as markup.
"use strict";

const PAGE = 50;
const view = document.getElementById("view");
const live = document.getElementById("live");
const batches = new Map();
const ETH = 0;
const ETH_DECIMALS = 9; // its unit is a gwei
let l1Explorer; // of /v1/info, once it was asked
let shown = 0; // counts views: a slow answer does not overwrite a later one

function make(tag, options, ...children) {
  const { class: name, ...attributes } = options || {};
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined).map((child) =>
    child instanceof Node ? child : document.createTextNode(String(child))));
  return element;
}

const count = (value) => Number(value).toLocaleString("en");
const short = (hash) => `${hash.slice(0, 10)}…${hash.slice(-6)}`;
const code = (text) => make("span", { class: "mono", title: text }, text.length > 24 ? short(text) : text);
const link = (target, text) => make("a", { href: target }, text);
const state = (text) => make("span", { class: `state ${/^[a-z]+$/.test(text) ? text : ""}` }, text);
const toAccount = (index) => index === undefined ? make("span", { class: "faint" }, "L1") : link(`#/account/${index}`, `account ${index}`);
const toBatch = (number) => link(`#/batch/${number}`, number);
const toTransaction = (id) => make("a", { href: `#/transaction/${id}`, class: "mono", title: id }, short(id));
const units = (amount, token) => token === ETH ? `${eth(amount)} ETH` : `${BigInt(amount).toLocaleString("en")} of token ${token}`;

function eth(amount) {
  const digits = BigInt(amount).toString().padStart(ETH_DECIMALS + 1, "0");
  const fraction = digits.slice(-ETH_DECIMALS).replace(/0+$/, "");
  return BigInt(digits.slice(0, -ETH_DECIMALS)).toLocaleString("en") + (fraction ? `.${fraction}` : "");
}

// What L1 has, with a link where a block explorer is configured (EIP-3091: /tx, /address, /block).
const onL1 = (kind, what) => {
  const text = code(String(what));
  if (!l1Explorer) return text;
  return make("a", { href: `${l1Explorer}/${kind}/${what}`, rel: "noopener noreferrer", target: "_blank" }, text);
};

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

async function ask(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || response.statusText);
  return body;
}

function facts(entries) {
  return make("dl", { class: "facts" }, ...entries.filter(([, value]) => value !== undefined).map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function table(columns, rows, empty) {
  if (rows.length === 0) return make("div", { class: "scroll" }, make("p", { class: "empty" }, empty));
  const cell = (tag, value, [, numeric]) => make(tag, numeric ? { class: "number" } : {}, value);
  return make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, make("tr", {}, ...columns.map((column) => cell("th", column[0], column)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((value, place) => cell("td", value, columns[place])))))));
}

function bar(batch) {
  const progress = batch.progress;
  if (!progress) return "";
  const sum = (name) => progress.steps.reduce((total, step) => total + step[name], 0);
  const [done, total] = [sum("done"), sum("total")];
  const left = progress.seconds_left === undefined ? "" : `, about ${duration(progress.seconds_left)} left`;
  return make("span", { title: "jobs of the farm" },
    make("progress", { max: Math.max(total, 1), value: done, "aria-label": `${done} of ${total} jobs` }), ` ${done}/${total}${left}`);
}

// One transaction may have committed and proved a batch.
const byOne = (batch) => batch.commit && batch.prove && batch.commit.hash === batch.prove.hash;
const gas = (batch) => count((batch.commit && !byOne(batch) ? batch.commit.gas_used : 0) + (batch.prove ? batch.prove.gas_used : 0));

function batchTable() {
  const rows = [...batches.values()].sort((a, b) => b.number - a.number).slice(0, PAGE).map((batch) => [
    toBatch(batch.number), state(batch.status), bar(batch), count(batch.l1_operation_count), count(batch.transfer_count),
    count(batch.withdrawal_count), count(batch.pubdata_bytes), batch.snark_bytes ? count(batch.snark_bytes) : "", gas(batch)]);
  return table([["Batch"], ["State"], ["Proving"], ["From L1", true], ["Transfers", true], ["Withdrawals", true],
    ["Bytes on L1", true], ["Proof bytes", true], ["L1 gas", true]], rows, "No batch is sealed yet.");
}

async function askInfo() {
  const info = await ask("/v1/info");
  l1Explorer = /^https?:\/\//.test(info.l1_explorer) ? info.l1_explorer : "";
  return info;
}

const standing = (info) => facts([["Chain", info.chain_id], ["Rollup contract", onL1("address", info.rollup_address)],
  ["Being filled", `batch ${info.next_batch}`], ["Operations not sealed", count(info.unsealed_operations)],
  ["Batches not proven", count(info.unproven_batches)], ...exitMode(info.exit_mode), ["State root", code(info.root)]]);

// What L1 says of exit mode, and until when the oldest operation of its queue must be proven.
function exitMode(of) {
  if (of === undefined) return [];
  if (of.entered) return [["Exit mode", `entered${of.is_final ? "" : ", in a block that is not final"}: no transaction is taken, and balances are taken out on L1 with "ashlar exit"`]];
  return of.oldest ? [["To be proven first", `L1 operation ${count(of.oldest.queue_index)}, before ${new Date(of.oldest.expires_unix_ms).toISOString()}`]] : [];
}

async function home() {
  const info = await askInfo();
  const first = Math.max(1, info.next_batch - PAGE);
  for (const batch of (await ask(`/v1/batches?from=${first}&limit=${PAGE}`)).batches) batches.set(batch.number, batch);
  return [make("h1", {}, "Batches"),
    make("section", { id: "standing" }, standing(info)), make("section", { id: "batches" }, batchTable())];
}

// Operations of L1's queue have their place in it, and may have paid less than was asked.
const kindOf = (of) => make("span", {}, make("span", {}, of.kind.replace("_", " ")),
  of.queue_index === undefined ? "" : make("span", { class: "faint" }, ` L1 operation ${of.queue_index}`));
const paid = (of) => of.kind.startsWith("set_") ? "" : units(of.amount, of.token) + (of.requested === undefined || of.requested === of.amount ? "" : ` of ${units(of.requested, of.token)}`);

function operationRows(page) {
  return page.transactions.map((of) => [toTransaction(of.transaction_id), kindOf(of), toBatch(of.batch_number), of.slot, toAccount(of.from),
    of.withdrawal ? onL1("address", of.withdrawal.recipient) : toAccount(of.to), paid(of), of.queue_index === undefined ? units(of.fee, of.token) : "", state(of.status)]);
}

const OPERATIONS = [["Transaction"], ["Kind"], ["Batch"], ["Slot", true], ["From"], ["To"], ["Amount", true], ["Fee", true], ["State"]];

// A list that grows by a page at a time.
async function operations(path) {
  const section = make("section", {});
  const rows = [];
  const load = async (before) => {
    const page = await ask(`${path}?limit=${PAGE}${before ? `&before=${before}` : ""}`);
    rows.push(...operationRows(page));
    const parts = [table(OPERATIONS, rows, "None in a sealed batch.")];
    if (page.next) {
      const button = make("button", { class: "more", type: "button" }, "Earlier ones");
      button.addEventListener("click", () => load(page.next).catch((error) => button.replaceWith(fault(error))));
      parts.push(button);
    }
    section.replaceChildren(...parts);
  };
  await load();
  return section;
}

const l1 = (of) => of ? make("span", {}, onL1("tx", of.hash), " in block ", onL1("block", of.block_number), `, ${count(of.gas_used)} gas`) : undefined;

async function showBatch(number) {
  const batch = await ask(`/v1/batches/${number}`);
  const steps = batch.steps.map((step) => [step.name, count(step.runs), step.seconds.toFixed(2), count(Math.round(step.peak_rss_bytes / 1048576))]);
  const progress = batch.progress ? [make("h2", {}, "At the farm"), make("p", {}, bar(batch)),
    table([["Step"], ["Done", true], ["Running", true], ["All", true]],
      batch.progress.steps.map((step) => [step.name, count(step.done), count(step.running), count(step.total)]), "No jobs.")] : [];
  return [make("h1", {}, `Batch ${batch.number} `, state(batch.status)),
    batch.failure_reason ? make("p", { class: "fault" }, batch.failure_reason) : "",
    facts([...(byOne(batch) ? [["Committed and proven on L1 by", l1(batch.prove)]] : [["Committed on L1 by", l1(batch.commit)], ["Proven on L1 by", l1(batch.prove)]]),
      ["Proof", batch.snark_bytes ? `${count(batch.snark_bytes)} bytes` : undefined], ["Public data", `${count(batch.pubdata_bytes)} bytes`],
      ["Chunks", count(batch.chunk_count)], ["Root before", code(batch.old_root)], ["Root after", code(batch.new_root)]]),
    ...progress,
    make("h2", {}, "Steps"), table([["Step"], ["Runs", true], ["Seconds", true], ["Peak MiB", true]], steps, "None measured yet."),
    make("h2", {}, "Transactions"), await operations(`/v1/batches/${batch.number}/transactions`)];
}

// What signs for an account.
const auth = (of) => /^0x0+$/.test(of) ? "none: only the L1 owner acts" : code(of);

async function showAccount(key) {
  const account = await ask(`/v1/accounts/${encodeURIComponent(key)}`);
  return [make("h1", {}, `Account ${account.index}`),
    facts([["L1 owner", onL1("address", account.l1_owner)], ["Auth", auth(account.auth)], ["Flags", account.flags || undefined], ["Nonce", account.nonce], ["Waiting", count(account.waiting)],
      ...account.balances.map((of) => [of.token === ETH ? "ETH" : `Token ${of.token}`, of.token === ETH ? eth(of.amount) : BigInt(of.amount).toLocaleString("en")])]),
    make("h2", {}, "Transactions"), await operations(`/v1/accounts/${account.index}/transactions`)];
}

// What an operation of L1's queue says beside what it moved.
const l1Facts = (of) => of.queue_index === undefined ? "" : facts([["Place in L1's queue", count(of.queue_index)],
  [of.kind === "deposit" ? "For the L1 owner" : "Sent on L1 by", of.l1_address && onL1("address", of.l1_address)],
  [of.kind === "deposit" ? "For the auth" : "New auth", of.auth && (of.kind === "deposit" && /^0x0+$/.test(of.auth) ? "any" : auth(of.auth))],
  ["New flags", of.flags]]);

async function showTransaction(id) {
  const receipt = await ask(`/v1/transactions/${encodeURIComponent(id)}`);
  const of = receipt.operation;
  return [make("h1", {}, "Transaction ", state(receipt.status)), make("p", { class: "mono" }, receipt.transaction_id),
    receipt.drop_reason ? make("p", { class: "fault" }, receipt.drop_reason) : "",
    of ? make("div", {}, table(OPERATIONS, operationRows({ transactions: [of] }), ""), l1Facts(of)) : make("p", { class: "faint" }, "Its batch is not sealed yet.")];
}

const fault = (error) => make("p", { class: "fault", role: "alert" }, error.message);

async function show() {
  const turn = ++shown;
  const [, kind, argument] = location.hash.split("/");
  const pages = { batch: showBatch, account: showAccount, transaction: showTransaction };
  try {
    if (l1Explorer === undefined) await askInfo();
    const parts = await (pages[kind] ? pages[kind](decodeURIComponent(argument || "")) : home());
    if (turn === shown) view.replaceChildren(...parts);
  } catch (error) {
    if (turn === shown) view.replaceChildren(fault(error));
  }
}

let scheduled = null;

// Many events at once are one redrawing.
function redraw(number) {
  const [, kind, argument] = location.hash.split("/");
  if (kind === "batch" && Number(argument) !== number || kind === "account" || kind === "transaction" || scheduled) return;
  scheduled = setTimeout(() => {
    scheduled = null;
    if (!document.getElementById("batches")) return show();
    document.getElementById("batches").replaceChildren(batchTable());
    // Should the view have changed meanwhile, there is nothing to fill; what fails comes again with the next event.
    askInfo().then((info) => document.getElementById("standing")?.replaceChildren(standing(info)), () => {});
  }, 500);
}

async function listen() {
  let first = 1;
  try {
    first = Math.max(1, (await ask("/v1/info")).next_batch - PAGE);
  } catch {
    setTimeout(listen, 2000);
    return;
  }
  const events = new EventSource(`/v1/events?from=${first}`);
  events.addEventListener("open", () => { live.textContent = "live"; live.className = "on"; });
  events.addEventListener("error", () => {
    live.textContent = "connecting";
    live.className = "";
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
  events.addEventListener("batch", (event) => {
    const batch = JSON.parse(event.data);
    batches.set(batch.number, batch);
    redraw(batch.number);
  });
}

document.getElementById("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = document.getElementById("query").value.trim();
  if (/^\d+$/.test(text)) location.hash = `#/account/${text}`;
  else if (/^0x[0-9a-fA-F]{40}$/.test(text)) location.hash = `#/account/${text.toLowerCase()}`;
  else if (/^0x[0-9a-fA-F]{64}$/.test(text)) location.hash = `#/transaction/${text.toLowerCase()}`;
  else view.replaceChildren(fault(new Error("An account number, an L1 owner (0x and 40 hexadecimal digits) or a transaction id (64)")));
});
addEventListener("hashchange", show);
show();
listen();
