// Compiles TypeScript as every program of this project does, with a cache. Pulumi's own loader compiles all files of the rules at each preview and each update
// (docs/adr/0004).
require("../register.js");
require("./index.ts");
