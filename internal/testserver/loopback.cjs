// fauxqs listens on every interface, whatever FAUXQS_HOST says. Preloaded into node, this has every TCP server of the
// process listen on 127.0.0.1 alone, and refuses what it does not understand.
"use strict";
const net = require("node:net");
const original = net.Server.prototype.listen;

net.Server.prototype.listen = function (...args) {
  const done = typeof args.at(-1) === "function" ? args.at(-1) : undefined;
  const [first] = args;
  let options;
  if (first !== null && typeof first === "object") {
    options = { ...first };
  } else if (/^\d+$/.test(String(first))) {
    options = { port: Number(first) };
  }
  if (options === undefined || options.port === undefined) {
    throw new Error("only a port may be listened on");
  }
  options.host = "127.0.0.1";
  return done ? original.call(this, options, done) : original.call(this, options);
};
