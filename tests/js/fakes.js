// Stand-ins for what the client takes from outside: the clock, sockets, tabs' channel, the page.

/** Lets everything that waits on a promise go on. */
export async function settle() {
  for (let i = 0; i < 25; i += 1) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

export class FakeClock {
  constructor(start = 1_000_000) {
    this.time = start;
    this.timers = new Map();
    this.last = 0;
    /** How far the wall clock is beside the monotonic one: it was set, or the machine slept. */
    this.wall = 0;
    this.now = () => this.time + this.wall;
    this.monotonic = () => this.time;
    this.setTimeout = (callback, ms) => {
      this.last += 1;
      this.timers.set(this.last, { due: this.time + ms, callback });
      return this.last;
    };
    this.clearTimeout = (timer) => this.timers.delete(timer);
  }

  /** Runs what is due on the way. */
  async advance(ms) {
    const target = this.time + ms;
    await settle();
    for (;;) {
      const next = [...this.timers]
        .filter(([, timer]) => timer.due <= target)
        .sort((a, b) => a[1].due - b[1].due)[0];
      if (!next) break;
      this.timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].due);
      next[1].callback();
      await settle();
    }
    this.time = target;
    await settle();
  }

  /** The machine sleeps: the time passes, the timers do not run. */
  sleep(ms) {
    this.time += ms;
    for (const timer of this.timers.values()) timer.due += ms;
  }
}

/** What a test drives instead of a transport. */
export function fakeOpener(name) {
  const opened = [];
  const open = (cursor, handlers, seconds = null) => {
    const transport = {
      name,
      cursor,
      seconds,
      handlers,
      sent: [],
      closed: false,
      send(message) {
        if (name === 'sse' || transport.closed) return false;
        transport.sent.push(message);
        return true;
      },
      close() {
        transport.closed = true;
      },
      say(message) {
        if (transport.closed) return;
        handlers.onActivity();
        handlers.onMessage(message);
      },
      heartbeat() {
        if (!transport.closed) handlers.onActivity();
      },
      hello(begin = cursor === null ? '0-aaaaaaaa' : cursor) {
        transport.say({
          type: 'connection',
          status: 'connected',
          message: '',
          timestamp: '',
          cursor: begin,
          versao_servidor: '1',
        });
      },
      end(end = {}) {
        if (transport.closed) return;
        transport.closed = true;
        handlers.onEnd({
          code: name === 'sse' ? null : 1006,
          status: null,
          retryAfter: null,
          reason: '',
          refusedBy: null,
          ...end,
        });
      },
    };
    opened.push(transport);
    return transport;
  };
  open.opened = opened;
  Object.defineProperty(open, 'last', { get: () => opened[opened.length - 1] });
  return open;
}

export function fakeLifecycle() {
  const listeners = new Set();
  const lifecycle = {
    visible: true,
    isVisible: () => lifecycle.visible,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => listeners.clear(),
    emit(event) {
      [...listeners].forEach((listener) => listener(event));
    },
    show() {
      lifecycle.visible = true;
      lifecycle.emit('visible');
      lifecycle.emit('wake');
    },
    hide() {
      lifecycle.visible = false;
      lifecycle.emit('hidden');
    },
    listeners,
  };
  return lifecycle;
}

/** A BroadcastChannel between the tabs of one test; a frozen tab says nothing, and hears when it thaws. */
export function fakeChannels() {
  const members = new Set();
  return {
    members,
    open() {
      const channel = {
        onmessage: null,
        frozen: false,
        queue: [],
        postMessage(data) {
          if (channel.frozen || !members.has(channel)) return;
          const copy = JSON.parse(JSON.stringify(data));
          for (const other of members) {
            if (other === channel) continue;
            other.queue.push(copy);
            Promise.resolve().then(() => other.drain());
          }
        },
        drain() {
          while (!channel.frozen && members.has(channel) && channel.queue.length > 0) {
            const data = channel.queue.shift();
            if (channel.onmessage) channel.onmessage({ data });
          }
        },
        close() {
          members.delete(channel);
        },
      };
      members.add(channel);
      return channel;
    },
  };
}

let tags = 0;
export function cursor(number) {
  tags += 1;
  return `${number}-${tags.toString(16).padStart(8, '0')}`;
}

/** An order as the server would answer it. */
export function pedido(id, fields = {}) {
  return {
    id,
    numero: String(id),
    cliente: `Cliente ${id}`,
    financeiro: false,
    conferencia: false,
    sublimacao: false,
    costura: false,
    expedicao: false,
    status: 'pendente',
    valor_total: '0.00',
    items: [],
    data_criacao: '2026-11-24T10:00:00.000Z',
    ultima_atualizacao: '2026-11-24T10:00:00.000Z',
    versao: 1,
    ...fields,
  };
}

export function update(
  number,
  data,
  { action = 'update', changed = [], autor = 'Ana', origem = 'other', id } = {},
) {
  return {
    type: 'pedido_update',
    action,
    pedido_id: id || data.id,
    data: action === 'delete' ? null : data,
    timestamp: '2026-11-24T10:00:00.000Z',
    cursor: typeof number === 'string' ? number : cursor(number),
    versao: data ? data.versao : 0,
    changed,
    autor,
    origem,
  };
}
