// The page on a phone: joins a session, hands the form its host, deletes answers by their code.
// Every address is on the server that sent this page. Words stand in the page as data.

import { deviceStorage, fill, h, keptDrafts, mount, put, randomHex, saveFile } from "./form.js";

const app = document.getElementById("app");
const everyLanguage = JSON.parse(document.getElementById("words").textContent);
const language = (navigator.languages || ["en"]).map((name) => name.split("-")[0]).find((name) => name in everyLanguage) || "en";
const words = everyLanguage[language];
const storage = deviceStorage();
const TIMEOUT = 15000;

const say = (key, values) => fill(words[key], values);
document.documentElement.lang = language;
document.documentElement.dir = words.direction;
document.title = say("title");

// One request. What is thrown has `status` 0 where nobody, or somebody else than our server, answered.
async function call(method, path, body, ticket) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT);
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (ticket) headers.Authorization = `Ticket ${ticket}`;
  try {
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: stop.signal, cache: "no-store", credentials: "omit" });
    const data = await answer.json();
    if (answer.ok) return data;
    const told = data.error || {};
    const failure = new Error(told.message || "");
    const wait = Number(answer.headers.get("Retry-After")) || 0;
    throw Object.assign(failure, { status: data.error ? answer.status : 0, reason: told.reason, retryAfter: wait, data });
  } catch (error) {
    throw error && error.status !== undefined ? error : { status: 0, message: "" };
  } finally {
    clearTimeout(timer);
  }
}

// Only these words from our own server acknowledge anything; a network's sign-in page does not.
async function acknowledged(request) {
  const data = await request;
  if (!["stored", "unchanged", "amended"].includes(data.status)) throw { status: 0, message: "" };
  return data;
}

const p = (key, values, name) => h("p", { class: name }, say(key, values));
const button = (key, act, name) => h("button", { type: "button", class: name, onclick: act }, say(key));

function page(heading, ...children) {
  const status = h("p", { class: "mr-status", role: "status" });
  const title = h("h1", { tabindex: -1 }, say(heading));
  put(app, [h("div", { class: "mr-form" }, title, ...children, status)]);
  return { status, title, tell: (key, values) => { status.textContent = say(key, values); } };
}

function field(id, label, hint, more) {
  const input = h("input", Object.assign({ id, type: "text", class: "mr-typed", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": `${id}-hint` }, more));
  return [input, h("div", { class: "mr-choice" }, h("label", { for: id }, say(label)), input, h("p", { id: `${id}-hint`, class: "mr-hint" }, say(hint)))];
}

function joinPage(code, problem) {
  const [input, row] = field("code", "join_label", "join_hint", { maxlength: 12 });
  input.value = code || "";
  const submit = (event) => {
    event.preventDefault();
    const plain = input.value.toUpperCase().replace(/[^A-Z0-9]/g, "");
    if (plain) location.assign(`/j/${plain}`);
    else {
      shown.tell("no_code");
      input.focus();
    }
  };
  const form = h("form", { onsubmit: submit }, row, h("div", { class: "mr-buttons" }, h("button", { class: "mr-main" }, say("join"))));
  const shown = page("join_title", form, h("p", null, h("a", { href: "/withdraw" }, say("withdraw_link"))));
  if (problem) shown.tell(problem);
  input.focus();
}

const WITHDRAWAL = { 404: "withdraw_unknown", 422: "withdraw_form", 423: "withdraw_late", 429: "slow_down", 0: "unreachable_now" };

function withdrawPage() {
  const [input, row] = field("receipt", "withdraw_label", "withdraw_hint", { maxlength: 40 });
  const submit = async (event) => {
    event.preventDefault();
    if (!input.value.trim()) {
      shown.tell("no_code");
      input.focus();
      return;
    }
    shown.tell("loading");
    try {
      await call("POST", "/api/withdraw", { receipt: input.value });
      input.value = "";
      shown.tell("withdrawn");
    } catch (error) {
      const key = WITHDRAWAL[error.status];
      shown.tell(key || "failed", { message: error.message });
    }
  };
  const form = h("form", { onsubmit: submit }, row, h("div", { class: "mr-buttons" }, h("button", { class: "mr-main" }, say("withdraw"))));
  const shown = page("withdraw_title", p("withdraw_why"), form);
}

// What this device still holds, with a button that saves it.
function keptHere(prefix) {
  return keptDrafts(storage, prefix).map(({ key, draft }) => h("div", { class: "mr-note" }, p("unreachable_draft"),
    button("save_file", () => saveFile(draft, null, { session: key.split(":")[2] }))));
}

let trying = 0;
let again = null;

// A page that tries by itself, at once when the network or the reader comes back.
function later(code, key, prefix, seconds) {
  page("title", p(key), ...keptHere(prefix), h("div", { class: "mr-buttons" }, button("try_now", () => open(code), "mr-main"))).tell(key);
  again = () => open(code);
  trying = setTimeout(again, seconds * 1000 * (0.75 + Math.random() / 2));
}

["online", "pageshow"].forEach((name) => window.addEventListener(name, () => again && again()));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && again && again());

let failures = 0;

async function open(code) {
  clearTimeout(trying);
  again = null;
  try {
    const { session, content } = await call("GET", `/api/sessions/${encodeURIComponent(code)}`);
    await enter(code, session, content);
  } catch (error) {
    failures += 1;
    if (error.status === 404) joinPage(code, "unknown");
    else if (error.status === 423) later(code, keptDrafts(storage, "mr:draft:").length ? "closed_draft" : "closed", "mr:draft:", 60);
    else if (error.status === 429) later(code, "slow_down", "mr:draft:", error.retryAfter || 30);
    else if (error.status === 403) later(code, "full", "mr:draft:", 20);
    else later(code, "unreachable", "mr:draft:", Math.min(30, 2 ** failures));
  }
}

// The device's place in a session: a random name it made for itself, and the ticket it got for it.
class Place {
  constructor(code, session) {
    this.code = code;
    this.key = `mr:place:${session.id}`;
    this.storage = session.shared_device ? null : storage;
    const kept = this.storage && this.storage.getItem(this.key);
    this.place = kept ? JSON.parse(kept) : { device: randomHex(16), ticket: null };
  }

  keep(key, value) {
    try {
      if (this.storage) this.storage.setItem(key, JSON.stringify(value));
    } catch (error) { /* full: the server knows the device by the name in memory */ }
  }

  async ticket() {
    if (!this.place.ticket) {
      this.keep(this.key, this.place);
      const { ticket } = await call("POST", `/api/sessions/${encodeURIComponent(this.code)}/join`, { device: this.place.device });
      if (!ticket) throw { status: 0, message: "" };
      this.place.ticket = ticket;
      this.keep(this.key, this.place);
    }
    return this.place.ticket;
  }

  // Another person: a new name, and a ticket now if the server can be reached, else when sending.
  async renew() {
    this.place = { device: randomHex(16), ticket: null };
    try {
      await this.ticket();
    } catch (error) {
      if (error.status) throw new Error(say(error.status === 403 ? "full" : error.status === 423 ? "closed" : "failed", error));
    }
  }
}

async function enter(code, session, content) {
  const place = new Place(code, session);
  try {
    await place.ticket();
  } catch (error) {
    if (error.status !== 0 && error.status < 500) throw error; // else the form opens and asks for it when sending
  }
  const tab = session.shared_device ? null : deviceStorage("sessionStorage");
  const marks = { sent: `mr:sent:${session.id}`, receipt: `mr:receipt:${session.id}` };
  let revision = null;
  // What the form is told of this place. Both promises refuse with {status, reason, message, retryAfter}: the
  // status of HTTP, or 0 where nobody answered. `storage` null would keep the draft in memory alone; a host that
  // does not know the team gives `places`, [[site, team], ...]; one that collects nothing says `nowhere`.
  const host = {
    key: session.id,
    storage,
    shared: session.shared_device,
    site: session.site,
    team: session.team,
    rehearsal: session.rehearsal,
    insecure: session.insecure,
    until: session.withdraw_until,
    withdraw: "/withdraw",
    get extra() {
      return { session: session.id, site: session.site, team: session.team, wave: session.wave, ticket: place.place.ticket };
    },
    done: !session.shared_device && storage && storage.getItem(marks.sent) ? { receipt: tab && tab.getItem(marks.receipt) } : null,
    async send(submission) {
      return acknowledged(call("PUT", `/api/responses/${submission.response_id}`, submission, await place.ticket()));
    },
    async amend(submission, receipt) {
      const address = `/api/responses/${submission.response_id}`;
      if (revision === null) revision = (await call("GET", address, null, await place.ticket())).revision;
      try {
        await acknowledged(call("POST", `${address}/amend`, { receipt, revision, submission }));
      } catch (error) {
        if (error.status === 423) throw { status: 422, message: say("closed_correction") }; // nothing to wait for
        if (error.status === 409) revision = null;
        throw error;
      }
      revision = null;
    },
    sent(draft) {
      if (session.shared_device) return;
      place.keep(marks.sent, 1);
      try {
        if (tab) tab.setItem(marks.receipt, draft.receipt);
      } catch (error) { /* the code is on the page */ }
    },
    next() {
      revision = null;
      if (storage) storage.removeItem(marks.sent);
      if (tab) tab.removeItem(marks.receipt);
      return place.renew();
    },
  };
  document.title = content.words[content.languages[0]].title;
  put(app, []);
  mount(app, content, host);
}

const path = location.pathname.split("/");
if (path[1] === "withdraw") withdrawPage();
else if (path[1] === "j" && path[2]) open(decodeURIComponent(path[2]));
else joinPage();
