import { request } from "node:http";
import { text } from "node:stream/consumers";

export interface Answer {
    /** URL that answered. */
    url: string;
    status: number;
    headers: Record<string, string | string[] | undefined>;
    body: string;
}

/**
 * What a browser does between pages and an issuer: it follows redirects and keeps cookies, those of each host apart. `servers` has the address (`host:port`) behind
 * each HTTPS host, where an ingress would end TLS.
 */
export class Browser {
    private readonly cookies = new Map<string, Map<string, string>>();

    constructor(private readonly servers: Readonly<Record<string, string>>) {}

    /** Opens a URL and follows where it leads. */
    async open(url: string): Promise<Answer> {
        let answer = await this.get(url);
        for (let hop = 0; answer.headers.location !== undefined; hop++) {
            if (hop === 20) throw new Error(`${url} redirects without end, at last to ${answer.headers.location}`);
            answer = await this.get(new URL(String(answer.headers.location), answer.url).href);
        }
        return answer;
    }

    /** Opens a URL and follows nothing. */
    async get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
        const { protocol, host, pathname, search } = new URL(url);
        const [hostname, port] = (protocol === "https:" ? (this.servers[host] ?? "") : host).split(":");
        if (port === undefined) throw new Error(`${url} is on no server of the test`);
        const jar = this.cookies.get(host) ?? new Map<string, string>();
        this.cookies.set(host, jar);
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
        return new Promise((resolve, reject) => {
            const sent = request(
                {
                    hostname,
                    port,
                    path: `${pathname}${search}`,
                    headers: { host, accept: "text/html", ...(cookie && { cookie }), ...headers },
                    timeout: 30_000,
                },
                async (response) => {
                    for (const line of response.headers["set-cookie"] ?? []) {
                        const [pair = ""] = line.split(";");
                        const [name = "", ...value] = pair.split("=");
                        if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
                        else jar.set(name, value.join("="));
                    }
                    const { statusCode: status = 0, headers: answered } = response;
                    resolve({ url, status, headers: answered, body: await text(response) });
                },
            );
            sent.on("timeout", () => sent.destroy(new Error(`${url} does not answer`))).on("error", reject);
            sent.end();
        });
    }

    /** The cookies of a host. */
    cookiesOf = (host: string): Record<string, string> => Object.fromEntries(this.cookies.get(host) ?? []);
}
