#!/usr/bin/env node
// A policy pack without policies: what it adds to a preview is the engine's part, and that of a server in Node.js.
require("../register.js");
require("../policies/server.ts").serve({
    name: "empty",
    version: "1.0.0",
    description: "No policies",
    policies: () => [],
    onReady: () => {},
});
