/** Remote write 1.0 as Prometheus sends it, one sample for each series. */

const varint = (value: number | bigint): Buffer => {
    const bytes: number[] = [];
    let rest = BigInt(value);
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    return Buffer.from([...bytes, Number(rest)]);
};

/** A field of a protocol buffer that has a length: a string, or another message. */
const field = (number: number, content: Buffer | string): Buffer => {
    const bytes = Buffer.from(content);
    return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
};

function sample(value: number, time: number): Buffer {
    const double = Buffer.alloc(9);
    double[0] = (1 << 3) | 1;
    double.writeDoubleLE(value, 1);
    return Buffer.concat([double, varint(2 << 3), varint(time)]);
}

/** Prometheus sorts the labels of a series, and Receive refuses a series whose labels are not sorted. */
const series = (labels: Record<string, string>, time: number): Buffer =>
    Buffer.concat([
        ...Object.entries(labels)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, value]) => field(1, Buffer.concat([field(1, name), field(2, value)]))),
        field(2, sample(1, time)),
    ]);

const LITERAL_BYTES = 65_536;

/** Snappy's block format, all literals: valid, and no smaller. */
function snappy(bytes: Buffer): Buffer {
    const parts = [varint(bytes.length)];
    for (let start = 0; start < bytes.length; start += LITERAL_BYTES) {
        const literal = bytes.subarray(start, start + LITERAL_BYTES);
        const tag = Buffer.from([61 << 2, 0, 0]);
        tag.writeUInt16LE(literal.length - 1, 1);
        parts.push(tag, literal);
    }
    return Buffer.concat(parts);
}

/** Writes a sample of now to each series, and returns the status of the answer. */
export async function remoteWrite(url: string, tenant: string, written: readonly Record<string, string>[]): Promise<number> {
    const time = Date.now();
    const body = snappy(Buffer.concat(written.map((labels) => field(1, series(labels, time)))));
    const headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
        "THANOS-TENANT": tenant,
    };
    const { status } = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(20_000) });
    return status;
}
