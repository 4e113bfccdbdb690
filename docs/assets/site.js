// What the theme leaves without a name or out of the keyboard's reach: the landmark on each block of code, and
// tables that are wider than the page.
const mend = () => {
  document.querySelectorAll("nav.md-code__nav:not([aria-label])").forEach((nav, number) => {
    nav.setAttribute("aria-label", `Copy ${nav.closest("[id]")?.id || "code"} ${number || ""}`.trim());
  });
  document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach(table => { table.tabIndex = 0; });
};
new MutationObserver(mend).observe(document.body, {childList: true, subtree: true});
mend();

// Escape puts away what a term means.
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && document.activeElement.matches("abbr")) document.activeElement.blur();
});
