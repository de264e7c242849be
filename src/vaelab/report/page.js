"use strict";
const root = document.documentElement;
const plots = [...document.querySelectorAll(".plot")];
const options = {
  responsive: true, displaylogo: false, displayModeBar: "hover",
  modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
};
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

// the colours of text, axes and labels, by the theme: {"xaxis.gridcolor": …} as Plotly.relayout takes it
function colours(layout) {
  const [ink, soft, grid, ground] = ["--ink", "--soft", "--grid", "--raised"].map(css);
  const set = {
    "font.color": ink, "hoverlabel.bgcolor": ground, "hoverlabel.bordercolor": soft, "hoverlabel.font.color": ink,
    "modebar.bgcolor": "rgba(0,0,0,0)", "modebar.color": soft, "modebar.activecolor": css("--accent"),
  };
  for (const axis of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
    Object.assign(set, {
      [`${axis}.gridcolor`]: grid, [`${axis}.zerolinecolor`]: soft, [`${axis}.linecolor`]: soft,
      [`${axis}.tickcolor`]: soft, [`${axis}.tickfont.color`]: soft,
    });
  }
  return set;
}

function put(object, path, value) {
  const keys = path.split(".");
  const last = keys.pop();
  for (const key of keys) object = object[key] ??= {};
  object[last] = value;
}

// error bars are told on bars of colour: by the colour of text
const unsure = (trace) => ["error_x", "error_y"].filter((key) => trace[key]);

function recolour(plot) {
  const each = plot.data.flatMap((trace, i) => unsure(trace).map((key) => [`${key}.color`, i]));
  const restyled = each.map(([key, i]) => Plotly.restyle(plot, { [key]: css("--ink") }, [i]));
  return Promise.all([Plotly.relayout(plot, colours(plot.layout)), ...restyled]);
}

async function draw(plot) {
  const figure = JSON.parse(document.getElementById(plot.id.replace("plot-", "data-")).textContent);
  const { layout } = figure;
  layout.xaxis ??= {};
  layout.yaxis ??= {};
  // a phone: names of axes and scales need the room that the data should have
  if (plot.clientWidth < 480) Object.assign(layout.margin, { l: 48, r: 8 });
  for (const [path, value] of Object.entries(colours(layout))) put(layout, path, value);
  for (const trace of figure.data) for (const key of unsure(trace)) trace[key].color = css("--ink");
  await Plotly.newPlot(plot, figure.data, layout, options);
  plot.dataset.drawn = "yes";
  listen(plot);
}

// arrows walk through the points of a focused figure, and what the label shows is read out
function listen(plot) {
  let at = -1;
  plot.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const trace = plot.data.find((one) => one.type === "bar" || one.type === "scatter" || one.type === undefined);
    if (event.key === "Escape") Plotly.Fx.unhover(plot);
    if (!way || !trace || !trace.x) return;
    event.preventDefault();
    at = Math.min(Math.max(at + way, 0), trace.x.length - 1);
    Plotly.Fx.hover(plot, [{ curveNumber: plot.data.indexOf(trace), pointNumber: at }]);
    const [x, y] = [trace.x[at], trace.y[at]].map((v) => (typeof v === "number" ? v.toPrecision(4) : v));
    document.getElementById("heard").textContent = `${trace.name ?? ""} ${x}: ${y}`;
  });
}

function theme(name) {
  root.dataset.theme = name;
  const button = document.getElementById("theme");
  button.setAttribute("aria-pressed", String(name === "dark"));
  button.textContent = name === "dark" ? "Light" : "Dark";
  return Promise.all(plots.filter((p) => p.dataset.drawn).map(recolour));
}

document.getElementById("theme").addEventListener("click", () => {
  const name = root.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("vaelab-theme", name); } catch { /* then it is not remembered */ }
  theme(name);
});

// paper is light, and has a width of its own
let before = null;
addEventListener("beforeprint", () => {
  before = root.dataset.theme;
  theme("light");
  for (const plot of plots) if (plot.dataset.drawn) Plotly.relayout(plot, { width: Math.min(plot.clientWidth, 660) });
});
addEventListener("afterprint", () => {
  for (const plot of plots) if (plot.dataset.drawn) Plotly.relayout(plot, { width: null, autosize: true });
  theme(before ?? root.dataset.theme);
});

// a column's button sorts its table: numbers by value, what is missing last either way
for (const button of document.querySelectorAll(".sortable thead button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.children) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = head.closest("table").tBodies[0];
    const value = (row) => row.cells[head.cellIndex].dataset.value ?? "";
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      const [m, n] = [Number(x), Number(y)];
      const order = Number.isNaN(m) || Number.isNaN(n) ? x.localeCompare(y, undefined, { numeric: true }) : m - n;
      return up ? order : -order;
    });
    body.append(...rows);
  });
}

// the section in view is marked in the contents
const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    for (const a of links.values()) a.removeAttribute("aria-current");
    links.get(target.id)?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "-10% 0px -80% 0px" });
for (const section of document.querySelectorAll("main > section")) seen.observe(section);

// one after the other, so that the page can be scrolled meanwhile; `data-ready` says that all are there
(async () => {
  theme(root.dataset.theme);
  for (const plot of plots) {
    try {
      await draw(plot);
    } catch (error) {
      plot.textContent = "This figure cannot be drawn in this browser; its caption says what it shows.";
      console.error(`${plot.id}: ${error}`);
    }
    await new Promise((resume) => setTimeout(resume));
  }
  root.dataset.ready = "yes";
})();
