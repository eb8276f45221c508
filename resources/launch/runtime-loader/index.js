// Stands in for Electron's default app: loads what "-r" names (test drivers use it), then opens the application
// folder named on the command line.
const { app } = require('electron');
const path = require('node:path');

let folder = '.';
for (let index = 1; index < process.argv.length; index += 1) {
  const argument = process.argv[index];
  if (argument === '-r' || argument === '--require') {
    require(path.resolve(process.argv[(index += 1)]));
  } else if (!argument.startsWith('-')) {
    folder = argument;
    break;
  }
}
folder = path.resolve(folder);
const description = require(path.join(folder, 'package.json'));
app.setAppPath(folder);
app.setName(description.productName ?? description.name);
app.setVersion?.(description.version);
require(path.join(folder, description.main));
