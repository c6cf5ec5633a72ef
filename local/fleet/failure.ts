/** A failure whose message says what to do about it: `npm start` prints it without a stack trace. */
export class FleetFailure extends Error {}
