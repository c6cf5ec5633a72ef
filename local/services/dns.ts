/** Domain suffix, which matches itself and everything below it, to address. */
export type DnsHosts = Record<string, string>;

/** The fleet's own names, in CoreDNS's words. The longest suffix wins: `template` takes the first that matches. */
export function hostsStanza(hosts: DnsHosts): string {
    return Object.entries(hosts)
        .sort(([a], [b]) => b.split(".").length - a.split(".").length || (a < b ? -1 : 1))
        .map(
            ([suffix, ip]) => `    template IN A ${suffix} {
        answer "{{ .Name }} 60 IN A ${ip}"
    }
    template IN ANY ${suffix} {
        rcode NOERROR
    }
`,
        )
        .join("");
}
