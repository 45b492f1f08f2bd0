// How fast the dashboard is: npm run measure -- --url http://127.0.0.1:5080 --token TOKEN [--organization demo] [--runs 7]
// Prints a table of medians and worst values. Sizes and shifts are exact; times are those of this machine in this minute.
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:5080" },
    token: { type: "string" },
    organization: { type: "string", default: "demo" },
    range: { type: "string", default: "12m" },
    runs: { type: "string", default: "7" },
  },
});
const runs = Number(values.runs);
if (!values.token || !(runs >= 1)) {
  console.error(values.token ? `error: found --runs ${values.runs}, expected a number from 1 on.` : "error: found no --token. Make one with 'analytics token create --organization ID --user ID'.");
  process.exit(2);
}

const origin = values.url.replace(/\/$/, "");
const start = `${origin}/o/${values.organization}/analytics?range=${values.range}`;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"] });
const figures = new Map();

function note(name, value, unit, target) {
  const known = figures.get(name) ?? { unit, target, values: [] };
  known.values.push(value);
  figures.set(name, known);
}

// In the page: when something that a chart painted was on screen, layout shifts, long frames. A canvas says nothing about
// itself, so the first call that paints a series is what is looked for: ECharts fills or strokes a path with its colours.
const probe = () => {
  globalThis.shift = 0;
  globalThis.lcp = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.lcp = entry.startTime))).observe({ type: "largest-contentful-paint", buffered: true });
  globalThis.paints = 0;
  globalThis.painted = 0;
  for (const name of ["fill", "stroke", "fillRect"]) {
    const own = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...parts) {
      globalThis.paints++;
      if (globalThis.painted === 0 && this.canvas.closest?.(".plot-canvas")) {
        globalThis.painted = -1;
        // The frame that shows it has begun when the next one asks for its content.
        requestAnimationFrame(() => requestAnimationFrame(() => (globalThis.painted = performance.now())));
      }
      return own.apply(this, parts);
    };
  }
};

async function open() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US", timezoneId: "Europe/Paris" });
  const answer = await context.request.post(`${origin}/session`, { data: { token: values.token } });
  if (!answer.ok()) {
    console.error(`error: signing in failed: ${answer.status()} ${await answer.text()}`);
    process.exit(1);
  }
  await context.addInitScript(probe);
  return context;
}

const quiet = (page) =>
  page.waitForFunction(() => {
    const isQuiet = document.querySelector('.shell[data-pending="0"]') && !document.querySelector("[aria-busy=true], .bone, .bones");
    globalThis.quietFrames = isQuiet ? (globalThis.quietFrames ?? 0) + 1 : 0;
    return globalThis.quietFrames > 40;
  });

/** From an action in the page to the frame after the chart was painted anew. */
async function chartAfter(page, act) {
  return page.evaluate(async (source) => {
    globalThis.painted = 0;
    const began = performance.now();
    new Function(source)();
    await new Promise((done) => {
      const look = () => (globalThis.painted > 0 ? done() : requestAnimationFrame(look));
      requestAnimationFrame(look);
    });
    return globalThis.painted - began;
  }, act);
}

const press = (group, text) => `[...document.querySelectorAll('[role=radiogroup][aria-label="${group}"] [role=radio]')].find((each) => (each.getAttribute("aria-label") ?? each.textContent.trim()) === "${text}").click()`;

// --- cold -----------------------------------------------------------------------------------------------------------------
for (let run = 0; run < runs; run++) {
  const context = await open();
  const page = await context.newPage();
  const bytes = { script: 0, font: 0, stylesheet: 0, document: 0 };
  const sizes = [];
  page.on("response", (response) => {
    const kind = response.request().resourceType();
    if (kind in bytes) {
      sizes.push(response.headerValue("content-length").then((length) => (bytes[kind] += Number(length))));
    }
  });
  await page.goto(start, { waitUntil: "commit" });
  await page.waitForFunction(() => globalThis.painted > 0, null, { polling: "raf" });
  note("First page with data, cold", await page.evaluate(() => globalThis.painted), "ms", "1,000");
  await quiet(page);
  note("Largest contentful paint, cold", await page.evaluate(() => globalThis.lcp), "ms", "1,000");
  note("Layout shift while loading", await page.evaluate(() => globalThis.shift), "", "0");
  await Promise.all(sizes);
  note("Script of the first page", bytes.script / 1000, "KB", "250");
  note("Fonts of the first page", bytes.font / 1000, "KB", "50");
  note("Style sheets of the first page", bytes.stylesheet / 1000, "KB", "");
  await context.close();
}

// --- switches -------------------------------------------------------------------------------------------------------------
{
  const context = await open();
  const page = await context.newPage();
  await page.goto(start);
  await quiet(page);
  for (let run = 0; run < runs; run++) {
    for (const [group, text] of [["Metric over time", "Requests"], ["Metric over time", "Tokens"], ["Metric over time", "Cost"]]) {
      note("Tab: cost, requests, tokens", await chartAfter(page, press(group, text)), "ms", "100");
      await quiet(page);
    }
    for (const [group, text] of [["Breakdown by", "Project"], ["Breakdown by", "API key"], ["Breakdown by", "Model"]]) {
      note("Group by: model, project, API key", await chartAfter(page, press(group, text)), "ms", "100");
      await quiet(page);
    }
    note("Shape: bars", await chartAfter(page, press("Shape", "Bars")), "ms", "100");
    await quiet(page);
    await chartAfter(page, press("Shape", "Stacked area"));
    await quiet(page);
  }
  note("Layout shift over all switches", await page.evaluate(() => globalThis.shift), "", "0");
  await context.close();
}

// --- a group that was not asked ahead ---------------------------------------------------------------------------------------
for (let run = 0; run < Math.min(runs, 7); run++) {
  const context = await open();
  const page = await context.newPage();
  await page.goto(start);
  await quiet(page);
  await page.click('button[aria-label="More breakdowns"]');
  note("Group by: provider, not asked ahead", await chartAfter(page, `[...document.querySelectorAll(".panel button")].find((each) => each.textContent.trim() === "Provider").click()`), "ms", "");
  await context.close();
}

// --- many series ------------------------------------------------------------------------------------------------------------
{
  const context = await open();
  const page = await context.newPage();
  // The interface is asked for everything, and given a thousand keys: what is measured is the page.
  await page.route("**/analytics/activity?**", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: widened(await answer.json(), 1_000) });
  });
  for (let run = 0; run < Math.min(runs, 7); run++) {
    await page.goto(`${start}&by=apiKey&view=lines`, { waitUntil: "commit" });
    await page.waitForFunction(() => globalThis.painted > 0, null, { polling: "raf" });
    await quiet(page);
    note("1,000 series in the answer: another shape", await chartAfter(page, press("Shape", "Stacked area")), "ms", "");
    await quiet(page);
    const box = await page.locator(".plot-surface").first().boundingBox();
    await frames(page, "1,000 series in the answer: frames over 50 ms of 60 hovers", async () => {
      for (let step = 0; step < 60; step++) {
        await page.mouse.move(box.x + 60 + ((box.width - 80) * step) / 60, box.y + 100);
      }
    });
  }
  await context.close();
}

// --- many rows --------------------------------------------------------------------------------------------------------------
{
  const context = await open();
  const page = await context.newPage();
  await page.route("**/analytics/usage/requests?**", (route) => route.continue({ url: route.request().url().replace("limit=200", "limit=10000") }));
  for (let run = 0; run < Math.min(runs, 7); run++) {
    await page.goto(`${origin}/o/${values.organization}/usage?range=${values.range}`);
    await quiet(page);
    const rows = await page.locator("section[aria-label='Usage requests'] table").getAttribute("aria-rowcount");
    await frames(page, "Table: frames over 50 ms while scrolling 10,000 rows", async () => {
      await page.evaluate(async () => {
        const box = document.querySelector("section[aria-label='Usage requests'] .table-box");
        for (let step = 0; step <= 120; step++) {
          box.scrollTop = ((box.scrollHeight - box.clientHeight - 800) * step) / 120;
          await new Promise(requestAnimationFrame);
        }
      });
    });
    note("Table: rows in it", Number(rows) - 1, "", "10,000");
    note("Table: rows in the page", await page.locator("section[aria-label='Usage requests'] tbody tr").count(), "", "");
  }
  await context.close();
}

await browser.close();

console.log(`${runs} runs, Chromium ${browser.version()}, range=${values.range} of '${values.organization}'\n`);
console.log("| what | median | worst | n | target |\n|---|--:|--:|--:|--:|");
for (const [name, { unit, target, values: all }] of figures) {
  const sorted = [...all].sort((a, b) => a - b);
  const text = (value) => `${value.toLocaleString("en-US", { maximumFractionDigits: unit === "KB" || value < 10 ? 1 : 0 })}${unit ? ` ${unit}` : ""}`;
  console.log(`| ${name} | ${text(sorted[Math.floor(sorted.length / 2)])} | ${text(sorted.at(-1))} | ${sorted.length} | ${target} |`);
}

/** Counts frames that took longer than 50 ms while something goes on. */
async function frames(page, name, act) {
  await page.evaluate(() => {
    globalThis.longFrames = 0;
    globalThis.worstFrame = 0;
    globalThis.isCounting = true;
    let before = performance.now();
    const count = (now) => {
      globalThis.longFrames += now - before > 50 ? 1 : 0;
      globalThis.worstFrame = Math.max(globalThis.worstFrame, now - before);
      before = now;
      if (globalThis.isCounting) {
        requestAnimationFrame(count);
      }
    };
    requestAnimationFrame(count);
  });
  await act();
  const [long, worst] = await page.evaluate(() => ((globalThis.isCounting = false), [globalThis.longFrames, globalThis.worstFrame]));
  note(name, long, "", "0");
  note(name.replace(/frames over 50 ms (of|while)/, "longest frame $1"), worst, "ms", "50");
}

/** An answer with as many groups as wanted, all of them in the ranking and in every bucket. */
function widened(answer, count) {
  const source = answer.ranking.filter((group) => group.key !== null);
  if (source.length === 0) {
    return answer;
  }
  const group = (index) => ({ ...source[index % source.length], key: `key ${index}`, label: `Key number ${index}` });
  const ranking = Array.from({ length: count }, (_, index) => group(index));
  const activity = answer.activity.map((bucket) => ({
    ...bucket,
    breakdown: bucket.breakdown.length === 0 ? [] : Array.from({ length: count }, (_, index) => ({ ...bucket.breakdown[index % bucket.breakdown.length], key: `key ${index}`, label: `Key number ${index}` })),
  }));
  return { ...answer, ranking, activity };
}
