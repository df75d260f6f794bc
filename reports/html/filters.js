// The filters. Without this script everything is shown.
"use strict";
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const body = document.body;
  const titles = new Map();
  for (const row of document.querySelectorAll(".rules tbody tr")) {
    titles.set(row.cells[0].textContent, row.cells[1].firstChild.textContent);
  }
  const lower = (text) => text.toLowerCase();

  // A deployment has its section, its line of the overview and its part of the appendix.
  const deployments = [];
  for (const part of document.querySelectorAll("[data-d]")) {
    const own = (deployments[part.dataset.d] ??= { parts: [], boxes: [], name: "", rows: 0, total: 0 });
    own.parts.push(part);
    if (part.matches("details")) own.details = part;
    if (part.matches("section")) own.name = lower(part.querySelector("h2").textContent);
  }

  // What may be shown: a finding, or a row of the appendix. What class begins with is the verdict,
  // and the digit behind it the severity.
  const items = [];
  const add = (element, rule, mark, own, context, isRow) => {
    const module = rule.replace(/\d+$/, "");
    const item = { element, rule, module, verdict: mark[0], severity: mark[1], own, context, isRow };
    const box = element.closest(".g");
    for (let outer = box; outer; outer = outer.parentElement.closest(".g")) {
      (item.boxes ??= []).push(boxed(outer, own));
    }
    items.push(item);
    if (isRow) own.total += 1;
  };
  const known = new Map();
  const boxed = (element, own) => {
    let box = known.get(element);
    if (!box) known.set(element, (box = { element, count: 0 })), own.boxes.push(box);
    return box;
  };
  for (const own of deployments) {
    for (const part of own.parts) {
      if (part === own.details) {
        for (const row of part.querySelectorAll("tr[class]:not(.h)")) {
          add(row, row.cells[0].textContent, row.className, own, row.parentElement.rows[0], true);
        }
      } else {
        for (const element of part.querySelectorAll("[data-r]")) {
          add(element, element.dataset.r, element.className.split(" ")[1], own, null, false);
        }
      }
    }
  }
  const total = items.filter((item) => item.isRow).length;

  const text = (item) =>
    (item.text ??= lower(
      [
        item.own.name,
        item.rule,
        titles.get(item.rule) ?? "",
        item.element.textContent,
        item.context ? item.context.textContent : "",
      ].join(" "),
    ));
  const fields = ["severity", "module", "verdict", "deployment", "text"];
  const wanted = () => {
    const want = {};
    for (const field of fields) want[field] = form.elements[field]?.value.trim() ?? "";
    return want;
  };

  const hide = (element, isHidden) => {
    if (element.hidden !== isHidden) element.hidden = isHidden;
  };

  const apply = () => {
    const want = wanted();
    const words = lower(want.text).split(/\s+/).filter(Boolean);
    const isFiltered = fields.some((field) => want[field]);
    let count = 0;
    for (const own of deployments) {
      own.rows = 0;
      for (const box of own.boxes) box.count = 0;
    }
    for (const item of items) {
      const isShown =
        (!want.deployment || deployments[want.deployment] === item.own) &&
        (!want.severity || item.severity === want.severity) &&
        (!want.module || item.module === want.module) &&
        (!want.verdict || item.verdict === want.verdict) &&
        words.every((word) => text(item).includes(word));
      hide(item.element, !isShown);
      if (!isShown) continue;
      for (const box of item.boxes ?? []) box.count += 1;
      if (item.isRow) {
        item.own.rows += 1;
        count += 1;
      }
    }
    body.classList.toggle("filtered", fields.some((field) => field !== "deployment" && want[field]));
    for (const own of deployments) {
      for (const box of own.boxes) hide(box.element, isFiltered && box.count === 0);
      for (const part of own.parts) hide(part, isFiltered && own.rows === 0);
      if (!own.details) continue;
      // What is left of the appendix is opened where that is little.
      if (isFiltered && count <= 500) {
        own.wasOpen ??= own.details.open;
        own.details.open = true;
      } else if (own.wasOpen !== undefined) {
        own.details.open = own.wasOpen;
        own.wasOpen = undefined;
      }
    }
    const how = isFiltered ? `${count} of ${total} results match` : `${total} results`;
    shown.textContent = isFiltered && !count ? `${how}: nothing is shown` : how;
    body.classList.toggle("narrowed", isFiltered);
    return want;
  };

  // The filters stand behind "#?" in the address, so that a view can be kept and sent.
  const remember = (want) => {
    const kept = new URLSearchParams(Object.entries(want).filter(([, value]) => value)).toString();
    const isOurs = location.hash.startsWith("#?");
    if (kept || isOurs) history.replaceState(null, "", kept ? `#?${kept}` : "#");
  };
  const recall = () => {
    if (!location.hash.startsWith("#?")) return;
    const kept = new URLSearchParams(location.hash.slice(2));
    for (const field of fields) {
      if (form.elements[field]) form.elements[field].value = kept.get(field) ?? "";
    }
  };

  // Goes to what an address names, though it be hidden or folded away.
  const go = () => {
    if (location.hash.startsWith("#?")) {
      recall();
      apply();
      return;
    }
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.closest("[hidden]")) {
      form.reset();
      apply();
    }
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    target.scrollIntoView();
  };

  let timer = 0;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => remember(apply()), event.target.name === "text" ? 150 : 0);
  });
  form.addEventListener("reset", () => {
    clearTimeout(timer);
    timer = setTimeout(() => remember(apply()), 0);
  });
  addEventListener("hashchange", go);

  // On paper nothing is folded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of folded) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of folded) fold.open = false;
  });

  form.hidden = false;
  shown.hidden = false;
  recall();
  apply();
  if (!location.hash.startsWith("#?")) go();
})();
