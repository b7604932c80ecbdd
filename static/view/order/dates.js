// Dates of orders are strings, `2026-11-24`, and stay strings: `new Date('2026-11-24')` is midnight in
// Greenwich, which west of it is the day before. A Date is only ever made of a moment (ms) or of parts.

const DAY = 86_400_000;
const WEEKDAYS = ['dom', 'seg', 'ter', 'qua', 'qui', 'sex', 'sáb'];

/** @param {number} number */
const two = (number) => String(number).padStart(2, '0');

/** The day of a moment, on this machine's calendar. @param {number} moment ms @returns {string} */
export function dayOf(moment) {
  const date = new Date(moment);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Whole days from one date to another; clocks that change in between do not count. @param {string} from @param {string} to */
export function daysBetween(from, to) {
  return Math.round((noon(to) - noon(from)) / DAY);
}

/** @param {string} day */
function noon(day) {
  const [year, month, date] = day.split('-').map(Number);
  return Date.UTC(year, month - 1, date, 12);
}

/** ms until the date changes. @param {number} moment ms */
export function untilMidnight(moment) {
  const date = new Date(moment);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime() - moment;
}

/** A year typed with two digits, `0026-11-24`, is of this century. @param {string} day @returns {string} */
export const withCentury = (day) => day.replace(/^00(?=\d\d-)/, '20');

/** Years that an order's date can have; the server refuses others. */
export const FIRST_YEAR = 2000;
export const LAST_YEAR = 2100;

/** @param {string} day */
export function isYearMeant(day) {
  const year = Number(day.slice(0, day.indexOf('-')));
  return year >= FIRST_YEAR && year <= LAST_YEAR;
}

/** `24/11`, or `24/11/2025` in another year. @param {string | null} day @param {string} today */
export function shortDate(day, today) {
  if (!day) return '';
  const [year, month, date] = day.split('-');
  return year === today.slice(0, 4) ? `${date}/${month}` : `${date}/${month}/${year}`;
}

/** `hoje`, `amanhã`, `há 3 dias`, `qui`. @param {string} day @param {string} today */
export function relativeDay(day, today) {
  const days = daysBetween(today, day);
  if (days === 0) return 'hoje';
  if (days === 1) return 'amanhã';
  if (days === -1) return 'ontem';
  if (days < 0) return `há ${-days} dias`;
  if (days < 7) return WEEKDAYS[new Date(noon(day)).getUTCDay()];
  return `em ${days} dias`;
}

/** `14:32`. @param {number} moment ms */
export function timeOf(moment) {
  const date = new Date(moment);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `às 14:32`, or `em 24/11 às 14:32`. @param {number} moment ms @param {number} now ms */
export function atMoment(moment, now) {
  const day = dayOf(moment);
  const today = dayOf(now);
  return `${day === today ? '' : `em ${shortDate(day, today)} `}às ${timeOf(moment)}`;
}

/** `14:32`, and with the day where it is not today's. @param {number} moment ms @param {number} now ms */
export function momentOf(moment, now) {
  const day = dayOf(moment);
  const today = dayOf(now);
  return day === today ? timeOf(moment) : `${shortDate(day, today)} ${timeOf(moment)}`;
}
