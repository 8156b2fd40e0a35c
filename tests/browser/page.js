// What the rig needs inside the page, run before any script of the page itself.
(() => {
  const KEPT = 50_000;
  const COMM_LIMIT = 262_144;
  const frames = [];
  let commands = 0;

  const panel = () => window.jupyterapp?.shell?.currentWidget;
  const kernel = () => panel()?.sessionContext?.session?.kernel;
  const cell = (index) => panel().content.widgets[index];

  // --- frames of the websockets ---------------------------------------------------

  // Jupyter's `v1.kernel` protocol: 64-bit little-endian count of offsets, the
  // offsets, then channel, header, parent header, metadata, content and buffers.
  const binaryFacts = (data) => {
    const buffer = data instanceof ArrayBuffer ? data : data.buffer;
    const view = new DataView(buffer);
    const offset = (i) => Number(view.getBigUint64(8 * (i + 1), true));
    const decoder = new TextDecoder();
    const part = (i) =>
      decoder.decode(new Uint8Array(buffer, offset(i), offset(i + 1) - offset(i)));
    const kind = JSON.parse(part(1)).msg_type;
    const isComm = kind.startsWith("comm_") && buffer.byteLength < COMM_LIMIT;
    const comm = isComm ? (JSON.parse(part(4)).comm_id ?? "") : "";
    return { channel: part(0), kind, comm };
  };

  const textFacts = (data) => {
    const message = JSON.parse(data);
    return {
      channel: message.channel ?? "",
      kind: message.header?.msg_type ?? "text",
      comm: message.content?.comm_id ?? "",
    };
  };

  const record = (direction, data) => {
    let facts;
    try {
      facts = typeof data === "string" ? textFacts(data) : binaryFacts(data);
    } catch {
      // Terminals and language servers speak other protocols on their sockets.
      facts = { channel: "", kind: "unknown", comm: "" };
    }
    const size = typeof data === "string" ? data.length : (data.byteLength ?? 0);
    frames.push({ at: performance.now() / 1000, direction, size, ...facts });
    if (frames.length > KEPT) {
      frames.splice(0, KEPT / 10);
    }
  };

  window.WebSocket = class extends window.WebSocket {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("message", (event) => record("in", event.data));
    }

    send(data) {
      record("out", data);
      super.send(data);
    }
  };

  // --- the application ------------------------------------------------------------

  const isOpen = () =>
    Boolean(panel()?.context?.isReady) && kernel()?.status === "idle";

  const execute = (name, parameters) => {
    const over = () => {
      commands -= 1;
    };
    commands += 1;
    window.jupyterapp.commands.execute(name, parameters).then(over, over);
  };

  const busy = () => ({
    commands,
    cells: panel().content.widgets.filter((each) =>
      each.inputArea?.promptNode?.textContent.includes("*"),
    ).length,
    kernel: kernel()?.status ?? "none",
  });

  const find = (text) =>
    panel().content.widgets.findIndex(
      ({ model }) => model.type === "code" && model.sharedModel.source.includes(text),
    );

  const activate = (index) => {
    panel().content.activeCellIndex = index;
  };

  // In one go: a click a moment ago may still make another cell the active one.
  const runCell = (index) => {
    activate(index);
    execute("notebook:run-cell", {});
  };

  const scrollTo = async (index) => {
    activate(index);
    await panel().content.scrollToItem(index, "smart");
  };

  // Seconds from the command to the frame that shows the text, limit likewise.
  const timeCell = async (index, text, limit) => {
    const area = cell(index).outputArea;
    activate(index);
    area.model.clear();
    const shown = new Promise((resolve, reject) => {
      const observer = new MutationObserver(() => {
        if (area.node.textContent.includes(text)) {
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now()));
        }
      });
      observer.observe(area.node, {
        childList: true,
        subtree: true,
        characterData: true,
      });
      setTimeout(() => {
        observer.disconnect();
        reject(new Error(`no ${text} after ${limit} s, but: ${area.node.textContent}`));
      }, limit * 1000);
    });
    const start = performance.now();
    execute("notebook:run-cell", {});
    return ((await shown) - start) / 1000;
  };

  window.notebookRig = {
    frames,
    now: () => performance.now() / 1000,
    isOpen,
    execute,
    busy,
    find,
    activate,
    runCell,
    scrollTo,
    timeCell,
    // The answers of these three are objects that no page can send to a test.
    save: async () => void (await panel().context.save()),
    restart: async () => void (await panel().sessionContext.restartKernel()),
    interrupt: async () => void (await kernel().interrupt()),
    outputs: (index) => cell(index).outputArea.model.toJSON(),
    isTrusted: (index) => cell(index).model.trusted,
  };
})();
