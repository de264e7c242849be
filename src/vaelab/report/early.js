// before anything is painted: the theme that was chosen here, else the system's
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("vaelab-theme"); } catch { /* a file:// page may have no storage */ }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
