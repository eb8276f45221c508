// Stands in for Electron's default app: opens the application folder named on the command line.
const { app } = require('electron');
const path = require('node:path');

const position = process.argv.findIndex((argument, index) => index > 0 && !argument.startsWith('-'));
const folder = path.resolve(process.argv[position] ?? '.');
const description = require(path.join(folder, 'package.json'));
app.setAppPath(folder);
app.setName(description.productName ?? description.name);
app.setVersion?.(description.version);
require(path.join(folder, description.main));
