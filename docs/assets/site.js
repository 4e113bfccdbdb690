// The theme puts a landmark without a name on every block of code; with several, they could not be told apart.
const name = () => document.querySelectorAll("nav.md-code__nav:not([aria-label])").forEach((nav, number) => {
  nav.setAttribute("aria-label", `Copy ${nav.closest("[id]")?.id || "code"} ${number || ""}`.trim());
});
new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
name();
