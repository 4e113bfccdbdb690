// The page's Python, in a thread of its own: loads Pyodide, then runs and checks what it is told to.
// Says: progress, ready, cell, text, output, error, verdict, done, broken.

const here = new URL(".", import.meta.url);
const say = (kind, what = {}) => postMessage({kind, ...what});
let lock, kept, python, live;
const loaded = new Set();

let turn = Promise.resolve();
onmessage = ({data}) => { turn = turn.then(() => act(data)).catch(error => say("broken", {text: String(error.message || error)})); };

async function act(data) {
  if (data.do === "start") return start(data);
  await load(data.packages);
  if (data.do === "run") live.run(data.cells);
  else live.check(data.cells, data.tests);
  say("done", {versions: versions()});
}

async function start({question, packages}) {
  lock = await (await fetch(new URL("runtime.json", here))).json();
  kept = await self.caches?.open(lock.cache);
  const {loadPyodide} = await import(new URL("pyodide.mjs", here));
  const core = Promise.all([...lock.core, "engine.zip"].map(async name => [name, await get(name)]));
  const wheels = load(packages, true);
  const files = Object.fromEntries(await core);
  // What Pyodide asks for is here already, and is what it should be.
  const ask = self.fetch;
  self.fetch = (url, options) => {
    const name = String(url.url || url).split("/").pop();
    if (name === "pyodide-lock.json")
      return Promise.resolve(Response.json({info: {version: lock.pyodide}, packages: {}}));
    if (!(name in files)) return ask(url, options);
    const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return Promise.resolve(new Response(files[name], {headers: {"Content-Type": type}}));
  };
  python = await loadPyodide({
    indexURL: here.href,
    env: {HOME: "/home/pyodide", PYTHONHASHSEED: "0", MPLBACKEND: "template", MATPLOTLIBRC: "/engine/answerable/matplotlibrc"},
  });
  self.fetch = ask;
  python.unpackArchive(files["engine.zip"], "zip", {extractDir: "/engine"});
  await wheels;
  await load(packages);
  python.runPython("import sys; sys.path.insert(0, '/engine')");
  live = python.pyimport("answerable.browser.live").start(question, say);
}

// Packages by the name they are imported by; with `ahead`, only have them ready.
async function load(packages, ahead = false) {
  const names = new Set(packages.flatMap(name => lock.packages[name] || []));
  const wanted = [...names].filter(name => !loaded.has(name));
  const wheels = await Promise.all(wanted.map(async name => [name, await get(name)]));
  if (ahead) return;
  for (const [name, content] of wheels) {
    python.unpackArchive(content, "wheel");
    loaded.add(name);
  }
}

const got = new Map();
const get = name => got.get(name) || got.set(name, fetched(name)).get(name);

// A file of the runtime: from the browser's own store, else from the site, and then the right one.
async function fetched(name) {
  const url = new URL(name, here).href;
  let response = await kept?.match(url);
  const stored = Boolean(response);
  response ||= await fetch(url);
  if (!response.ok) throw new Error(`${name} could not be loaded (${response.status})`);
  const parts = [];
  for (const reader = response.body.getReader(); ;) {
    const {done, value} = await reader.read();
    if (done) break;
    parts.push(value);
    say("progress", {bytes: value.length});
  }
  const content = await new Blob(parts).arrayBuffer();
  if (!stored) {
    if (self.crypto?.subtle) {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
      const hex = [...digest].map(byte => byte.toString(16).padStart(2, "0")).join("");
      if (hex !== lock.files[name].sha256) throw new Error(`${name} is not the file it should be`);
    }
    await kept?.put(url, new Response(content)).catch(() => {});  // the store may be full
  }
  return content;
}

function versions() {
  return python.runPython(`
import sys
{name: sys.modules[name].__version__ for name in ("numpy", "matplotlib", "pytest") if name in sys.modules}
`).toJs({dict_converter: Object.fromEntries});
}
