import { BinaryWriter } from "google-protobuf";

/** Remote write 1.0 as Prometheus sends it, one sample for each series. */

/**
 * A request (prompb.WriteRequest). `time`: of its samples, in milliseconds. Prometheus sorts the labels of a series, and Receive refuses a series whose labels
 * are not sorted.
 */
export function writeRequest(written: readonly Record<string, string>[], time = Date.now()): Buffer {
    const writer = new BinaryWriter();
    for (const labels of written)
        writer.writeMessage(1, {}, (_, series: BinaryWriter) => {
            for (const [name, value] of Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
                series.writeMessage(1, {}, (_, label: BinaryWriter) => {
                    label.writeString(1, name);
                    label.writeString(2, value);
                });
            series.writeMessage(2, {}, (_, sample: BinaryWriter) => {
                sample.writeDouble(1, 1);
                sample.writeInt64(2, time);
            });
        });
    return snappy(Buffer.from(writer.getResultBuffer()));
}

const LITERAL_BYTES = 65_536;

/** The length at the beginning of a block: seven bits in each byte, the lowest first. */
function lengthOf({ length }: Buffer): Buffer {
    const septets: number[] = [];
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) septets.push((rest & 0x7f) | 0x80);
    return Buffer.from([...septets, rest]);
}

/** Snappy's block format, all literals: valid, and no smaller. */
function snappy(bytes: Buffer): Buffer {
    const parts = [lengthOf(bytes)];
    for (let start = 0; start < bytes.length; start += LITERAL_BYTES) {
        const literal = bytes.subarray(start, start + LITERAL_BYTES);
        const tag = Buffer.from([61 << 2, 0, 0]);
        tag.writeUInt16LE(literal.length - 1, 1);
        parts.push(tag, literal);
    }
    return Buffer.concat(parts);
}

/** Writes a sample to each series, and returns the status of the answer. */
export async function remoteWrite(
    url: string,
    tenant: string,
    written: readonly Record<string, string>[],
    time = Date.now(),
): Promise<number> {
    const body = writeRequest(written, time);
    const headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
        "THANOS-TENANT": tenant,
    };
    const { status } = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(20_000) });
    return status;
}
