// What lies between a browser and the server: a wire that can be cut, and other people's web sites.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";

/**
 * A TCP wire to a port. Cut, it drops what is open and takes nothing new, as a dead network does.
 * @param {import("node:test").TestContext} t
 */
export async function wire(t, port) {
  const sockets = new Set();
  let whole = true;
  const keep = (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createTcpServer((near) => {
    keep(near);
    if (!whole) return near.destroy();
    const far = connect(port, "127.0.0.1");
    keep(far);
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  const drop = () => sockets.forEach((socket) => socket.destroy());
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  t.after(() => {
    drop();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    cut() {
      whole = false;
      drop();
    },
    mend() {
      whole = true;
    },
  };
}

/**
 * Somebody's web site, on an origin of its own.
 * @param {import("node:test").TestContext} t
 * @param {Record<string, { body: string, type?: string, headers?: Record<string, string> }>} pages by path
 */
export async function site(t, pages) {
  const asked = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://site").pathname;
    asked.push(path);
    const page = pages[path];
    response.writeHead(page ? 200 : 404, { "content-type": page?.type ?? "text/html; charset=utf-8", ...page?.headers });
    response.end(page?.body ?? "");
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, asked };
}

/** A page that carries the widget, by one script line and attributes only. */
export function pageWithWidget(server, { head = "", body = "", attributes = "" } = {}) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${head}
<script async src="${server}/widget.js" ${attributes}></script></head>
<body><main><h1>A shop</h1><p>Kettles and teapots.</p>${body}</main></body></html>`;
}
