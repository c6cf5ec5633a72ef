import { NotReady, type StandIn, serve } from "../../local/offline/standins/server";

/** A plugin whose resources exist and never become ready. */
const plugin: StandIn = {
    version: "1.0.0",
    configure: async () => {},
    check: async ({ inputs }) => inputs,
    diff: async () => ({ changes: [], replaces: [], deleteBeforeReplace: false }),
    create: async ({ name, inputs }) => {
        throw new NotReady(`${name} is not ready after 1 s.`, `monitoring/${name}`, { ...inputs, status: { replicas: 0 } });
    },
    update: async ({ inputs }) => inputs,
    read: async () => undefined,
    delete: async () => {},
    cancel: () => {},
};

void serve(plugin, undefined);
