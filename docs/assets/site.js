// What the theme leaves without a name, out of the keyboard's reach or outside all landmarks: the landmark on each block
// of code, tables that are wider than the page, code that is where nothing hovers, and what a term means.
const mend = () => {
  document.querySelectorAll("nav.md-code__nav:not([aria-label])").forEach((nav, number) => {
    nav.setAttribute("aria-label", `Copy ${nav.closest("[id]")?.id || "code"} ${number || ""}`.trim());
  });
  document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach(table => { table.tabIndex = 0; });
  if (!matchMedia("(hover)").matches) document.querySelectorAll("pre > code:not([tabindex])").forEach(code => {
    if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
  });
  document.querySelectorAll("body > .md-tooltip2").forEach(tip => document.querySelector("main").append(tip));
};
new MutationObserver(mend).observe(document.body, {childList: true, subtree: true});
mend();

// Escape puts away what a term means.
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && document.activeElement.matches("abbr")) document.activeElement.blur();
});
