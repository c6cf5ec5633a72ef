import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type JWK, Provider } from "oidc-provider";

/** Who can log in at the issuer. */
export interface Person {
    email: string;
    groups: string[];
}

export const CLIENT = { clientID: "thanos-fleet", clientSecret: "of-the-client" };

/**
 * A certified OpenID Connect provider on this machine (npm oidc-provider). Whoever comes is `person`, without a password: what is tested is what the answers lead
 * to.
 */
export class Issuer {
    person: Person = { email: "nobody@example.com", groups: [] };
    private readonly people = new Map<string, Person>();

    private constructor(
        private readonly server: Server,
        readonly url: string,
    ) {}

    static async start(redirectUris: string[]): Promise<Issuer> {
        const server = createServer().listen(0, "127.0.0.1");
        await once(server, "listening");
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const issuer = new Issuer(server, url);
        const provider: Provider = new Provider(url, {
            clients: [{ client_id: CLIENT.clientID, client_secret: CLIENT.clientSecret, redirect_uris: redirectUris }],
            claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"], groups: ["groups"] },
            scopes: ["openid", "profile", "email", "groups"],
            // As Google, Keycloak and dex do: the token itself says who it is.
            conformIdTokenClaims: false,
            cookies: { keys: ["of the test"] },
            jwks: { keys: [generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }) as JWK] },
            ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
            features: { devInteractions: { enabled: false } },
            findAccount: (_, sub) => ({
                accountId: sub,
                claims: () => ({ sub, name: sub, email_verified: true, ...issuer.people.get(sub) }),
            }),
            // Nobody is asked for consent.
            loadExistingGrant: async ({ oidc }) => {
                const grant = new provider.Grant({ clientId: oidc.client?.clientId, accountId: oidc.session?.accountId });
                grant.addOIDCScope("openid profile email groups");
                await grant.save();
                return grant;
            },
            interactions: { url: (_, { uid }) => `/login/${uid}` },
        });
        const answer = provider.callback();
        server.on("request", async (request, response) => {
            if (!request.url?.startsWith("/login/")) return answer(request, response);
            const accountId = issuer.person.email;
            issuer.people.set(accountId, issuer.person);
            await provider.interactionFinished(request, response, { login: { accountId } });
        });
        return issuer;
    }

    stop(): void {
        this.server.close();
        this.server.closeAllConnections();
    }
}
