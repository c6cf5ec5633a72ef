#!/usr/bin/env node
// TypeScript is compiled without a type check, as `pulumi up` does.
require("../register.js");
require("./main").main(process.argv.slice(2));
