import type { Report } from "../finding";

/** An array of `{rule, severity, file, line, message, remedy}`, empty if nothing is wrong. */
export const jsonOf = ({ findings }: Report): string =>
    `${JSON.stringify(
        findings.map(({ rule, severity, file, line, message, remedy }) => ({ rule, severity, file, line, message, remedy })),
        null,
        2,
    )}\n`;
