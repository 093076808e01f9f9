"use strict";

const PAGE = 250;
const SEVERITIES = { error: "red", warning: "amber", note: "faint" };
const COLLATOR = new Intl.Collator("en", { numeric: true });
let data;
let limit = PAGE;

const byId = (id) => document.getElementById(id);

/** An element; text becomes text, never markup. */
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.flat(9).filter((child) => child !== null && child !== undefined));
  return made;
}

/** A text with `commands` as code, and with places where a path may break. */
function prose(text) {
  return text.split(/`([^`]+)`/).flatMap((part, index) => (index % 2 ? el("code", {}, part) : part.split(/(?<=[/_=])/).flatMap((piece) => [piece, el("wbr")]).slice(0, -1)));
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

const state = () => new URLSearchParams(location.hash.slice(1));

/** The address of this state with some of it changed: every state has one. */
function address(changes) {
  const next = state();
  for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
  return `#${next}`;
}

function move(changes) {
  limit = PAGE;
  history.replaceState(null, "", address(changes));
  show();
}

function duration(seconds) {
  if (seconds === null) return "no deadline";
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  let left = seconds;
  const words = [];
  for (const [size, unit] of parts) {
    if (left >= size) words.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
  }
  return words.join(" ") || "0 s";
}

const value = (item) => (item === undefined || item === null ? "not set" : typeof item === "string" ? item : JSON.stringify(item));
const day = (date) => date.replace("T", " ").slice(0, 16);
const changed = (item) => `${item.key}: ${value(item.old)} → ${value(item.new)}`;
const lines = (texts) => el("ul", { class: "plain" }, texts.map((text) => el("li", {}, text)));
const environmentLink = (name, view) => el("a", { href: `#view=${view || "sync"}&env=${encodeURIComponent(name)}` }, name);
const names = (list) => (list.length === data.environments.length && list.length > 3 ? "all environments" : list.length > 6 ? `${list.slice(0, 5).join(", ")} and ${list.length - 5} more` : list.join(", "));

function commit(item) {
  const text = item.commit.slice(0, 8);
  return data.web ? el("a", { href: `${data.web}/commit/${item.commit}`, rel: "noreferrer" }, el("code", {}, text)) : el("code", {}, text);
}

function since(sources) {
  const dates = sources.map((name) => data.released.get(name)).filter(Boolean);
  return dates.length ? day(dates.sort()[0]) : data.oldest ? `before ${day(data.oldest)}` : "unknown";
}

const running = (name) => (name ? [...data.standing.get(name).values.values()].map(value).join(", ") || "no release" : "");

/** The services of a workspace with their environments: services/api/dev is dev of services/api. */
function services() {
  const found = new Map();
  for (const { name } of data.environments) {
    const end = name.lastIndexOf("/");
    if (end < 0) continue;
    const service = name.slice(0, end);
    if (!found.has(service)) found.set(service, { name: service, places: new Map() });
    found.get(service).places.set(name.slice(end + 1), name);
  }
  return [...found.values()];
}

/** Columns: title, text of a row (which is searched and sorted), and the cell if it is more than the text. */
const VIEWS = {
  environments: {
    title: "Environments",
    about: "What each environment runs, from its files.",
    stages: true,
    rows: () => data.environments,
    columns: () => [
      { title: "Environment", text: (row) => row.name, cell: (row) => environmentLink(row.name) },
      { title: "Stage", text: (row) => row.stage || "" },
      { title: "Cluster", text: (row) => row.cluster || "" },
      { title: "Namespace", text: (row) => row.namespace || "" },
      ...data.keys.map((key) => ({ title: key, text: (row) => value(data.standing.get(row.name).values.get(key)) })),
      { title: "Chart", text: (row) => chart(data.standing.get(row.name).chart) },
      {
        title: "Errors",
        text: (row) => String(data.errors.get(row.name) || 0),
        cell: (row) => (data.errors.get(row.name) ? el("a", { class: "red", href: `#view=findings&q=${encodeURIComponent(row.name)}` }, String(data.errors.get(row.name))) : "0"),
      },
    ],
  },
  services: {
    title: "Services",
    about: "The release that each service of the workspace runs in each environment.",
    rows: () => data.services,
    columns: () => [
      { title: "Service", text: (row) => row.name },
      ...[...new Set(data.services.flatMap((row) => [...row.places.keys()]))].map((place) => ({
        title: place,
        text: (row) => running(row.places.get(place)),
        cell: (row) => (row.places.has(place) ? el("a", { href: `#view=sync&env=${encodeURIComponent(row.places.get(place))}` }, running(row.places.get(place))) : "–"),
      })),
    ],
  },
  promotion: {
    title: "Waiting for promotion",
    about: "Releases of one stage that the next stage does not run.",
    rows: () => data.status.waiting,
    columns: () => [
      { title: "From", text: (row) => row.sources.join(", "), cell: (row) => names(row.sources) },
      { title: "To", text: (row) => row.targets.join(", "), cell: (row) => names(row.targets) },
      { title: "Change", text: (row) => row.changes.map(changed).join(", "), cell: (row) => lines(row.changes.map(changed)) },
      { title: "Direction", text: (row) => row.direction },
      { title: "Waiting since", text: (row) => since(row.sources) },
    ],
  },
  drift: {
    title: "Generated files",
    about: "Generated files that are not as the inputs require, and files that are not committed.",
    rows: () => [...data.status.drift, ...data.status.uncommitted.map((path) => ({ path, state: "not committed" }))],
    columns: () => [
      { title: "File", text: (row) => row.path, cell: (row) => el("code", {}, prose(row.path)) },
      { title: "State", text: (row) => row.state },
    ],
  },
  changes: {
    title: "Changes",
    about: "What the last commits changed, the newest first.",
    rows: () => data.history.events,
    columns: () => [
      { title: "When", text: (row) => day(row.date) },
      { title: "Environment", text: (row) => row.environment, cell: (row) => environmentLink(row.environment) },
      { title: "Author", text: (row) => row.author },
      { title: "Commit", text: (row) => row.commit, cell: commit },
      { title: "Subject", text: (row) => row.subject },
      { title: "Release", text: (row) => row.release.map(changed).join(", "), cell: (row) => lines(row.release.map(changed)) },
      { title: "Values", text: (row) => row.values.map(changed).join(", "), cell: (row) => lines(row.values.map(changed)) },
    ],
  },
  sync: {
    title: "Syncs",
    about: "How long Argo CD may be busy with a sync before it picks up a revert. Choose an environment to see its waves.",
    stages: true,
    rows: () => data.plans,
    row: (row) => row.name,
    columns: () => [
      { title: "Environment", text: (row) => row.name, cell: (row) => environmentLink(row.name) },
      { title: "Application", text: (row) => row.application || "" },
      { title: "Waves", text: (row) => String(row.waves.length) },
      { title: "A revert waits at most", text: (row) => duration(row.revert.laterSync.seconds), sort: (row) => seconds(row.revert.laterSync.seconds) },
      { title: "During the first sync", text: (row) => duration(row.revert.firstSync.seconds), sort: (row) => seconds(row.revert.firstSync.seconds) },
    ],
    detail: timelines,
  },
  secrets: {
    title: "Secrets",
    about: "Each key of each Secret that an environment reads, and what provides it. Values are never read.",
    choose: true,
    rows: () => (data.secrets.find((item) => item.name === chosen()) || { keys: [] }).keys,
    columns: () => [
      { title: "Secret", text: (row) => row.secret },
      { title: "Key", text: (row) => row.key || "all keys" },
      { title: "Read by", text: (row) => row.readers.join(", ") },
      { title: "Required", text: (row) => (row.optional ? "no" : "yes") },
      { title: "Provided by", text: provider, cell: (row) => (row.origin ? provider(row) : el("span", { class: "amber" }, provider(row))) },
    ],
  },
  findings: {
    title: "Findings",
    about: "What `validate` found: what Argo CD, Kubernetes or the pods would refuse.",
    rows: () => data.validation.findings,
    columns: () => [
      { title: "Severity", text: (row) => row.severity, cell: (row) => el("span", { class: SEVERITIES[row.severity] }, row.severity) },
      { title: "Rule", text: (row) => row.rule, cell: (row) => el("code", {}, row.rule) },
      { title: "Object", text: (row) => row.object || "" },
      { title: "What is wrong", text: (row) => row.message },
      { title: "What to do", text: (row) => row.remedy },
      { title: "Where", text: (row) => (row.file ? `${row.file}${row.line ? `:${row.line}` : ""}` : "") },
      { title: "Environments", text: (row) => row.environments.join(", "), cell: (row) => names(row.environments) },
    ],
  },
  differences: {
    title: "Differences",
    about: "What would change in the cluster between two states, as `report --compare OLD NEW` asked.",
    rows: () => data.differences.flatMap((difference) => difference.consequences.map((item) => ({ ...item, difference }))),
    columns: () => [
      { title: "Between", text: (row) => between(row.difference) },
      { title: "Effect", text: (row) => row.effect },
      { title: "Object", text: (row) => row.object || "all objects" },
      { title: "Detail", text: (row) => row.detail },
      { title: "Environments", text: (row) => row.environments.join(", "), cell: (row) => names(row.environments) },
    ],
    detail: differences,
  },
};

const seconds = (item) => (item === null ? Infinity : item);
const between = (difference) => `${difference.old} → ${difference.new}`;
const chart = (item) => (item.path ? `${item.path}${item.revision ? ` at ${item.revision}` : ""}` : `${item.name || ""} ${item.version || ""}`.trim());
const chosen = () => state().get("env") || data.environments[0]?.name || "";

function provider(row) {
  if (!row.origin) return "nothing in this repository: create it before the first sync";
  const { object, store, entry, property } = row.origin;
  return [object, store && `from ${store}`, entry, property].filter(Boolean).join(" ");
}

function timelines() {
  const plan = data.plans.find((item) => item.name === state().get("env"));
  if (!plan) return [];
  return [
    timeline(plan, `Any later sync of ${plan.name}`, plan.revert.laterSync, (wave, gate) => wave.waits !== "never" && !gate.firstSyncOnly),
    timeline(plan, `The first sync of ${plan.name}`, plan.revert.firstSync, (wave) => !["never", "whenPruning"].includes(wave.waits)),
  ];
}

/** Waves one after the other, each as long as its longest deadline. */
function timeline(plan, title, wait, counts) {
  const steps = plan.waves.map((wave) => {
    const gates = wave.gates.filter((gate) => counts(wave, gate));
    const lengths = gates.map((gate) => gate.seconds);
    return { wave, gates, endless: lengths.includes(null), length: Math.max(0, ...lengths.filter((length) => length !== null)) };
  });
  const known = steps.reduce((sum, step) => sum + step.length, 0) || 60;
  const width = (step) => step.length + (step.endless ? known / 10 : 0);
  const total = steps.reduce((sum, step) => sum + width(step), 0) || 1;
  let start = 0;
  const rows = steps.map((step) => {
    const bar = el("span", { class: step.endless ? "bar endless" : "bar" });
    bar.style.left = `${(100 * start) / total}%`;
    bar.style.width = `${(100 * width(step)) / total}%`;
    start += width(step);
    return el(
      "li",
      {},
      el("span", {}, `${step.wave.phase}, wave ${step.wave.wave}: `, el("span", { class: step.endless ? "red" : "faint" }, step.endless ? "no deadline" : step.length ? `at most ${duration(step.length)}` : step.gates.length ? "at once" : "no wait")),
      el("span", { class: "track", "aria-hidden": "true" }, width(step) ? bar : null),
      el(
        "details",
        {},
        el("summary", {}, `${count(step.wave.objects.length, "object")}${step.gates.length ? `, waits for ${step.gates.length}` : ""}`),
        lines(step.gates.map((gate) => `${gate.object}: ${duration(gate.seconds)}, ${gate.reason}`)),
        el("p", { class: "faint" }, step.wave.objects.join(", ")),
      ),
    );
  });
  return el(
    "section",
    { "aria-label": title },
    el("h3", {}, `${title}: a revert waits at most ${duration(wait.seconds)}`.replace("at most no deadline", "without end")),
    el("p", { class: "faint" }, wait.syncTimeout === null ? "Argo CD has no sync timeout." : `Argo CD ends the sync after ${duration(wait.syncTimeout)}.`),
    el("ol", { class: "waves" }, rows),
    el("details", {}, el("summary", {}, "How the longest wait adds up"), lines(wait.terms.map((term) => `${duration(term.seconds)}: ${term.title}${term.reason ? `, ${term.reason}` : ""}`))),
  );
}

function differences() {
  return data.differences.map((difference) =>
    el(
      "section",
      {},
      el("h3", {}, between(difference)),
      el("p", {}, `${difference.environments.length} of ${difference.compared} environments differ.`),
      difference.groups.map((group) => el("div", {}, el("p", {}, el("strong", {}, names(group.environments))), group.objects.map(objectDifference))),
      difference.folded.map((item) => el("p", { class: "faint" }, `${item.count}: ${item.reason}`)),
    ),
  );
}

function objectDifference(item) {
  const rows = item.fields.map((field) => [`${field.path}:`, ...(field.old === null ? [] : [`- ${field.old}`]), ...(field.new === null ? [] : [`+ ${field.new}`])].join("\n"));
  return el("details", {}, el("summary", {}, `${item.action} `, el("code", {}, item.object)), el("pre", { tabindex: "0" }, item.body === null ? rows.join("\n") : item.body));
}

function prepare(loaded) {
  data = loaded;
  data.keys = [];
  data.standing = new Map();
  data.errors = new Map();
  data.released = new Map();
  data.stageOf = new Map(data.environments.map((row) => [row.name, row.stage || ""]));
  const keys = new Set();
  for (const item of data.status.environments) {
    for (const entry of item.release) keys.add(entry.key);
    data.standing.set(item.name, { chart: item.chart, values: new Map(item.release.map((entry) => [entry.key, entry.value])) });
  }
  data.keys = [...keys].sort();
  for (const finding of data.validation.findings) {
    if (finding.severity !== "error") continue;
    for (const name of finding.environments) data.errors.set(name, (data.errors.get(name) || 0) + 1);
  }
  for (const event of data.history.events) {
    data.oldest = event.date;
    if (event.release.length && !data.released.has(event.environment)) data.released.set(event.environment, event.date);
  }
  data.services = services();
  if (!data.services.length) delete VIEWS.services;
  const { errors, warnings } = data.validation.summary;
  byId("project").textContent = data.project;
  const head = data.status.git && data.status.git.head ? `at ${data.status.git.head.slice(0, 8)} ` : "";
  byId("facts").textContent = `${count(data.environments.length, "environment")} ${head}· ${count(errors, "error")}, ${count(warnings, "warning")} · gitops-gen ${data.version}`;
}

const current = () => (VIEWS[state().get("view")] ? state().get("view") : "environments");

function navigation() {
  const links = Object.entries(VIEWS).map(([name, view]) =>
    el("li", {}, el("a", { href: `#view=${name}`, "aria-current": name === current() ? "page" : null }, `${view.title}${view.choose ? "" : ` (${view.rows().length})`}`)),
  );
  byId("views").replaceChildren(...links);
}

function choice(label, name, options, selected) {
  const select = el("select", { onchange: (event) => move({ [name]: event.target.value }) }, options.map(([key, text]) => el("option", { value: key }, text)));
  select.value = selected;
  return el("label", {}, label, select);
}

function controls(view) {
  const search = el("input", { type: "search", id: "search", value: state().get("q") || "", oninput: (event) => filter(event.target.value) });
  const stages = [...new Set(data.stageOf.values())].sort();
  byId("controls").replaceChildren(
    el("label", {}, "Filter", search),
    ...(view.stages ? [choice("Stage", "stage", [["", "all stages"], ...stages.map((stage) => [stage, stage || "without"])], state().get("stage") || "")] : []),
    ...(view.choose ? [choice("Environment", "env", data.environments.map((row) => [row.name, row.name]), chosen())] : []),
  );
}

function filter(text) {
  limit = PAGE;
  history.replaceState(null, "", address({ q: text }));
  content();
}

/** The rows that match every word of the filter, in the chosen order. */
function selected(view, columns) {
  const words = (state().get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
  const stage = view.stages && state().get("stage");
  const rows = view.rows().filter((row) => {
    if (stage && data.stageOf.get(row.name) !== stage) return false;
    const text = words.length ? columns.map((column) => column.text(row)).join(" ").toLowerCase() : "";
    return words.every((word) => text.includes(word));
  });
  const sort = state().get("sort");
  const column = sort && columns.find((item) => item.title === sort.replace(/^-/, ""));
  if (!column) return rows;
  const key = column.sort || column.text;
  const compare = (a, b) => (typeof key(a) === "number" ? (key(a) === key(b) ? 0 : key(a) - key(b)) : COLLATOR.compare(key(a), key(b)));
  return [...rows].sort((a, b) => (sort.startsWith("-") ? -compare(a, b) : compare(a, b)));
}

function heading(column) {
  const sort = state().get("sort") || "";
  const order = sort === column.title ? "ascending" : sort === `-${column.title}` ? "descending" : null;
  const next = order === "ascending" ? `-${column.title}` : column.title;
  const mark = order === "ascending" ? " ▲" : order === "descending" ? " ▼" : "";
  const press = () => {
    move({ sort: next });
    [...document.querySelectorAll("th button")].find((button) => button.dataset.column === column.title)?.focus();
  };
  return el("th", { scope: "col", "aria-sort": order }, el("button", { type: "button", "data-column": column.title, onclick: press }, column.title, el("span", { "aria-hidden": "true" }, mark)));
}

function content() {
  const view = VIEWS[current()];
  const columns = view.columns();
  const all = view.rows().length;
  const rows = selected(view, columns);
  const part = rows.slice(0, limit);
  byId("count").textContent = all ? `${rows.length} of ${all}${part.length < rows.length ? `, the first ${part.length} are shown` : ""}` : "Nothing to show.";
  const body = part.map((row) =>
    el("tr", {}, columns.map((column, index) => el(index ? "td" : "th", index ? {} : { scope: "row" }, column.cell ? column.cell(row) : prose(column.text(row))))),
  );
  const table = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": view.title }, el("table", {}, el("thead", {}, el("tr", {}, columns.map(heading))), el("tbody", {}, body)));
  const more = el("button", { type: "button", onclick: () => { limit = Infinity; content(); } }, `Show all ${rows.length}`);
  byId("content").replaceChildren(...(all ? [table] : []), ...(part.length < rows.length ? [more] : []));
}

function show() {
  const view = VIEWS[current()];
  byId("title").textContent = view.title;
  byId("about").replaceChildren(...prose(view.about));
  byId("detail").replaceChildren(...(view.detail ? view.detail() : []));
  navigation();
  controls(view);
  content();
}

async function start() {
  const bytes = Uint8Array.from(atob(byId("data").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  prepare(await new Response(stream).json());
  show();
  document.documentElement.dataset.ready = "yes";
}

byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("main").focus(); });
byId("controls").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", () => { limit = PAGE; show(); byId("title").focus(); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|SELECT)$/.test(event.target.tagName)) { event.preventDefault(); byId("search").focus(); }
});
start();
