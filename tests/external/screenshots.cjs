// Takes pictures of HTML reports, to be looked at: light and dark, 1,280 and 400 pixels wide, on paper.
//
//     screenshots.cjs NPM FOLDER REPORT.html...
"use strict";
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { browse } = require("./browser.cjs");

const [npm, folder, ...reports] = process.argv.slice(2);
const WIDTHS = { 1280: 1600, 400: 2400 };

const take = async (page, report) => {
  const name = path.join(folder, path.basename(report, ".html"));
  await page.goto(pathToFileURL(path.resolve(report)).href);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: Number(width), height });
      await page.screenshot({ path: `${name}-${colorScheme}-${width}.png` });
    }
  }
  await page.setViewportSize({ width: 1280, height: 1600 });
  await page.pdf({ path: `${name}.pdf`, format: "A4" });
  execFileSync("pdftoppm", ["-png", "-r", "60", "-l", "12", `${name}.pdf`, `${name}-paper`]);
};

browse(npm, {}, async (context) => {
  fs.mkdirSync(folder, { recursive: true });
  const page = await context.newPage();
  for (const report of reports) await take(page, report);
});
