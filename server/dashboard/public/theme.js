// Runs before the first paint, so that a dark page never flashes white. External, because the policy allows no inline script.
(() => {
  const stored = localStorage.getItem("theme");
  const isDark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
})();
