// Judges the HTML report in a browser: it asks for nothing, nothing of others runs in it, its filters
// show what the JSON report of the same run says, and it fits into 400 pixels, the dark and on paper.
//
//     judge_page.cjs NPM REPORT.html REPORT.json
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { browse } = require("./browser.cjs");

const [npm, report, json] = process.argv.slice(2);
const address = pathToFileURL(path.resolve(report)).href;
const SEVERITIES = ["note", "low", "medium", "high", "critical"];
const VERDICTS = { fail: "f", indeterminate: "u", informational: "i", pass: "p", not_applicable: "n" };
const wrong = [];
const holds = (what, is) => {
  if (!is) wrong.push(what);
};

// What each filter should leave, by the JSON report alone.
const expected = (() => {
  const results = [];
  JSON.parse(fs.readFileSync(json, "utf8")).deployments.forEach((own, deployment) => {
    for (const result of own.results) {
      results.push({
        severity: String(SEVERITIES.indexOf(result.severity)),
        module: result.rule.replace(/\d+$/, ""),
        verdict: result.waiver ? "w" : VERDICTS[result.verdict],
        deployment: String(deployment),
        rule: result.rule,
      });
    }
  });
  return results;
})();
const count = (want) =>
  expected.filter((own) => Object.entries(want).every(([field, value]) => own[field] === value)).length;

// What a page may not do, whoever asked for it.
const watched = async (context) => {
  const page = await context.newPage();
  const seen = { console: [], errors: [], requests: [], dialogs: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.console.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("dialog", (dialog) => {
    seen.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  await page.route("**", (route) => {
    const url = route.request().url();
    seen.requests.push(url);
    return url.split("#")[0] === address ? route.continue() : route.abort();
  });
  return { page, seen };
};

const shown = (page) =>
  page.evaluate(() => {
    const isShown = (element) => !element.closest("[hidden]");
    const rows = [...document.querySelectorAll(".all tr[class]:not(.h)")];
    return {
      said: document.getElementById("shown").textContent,
      rows: rows.filter(isShown).length,
      rules: [...new Set(rows.filter(isShown).map((row) => row.cells[0].textContent))].sort(),
      findings: [...document.querySelectorAll("[data-r]")].filter(isShown).map((own) => own.dataset.r),
      folded: rows.filter(isShown).filter((row) => !row.closest("details").open).length,
    };
  });

const filtered = async (page, want) => {
  await page.evaluate(() => document.querySelector("#filters button").click());
  await page.waitForFunction(() => !document.body.classList.contains("narrowed"));
  for (const [field, value] of Object.entries(want)) {
    const control = page.locator(`#filters [name=${field}]`);
    await (field === "text" ? control.fill(value) : control.selectOption(value));
  }
  await page.waitForFunction(() => document.body.classList.contains("narrowed"));
  return shown(page);
};

const filters = async (page) => {
  const all = await shown(page);
  holds(`all ${expected.length} results are shown, not ${all.rows}`, all.rows === expected.length);
  const values = await page.evaluate(() =>
    [...document.querySelectorAll("#filters select")].map((own) => [own.name, [...own.options].map((option) => option.value)]),
  );
  const wants = values.flatMap(([field, options]) => options.filter(Boolean).map((value) => ({ [field]: value })));
  wants.push({ severity: "4", verdict: "f" }, { severity: "3", verdict: "p", module: "PG" });
  for (const want of wants) {
    const got = await filtered(page, want);
    const aim = count(want);
    const what = JSON.stringify(want);
    holds(`${what}: ${got.rows} rows, not ${aim}`, got.rows === aim);
    holds(`${what}: "${got.said}"`, got.said.startsWith(`${aim} of ${expected.length} results match`));
    holds(`${what}: ${got.folded} of the matches are folded away`, aim > 500 || got.folded === 0);
    if (want.module) {
      holds(`${what}: other findings are shown`, got.findings.every((rule) => rule.replace(/\d+$/, "") === want.module));
    }
    if (want.verdict === "p") holds(`${what}: findings are shown`, got.findings.length === 0);
  }
  const rule = expected.find((own) => own.verdict === "f")?.rule ?? expected[0].rule;
  const words = await filtered(page, { text: rule.toLowerCase() });
  holds(`text ${rule}: ${words.rules}`, words.rows > 0 && words.rules.includes(rule));
  const none = await filtered(page, { text: "nothing has this name" });
  holds(`a text that nothing has: "${none.said}"`, none.rows === 0 && none.findings.length === 0);

  // The address keeps the view, and an anchor finds what filters hid.
  await filtered(page, { verdict: "p" });
  const kept = await page.evaluate(() => location.hash);
  holds(`the address keeps the view: ${kept}`, kept === "#?verdict=p");
  await page.evaluate(() => (location.hash = "#u0"));
  await page.waitForFunction(() => document.getElementById("u0").closest("details").open);
  await page.goto("about:blank");
  await page.goto(`${address}#?verdict=p`);
  const again = await shown(page);
  holds("the address brings the view back", again.rows === count({ verdict: "p" }));
  await filtered(page, { verdict: "p" });
  await page.keyboard.press("Tab");
  await page.evaluate(() => document.querySelector("#filters button").focus());
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !document.body.classList.contains("narrowed"));
  holds("the keyboard shows everything again", (await shown(page)).rows === expected.length);
};

const looks = async (page, context) => {
  const inks = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [400, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      const [wide, room] = await page.evaluate(() => {
        for (const fold of document.querySelectorAll("details")) fold.open = true;
        return [document.documentElement.scrollWidth, document.documentElement.clientWidth];
      });
      holds(`${colorScheme}, ${width} pixels: the page is ${wide} wide in ${room}`, wide <= room);
    }
    inks.push(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor));
  }
  holds(`the dark is not the light: ${inks}`, inks[0] !== inks[1]);
  const low = await page.evaluate(faint);
  holds(`too little contrast: ${low.slice(0, 3).join("; ")}`, low.length === 0);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await page.evaluate(faint);
  holds(`too little contrast: ${light.slice(0, 3).join("; ")}`, light.length === 0);
  const paper = await page.pdf({ format: "A4" });
  holds(`a PDF of ${paper.length} bytes`, paper.subarray(0, 5).toString() === "%PDF-" && paper.length > 20_000);
  await page.emulateMedia({ media: "print" });
  const onPaper = await page.evaluate(() => getComputedStyle(document.getElementById("filters")).display);
  holds("filters are on paper", onPaper === "none");
};

// Texts with less contrast than 4.5 to 1 against what they stand on; it runs in the page.
function faint() {
  const parse = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { red, green, blue, alpha };
  };
  const light = ({ red, green, blue }) => {
    const [r, g, b] = [red, green, blue].map((part) => {
      const own = part / 255;
      return own <= 0.03928 ? own / 12.92 : ((own + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let own = element; own; own = own.parentElement) {
      const colour = parse(getComputedStyle(own).backgroundColor);
      if (colour.alpha === 1) return colour;
    }
    return { red: 255, green: 255, blue: 255 };
  };
  const found = new Map();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("script, [hidden], svg, .skip")) continue;
    const ink = parse(getComputedStyle(element).color);
    const [a, b] = [light(ink), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) found.set(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`, true);
  }
  return [...found.keys()];
}

// Whether the policy keeps out what somebody might get into the page after all.
const keptOut = async (context) => {
  const { page, seen } = await watched(context);
  await page.goto(address);
  const got = await page.evaluate(async () => {
    const refused = [];
    addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.pwned = 'script'";
    document.body.append(script);
    const box = document.createElement("div");
    box.innerHTML = '<img src="https://evil.example/x.png" onerror="window.pwned = \'img\'"><p style="color: red">x</p>';
    document.body.append(box);
    const sent = await fetch("https://evil.example/").then(() => true, () => false);
    await new Promise((done) => setTimeout(done, 300));
    return { refused: [...new Set(refused)].sort(), pwned: window.pwned ?? null, sent };
  });
  holds(`the policy lets ${got.pwned} run`, got.pwned === null && !got.sent);
  for (const directive of ["connect-src", "img-src", "script-src-elem", "style-src-attr"]) {
    holds(`the policy refuses ${got.refused}, not ${directive}`, got.refused.includes(directive));
  }
  holds(`requests: ${seen.requests}`, seen.requests.length === 1);
  await page.close();
};

const judge = async (context) => {
  const { page, seen } = await watched(context);
  await page.goto(address);
  holds("the title says nothing", (await page.title()).includes("vaudit"));
  await filters(page);
  await looks(page, context);
  holds(`something ran: ${await page.evaluate(() => String(window.pwned))}`, await page.evaluate(() => window.pwned === undefined));
  holds(`console: ${seen.console}`, seen.console.length === 0);
  holds(`errors: ${seen.errors}`, seen.errors.length === 0);
  holds(`dialogs: ${seen.dialogs}`, seen.dialogs.length === 0);
  const others = seen.requests.filter((url) => url.split("#")[0] !== address);
  holds(`requests: ${others}`, others.length === 0 && seen.requests.length > 0);
  await page.close();
  await keptOut(context);
};

const bare = async (context) => {
  const page = await context.newPage();
  await page.goto(address);
  const got = await page.evaluate(() => [
    document.querySelectorAll("[data-r][hidden]").length,
    document.getElementById("filters").hidden,
  ]);
  holds(`without scripts: ${got}`, got[0] === 0 && got[1] === true);
  await page.close();
};

(async () => {
  await browse(npm, {}, judge);
  await browse(npm, { javaScriptEnabled: false }, bare);
})()
  .catch((error) => wrong.push(String(error)))
  .finally(() => {
    console.log(wrong.join("\n") || `${expected.length} results, and nothing else happened`);
    process.exitCode = wrong.length ? 1 : 0;
  });
