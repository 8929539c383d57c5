// Pages of a built site by Lighthouse: accessibility and best practices, as a phone sees them.
//   node lighthouse.mjs FOLDER PAGE...       exits 1 if a score is below 95
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import lighthouse from "lighthouse";
import { launch } from "chrome-launcher";

const [folder, ...pages] = process.argv.slice(2);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const server = createServer(async (request, response) => {
  try {
    const path = new URL(request.url, "http://localhost").pathname;
    const data = await readFile(join(folder, path));
    response.writeHead(200, { "content-type": types[extname(path)] || "application/octet-stream" });
    response.end(data);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");
const chrome = await launch({
  chromePath: process.env.CHROME_PATH || "/usr/bin/chromium",
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"],
});

let low = false;
for (const page of pages) {
  const { lhr } = await lighthouse(`http://127.0.0.1:${server.address().port}/${page}`, {
    port: chrome.port,
    onlyCategories: ["accessibility", "best-practices"],
  });
  for (const { id, score } of Object.values(lhr.categories)) {
    console.log(`${page}: ${id} ${Math.round(100 * score)}`);
    low ||= !(score >= 0.95);
  }
  for (const { id, title, score } of Object.values(lhr.audits)) {
    if (score !== null && score < 1) console.log(`  ${id}: ${title}`);
  }
}
await chrome.kill();
server.close();
process.exit(low ? 1 : 0);
