// The form, for three hosts: a widget in JupyterLab, the same in Voila, a page on a phone.
// Text reaches the page as text nodes only. Nothing is loaded from anywhere. The sizes of screens, the
// wording and the codes come from `content` (content.py); how answers travel comes from `host`:
//
//   key, storage     where the draft is kept on this device; storage null: in memory alone
//   send(submission, place), amend(submission, receipt)   promises; a refusal is thrown as
//                    {status, message, retryAfter}, where status is that of HTTP and 0 means "nobody answered"
//   site, team, wave, session, rehearsal, insecure, shared, nowhere, until    what people are told
//   places           [[site, team], ...] to choose from, where the host does not know the team
//   extra            what a saved file says besides: session, site, team, wave, ticket
//   withdraw         address of the page that deletes answers
//   sent(draft), next()    called after an acknowledgement, and before another person begins
//   done             {receipt}: this device has sent its answers already

const has = (table, key) => Object.prototype.hasOwnProperty.call(table, key);
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RETEST = 5;

const randomBytes = (n) => Array.from(crypto.getRandomValues(new Uint8Array(n)));
const hex = (bytes) => bytes.map((byte) => (byte + 256).toString(16).slice(1)).join("");
export const randomHex = (n) => hex(randomBytes(n));
export const spoken = (code) => code.match(/.{1,4}/g).join("-");
const newReceipt = () => randomBytes(16).map((byte) => LETTERS[byte & 31]).join("");

function newId() {
  const bytes = randomBytes(16);
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// An element; strings among its children become text, never markup.
export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (all, name) => (values && has(values, name) ? String(values[name]) : all));

// The storage of this device, or null where it is forbidden or full.
export function deviceStorage(name) {
  try {
    const storage = window[name || "localStorage"];
    storage.setItem("mr:?", "1");
    storage.removeItem("mr:?");
    return storage;
  } catch (error) {
    return null;
  }
}

// Every draft that this device keeps under keys that begin like this.
export function keptDrafts(storage, prefix) {
  const found = [];
  for (let at = 0; storage && at < storage.length; at += 1) {
    const key = storage.key(at);
    if (key.startsWith(prefix)) {
      try {
        const draft = JSON.parse(storage.getItem(key));
        if (draft && draft.v === 1) found.push({ key, draft });
      } catch (error) { /* not a draft of ours */ }
    }
  }
  return found;
}

// The same rules as check_answers in responses/response.py; a test holds the two together.
export function checkAnswers(content, answers) {
  const fault = (item, reason) => ({ ok: false, item, reason });
  if (typeof answers !== "object" || answers === null || Array.isArray(answers)) return fault(null, "table");
  const unknown = Object.keys(answers).find((item) => !has(content.items, item));
  if (unknown !== undefined) return fault(unknown, "item");
  const checked = {};
  for (const item of [].concat(...content.screens)) {
    const code = has(answers, item) ? answers[item] : content.skipped;
    if (code === null || code === undefined) continue;
    const scale = content.scales[content.items[item]];
    if (!scale.codes.includes(code) && !scale.missing.includes(code) && code !== content.skipped) return fault(item, "code");
    checked[item] = code;
  }
  if (Object.keys(checked).every((item) => checked[item] === content.skipped)) return fault(null, "none");
  return { ok: true, answers: checked };
}

// What is sent, made from the draft alone, so that a draft of another version can still be saved.
function submissionOf(draft, content) {
  const answers = content ? checkAnswers(content, draft.answers).answers || draft.answers : draft.answers;
  const submission = {
    format: 1,
    response_id: draft.id,
    instrument_id: draft.instrument.id,
    instrument_version: draft.instrument.version,
    instrument_sha256: draft.instrument.sha256,
    form: draft.form,
    language: draft.language,
    role: draft.role || null,
    answers,
    consent_sha256: draft.consent,
    receipt: draft.receipt,
  };
  if (draft.retest.some((text) => text.trim())) submission.retest = draft.retest.map((text) => text.trim() || null);
  return submission;
}

export function saveFile(draft, content, extra) {
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  const file = Object.assign(submissionOf(draft, content), extra, { answered_on: day });
  const url = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
  const link = h("a", { href: url, download: `answers-${draft.id.slice(0, 8)}.json`, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

class Form {
  constructor(el, content, host) {
    Object.assign(this, { el, content, host, uid: randomHex(4), failures: 0, busy: false, timer: 0, stops: [] });
    this.order = [].concat(...content.screens);
    this.last = content.screens.length + 1;
    this.storage = host.shared ? null : host.storage;
    this.prefix = `mr:draft:${host.key}:`;
    this.key = this.prefix + content.instrument.sha256.slice(0, 16);
    this.fresh();
  }

  fresh() {
    const { instrument, form, languages } = this.content;
    this.draft = {
      v: 1, id: newId(), receipt: newReceipt(), instrument, form, language: languages[0], role: "", answers: {},
      consent: null, place: null, retest: Array(RETEST).fill(""), screen: 0, pending: false,
    };
    Object.assign(this, { failures: 0, firstFailure: 0, amending: false, kept: false });
  }

  start() {
    this.status = h("p", { class: "mr-status", role: "status" });
    this.top = h("div", { class: "mr-top" });
    this.main = h("div", { class: "mr-screen" });
    this.root = h("div", { class: "mr-form" }, this.top, this.main, this.status);
    this.el.append(this.root);
    const kept = keptDrafts(this.storage, this.prefix);
    const mine = kept.find(({ key }) => key === this.key);
    this.older = kept.filter(({ key }) => key !== this.key);
    if (mine) this.adopt(mine.draft);
    this.listen();
    if (this.host.done && !mine) this.thanks(this.host.done.receipt, false);
    else if (this.draft.pending) this.attempt();
    else this.show(false);
    return this;
  }

  adopt(draft) {
    Object.assign(this.draft, draft);
    if (!this.content.languages.includes(this.draft.language)) this.draft.language = this.content.languages[0];
    if (this.draft.consent !== this.words.consent.sha256 && !this.draft.pending) this.draft.screen = 0;
    this.kept = true;
  }

  on(target, name, act) {
    target.addEventListener(name, act);
    this.stops.push(() => target.removeEventListener(name, act));
  }

  listen() {
    const wake = () => document.visibilityState !== "hidden" && this.wake();
    this.on(window, "online", wake);
    this.on(window, "pageshow", wake);
    this.on(document, "visibilitychange", wake);
    this.on(window, "storage", (event) => event.key === this.key && this.elsewhere(event.newValue));
    if (window.ResizeObserver) {
      const watcher = new ResizeObserver(() => this.measure());
      watcher.observe(this.root);
      this.stops.push(() => watcher.disconnect());
    }
    if (this.host.shared) {
      for (const name of ["keydown", "pointerdown", "input"]) this.on(this.root, name, () => this.rest());
      this.stops.push(() => clearTimeout(this.idle));
      this.rest();
    }
  }

  destroy() {
    clearTimeout(this.timer);
    this.stops.forEach((stop) => stop());
    this.root.remove();
    this.gone = true;
  }

  // Options stand side by side only where there is room for every one of them at the reader's text size.
  measure() {
    const most = Math.max(...Object.values(this.content.scales).map(({ codes, missing }) => codes.length + missing.length));
    const size = parseFloat(getComputedStyle(this.root).fontSize) || 16;
    this.root.classList.toggle("mr-wide", this.root.clientWidth / size >= Math.max(38, most * 6.5));
  }

  // Another tab of this device wrote the same draft, or sent it.
  elsewhere(text) {
    if (this.busy || this.amending) return;
    if (text === null) {
      this.thanks(null, false);
    } else if (!this.draft.pending) {
      this.adopt(JSON.parse(text));
      if (this.draft.pending) this.attempt();
      else this.show(false);
    }
  }

  // Words

  get words() { return this.content.words[this.draft.language]; }

  say(key, values) { return fill(this.words.interface[key], values); }

  // Attributes of an element that holds the form's own words, which may be in another language than the items.
  ui(attributes) {
    const words = this.words;
    return words.interface_language === this.draft.language
      ? attributes
      : Object.assign({ lang: words.interface_language, dir: words.interface_direction }, attributes);
  }

  p(key, values, name) { return h("p", this.ui({ class: name }), this.say(key, values)); }

  button(key, act, name, more) { return h("button", this.ui(Object.assign({ type: "button", class: name, onclick: act }, more)), this.say(key)); }

  tell(key, values) {
    const text = key ? this.say(key, values) : "";
    Object.entries(this.ui({ lang: null, dir: null })).forEach(([name, value]) => value && this.status.setAttribute(name, value));
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  // The draft

  save() {
    if (this.amending) return;
    let kept = false;
    if (this.storage) {
      try {
        this.storage.setItem(this.key, JSON.stringify(this.draft));
        kept = true;
      } catch (error) { /* full or forbidden: said below */ }
    }
    this.kept = kept;
    if (!this.draft.pending) this.tell(kept ? "saved" : this.host.shared ? "shared_kept" : "not_saved");
  }

  wipe() {
    if (this.storage) this.storage.removeItem(this.key);
    this.kept = false;
  }

  // Screens

  show(focus) {
    const { draft, words } = this;
    this.root.setAttribute("lang", draft.language);
    this.root.setAttribute("dir", words.direction);
    const screen = draft.screen;
    this.top.replaceChildren(...this.banners());
    this.main.replaceChildren(...(screen === 0 ? this.welcome() : screen < this.last ? this.items(screen) : this.ending()));
    this.measure();
    if (focus !== false) this.focusHeading();
  }

  focusHeading() {
    const heading = this.main.querySelector("h2");
    heading.focus({ preventScroll: true });
    this.root.scrollIntoView({ block: "start" });
  }

  go(screen) {
    this.draft.screen = screen;
    this.save();
    this.show();
  }

  banners() {
    const { host, words } = this;
    return [
      host.rehearsal && this.p("rehearsal", null, "mr-banner"),
      words.status === "draft" && this.p("draft_translation", null, "mr-note"),
      host.nowhere && this.p("nowhere", null, "mr-note"),
      host.insecure && this.draft.screen === 0 && this.p("insecure", null, "mr-note"),
      ...this.older.map((old) => this.olderNotice(old)),
    ].filter(Boolean);
  }

  olderNotice(old) {
    const drop = () => {
      this.storage.removeItem(old.key);
      this.older = this.older.filter((other) => other !== old);
      this.show();
    };
    return h("div", { class: "mr-note" }, this.p("older_draft"), this.fileButton(old.draft, null), this.button("delete_older", drop, "mr-quiet"));
  }

  heading(key, values) { return h("h2", this.ui({ tabindex: -1 }), this.say(key, values)); }

  welcome() {
    const { words, draft, host, content } = this;
    const box = h("input", { type: "checkbox", id: `${this.uid}-agree` });
    box.checked = draft.consent === words.consent.sha256;
    box.addEventListener("change", () => {
      draft.consent = box.checked ? words.consent.sha256 : null;
      this.save();
    });
    const place = [host.site, host.team].filter(Boolean).join(" · ");
    return [
      h("h1", null, words.title),
      place ? h("p", { class: "mr-place" }, place) : null,
      this.languages(),
      h("div", { class: "mr-errors", role: "alert", tabindex: -1, hidden: true }),
      h("h2", { tabindex: -1 }, words.consent.title),
      ...words.consent.paragraphs.map((text) => h("p", null, text)),
      words.minutes ? this.p("minutes", { minutes: words.minutes, n: this.order.length }) : null,
      this.placeChoice(),
      h("label", { class: "mr-option mr-agree" }, box, h("span", null, words.consent.agree)),
      h("div", { class: "mr-buttons" }, this.button("start", () => this.begin(), "mr-main")),
    ].filter(Boolean).concat(content.languages.length ? [] : []);
  }

  choice(id, label, options, value, act) {
    const select = h("select", { id, onchange: (event) => act(event.target.value) }, ...options);
    select.value = value;
    return h("div", { class: "mr-choice" }, h("label", this.ui({ for: id }), label), select);
  }

  languages() {
    const names = this.content.languages;
    if (names.length < 2) return null;
    const options = names.map((name) => h("option", { value: name, lang: name, dir: this.content.words[name].direction }, this.content.words[name].name));
    return this.choice(`${this.uid}-language`, this.say("language"), options, this.draft.language, (name) => {
      this.draft.language = name;
      this.draft.consent = null;
      this.save();
      this.show(false);
      this.main.querySelector("select").focus();
    });
  }

  placeChoice() {
    const places = this.host.places;
    if (!places) return null;
    const options = [h("option", { value: "" }, this.say("choose"))];
    for (const site of new Set(places.map(([name]) => name))) {
      const teams = places.map(([name, team], at) => (name === site ? h("option", { value: at }, team) : null));
      options.push(site ? h("optgroup", { label: site }, ...teams) : h("optgroup", this.ui({ label: this.say("team") }), ...teams));
    }
    const value = this.draft.place === null ? "" : String(this.draft.place);
    return this.choice(`${this.uid}-place`, this.say("team"), options, value, (at) => {
      this.draft.place = at === "" ? null : Number(at);
      this.save();
    });
  }

  begin() {
    const faults = [];
    if (this.host.places && this.draft.place === null) faults.push(["error_team", `${this.uid}-place`]);
    if (this.draft.consent === null) faults.push(["error_consent", `${this.uid}-agree`]);
    if (faults.length) this.errors(faults);
    else this.go(1);
  }

  errors(faults) {
    const box = this.main.querySelector(".mr-errors");
    const jump = (target) => (typeof target === "string" ? this.root.querySelector(`[id="${target}"]`).focus() : this.go(target));
    const lines = faults.map(([key, target]) => h("li", null, this.button(key, () => jump(target), "mr-link")));
    box.replaceChildren(h("strong", this.ui({}), this.say("error_title")), h("ul", null, ...lines));
    box.hidden = false;
    box.focus();
  }

  progress() {
    const given = this.order.filter((item) => has(this.draft.answers, item)).length;
    return { part: this.draft.screen, parts: this.last - 1, answered: given, items: this.order.length, empty: this.order.length - given };
  }

  items(screen) {
    const { words, uid } = this;
    const lines = words.instructions.map((text) => h("p", null, text));
    const help = screen === 1
      ? h("div", { class: "mr-help" }, ...lines)
      : h("details", { class: "mr-help" }, h("summary", this.ui({}), this.say("instructions")), ...lines);
    return [
      this.heading("part", this.progress()),
      this.p("answered", this.progress(), "mr-progress"),
      help,
      this.p("keys", null, "mr-keys"),
      words.stem ? h("p", { class: "mr-stem", id: `${uid}-stem` }, words.stem) : null,
      ...this.content.screens[screen - 1].map((item) => this.item(item)),
      h("div", { class: "mr-buttons" },
        this.button("back", () => this.go(screen - 1)),
        this.button("next", () => this.go(screen + 1), "mr-main")),
    ].filter(Boolean);
  }

  item(item) {
    const { content, draft, uid, words } = this;
    const name = content.items[item];
    const scale = content.scales[name];
    const legend = h("legend", { id: `${uid}-${item}` }, h("span", { class: "mr-number", "aria-hidden": "true" }, `${this.order.indexOf(item) + 1}. `), words.items[item]);
    const clear = this.button("clear", () => take(null), "mr-quiet mr-clear", { tabindex: -1, "aria-describedby": legend.id });
    const radios = [];
    const take = (code) => {
      if (code === null) delete draft.answers[item];
      else draft.answers[item] = code;
      radios.forEach((radio) => { radio.checked = radio.value === String(code); });
      if (code === null) radios[0].focus();
      clear.hidden = code === null;
      this.main.querySelector(".mr-progress").textContent = this.say("answered", this.progress());
      this.save();
    };
    const option = (code, label, kind) => {
      const radio = h("input", { type: "radio", name: `${uid}-${item}`, value: code, onchange: () => take(code) });
      radio.checked = draft.answers[item] === code;
      radios.push(radio);
      return h("label", { class: kind }, radio, h("span", null, label));
    };
    clear.hidden = !has(draft.answers, item);
    const described = words.stem && content.stem_scale === name ? `${uid}-stem` : null;
    const undo = (event) => {
      if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        take(null);
      }
    };
    return h("fieldset", { class: "mr-item", "aria-describedby": described, "data-item": item }, legend,
      h("div", { class: "mr-options", onkeydown: undo },
        ...scale.codes.map((code) => option(code, words.options[name][code], "mr-option")),
        ...scale.missing.map((code) => option(code, words.missing[code], "mr-option mr-missing"))),
      clear);
  }

  ending() {
    const { words, draft, content } = this;
    const { empty } = this.progress();
    const first = content.screens.findIndex((items) => items.some((item) => !has(draft.answers, item))) + 1;
    const roles = [h("option", { value: "" }, this.say("no_role")), ...content.roles.map((id) => h("option", { value: id }, words.roles[id]))];
    return [
      this.heading("last"),
      h("div", { class: "mr-errors", role: "alert", tabindex: -1, hidden: true }),
      this.p("answered", this.progress(), "mr-progress"),
      empty ? this.p(empty === 1 ? "one_empty" : "some_empty", { empty }) : null,
      empty ? h("div", { class: "mr-buttons" }, this.button("see_empty", () => this.toEmpty(first))) : null,
      content.roles.length ? this.choice(`${this.uid}-role`, this.say("role"), roles, draft.role, (id) => { draft.role = id; this.save(); }) : null,
      content.retest ? this.retest() : null,
      h("div", { class: "mr-buttons" },
        this.button("back", () => this.go(this.last - 1)),
        this.host.nowhere ? this.fileButton(draft, content, "mr-main") : this.button(this.amending ? "send_correction" : "send", () => this.send(), "mr-main")),
      this.host.nowhere ? this.p("file_warning") : null,
      this.amending ? null : h("div", { class: "mr-buttons" }, this.button("start_again", () => this.again(), "mr-quiet")),
    ].filter(Boolean);
  }

  toEmpty(screen) {
    this.go(screen);
    const item = this.content.screens[screen - 1].find((name) => !has(this.draft.answers, name));
    this.main.querySelector(`[data-item="${item}"] input`).focus();
  }

  retest() {
    const fields = this.draft.retest.map((text, at) => {
      const id = `${this.uid}-retest-${at}`;
      const input = h("input", { id, type: "text", maxlength: 20, autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
      input.value = text;
      input.addEventListener("input", () => { this.draft.retest[at] = input.value; this.save(); });
      return h("div", { class: "mr-choice" }, h("label", this.ui({ for: id }), this.say(`retest_${at + 1}`)), input);
    });
    return h("fieldset", { class: "mr-retest" }, h("legend", this.ui({}), this.say("retest_title")), this.p("retest_why"), ...fields);
  }

  again() {
    if (!this.sure) {
      this.sure = true;
      this.tell("sure_again");
      return;
    }
    this.sure = false;
    this.wipe();
    const language = this.draft.language;
    this.fresh();
    this.draft.language = language;
    this.tell("");
    this.show();
  }

  // Sending: never given up, never in a loop over a refusal

  send() {
    if (!checkAnswers(this.content, this.draft.answers).ok) {
      this.errors([["error_nothing", 1]]);
      return;
    }
    this.draft.pending = true;
    this.save();
    this.attempt();
  }

  wake() {
    if (this.draft.pending && !this.busy && !this.refused) this.attempt();
  }

  attempt() {
    clearTimeout(this.timer);
    Object.assign(this, { busy: true, refused: false });
    this.notice("sending");
    const { draft, host, content } = this;
    const submission = submissionOf(draft, content);
    const sent = this.amending ? host.amend(submission, draft.receipt) : host.send(submission, draft.place);
    sent.then(() => this.acknowledged(), (error) => this.failed(error)).catch((error) => this.failed(error));
  }

  // One quiet page while answers travel: what is happening, and what can be done meanwhile.
  notice(key, values, buttons, more) {
    this.root.setAttribute("lang", this.draft.language);
    this.root.setAttribute("dir", this.words.direction);
    this.tell(key, values);
    if (this.showing !== key || key !== "sending" || !this.main.querySelector(".mr-waiting")) {
      const heading = key === "sending" ? "sending_title" : this.refused ? "refused_title" : "waiting_title";
      if (key === "sending" && this.main.querySelector(".mr-waiting")) return;
      this.top.replaceChildren(...this.banners());
      this.main.replaceChildren(...[this.heading(heading), h("div", { class: "mr-waiting" }, ...(more || [])), h("div", { class: "mr-buttons" }, ...(buttons || []))]);
      if (this.showing !== heading) this.focusHeading();
      this.showing = heading;
    }
  }

  failed(error) {
    if (this.gone) return;
    const status = (error && error.status) || 0;
    this.busy = false;
    this.failures += 1;
    this.firstFailure = this.firstFailure || Date.now();
    if (status === 423) this.wait("closed", 60, true);
    else if (status >= 400 && status < 500 && status !== 408 && status !== 429) this.refuse(status, error.message);
    else this.wait("retrying", error && error.retryAfter, this.failures >= 3 || Date.now() - this.firstFailure >= 20000);
  }

  wait(key, seconds, offer) {
    const pause = (seconds || Math.min(60, 2 ** (this.failures - 1))) * (seconds ? 1 + Math.random() / 4 : 0.75 + Math.random() / 2);
    const shown = Math.max(1, Math.round(pause));
    const safe = this.say(this.kept ? "safe_device" : "safe_page");
    this.timer = setTimeout(() => this.attempt(), pause * 1000);
    this.notice(key, { seconds: shown, safe }, [
      this.button("try_now", () => this.attempt(), "mr-main"),
      offer ? this.fileButton(this.draft, this.content) : null,
    ].filter(Boolean), [this.p(key, { seconds: shown, safe }), offer ? this.p("file_offer") : null, offer ? this.p("file_warning") : null]);
  }

  refuse(status, message) {
    this.refused = true;
    const key = { 401: "refused_ticket", 403: "refused_ticket", 409: "refused_conflict", 410: "refused_withdrawn" }[status] || "refused_invalid";
    const back = () => {
      Object.assign(this.draft, { pending: false });
      this.refused = false;
      this.showing = "";
      this.save();
      this.show();
    };
    this.notice(key, { message: message || "" }, [
      this.button("try_again", () => this.attempt(), "mr-main"),
      key === "refused_invalid" ? this.button("back_to_form", back) : null,
      this.fileButton(this.draft, this.content),
    ].filter(Boolean), [this.p(key, { message: message || "" }), this.p("file_offer"), this.p("file_warning")]);
  }

  fileButton(draft, content, name) {
    return this.button("save_file", () => {
      const place = this.host.places && draft.place !== null ? { site: this.host.places[draft.place][0], team: this.host.places[draft.place][1] } : {};
      saveFile(draft, content, Object.assign({}, this.host.extra, place));
      this.tell("file_saved");
    }, name);
  }

  acknowledged() {
    if (this.gone) return;
    const { draft, host } = this;
    this.busy = false;
    draft.pending = false;
    this.wipe();
    if (host.sent) host.sent(draft);
    this.thanks(draft.receipt, true);
  }

  thanks(receipt, now) {
    const { host } = this;
    this.showing = "";
    this.root.setAttribute("lang", this.draft.language);
    this.root.setAttribute("dir", this.words.direction);
    this.draft.pending = false;
    this.tell(now ? "sent" : "");
    this.top.replaceChildren(...(host.rehearsal ? [this.p("rehearsal", null, "mr-banner")] : []));
    const code = receipt ? h("output", { class: "mr-code", lang: "en", dir: "ltr" }, spoken(receipt)) : null;
    this.main.replaceChildren(...[
      this.heading(now ? "thanks_title" : "already_title"),
      this.p("thanks"),
      receipt ? this.p(host.until ? "receipt_until" : "receipt", { until: host.until || "" }) : null,
      code,
      receipt ? h("div", { class: "mr-buttons" }, this.button("copy", () => this.copy(code))) : null,
      host.withdraw ? h("p", null, h("a", this.ui({ href: host.withdraw }), this.say("withdraw_link"))) : null,
      h("div", { class: "mr-buttons" },
        now && host.amend && !host.shared ? this.button("correct", () => this.correct()) : null,
        host.next ? this.button("next_person", () => this.nextPerson(), host.shared ? "mr-main" : "mr-quiet") : null),
    ].filter(Boolean));
    if (now) this.focusHeading();
  }

  copy(code) {
    const range = document.createRange();
    range.selectNodeContents(code);
    const chosen = getSelection();
    chosen.removeAllRanges();
    chosen.addRange(range);
    this.tell(document.execCommand("copy") ? "copied" : "copy_by_hand");
  }

  correct() {
    Object.assign(this, { amending: true, failures: 0, firstFailure: 0 });
    this.draft.screen = 1;
    this.tell("correcting");
    this.show();
  }

  nextPerson() {
    Promise.resolve(this.host.next()).then(() => {
      this.fresh();
      this.tell("");
      this.show();
    }, (error) => this.tell("next_failed", { message: (error && error.message) || "" }));
  }

  // On a shared device what one person left is taken away before the next one comes.
  rest() {
    clearTimeout(this.idle);
    if (this.warning) {
      this.warning.remove();
      this.warning = null;
    }
    this.idle = setTimeout(() => this.idling(), (this.host.idle || 300) * 1000);
  }

  idling() {
    if (this.draft.pending) {
      this.rest();
      return;
    }
    const seconds = this.host.idleWarning || 30;
    this.warning = h("div", { class: "mr-note", role: "alert" }, this.p("idle", { seconds }), this.button("still_here", () => this.rest(), "mr-main"));
    this.top.prepend(this.warning);
    this.idle = setTimeout(() => {
      this.rest();
      this.nextPerson();
    }, seconds * 1000);
  }
}

export function mount(el, content, host) { return new Form(el, content, host).start(); }

// In a notebook answers travel as custom messages: never as state, which a saved notebook would hold.
function notebookHost(model) {
  const waiting = new Map();
  const told = (message) => {
    const found = waiting.get(message.n);
    if (!found) return;
    waiting.delete(message.n);
    if (message.kind === "taken") found.resolve(message);
    else found.reject({ status: message.status, message: message.message });
  };
  model.on("msg:custom", told);
  const send = (submission, place) => new Promise((resolve, reject) => {
    const n = randomHex(8);
    waiting.set(n, { resolve, reject });
    setTimeout(() => waiting.delete(n) && reject({ status: 0 }), 15000);
    model.send({ kind: "submit", n, submission, place });
  });
  const host = Object.assign({}, model.get("host"), { send, storage: deviceStorage(), next: () => null });
  return { host, stop: () => model.off("msg:custom", told) };
}

function render({ model, el }) {
  const { host, stop } = notebookHost(model);
  const form = mount(el, model.get("content"), host);
  return () => {
    stop();
    form.destroy();
  };
}

export default { render };
