import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CLUSTERS, clustersDirectory } from "../../local/fleet/settings";
import { loadImage } from "../../local/offline/cluster/loadImage";
import { filesOf } from "../../local/offline/cluster/spec";
import { VERSIONS } from "../../upstream/versions";
import { ROOT } from "./root";
import { tools } from "./runningFleet";
import { temporaryDirectory } from "./temporaryDirectory";

/** What the copy runs: makes Thanos's image as `npm start` does, from its own pinned version, and prints its path. */
const MAKE_IMAGE = `
const { findTools, cacheDirectory } = require("./local/offline/findTools");
const { buildImage, IMAGES } = require("./local/offline/images");
const { quiet } = require("./tests/support/quiet");
findTools(["thanos"], quiet, new AbortController().signal)
    .then((tools) => buildImage(IMAGES.thanos, tools, cacheDirectory()))
    .then((archive) => console.log(archive));
`;

/** A copy of this checkout that pins another Thanos, whose image is loaded into the running clusters. Returns its directory. */
export async function checkoutWith(thanos: string): Promise<string> {
    const copy = temporaryDirectory();
    const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT }).toString().split("\0").filter(Boolean);
    for (const file of tracked) {
        mkdirSync(dirname(join(copy, file)), { recursive: true });
        cpSync(join(ROOT, file), join(copy, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    const versions = join(copy, "upstream", "versions.ts");
    writeFileSync(versions, readFileSync(versions, "utf8").replace(`thanos: "${VERSIONS.thanos}"`, `thanos: "${thanos}"`));
    const archive = execFileSync(process.execPath, ["-r", "./register.js", "-e", MAKE_IMAGE], {
        cwd: copy,
        stdio: ["ignore", "pipe", "inherit"],
    });
    const { ctr } = await tools("ctr");
    for (const { name } of CLUSTERS) {
        const { containerdSocket } = filesOf(clustersDirectory(), name);
        await loadImage({ name, containerdSocket }, archive.toString().trim(), { ctr: ctr.path });
    }
    return copy;
}
