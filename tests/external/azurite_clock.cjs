// Lets Azurite run at another time: `node --require azurite_clock.cjs`. The Blob service dates what is
// written into it, and nobody can ask it to say otherwise; copies of ten days need ten days. The file
// that AZURITE_CLOCK names holds the seconds by which the clock is ahead, negative for the past.
"use strict";

const { readFileSync } = require("node:fs");

const Real = Date;
const now = () => Real.now() + Number(readFileSync(process.env.AZURITE_CLOCK, "utf8")) * 1000;

globalThis.Date = class Date extends Real {
  constructor(...parts) {
    super(...(parts.length === 0 ? [now()] : parts));
  }

  static now() {
    return now();
  }
};
