// Opens a report as an auditor would, offline, and prints what it shows as JSON.
// node tests/report/open_page.mjs PAGE RESULT_ID SCREENSHOT_PREFIX
import chromium from "@sparticuz/chromium";
import { chromium as browsers } from "playwright-core";

const [page, result, prefix] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM || (await chromium.executablePath());
const browser = await browsers.launch({ executablePath, headless: true, args: chromium.args });
const tab = await browser.newPage({ viewport: { width: 1400, height: 1400 } });
const requests = [];
const errors = [];
tab.on("request", (request) => requests.push(request.url()));
tab.on("pageerror", (error) => errors.push(String(error)));

await tab.goto(`file://${page}`);
await tab.getByText("Total", { exact: true }).first().waitFor();
const overview = await tab.locator("body").innerText();
await tab.screenshot({ path: `${prefix}-overview.png` });

await tab.goto(`file://${page}#${result}`);
await tab.getByText("Test body").first().waitFor();
const attachments = tab.getByText("Expected and seen", { exact: true });
await attachments.first().click();
await tab.getByText("request id").first().waitFor();
const scenario = await tab.locator("body").innerText();
await tab.screenshot({ path: `${prefix}-scenario.png`, fullPage: true });
await tab.getByText(/^History/).first().click();
await tab.getByText("Test body").first().waitFor({ state: "hidden" });
const history = await tab.locator("body").innerText();
await browser.close();

const left = requests.filter((url) => !/^(file|data|blob):/.test(url));
console.log(JSON.stringify({ overview, scenario, history, errors, requests: left }));
