/** Dates as people write them in a configuration or a comment: `2027-01-01`. As texts they compare as dates do. */

const DATE = "2027-01-01";

/** Today in UTC. */
export const today = () => new Date().toISOString().slice(0, DATE.length);

/** Whether a text is a date of the calendar. */
export const isDate = (text: string) =>
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
