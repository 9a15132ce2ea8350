// The page on a phone: joins a session, hands the form its host, deletes answers by their code.
// Every address is on the server that sent this page. Words stand in the page as data.

import { deviceStorage, fill, h, keptDrafts, mount, put, randomHex, saveFile, spoken } from "./form.js";

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
  const input = h("input", Object.assign({ id, type: "text", class: "mr-typed", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": `${id}-wrong ${id}-hint` }, more));
  const wrong = h("p", { id: `${id}-wrong`, class: "mr-wrong", role: "alert" });
  // Says what is wrong with what was typed, above the field and where a screen reader reads it; or nothing.
  const fault = (key) => {
    wrong.textContent = key ? say(key) : "";
    if (key) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (key) input.focus();
  };
  return [input, h("div", { class: "mr-choice" }, h("label", { for: id }, say(label)), wrong, input, h("p", { id: `${id}-hint`, class: "mr-hint" }, say(hint))), fault];
}

function joinPage(code, problem) {
  const [input, row, fault] = field("code", "join_label", "join_hint", { maxlength: 12 });
  input.value = code || "";
  const submit = (event) => {
    event.preventDefault();
    const plain = input.value.toUpperCase().replace(/[^A-Z0-9]/g, "");
    if (plain) location.assign(`/j/${plain}`);
    else fault("no_code");
  };
  const form = h("form", { onsubmit: submit }, row, h("div", { class: "mr-buttons" }, h("button", { class: "mr-main" }, say("join"))));
  page("join_title", form, h("p", null, h("a", { href: "/withdraw" }, say("withdraw_link"))));
  input.focus();
  fault(problem);
}

const WRONG_CODE = { 404: "withdraw_unknown", 422: "withdraw_form" };
const WITHDRAWAL = { 423: "withdraw_late", 429: "slow_down", 0: "unreachable_now" };

const tab = deviceStorage("sessionStorage");

function keepIn(place, key, value) {
  try {
    place.setItem(key, value);
  } catch (error) { /* full or forbidden: whoever asks for it finds nothing */ }
}

// Who goes from the page with their code to the one that deletes brings the code along, and never in the address.
app.addEventListener("click", ({ target }) => {
  const code = target.closest("a[href='/withdraw']") && app.querySelector(".mr-code");
  if (code) keepIn(tab, "mr:code", code.textContent);
});

function broughtCode() {
  try {
    const codes = Object.keys(tab).filter((key) => key.startsWith("mr:receipt:")).map((key) => spoken(tab.getItem(key)));
    const brought = tab.getItem("mr:code");
    tab.removeItem("mr:code"); // on a device that people share, the next one finds nothing
    return brought || (codes.length === 1 ? codes[0] : "");
  } catch (error) {
    return "";
  }
}

// What a device remembers of answers that it sent: not which ones they are, only how their code ends.
const ending = (code) => code.toUpperCase().replace(/[^0-9A-Z]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1").slice(-4);

// The answers with this code are deleted: pages of this device stop saying that they are there.
function markDeleted(code) {
  const marks = Object.keys(storage || {}).filter((key) => key.startsWith("mr:sent:"));
  for (const key of marks.filter((name) => stored(storage, name).ends === ending(code))) {
    keepIn(storage, key, JSON.stringify({ deleted: true }));
    if (tab) tab.removeItem(key.replace("sent", "receipt"));
  }
}

const deletedPage = () => page("deleted", p("withdrawn"));

function withdrawPage() {
  const [input, row, fault] = field("receipt", "withdraw_label", "withdraw_hint", { maxlength: 40 });
  const submit = async (event) => {
    event.preventDefault();
    fault();
    if (!input.value.trim()) {
      fault("no_code");
      return;
    }
    shown.tell("loading");
    try {
      await call("POST", "/api/withdraw", { receipt: input.value });
      markDeleted(input.value);
      input.value = "";
      shown.tell("withdrawn");
    } catch (error) {
      const wrong = WRONG_CODE[error.status];
      if (wrong) put(shown.status, []);
      if (wrong) fault(wrong);
      else shown.tell(WITHDRAWAL[error.status] || "failed", { message: error.message });
    }
  };
  const form = h("form", { onsubmit: submit }, row, h("div", { class: "mr-buttons" }, h("button", { class: "mr-main" }, say("withdraw"))));
  const shown = page("withdraw_title", p("withdraw_why"), form);
  input.value = broughtCode();
}

// Where answers belong, and the ticket that lets an import take them: what a saved file says beside the answers.
const extraOf = (session, { site, team, wave, rehearsal, ticket }) => ({ session, site, team, wave, rehearsal, ticket });

function stored(place, key) {
  try {
    return JSON.parse(place.getItem(key)) || {};
  } catch (error) {
    return {};
  }
}

// Answers on this device that were not sent, of every session or of one.
function unsent(prefix) {
  const found = keptDrafts(storage, prefix).filter(({ draft }) => Object.keys(draft.answers).length);
  return found.map(({ key, draft }) => {
    const session = key.split(":")[2];
    return { key, draft, session, extra: extraOf(session, stored(storage, `mr:place:${session}`)) };
  });
}

// What this device still holds, with a button that saves it.
function keptHere(prefix) {
  return unsent(prefix).map(({ key, draft, extra }) => h("div", { class: "mr-note" }, p("unreachable_draft"), p("file_warning"),
    button("save_file", () => {
      saveFile(draft, null, extra);
      keepIn(storage, key, JSON.stringify(Object.assign(draft, { filed: true })));
    })));
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

const isKept = ({ session } = {}) => unsent(`mr:draft:${session ? `${session.id}:` : ""}`).length > 0;

async function open(code) {
  clearTimeout(trying);
  again = null;
  try {
    const { session, content } = await call("GET", `/api/sessions/${encodeURIComponent(code)}`);
    await enter(code, session, content);
  } catch (error) {
    failures += 1;
    if (error.status === 404) joinPage(code, "unknown");
    else if (error.status === 423) later(code, isKept(error.data) ? "closed_draft" : "closed", "mr:draft:", 60);
    else if (error.status === 429) later(code, "slow_down", "mr:draft:", error.retryAfter || 30);
    else if (error.status === 403) later(code, "full", "mr:draft:", 20);
    else later(code, "unreachable", "mr:draft:", Math.min(30, 2 ** failures));
  }
}

// The device's place in a session: a random name it made for itself, and the ticket it got for it. A device that
// people share keeps it for this tab alone, until somebody's answers have used it.
class Place {
  constructor(code, session) {
    const { id, site, team, wave, rehearsal, shared_device: shared } = session;
    Object.assign(this, { code, shared, key: `mr:place:${id}`, storage: shared ? deviceStorage("sessionStorage") : storage });
    this.place = Object.assign(this.fresh(), stored(this.storage, this.key), { site, team, wave, rehearsal });
  }

  fresh() { return { device: randomHex(16), ticket: null }; }

  async ticket(again) {
    if (again || !this.place.ticket) {
      keepIn(this.storage, this.key, JSON.stringify(this.place)); // where full, the name stays in memory
      const { ticket } = await call("POST", `/api/sessions/${encodeURIComponent(this.code)}/join`, { device: this.place.device });
      if (!ticket) throw { status: 0, message: "" };
      this.place.ticket = ticket;
      keepIn(this.storage, this.key, JSON.stringify(this.place));
    }
    return this.place.ticket;
  }

  // Whether joining once more may help: the server has forgotten the ticket (an older copy of its store was put
  // back), or the person before at this device used it and nobody heard.
  refused({ status, reason }) {
    const used = this.shared && status === 403 && reason === "ticket";
    if (used) Object.assign(this.place, this.fresh());
    return used || status === 401;
  }

  // Nothing on the device says any more which ticket was used. This page remembers it, to correct what it sent.
  used() {
    if (this.storage) this.storage.removeItem(this.key);
    if (this.shared) Object.assign(this.place, this.fresh());
  }
}

async function enter(code, session, content) {
  const place = new Place(code, session);
  const marks = { sent: `mr:sent:${session.id}`, receipt: `mr:receipt:${session.id}` };
  const own = !session.shared_device;
  const mark = stored(storage, marks.sent);
  const done = own && storage && storage.getItem(marks.sent);
  if (own && mark.deleted) {
    deletedPage();
    return;
  }
  try {
    // Who has sent needs no place, and a shared device takes one for each person who sends.
    if (!done && own) await place.ticket();
  } catch (error) {
    if (error.status !== 0 && error.status < 500) throw error; // else the form opens and asks for it when sending
  }
  let revision = null;
  // What the form is told of this place. Both promises refuse with {status, reason, message, retryAfter}: the
  // status of HTTP, or 0 where nobody answered. `storage` null would keep the draft in memory alone; a host that
  // does not know the team gives `places`, [[site, team], ...]; one that collects nothing says `nowhere`. `done`
  // is what is known of answers sent before; `late` promises why a correction would come too late, or nothing.
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
    get extra() { return extraOf(session.id, place.place); },
    older: session.shared_device ? [] : unsent("mr:draft:").filter((kept) => kept.session !== session.id),
    done: done ? { receipt: tab && tab.getItem(marks.receipt), filed: mark.filed } : null,
    async send(submission) {
      const put = async (again) => acknowledged(call("PUT", `/api/responses/${submission.response_id}`, submission, await place.ticket(again)));
      try {
        await put();
      } catch (error) {
        if (!place.refused(error)) throw error;
        await put(true);
      }
      revision = null;
      place.used();
    },
    async amend(submission, receipt) {
      const address = `/api/responses/${submission.response_id}`;
      if (revision === null) revision = (await call("GET", address, null, await place.ticket())).revision;
      try {
        await acknowledged(call("POST", `${address}/amend`, { receipt, revision, submission }));
      } catch (error) {
        if (error.status === 409) revision = null;
        throw error;
      }
      revision = null;
    },
    async late() {
      const told = await call("GET", `/api/sessions/${encodeURIComponent(code)}`).catch((error) => error);
      return told.status === 423 && told; // whoever cannot be reached now may be later, when it is sent
    },
    sent({ receipt, filed }) {
      if (!own) return;
      keepIn(storage, marks.sent, JSON.stringify({ ends: ending(receipt), filed }));
      keepIn(tab, marks.receipt, receipt);
    },
  };
  document.title = content.words[content.languages[0]].title;
  put(app, []);
  const form = mount(app, content, host);
  // Another tab, or this one before the reader came back, has deleted what was sent.
  const look = () => {
    if (!own || !stored(storage, marks.sent).deleted) return;
    form.destroy();
    deletedPage();
  };
  window.addEventListener("storage", look);
  window.addEventListener("pageshow", look);
}

const path = location.pathname.split("/");
if (path[1] === "withdraw") withdrawPage();
else if (path[1] === "j" && path[2]) open(decodeURIComponent(path[2]));
else joinPage();
