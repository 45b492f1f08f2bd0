// Pictures of every page: node screenshots.mjs --url http://127.0.0.1:5080 --token TOKEN [--out ../../docs/screenshots] [--only analytics] [--sizes 1440,390] [--themes light,dark]
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { withPalette } from "./palettepng.mjs";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:5080" },
    token: { type: "string" },
    organization: { type: "string", default: "demo" },
    out: { type: "string", default: new URL("../../docs/screenshots", import.meta.url).pathname },
    only: { type: "string" },
    sizes: { type: "string", default: "1440,390" },
    themes: { type: "string", default: "light,dark" },
    query: { type: "string", default: "" },
    full: { type: "boolean", default: true },
  },
});
if (!values.token) {
  console.error("error: found no --token. Make one with 'analytics token create --organization ID --user ID'.");
  process.exit(2);
}

const pages = {
  analytics: "analytics",
  "analytics-year-projects": "analytics?range=12m&by=project",
  "analytics-pivot": "analytics?by=project&then=model",
  overview: "overview",
  members: "members",
  member: "members/u_ana",
  projects: "projects",
  project: "projects/prj_api",
  "project-dashboard": "projects/prj_api/dashboard",
  "project-usage": "projects/prj_api/usage",
  keys: "keys",
  key: "keys/key_api_eu",
  agents: "agents",
  agent: "agents/agt_concierge",
  usage: "usage",
  plan: "plan",
  prices: "prices",
  access: "access",
  preferences: "preferences",
  me: "me",
  "analytics-explained": "analytics?show=explain&baseline=previous",
};
const wanted = values.only ? Object.fromEntries(values.only.split(",").map((name) => [name.replaceAll(/[^a-z0-9]+/gi, "-"), pages[name] ?? name])) : pages;

mkdirSync(values.out, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"] });
let problems = 0;
for (const theme of values.themes.split(",")) {
  for (const width of values.sizes.split(",").map(Number)) {
    const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 900 }, deviceScaleFactor: 1, colorScheme: theme, locale: "en-US", timezoneId: "Europe/Paris", isMobile: width < 600, hasTouch: width < 600 });
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && !message.text().includes("401") && (problems++, console.error(`${theme} ${width} ${page.url()}: ${message.text()}`)));
    page.on("pageerror", (error) => (problems++, console.error(`${theme} ${width} ${page.url()}: ${error.message}`)));
    await page.goto(`${values.url}/o/${values.organization}/analytics`);
    await page.waitForSelector("[data-token]");
    if (!values.only || values.only.split(",").includes("signin")) {
      writeFileSync(`${values.out}/signin-${theme}-${width}.png`, withPalette(await page.screenshot()));
    }
    await page.fill("[data-token]", values.token);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".shell");
    for (const [name, path] of Object.entries(wanted)) {
      await page.setViewportSize({ width, height: width < 600 ? 844 : 900 });
      await page.goto(`${values.url}/o/${values.organization}/${path}${values.query}`);
      await page.waitForLoadState("networkidle").catch(() => undefined);
      await page.waitForTimeout(900);
      // What is as high as the window is as high as the picture.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      if (values.full) {
        await page.setViewportSize({ width, height: Math.max(height, width < 600 ? 844 : 900) });
        await page.waitForTimeout(300);
      }
      writeFileSync(`${values.out}/${name}-${theme}-${width}.png`, withPalette(await page.screenshot({ fullPage: values.full })));
    }
    await context.close();
  }
}
await browser.close();
console.log(`${problems} problems; pictures are in ${values.out}`);
