// A browser of the system, driven by playwright-core: for judge_page.cjs and screenshots.cjs.
"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// Opens a browser that nobody used before, has it used, and leaves nothing behind.
exports.browse = async (npm, options, use) => {
  const { chromium } = require(path.resolve(npm, "node_modules/playwright-core"));
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "vaudit-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    headless: true,
    ...options,
  });
  try {
    return await use(context);
  } finally {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
};
