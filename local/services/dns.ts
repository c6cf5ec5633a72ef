/** Domain to IPv4 address. A domain stands for itself and every name below it. */
export type DnsHosts = Record<string, string>;

/** The fleet's own names as stanzas of a Corefile. The longest domain comes first, since CoreDNS takes the first `template` that matches. */
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
