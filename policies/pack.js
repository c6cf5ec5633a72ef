#!/usr/bin/env node
// An executable policy pack, which the engine starts without Pulumi's loader: `--policy-pack policies/pack.js`. Where the folder is named instead, Pulumi's
// loader requires this file. It compiles TypeScript as every program of this project does, with a cache (docs/adr/0004).
require("../register.js");
require("./index.ts");
