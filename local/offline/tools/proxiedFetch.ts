import { EnvHttpProxyAgent, fetch } from "undici";

/**
 * `fetch` through the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), as Go and helm do; Node's own looks at none of them
 * (https://nodejs.org/learn, "Enterprise network configuration"). With the same package's `fetch`: Node's own may be of another version of undici.
 */
export function proxiedFetch(): typeof globalThis.fetch {
    const dispatcher = new EnvHttpProxyAgent();
    return (url, init) => fetch(String(url), { ...(init as object), dispatcher }) as unknown as Promise<Response>;
}
