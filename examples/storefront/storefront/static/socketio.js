// A small client for Socket.IO: one WebSocket, the main namespace, events with JSON.
//
// Written from the public descriptions of the two protocols (Engine.IO 4, Socket.IO 5), so that the
// page loads nothing from elsewhere. Each message starts with Engine.IO's digit, and where that is
// 4, Socket.IO's digit follows:
//
//   server  0{"sid": ...}         the line is open; we answer 40: join the main namespace
//   server  40{"sid": ...}        joined
//   server  2                     are you there? we answer 3
//   both    42["name", value...]  an event
//   server  41, 44                thrown out, or not let in

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

export class Client {
  #listeners = new Map();
  #pause = FIRST_PAUSE;
  #silence;
  #patience = 60_000;
  #socket;

  constructor(path = "/socket.io/") {
    this.url = new URL(`${path}?EIO=4&transport=websocket`, location.href);
    this.url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  }

  // Call `listener` with the event's values; "connect" and "disconnect" are events of our own.
  on(name, listener) {
    this.#listeners.set(name, listener);
  }

  emit(name, ...values) {
    this.#socket.send("42" + JSON.stringify([name, ...values]));
  }

  connect() {
    const socket = (this.#socket = new WebSocket(this.url));
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => {
      clearTimeout(this.#silence);
      this.#tell("disconnect");
      // Not all at the same moment: the server may have just come back.
      setTimeout(() => this.connect(), this.#pause * (0.5 + Math.random()));
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    };
  }

  #receive(data) {
    this.#expectMore();
    if (data === "2") this.#socket.send("3");
    else if (data.startsWith("0")) {
      const { pingInterval, pingTimeout } = JSON.parse(data.slice(1));
      this.#patience = pingInterval + pingTimeout;
      this.#socket.send("40");
    } else if (data.startsWith("40")) {
      this.#pause = FIRST_PAUSE;
      this.#tell("connect");
    } else if (data.startsWith("42")) {
      const [name, ...values] = JSON.parse(data.slice(2));
      this.#tell(name, ...values);
    } else if (data.startsWith("41") || data.startsWith("44")) this.#socket.close();
  }

  // A line that broke without a word is noticed by the ping that does not come.
  #expectMore() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.close(), this.#patience);
  }

  #tell(name, ...values) {
    this.#listeners.get(name)?.(...values);
  }
}
