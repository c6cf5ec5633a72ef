/** Makes the first cluster of the fleet by the `kind` on PATH, as a program of its own, so that tests can kill it. */
import { onInterrupt } from "../../cli/interrupt";
import { CLUSTERS } from "../../local/fleet/settings";
import { kindTargets } from "../../local/kind";
import { quiet } from "./quiet";

const signal = onInterrupt(() => {});
kindTargets(CLUSTERS.slice(0, 1), { path: "kind" }, quiet, signal).then(
    () => process.exit(0),
    (error: Error) => {
        console.error(error.message);
        process.exit(1);
    },
);
