// The search's thread. It answers the theme as the theme's own would (SETUP, READY, QUERY, RESULT), but loads
// nothing before the first query: then titles and short answers, and the words of pages if they are not long in coming.
import MiniSearch from "minisearch";
import {stemmer} from "stemmer";

const SETUP = 0, READY = 1, QUERY = 2, RESULT = 3;
const FIELDS = {title: 8, asked: 6, description: 4, words: 1}; // and what a match in each is worth
// Words in which questions do not differ.
const COMMON = new Set(("a about an and any are as at be been but by can could do does for from get had has have how i if in into is it its just " +
  "me my of on one or our should so some than that the their them then there these they this to use used using was we what when " +
  "where which who why will with would you your vs versus").split(" "));
const PATIENCE = 300; // milliseconds that an answer waits for the words
const ENOUGH = 3; // results that are not replaced under a reader's hands when the words come later
const here = new URL(".", self.location.href);
const ask = name => fetch(new URL(name, here)).then(answer => answer.ok ? answer.json() : Promise.reject(new Error(name)));

const tokens = text => text.normalize("NFKD").toLowerCase().match(/[\p{L}\p{N}]+/gu) || [];
const term = word => COMMON.has(word) ? null : stemmer(word);

let pages, index, loading, latest = "", shown = Infinity;

onmessage = async ({data: {type, data}}) => {
  if (type === SETUP) postMessage({type: READY});
  if (type !== QUERY) return;
  latest = data;
  if (!data.trim()) return answer();
  try {
    await (loading ||= load());
    answer();
  } catch {
    loading = null; // the next query tries again
  }
};

async function load() {
  const coming = ask("search-words.json").catch(() => null); // titles and short answers are searched without
  pages = await ask("search-titles.json");
  index = made([]);
  const whole = coming.then(words => {
    if (!words) return;
    const few = shown < ENOUGH;
    index = made(words);
    if (few) answer();
  });
  await Promise.race([whole, new Promise(resolve => setTimeout(resolve, PATIENCE))]);
}

function made(words) {
  const index = new MiniSearch({
    fields: Object.keys(FIELDS),
    tokenize: tokens,
    processTerm: term,
    searchOptions: {
      boost: FIELDS,
      combineWith: "OR",
      prefix: (word, at, all) => at === all.length - 1 && word.length > 2, // it may not be typed to its end
      fuzzy: word => word.length > 5 ? 0.2 : false,
      weights: {prefix: 0.5, fuzzy: 0.3},
    },
  });
  index.addAll(pages.map(({title, asked, description}, id) => ({id, title, asked: asked.join("\n"), description, words: words[id] || ""})));
  return index;
}

function answer() {
  const items = !latest.trim() ? [] : index.search(latest).map(({id, score, terms, queryTerms}) => {
    const {title, description, location} = pages[id];
    const found = Object.fromEntries(queryTerms.map(word => [word, true]));
    const marked = mark(new Set(terms));
    return [{location, score, terms: found, title: marked(title), text: description && `<p>${marked(description)}</p>`}];
  });
  shown = items.length;
  postMessage({type: RESULT, data: {items, query: latest}});
}

// The text as HTML, the words that were found marked.
const escape = text => text.replace(/[&<>"]/g, char => `&#${char.charCodeAt(0)};`);
const mark = found => text => text.split(/([\p{L}\p{N}]+)/u)
  .map((part, at) => at % 2 && found.has(term(part.toLowerCase())) ? `<mark>${part}</mark>` : escape(part)).join("");
