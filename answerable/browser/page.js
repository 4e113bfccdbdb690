// Makes the cells and claims of a page live. Nothing more is loaded until the reader asks for it.

const script = document.currentScript;
const me = script.dataset; // question: its address; megabytes, seconds: of a first run; numpy: the build's
const here = new URL(".", script.src);
const cells = [...document.querySelectorAll("section.cell")].map(makeCell);
const claims = [...document.querySelectorAll(".claim")].map(makeClaim);
const all = makeAll(document.querySelector(".page-tools"));
const named = Object.fromEntries(cells.map(cell => [cell.name, cell]));
const store = `answerable:${location.pathname}`;
let question; // what the page was built from: asked for once
let thread; // the worker, once there is one
let busy; // what it is doing
let cost = ""; // of loading Python, where the browser does not keep it yet

function make(tag, properties, ...children) {
  const {data, ...others} = properties;
  const element = Object.assign(document.createElement(tag), others);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

function button(action, text, press) {
  return make("button", {type: "button", textContent: text, onclick: press, data: {action}});
}

// ---- cells

function makeCell(element) {
  const output = element.querySelector("output");
  const shown = element.querySelector(".highlight");
  const code = shown.querySelector("code");
  const built = {text: code.textContent.trimEnd(), code: code.innerHTML, output: output.innerHTML};
  const status = make("span", {role: "status"});
  const buttons = {
    run: button("run", "Run", () => run(cell)),
    stop: button("stop", "Stop", () => stop()),
    edit: button("edit", "Edit", () => cell.edit()),
    enlarge: button("enlarge", "Enlarge", () => enlarge(output)),
    reset: button("reset", "Reset", () => cell.reset()),
    link: button("link", "Link", () => copyLink(cell)),
  };
  element.querySelector(".cell-tools").append(...Object.values(buttons), status);
  let text = built.text, editor, stale = true;

  const changed = value => {
    text = value;
    [...claims, all].forEach(part => part.forget()); // what they say is of another program
    save();
    refresh();
  };
  // A live result takes the place of what stood there when its first part comes.
  const fresh = () => {
    if (stale) output.replaceChildren();
    stale = false;
    cell.live = true;
  };
  const cell = {
    element, built, name: element.dataset.cell, live: false,
    get text() { return text; },
    set text(value) {
      if (value === text) return;
      if (editor) editor.text = value;
      else if (value === built.text) code.innerHTML = built.code;
      else code.textContent = value;
      changed(value);
    },
    get state() { return element.dataset.state; },
    set state(value) {
      element.dataset.state = value;
      if (value === "running") stale = true;
      if (value === "done") fresh(); // be it that nothing was printed
    },
    say(text) { status.textContent = text; },
    refresh() {
      const mine = busy?.owner === cell;
      buttons.run.textContent = cost && !thread ? `Run (loads ${cost})` : "Run";
      buttons.run.hidden = mine;
      buttons.run.disabled = Boolean(busy);
      buttons.stop.hidden = !mine;
      buttons.edit.hidden = Boolean(editor);
      buttons.enlarge.hidden = !output.querySelector(":scope > svg");
      buttons.link.hidden = text === built.text;
      buttons.reset.hidden = text === built.text && !cell.live;
    },
    async edit() {
      element.querySelector(":scope > details")?.setAttribute("open", "");
      if (!editor) {
        buttons.edit.disabled = true;
        try {
          const {edit} = await import(new URL("editor.js", here));
          const parent = make("div", {className: "cell-editor"});
          shown.after(parent);
          shown.hidden = true;
          const label = `Program, cell ${cell.name}. Escape, then Tab, leaves the editor.`;
          editor = edit({parent, text, label, changed, run: () => busy || run(cell)});
        } catch (error) {
          cell.say(`The editor could not be loaded: ${error.message}`);
        }
        buttons.edit.disabled = false;
        refresh();
      }
      editor?.focus();
      if (editor && !busy) cell.say("Shift+Enter runs. Escape, then Tab, leaves the editor.");
    },
    print(form, content) {
      fresh();
      let last = output.lastElementChild;
      if (form !== "text" || last?.dataset.kind !== "text") {
        last = make("samp", {data: {kind: form}});
        output.append(last);
      }
      last.append(content);
    },
    number(content) {
      const tables = JSON.parse(content).map(({title, columns, rows}) => {
        const line = (cells, tag) => make("tr", {}, ...cells.map(text => make(tag, {textContent: text})));
        const head = make("thead", {}, line(columns, "th"));
        return make("table", {}, ...title ? [make("caption", {textContent: title})] : [], head, make("tbody", {}, ...rows.map(row => line(row, "td"))));
      });
      if (tables.length) output.append(make("details", {className: "numbers"}, make("summary", {textContent: "The numbers shown"}), ...tables));
    },
    draw(content) {
      fresh();
      const svg = harmless(content);
      const before = new DOMParser().parseFromString(built.output, "text/html").querySelector("svg");
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", before?.getAttribute("aria-label") || `Figure of cell ${cell.name}`);
      output.append(svg);
    },
    reset() {
      if (busy) stop();
      cell.text = built.text;
      output.innerHTML = built.output;
      cell.live = false;
      cell.say("");
      cell.state = "idle";
      refresh();
    },
  };
  Object.defineProperty(element, "source", {get: () => text, set: value => { cell.text = value; }});
  return cell;
}

// A cell's figures as large as the window, or larger than a phone's, until Escape or a click.
function enlarge(output) {
  const figures = [...output.querySelectorAll(":scope > svg")].map(svg => svg.cloneNode(true));
  const close = make("button", {type: "button", textContent: "Close", autofocus: true});
  const dialog = make("dialog", {className: "enlarged", onclick: () => dialog.close(), onclose: () => dialog.remove()}, close, ...figures);
  dialog.setAttribute("aria-label", "Figure, enlarged");
  document.body.append(dialog);
  dialog.showModal();
}

// A figure as matplotlib draws it: shapes and words, nothing that acts or that is loaded.
function harmless(content) {
  const svg = new DOMParser().parseFromString(content, "image/svg+xml").documentElement;
  const plain = /^(svg|g|defs|path|use|rect|circle|text|tspan|clipPath|image|linearGradient|stop|pattern)$/;
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    if (!plain.test(element.localName)) element.remove();
    for (const {name, value} of [...element.attributes])
      if (/^on/i.test(name) || (/href$/i.test(name) && !/^(#|data:image\/png;)/.test(value.trim())))
        element.removeAttribute(name);
  }
  return document.importNode(svg, true);
}

// ---- claims

function makeClaim(element) {
  const id = element.dataset.claim;
  const status = make("p", {role: "status"});
  const detail = make("pre", {hidden: true, tabIndex: 0});
  const buttons = {
    check: button("check", "Check", () => claim.check()),
    break: button("break", "Break it", () => claim.break()),
  };
  const mend = button("reset", "Reset", () => claim.mend());
  const halt = button("stop", "Stop", () => stop());
  const panel = make("div", {className: "claim-live", hidden: true}, status, detail, halt, mend);
  element.querySelector(".claim-tools").append(buttons.check, buttons.break);
  (element.closest("p, li, td, dd") || element).after(panel);
  let broken;

  const claim = {
    test: `test_${id}`,
    say(text, diff = [], explanation = "") {
      panel.hidden = !text;
      status.textContent = text;
      detail.replaceChildren(...diff, explanation);
      detail.hidden = !detail.textContent;
    },
    refresh() {
      for (const one of Object.values(buttons)) one.disabled = Boolean(busy);
      halt.hidden = busy?.owner !== claim;
      mend.hidden = Boolean(busy) || !broken;
    },
    forget() {
      delete element.dataset.live;
      claim.say("");
    },
    hear({status, text}, diff = []) {
      element.dataset.live = status;
      claim.say(`${status === "passed" ? "✓ Passed" : "✗ Failed"}, ${when()}.`, diff, text.trim());
    },
    async check(diff = []) {
      delete element.dataset.live;
      const end = await begin(claim, checking([claim]), program());
      if (end.verdicts[claim.test]) claim.hear(end.verdicts[claim.test], diff);
      else claim.say(end.text || "Stopped.", diff);
    },
    async break() {
      delete element.dataset.live;
      const {breaks} = await known();
      for (const [before, after] of breaks[id] || []) {
        const cell = cells.find(one => one.text.includes(before));
        if (!cell) continue;
        broken = cell;
        const old = cell.text;
        await cell.edit();
        cell.text = old.replace(before, () => after);
        return claim.check([`In the cell ${cell.name}:\n`, ...difference(old, cell.text), "\n"]);
      }
      claim.say("The edit that breaks it cannot be made: the program is no longer the page's own. Reset it first.");
    },
    mend() {
      broken.reset();
      broken = null;
      return claim.check();
    },
  };
  return claim;
}

// The page as a whole, above the tests at its end: every claim checked in one go, the program to take away.
function makeAll(place) {
  const status = make("span", {role: "status"});
  const check = button("check-all", `Check all ${claims.length} claims`, () => all.check());
  const halt = button("stop", "Stop", () => stop());
  place.append(check, halt, button("copy", "Copy the program", copyProgram), status);
  const all = {
    say(text) { status.textContent = text; },
    refresh() {
      check.disabled = Boolean(busy);
      halt.hidden = busy?.owner !== all;
    },
    forget() { all.say(""); },
    async check() {
      [...claims, all].forEach(part => part.forget());
      const {verdicts, text} = await begin(all, checking(claims), program());
      for (const claim of claims) if (verdicts[claim.test]) claim.hear(verdicts[claim.test]);
      const passed = Object.values(verdicts).filter(verdict => verdict.status === "passed").length;
      all.say(Object.keys(verdicts).length ? `${passed} of ${claims.length} passed, ${when()}.` : text || "Stopped.");
    },
  };
  return all;
}

const checking = list => ({do: "check", tests: JSON.stringify(list.map(claim => claim.test))});

function when() {
  const edited = cells.some(cell => cell.text !== cell.built.text);
  return `just now, with the program as ${edited ? "you edited it" : "it stands"}`;
}

// The lines that differ, those that went before those that came, as far to the left as they go.
function difference(before, after) {
  const old = before.split("\n"), now = after.split("\n");
  while (old.length && now.length && old[0] === now[0]) old.shift(), now.shift();
  while (old.length && now.length && old.at(-1) === now.at(-1)) old.pop(), now.pop();
  const margin = Math.min(...[...old, ...now].filter(line => line.trim()).map(line => line.search(/\S/)));
  const lines = (tag, sign, list) =>
    list.map(line => make(tag, {textContent: `${sign} ${line.slice(margin)}\n`}));
  return [...lines("del", "-", old), ...lines("ins", "+", now)];
}

// ---- Python, in a thread of its own

const known = () => question ||= fetch(me.question).then(answer => answer.json());
const program = () => cells.map(cell => [cell.name, cell.text]);

function run(cell) {
  return begin(cell, {do: "run"}, program().slice(0, cells.indexOf(cell) + 1));
}

// What the program imports, by the names that there may be packages for.
function packages(list) {
  const lines = list.flatMap(([, text]) => [...text.matchAll(/^\s*(?:import|from)\s+(\w+)/gm)]);
  return [...new Set(lines.map(match => match[1]))];
}

// Sends the thread to work for `owner`, a cell or a claim; resolves with what came of it.
function begin(owner, work, list) {
  if (busy) return Promise.resolve({verdicts: {}});
  return new Promise(resolve => {
    const task = busy = {owner, resolve, bytes: 0, verdicts: {}};
    if (work.do === "run") owner.state = thread ? "running" : "loading";
    owner.say(thread ? "Running…" : "Loading Python…");
    refresh();
    known().then(asked => {
      if (busy !== task) return;
      const imported = packages(list);
      if (!thread) {
        thread = new Worker(new URL("worker.js", here), {type: "module"});
        thread.onmessage = ({data}) => hear(data);
        thread.onerror = event => fail(event.message || "Python could not be started.");
        thread.postMessage({do: "start", question: JSON.stringify(asked), packages: imported});
      }
      if (work.do === "check") imported.push("pytest");
      thread.postMessage({...work, cells: JSON.stringify(list), packages: imported});
    }).catch(error => busy === task && fail(error.message));
  });
}

function hear({kind, ...what}) {
  if (!busy) return;
  const cell = named[what.name];
  if (kind === "progress") {
    busy.bytes += what.bytes;
    busy.owner.say(`Loading Python: ${(busy.bytes / 1e6).toFixed(1)} of ${me.megabytes} MB`);
  } else if (kind === "cell") {
    cell.state = what.state;
    if (what.state === "running") busy.owner.say("Running…");
    else cell.element.dataset.seconds = what.seconds.toFixed(3);
  } else if (kind === "text") cell.print("text", what.text);
  else if (kind === "output") {
    if (what.form === "figure") cell.draw(what.content);
    else if (what.form === "numbers") cell.number(what.content);
    else cell.print(what.form, what.content);
  }
  else if (kind === "error") {
    cell.print("error", what.text);
    cell.state = "error";
    if (cell !== busy.owner) busy.error = `The cell ${cell.name} raised an error.`;
  } else if (kind === "verdict") busy.verdicts[what.test] = what;
  else if (kind === "broken") fail(what.text);
  else if (kind === "done") end({versions: what.versions});
}

// The end of what the thread was doing; it says which numpy made what is on the page now.
function end({state = "idle", text = "", versions = {}}) {
  const task = busy;
  busy = null;
  for (const cell of cells)
    if (["loading", "running"].includes(cell.state)) cell.state = state;
  task.owner.say(text || task.error || "");
  if (versions.numpy)
    for (const cell of cells)
      if (cell.live && cell.state === "done") cell.say(`Made here with numpy ${versions.numpy}; when built, ${me.numpy}.`);
  refresh();
  task.resolve({...task, text: text || task.error});
}

// Whatever runs ends at once with its thread; the next run starts another.
function stop(text = "Stopped.", state = "stopped") {
  thread?.terminate();
  thread = null;
  if (busy) end({state, text});
  price();
}

const fail = text => stop(/memory|allocat/i.test(text) ? `${text}: a page has less memory than that.` : text, "error");

// ---- what a first run costs, edits that outlive the page, and links that carry them

function refresh() {
  for (const part of [...cells, ...claims, all]) part.refresh();
}

async function price() {
  const stored = await self.caches?.match(new URL("python_stdlib.zip", here)).catch(() => null);
  cost = stored ? "" : `${me.megabytes} MB, ${me.seconds} s`;
  refresh();
}

const edits = () => cells.filter(cell => cell.text !== cell.built.text)
  .map(cell => [cell.name, cell.built.text, cell.text]);

// An edit is of one program: should the page's own have changed since, it is dropped.
function restore(list) {
  for (const [name, built, text] of list)
    if (named[name]?.built.text === built) named[name].text = text;
}

function save() {
  try {
    edits().length ? localStorage.setItem(store, JSON.stringify(edits())) : localStorage.removeItem(store);
  } catch { /* private windows may keep nothing */ }
}

const through = (stream, content) => new Response(new Blob([content]).stream().pipeThrough(stream));

async function copyLink(cell) {
  const packed = await through(new CompressionStream("deflate-raw"), JSON.stringify(edits())).arrayBuffer();
  const text = btoa(String.fromCharCode(...new Uint8Array(packed))).replace(/\+/g, "-").replace(/\//g, "_");
  const url = `${location.href.split("#")[0]}#program=${text.replace(/=+$/, "")}`;
  try {
    await navigator.clipboard.writeText(url);
    cell.say("Link to the program as edited: copied.");
  } catch {
    history.replaceState(null, "", url);
    cell.say("The page's address now carries the program as edited.");
  }
}

// The program as it stands on the page, with the cells' names; where nothing can be copied, as a file.
async function copyProgram() {
  const {stem, head} = await known();
  const parts = [head, ...program().map(([name, text]) => `# %% ${name}\n${text}`)];
  const text = `${parts.filter(Boolean).join("\n\n")}\n`;
  const what = `The program${edits().length ? " as you edited it" : ""}`;
  try {
    await navigator.clipboard.writeText(text);
    all.say(`${what}: copied.`);
  } catch {
    const href = URL.createObjectURL(new Blob([text], {type: "text/x-python"}));
    make("a", {href, download: `${stem}.py`}).click();
    URL.revokeObjectURL(href);
    all.say(`${what}: saved as ${stem}.py.`);
  }
}

async function begun() {
  try {
    const [, packed] = location.hash.match(/^#program=([\w-]+)$/) || [];
    if (packed) {
      const content = Uint8Array.from(atob(packed.replace(/-/g, "+").replace(/_/g, "/")), char => char.charCodeAt(0));
      restore(await through(new DecompressionStream("deflate-raw"), content).json());
    } else restore(JSON.parse(localStorage.getItem(store) || "[]"));
  } catch { /* a link that was cut, or a store that is closed: the page as it was built */ }
  refresh();
  price();
}

begun();
