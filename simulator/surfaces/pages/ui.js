"use strict";

const SHOWN = 100;
const RETRY_MS = 2000;
const state = { tab: "jobs", frozen: false, watching: null, due: false, busy: false };
const byId = (id) => document.getElementById(id);

function make(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = String(text);
  if (className) made.className = className;
  return made;
}

function headers() {
  const sent = { "X-Sim-Namespace": byId("namespace").value.trim() || "default", "X-Sim-Quiet": "1" };
  const token = sessionStorage.getItem("mediasim-token");
  if (token) sent.Authorization = `Bearer ${token}`;
  return sent;
}

async function call(method, path, body) {
  const options = { method, headers: headers() };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(`/_sim${path}`, options);
  if (answer.status === 401) {
    const token = window.prompt("The control plane asks for its admin token:");
    if (token) {
      sessionStorage.setItem("mediasim-token", token);
      return call(method, path, body);
    }
  }
  const told = await answer.json();
  if (!answer.ok) {
    const detail = told.detail ?? told.message;
    throw new Error(Array.isArray(detail) ? detail.map((one) => one.msg).join("; ") : detail);
  }
  return told;
}

function table(columns, rows, empty) {
  if (!rows.length) return make("p", empty, "empty");
  const whole = make("table");
  const head = whole.createTHead().insertRow();
  for (const [name, , kind] of columns) head.append(make("th", name, kind));
  const body = whole.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [, cell, kind] of columns) {
      const place = line.insertCell();
      if (kind) place.className = kind;
      const value = cell(row);
      if (value instanceof Node) place.append(value);
      else if (value !== null && value !== undefined) place.textContent = String(value);
    }
  }
  const scroll = make("div", null, "scroll");
  scroll.append(whole);
  return scroll;
}

const tag = (word) => make("span", word, `tag ${word}`);
const code = (text) => make("code", text);
const short = (id) => (id ? code(id.slice(0, 8)) : null);
const time = (text) => (text ? text.slice(11, 19) : "never");

function more(summary, value) {
  const box = make("details");
  box.append(make("summary", summary), make("pre", JSON.stringify(value, null, 2)));
  return box;
}

function button(text, act) {
  const made = make("button", text);
  made.type = "button";
  made.addEventListener("click", () => run(act));
  return made;
}

function progress(job) {
  const box = make("span");
  const line = make("progress");
  line.max = 100;
  line.value = job.progress;
  line.setAttribute("aria-label", `${job.progress} %`);
  box.append(line, ` ${job.progress} %`);
  return box;
}

const VIEWS = {
  async jobs() {
    const { jobs } = await call("GET", `/jobs?limit=${SHOWN}`);
    return table([
      ["generation", (job) => short(job.id)],
      ["model", (job) => job.model],
      ["status", (job) => tag(job.status)],
      ["progress", progress],
      ["credits", (job) => job.credits, "number"],
      ["why", (job) => job.formula],
      ["created", (job) => time(job.timetable.created_at)],
      ["ends", (job) => `${time(job.timetable.done_at)} ${job.outcome}`],
      ["", (job) => job.status === "completed" || job.status === "failed" || job.outcome === "never"
        ? null
        : button("To its end", () => call("POST", "/clock/advance", { until: { generation_id: job.id, status: job.outcome } }))],
      ["", (job) => more("all", job)],
    ], jobs, "No jobs yet. POST /v1/generate/media starts one.");
  },
  async ledger() {
    const { entries } = await call("GET", "/ledger");
    return table([
      ["entry", (entry) => entry.id, "number"],
      ["kind", (entry) => tag(entry.kind)],
      ["credits", (entry) => entry.credits, "number"],
      ["account", (entry) => entry.account],
      ["generation", (entry) => short(entry.generation_id)],
      ["price row", (entry) => entry.price_row],
      ["formula", (entry) => entry.formula],
      ["why", (entry) => entry.reason],
      ["at", (entry) => time(entry.at)],
    ], entries.slice(-SHOWN).reverse(), "No entries yet: an account is made when its key is first seen.");
  },
  async requests() {
    const { requests } = await call("GET", `/requests?newest_first=true&limit=${SHOWN}`);
    return table([
      ["#", (one) => one.seq, "number"],
      ["at", (one) => time(one.at)],
      ["over", (one) => one.surface],
      ["call", (one) => code(one.operation || `${one.method} ${one.path}`)],
      ["model", (one) => one.model],
      ["status", (one) => make("span", one.status || "broken", `tag ${one.status >= 200 && one.status < 300 && !one.error ? "ok" : "bad"}`)],
      ["refused by", (one) => one.error && (one.rule ? `${one.error} (${one.rule.strength ?? "rule"})` : one.error)],
      ["fault", (one) => one.faults.join(", ")],
      ["ms", (one) => (one.took_us / 1000).toFixed(1), "number"],
      ["", (one) => more("all", one)],
    ], requests, "Nothing was called yet.");
  },
  async faults() {
    const { faults } = await call("GET", "/faults");
    const { breakpoints } = await call("GET", "/breakpoints");
    const box = make("div");
    box.append(table([
      ["fault", (one) => code(one.id)],
      ["does", (one) => code(JSON.stringify(one.do))],
      ["to", (one) => code(JSON.stringify(one.match))],
      ["left", (one) => one.left ?? "all", "number"],
      ["done", (one) => one.fired, "number"],
      ["", (one) => button("Remove", () => call("DELETE", `/faults/${one.id}`))],
    ], faults, "No faults are armed. mediasim faults kinds lists what can go wrong."));
    box.append(table([
      ["breakpoint", (one) => code(one.id)],
      ["at", (one) => code(one.point)],
      ["parked", (one) => one.parked.length, "number"],
      ["seen", (one) => one.seen, "number"],
      ["", (one) => button("Release", () => call("POST", `/breakpoints/${one.id}/release`, {}))],
      ["", (one) => button("Remove", () => call("DELETE", `/breakpoints/${one.id}`))],
    ], breakpoints, "No breakpoints are set."));
    return box;
  },
  async scenarios() {
    const { scenarios } = await call("GET", "/scenarios");
    return table([
      ["scenario", (one) => code(one.name)],
      ["what happens", (one) => one.says ?? one.title],
      ["", (one) => button("Set up", () => call("POST", `/scenarios/${one.name}`, {}))],
    ], scenarios, "There are no scenarios.");
  },
  async conduct() {
    const { rules } = await call("GET", "/conduct");
    return table([
      ["rule", (rule) => code(rule.id)],
      ["advice", (rule) => rule.says],
      ["found", (rule) => rule.findings.length ? more(rule.findings.length, rule.findings) : tag("ok")],
      ["cost", (rule) => rule.credits || "", "number"],
      ["strength", (rule) => rule.strength],
    ], rules, "");
  },
};

function card(account) {
  const box = make("div", null, "card");
  box.append(make("h2", `Account ${account.account}`));
  const list = make("dl");
  for (const name of ["available", "held", "spent"]) {
    const pair = make("div");
    pair.append(make("dt", name), make("dd", account.balance[name]));
    list.append(pair);
  }
  box.append(list);
  return box;
}

function tell(error) {
  byId("trouble").textContent = error ? String(error.message ?? error) : "";
}

async function refresh() {
  if (state.busy) {
    state.due = true;
    return;
  }
  state.busy = true;
  try {
    const clock = await call("GET", "/clock");
    state.frozen = clock.mode === "frozen";
    byId("now").textContent = clock.now.replace("T", " ").slice(0, 19);
    byId("mode").textContent = state.frozen ? "frozen" : `x ${clock.speed}`;
    byId("toggle").textContent = state.frozen ? "Resume" : "Freeze";
    const { accounts } = await call("GET", "/accounts");
    byId("accounts").replaceChildren(...accounts.map(card));
    const tab = state.tab;
    const view = await VIEWS[tab]();
    const open = byId("view").querySelector("details[open]");
    if (tab === state.tab && (!open || byId("view").dataset.tab !== tab)) {
      byId("view").replaceChildren(view);
      byId("view").dataset.tab = tab;
    }
    tell(null);
  } catch (error) {
    tell(error);
  } finally {
    state.busy = false;
    if (state.due) {
      state.due = false;
      window.setTimeout(refresh, 100);
    }
  }
}

async function run(act) {
  try {
    await act();
    tell(null);
  } catch (error) {
    tell(error);
    return;
  }
  await refresh();
}

async function watch() {
  state.watching?.abort();
  const mine = new AbortController();
  state.watching = mine;
  while (!mine.signal.aborted) {
    try {
      const answer = await fetch("/_sim/events", { headers: headers(), signal: mine.signal });
      const reader = answer.body.getReader();
      for (;;) {
        const { done } = await reader.read();
        if (done) break;
        refresh();
      }
    } catch (error) {
      if (mine.signal.aborted) return;
    }
    await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
    refresh();
  }
}

function begin() {
  const named = new URLSearchParams(window.location.search).get("namespace");
  if (named) byId("namespace").value = named;
  byId("world").addEventListener("submit", (event) => event.preventDefault());
  byId("namespace").addEventListener("change", () => { refresh(); watch(); });
  byId("toggle").addEventListener("click", () => run(() => call("POST", state.frozen ? "/clock/resume" : "/clock/freeze", {})));
  byId("next").addEventListener("click", () => run(() => call("POST", "/clock/advance", { until: "next_event" })));
  byId("reset").addEventListener("click", () => {
    if (window.confirm("Empty this world? Its jobs, ledger and uploads go.")) run(() => call("POST", "/reset", {}));
  });
  for (const move of document.querySelectorAll("[data-seconds]")) {
    move.addEventListener("click", () => run(() => call("POST", "/clock/advance", { seconds: Number(move.dataset.seconds) })));
  }
  for (const tab of document.querySelectorAll("[data-tab]")) {
    if (tab.tagName !== "BUTTON") continue;
    tab.addEventListener("click", () => {
      state.tab = tab.dataset.tab;
      for (const other of document.querySelectorAll(".tabs button")) other.setAttribute("aria-current", String(other === tab));
      byId("view").replaceChildren();
      refresh();
    });
  }
  refresh();
  watch();
  window.setInterval(() => { if (!document.hidden && !state.frozen) refresh(); }, 1000);
}

begin();
