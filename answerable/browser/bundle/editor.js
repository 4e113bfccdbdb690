// The editor of a cell: CodeMirror with Python, Shift+Enter to run, and a way out for the keyboard.
import {closeBrackets, closeBracketsKeymap} from "@codemirror/autocomplete";
import {defaultKeymap, history, historyKeymap, indentWithTab} from "@codemirror/commands";
import {python} from "@codemirror/lang-python";
import {bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting} from "@codemirror/language";
import {EditorState} from "@codemirror/state";
import {drawSelection, EditorView, keymap} from "@codemirror/view";
import {tags} from "@lezer/highlight";

// The theme's own colours, light or dark.
const colours = HighlightStyle.define([
  {tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--md-code-hl-keyword-color)"},
  {tag: [tags.string, tags.special(tags.string)], color: "var(--md-code-hl-string-color)"},
  {tag: [tags.number, tags.bool, tags.null], color: "var(--md-code-hl-number-color)"},
  {tag: [tags.comment], color: "var(--md-code-hl-comment-color)"},
  {tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName)), tags.className],
    color: "var(--md-code-hl-function-color)"},
  {tag: [tags.operator, tags.punctuation], color: "var(--md-code-hl-operator-color)"},
]);

const look = EditorView.theme({
  "&": {color: "var(--md-code-fg-color)", backgroundColor: "var(--md-code-bg-color)"},
  "&.cm-focused": {outline: "2px solid var(--md-accent-fg-color)"},
  ".cm-scroller": {fontFamily: "var(--md-code-font-family, monospace)", lineHeight: "1.4"},
  ".cm-content": {padding: "0.7720588235em 0", caretColor: "currentColor"},
  ".cm-line": {padding: "0 1.1764705882em"},
  ".cm-cursor": {borderLeftColor: "currentColor"},
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    {background: "var(--md-code-hl-color--light, #8884)"},
});

export function edit({parent, text, label, changed, run}) {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([
          {key: "Shift-Enter", run: () => (run(), true)},
          ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab,
        ]),
        history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        indentUnit.of("    "), EditorState.tabSize.of(4),
        python(), syntaxHighlighting(colours), look,
        EditorView.contentAttributes.of({"aria-label": label}),
        EditorView.updateListener.of(update => update.docChanged && changed(update.state.doc.toString())),
      ],
    }),
  });
  return {
    get text() { return view.state.doc.toString(); },
    set text(value) {
      if (value !== this.text) view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: value}});
    },
    focus() { view.focus(); },
    mark(from, to) { view.dispatch({selection: {anchor: from, head: to}, scrollIntoView: true}); },
  };
}
