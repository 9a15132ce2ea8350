// The form, for three hosts: a widget in JupyterLab, the same in Voila, a page on a phone. Text reaches the page as
// text nodes only; nothing is loaded from anywhere. `content` (content.py) is what is shown; `host` is how answers
// travel and what people are told of it (client/page.js names its parts; notebookHost below is the other one).

const has = (table, key) => Object.prototype.hasOwnProperty.call(table, key);
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

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
		else if (value === true) node.setAttribute(name, "");
		else if (value || value === 0) node.setAttribute(name, value);
	}
	return put(node, children);
}

export function put(node, children) {
	node.textContent = "";
	node.append(...children.filter(Boolean));
	return node;
}

const named = (place) => place.filter(Boolean).join(" · ");
const buttons = (...children) => h("div", { class: "mr-buttons" }, ...children);

export const fill = (text, values) =>
	text.replace(/\{(\w+)\}/g, (all, name) => (values && has(values, name) ? String(values[name]) : all));

// The storage of this device, or null where it is forbidden; a full one can still be read.
export function deviceStorage(name = "localStorage") {
	try {
		const storage = window[name];
		storage.getItem("mr:");
		return storage;
	} catch (error) {
		return null;
	}
}

// Every draft that this device keeps under keys that begin like this.
export function keptDrafts(storage, prefix) {
	const read = (key) => {
		try {
			return { key, draft: JSON.parse(storage.getItem(key)) };
		} catch (error) {
			return {};
		}
	};
	const keys = Object.keys(storage || {}).filter((key) => key.startsWith(prefix));
	return keys.map(read).filter(({ draft }) => draft && draft.v === 1);
}

// The answers with empty lines as skipped ones, or null: the rules of check_answers in responses/response.py.
export function checkAnswers({ items, screens, scales, skipped }, answers) {
	if (typeof answers !== "object" || answers === null || Array.isArray(answers)) return null;
	if (!Object.keys(answers).every((item) => has(items, item))) return null;
	const checked = {};
	for (const item of [].concat(...screens)) {
		const code = has(answers, item) ? answers[item] : skipped;
		if (code === null || code === undefined) continue;
		const { codes, missing } = scales[items[item]];
		if (!codes.concat(missing, skipped).includes(code)) return null;
		checked[item] = code;
	}
	return Object.values(checked).some((code) => code !== skipped) ? checked : null;
}

// What is sent, made from the draft alone, so that a draft of another version can still be saved.
function submissionOf(draft, content) {
	const { id, instrument, form, language, role, consent, receipt } = draft;
	const submission = {
		format: 1,
		response_id: id,
		instrument_id: instrument.id,
		instrument_version: instrument.version,
		instrument_sha256: instrument.sha256,
		form,
		language,
		role: role || null,
		answers: (content && checkAnswers(content, draft.answers)) || draft.answers,
		consent_sha256: consent,
		receipt,
	};
	if (draft.retest.some((text) => text.trim())) submission.retest = draft.retest.map((text) => text.trim() || null);
	return submission;
}

export function saveFile(draft, content, extra) {
	const local = new Date(Date.now() - new Date().getTimezoneOffset() * 60000);
	const file = Object.assign(submissionOf(draft, content), extra, { answered_on: local.toISOString().slice(0, 10) });
	const url = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
	const link = h("a", { href: url, download: `answers-${draft.id.slice(0, 8)}.json`, hidden: true });
	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
}

class Form {
	constructor(el, content, host) {
		Object.assign(this, { content, host, uid: randomHex(4), stops: [] });
		this.order = [].concat(...content.screens);
		this.last = content.screens.length + 1;
		this.storage = host.shared ? null : host.storage;
		const prefix = `mr:draft:${host.key}:`;
		this.key = prefix + content.instrument.sha256.slice(0, 16);
		// Two forms for the same team on one page keep two drafts.
		const live = window.mrForms || (window.mrForms = {});
		while (live[this.key] && live[this.key].isConnected) this.key += "+";
		live[this.key] = el;
		this.fresh();
		this.status = h("p", { class: "mr-status", role: "status" });
		this.alarm = h("div", { class: "mr-alarm", role: "alert" });
		this.top = h("div");
		this.main = h("div");
		// A notebook would take the arrow keys for its own.
		this.root = h("div", { class: "mr-form", onkeydown: (event) => event.stopPropagation() }, this.alarm, this.top, this.main, this.status);
		el.append(this.root);
		const kept = keptDrafts(this.storage, prefix);
		const mine = kept.find(({ key }) => key === this.key);
		this.older = kept.filter(({ draft }) => draft.instrument.sha256 !== content.instrument.sha256);
		if (mine) this.adopt(mine.draft);
		this.listen();
		if (host.done && !mine) this.thanks(host.done.receipt);
		else this.open();
	}

	fresh() {
		const { instrument, form, languages } = this.content;
		this.draft = {
			v: 1, id: newId(), receipt: newReceipt(), instrument, form, language: languages[0], role: "", answers: {},
			consent: null, place: null, retest: ["", "", "", "", ""], screen: 0, pending: false,
		};
		Object.assign(this, { failures: 0, since: 0, amending: false, kept: false });
	}

	adopt(draft) {
		Object.assign(this.draft, draft);
		const { languages } = this.content;
		if (!languages.includes(draft.language)) this.draft.language = languages[0];
		if (draft.consent !== this.words.consent.sha256 && !draft.pending) this.draft.screen = 0;
		this.kept = true;
	}

	listen() {
		const on = (target, name, act) => {
			target.addEventListener(name, act);
			this.stops.push(() => target.removeEventListener(name, act));
		};
		const wake = () => document.visibilityState !== "hidden" && this.draft.pending && !this.busy && !this.refused && this.attempt();
		on(window, "online", wake);
		on(window, "pageshow", wake);
		on(document, "visibilitychange", wake);
		on(window, "storage", (event) => event.key === this.key && event.newValue && this.elsewhere(JSON.parse(event.newValue)));
		if (window.ResizeObserver) {
			const watcher = new ResizeObserver(() => this.measure());
			watcher.observe(this.root);
			this.stops.push(() => watcher.disconnect());
		}
		if (this.host.shared) ["keydown", "pointerdown"].forEach((name) => on(this.root, name, () => this.rest()));
	}

	destroy() {
		this.gone = true;
		clearTimeout(this.timer);
		clearTimeout(this.idle);
		this.stops.forEach((stop) => stop());
		this.root.remove();
	}

	// Options stand side by side only where there is room for every one of them at the reader's text size.
	measure() {
		const { root, content } = this;
		const most = Math.max(...Object.values(content.scales).map(({ codes, missing }) => codes.concat(missing).length));
		root.classList.toggle("mr-wide", root.clientWidth / parseFloat(getComputedStyle(root).fontSize) >= Math.max(38, most * 6.5));
	}

	// Another tab of this device wrote the same draft, or sent it.
	elsewhere(draft) {
		if (this.amending || this.view !== "form") return;
		if (draft.sent) this.thanks();
		else {
			this.adopt(draft);
			this.open();
		}
	}

	open() {
		if (this.draft.pending) this.attempt();
		else this.show(false);
	}

	get words() { return this.content.words[this.draft.language]; }

	say(key, values) { return fill(this.words.interface[key], values); }

	// The form's own words may be in another language than the items; then they say so.
	ui(attributes) {
		const { words } = this;
		if (words.interface_language === this.draft.language) return attributes;
		return Object.assign({ lang: words.interface_language, dir: words.interface_direction }, attributes);
	}

	text(tag, key, values, more) { return h(tag, this.ui(more), this.say(key, values)); }

	p(key, values, name) { return this.text("p", key, values, { class: name }); }

	button(key, act, name, more) {
		return this.text("button", key, null, Object.assign({ type: "button", class: name, onclick: act }, more));
	}

	heading(key, values) { return this.text("h2", key, values, { tabindex: -1 }); }

	// The status, in words; unseen where the screen shows the same words already.
	tell(key, values, unseen) {
		const { status } = this;
		Object.entries(this.ui({ class: unseen ? "mr-unseen" : "mr-status" })).forEach(([name, value]) => status.setAttribute(name, value));
		const text = key ? this.say(key, values) : "";
		if (status.textContent !== text) status.textContent = text;
	}

	save() {
		if (this.amending) return;
		try {
			this.storage.setItem(this.key, JSON.stringify(this.draft));
			this.kept = true;
		} catch (error) {
			this.kept = false; // full or forbidden, or none on purpose
		}
		if (!this.draft.pending) this.tell(this.kept ? "saved" : this.host.shared ? "shared_kept" : "not_saved");
	}

	wipe(sent) {
		try {
			this.storage.removeItem(this.key);
			if (sent) this.storage.setItem(this.key, '{"sent":true}'); // other tabs hear of it
			this.storage.removeItem(this.key);
		} catch (error) { /* nothing is kept */ }
		this.kept = false;
	}

	draw(name, children, focus) {
		const { words, main, root, draft } = this;
		this.view = name;
		this.sure = false;
		root.setAttribute("lang", draft.language);
		root.setAttribute("dir", words.direction);
		put(this.top, this.banners(name));
		put(main, children);
		this.measure();
		if (focus === false) return;
		main.querySelector("h2").focus({ preventScroll: true });
		root.scrollIntoView({ block: "start" });
	}

	show(focus) {
		const { screen } = this.draft;
		this.draw("form", screen === 0 ? this.welcome() : screen < this.last ? this.items(screen) : this.ending(), focus);
	}

	set(name, value) {
		this.draft[name] = value;
		this.save();
	}

	go(screen) {
		this.set("screen", screen);
		this.show();
	}

	banners(name) {
		const { host, words, draft } = this;
		const first = name === "form" && draft.screen === 0;
		return [
			h("h1", { class: first ? null : "mr-small" }, words.title),
			host.rehearsal && this.p("rehearsal", null, "mr-banner"),
		].concat(first && [
			h("p", { class: "mr-place" }, named([host.site, host.team])),
			words.status === "draft" && this.p("draft_translation", null, "mr-note"),
			host.nowhere && this.p("nowhere", null, "mr-note"),
			host.insecure && this.p("insecure", null, "mr-note"),
		], first && this.older.map((old) => this.olderNotice(old)));
	}

	olderNotice(old) {
		const drop = () => {
			this.storage.removeItem(old.key);
			note.remove();
		};
		const note = h("div", { class: "mr-note" }, this.p("older_draft"), buttons(this.fileButton(old.draft), this.button("delete_older", drop, "mr-quiet")));
		return note;
	}

	errorBox() { return h("div", { class: "mr-errors", role: "alert", tabindex: -1, hidden: true }); }

	welcome() {
		const { words, draft } = this;
		const { title, paragraphs, agree, sha256 } = words.consent;
		const box = h("input", { type: "checkbox", id: `${this.uid}-agree`, onchange: () => this.set("consent", box.checked ? sha256 : null) });
		box.checked = draft.consent === sha256;
		return [
			this.languages(),
			this.errorBox(),
			h("h2", { tabindex: -1 }, title),
			...paragraphs.map((text) => h("p", null, text)),
			words.minutes && this.p("minutes", { minutes: words.minutes, n: this.order.length }),
			this.placeChoice(),
			h("label", { class: "mr-option mr-agree" }, box, h("span", null, agree)),
			buttons(this.button("start", () => this.begin(), "mr-main")),
		];
	}

	field(name, key, node) {
		node.id = `${this.uid}-${name}`;
		return h("div", { class: "mr-choice" }, this.text("label", key, null, { for: node.id }), node);
	}

	choice(name, key, options, none, value, act) {
		const select = h("select", { onchange: () => act(select.value) }, none && this.text("option", none), ...options);
		if (none) select.firstChild.value = "";
		select.value = value === null ? "" : value;
		return this.field(name, key, select);
	}

	languages() {
		const { languages, words } = this.content;
		const options = languages.map((value) => h("option", { value, lang: value, dir: words[value].direction }, words[value].name));
		return languages.length > 1 && this.choice("language", "language", options, null, this.draft.language, (name) => {
			this.draft.consent = null;
			this.set("language", name);
			this.show(false);
			this.main.querySelector("select").focus();
		});
	}

	placeChoice() {
		const { places } = this.host;
		const options = (places || []).map((place, value) => h("option", { value }, named(place)));
		return places && this.choice("place", "team", options, "choose", this.draft.place, (at) => this.set("place", at === "" ? null : Number(at)));
	}

	begin() {
		const faults = [];
		if (this.host.places && this.draft.place === null) faults.push(["error_team", "place"]);
		if (!this.draft.consent) faults.push(["error_consent", "agree"]);
		if (faults.length) this.errors(faults);
		else this.go(1);
	}

	// What is wrong, each line with the way there: a field of this screen, or another screen.
	errors(faults) {
		const box = this.main.querySelector(".mr-errors");
		const jump = (target) => (target === 1 ? this.go(1) : document.getElementById(`${this.uid}-${target}`).focus());
		put(box, [this.p("error_title"), ...faults.map(([key, target]) => this.button(key, () => jump(target), "mr-link"))]);
		box.hidden = false;
		box.focus();
	}

	isEmpty(item) { return !has(this.draft.answers, item); }

	progress() {
		const items = this.order.length;
		const empty = this.order.filter((item) => this.isEmpty(item)).length;
		return { part: this.draft.screen, parts: this.last - 1, answered: items - empty, items, empty };
	}

	items(screen) {
		const { words } = this;
		const lines = words.instructions.map((text) => h("p", null, text));
		return [
			this.heading("part", this.progress()),
			this.p("answered", this.progress(), "mr-progress"),
			h("details", { class: "mr-help", open: screen === 1 }, this.text("summary", "instructions"), ...lines),
			this.p("keys", null, "mr-keys"),
			words.stem && h("p", { class: "mr-stem", id: `${this.uid}-stem` }, words.stem),
			...this.content.screens[screen - 1].map((item) => this.item(item)),
			buttons(this.button("back", () => this.go(screen - 1)), this.button("next", () => this.go(screen + 1), "mr-main")),
		];
	}

	item(item) {
		const { content, draft, uid, words } = this;
		const kind = content.items[item];
		const { codes, missing } = content.scales[kind];
		const name = `${uid}-${item}`;
		const radios = [];
		const mark = () => radios.forEach((radio) => {
			radio.checked = radio.value === String(draft.answers[item]);
			radio.parentNode.classList.toggle("mr-on", radio.checked);
			clear.classList.toggle("mr-gone", this.isEmpty(item));
		});
		const take = (code) => {
			if (code === null) delete draft.answers[item];
			else draft.answers[item] = code;
			mark();
			if (code === null) radios[0].focus();
			this.main.querySelector(".mr-progress").textContent = this.say("answered", this.progress());
			this.save();
		};
		const clear = this.button("clear", () => take(null), "mr-quiet mr-clear", { tabindex: -1, "aria-describedby": name });
		const option = (code, label, more) => {
			radios.push(h("input", { type: "radio", name, value: code, onchange: () => take(code) }));
			return h("label", { class: `mr-option ${more}` }, radios[radios.length - 1], h("span", null, label));
		};
		const undo = ({ key }) => (key === "Delete" || key === "Backspace") && take(null);
		const stem = words.stem && content.stem_scale === kind && `${uid}-stem`;
		const number = h("span", { class: "mr-number", "aria-hidden": "true" }, `${this.order.indexOf(item) + 1}. `);
		const shown = h("fieldset", { class: "mr-item", "aria-describedby": stem, "data-item": item },
			h("legend", { id: name }, number, words.items[item]),
			h("div", { class: "mr-options", onkeydown: undo },
				...codes.map((code) => option(code, words.options[kind][code], "")),
				...missing.map((code) => option(code, words.missing[code], "mr-missing"))),
			clear);
		mark();
		return shown;
	}

	ending() {
		const { words, draft, content, host } = this;
		const { empty } = this.progress();
		const roles = content.roles.map((value) => h("option", { value }, words.roles[value]));
		return [
			this.heading("last"),
			this.errorBox(),
			this.p("answered", this.progress(), "mr-progress"),
			empty && this.p(empty === 1 ? "one_empty" : "some_empty", { empty }),
			empty && buttons(this.button("see_empty", () => this.toEmpty())),
			content.roles.length && this.choice("role", "role", roles, "no_role", draft.role, (id) => this.set("role", id)),
			content.retest && this.retest(),
			host.nowhere && this.p("file_warning"),
			buttons(this.button("back", () => this.go(this.last - 1)), host.nowhere
				? this.fileButton(draft, content, "mr-main")
				: this.button(this.amending ? "send_correction" : "send", () => this.send(), "mr-main")),
			!this.amending && buttons(this.button("start_again", () => this.again(), "mr-quiet")),
		];
	}

	toEmpty() {
		const item = this.order.find((name) => this.isEmpty(name));
		this.go(this.content.screens.findIndex((items) => items.includes(item)) + 1);
		this.main.querySelector(`[data-item="${item}"] input`).focus();
	}

	retest() {
		const fields = this.draft.retest.map((value, at) => {
			const input = h("input", { type: "text", maxlength: 20, autocomplete: "off", autocapitalize: "off", spellcheck: "false", value });
			input.oninput = () => {
				this.draft.retest[at] = input.value;
				this.save();
			};
			return this.field(`retest-${at}`, `retest_${at + 1}`, input);
		});
		return h("fieldset", { class: "mr-retest" }, this.text("legend", "retest_title"), this.p("retest_why"), ...fields);
	}

	again() {
		if (this.sure) this.another();
		else this.tell("sure_again");
		this.sure = true;
	}

	another() {
		const { language } = this.draft;
		this.wipe();
		this.fresh();
		this.draft.language = language;
		this.tell("");
		this.show();
	}

	// Sending: never given up, and never in a loop over a refusal

	send() {
		if (checkAnswers(this.content, this.draft.answers)) {
			this.set("pending", true);
			this.attempt();
		} else this.errors([["error_nothing", 1]]);
	}

	attempt() {
		clearTimeout(this.timer);
		Object.assign(this, { busy: true, refused: false });
		const { draft, host, content } = this;
		const submission = submissionOf(draft, content);
		if (this.view !== "waiting") this.draw("sending", [this.heading("sending_title")]);
		this.tell("sending");
		(this.amending ? host.amend(submission, draft.receipt) : host.send(submission, draft.place))
			.then(() => this.acknowledged(), (error) => this.failed(error || {}));
	}

	failed({ status, reason, message, retryAfter }) {
		if (this.gone) return;
		this.busy = false;
		this.failures += 1;
		this.since = this.since || Date.now();
		const late = this.failures >= 3 || Date.now() - this.since >= 20000;
		if (status === 423) this.wait("closed", 60, true);
		else if (status >= 400 && status < 500 && status !== 429) this.refuse(status, reason, message || "");
		else this.wait("retrying", retryAfter || Math.min(60, 2 ** (this.failures - 1)), late);
	}

	wait(key, least, offer) {
		const pause = least * (1 + Math.random() / 4);
		const values = { seconds: Math.max(2, Math.round(pause)), safe: this.say(this.kept ? "safe_device" : "safe_page") };
		this.timer = setTimeout(() => this.attempt(), pause * 1000);
		if (this.view !== "waiting") {
			const file = h("div", null, ...this.fileOffer());
			this.draw("waiting", [this.heading("waiting_title"), this.p(key), file, buttons(this.button("try_now", () => this.busy || this.attempt(), "mr-main"))]);
		}
		const [shown, file] = [this.main.querySelector("p"), this.main.querySelector("div")];
		shown.textContent = this.say(key, values);
		file.hidden = !offer;
		this.tell(key, values, true);
	}

	fileOffer() { return [this.p("file_offer"), this.p("file_warning"), buttons(this.fileButton(this.draft, this.content))]; }

	refuse(status, reason, message) {
		this.refused = true;
		const known = { 401: "refused_ticket", 403: "refused_ticket", 409: "refused_conflict", 410: "refused_withdrawn" };
		const key = reason === "full" ? "refused_full" : known[status] || "refused_invalid";
		const back = () => {
			this.draft.pending = false;
			this.go(this.draft.screen);
		};
		this.draw("refused", [
			this.heading("refused_title"),
			this.p(key, { message }),
			...this.fileOffer(),
			buttons(this.button("try_again", () => this.attempt(), "mr-main"), key === "refused_invalid" && this.button("back_to_form", back)),
		]);
		this.tell(key, { message }, true);
	}

	fileButton(draft, content, name) {
		return this.button("save_file", () => {
			const [site, team] = (this.host.places && this.host.places[draft.place]) || [];
			saveFile(draft, content, Object.assign({}, this.host.extra, team && { site, team }));
			this.tell("file_saved");
		}, name);
	}

	acknowledged() {
		if (this.gone) return;
		this.busy = false;
		this.wipe(true);
		if (this.host.sent) this.host.sent(this.draft);
		this.thanks(this.draft.receipt, true);
	}

	thanks(receipt, now) {
		const { host, draft } = this;
		draft.pending = false;
		if (host.shared || !host.amend) draft.answers = {};
		const until = host.until && new Date(`${host.until}T12:00`).toLocaleDateString(draft.language, { day: "numeric", month: "long", year: "numeric" });
		const code = receipt && h("output", { class: "mr-code", dir: "ltr" }, spoken(receipt));
		this.draw("thanks", [
			this.heading(now ? "thanks_title" : "already_title"),
			this.p("thanks"),
			code && this.p(until ? "receipt_until" : "receipt", { until }),
			code,
			code && buttons(this.button("copy", () => this.copy(code))),
			host.withdraw && h("p", null, this.text("a", "withdraw_link", null, { href: host.withdraw })),
			buttons(
				now && host.amend && !host.shared && this.button("correct", () => this.correct()),
				host.next && this.button("next_person", () => this.nextPerson(), host.shared && "mr-main")),
		], Boolean(now));
		this.tell(now && "sent", null, true);
	}

	copy(code) {
		const chosen = getSelection();
		chosen.selectAllChildren(code);
		this.tell(document.execCommand("copy") ? "copied" : "copy_by_hand");
	}

	// From what this page still remembers; nothing is on the device any more.
	correct() {
		Object.assign(this, { amending: true, failures: 0, since: 0 });
		this.draft.screen = 1;
		this.show();
		this.tell("correcting");
	}

	nextPerson() {
		put(this.alarm, []);
		clearTimeout(this.idle);
		this.another();
		Promise.resolve(this.host.next()).catch(({ message }) => this.tell("next_failed", { message: message || "" }));
	}

	// On a shared device what one person left is taken away before the next one comes.
	rest(warned) {
		clearTimeout(this.idle);
		put(this.alarm, warned ? [this.p("idle", { seconds: 30 }), this.button("still_here", () => this.rest(), "mr-main")] : []);
		const act = () => {
			if (this.draft.pending || !warned) this.rest(!this.draft.pending);
			else this.nextPerson();
		};
		this.idle = setTimeout(act, warned ? 30000 : 300000);
	}
}

export function mount(el, content, host) { return new Form(el, content, host); }

// In a notebook answers travel as custom messages: never as state, which a saved notebook would hold.
function notebookHost(model) {
	const send = (submission, place) => new Promise((resolve, reject) => {
		const n = randomHex(8);
		const told = (message) => {
			if (message.n !== n) return;
			model.off("msg:custom", told);
			if (message.kind === "taken") resolve();
			else reject(message);
		};
		model.on("msg:custom", told);
		setTimeout(() => told({ n, status: 0 }), 15000); // no kernel answers
		model.send({ kind: "submit", n, submission, place });
	});
	return Object.assign({}, model.get("host"), { send, storage: deviceStorage(), next: () => null });
}

function render({ model, el }) {
	const form = mount(el, model.get("content"), notebookHost(model));
	return () => form.destroy();
}

export default { render };
