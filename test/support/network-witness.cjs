// Loaded into the app's main process before anything else ("-r"): writes down every address that a
// socket is connected to and every name that is looked up.
const { appendFileSync } = require('node:fs');
const dns = require('node:dns');
const net = require('node:net');

const file = process.env.SHARDBOARD_NETWORK_WITNESS;
if (file) {
  const write = (kind, target) => appendFileSync(file, `${kind} ${target}\n`);
  write('begin', process.pid);
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function witnessed(...args) {
    const first = Array.isArray(args[0]) ? args[0][0] : args[0];
    if (first && typeof first === 'object')
      write('connect', first.path ? 'local' : (first.host ?? '127.0.0.1'));
    else if (typeof first === 'number') write('connect', typeof args[1] === 'string' ? args[1] : '127.0.0.1');
    else write('connect', 'local');
    return connect.apply(this, args);
  };
  for (const owner of [dns, dns.promises]) {
    const lookup = owner.lookup;
    owner.lookup = function witnessed(name, ...rest) {
      write('lookup', name);
      return lookup.call(this, name, ...rest);
    };
  }
}
