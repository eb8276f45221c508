/** axe on what a page shows, theme by theme. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { repository } from './bare-start';

const axeSource = readFileSync(join(repository, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
const themes = ['light', 'dark', 'contrast'] as const;
type Theme = (typeof themes)[number];

export async function useTheme(page: Page, theme: Theme): Promise<void> {
  // The theme of the document is what the styles hang on; the setting itself is held by another test.
  await page.evaluate((wanted) => (document.documentElement.dataset['theme'] = wanted), theme);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Violations as one readable text: rule, what it wants, and every element with its reason. */
export async function violations(page: Page): Promise<string> {
  // Colours that still fade are no colours of the theme.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)));
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: (context: Document, options: object) => Promise<AxeResults> };
    };
    return axe.run(document, {
      runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] },
      resultTypes: ['violations'],
    });
  });
  return results.violations
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n${nodes
          .map(
            (node) =>
              `    ${node.html.slice(0, 160)}\n      ${(node.failureSummary ?? '').replaceAll('\n', ' ')}`,
          )
          .join('\n')}`,
    )
    .join('\n');
}

/** Of every theme together, so that one run lists all there is to mend; empty where there is nothing. */
export async function violationsInThemes(page: Page, screen: string): Promise<string> {
  const found: string[] = [];
  for (const theme of themes) {
    await useTheme(page, theme);
    const text = await violations(page);
    if (text !== '') found.push(`${screen}, ${theme}:\n${text}`);
  }
  await useTheme(page, 'light');
  return found.join('\n\n');
}
