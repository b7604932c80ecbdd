// text/event-stream, cut anywhere, back into the data of its events.

/**
 * Returns a function that takes the next piece of text and gives the `data` of each event that it
 * completes. Comments, `id`, `event` and `retry` are passed over: our messages carry their cursor
 * themselves, and how long to wait is the connection's setting.
 * @returns {(text: string) => string[]}
 */
export function createSseParser() {
  let rest = '';
  /** @type {string[]} */
  let data = [];

  return function feed(text) {
    /** @type {string[]} */
    const events = [];
    rest += text;
    // A line ends in LF, CR or CRLF; a CR at the very end may be half of a CRLF, so it waits.
    const line = /(.*?)(?:\r\n|\n|\r(?!$))/gsy;
    let consumed = 0;
    for (let match = line.exec(rest); match; match = line.exec(rest)) {
      consumed = line.lastIndex;
      const content = match[1];
      if (content === '') {
        if (data.length > 0) events.push(data.join('\n'));
        data = [];
      } else if (content === 'data') {
        data.push('');
      } else if (content.startsWith('data:')) {
        data.push(content.slice(content[5] === ' ' ? 6 : 5));
      }
    }
    rest = rest.slice(consumed);
    return events;
  };
}
