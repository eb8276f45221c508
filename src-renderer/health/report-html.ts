/** Pure: a health report as one HTML page that needs nothing else: no script, no picture, no font, nothing from anywhere. */
import type { HealthCheck, HealthLevel, HealthReport } from '../../src-main/contract/health';
import { escapeMarkup } from '../share/markup';
import { glyphs } from '../nodes/node-words';
import { levelState } from './health-words';

const style = `
:root { color-scheme: light dark; --ground: #f4f6f8; --panel: #fff; --line: #d9dfe6; --ink: #16202b; --ink2: #4a5868;
  --bad: #b3261e; --mind: #8a5300; --ok: #12734a; --mute: #4a5868; }
@media (prefers-color-scheme: dark) { :root { --ground: #10161d; --panel: #171f28; --line: #2c3945; --ink: #e8edf2;
  --ink2: #b3bfcb; --bad: #ff8f86; --mind: #f2b75c; --ok: #5fd39b; --mute: #b3bfcb; } }
@media print { :root { --ground: #fff; --panel: #fff; --ink: #000; --ink2: #333; } section { break-inside: avoid; } }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; background: var(--ground); color: var(--ink);
  font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 20px; } h2 { margin: 0; font-size: 15px; } h3 { margin: 10px 0 2px; font-size: 12px; color: var(--ink2); }
p { margin: 2px 0; } .note { color: var(--ink2); }
section { margin: 12px 0; padding: 14px; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); }
pre { margin: 4px 0; padding: 8px 10px; overflow-x: auto; border-radius: 6px; background: var(--ground);
  font: 12px/1.5 ui-monospace, monospace; white-space: pre-wrap; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th, td { padding: 3px 8px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
.stops { color: var(--bad); } .mind { color: var(--mind); } .fine { color: var(--ok); } .unknown { color: var(--mute); }
`;

export interface ReportPage {
  readonly cluster: string;
  readonly report: HealthReport;
}

export function reportPage({ cluster, report }: ReportPage): string {
  const text = escapeMarkup;
  const findings = report.checks.filter(({ level }) => level !== 'fine');
  const fine = report.checks.filter(({ level }) => level === 'fine');
  const title = `Health of ${cluster}`;
  const fineRows = fine
    .map((check) => `<tr><td>${text(check.title)}</td><td>${text(check.found)}</td></tr>`)
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${text(title)}</h1>
<p class="${report.verdict.level}">${levelWords(report.verdict.level, report.verdict.words)}</p>
<p class="note">Checked at ${text(report.takenAt)}.</p>
${findings.map(finding).join('\n')}
${fine.length === 0 ? '' : `<section>\n<h2>Fine</h2>\n<table>\n${fineRows}\n</table>\n</section>`}
</body>
</html>
`;
}

function levelWords(level: HealthLevel, words: string): string {
  return `${glyphs[levelState(level)]} ${escapeMarkup(words)}`;
}

function finding(check: HealthCheck): string {
  const text = escapeMarkup;
  const { how, mend, evidence } = check;
  const rows = evidence
    .map(
      ({ subject, value, isFinding }) =>
        `<tr><td>${text(subject)}</td><td>${isFinding ? `<strong>${text(value)}</strong>` : text(value)}</td></tr>`,
    )
    .join('\n');
  return [
    '<section>',
    `<h2>${text(check.title)} <span class="${check.level}">${levelWords(check.level, check.word)}</span></h2>`,
    `<p>${text(check.found)}</p>`,
    `<p class="note">Since ${text(check.since)}</p>`,
    `<h3>What it means</h3><p>${text(check.means)}</p>`,
    mend === null ? '' : `<h3>How to mend it</h3><p>${text(mend.text)}</p>`,
    mend?.sql === undefined ? '' : `<pre>${text(mend.sql)}</pre>`,
    `<h3>How it was found</h3><p>${text(how.words)}</p>`,
    how.statement === null ? '' : `<pre>${text(how.statement)}</pre>`,
    rows === '' ? '' : `<table>\n${rows}\n</table>`,
    '</section>',
  ]
    .filter((line) => line !== '')
    .join('\n');
}
