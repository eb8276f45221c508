// Loaded into an Electron app before its own code ("-r"): writes down when the first page has set the mark
// "shardboard:interactive", by the page's own clock. Looks only after the page has loaded, so that looking costs
// the start nothing.
const { app } = require('electron');
const { writeFileSync } = require('node:fs');

const file = process.env.SHARDBOARD_START_WITNESS;
const question = `(() => {
  const mark = performance.getEntriesByName('shardboard:interactive')[0];
  return mark ? performance.timeOrigin + mark.startTime : null;
})()`;

app.on('web-contents-created', (_event, contents) => {
  contents.once('did-finish-load', () => {
    const look = () => {
      if (contents.isDestroyed()) return;
      contents.executeJavaScript(question).then(
        (at) => (at === null ? setTimeout(look, 50) : writeFileSync(file, String(at))),
        () => undefined,
      );
    };
    look();
  });
});
